"""Densities of a positive scale x (the noise sd, or the scale of the prior), as numbers."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from priormap.posterior.kernels.compiled import Array

# positions in a ``Density``
LEARNT, LOGS, INVERSE, SQUARE, TAIL, REACH = range(6)


class Density(NamedTuple):
    """All densities that x may have, in one formula, without their constants.

    ``log p(x) = -logs log x - inverse / x^2 - square x^2 - tail log(1 + (x / reach)^2)``;
    ``learnt`` is zero where x is known.
    """

    learnt: float = 0.0
    logs: float = 0.0
    inverse: float = 0.0
    square: float = 0.0
    tail: float = 0.0
    reach: float = 1.0


KNOWN = Density()
JEFFREYS = Density(1.0, logs=1.0)


def half_normal(scale: float) -> Density:
    """``-x^2 / (2 scale^2)``."""
    return Density(1.0, square=0.5 / scale**2)


def half_student_t(df: float, scale: float) -> Density:
    """``-(df + 1) / 2 log(1 + x^2 / (df scale^2))``; HalfCauchy has one degree of freedom."""
    return Density(1.0, tail=0.5 * (df + 1.0), reach=math.sqrt(df) * scale)


def inverse_gamma(shape: float, scale: float) -> Density:
    """x^2 ~ InverseGamma(shape, scale), so ``-(2 shape + 1) log x - scale / x^2``.

    ``1 / x^2 ~ Gamma(r, delta)``, the prior of Park and Casella (2008) on lambda^2, is
    ``x^2 ~ InverseGamma(r, delta)``.
    """
    return Density(1.0, logs=2.0 * shape + 1.0, inverse=scale)


def log_density(density: Density | Array, x: Array) -> Array:
    """Log density at several values, up to its constant."""
    _, logs, inverse, square, tail, reach = density
    value = -logs * np.log(x) - inverse / x**2 - square * x**2
    return np.asarray(value - tail * np.log1p((x / reach) ** 2))
