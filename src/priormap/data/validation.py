"""What may come in as X and y, and the one sentence for everything that may not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from priormap.arrays import Floats, Matrix
from priormap.checks import OrderWords, as_numbers, in_order, refuse_kind, short
from priormap.data.coding import Coding, FactorCoding, coded, described, holds_numbers
from priormap.data.frames import as_pandas, is_data_array, is_frame, is_series, pandas_loaded
from priormap.errors import Phrase, PriormapError

if TYPE_CHECKING:
    import pandas as pd


_OF_ROWS = OrderWords(
    "has a column {!r}, which the fit has not; drop it, or give X.to_numpy() if the order is that "
    "of the fit",
    "has no column {!r}, which the fit has; add it",
)


def as_design(X: Any, names: Iterable[str] | None) -> tuple[Matrix, tuple[str, ...], Coding | None]:
    """Return X as a float matrix (no copy where it is one), names of its columns, its coding.

    Whether every entry is finite is seen where the columns are summed: `refuse_non_finite`.
    """
    X, coding = as_pandas(X), None
    if is_frame(X):
        _refuse_shape(X.shape, least=1)
        as_names(None, list(X.columns), X.shape[1])
        X, coding = coded(X)
    matrix = _as_matrix(X, least=1)
    return matrix, as_names(names, _column_labels(X), matrix.shape[1]), coding


def as_new_rows(X: Any, names: tuple[str, ...], coding: Coding | None = None) -> Matrix:
    """Return rows of the columns `names` as a float matrix in their order.

    Columns that have names are met by them, in whatever order they stand; an array, and a table
    whose columns are 0, 1, ... where `names` are x0, x1, ..., by position. A table whose columns
    were coded is coded in the same way.

    Raises
    ------
    PriormapError
        If a column is missing, unknown or repeated, or holds what is no finite number.
    """
    X = as_pandas(X)
    if is_frame(X):
        _refuse_shape(X.shape, least=0)
        X = (coding or FactorCoding(tuple(dict.fromkeys(map(str, X.columns))))).code(X)
    matrix, own = _as_matrix(X, least=0), _column_labels(X)
    p = matrix.shape[1]
    if own is None and p != len(names):
        raise PriormapError(f"X has shape {matrix.shape} but the fit has {len(names)} coefficients")
    labels = None if own is None else tuple(map(str, own))
    order = in_order("X", labels, np.arange(p), names, _OF_ROWS)
    if (order != np.arange(p)).any():
        matrix = matrix[:, order]
    values = matrix.data if sparse.issparse(matrix) else matrix
    if not np.isfinite(values).all():
        for j, name in enumerate(names):
            column = matrix[:, [j]]
            refuse_non_finite(name, column.toarray() if sparse.issparse(matrix) else column)
    return matrix


def _as_matrix(X: Any, least: int) -> Matrix:
    """Return X as a float matrix of `least` rows or more, no copy where it is one."""
    if sparse.issparse(X):
        refuse_kind("X", X.dtype)
        _refuse_shape(X.shape, least)
        return sparse.csc_array(X, dtype=float)
    if is_frame(X):
        return np.asarray(X.to_numpy(dtype=float))
    matrix = as_numbers("X", X)
    _refuse_shape(matrix.shape, least)
    return matrix


def _column_labels(X: Any) -> list[Any] | None:
    """Names that a table of rows has for its columns: those of a frame, or of a DataArray."""
    if hasattr(X, "columns"):
        return list(X.columns)
    if is_data_array(X) and X.dims[1] in X.coords:
        return list(X[X.dims[1]].to_numpy().tolist())
    return None


def as_response(y: Any, n_rows: int) -> Floats:
    """Return y as a finite float vector of `n_rows` entries; never broadcast."""
    if sparse.issparse(y):
        raise PriormapError("y must be dense, got a sparse matrix; pass y.toarray().ravel()")
    y = as_pandas(y)
    if is_series(y):
        _refuse_types_of_y(y.to_frame())
        vector: Floats = y.to_numpy(dtype=float)
    else:
        if is_frame(y):
            _refuse_types_of_y(y)
            y = y.to_numpy(dtype=float)
        vector = as_numbers("y", y)
    if vector.ndim == 2 and vector.shape[1] == 1:
        vector = vector[:, 0]
    if vector.ndim != 1:
        raise PriormapError(
            f"y must be one column, got shape {vector.shape}; "
            "fit each response on its own, for example y[:, 0]"
        )
    if len(vector) != n_rows:
        raise PriormapError(
            f"X has {n_rows} rows but y has {len(vector)}; give one response per row"
        )
    if not np.isfinite(vector).all():
        bad = vector[~np.isfinite(vector)]
        raise PriormapError(f"y has {_count_bad(bad)}{_remedy(len(bad) == len(vector), 'y')}")
    return vector


def as_names(
    names: Iterable[str] | None, own_names: list[Any] | None, n_columns: int
) -> tuple[str, ...]:
    """Column names: the given ones, or the table's own, or x0, x1, ..."""
    if names is None and own_names is None:
        return _default_names(n_columns)
    is_one = isinstance(names, str) or (isinstance(names, np.ndarray) and names.ndim == 0)
    if is_one or not isinstance(names, Iterable | None):
        raise PriormapError(f"names must be a list of column names, got {short(names)}")
    given = own_names if names is None else names
    chosen = tuple(map(str, given)) if given is not None else ()
    if len(chosen) != n_columns:
        raise PriormapError(
            f"names has {len(chosen)} entries but X has {n_columns} columns; give one per column"
        )
    missing = [j for j, name in enumerate(chosen) if name.strip() in {"", "nan", "None", "<NA>"}]
    if missing:
        raise PriormapError(f"column {missing[0]} of X has no name; give every column one")
    repeated = [name for name, count in Counter(chosen).items() if count > 1]
    if repeated:
        raise PriormapError(
            f"column name {repeated[0]!r} of X occurs {Counter(chosen)[repeated[0]]} times; "
            "rename the columns so that each name is unique"
        )
    return chosen


