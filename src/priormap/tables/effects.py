"""Effects of a contrast, coefficient times sd of its column: intervals, means, modes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from priormap.errors import PriormapError
from priormap.model.least_squares import least_squares
from priormap.tables.chosen import Features, check_contrast, chosen_features
from priormap.tables.posterior_contrast import Contrast

if TYPE_CHECKING:
    import pandas as pd


MOST_EFFECTS = 12  # columns shown unless they are named


def contrast_table(table: Contrast, features: Features = None) -> pd.DataFrame:
    """Intervals, means and modes of the forest.

    Parameters
    ----------
    table : Contrast
        What `contrast` returned.
    features : list of str, optional
        Columns to show; default: the twelve with the largest ``|posterior mean| * sd(x)``.

    Returns
    -------
    DataFrame
        Columns ``feature``, ``prior``, ``family``, ``hdi_low``, ``hdi_high``, ``mean``,
        ``mode`` as effects (coefficient times sd of its column: the change of y per sd of the
        column), and ``is_zero``: whether the mode is exactly zero.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> table = contrast(data, {"lasso": Laplace(0.1)}, random_seed=1)
    >>> contrast_table(table)[["feature", "is_zero"]]
      feature  is_zero
    0      x0    False
    1      x1     True
    2      x2     True
    """
    chosen = chosen_features(check_contrast(table), features, MOST_EFFECTS)
    data = table.data
    rows = table.coefficients[table.coefficients["feature"].isin(chosen)].copy()
    order = rows["feature"].map(chosen.index)
    rows = rows.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)
    sd = rows["feature"].map(dict(zip(data.names, data.column_sd, strict=True)))
    families = {name: prior.label for name, prior in table.priors.items()}
    effects = {name: rows[name] * sd for name in ("hdi_low", "hdi_high", "mean", "mode")}
    rows = rows[["feature", "prior", "is_zero"]].assign(
        family=rows["prior"].map(families), **effects
    )
    return rows[["feature", "prior", "family", *effects, "is_zero"]]


def coefficient_shrinkage_table(table: Contrast, features: Features = None) -> pd.DataFrame:
    """Mode and posterior mean of each coefficient beside least squares.

    Parameters
    ----------
    table : Contrast
        What `contrast` returned.
    features : list of str, optional
        Columns to show; default: the twelve with the largest ``|posterior mean| * sd(x)``.

    Returns
    -------
    DataFrame
        Columns ``feature``, ``prior``, ``family``, ``least_squares``, ``mode``, ``mean`` as
        effects (coefficient times sd of its column), and ``is_zero``: whether the mode is
        exactly zero.

    Raises
    ------
    PriormapError
        If the data do not determine least squares.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> table = contrast(data, {"lasso": Laplace(0.1)}, random_seed=1)
    >>> rows = coefficient_shrinkage_table(table)
    >>> bool((rows["mode"].abs() <= rows["least_squares"].abs()).all())
    True
    """
    chosen = chosen_features(check_contrast(table), features, MOST_EFFECTS)
    data = table.data
    which = [data.names.index(name) for name in chosen]
    free = least_squares(data).coef[which] * data.column_sd[which]
    if not np.isfinite(free).all():
        raise PriormapError(
            "the data do not determine least squares (more columns than rows, or collinear "
            "ones), so that there is nothing to compare with; use plot_contrast"
        )
    rows = contrast_table(table, chosen)
    rows = rows.assign(least_squares=rows["feature"].map(dict(zip(chosen, free, strict=True))))
    order = rows["prior"].map(list(table.priors).index).to_numpy()
    columns = ["feature", "prior", "family", "least_squares", "mode", "mean", "is_zero"]
    return rows.iloc[np.argsort(order, kind="stable")][columns].reset_index(drop=True)


def interval_mass(table: Contrast) -> float:
    """Share of the draws inside the intervals, which is what their mass was."""
    inside = []
    for name, tree in table.posteriors.items():
        rows = table.coefficients[table.coefficients["prior"] == name]
        coef = tree["posterior"]["coef"].to_numpy()
        low, high = rows["hdi_low"].to_numpy(), rows["hdi_high"].to_numpy()
        inside.append(((coef >= low) & (coef <= high)).mean())
    return float(np.mean(inside))
