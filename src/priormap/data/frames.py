"""Tables of any DataFrame library, as pandas holds them."""

from __future__ import annotations

import sys
from typing import Any

# what never needs a look: ours, and the modules whose objects are handled where they are used
_KNOWN = {"builtins", "numpy", "scipy", "pandas", "xarray", "sklearn", "priormap"}


def pandas_loaded() -> Any:
    """pandas, if the caller has loaded it; only then can an input be a pandas object."""
    return sys.modules.get("pandas")


def is_frame(value: Any) -> bool:
    """Whether it is a pandas DataFrame."""
    pandas = pandas_loaded()
    return pandas is not None and isinstance(value, pandas.DataFrame)


def is_series(value: Any) -> bool:
    """Whether it is a pandas Series."""
    pandas = pandas_loaded()
    return pandas is not None and isinstance(value, pandas.Series)


def is_data_array(value: Any) -> bool:
    """Whether it is a DataArray of xarray."""
    xarray = sys.modules.get("xarray")
    return xarray is not None and isinstance(value, xarray.DataArray)


def as_pandas(value: Any) -> Any:
    """Return a DataFrame or a Series of another library as one of pandas, anything else as it is.

    Missing cells, dates and the order of levels stay what they are; a lazy table is collected.

    Examples
    --------
    >>> import pyarrow as pa
    >>> as_pandas(pa.table({"x": [1, 2], "site": ["a", "b"]}))
       x site
    0  1    a
    1  2    b
    """
    if type(value).__module__.partition(".")[0] in _KNOWN:
        return value
    import narwhals.stable.v2 as nw

    table = nw.from_native(value, pass_through=True, allow_series=True)
    if isinstance(table, nw.LazyFrame):
        table = table.collect()
    if isinstance(table, nw.Series):
        return _as_series(table)
    if not isinstance(table, nw.DataFrame):
        return value
    import pandas as pd

    return pd.DataFrame({name: _as_series(table[name]) for name in table.columns})


def _as_series(column: Any) -> Any:
    import narwhals.stable.v2 as nw
    import pandas as pd

    kind, values = column.dtype, None
    if isinstance(kind, nw.Enum):  # its levels have an order; those of other categories have none
        values = pd.Categorical(column.to_list(), categories=kind.categories)
    elif isinstance(kind, nw.Boolean | nw.Decimal) or not (kind.is_numeric() or kind.is_temporal()):
        values = pd.array(column.to_list(), dtype=object)
    return pd.Series(column.to_numpy() if values is None else values, name=column.name)
