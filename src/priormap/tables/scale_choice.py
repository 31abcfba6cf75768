"""What each criterion says of the prior scale: the numbers of its curve and of what it chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from priormap import criteria
from priormap.checks import result_of
from priormap.criteria import ScaleChoice

if TYPE_CHECKING:
    import pandas as pd


def scale_choice_table(choice: ScaleChoice) -> pd.DataFrame:
    """Curves of the figure.

    Parameters
    ----------
    choice : ScaleChoice
        What `choose_scale` returned.

    Returns
    -------
    DataFrame
        Columns ``method``, ``scale``, ``alpha``, ``value``, ``low``, ``high``. Log densities
        are differences from their largest value; ``low`` and ``high`` are one standard error
        away: over folds for ``cv``, of the difference from the best for ``loo``, and of the
        computation for ``evidence``.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Regression, choose_scale
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X[:, 0] + 0.1 * X[:, 1] ** 2, sigma=0.3)
    >>> table = scale_choice_table(choose_scale(data, "gaussian", "evidence"))
    >>> float(table["value"].max())
    0.0
    """
    table = check_choice(choice).curves.copy()
    is_log = table["method"].isin([one.name for one in criteria.CRITERIA if one.is_log])
    has_error = table["method"].isin([one.name for one in criteria.CRITERIA if one.has_error])
    best = table.groupby("method")["value"].transform("max")
    table["value"] = np.where(is_log, table["value"] - best, table["value"])
    error = np.where(has_error, table["se"].fillna(0.0), 0.0)
    table = table.assign(
        alpha=choice.family.alpha(table["scale"].to_numpy()),
        low=table["value"] - error,
        high=table["value"] + error,
    )
    return table[["method", "scale", "alpha", "value", "low", "high"]]


def scale_choice_points_table(choice: ScaleChoice) -> pd.DataFrame:
    """Optima of the figure: ``method``, ``curve``, ``scale``, ``alpha``, ``value``.

    Values are on the drawn curves; a rule without a curve has none.
    """
    import pandas as pd

    curves, rows = scale_choice_table(choice), []
    curve_of = {
        name: one.name for one in criteria.CRITERIA if one.curve is not None for name in one.said
    }
    for method, row in choice.optima.iterrows():
        name = curve_of.get(str(method))
        value = np.nan
        if name is not None:
            part = curves[curves["method"] == name]
            value = np.interp(np.log(row["scale"]), np.log(part["scale"]), part["value"])
        where = {"scale": row["scale"], "alpha": row["alpha"], "value": float(value)}
        rows.append({"method": method, "curve": name, **where})
    return pd.DataFrame(rows)


def check_choice(choice: object) -> ScaleChoice:
    """Return `choice` if it is what `choose_scale` returned, or refuse."""
    return result_of("choose_scale(data, prior_family)", "choice", choice, ScaleChoice)
