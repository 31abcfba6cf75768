"""The numbers of the prior predictive figure: what a prior expects before it sees y."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.special import expit

from priormap.arrays import Floats
from priormap.data.regression import Regression, check_data
from priormap.errors import PriormapError
from priormap.model.model import Model
from priormap.model.prior_predictive import PriorPredictive
from priormap.priors import Prior
from priormap.tables.named_priors import priors_by_name

if TYPE_CHECKING:
    import pandas as pd


Drawn: TypeAlias = Mapping[tuple[str, str], PriorPredictive]  # by name and family
_GRID = 360
_EDGE = 14.0  # log odds of R squared: from a millionth to one minus that


def prior_predictive_table(data: Regression, priors: Prior | Mapping[str, Prior]) -> pd.DataFrame:
    """Densities of R squared and of the size of the linear predictor under each prior.

    Parameters
    ----------
    data, priors
        As in `plot_prior_predictive`.

    Returns
    -------
    DataFrame
        Columns ``prior``, ``family``, ``quantity`` (r2 or size), ``value`` and ``density``: per
        unit of R squared, and per factor of ten of the size.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> table = prior_predictive_table(data, {"lasso": Laplace(0.1)})
    >>> part = table[table["quantity"] == "r2"]
    >>> bool(abs(np.trapezoid(part["density"], part["value"]) - 1) < 0.05)
    True
    """
    return density_table(drawn_of(data, priors))


def prior_predictive_points_table(
    data: Regression, priors: Prior | Mapping[str, Prior]
) -> pd.DataFrame:
    """Median and central 90 % of R squared and of the size of the linear predictor.

    Returns
    -------
    DataFrame
        Columns ``prior``, ``family``, ``quantity``, ``low``, ``median``, ``high``.
    """
    return quantile_table(drawn_of(data, priors))


def drawn_of(data: Regression, priors: Prior | Mapping[str, Prior]) -> Drawn:
    """Draw from every prior, by its name and label, or refuse."""
    named = checked_priors(data, priors)
    return {(name, prior.label): PriorPredictive.of(data, prior) for name, prior in named.items()}


def density_table(priors: Drawn) -> pd.DataFrame:
    """`prior_predictive_table` of these draws."""
    import pandas as pd

    parts = []
    for (name, label), drawn in priors.items():
        odds = 2 * (np.log(drawn.size) - np.log(drawn.sigma))  # log of R2 / (1 - R2)
        r2 = expit(np.linspace(-_EDGE, _EDGE, _GRID))  # fine where densities may be steep
        density = _smoothed(odds, np.log(r2) - np.log1p(-r2)) / (r2 * (1 - r2))
        log_size = np.log10(drawn.size)
        low, high = np.quantile(log_size, (0.001, 0.999))
        at = np.linspace(low - 0.1, high + 0.1, _GRID)
        curves = {"r2": (r2, density), "size": (10**at, _smoothed(log_size, at))}
        for quantity, (value, height) in curves.items():
            columns = {"quantity": quantity, "value": value, "density": height}
            parts.append(pd.DataFrame({"prior": name, "family": label, **columns}))
    return pd.concat(parts, ignore_index=True)


def quantile_table(priors: Drawn) -> pd.DataFrame:
    """`prior_predictive_points_table` of these draws."""
    import pandas as pd

    rows = []
    for (name, label), drawn in priors.items():
        for quantity, values in (("r2", drawn.r2), ("size", drawn.size)):
            ends = np.quantile(values, (0.05, 0.5, 0.95))
            rows.append((name, label, quantity, *ends))
    return pd.DataFrame(rows, columns=["prior", "family", "quantity", "low", "median", "high"])


def checked_priors(data: Regression, priors: Prior | Mapping[str, Prior]) -> dict[str, Prior]:
    """Return the priors by name, if each predicts something, or refuse."""
    check_data(data)
    named = priors_by_name(priors, or_one=True)
    if not data.unit.x_norm.any():
        raise PriormapError("no column varies: the linear predictor is constant")
    for name, prior in named.items():
        Model(data, prior)
        if prior.is_flat.any():
            raise PriormapError(
                f"prior {name!r} is flat (scale=inf) and predicts nothing; give a finite scale"
            )
    data.noise.rvs(0, np.random.default_rng(0))  # refuses an improper prior of sigma
    return named


def _smoothed(drawn: Floats, at: Floats) -> Floats:
    """Density of draws whose logarithms have light tails: wide kernels do not bias them much."""
    from scipy.stats import gaussian_kde

    return np.asarray(gaussian_kde(drawn, lambda kernel: 1.5 * kernel.scotts_factor())(at))
