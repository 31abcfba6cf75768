"""Tables as CSV in which every number and every name reads back exactly."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def as_csv(table: pd.DataFrame) -> str:
    r"""Return CSV; texts are in quotes where one holds a carriage return, which ends lines too.

    Examples
    --------
    >>> import pandas as pd
    >>> as_csv(pd.DataFrame({"feature": ["a"], "coef": [0.1]}))
    'feature,coef\na,0.1\n'
    """
    text = table.to_csv(index=False, lineterminator="\n")
    if "\r" in text:
        text = table.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    return str(text)