@lru_cache(maxsize=8)  # a thousand names take as long as a fit
def _default_names(n_columns: int) -> tuple[str, ...]:
    return tuple(f"x{j}" for j in range(n_columns))


def row_index(value: Any) -> pd.Index[Any] | None:
    """Labels of rows: the index of a pandas object, the coordinate of a DataArray."""
    if is_frame(value) or is_series(value):
        return value.index
    if is_data_array(value) and value.ndim and value.dims[0] in value.coords:
        return value[value.dims[0]].to_index()
    return None


def check_same_index(X: Any, y: Any) -> None:
    """Refuse X and y whose rows have different labels: they would be paired wrongly."""
    of_X, of_y = row_index(X), row_index(y)
    if of_X is None or of_y is None or len(of_X) != len(of_y):
        return
    if not of_X.equals(of_y):
        raise PriormapError(
            "X and y have different indices, so their rows may not belong together; "
            "align them (y.loc[X.index]) or drop the index (y.to_numpy())"
        )


def in_row_order(what: str | Phrase, value: Any, index: pd.Index[Any] | None, n_rows: int) -> Any:
    """Put one number per row into the order of the rows, where both have labels.

    Rows without labels are those of 0, 1, ...

    Raises
    ------
    PriormapError
        If the labels are not those of the rows, each once.
    """
    own = row_index(value)
    if own is None or len(own) != n_rows:
        return value
    numbers = value.to_numpy()
    if index is None:
        index = pandas_loaded().RangeIndex(n_rows)
    if own.equals(index):
        return numbers
    if own.is_unique and index.is_unique:
        place = own.get_indexer(index)
        if (place >= 0).all():
            return numbers[place]
    raise PriormapError(
        what, " has other row labels than the data; align it, or drop its index with .to_numpy()"
    )


def _refuse_shape(shape: tuple[int, ...], least: int) -> None:
    if len(shape) != 2:
        raise PriormapError(
            f"X must be a table of 2 dimensions (rows, columns), got {len(shape)} "
            f"dimension{'s' * (len(shape) != 1)} of shape {shape}; "
            "one column is X.reshape(-1, 1)"
        )
    if shape[0] < least or shape[1] == 0:
        raise PriormapError(f"X must have rows and columns, got shape {shape}; check its source")


def _refuse_types_of_y(frame: Any) -> None:
    """Refuse a response that does not hold real numbers without gaps."""
    for name in frame.columns:
        column = frame[name]
        if not holds_numbers("y", column):
            raise PriormapError(
                f"y holds {described(column)}, not numbers; convert or encode it first"
            )
        missing = int(column.isna().sum())
        if missing:
            raise PriormapError(
                f"y has {missing} missing value{'s' * (missing != 1)}"
                + _remedy(missing == len(column), "y")
            )


def _remedy(empty: bool, role: str) -> str:
    """What to do about missing numbers, of which a whole column may consist."""
    if not empty:
        return "; drop or impute these rows first"
    return (
        f", which is all of them; {'drop the column' if role == 'X' else 'take another response'}"
    )


def refuse_non_finite(name: str, column: Floats) -> None:
    """Refuse a column with NaN or infinity, and say how many."""
    bad = ~np.isfinite(column)
    if bad.any():
        raise PriormapError(
            f"column {name!r} of X has {_count_bad(column[bad])}" + _remedy(bool(bad.all()), "X")
        )


def _count_bad(values: Floats) -> str:
    missing, infinite = int(np.isnan(values).sum()), int(np.isinf(values).sum())
    parts = [f"{missing} NaN"] * bool(missing) + [f"{infinite} infinite"] * bool(infinite)
    return f"{' and '.join(parts)} value{'s' * (missing + infinite != 1)}"
