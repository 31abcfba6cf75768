"""The column of a table that holds sample weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from priormap.errors import PriormapError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["without_weights"]


def without_weights(
    frame: pd.DataFrame, name: str | None, target: str | None
) -> tuple[pd.DataFrame, Any]:
    """Table without its column of weights, and the weights; None where none is named."""
    if name is None:
        return frame, None
    if name not in frame.columns:
        columns = ", ".join(map(str, frame.columns[:8])) + ", ..." * (len(frame.columns) > 8)
        raise PriormapError(f"--weights {name!r} is not a column; choose one of: {columns}")
    if name == target:
        raise PriormapError(f"--weights and --target both name {name!r}; give each its own column")
    return frame.drop(columns=name), frame[name].to_numpy()
