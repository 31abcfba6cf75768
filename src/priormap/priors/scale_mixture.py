r"""Priors that are normal given a local variance: what follows from the law of that variance.

.. math:: b_j \mid v_j \sim \mathrm{Normal}(0, s^2 v_j), \qquad v_j \sim \text{the family's law}.

A family gives quantiles of its law, its log density, and one step of the variances given the
coefficients. Averages over the law are trapezoidal sums in the logit of the probability, where
the integrands are smooth whatever the tails.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from scipy.special import erfc, expit, logsumexp

from priormap.arrays import Floats
from priormap.priors.base import Prior
from priormap.priors.densities import Terms

_STEPS = np.linspace(-30.0, 30.0, 901)
_LOGITS = _STEPS + 660.0 * (_STEPS / 30) ** 3  # out to where a probability is a number still
_BELOW, _ABOVE = expit(_LOGITS), expit(-_LOGITS)
_WEIGHTS = _BELOW * _ABOVE * (1 + 66.0 * (_STEPS / 30) ** 2) * (_STEPS[1] - _STEPS[0])
UNBOUNDED = "its density is unbounded at zero, so that the mode is zero whatever the data"
_HALVINGS = 70
_FAR = 200.0  # in logs, how far half-widths are looked for


@dataclass(frozen=True, eq=False, repr=False)
class ScaleMixture(Prior):
    """A prior that is normal given a local variance of each coefficient, which opens Gibbs.

    All variances are those at scale 1.
    """

    variance_of: ClassVar[slice] = slice(None)

    @property
    def law(self) -> tuple[float, ...]:
        """Numbers that the law of the variances depends on, beside the scale."""
        return ()

    @property
    def local_scale(self) -> Terms | None:
        """Numbers of the density of the local scale ``sqrt(v)``, where it has that form."""
        return None

    @staticmethod
    @abstractmethod
    def variance_quantile(below: Floats, above: Floats, *law: float) -> Floats:
        """Variance with the probability `below` of a smaller one, and ``above = 1 - below``."""

    @abstractmethod
    def log_variances(self, variances: Floats) -> Floats:
        """Log density of the variances, up to a constant."""

    @abstractmethod
    def draw_variances(self, coef: Floats, variances: Floats, rng: np.random.Generator) -> Floats:
        """Draw new variances by a step that keeps their law given coefficients at scale 1."""

    def start_variances(self, n_columns: int) -> Floats:
        """Medians."""
        half = np.full(n_columns, 0.5)
        return self.variance_quantile(half, half, *self.law)

    @classmethod
    def law_nodes(cls, *law: float) -> tuple[Floats, Floats]:
        """Variances and their weights, by which an average over the law is a sum."""
        return cls.variance_quantile(_BELOW, _ABOVE, *law), _WEIGHTS

    def fresh_variances(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        """Draw variances from their law."""
        below = rng.random(shape)
        return self.variance_quantile(below, 1 - below, *self.law)

    def _rvs(self, size: int | tuple[int, ...], random_state: np.random.Generator) -> Floats:
        shape = size if isinstance(size, tuple) else (size,)
        variances = self.fresh_variances(shape, random_state)
        return np.asarray(self.scale * np.sqrt(variances) * random_state.standard_normal(size))

    def _posterior_mean(self, z: Floats, sd: float) -> Floats:
        """Average of ``z v / (v + sd**2)`` over the variances given the observation."""
        scale = np.where(self.is_flat, 1.0, self.scale)
        z, scale = np.broadcast_arrays(z, scale)
        noise = (sd / scale) ** 2
        v, log_density = _of_observation(self, z / scale, noise)
        density = np.exp(log_density - log_density.max(axis=0))
        share = (density * (v / (v + noise))).sum(axis=0) / density.sum(axis=0)
        return np.where(self.is_flat, z, z * share)

    def _probability(self, size: float | Floats) -> Floats:
        scale = np.where(self.is_flat, 1.0, self.scale)
        return 1 - _beyond(type(self), self.law, size / scale)

    def _interval(self, mass: float) -> Floats:
        return np.asarray(self.scale) * _half_width(type(self), self.law, mass)


def log_marginal(prior: ScaleMixture, z: Floats, sd: float) -> Floats:
    """Log density of an observation `z` with noise `sd`, less ``log(2 pi) / 2``."""
    z, scale = np.broadcast_arrays(z, prior.scale)
    _, logs = _of_observation(prior, z / scale, (sd / scale) ** 2)
    return np.asarray(logsumexp(logs, axis=0) - np.log(scale))


def nodes_of(prior: ScaleMixture) -> tuple[Floats, Floats]:
    """Local variances at scale 1 and their weights: an average over the law is their sum."""
    return _nodes(type(prior), prior.law)


def _of_observation(prior: ScaleMixture, z: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """Variances at scale 1, and log weight times density of z given each, along a first axis."""
    along = (-1,) + (1,) * z.ndim
    v, weights = (part.reshape(along) for part in nodes_of(prior))
    with np.errstate(divide="ignore"):
        log_weights = np.log(weights)
    return v, log_weights - 0.5 * z**2 / (v + noise) - 0.5 * np.log(v + noise)


@lru_cache(maxsize=32)
def _nodes(kind: type[ScaleMixture], law: tuple[float, ...]) -> tuple[Floats, Floats]:
    return kind.law_nodes(*law)


def _beyond(kind: type[ScaleMixture], law: tuple[float, ...], size: Floats) -> Floats:
    """Probability of a larger ``|b|`` at scale 1."""
    variances, weights = _nodes(kind, law)
    with np.errstate(over="ignore", divide="ignore"):
        tails = erfc(np.asarray(size)[..., None] / np.sqrt(2 * variances))
    return np.asarray(tails @ weights)


@lru_cache(maxsize=64)
def _half_width(kind: type[ScaleMixture], law: tuple[float, ...], mass: float) -> float:
    """Half-width of the central interval at scale 1, by halving its logarithm."""
    if mass == 0:
        return 0.0
    low, high = -_FAR, _FAR
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if _beyond(kind, law, np.exp(np.array(middle))) > 1 - mass:
            low = middle
        else:
            high = middle
    return float(np.exp(0.5 * (low + high)))
