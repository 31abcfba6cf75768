# mypy: disallow-untyped-decorators=False
r"""Hot loops of the lasso path: events, and a Cholesky factorisation that follows them.

The state is a factorisation of the Gram matrix G that has gone as far as the k active columns:
``F = U'^-1 G_A,:`` with ``U'U = G_AA``, one row per active column, all columns. The same
elimination turns c and w s into

    ALPHA, GAMMA :  U'^-1 c_A and U'^-1 w_A s_A for active columns; for the others
                    the correlation with the residual is ALPHA - lam GAMMA

Columns keep a *place*: active ones first, in the order in which they joined. `state` holds the
rows of `table` (c, w, s and so on, by place) on top of those of F. Per column `marks` says
whether it may join, and how often it moved at this lam.

One entry point that calls each helper in one place, and few branches: a helper is compiled by
itself and again wherever it is called, and the first path pays for that.
"""

from __future__ import annotations

from functools import partial
from math import inf, sqrt
from typing import TypeAlias

import numpy as np
from numba import njit
from numba.core import event
from numpy.typing import NDArray

from priormap.arrays import Floats
from priormap.display.progress import tell_of_compiling

Ints: TypeAlias = NDArray[np.int64]
COMPLETE, TOO_MANY_KNOTS, BROKEN = 0, 1, 2  # reached lam_min; max_knots; a number not finite
_C, _WEIGHT, _SIGN, _ALPHA, _GAMMA, _COEF, _SLOPE, _SPARE = range(8)  # rows of `table`, by place
_TOP = 8  # rows of `table`, on top of those of F
_EPS = 2.0**-52
_TIE = 16 * _EPS  # distances to a bound that rounding cannot tell from zero (unit columns)
_DOUBTFUL = 1e-6  # squared pivots below this are held against the rounding of the Gram matrix
_MAX_MOVES = 8  # of one column at one lam, after which it waits for the next knot
_FREE, _DEPENDENT, _BARRED = 0, 1, 2  # may join; not before a column leaves; never (bits)
tell_of_compiling(event)
_kernel = partial(njit, cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
_inner = partial(
    njit,
    nogil=True,
    error_model="numpy",
    fastmath={"reassoc", "contract"},  # sums may be reordered; NaN and infinity keep their meaning
    no_cpython_wrapper=True,
    no_cfunc_wrapper=True,
)


def empty_state(xty: Floats, weights: Floats, signs: Floats) -> tuple[Floats, Ints, Ints, int]:
    """State with nothing active, columns by place, and marks; number of seats.

    The first places are the *seats*: unpenalised columns, then those with a sign. `extend_path`
    makes them active before it looks for the first knot.
    """
    p, n_seats, column = len(xty), 0, np.arange(len(xty))
    if signs.any() or not weights.all():
        urgency = np.where(weights > 0.0, np.abs(signs), 2.0)
        n_seats, column = int(np.count_nonzero(urgency)), np.argsort(-urgency, kind="stable")
    state = np.empty((_TOP + p, p))
    state[:_TOP], table = 0.0, state[:_TOP]
    table[_C], table[_WEIGHT], table[_SIGN] = xty[column], weights[column], signs[column]
    table[_ALPHA] = table[_C]
    return state, column, np.zeros((2, p), dtype=np.int64), n_seats


@_kernel()
def extend_path(
    G: Floats,
    state: Floats,
    column: Ints,
    marks: Ints,
    n_seats: int,
    lams: Floats,
    coefs: Floats,
    n_knots: int,
    k: int,
    lam: float,
    lam_min: float,
) -> tuple[int, int, float, int, int]:
    """Go on until the path ends or `lams` is full; number of knots, active, lam, status, skipped.

    It begins with no knots, none active and `lam` of the first knot, infinite where the path
    is to find it. With the status TOO_MANY_KNOTS it can be called again with more room.
    """
    table, F = state[:_TOP], state[_TOP:]
    seat, n_skipped, step, bound = 0, 0, 0.0, 0.0
    while n_knots < lams.size:
        who, ahead, first = -1, lam, k  # place that moves, next lam, row to eliminate from
        if n_knots == 0 and seat < n_seats:
            who, bound = seat, table[_SIGN, seat]
            table[_SIGN, seat] = 0.0
            seat += 1
        else:
            _solve(F, table, k, lam if lam < inf else 0.0)
            if n_knots > 0:
                step, who, bound = _nearest_bound(table, column, marks, k, lam)
                ahead = lam - step
                if (who >= k) & (step > 0.0):  # as the difference it has the digits of lam only
                    ahead = _joining_lam(table, who, bound, lam)
                if step >= lam - lam_min:
                    step, who, ahead = lam - lam_min, -1, lam_min
            elif lam == inf:
                ahead = _first_lam(table, k, lam_min)
        if who >= k and _is_dependent(G, F, table[_SPARE], column, k, who):
            marks[0, column[who]] = _DEPENDENT if table[_WEIGHT, who] > 0.0 else _BARRED
            n_skipped += 1
            continue
        if who < 0 or step > 2 * _EPS * lam:
            lam = ahead
            if not _record(lams, coefs, n_knots, lam, step, table, column, marks, k, who):
                return n_knots, k, lam, BROKEN, n_skipped
            n_knots += 1
            if lam <= lam_min:
                return n_knots, k, lam, COMPLETE, n_skipped
        if who >= k:
            _join(G, state, column, marks, k, who, bound)
            k += 1
        elif who >= 0:
            _leave(state, column, marks, k, who)
            first, k = 0, k - 1
        _eliminate(F, table, first, k)
    return n_knots, k, lam, TOO_MANY_KNOTS, n_skipped


@_inner()
def _first_lam(table: Floats, k: int, lam_min: float) -> float:
    """Largest lam at which an inactive column reaches its bound, with the unpenalised active."""
    lam, noise = lam_min, 0.0
    for m in range(k):
        noise += _TIE * abs(table[_COEF, m])
    for m in range(k, table.shape[1]):
        pull, weight = abs(table[_ALPHA, m]), table[_WEIGHT, m]
        if (weight > 0.0) & (pull > noise):
            lam = max(lam, pull / weight)
    return lam


@_inner()
def _joining_lam(table: Floats, who: int, bound: float, lam: float) -> float:
    """Where the correlation of an inactive column with the residual meets its bound."""
    meets = bound * table[_ALPHA, who] / (table[_WEIGHT, who] + bound * table[_GAMMA, who])
    return min(max(meets, 0.0), lam)


@_inner()
def _nearest_bound(
    table: Floats, column: Ints, marks: Ints, k: int, lam: float
) -> tuple[float, int, float]:
    """First bound that is reached as lam falls: distance in lam, place, sign of the bound."""
    nearest, who, bound, least = inf, -1, 0.0, 0
    for m in range(k):
        sign, j = table[_SIGN, m], column[m]
        closing = -sign * table[_SLOPE, m]
        if (closing > 0.0) & (marks[1, j] < _MAX_MOVES):
            gap = sign * table[_COEF, m]
            step = gap * (gap > _TIE) / closing
            if (step < nearest) | ((step == nearest) & (j < least)):
                nearest, who, least = step, m, j
    for m in range(k, column.size):
        j = column[m]
        if (marks[0, j] != _FREE) | (marks[1, j] >= _MAX_MOVES):
            continue
        for side in (1.0, -1.0):
            closing = table[_WEIGHT, m] + side * table[_GAMMA, m]
            if closing > 0.0:
                gap = lam * closing - side * table[_ALPHA, m]
                step = gap * (gap > _TIE) / closing
                if (step < nearest) | ((step == nearest) & (j < least)):
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
    marks: Ints,
    k: int,
    leaving: int,
) -> bool:
    """Write knot n, `step` further along the line, unless a number in it is not finite.

    A coefficient that rounding leaves on the wrong side of zero, or cannot tell from it, is zero.
    Every column may move again.
    """
    total = abs(lam)
    for m in range(k):
        coef, sign = table[_COEF, m] + step * table[_SLOPE, m], table[_SIGN, m]
        size, wrong = sign * coef, max(_TIE, lam * table[_WEIGHT, m])
        if (m == leaving) | ((sign != 0.0) & (-wrong <= size) & (size <= _TIE)):
            coef = 0.0
        coefs[n, column[m]] = coef
        total += abs(coef)
    for j in range(column.size):
        marks[1, j] = 0
    lams[n] = lam
    return total < inf


