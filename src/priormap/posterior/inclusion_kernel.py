# mypy: disallow-untyped-decorators=False
"""Hot loop of the spike-and-slab prior: which columns belong, the coefficients integrated out.

With ``A = Z'Z / sigma**2 + D^-1`` on the columns that belong, ``r = Z'u / sigma**2`` and their
Cholesky factor ``L L' = A``, a further column j multiplies the marginal likelihood by

    exp((r_j - v't)**2 / (2 s)) / sqrt(s D_j),   v = L^-1 A_j,  t = L^-1 r,  s = A_jj - v'v.
"""

from __future__ import annotations

from functools import partial
from math import exp, log, sqrt

import numpy as np
from numba import njit
from numpy.typing import NDArray

from priormap.arrays import Floats

Flags = NDArray[np.bool_]
Places = NDArray[np.int64]

_kernel = partial(njit, cache=True, nogil=True, error_model="numpy")
_SMALLEST = 1e-14  # of A_jj: what rounding leaves of s where j depends on the others


@_kernel()
def factor(
    gram: Floats, pull: Floats, precision: Floats, noise: float, which: Places, k: int, L: Floats
) -> None:
    """Write the Cholesky factor of A on `which`, with ``L^-1 r`` as its last row."""
    for i in range(k):
        for j in range(i + 1):
            total = gram[which[i], which[j]] / noise
            if i == j:
                total += precision[which[i]]
            whole = total
            for m in range(j):
                total -= L[i, m] * L[j, m]
            if i == j:
                L[i, i] = sqrt(max(total, _SMALLEST * whole))
            else:
                L[i, j] = total / L[j, j]
    for i in range(k):
        total = pull[which[i]] / noise
        for m in range(i):
            total -= L[i, m] * L[-1, m]
        L[-1, i] = total / L[i, i]


@_kernel()
def gain(
    gram: Floats,
    pull: Floats,
    precision: Floats,
    noise: float,
    which: Places,
    k: int,
    L: Floats,
    j: int,
    v: Floats,
) -> float:
    """Log of what column j multiplies the marginal likelihood by."""
    whole = gram[j, j] / noise + precision[j]
    s, r = whole, pull[j] / noise
    for i in range(k):
        total = gram[which[i], j] / noise
        for m in range(i):
            total -= L[i, m] * v[m]
        v[i] = total / L[i, i]
        s -= v[i] * v[i]
        r -= v[i] * L[-1, i]
    s = max(s, _SMALLEST * whole)
    return 0.5 * (r * r / s - log(s) + log(precision[j]))


@_kernel()
def move_columns(
    gram: Floats,
    pull: Floats,
    precision: Floats,
    noise: float,
    belongs: Flags,
    order: Places,
    uniforms: Floats,
    log_odds: Floats,
) -> None:
    """Give every column, in the given order, a new answer; then swap as many pairs as columns.

    A swap takes one column out and another one in, which single answers hardly ever do where two
    columns carry the same news.

    Parameters
    ----------
    gram, pull, precision, noise
        ``Z'Z``, ``Z'u``, ``1 / D`` and ``sigma**2``.
    belongs : array of shape (p,)
        Which columns belong; changed in place.
    order : array of shape (p,)
        A permutation.
    uniforms : array of shape (4, p)
    log_odds : array of shape (p,)
        Of a column to belong, before the data, by how many others do.
    """
    p = belongs.size
    which, L, v = np.empty(p, np.int64), np.zeros((p + 1, p)), np.empty(p)
    k, is_stale = 0, True
    for t in range(p):
        j = order[t]
        if belongs[j] or is_stale:
            k = 0
            for m in range(p):
                if belongs[m] and m != j:
                    which[k] = m
                    k += 1
            factor(gram, pull, precision, noise, which, k, L)
            is_stale = False
        z = log_odds[k] + gain(gram, pull, precision, noise, which, k, L, j, v)
        inside = uniforms[0, t] < (1.0 / (1.0 + exp(-z)) if z > -700.0 else 0.0)
        belongs[j] = inside
        is_stale = inside
    for t in range(min(p, 10)):
        inside = 0
        for m in range(p):
            inside += belongs[m]
        if inside == 0 or inside == p:
            return
        out = _nth(belongs, True, int(uniforms[1, t] * inside))
        new = _nth(belongs, False, int(uniforms[2, t] * (p - inside)))
        k = 0
        for m in range(p):
            if belongs[m] and m != out:
                which[k] = m
                k += 1
        factor(gram, pull, precision, noise, which, k, L)
        change = gain(gram, pull, precision, noise, which, k, L, new, v)
        change -= gain(gram, pull, precision, noise, which, k, L, out, v)
        if log(uniforms[3, t]) < change:
            belongs[out], belongs[new] = False, True


@_kernel()
def _nth(flags: Flags, value: bool, n: int) -> int:
    """Place of the n-th flag of this value, counted from 0."""
    for m in range(flags.size):
        if flags[m] == value:
            if n == 0:
                return m
            n -= 1
    return flags.size - 1
