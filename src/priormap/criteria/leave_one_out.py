"""Leave-one-out log predictive density of the posterior.

Exact under a Gaussian prior; by Pareto-smoothed importance sampling of posterior draws under
the others (Vehtari, Gelman and Gabry, 2017, "Practical Bayesian model evaluation using
leave-one-out cross-validation and WAIC", Statistics and Computing 27, section 2.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import ndtr

from priormap.arrays import Floats, Indices
from priormap.criteria.control_variates import ControlVariates
from priormap.criteria.criterion import Criterion, Curve, Optimum, Study, peak
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.pareto_smoothing import log_sums, smoothed_log_weights
from priormap.criteria.posterior_runs import end_to_end
from priormap.criteria.sampled_curves import sampled
from priormap.data.moments import dense
from priormap.data.regression import Regression

if TYPE_CHECKING:
    import xarray as xr


_FULL_PRECISION = 32.0  # minus the log of the rounding error
_NOTHING_LEFT = 1e-11  # of the largest coefficient
_BLOCK = 1 << 19  # rows times draws that are looked at together
MOST_ROWS = 2_000  # that are left out
_FIRST_SCALES, _MOST_SCALES = 7, 12  # posteriors of draws that are looked at
BAD_KHAT = 0.7
_CLOSE = 0.2  # of log scale: nearer neighbours of the best differ by Monte Carlo error only


def some_rows(n: int, most: int, rng: np.random.Generator) -> Indices:
    """All rows, or a random sample of so many."""
    return np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False))


def loo_exact(curves: GaussianCurves, scales: Floats, rows: Indices) -> Floats:
    """Log density of each row given all others under a Gaussian prior, shape (rows, m).

    Given sigma, or averaged over it where it is unknown. From a Chebyshev interpolant in log
    scale, or one scale by one: as functions of the log penalty these curves are analytic within
    pi of the real axis: there ``mu / (d_k + mu)`` lies in one half plane, so that no ``1 - h_i``
    vanishes. That gives the degree for full precision; the last coefficients say whether it was
    reached.
    """
    x = np.log(scales)
    low, high = x.min(), x.max()
    degree = int(_FULL_PRECISION / np.arcsinh(np.pi / max(high - low, 1e-3)))
    if 2 * degree > len(scales):
        return curves.loo_densities(scales, rows)
    points = np.polynomial.chebyshev.chebpts1(degree + 1)
    values = curves.loo_densities(np.exp(low + 0.5 * (points + 1) * (high - low)), rows)
    found = np.polynomial.chebyshev.chebfit(points, values.T, degree)
    if (np.abs(found[-4:]).sum(axis=1) > _NOTHING_LEFT * np.abs(found).sum(axis=1).max()).any():
        return curves.loo_densities(scales, rows)
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
    return _row_densities(data, tree, rows)[0]


def _row_densities(
    data: Regression, tree: xr.DataTree, rows: Indices, controls: ControlVariates | None = None
) -> tuple[RowDensities, Floats]:
    """The same, and how much each draw moves the sum over the rows.

    A left-out density is to first order an average of 1 less the draw's weight times their number,
    from which `controls` take noise.
    """
    found, moved = RowDensities(*np.empty((3, len(rows)))), np.array(0.0)
    for block, given, constant in _residuals(data, tree, rows):
        np.square(given, out=given)
        given *= -0.5
        given += constant
        found.fitted[block] = log_sums(given) - np.log(given.shape[1])
        log_weights, found.khat[block] = smoothed_log_weights(-given)
        found.left_out[block] = log_sums(log_weights + given)
        if controls is not None:
            influence = 1 - given.shape[1] * np.exp(log_weights)
            found.left_out[block] -= controls.correction(influence)
            moved = moved + influence.sum(axis=0)
    return found, moved


def row_probabilities(data: Regression, tree: xr.DataTree, rows: Indices) -> tuple[Floats, Floats]:
    """Probability of a smaller response than that of each row, given all other rows; and k-hats.

    The probability integral transform of leave-one-out (Gelfand, Dey and Chang 1992), averaged
    over the draws without drawing a response.
    """
    found, khat = np.empty((2, len(rows)))
    for block, given, constant in _residuals(data, tree, rows):
        log_weights, khat[block] = smoothed_log_weights(0.5 * given**2 - constant)
        found[block] = (np.exp(log_weights) * ndtr(-given)).sum(axis=1)
    return np.clip(found, 0.0, 1.0), khat


def _residuals(
    data: Regression, tree: xr.DataTree, rows: Indices
) -> Iterator[tuple[slice, Floats, Floats]]:
    """Blocks of rows: fitted less observed over sigma, shape (rows, draws), and log constants."""
    coef, intercept, sigma = end_to_end(data, tree)
    constant = -np.log(sigma * np.sqrt(2 * np.pi))
    size = max(1, _BLOCK // len(coef))
    for start in range(0, len(rows), size):
        block = slice(start, start + size)
        given = dense(data.X[rows[block]]) @ coef.T
        given += intercept
        given -= data.y[rows[block], None]
        given /= sigma
        yield block, given, constant


def totals(densities: Floats, n: int) -> tuple[Floats, Floats]:
    """Sums over all n rows and their standard errors, from those rows that were looked at."""
    m = len(densities)
    return n * densities.mean(axis=0), n * densities.std(axis=0, ddof=1) / np.sqrt(m)


def _rows(study: Study) -> Indices:
    n = study.family.data.n_rows
    if n > MOST_ROWS:
        study.notes.append(f"loo: estimated from {MOST_ROWS} of the {n} rows, drawn at random.")
    return some_rows(n, MOST_ROWS, np.random.default_rng(study.fresh_seed()))


class LeftOut(NamedTuple):
    """Densities of the rows at each scale, shape (rows, m), those at the best, and k-hats.

    `noise` is the Monte Carlo error of the difference between their sums and that at the best.
    """

    scales: Floats
    densities: Floats
    best: float
    at_best: Floats
    khat: Floats | None = None
    noise: Floats | float = 0.0


def _exact(study: Study) -> LeftOut:
    scales, rows = study.scales, study.once(_rows)
    densities = loo_exact(study.gaussian, scales, rows)
    elpd = totals(densities, study.family.data.n_rows)[0]
    spline = CubicSpline(np.log(scales), elpd)
    best = peak(lambda s: spline(np.log(s)), scales, elpd)
    at_best = study.gaussian.loo_densities(np.array([best]), rows)[:, 0]
    return LeftOut(scales, densities, best, at_best)


def _from_draws(study: Study) -> LeftOut:
    """Posteriors at a few scales, then between the best one and its neighbours.

    The best scale is one that was looked at, so that no other point of the curve is higher.
    """
    posteriors, family, rows = study.once(sampled), study.family, study.once(_rows)
    errors: dict[float, float] = {}

    def look(tree: xr.DataTree, scale: float) -> RowDensities:
        controls = ControlVariates.of(family, tree, scale)
        densities, moved = _row_densities(family.data, tree, rows, controls)
        shown = family.data.n_rows / len(rows)
        errors[scale] = shown * controls.error(moved, tree["posterior"].sizes["chain"])
        return densities

    found: dict[float, RowDensities] = {}
    wanted = np.geomspace(study.scales[0], study.scales[-1], _FIRST_SCALES)
    while len(wanted) and len(found) < _MOST_SCALES:
        found |= posteriors.at_each(wanted, look)
        scales = np.array(sorted(found))
        best = float(max(found, key=lambda scale: found[scale].left_out.sum()))
        wanted = _next_to(scales, best)
    densities = np.column_stack([found[scale].left_out for scale in scales.tolist()])
    khat = np.array([found[scale].khat.max() for scale in scales.tolist()])
    noise = np.hypot([errors[scale] for scale in scales.tolist()], errors[best])
    noise[scales == best] = 0.0
    return LeftOut(scales, densities, best, found[best].left_out, khat, noise)


def _next_to(scales: Floats, best: float) -> Floats:
    """Middle of the wider interval that ends at the best scale, unless both are narrow."""
    at = int(np.searchsorted(scales, best))
    around = np.log(scales[max(at - 1, 0) : at + 2])
    widest = int(np.argmax(np.diff(around)))
    left, right = around[widest : widest + 2]
    return np.exp([0.5 * (left + right)]) if right - left > _CLOSE else np.empty(0)


def _left_out(study: Study) -> LeftOut:
    found = _exact(study) if study.family.prior.is_normal else _from_draws(study)
    if found.khat is not None:
        _note_warnings(study, found)
        _judge_khats(study, found)
    return found


def _behind(study: Study, found: LeftOut) -> tuple[Floats, Floats]:
    """How much less than at the best scale the sum over rows is, and its standard error.

    Over rows, and that of the draws.
    """
    behind, se = totals(found.at_best[:, None] - found.densities, study.family.data.n_rows)
    return behind, np.hypot(se, found.noise)


def _curve(study: Study) -> Curve:
    found = study.once(_left_out)
    elpd = totals(found.densities, study.family.data.n_rows)[0]
    return Curve(found.scales, elpd, _behind(study, found)[1], found.khat)


def _optima(study: Study, curve: Curve) -> list[Optimum]:
    found = study.once(_left_out)
    value, se = (float(one) for one in totals(found.at_best, study.family.data.n_rows))
    behind, error = _behind(study, found)
    low, high = within(curve.scales, behind - error, found.best)
    meaning = "largest leave-one-out predictive density of the posterior"
    return [Optimum("loo", found.best, value, se, meaning, low, high)]


def within(scales: Floats, excess: Floats, best: float) -> tuple[float, float]:
    """Smallest and largest scale that is not in excess, between scales by a straight line."""
    ends = []
    for side in (scales < best, scales > best):
        order = np.argsort(np.abs(np.log(scales[side] / best)))
        x = np.append(np.log(best), np.log(scales[side][order]))
        y = np.append(0.0, excess[side][order])
        last = int(np.flatnonzero(y <= 0)[-1])
        if last + 1 < len(x):
            share = y[last] / (y[last] - y[last + 1])
            x[last] += share * (x[last + 1] - x[last])
        ends.append(float(np.exp(x[last])))
    return ends[0], ends[1]


def _note_warnings(study: Study, found: LeftOut) -> None:
    """Pass on what the sampler warned of, but not at scales that are far from the best."""
    behind, error = _behind(study, found)
    near, warnings = found.scales[behind <= error].tolist(), study.once(sampled).warnings
    told = [(scale, warnings[scale]) for scale in near if scale in warnings]
    if told:
        among = "" if len(told) == 1 else f" and {len(told) - 1} more"
        study.notes.append(f"posteriors: at scale {told[0][0]:.3g}{among}, {told[0][1]}.")


def _judge_khats(study: Study, found: LeftOut) -> None:
    """Warn of large k-hats where they could change the choice, and note them elsewhere."""
    assert found.khat is not None
    bad = found.khat > BAD_KHAT
    behind, error = _behind(study, found)
    if bad.any():
        first, last, many = found.scales[bad][0], found.scales[bad][-1], len(found.scales)
        where = f"at {bad.sum()} of {many} scales, from {first:.3g} to {last:.3g}"
        one = first == last
        (study.cautions if (bad & (behind <= error)).any() else study.notes).append(
            f"loo: a k-hat is above {BAD_KHAT} {f'at scale {first:.3g}' if one else where}; do not "
            f"trust its value{'' if one else 's'} there."
        )


LEAVE_ONE_OUT = Criterion(
    "loo",
    {"loo": "leave-one-out density"},
    _optima,
    _curve,
    label="leave-one-out\nlog density",
    value="expected log predictive density (sum over rows)",
    best="loo",
    is_log=True,
    has_error=True,
    within="one standard error of the difference to the best",
)
