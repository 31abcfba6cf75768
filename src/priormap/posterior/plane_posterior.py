r"""Exact posterior of two coefficients: a normal likelihood times a kinked prior.

.. math::

    \log p(b \mid y) = -\tfrac12 b'Ab + h'b - r_1 |b_1| - r_2 |b_2| + \text{const}

Given one coefficient the integral over the other is known, so that every moment and quantile
is an integral in one dimension.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import integrate

from priormap.arrays import Floats
from priormap.priors.tails import log_mills

_NODES = 2001  # on each side of zero; odd, so that no parabola of Simpson's rule spans it
_WIDE = 12.0  # standard deviations of the normal factor, which exceed those of the posterior
_NEGLIGIBLE = 40.0  # nats below the peak


def log_kinked_mass(center: Floats, rate: Floats) -> Floats:
    """``log E exp(-rate |t|) + center**2 / 2`` for t ~ Normal(center, 1)."""
    sides = np.logaddexp(log_mills(rate - center), log_mills(rate + center))
    return np.asarray(sides - np.log(2))


@dataclass(frozen=True, eq=False)
class PlanePosterior:
    """Posterior of two coefficients.

    Attributes
    ----------
    precision : array of shape (2, 2)
        A of the formula above.
    linear, rate : array of shape (2,)
        h and r.
    mode : array of shape (2,)
        Where the density is highest.
    """

    precision: Floats
    linear: Floats
    rate: Floats
    mode: Floats

    @cached_property
    def mean(self) -> Floats:
        """Posterior mean, shape (2,)."""
        return np.array([integrate.simpson(x * density, x) for x, density in self._marginals])

    @cached_property
    def median(self) -> Floats:
        """Median of each coefficient, shape (2,)."""
        return self.quantile(0.5)

    def quantile(self, level: float) -> Floats:
        """Quantile of each coefficient, shape (2,)."""
        found = []
        for x, density in self._marginals:
            below = integrate.cumulative_simpson(density, x=x, initial=0.0)
            found.append(np.interp(level, below, x))
        return np.array(found)

    def density(self, x: Floats, y: Floats) -> Floats:
        """Density on a grid, shape (len(y), len(x))."""
        points = np.stack(np.meshgrid(x, y))
        square = np.einsum("i...,ij,j...->...", points, self.precision, points)
        linear = np.einsum("i,i...->...", self.linear, points)
        kink = np.einsum("i,i...->...", self.rate, np.abs(points))
        return np.asarray(np.exp(linear - 0.5 * square - kink - self._log_mass))

    @cached_property
    def _marginals(self) -> list[tuple[Floats, Floats]]:
        """Nodes, zero among them where it matters, and the density of each coefficient."""
        parts = []
        for k in (0, 1):
            x, height = self._nodes(k)
            density = np.exp(height - height.max())
            parts.append((x, density / integrate.simpson(density, x)))
        return parts

    @cached_property
    def _log_mass(self) -> float:
        x, height = self._nodes(0)
        inside = np.log(integrate.simpson(np.exp(height - height.max()), x))
        return float(inside + height.max() + 0.5 * np.log(2 * np.pi / self.precision[1, 1]))

    def _nodes(self, k: int) -> tuple[Floats, Floats]:
        """Nodes over the bulk of one coefficient, and its log density up to a constant."""
        reach = _WIDE * float(np.sqrt(np.linalg.inv(self.precision)[k, k]))
        low, high = self.mode[k] - reach, self.mode[k] + reach
        for _ in range(2):  # the second time over what the first found not negligible
            x = _split_grid(low, high)
            height = self._log_marginal(k, x)
            bulk = x[height > height.max() - _NEGLIGIBLE]
            step = (high - low) / _NODES
            low, high = bulk[0] - step, bulk[-1] + step
        return x, height

    def _log_marginal(self, k: int, x: Floats) -> Floats:
        other = 1 - k
        sd = 1 / np.sqrt(self.precision[other, other])
        center = sd * (self.linear[other] - self.precision[k, other] * x)
        own = self.linear[k] * x - 0.5 * self.precision[k, k] * x**2 - self.rate[k] * np.abs(x)
        return np.asarray(own + log_kinked_mass(center, sd * self.rate[other]))


def _split_grid(low: float, high: float) -> Floats:
    """Even nodes, so split that zero, where the density may have a kink, is one of them."""
    if not low < 0 < high:
        return np.linspace(low, high, 2 * _NODES - 1)
    return np.concatenate([np.linspace(low, 0, _NODES), np.linspace(0, high, _NODES)[1:]])
