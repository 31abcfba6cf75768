"""Leave-one-out log predictive density of the posterior.

Exact under a Gaussian prior; by Pareto-smoothed importance sampling of posterior draws under
the others (Vehtari, Gelman and Gabry, 2017, "Practical Bayesian model evaluation using
leave-one-out cross-validation and WAIC", Statistics and Computing 27, section 2.1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline

from priormap.arrays import Floats, Indices
from priormap.criteria.criterion import Criterion, Curve, Optimum, Study, peak
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.pareto_smoothing import log_sums, smoothed_log_weights
from priormap.criteria.posterior_runs import sigma_of
from priormap.criteria.sampled_curves import sampled
from priormap.data.moments import dense
from priormap.data.regression import Regression

if TYPE_CHECKING:
    import xarray as xr


_FULL_PRECISION = 32.0  # minus the log of the rounding error
_NOTHING_LEFT = 1e-11  # of the largest coefficient
_BLOCK = 1 << 19  # rows times draws that are looked at together
MOST_ROWS = 2_000  # that are left out
_MOST_SCALES = 12  # posteriors of draws that are looked at
BAD_KHAT = 0.7
_NEAR = 4.0  # of a log density: differences below are small beside those over rows


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

    def totals(scales: Floats) -> Floats:
        return np.stack(_totals(curves.loo_densities(scales, rows), curves.data.n_rows))

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


class RowDensities(NamedTuple):
    """Log predictive densities of single rows, each of shape (rows,).

    Given all other rows, given all rows, and the k-hat of the first.
    """

    left_out: Floats
    fitted: Floats
    khat: Floats


def row_densities(data: Regression, tree: xr.DataTree, rows: Indices) -> RowDensities:
    """Densities of each row by importance sampling of the draws of one posterior."""
    posterior = tree["posterior"]
    coef = posterior["coef"].to_numpy().reshape(-1, data.n_features)
    intercept = posterior["intercept"].to_numpy().ravel() if data.intercept else 0.0
    sigma = np.ravel(sigma_of(data, tree))
    constant = -np.log(sigma * np.sqrt(2 * np.pi))
    found = RowDensities(*np.empty((3, len(rows))))
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
        found.fitted[block] = log_sums(given) - np.log(len(coef))
        log_weights, found.khat[block] = smoothed_log_weights(-given)
        found.left_out[block] = log_sums(log_weights + given)
    return found


def loo_from_draws(
    data: Regression, tree: xr.DataTree, rows: Indices
) -> tuple[float, float, float]:
    """Density, standard error and largest k-hat from the draws of one posterior."""
    found = row_densities(data, tree, rows)
    elpd, se = _totals(found.left_out[:, None], data.n_rows)
    return float(elpd[0]), float(se[0]), float(found.khat.max())


def _totals(densities: Floats, n: int) -> tuple[Floats, Floats]:
    """Sums over all n rows and their standard errors, from those rows that were looked at."""
    m = len(densities)
    return n * densities.mean(axis=0), n * densities.std(axis=0, ddof=1) / np.sqrt(m)


def _rows(study: Study) -> Indices:
    n = study.family.data.n_rows
    if n > MOST_ROWS:
        study.notes.append(f"loo: estimated from {MOST_ROWS} of the {n} rows, drawn at random.")
    return some_rows(n, MOST_ROWS, np.random.default_rng(study.fresh_seed()))


def _curve(study: Study) -> Curve:
    if study.family.prior.is_normal:
        scales, found = study.scales, loo_exact(study.gaussian, study.scales, study.once(_rows))
    else:
        posteriors, data, rows = study.once(sampled), study.family.data, study.once(_rows)
        scales, each = posteriors.at_some(
            _MOST_SCALES, lambda tree: loo_from_draws(data, tree, rows)
        )
        found = LeaveOneOut(*np.array(each).T)
        _note_warnings(study, posteriors.warnings)
        _judge_khats(study, scales, found)
    return Curve(scales, found.elpd, found.se, found.khat)


def _optima(study: Study, curve: Curve) -> list[Optimum]:
    scales, elpd = curve.scales, curve.values
    if study.family.prior.is_normal:
        spline = CubicSpline(np.log(scales), elpd)
        best = peak(lambda s: spline(np.log(s)), scales, elpd)
        there = loo_exact(study.gaussian, np.array([best]), study.once(_rows))
        value, se = float(there.elpd[0]), float(there.se[0])
    else:
        best, value = _smooth_peak(scales, elpd)
        se = float(np.interp(best, scales, curve.se))
    meaning = "largest leave-one-out predictive density of the posterior"
    return [Optimum("loo", best, value, se, meaning)]


def _note_warnings(study: Study, warnings: dict[float, str]) -> None:
    """Pass on what the sampler warned of."""
    if warnings:
        scale, said = next(iter(warnings.items()))
        study.notes.append(
            f"posteriors: at {len(warnings)} scales, among them {scale:.3g}, {said}."
        )


def _judge_khats(study: Study, scales: Floats, found: LeaveOneOut) -> None:
    """Warn of large k-hats where they could change the choice, and note them elsewhere."""
    bad = found.khat > BAD_KHAT
    top = int(np.argmax(found.elpd))
    matters = bad & (found.elpd > found.elpd[top] - found.se[top])
    if bad.any():
        (study.cautions if matters.any() else study.notes).append(
            f"loo: a k-hat is above {BAD_KHAT} at {bad.sum()} of {len(scales)} scales, from "
            f"{scales[bad][0]:.3g} to {scales[bad][-1]:.3g}; do not trust its values there."
        )


def _smooth_peak(scales: Floats, values: Floats) -> tuple[float, float]:
    """Peak of a cubic through the values near the largest, whose Monte Carlo errors it evens."""
    top = int(np.argmax(values))
    near = values > values[top] - _NEAR
    near[max(0, top - 2) : top + 3] = True
    x, y = np.log(scales[near]), values[near]
    cubic = np.polynomial.Polynomial.fit(x, y, min(3, len(x) - 1))
    fine = np.linspace(x[0], x[-1], 1001)
    best = fine[np.argmax(cubic(fine))]
    return float(np.exp(best)), float(cubic(best))


LEAVE_ONE_OUT = Criterion(
    "loo",
    {"loo": "leave-one-out density"},
    _optima,
    _curve,
    label="leave-one-out\nlog density",
    value="expected log predictive density (sum over rows)",
    best="loo",
    is_log=True,
)
