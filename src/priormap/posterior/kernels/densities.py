"""Densities of a positive scale x (the noise sd, or the scale of the prior), as (code, a, b)."""

from __future__ import annotations

import math
from typing import NamedTuple

from priormap.posterior.kernels.compiled import inner

FIXED = 0
HALF_NORMAL = 1
HALF_STUDENT_T = 2
INVERSE_GAMMA = 3
JEFFREYS = 4


class Density(NamedTuple):
    """A density of x > 0, without its constant.

    ============== ========= ======= ==============================================
    code           a         b       log density of x
    ============== ========= ======= ==============================================
    FIXED          -         -       x is known
    HALF_NORMAL    scale     -       -x^2 / (2 a^2)
    HALF_STUDENT_T df        scale   -(a + 1)/2 log(1 + x^2 / (a b^2))
    INVERSE_GAMMA  shape     scale   -(2 a + 1) log x - b / x^2   (x^2 ~ InverseGamma)
    JEFFREYS       -         -       -log x
    ============== ========= ======= ==============================================

    HalfCauchy is HALF_STUDENT_T with one degree of freedom. ``1/x^2 ~ Gamma(r, delta)``, the
    prior of Park and Casella (2008) on lambda^2, is ``x^2 ~ InverseGamma(r, delta)``.
    """

    code: int
    a: float = 0.0
    b: float = 0.0


@inner()
def log_density(code: float, a: float, b: float, x: float) -> float:
    """Log density of ``x`` up to its constant."""
    if code == HALF_NORMAL:
        return -0.5 * x * x / (a * a)
    if code == HALF_STUDENT_T:
        return -0.5 * (a + 1.0) * math.log(1.0 + x * x / (a * b * b))
    if code == INVERSE_GAMMA:
        return -(2.0 * a + 1.0) * math.log(x) - b / (x * x)
    if code == JEFFREYS:
        return -math.log(x)
    return 0.0
