r"""A law of local variances without closed forms: nodes and weights, and what follows from them.

Averages over the law are sums over nodes that are even in a logarithm, which converge faster than
any power of the step; the density of a coefficient is a spline in the logarithm of its size.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.interpolate import BSpline, make_interp_spline
from scipy.special import logsumexp

from priormap.arrays import Floats

STEP = 0.3  # of logarithms; sums of what is smooth in them are exact to rounding
_PER_SIZE = 0.05  # of log |b|
_NEAR = 40.0  # in logs of v: what the first and last nodes leave out on either side of a size
_FAR = 7.0  # in logs of |b|: from here on beyond the widest variance only that one counts
_ORDER = 5
_PER_NODE, _BEYOND = 32, 1e4
_BLOCK = 1 << 20


class TabulatedLaw:
    """Local variances at scale 1.

    Parameters
    ----------
    log_v, log_weights : array of shape (m,)
        Rising logarithms of variances, and of their weights in an average.
    widest : float
        Largest variance; infinite where there are tails.
    """

    def __init__(self, log_v: Floats, log_weights: Floats, widest: float = np.inf) -> None:
        self.log_v, self.log_weights, self.widest = log_v, log_weights, widest

    @property
    def nodes(self) -> tuple[Floats, Floats]:
        """Variances and their weights: an average over the law is their sum."""
        return np.exp(self.log_v), np.exp(self.log_weights)

    def log_of_log(self, log_v: Floats) -> Floats:
        """Log density of ``log v``, where the nodes are even in it; beyond them along its slope."""
        return np.asarray(np.interp(log_v, *self._fine))

    def log_density(self, log_b: Floats) -> Floats:
        """``log p(b)`` by ``log |b|``, at scale 1."""
        low, high = self._sizes[[0, -1]]
        inside = np.clip(log_b, low, high)
        beyond = (log_b - inside) * self.slope(inside)
        if np.isfinite(self.widest):
            with np.errstate(over="ignore"):
                fall = 0.5 * (np.exp(2 * log_b) - np.exp(2 * inside)) / self.widest
            beyond = np.where(log_b > high, -fall, beyond)
        return np.asarray(self._spline_of_sizes(inside) + np.where(log_b == inside, 0.0, beyond))

    def slope(self, log_b: Floats) -> Floats:
        """``d log p(b) / d log |b|``."""
        low, high = self._sizes[[0, -1]]
        slope = self._spline_of_sizes.derivative()(np.clip(log_b, low, high))
        if np.isinf(self.widest):
            return np.asarray(slope)
        with np.errstate(over="ignore"):
            return np.where(log_b > high, -np.exp(2 * log_b) / self.widest, slope)

    @cached_property
    def _fine(self) -> tuple[Floats, Floats]:
        """Nodes so dense that lines between them serve chains, which look here all the time."""
        spline = make_interp_spline(self.log_v, self.log_weights - np.log(STEP), k=_ORDER)
        fine = np.linspace(self.log_v[0], self.log_v[-1], _PER_NODE * len(self.log_v))
        slope, ends = spline.derivative(), fine[[0, -1]] + [-_BEYOND, _BEYOND]
        low, high = spline(fine[0]), spline(fine[-1])
        low, high = low - _BEYOND * slope(fine[0]), high + _BEYOND * slope(fine[-1])
        return np.r_[ends[0], fine, ends[1]], np.r_[low, spline(fine), high]

    @cached_property
    def _sizes(self) -> Floats:
        low = 0.5 * (self.log_v[0] + _NEAR)
        has_tails = np.isinf(self.widest)
        high = 0.5 * self.log_v[-1] + (-0.5 * _NEAR if has_tails else _FAR)
        return np.linspace(low, high, int((high - low) / _PER_SIZE) + 2)

    @cached_property
    def _spline_of_sizes(self) -> BSpline:
        rows = max(1, _BLOCK // len(self.log_v))
        blocks = (self._sizes[i : i + rows] for i in range(0, len(self._sizes), rows))
        logs = np.concatenate([self._mixed(block) for block in blocks])
        return make_interp_spline(self._sizes, logs, k=_ORDER)

    def _mixed(self, log_b: Floats) -> Floats:
        """``log sum w Normal(b; 0, v)``."""
        with np.errstate(over="ignore"):
            half_square = 0.5 * np.exp(2 * log_b[:, None] - self.log_v)
        logs = self.log_weights - 0.5 * self.log_v - half_square
        return np.asarray(logsumexp(logs, axis=1) - 0.5 * np.log(2 * np.pi))
