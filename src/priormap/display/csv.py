"""Tables as CSV in which every number and every name reads back exactly."""

from __future__ import annotations

import csv
from typing import Any


def as_csv(table: Any) -> str:
    r"""Return CSV of a DataFrame; its texts are in quotes where one holds a carriage return.

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