@_inner()
def _is_dependent(G: Floats, F: Floats, x: Floats, column: Ints, k: int, m: int) -> bool:
    """Whether place m depends on the active columns, as far as rounding lets one see.

    With ``x = G_AA^-1 G_Am`` (written to x) the squared distance of the column from their span is
    ``(1, -x)' G (1, -x)``; rounding of G moves it by up to ``eps (1 + |x|_1)**2``.
    """
    distance = square = G[column[m], column[m]]
    for i in range(k):
        distance -= F[i, m] * F[i, m]
    if distance > _DOUBTFUL * square:
        return False
    size = 1.0
    for i in range(k - 1, -1, -1):
        row, total = F[i], F[i, m]
        for j in range(i + 1, k):
            total -= row[j] * x[j]
        x[i] = total / row[i]
        size += abs(x[i])
    return not distance > _TIE * size * size


@_inner()
def _join(G: Floats, state: Floats, column: Ints, marks: Ints, k: int, m: int, sign: float) -> None:
    """Move place m to place k, make it active with `sign`, and append its row to F."""
    column[k], column[m] = column[m], column[k]
    marks[1, column[k]] += 1
    for i in range(_TOP + k):
        row = state[i]
        row[k], row[m] = row[m], row[k]
    p, row, gram_row = column.size, state[_TOP + k], G[column[k]]
    for j in range(k, p):
        row[j] = gram_row[column[j]]
    rest = _TOP + k - k % 4
    for i in range(_TOP, rest, 4):  # four rows at a time keep the new row in registers
        f0, f1, f2, f3 = state[i], state[i + 1], state[i + 2], state[i + 3]
        v0, v1, v2, v3 = f0[k], f1[k], f2[k], f3[k]
        for j in range(k, p):
            row[j] -= v0 * f0[j] + v1 * f1[j] + v2 * f2[j] + v3 * f3[j]
    for i in range(rest, _TOP + k):
        f0, v0 = state[i], state[i, k]
        for j in range(k, p):
            row[j] -= v0 * f0[j]
    scale = 1.0 / sqrt(row[k])
    for j in range(k, p):
        row[j] *= scale
    state[_SIGN, k] = sign * (state[_WEIGHT, k] > 0.0)
    state[_GAMMA, k] += state[_WEIGHT, k] * state[_SIGN, k]


