"""Tables from files, with one sentence for whatever goes wrong."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

from priormap.errors import PriormapError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_csv", "read_parquet"]


def read_csv(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a CSV file with a header line."""
    import pandas as pd

    _refuse_missing_file(path)
    try:
        frame = pd.read_csv(path, skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise PriormapError(f"{path} is not a CSV file with a header line ({reason})") from None
    except OSError as error:
        raise PriormapError(f"{path} cannot be read: {error.strerror or error}") from None
    repeated = [name for name in _header(path) if _header(path).count(name) > 1]
    if repeated:
        raise PriormapError(f"{path} has several columns named {repeated[0]!r}; rename them")
    return frame


def read_parquet(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a Parquet file; needs the optional pyarrow."""
    import pandas as pd

    _refuse_missing_file(path)
    if importlib.util.find_spec("pyarrow") is None:
        raise PriormapError(
            "reading Parquet needs pyarrow, which is not installed; "
            "install priormap[parquet], or save the table as CSV"
        )
    try:
        return pd.read_parquet(path, engine="pyarrow")
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise PriormapError(f"{path} is not a readable Parquet file ({reason})") from None


def _refuse_missing_file(path: str | os.PathLike[str]) -> None:
    if not Path(path).is_file():
        kind = "is a folder, not a file" if Path(path).is_dir() else "does not exist"
        raise PriormapError(f"{path} {kind}")


def _header(path: str | os.PathLike[str]) -> list[str]:
    """Column names as written: pandas renames repeated ones silently."""
    import pandas as pd

    first = pd.read_csv(path, header=None, nrows=1, dtype=str, skipinitialspace=True)
    return [str(name) for name in first.iloc[0]]
