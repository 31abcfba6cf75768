"""Every convention as a row of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from priormap.conventions.catalogue import CONVENTIONS
from priormap.conventions.formulas import divisors, penalty_formulas, prior_at_defaults
from priormap.conventions.given_numbers import range_in_words
from priormap.conventions.records import Convention

if TYPE_CHECKING:
    import pandas as pd


def list_conventions() -> pd.DataFrame:
    """Tabulate every library call that `convert` knows, and what its penalty is.

    Returns
    -------
    DataFrame
        One row per convention, by its name.

        - ``likelihood``: only conventions of the same one are converted to each other.
        - ``parameters``: names and ranges.
        - ``objective``: what the library minimises. ``a`` is the intercept, ``b`` the
          coefficients, ``nll`` the negative log likelihood of a row.
        - ``l1``, ``l2``: weights of ``|b_j|`` and ``b_j**2 / 2`` beside
          ``sum w (y - a - x b)**2 / 2`` with raw sample weights. ``n`` is the number of rows,
          ``W`` the sum of the weights (n without), ``sd(x)`` and ``sd(y)`` have 1/n.
        - ``at_defaults``: the prior that the library's defaults are.
        - ``intercept``: whether it is free or penalised at the library's defaults.
        - ``divides``: what X and y are divided by first.
        - ``weights``: sample weights are taken raw, normalised to a mean of 1, or not at all.
        - ``evidence``: how the row was verified.
        - ``note``: what its user has to know besides.

    Examples
    --------
    >>> table = list_conventions()
    >>> table.loc["sklearn.Lasso", ["l1", "at_defaults"]].tolist()
    ['W * alpha', 'alpha=1: Laplace(scale = sigma^2 / W)']
    >>> table.loc["glmnet", "l2"]
    'W * sd(x)^2 * lambda_ * (1 - alpha) * penalty_factor / sd(y)'
    """
    import pandas as pd

    rows = {name: _row(convention) for name, convention in CONVENTIONS.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("convention")


def _row(convention: Convention) -> dict[str, str]:
    l1, l2 = penalty_formulas(convention)
    ranges = [range_in_words(convention, name) for name in convention.parameters]
    return {
        "likelihood": convention.likelihood,
        "parameters": "; ".join(ranges),
        "objective": convention.objective,
        "l1": l1,
        "l2": l2,
        "at_defaults": prior_at_defaults(convention),
        "intercept": convention.intercept,
        "divides": divisors(convention),
        "weights": convention.weights,
        "evidence": convention.evidence,
        "note": f"no equivalent prior: {convention.no_prior}"
        if convention.no_prior
        else convention.note,
    }
