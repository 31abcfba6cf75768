r"""How much of a coefficient the prior shrinks away, where it is a mixture of normals.

.. math:: b \mid v \sim \mathrm{Normal}(0, s^2 v), \qquad
    \mathrm{E}(b \mid z, v) = (1 - \kappa) z, \qquad \kappa = \frac{1}{1 + a^2 v},

for an observation z with noise sd, and ``a = s / sd``. For a column of length ``|x_j|`` under the
noise sigma, in an orthogonal design, ``a_j = s_j |x_j| / sigma``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import erfcx, expit, logit

from priormap.arrays import Floats
from priormap.data.regression import Regression
from priormap.errors import PriormapError
from priormap.model.model import Model
from priormap.model.prior_predictive import common_draws
from priormap.priors import NormalGamma, NormalMixture, PointMass, Prior, ScaleMixture
from priormap.priors.scale_mixture import nodes_of

_REACH = 60.0  # of log a, beyond which nothing or everything is shrunk away
_KNOTS = 2401  # of the mean over the law, as a function of log a
_NODES = 200  # of what is unknown and common to all coefficients
_LOG_STEPS = 20_001  # of the constant of a law
_END = 1e-16
_MOST_LOG = 690.0
_SEED = 0
_DIGITS = 12  # at which ratios of scales are the same


@dataclass(frozen=True, eq=False)
class ShrinkageLaw:
    """Law of ``kappa``, by that of the local variance at the scale 1.

    Attributes
    ----------
    variances, weights : arrays of shape (k,)
        Averages over the variance are sums with these weights, which add up to 1; one variance
        alone where it is a number.
    log_density : callable, optional
        Log density of the log of the variance; None where it is a number.
    inclusion : float
        Probability that the coefficient is not exactly zero; where it is, kappa is 1.
    """

    variances: Floats
    weights: Floats
    log_density: Callable[[Floats], Floats] | None
    inclusion: float = 1.0

    def density(self, kappa: Floats, a: float) -> Floats:
        """Density of kappa inside (0, 1), which integrates to `inclusion`.

        Zero where kappa is a number (see `point`).
        """
        if self.log_density is None:
            return np.zeros(np.shape(kappa))
        log_variance = -logit(kappa) - 2 * np.log(a)
        with np.errstate(over="ignore"):
            inside = np.exp(self.log_density(log_variance)) / (kappa * (1 - kappa))
        return np.asarray(self.inclusion * inside)

    def point(self, a: float) -> float | None:
        """Kappa, where it is a number; else None."""
        return None if self.log_density else float(expit(-2 * np.log(a)))

    @cached_property
    def _mean(self) -> CubicSpline:
        log_a = np.linspace(-_REACH, _REACH, _KNOTS)
        shares = expit(2 * log_a[:, None] + np.log(self.variances))
        return CubicSpline(log_a, shares @ self.weights)

    def mean_share(self, log_a: Floats) -> Floats:
        """Mean of ``1 - kappa``."""
        if self.log_density is None:
            return np.asarray(self.inclusion * expit(2 * log_a))
        return np.asarray(self.inclusion * self._mean(np.clip(log_a, -_REACH, _REACH)))


def shrinkage_laws(prior: Prior) -> Iterator[tuple[ShrinkageLaw, Floats]]:
    """Laws of a prior, each with the scales of the coefficients that have it.

    Raises
    ------
    PriormapError
        If it is no mixture of normals.
    """
    if isinstance(prior, PointMass):
        slab = prior.mixture
        laws = shrinkage_laws(slab) if slab is not None else iter([(_POINT, prior.scale)])
        for law, scales in laws:
            yield replace(law, inclusion=prior.inclusion), np.asarray(scales)
    elif prior.is_normal:
        yield _POINT, np.asarray(prior.sd)
    elif isinstance(prior, ScaleMixture):
        yield _law_of(prior.with_scale(1.0)), np.asarray(prior.scale)
    elif isinstance(prior, NormalMixture):
        yield from _laws_of_products(*np.broadcast_arrays(*prior.mixing))
    else:
        raise PriormapError(
            f"{prior!r} is no mixture of normals, so that no share of a coefficient is shrunk "
            "away; give a prior that is one"
        )


_POINT = ShrinkageLaw(np.ones(1), np.ones(1), None)


@lru_cache(maxsize=32)
def _law_of(prior: ScaleMixture) -> ShrinkageLaw:
    """Law of a prior of scale 1."""
    variances, weights = nodes_of(prior)
    below = np.array([_END, 1 - _END])
    ends = np.log(prior.variance_quantile(below, below[::-1], *prior.law))
    low, high = np.clip(ends, -_MOST_LOG, _MOST_LOG).tolist()
    grid = np.linspace(low, high, _LOG_STEPS)

    def unnormalised(log_variance: Floats) -> Floats:
        inside = np.exp(np.clip(log_variance, -_MOST_LOG, _MOST_LOG))
        return np.asarray(prior.log_variances(inside) + log_variance)

    logs = unnormalised(grid)
    constant = logs.max() + np.log(np.trapezoid(np.exp(logs - logs.max()), grid))
    return ShrinkageLaw(variances, weights, lambda at: unnormalised(at) - constant)


def _laws_of_products(rate: Floats, curvature: Floats) -> Iterator[tuple[ShrinkageLaw, Floats]]:
    """Laws of ``exp(-curvature b**2 / 2)`` times a Laplace density of this rate."""
    rate, root = np.ravel(rate), np.sqrt(np.ravel(curvature))
    with np.errstate(divide="ignore", invalid="ignore"):
        normal, ratios = rate == 0, (root / rate) ** 2
        if normal.any():
            yield _POINT, 1 / root[normal]
        same = np.array([float(f"{ratio:.{_DIGITS}g}") for ratio in ratios.tolist()])
        for ratio in np.unique(same[~normal]).tolist():
            yield _law_of_product(ratio), 1 / rate[same == ratio]


@lru_cache(maxsize=32)
def _law_of_product(ratio: float) -> ShrinkageLaw:
    """``v = u / (1 + ratio u)``, u exponential of mean 2, weighted by ``(1 + ratio u)**-1/2``."""
    u, weights = nodes_of(NormalGamma(1.0))
    weights = weights / np.sqrt(1 + ratio * u)
    x = np.sqrt(0.5 / ratio) if ratio else np.inf
    log_constant = np.log(2 * np.sqrt(np.pi) * x * erfcx(x)) if ratio else np.log(2.0)

    def log_density(log_variance: Floats) -> Floats:
        v = np.exp(np.clip(log_variance, -_MOST_LOG, _MOST_LOG))
        left = 1 - ratio * v  # 1 / (1 + ratio u)
        with np.errstate(divide="ignore", invalid="ignore"):
            u = v / left
            value = np.log(u) - 0.5 * u - 0.5 * np.log(left) - log_constant
        return np.where(left > 0, value, -np.inf)

    return ShrinkageLaw(u / (1 + ratio * u), weights / weights.sum(), log_density)


class Relevance:
    """Expected number of relevant coefficients under a prior, and what stretching it does.

    Under a mixture of normals the effective number of nonzero coefficients,
    ``m_eff = sum_j (1 - kappa_j)``, with columns taken for orthogonal (Piironen and Vehtari 2017,
    eqs 3.2 and 3.9), averaged over all that is unknown before the data: local variances, sigma,
    and a learnt scale. Under a prior with a point mass at zero, the number of columns in the model.
    """

    def __init__(self, data: Regression, prior: Prior) -> None:
        live = np.flatnonzero(data.unit.x_norm > 0)
        self.columns = len(live)
        self.inclusion = prior.inclusion if isinstance(prior, PointMass) else None
        self._parts: list[tuple[ShrinkageLaw, Floats, Floats, Floats]] = []
        if self.inclusion is not None or not self.columns:
            return
        factor, sigma = common_draws(data.noise, prior, np.random.default_rng(_SEED))
        common = np.log(factor) - np.log(sigma)
        if np.ptp(common) > 0:
            common = np.quantile(common, (np.arange(_NODES) + 0.5) / _NODES)
        relative = Model(data, prior).relative
        lengths = relative.stretched(data.unit.x_norm).on_columns(live)
        for law, scales in shrinkage_laws(lengths):
            sizes, counts = np.unique(np.log(scales), return_counts=True)
            self._parts.append((law, sizes, counts.astype(float), common))

    def at(self, log_factor: float = 0.0) -> float:
        """Expected number, where the prior is stretched by a factor."""
        if self.inclusion is not None:
            return self.inclusion * self.columns
        return sum(
            float(counts @ law.mean_share(sizes[:, None] + (common + log_factor)).mean(axis=1))
            for law, sizes, counts, common in self._parts
        )

    @property
    def middle(self) -> float:
        """Log of the factor at which about half of a typical coefficient is shrunk away."""
        return -float(
            np.mean([np.median(sizes) + np.median(common) for _, sizes, _, common in self._parts])
        )
