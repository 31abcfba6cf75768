r"""The mathematics of a penalty with an L1 and an L2 part, for every prior that has them.

With ``s = l1_scale`` and ``t = l2_scale``, of which one may be infinite,

.. math::

    \log p(b) = -\frac{|b|}{s} - \frac{b^2}{2 t^2} - \log Z, \qquad
    Z = t \sqrt{2\pi}\, \operatorname{erfcx}\frac{t}{s\sqrt2},

which goes to ``t sqrt(2 pi)`` for ``s = inf`` (a Gaussian) and to ``2 s`` for ``t = inf`` (a
Laplace density). ``|b|`` is normal with mean ``-t**2 / s`` and sd t, cut to the positive side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtri_exp

from priormap.arrays import Floats
from priormap.priors.capabilities import PenaltyParts
from priormap.priors.tails import truncated_normal_mean_square, two_sided_mean

_MOST_RATIO = 1e10  # of l2_scale to l1_scale: from here on doubles see a Laplace density
_SHARP = 1e3  # l2_scale over l1_scale: from here on an exponential size is the better start
_NEWTON_STEPS = 3
_EVEN_RATIO = 0.8  # below it a half-normal proposal is accepted more often than an exponential


@dataclass(frozen=True, eq=False, repr=False)
class L1L2Prior(PenaltyParts):
    """A prior with log density ``-|b| / l1_scale - b**2 / (2 l2_scale**2)`` up to a constant."""

    @property
    def mixing(self) -> tuple[Floats, Floats]:
        """``(1 / l1_scale, 1 / l2_scale**2)``: the law of its local variances."""
        with np.errstate(over="ignore"):  # of a scale near the end of the range of numbers
            return 1 / np.asarray(self.l1_scale), np.asarray(self.l2_scale) ** -2.0

    def _logpdf(self, coef: Floats) -> Floats:
        s, t, ratio = self._bound_parts()
        x = ratio / np.sqrt(2.0)
        narrow = np.log(t) + 0.5 * np.log(2 * np.pi) + np.log(erfcx(x))
        wide = np.log(2 * s) + np.log(np.sqrt(np.pi) * np.maximum(x, 0.5) * erfcx(x))
        return -np.where(ratio > 1, wide, narrow) - self._penalty(coef)

    def _penalty(self, coef: Floats) -> Floats:
        return _over(np.abs(coef), self.l1_scale) + 0.5 * _over(coef, self.l2_scale) ** 2

    def _pull_range(self, coef: Floats) -> tuple[Floats, Floats]:
        low, high = np.where(coef > 0, 1.0, -1.0), np.where(coef < 0, -1.0, 1.0)
        smooth = _over(_over(coef, self.l2_scale), self.l2_scale)
        return low / self.l1_scale + smooth, high / self.l1_scale + smooth

    def _shrink(self, z: Floats, sd: float) -> Floats:
        """Soft threshold, then proportional shrinkage."""
        share, rate = self._share_and_rate(sd)
        threshold = sd * rate
        return np.where(np.abs(z) <= threshold, 0.0, z - np.sign(z) * threshold) * share

    def _posterior_mean(self, z: Floats, sd: float) -> Floats:
        """The L2 part makes ``z`` an observation of ``k z`` with variance ``k sd**2``.

        The L1 part then leaves two normals, each cut at zero, whose weighted mean is analytic in
        z: it is zero at ``z = 0`` only (Gribonval 2011). Stable in both tails.
        """
        share, rate = self._share_and_rate(sd)
        root = np.sqrt(share)
        mean = sd * root * two_sided_mean(root * (z / sd), root * rate)
        return np.where(rate == 0, z * share, mean)

    def _rvs(self, size: int | tuple[int, ...], random_state: np.random.Generator) -> Floats:
        """Exact: by rejection from the narrower of the two factors, where there are two.

        More than half of the proposals are accepted.
        """
        if np.isinf(self.l1_scale).all():
            return np.asarray(random_state.normal(0.0, self.l2_scale, size))
        if np.isinf(self.l2_scale).all():
            return np.asarray(random_state.laplace(0.0, self.l1_scale, size))
        s, t, ratio = (np.broadcast_to(part, size).ravel() for part in self._bound_parts())
        magnitude = np.empty(len(ratio))
        waiting = np.arange(len(ratio))
        while waiting.size:
            r, wide = ratio[waiting], ratio[waiting] > _EVEN_RATIO
            normal = np.abs(random_state.standard_normal(waiting.size))
            exponential = random_state.standard_exponential(waiting.size)
            magnitude[waiting] = np.where(wide, s[waiting] * exponential, t[waiting] * normal)
            cost = np.where(wide, 0.5 * (exponential / np.where(wide, r, 1.0)) ** 2, r * normal)
            waiting = waiting[random_state.standard_exponential(waiting.size) < cost]
        signs = random_state.integers(0, 2, len(ratio)) * 2.0 - 1.0
        return (signs * magnitude).reshape(size)

    def _sd(self) -> Floats:
        s, t, ratio = self._bound_parts()
        size = np.where(ratio > 1, np.where(np.isinf(s), 1.0, s) * ratio, t)
        return np.asarray(size * np.sqrt(truncated_normal_mean_square(ratio)))

    def _interval(self, mass: float) -> Floats:
        """The tail ``Phi(-q / t - t / s) / Phi(-t / s)`` of ``|b|`` is ``1 - mass``."""
        s, t = np.broadcast_arrays(np.asarray(self.l1_scale), np.asarray(self.l2_scale))
        log_tail, has_bend = np.log1p(-mass), np.isfinite(t)
        t = np.where(has_bend, t, 1.0)
        ratio = np.where(has_bend, t / s, 0.0)
        exponential = -s * log_tail
        normal = -t * (ndtri_exp(log_ndtr(-ratio) + log_tail) + ratio)
        q = np.where(has_bend, np.where(ratio < _SHARP, normal, exponential), 0.0)
        for _ in range(_NEWTON_STEPS):  # digits that cancel where t is many times s
            beyond = erfcx((q / t + ratio) / np.sqrt(2))
            with np.errstate(invalid="ignore"):  # where scales are worlds apart, none is missing
                missing = np.log(beyond / erfcx(ratio / np.sqrt(2))) - log_tail
                missing -= q / s + 0.5 * (q / t) ** 2
                step = missing * t * beyond * np.sqrt(np.pi / 2)
            q = q + np.where(np.isfinite(step), step, 0.0)
        return np.where(has_bend, q, exponential)

    def _probability(self, size: float | Floats) -> Floats:
        s, t = np.broadcast_arrays(np.asarray(self.l1_scale), np.asarray(self.l2_scale))
        with np.errstate(invalid="ignore", over="ignore"):
            cut = -np.expm1(log_ndtr(-size / t - t / s) - log_ndtr(-t / s))
        return np.where(np.isinf(t), -np.expm1(-size / s), cut)

    def _bound_parts(self) -> tuple[Floats, Floats, Floats]:
        """Both scales and the ratio t / s, with ones in place of a flat prior."""
        s, t = (np.where(self.is_flat, 1.0, part) for part in (self.l1_scale, self.l2_scale))
        with np.errstate(over="ignore", under="ignore"):
            return s, t, np.minimum(t / s, _MOST_RATIO)

    def _share_and_rate(self, sd: float) -> tuple[Floats, Floats]:
        """Share of an observation that the L2 part leaves, and the threshold over sd."""
        with np.errstate(over="ignore"):
            share = 1 / (1 + (sd / np.asarray(self.l2_scale)) ** 2)
        return share, sd * (1.0 / np.asarray(self.l1_scale))


def _over(coef: Floats, scale: float | Floats) -> Floats:
    """``coef / scale``, zero where there is no such part of the penalty, at infinity too."""
    there = np.isfinite(scale)
    if np.all(there):
        return coef / np.asarray(scale)
    shape = np.broadcast_shapes(np.shape(coef), np.shape(scale))
    if not np.any(there):
        return np.broadcast_to(0.0, shape)
    return np.divide(coef, scale, out=np.zeros(shape), where=there)
