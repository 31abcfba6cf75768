"""The numbers of the figure of marginal posteriors: densities and points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from priormap.arrays import Floats
from priormap.model.least_squares import least_squares
from priormap.posterior.rao_blackwell import RaoBlackwell
from priormap.tables.chosen import (
    MOST_ROWS,
    Features,
    check_contrast,
    chosen_features,
)
from priormap.tables.exact_posterior import normal_posterior
from priormap.tables.penalised_fit import penalised_fit
from priormap.tables.posterior_contrast import Contrast

if TYPE_CHECKING:
    import pandas as pd


_MOST = 4  # columns shown unless they are named
_GRID = 240


def marginal_features(table: Contrast, features: Features) -> tuple[str, ...]:
    """Return the named columns; or the strongest, half of them with a mode of exactly zero."""
    if features is not None:
        return chosen_features(check_contrast(table), features, _MOST)
    ranked = chosen_features(check_contrast(table), None, MOST_ROWS)
    zeros = set(table.coefficients.loc[table.coefficients["is_zero"], "feature"])
    zero = [name for name in ranked if name in zeros][: _MOST // 2]
    other = [name for name in ranked if name not in zero][: _MOST - len(zero)]
    return tuple(name for name in ranked if name in zero or name in other)


def posterior_vs_map_table(table: Contrast, features: Features = None) -> pd.DataFrame:
    """Marginal posterior densities of chosen coefficients.

    Parameters
    ----------
    table : Contrast
        What `contrast` returned.
    features : list of str, optional
        Columns to show; default: the four with the largest ``|posterior mean| * sd(x)``, two
        of them among those whose mode is exactly zero under some prior.

    Returns
    -------
    DataFrame
        Columns ``prior``, ``family``, ``feature``, ``effect`` (coefficient times sd of its
        column: the change of y per sd of the column), ``density`` (per unit of effect) and
        ``exact_given_rest``: whether it is exact, or an average of exact densities given the
        other coefficients, in place of smoothed draws.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> table = contrast(Regression(X, X[:, 0], sigma=1.0), {"lasso": Laplace(0.1)}, random_seed=1)
    >>> density = posterior_vs_map_table(table, ["x1"])
    >>> bool(np.trapezoid(density.density, density.effect) > 0.99)
    True
    """
    import pandas as pd

    chosen = marginal_features(table, features)
    data, parts = table.data, []
    for feature in chosen:
        j = data.names.index(feature)
        for name, prior in table.priors.items():
            posterior = RaoBlackwell(data, prior, table.posteriors[name], [j])
            modes = [float(table.modes[name].coef[j])] if name in table.modes else []
            grid = _grid(posterior.drawn[:, 0], modes)
            known = normal_posterior(table, name, [j])
            density = known.pdf(grid[:, None]) if known else posterior.density(grid)
            columns = {
                "prior": name,
                "family": prior.label,
                "feature": feature,
                "effect": grid * data.column_sd[j],
                "density": density / data.column_sd[j],
                "exact_given_rest": posterior.smooth or known is not None,
            }
            parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def posterior_vs_map_points_table(table: Contrast, features: Features = None) -> pd.DataFrame:
    """Mode, posterior mean, penalised fit and least squares of chosen coefficients.

    Returns
    -------
    DataFrame
        Columns ``prior``, ``family``, ``feature``, ``mode``, ``is_zero``, ``mean``,
        ``penalised`` (scikit-learn's fit of the same penalty) and ``least_squares`` (NaN where
        the data do not determine it), as effects: coefficient times sd of its column.
    """
    import pandas as pd

    chosen = marginal_features(table, features)
    which = [table.data.names.index(feature) for feature in chosen]
    sd = table.data.column_sd[which]
    free = least_squares(table.data).coef[which] * sd
    missing, parts = np.full(len(which), np.nan), []
    for name, prior in table.priors.items():
        rows = table.coefficients[table.coefficients["prior"] == name]
        rows = rows.set_index("feature").loc[list(chosen)]
        penalised = missing
        if name in table.modes:
            fit = table.modes[name]
            penalised = penalised_fit(fit.data, fit.prior, fit.sigma, tight=True).coef[which]
        columns = {
            "prior": name,
            "family": prior.label,
            "feature": chosen,
            "mode": rows["mode"].to_numpy() * sd,
            "is_zero": rows["is_zero"].to_numpy(),
            "mean": rows["mean"].to_numpy() * sd,
            "penalised": penalised * sd,
            "least_squares": free,
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def _grid(drawn: Floats, modes: list[float]) -> Floats:
    """Grid over the bulk of the draws, with the kink and the mode, if there is one, on it."""
    low, high = np.quantile(drawn, (0.0005, 0.9995))
    low, high = min([low, *modes]), max([high, *modes])
    margin = 0.08 * (high - low)
    grid = np.linspace(low - margin, high + margin, _GRID)
    return np.unique(np.concatenate([grid, modes, [0.0] if grid[0] < 0 < grid[-1] else []]))
