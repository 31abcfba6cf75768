r"""Tails of the normal distribution that stay exact where the density has underflowed."""

from __future__ import annotations

import numpy as np
from scipy.special import erfc, erfcx

from priormap.arrays import Floats

_SQRT2 = np.sqrt(2.0)
_TAIL = 4.0  # from here on the direct formulas cancel and the continued fraction has converged
_LEVELS = 40  # levels of the continued fraction that give full precision at _TAIL
_LINEAR = 1e-8  # relative to the density's own scale: its square is below rounding


def log_mills(x: Floats) -> Floats:
    """``log(2 (1 - Phi(x)) exp(x**2 / 2))``, finite for every x."""
    t = np.asarray(x / _SQRT2)
    positive = np.log(erfcx(np.maximum(t, 0.0)))
    with np.errstate(over="ignore"):
        negative = np.minimum(t, 0.0) ** 2 + np.log(erfc(np.minimum(t, 0.0)))
    return np.where(t > 0, positive, negative)


def truncated_normal_mean(x: Floats) -> Floats:
    """Mean of ``Normal(-x, 1)`` given that it is positive: ``phi(x) / (1 - Phi(x)) - x``."""
    x = np.asarray(x)
    deep = np.maximum(x, _TAIL)
    return np.where(x > _TAIL, 1 / (deep + _fraction(deep)), _direct_mean(x))


def truncated_normal_mean_square(x: Floats) -> Floats:
    """Mean square of ``Normal(-x, 1)`` given that it is positive: ``1 - x * mean``."""
    x = np.asarray(x)
    deep = np.maximum(x, _TAIL)
    rest = _fraction(deep)
    shallow = np.minimum(x, _TAIL)
    return np.where(x > _TAIL, rest / (deep + rest), 1 - shallow * _direct_mean(shallow))


def two_sided_mean(z: Floats, rate: Floats) -> Floats:
    """Mean of the density proportional to ``exp(-(b - z)**2 / 2 - rate |b|)``, analytic in z.

    A mixture of ``Normal(z - rate, 1)`` cut to the positive side and ``Normal(z + rate, 1)``
    cut to the negative side.
    """
    u = np.abs(z)
    # log odds of the side of z: the Gaussian factors of the two masses cancel exactly
    log_odds = log_mills(rate - u) - log_mills(rate + u)
    weight = 1 / (1 + np.exp(-log_odds))
    near, far = truncated_normal_mean(rate - u), truncated_normal_mean(rate + u)
    mean = weight * near - (1 - weight) * far
    # close to zero the two sides cancel, and the mean is the variance at zero times u
    tiny = u < _LINEAR * np.maximum(1.0, rate)
    return np.sign(z) * np.where(tiny, u * truncated_normal_mean_square(rate), mean)


def _direct_mean(x: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return np.sqrt(2 / np.pi) / erfcx(np.minimum(x, _TAIL) / _SQRT2) - x


def _fraction(x: Floats) -> Floats:
    """``2 / (x + 3 / (x + 4 / (x + ...)))``, from Laplace's continued fraction of Mills' ratio."""
    value = np.zeros_like(x)
    for level in range(_LEVELS, 1, -1):
        value = level / (x + value)
    return value
