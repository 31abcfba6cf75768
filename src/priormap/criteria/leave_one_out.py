"""Leave-one-out log predictive density of the posterior.

Exact under a Gaussian prior; by Pareto-smoothed importance sampling of posterior draws under
the others (Vehtari, Gelman and Gabry, 2017, "Practical Bayesian model evaluation using
leave-one-out cross-validation and WAIC", Statistics and Computing 27, section 2.1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from priormap.arrays import Floats, Indices
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.log_sums import log_sums
from priormap.criteria.pareto_smoothing import smoothed_log_weights
from priormap.criteria.unknown_noise import loo_over_sigma
from priormap.data.moments import dense
from priormap.data.regression import Regression

if TYPE_CHECKING:
    import xarray as xr


_FULL_PRECISION = 32.0  # minus the log of the rounding error
_NOTHING_LEFT = 1e-11  # of the largest coefficient
_BLOCK = 1 << 19  # rows times draws that are looked at together


class LeaveOneOut(NamedTuple):
    """Sums over rows, one for each scale: density, its standard error, largest k-hat."""

    elpd: Floats
    se: Floats
    khat: Floats


def some_rows(n: int, most: int, rng: np.random.Generator) -> Indices:
    """All rows, or a random sample of so many."""
    return np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False))


def loo_exact(curves: GaussianCurves, scales: Floats, rows: Indices) -> LeaveOneOut:
    """Under a Gaussian prior; given sigma, or averaged over it where it is unknown."""
    noise = curves.data.sigma

    def totals(scales: Floats) -> Floats:
        if isinstance(noise, float):
            densities = curves.loo(scales, noise, rows)
        else:
            densities = loo_over_sigma(curves, scales, noise, rows)
        return np.stack(_totals(densities, curves.data.n_rows))

    elpd, se = _interpolated(totals, scales)
    return LeaveOneOut(elpd, se, np.full(len(elpd), np.nan))


def _interpolated(function: Callable[[Floats], Floats], scales: Floats) -> Floats:
    """Values at many scales from a Chebyshev interpolant in log scale, or one by one.

    As functions of the log penalty these curves are analytic within pi of the real axis: there
    ``mu / (d_k + mu)`` lies in one half plane, so that no ``1 - h_i`` vanishes. That gives the
    degree for full precision; the last coefficients say whether it was reached.
    """
    x = np.log(scales)
    low, high = x.min(), x.max()
    degree = int(_FULL_PRECISION / np.arcsinh(np.pi / max(high - low, 1e-3)))
    if 2 * degree > len(scales):
        return function(scales)
    points = np.polynomial.chebyshev.chebpts1(degree + 1)
    values = function(np.exp(low + 0.5 * (points + 1) * (high - low)))
    found = np.polynomial.chebyshev.chebfit(points, values.T, degree)
    if (np.abs(found[-4:]) > _NOTHING_LEFT * np.abs(found).max(axis=0)).any():
        return function(scales)
    return np.polynomial.chebyshev.chebval(2 * (x - low) / (high - low) - 1, found)


def loo_from_draws(
    data: Regression, tree: xr.DataTree, rows: Indices
) -> tuple[float, float, float]:
    """Density, standard error and largest k-hat from the draws of one posterior."""
    posterior = tree["posterior"]
    coef = posterior["coef"].to_numpy().reshape(-1, data.n_features)
    intercept = posterior["intercept"].to_numpy().ravel() if data.intercept else 0.0
    sigma = posterior["sigma"].to_numpy().ravel() if "sigma" in posterior else data.sigma
    constant = -np.log(sigma * np.sqrt(2 * np.pi))
    densities, khats = np.empty((len(rows), 1)), np.empty(len(rows))
    size = max(1, _BLOCK // len(coef))
    for start in range(0, len(rows), size):
        block = slice(start, start + size)
        given = dense(data.X[rows[block]]) @ coef.T
        given += intercept
        given -= data.y[rows[block], None]
        given /= sigma
        np.square(given, out=given)
        given *= -0.5
        given += constant
        log_weights, khats[block] = smoothed_log_weights(-given)
        densities[block, 0] = log_sums(log_weights + given)
    elpd, se = _totals(densities, data.n_rows)
    return float(elpd[0]), float(se[0]), float(khats.max())


def _totals(densities: Floats, n: int) -> tuple[Floats, Floats]:
    """Sums over all n rows and their standard errors, from those rows that were looked at."""
    m = len(densities)
    return n * densities.mean(axis=0), n * densities.std(axis=0, ddof=1) / np.sqrt(m)
