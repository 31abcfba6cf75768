r"""Log evidence along the scale, from posterior draws at a few scales (any family).

Multiply all scales of a prior by c. Its normalising constant is ``c**-p`` times a constant, so

.. math::

    \frac{d \log p(y \mid c)}{d \log c} = E\Bigl[\sum_j b_j \, \mathrm{pull}(b_j)
    \,\Big|\, y, c\Bigr] - p ,

which for the Laplace prior is ``E[sum_j |b_j|] / s - p``. The posterior variance of the same sum
gives the second derivative. The curve is the integral of the cubic Hermite interpolant of the
first derivative in log c (thermodynamic integration: Gelman and Meng, 1998, "Simulating
normalizing constants", Statistical Science 13(2)). The constant comes from a scale so small
that the prior itself is the proposal: there ``p(y | c) / p(y | c = 0)`` is the prior mean of a
likelihood ratio close to one, and ``p(y | c = 0)``, the evidence of no columns, is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicHermiteSpline
from scipy.special import logsumexp

from priormap.arrays import Bools, Floats
from priormap.criteria.gaussian_curves import over_sigma
from priormap.criteria.posterior_runs import PriorTerms, fit_virial
from priormap.criteria.scale_family import ScaleFamily
from priormap.data.regression import Regression
from priormap.errors import PriormapError

if TYPE_CHECKING:
    import xarray as xr


_NEAR_ONE = 0.3  # sd of the log likelihood ratio at the anchor
_NEGLIGIBLE = 1e-14  # weight of a node of sigma
_BLOCK = 1 << 20  # numbers in a block of prior draws


class Slope(NamedTuple):
    """First and second derivative of the log evidence in log scale, and the error of the first."""

    first: float
    second: float
    error: float


class Anchor(NamedTuple):
    """A small scale at which the log evidence is known, to a Monte Carlo error."""

    scale: float
    log_evidence: float
    error: float


@dataclass(frozen=True, eq=False)
class EvidenceCurve:
    """Log evidence at any scale between the first and the last one; build it with `through`.

    Attributes
    ----------
    log_scales : array of shape (k,)
    slopes : list of Slope
    start : Anchor
    """

    log_scales: Floats
    slopes: tuple[Slope, ...]
    start: Anchor

    @property
    def slope(self) -> CubicHermiteSpline:
        """Derivative of the log evidence as a function of log scale."""
        first, second, _ = np.array(self.slopes).T
        return CubicHermiteSpline(self.log_scales, first, second)

    def at(self, scales: ArrayLike) -> Floats:
        """Log evidence."""
        x = np.log(np.asarray(scales, dtype=float))
        integral = self.slope.antiderivative()
        rise = integral(x) - integral(self.log_scales[0])
        return np.asarray(self.start.log_evidence + rise)

    def error(self, scales: ArrayLike) -> Floats:
        """Monte Carlo standard error: of the anchor, and of the slopes up to each scale."""
        x = np.log(np.asarray(scales, dtype=float))
        knots, errors = self.log_scales, np.array([slope.error for slope in self.slopes])
        reached = np.clip((x[..., None] - knots[:-1]) / np.diff(knots), 0, 1) * np.diff(knots)
        weight = np.zeros((*x.shape, len(knots)))
        weight[..., :-1] += reached / 2
        weight[..., 1:] += reached / 2
        return np.sqrt(self.start.error**2 + weight**2 @ errors**2)

    def doubtful(self, interpolated: float, sampled: float) -> Bools:
        """Intervals between scales that deserve another posterior in the middle.

        Their values at the middle as foreseen from both ends differ by more than
        `interpolated` over the width (the integral is then off by about a sixtieth of that), or
        the Monte Carlo errors of the ends add up to more than `sampled`.
        """
        first, second, errors = np.array(self.slopes).T
        width = np.diff(self.log_scales)
        foreseen = np.diff(first) - 0.5 * width * (second[1:] + second[:-1])
        scatter = 0.5 * width * np.hypot(errors[1:], errors[:-1])
        return np.asarray((width * np.abs(foreseen) > interpolated) | (scatter > sampled))

    def maximiser(self) -> tuple[float, float]:
        """Scale of the largest evidence, and the Monte Carlo error of its log."""
        x = np.linspace(self.log_scales[0], self.log_scales[-1], 4001)
        best = float(x[np.argmax(self.at(np.exp(x)))])
        if not x[0] < best < x[-1]:
            return float(np.exp(best)), np.inf
        roots = self.slope.roots(extrapolate=False)
        root = float(roots[np.argmin(np.abs(roots - best))]) if len(roots) else best
        near = self.slopes[int(np.argmin(np.abs(self.log_scales - root)))].error
        return float(np.exp(root)), float(near / abs(self.slope.derivative()(root)))


def slope_at(data: Regression, terms: PriorTerms, tree: xr.DataTree, scale: float) -> Slope:
    r"""Derivatives of the log evidence from the draws at one scale.

    The posterior mean of ``b' d log p / d b`` is -p, so that ``b'X'(y - X b) / sigma**2`` has
    the same mean as the virial less p. The first has little variance where the prior rules, the
    second where the data do; of all their averages that of least variance is taken.
    """
    from arviz_stats.base import array_stats

    virial, fit = terms.virial(scale) - data.n_features, fit_virial(data, tree)
    gap = virial - fit
    share = float(np.cov(virial.ravel(), gap.ravel())[0, 1] / max(gap.var(ddof=1), 1e-300))
    mixed = virial - share * gap
    effective = max(float(array_stats.ess(mixed, method="mean")), 1.0)
    error = float(np.sqrt(mixed.var(ddof=1) / effective))
    covariance = float(np.cov(mixed.ravel(), virial.ravel())[0, 1])
    second = (1 - share) * float(terms.virial_slope(scale).mean()) + covariance
    return Slope(float(mixed.mean()), second, error)


def null_evidence(data: Regression) -> tuple[float, Floats, Floats]:
    """Log evidence of no columns at all, and nodes of sigma with their posterior weights."""
    dof, total = data.n_rows - data.intercept, data.unit.y_norm**2

    def log_likelihood(log_sigma: Floats) -> Floats:
        misfit = 0.5 * total * np.exp(-2 * log_sigma)
        return np.asarray(-dof * (0.5 * np.log(2 * np.pi) + log_sigma) - misfit)

    if data.noise.density is None:
        sd = data.noise.sd
        return float(log_likelihood(np.log(sd))), np.array([sd]), np.ones(1)
    centre = np.array([0.5 * np.log(total / dof)])
    mass = over_sigma(log_likelihood, data.noise.density, centre, dof)
    weights = mass.weights[0]
    kept = weights > _NEGLIGIBLE
    return float(mass.log_z[0]), np.exp(mass.u[0, kept]), weights[kept]


def anchor(family: ScaleFamily, most: float, size: int, rng: np.random.Generator) -> Anchor:
    """Evidence at a small scale, at most `most`, from `size` draws of the prior.

    Averaging the likelihood ratio over the posterior of sigma without columns averages it
    over the noise's prior.
    """
    data, columns = family.data, family.data.unit
    log_null, sigma, weights = null_evidence(data)
    noise = float(weights @ sigma)
    live = columns.x_norm > 0
    sd = family.relative_sd[live] * columns.x_norm[live]  # of |x_j| b_j at scale 1
    if family.prior.scaled_by_noise:
        sd = sd * noise
    linear = columns.y_norm * float(np.linalg.norm(columns.xty[live] * sd)) / noise**2
    curved = float(np.sum(sd**2)) / noise**2
    scale = min(_NEAR_ONE / max(linear, 1e-300), np.sqrt(_NEAR_ONE / curved), most)
    if not np.isfinite(scale):
        raise PriormapError("the evidence cannot be anchored: rescale y or the prior's scales")
    ratios = _log_ratios(family, float(scale), sigma, weights, size, rng)
    shift = float(ratios.max())
    values = np.exp(ratios - shift)
    log_mean = shift + float(np.log(values.mean()))
    error = float(values.std(ddof=1) / values.mean() / np.sqrt(size))
    return Anchor(float(scale), log_null + log_mean, error)


def _log_ratios(
    family: ScaleFamily,
    scale: float,
    sigma: Floats,
    weights: Floats,
    size: int,
    rng: np.random.Generator,
) -> Floats:
    """Log of the likelihood of draws from the prior over that of no columns."""
    data, columns = family.data, family.data.unit
    prior, scaled = family.model.column_prior.stretched(scale), family.prior.scaled_by_noise
    ratios = np.empty(size)
    step = max(1, _BLOCK // (data.n_features + len(sigma)))
    for start in range(0, size, step):
        block = slice(start, min(start + step, size))
        draws = prior.rvs((block.stop - start, data.n_features), rng) * columns.x_norm
        along = (draws @ columns.xty * columns.y_norm)[:, None]
        squares = columns.squared_lengths(draws)[:, None]
        given = along / sigma - squares / 2 if scaled else (along - squares / 2) / sigma**2
        ratios[block] = logsumexp(given, b=weights, axis=1)
    return ratios
