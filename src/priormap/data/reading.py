"""Tables from files, with one sentence for whatever goes wrong."""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections import Counter
from typing import TYPE_CHECKING

from priormap.display.files import shown
from priormap.errors import PriormapError

if TYPE_CHECKING:
    import pandas as pd

_NO_TABLE = "{} is not a CSV file with a header line (it starts with {!r}); export it as one"


def read_csv(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a CSV file with a header line that names every column."""
    import pandas as pd

    _refuse_missing_file(path)
    try:
        _check_header(path)
        with warnings.catch_warnings():
            # rows longer than the header: pandas would drop their ends with a warning
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(path, skipinitialspace=True, index_col=False)
    except pd.errors.ParserWarning:
        raise PriormapError(
            f"{path} has rows with more entries than its header has names; name every column"
        ) from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise PriormapError(
            f"{path} is not a CSV file with a header line ({_one_line(error)}); export it as one"
        ) from None
    except OSError as error:
        raise PriormapError(
            f"{path} cannot be read ({error.strerror or error}); check the file"
        ) from None


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
    except (ImportError, OSError, ValueError) as error:
        raise PriormapError(
            f"{path} is not a readable Parquet file ({_one_line(error)}); export it again"
        ) from None


def _refuse_missing_file(path: str | os.PathLike[str]) -> None:
    if not os.path.isfile(path):  # unlike Path, without an error where no file can have that name
        kind = "is a folder, not a file" if os.path.isdir(path) else "does not exist"
        raise PriormapError(f"{shown(path)} {kind}; check the path")


def _check_header(path: str | os.PathLike[str]) -> None:
    """Look at the first line as it is written: pandas renames missing and repeated names.

    By the parser in Python, because that in C of older versions ends a name at a NUL.
    """
    import pandas as pd

    with open(path, "rb") as file:
        start = (file.read(1000).decode("utf-8", "replace").split() or [""])[0]
    if start.startswith(("{", "[", "<")):
        raise PriormapError(_NO_TABLE.format(shown(path), start[:10]))
    first = pd.read_csv(
        path,
        header=None,
        nrows=1,
        dtype=str,
        skipinitialspace=True,
        keep_default_na=False,
        engine="python",
    )
    names = [str(name).strip() for name in first.iloc[0]]
    if any("\0" in name for name in names):
        raise PriormapError(_NO_TABLE.format(shown(path), names[0][:10]))
    if "" in names:
        raise PriormapError(
            f"{path} has no name for column {names.index('') + 1}; name it in the header, "
            "or drop it if it is a row index"
        )
    name, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise PriormapError(f"{path} has {count} columns named {name!r}; give each its own name")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).removeprefix("Error tokenizing data. C error: ")[:120]
