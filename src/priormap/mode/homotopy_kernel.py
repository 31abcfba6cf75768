# mypy: disallow-untyped-decorators=False
r"""Hot loops of the lasso path: events, and a Cholesky factorisation that follows them.

The state is a factorisation of the Gram matrix G that has gone as far as the k active columns:
``F = U'^-1 G_A,:`` with ``U'U = G_AA``, one row per active column, all columns. The same
elimination turns c and w s into

    ALPHA, GAMMA :  U'^-1 c_A and U'^-1 w_A s_A for active columns; for the others
                    the correlation with the residual is ALPHA - lam GAMMA

Columns keep a *place*: active ones first, in the order in which they joined. Per column `marks`
says whether it may join, and how often it moved at this lam.
"""

from __future__ import annotations

from functools import partial
from math import inf, sqrt
from typing import TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["BROKEN", "COMPLETE", "TOO_MANY_KNOTS", "begin_path", "empty_state", "extend_path"]

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
COMPLETE, TOO_MANY_KNOTS, BROKEN = 0, 1, 2  # reached lam_min; max_knots; a number not finite
_C, _WEIGHT, _SIGN, _ALPHA, _GAMMA, _COEF, _SLOPE = range(7)  # rows of `table`, by place
_EPS = 2.0**-52
_TIE = 16 * _EPS  # distances to a bound that rounding cannot tell from zero (unit columns)
_DOUBTFUL = 1e-6  # squared pivots below this are held against the rounding of the Gram matrix
_MAX_MOVES = 8  # of one column at one lam, after which it waits for the next knot
_FREE, _DEPENDENT, _BARRED = 0, 1, 2  # may join; not before a column leaves; never
_kernel = partial(njit, cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
_inner = partial(
    njit,
    nogil=True,
    error_model="numpy",
    fastmath={"reassoc", "contract"},  # sums may be reordered; NaN and infinity keep their meaning
    no_cpython_wrapper=True,
    no_cfunc_wrapper=True,
)


def empty_state(xty: Floats, weights: Floats) -> tuple[Floats, Floats, Ints, Ints]:
    """Room for F, and table, columns by place and marks with nothing active."""
    p = len(xty)
    table = np.zeros((7, p))
    table[_C], table[_WEIGHT], table[_ALPHA] = xty, weights, xty
    return np.empty((p, p)), table, np.arange(p), np.zeros((2, p), dtype=np.int64)


@_kernel()
def begin_path(
    G: Floats,
    F: Floats,
    table: Floats,
    column: Ints,
    marks: Ints,
    signs: Floats,
    k: int,
    lam: float,
    lam_min: float,
) -> tuple[int, float]:
    """Activate the unpenalised columns, then those with a sign; number active, and first lam."""
    p = signs.size
    for penalised in (False, True):
        for j in range(p):
            m = k
            while m < p and column[m] != j:
                m += 1
            if m == p or (table[_WEIGHT, m] > 0.0) != penalised or (penalised and signs[j] == 0.0):
                continue
            if _is_dependent(G, F, column, k, m):
                marks[0, j] = _DEPENDENT if penalised else _BARRED
                continue
            _join(G, F, table, column, k, m, signs[j])
            k += 1
    if lam < inf:
        return k, lam
    _solve(F, table, k, 0.0)
    lam, noise = lam_min, 0.0
    for m in range(k):
        noise += _TIE * abs(table[_COEF, m])
    for m in range(k, p):
        if table[_WEIGHT, m] > 0.0 and abs(table[_ALPHA, m]) > noise:
            lam = max(lam, abs(table[_ALPHA, m]) / table[_WEIGHT, m])
    return k, lam


@_kernel()
def extend_path(
    G: Floats,
    F: Floats,
    table: Floats,
    column: Ints,
    marks: Ints,
    lams: Floats,
    coefs: Floats,
    n_knots: int,
    k: int,
    lam: float,
    lam_min: float,
) -> tuple[int, int, float, int, int]:
    """Go on until the path ends or `lams` is full; number of knots, active, lam, status, skipped.

    With the status TOO_MANY_KNOTS it can be called again with more room.
    """
    n_skipped, step, who, bound = 0, 0.0, -1, 0.0
    while n_knots < lams.size:
        _solve(F, table, k, lam)
        if n_knots > 0:
            step, who, bound = _nearest_bound(table, column, marks, k, lam)
            if step >= lam - lam_min:
                step, who = lam - lam_min, -1
            elif who >= k and _is_dependent(G, F, column, k, who):
                marks[0, column[who]] = _DEPENDENT
                n_skipped += 1
                continue
        if n_knots == 0 or who < 0 or step > 2 * _EPS * lam:
            lam = lam_min if n_knots > 0 and who < 0 else lam - step
            if not _record(lams, coefs, n_knots, lam, step, table, column, k, who):
                return n_knots, k, lam, BROKEN, n_skipped
            n_knots += 1
            marks[1, :] = 0
            if lam <= lam_min:
                return n_knots, k, lam, COMPLETE, n_skipped
        if who >= 0:
            marks[1, column[who]] += 1
        if who >= k:
            _join(G, F, table, column, k, who, bound)
            k += 1
        elif who >= 0:
            _leave(F, table, column, marks, k, who)
            k -= 1
    return n_knots, k, lam, TOO_MANY_KNOTS, n_skipped


@_inner()
def _nearest_bound(
    table: Floats, column: Ints, marks: Ints, k: int, lam: float
) -> tuple[float, int, float]:
    """First bound that is reached as lam falls: distance in lam, place, sign of the bound."""
    nearest, who, bound, least = inf, -1, 0.0, 0
    for m in range(k):
        sign, j = table[_SIGN, m], column[m]
        closing = -sign * table[_SLOPE, m]
        if closing > 0.0 and marks[1, j] < _MAX_MOVES:
            gap = sign * table[_COEF, m]
            step = 0.0 if gap <= _TIE else gap / closing
            if step < nearest or (step == nearest and j < least):
                nearest, who, least = step, m, j
    for m in range(k, column.size):
        j = column[m]
        if marks[0, j] != _FREE or marks[1, j] >= _MAX_MOVES:
            continue
        for side in (1.0, -1.0):
            closing = table[_WEIGHT, m] + side * table[_GAMMA, m]
            if closing > 0.0:
                gap = lam * closing - side * table[_ALPHA, m]
                step = 0.0 if gap <= _TIE else gap / closing
                if step < nearest or (step == nearest and j < least):
                    nearest, who, bound, least = step, m, side, j
    return nearest, who, bound


@_inner()
def _record(
    lams: Floats,
    coefs: Floats,
    n: int,
    lam: float,
    step: float,
    table: Floats,
    column: Ints,
    k: int,
    leaving: int,
) -> bool:
    """Write knot n, `step` further along the line, unless a number in it is not finite.

    A coefficient that rounding leaves on the wrong side of zero, or cannot tell from it, is zero.
    """
    total = abs(lam)
    for m in range(k):
        coef, sign = table[_COEF, m] + step * table[_SLOPE, m], table[_SIGN, m]
        wrong = max(_TIE, lam * table[_WEIGHT, m])
        if m == leaving or (sign != 0.0 and -wrong <= sign * coef <= _TIE):
            coef = 0.0
        coefs[n, column[m]] = coef
        total += abs(coef)
    lams[n] = lam
    return total < inf


@_inner()
def _is_dependent(G: Floats, F: Floats, column: Ints, k: int, m: int) -> bool:
    """Whether place m depends on the active columns, as far as rounding lets one see.

    With ``x = G_AA^-1 G_Am`` the squared distance of the column from their span is
    ``(1, -x)' G (1, -x)``; rounding of G moves it by up to ``eps (1 + |x|_1)**2``.
    """
    distance = square = G[column[m], column[m]]
    for i in range(k):
        distance -= F[i, m] ** 2
    if distance > _DOUBTFUL * square:
        return False
    x, size = np.empty(k), 1.0
    for i in range(k - 1, -1, -1):
        row, total = F[i], F[i, m]
        for j in range(i + 1, k):
            total -= row[j] * x[j]
        x[i] = total / row[i]
        size += abs(x[i])
    return not distance > _TIE * size * size


@_inner()
def _join(G: Floats, F: Floats, table: Floats, column: Ints, k: int, m: int, sign: float) -> None:
    """Move place m to place k, make it active with `sign`, and append its row to F."""
    column[k], column[m] = column[m], column[k]
    for i in range(table.shape[0]):
        table[i, k], table[i, m] = table[i, m], table[i, k]
    for i in range(k):
        F[i, k], F[i, m] = F[i, m], F[i, k]
    p, row, gram_row = column.size, F[k], G[column[k]]
    for j in range(k, p):
        row[j] = gram_row[column[j]]
    for i in range(0, k - k % 4, 4):  # four rows at a time keep the new row in registers
        f0, f1, f2, f3 = F[i], F[i + 1], F[i + 2], F[i + 3]
        v0, v1, v2, v3 = f0[k], f1[k], f2[k], f3[k]
        for j in range(k, p):
            row[j] -= v0 * f0[j] + v1 * f1[j] + v2 * f2[j] + v3 * f3[j]
    for i in range(k - k % 4, k):
        f0, v0 = F[i], F[i, k]
        for j in range(k, p):
            row[j] -= v0 * f0[j]
    scale = 1.0 / sqrt(row[k])
    for j in range(k, p):
        row[j] *= scale
    table[_SIGN, k] = sign if table[_WEIGHT, k] > 0.0 else 0.0
    table[_GAMMA, k] += table[_WEIGHT, k] * table[_SIGN, k]
    _eliminate(F, table, k)


@_inner()
def _eliminate(F: Floats, table: Floats, k: int) -> None:
    """One step of forward substitution with row k of F, in ALPHA and GAMMA."""
    row, alpha, gamma = F[k], table[_ALPHA], table[_GAMMA]
    a, g = alpha[k] / row[k], gamma[k] / row[k]
    alpha[k], gamma[k] = a, g
    for j in range(k + 1, row.size):
        alpha[j] -= a * row[j]
        gamma[j] -= g * row[j]


@_inner()
def _leave(F: Floats, table: Floats, column: Ints, marks: Ints, k: int, gone: int) -> None:
    """Take place `gone` < k out of the active ones; rotations make F triangular again."""
    p, last = column.size, k - 1
    for i in range(k):
        row = F[i]
        leaving = row[gone] if i <= gone else 0.0
        for j in range(max(gone, i - 1), last):
            row[j] = row[j + 1]
        row[last] = leaving
    for m in range(gone, last):
        column[m], column[m + 1] = column[m + 1], column[m]
        for i in range(3):
            table[i, m], table[i, m + 1] = table[i, m + 1], table[i, m]
    for i in range(gone, last):
        upper, lower = F[i], F[i + 1]
        length = sqrt(upper[i] ** 2 + lower[i] ** 2)
        cos, sin = upper[i] / length, lower[i] / length
        for j in range(i, p):
            up, low = upper[j], lower[j]
            upper[j] = cos * up + sin * low
            lower[j] = cos * low - sin * up
    table[_SIGN, last] = 0.0
    for m in range(p):  # afresh, so that what the column left behind in rounding is gone too
        table[_ALPHA, m] = table[_C, m]
        table[_GAMMA, m] = table[_WEIGHT, m] * table[_SIGN, m]
        if marks[0, m] == _DEPENDENT:
            marks[0, m] = _FREE
    for i in range(last):
        _eliminate(F, table, i)


@_inner()
def _solve(F: Floats, table: Floats, k: int, lam: float) -> None:
    """Coefficients of the active columns at `lam`, and their rise per fall of lam."""
    coefs, slopes = table[_COEF], table[_SLOPE]
    for i in range(k - 1, -1, -1):
        row, coef, slope = F[i], table[_ALPHA, i] - lam * table[_GAMMA, i], table[_GAMMA, i]
        for j in range(i + 1, k):
            coef -= row[j] * coefs[j]
            slope -= row[j] * slopes[j]
        coefs[i], slopes[i] = coef / row[i], slope / row[i]
