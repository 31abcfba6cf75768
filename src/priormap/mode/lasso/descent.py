"""Cyclic coordinate descent on a Gram matrix: the hot loop that finds a Laplace mode's support.

Friedman, Hastie and Tibshirani (2010), "Regularization paths for generalized linear models via
coordinate descent", Journal of Statistical Software 33(1), section 2.2 (covariance updates).
"""

from __future__ import annotations

import numba
from numba.core import event

from priormap.arrays import Floats
from priormap.display.progress import tell_of_compiling

tell_of_compiling(event)


@numba.njit(cache=True, nogil=True)
def descend(
    gram: Floats,
    gradient: Floats,
    coef: Floats,
    l1: Floats,
    l2: Floats,
    tolerance: float,
    max_sweeps: int,
) -> int:
    """Sweep until no coefficient moves by more than `tolerance`; updates in place.

    `gradient` is ``Z'r`` of the residual at `coef` and is kept so. Full sweeps alternate with
    sweeps over the support until that stands still. Returns the number of sweeps.
    """
    p = coef.size
    support_only = False
    for sweep in range(max_sweeps):
        largest = 0.0
        for j in range(p):
            old = coef[j]
            if support_only and old == 0.0:
                continue
            curvature = gram[j, j] + l2[j]
            if curvature == 0.0:
                continue
            z = gradient[j] + gram[j, j] * old
            size = abs(z) - l1[j]
            new = 0.0 if size <= 0.0 else (size if z > 0.0 else -size) / curvature
            if new != old:
                step = new - old
                coef[j] = new
                for k in range(p):
                    gradient[k] -= step * gram[j, k]
                largest = max(largest, abs(step))
        if largest <= tolerance:
            if not support_only:
                return sweep + 1
            support_only = False
        else:
            support_only = True
    return max_sweeps
