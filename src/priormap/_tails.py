r"""Tails of the normal distribution that stay exact where the density has underflowed."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc, erfcx

__all__ = ["log_mills", "truncated_normal_mean", "truncated_normal_mean_square"]

Floats: TypeAlias = NDArray[np.float64]
_SQRT2 = np.sqrt(2.0)
_TAIL = 4.0  # from here on the direct formulas cancel and the continued fraction has converged
_LEVELS = 40  # levels of the continued fraction that give full precision at _TAIL


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


def _direct_mean(x: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return np.sqrt(2 / np.pi) / erfcx(np.minimum(x, _TAIL) / _SQRT2) - x


def _fraction(x: Floats) -> Floats:
    """``2 / (x + 3 / (x + 4 / (x + ...)))``, from Laplace's continued fraction of Mills' ratio."""
    value = np.zeros_like(x)
    for level in range(_LEVELS, 1, -1):
        value = level / (x + value)
    return value