@_inner()
def _eliminate(F: Floats, table: Floats, first: int, k: int) -> None:
    """Forward substitution with the rows of F from `first` on, in ALPHA and GAMMA."""
    alpha, gamma = table[_ALPHA], table[_GAMMA]
    for i in range(first, k):
        row = F[i]
        a, g = alpha[i] / row[i], gamma[i] / row[i]
        alpha[i], gamma[i] = a, g
        for j in range(i + 1, row.size):
            alpha[j] -= a * row[j]
            gamma[j] -= g * row[j]


@_inner()
def _leave(state: Floats, column: Ints, marks: Ints, k: int, gone: int) -> None:
    """Take place `gone` < k out of the active ones; rotations make F triangular again."""
    p, last, top = column.size, k - 1, _TOP + gone
    marks[1, column[gone]] += 1
    for m in range(gone, last):
        column[m], column[m + 1] = column[m + 1], column[m]
    for i in range(_TOP + k):
        lower = state[i]
        leaving = lower[gone] if i <= top else 0.0
        for j in range(max(gone, i - _TOP - 1), last):
            lower[j] = lower[j + 1]
        lower[last] = leaving
        if i > top:
            upper, m = state[i - 1], i - _TOP - 1
            length = sqrt(upper[m] * upper[m] + lower[m] * lower[m])
            cos, sin = upper[m] / length, lower[m] / length
            for j in range(m, p):
                up, low = upper[j], lower[j]
                upper[j] = cos * up + sin * low
                lower[j] = cos * low - sin * up
    state[_SIGN, last] = 0.0
    for m in range(p):  # afresh, so that what the column left behind in rounding is gone too
        state[_ALPHA, m] = state[_C, m]
        state[_GAMMA, m] = state[_WEIGHT, m] * state[_SIGN, m]
        marks[0, m] &= _BARRED  # what was dependent may not be so any more


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
