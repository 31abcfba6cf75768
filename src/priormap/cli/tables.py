"""The user's table: read from a file, with its target and its weights told apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from priormap.errors import PriormapError

if TYPE_CHECKING:
    import pandas as pd


PARQUET = {".parquet", ".pq"}
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def diabetes() -> pd.DataFrame:
    """scikit-learn's diabetes data, in the units of the patients."""
    from sklearn.datasets import load_diabetes

    frame = load_diabetes(scaled=False, as_frame=True).frame
    return frame.rename(columns={"target": "progression"})


def read_table(path: Path, target: str | None) -> tuple[pd.DataFrame, str]:
    """Table of a CSV or Parquet file, and the column to predict, which has to be named."""
    from priormap.data.reading import read_csv, read_parquet

    frame = read_parquet(path) if path.suffix.lower() in PARQUET else read_csv(path)
    if len(frame.columns) == 1:
        for sign, name in _SEPARATORS.items():
            if sign in str(frame.columns[0]):
                raise PriormapError(f"{path} is separated by {name}; save it with commas")
    if target is None:
        raise PriormapError(
            f"{path} needs --target, the column to predict, one of: {_some_of(frame)}"
        )
    return frame, target


def without_weights(frame: pd.DataFrame, name: str | None, target: str) -> tuple[pd.DataFrame, Any]:
    """Table without its column of weights, and the weights; None where none is named."""
    if name is None:
        return frame, None
    if name not in frame.columns:
        raise PriormapError(f"--weights {name!r} is not a column; choose one of: {_some_of(frame)}")
    if name == target:
        raise PriormapError(f"--weights and --target both name {name!r}; give each its own column")
    return frame.drop(columns=name), frame[name].to_numpy()


def _some_of(frame: pd.DataFrame) -> str:
    return ", ".join(map(str, frame.columns[:8])) + ", ..." * (len(frame.columns) > 8)
