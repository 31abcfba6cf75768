r"""Tails of the normal distribution that stay exact where the density has underflowed."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc, erfcx

__all__ = ["log_mills", "truncated_normal_mean"]

Floats: TypeAlias = NDArray[np.float64]
_SQRT2 = np.sqrt(2.0)
_DEEP_TAIL = 50.0
# E[t | t > 0] for t ~ Normal(-x, 1) as x -> inf: sum of c_k x^-(2k+1)
_TAIL_SERIES = (1.0, -2.0, 10.0, -74.0, 706.0, -8162.0)


def log_mills(x: Floats) -> Floats:
    """``log(2 (1 - Phi(x)) exp(x**2 / 2))``, finite for every x."""
    t = np.asarray(x / _SQRT2)
    positive = np.log(erfcx(np.maximum(t, 0.0)))
    negative = np.minimum(t, 0.0) ** 2 + np.log(erfc(np.minimum(t, 0.0)))
    return np.where(t > 0, positive, negative)


def truncated_normal_mean(x: Floats) -> Floats:
    """Mean of ``Normal(-x, 1)`` given that it is positive: ``phi(x) / (1 - Phi(x)) - x``.

    The difference cancels for large x, where its asymptotic series is exact to rounding.
    """
    x = np.asarray(x)
    inverse = 1 / np.maximum(x, _DEEP_TAIL)
    series = inverse * np.polynomial.polynomial.polyval(inverse**2, _TAIL_SERIES)
    with np.errstate(over="ignore"):
        direct = np.sqrt(2 / np.pi) / erfcx(np.minimum(x, _DEEP_TAIL) / _SQRT2) - x
    return np.where(x > _DEEP_TAIL, series, direct)
