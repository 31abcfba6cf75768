r"""The whole lasso path of wide data: homotopy on few candidates, proof with all columns.

Between knots every correlation ``z_j'r`` is linear in lam, and so is its bound ``lam w_j``. So
``|z_j'r| <= lam w_j`` at two neighbouring knots proves it between them, and one product of Z'
with the residuals of many knots proves a whole stretch of the path, for every column. Where it
fails, the path is kept up to the last knot that holds, candidates are added, and it goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from priormap.arrays import Bools, Floats, Indices
from priormap.mode.lasso.homotopy import follow_path
from priormap.mode.lasso.homotopy_kernel import TOO_MANY_KNOTS

_FIRST_STRETCH, _LONGEST_STRETCH = 16, 64  # knots proved by one product
_MOST_CORRELATIONS = 8_000_000  # held at once, p per knot
_FEWEST_ADDED = 64
_ROUNDING = 1e-14  # of a correlation between unit vectors


class WidePath(NamedTuple):
    """Knots of a lasso path, with coefficients of the columns that are ever active.

    Attributes
    ----------
    lams : array of shape (K,)
        Strictly falling; above the first the coefficients stay as they are there.
    support : array of shape (q,)
        Columns that are ever active, rising.
    coefs : array of shape (K, q)
        Their coefficients at the knots, linear in lam between them.
    status : int
        COMPLETE, TOO_MANY_KNOTS or BROKEN of `priormap.mode.lasso.homotopy`.
    """

    lams: Floats
    support: Indices
    coefs: Floats
    status: int

    def expand(self, p: int) -> Floats:
        """Coefficients of all p columns, shape (K, p)."""
        full = np.zeros((len(self.lams), p))
        full[:, self.support] = self.coefs
        return full


class _Candidates:
    """Columns in play, with their cross products; it only grows."""

    def __init__(self, columns: Callable[[Indices], Floats], p: int) -> None:
        self._columns = columns
        self.which: Indices = np.empty(0, dtype=np.intp)
        self.is_in = np.zeros(p, dtype=bool)
        self.rows: Floats | None = None  # columns of Z as rows, shape (k, n)
        self.gram: Floats = np.empty((0, 0))

    def add(self, new: Indices) -> None:
        """Bring in columns that are not yet candidates."""
        if not len(new):
            return
        rows = np.ascontiguousarray(self._columns(new).T)
        old = rows[:0] if self.rows is None else self.rows
        cross = old @ rows.T
        self.gram = np.block([[self.gram, cross], [cross.T, rows @ rows.T]])
        self.rows = np.concatenate([old, rows])
        self.which = np.concatenate([self.which, new])
        self.is_in[new] = True

    def fitted(self, coefs: Floats) -> Floats:
        """``Z b`` of each row of coefficients, shape (n, K)."""
        used = np.flatnonzero(coefs.any(axis=0))
        assert self.rows is not None
        return self.rows[used].T @ coefs[:, used].T


def wide_lasso_path(
    columns: Callable[[Indices], Floats],
    correlate: Callable[[Floats], Floats],
    xty: Floats,
    weights: Floats,
    lam_min: float,
    max_knots: int = 100_000,
) -> WidePath:
    """Every knot from the largest lam down to `lam_min`, without the p x p Gram matrix.

    Parameters
    ----------
    columns : callable
        Indices (k,) to those unit columns of Z, shape (n, k).
    correlate : callable
        Vectors (n, K) to ``Z' vectors``, shape (p, K).
    xty : array of shape (p,)
        ``Z'u``.
    weights : array of shape (p,)
        Non-negative; 0 leaves a column unpenalised.
    lam_min : float
        End of the path, >= 0.
    max_knots : int
        Most knots to return.

    Returns
    -------
    WidePath

    Examples
    --------
    >>> import numpy as np
    >>> Z, u = np.eye(3, 4), np.array([0.8, -0.6, 0.0])
    >>> path = wide_lasso_path(lambda j: Z[:, j], lambda v: Z.T @ v, Z.T @ u, np.ones(4), 0.0)
    >>> path.lams, path.support
    (array([0.8, 0.6, 0. ]), array([0, 1]))
    """
    p = len(xty)
    candidates = _Candidates(columns, p)
    candidates.add(np.flatnonzero(weights == 0))
    pieces: list[tuple[Floats, Floats]] = []
    lam, signs, n_knots, status = np.inf, np.zeros(p), 0, TOO_MANY_KNOTS
    longest = max(2, min(_LONGEST_STRETCH, _MOST_CORRELATIONS // max(p, 1)))
    stretch = min(_FIRST_STRETCH, longest)
    while n_knots < max_knots:
        which = candidates.which
        lams, coefs, status, _ = follow_path(
            candidates.gram, xty[which], weights[which], lam, signs[which], lam_min, stretch
        )
        if not len(lams):
            break
        ratio = _bound_ratios(candidates, correlate, xty, weights, lams, coefs)
        holds = ratio.max(axis=0, initial=0.0) <= 1  # False for NaN
        n_valid = len(lams) if holds.all() else int(np.argmin(holds))
        seam = 1 if np.isfinite(lam) else 0  # the first knot repeats the last one
        if n_valid > seam:
            pieces.append((lams[seam:n_valid], coefs[seam:n_valid]))
            n_knots += n_valid - seam
            lam = lams[n_valid - 1]
            signs[which] = np.sign(coefs[n_valid - 1])
        if n_valid == len(lams):
            stretch = min(2 * stretch, longest)
            if status != TOO_MANY_KNOTS:
                break
        else:
            status = TOO_MANY_KNOTS
            candidates.add(_nearest(ratio, n_valid, candidates.is_in))
    return _assemble(pieces, candidates.which, max_knots, status)


def _bound_ratios(
    candidates: _Candidates,
    correlate: Callable[[Floats], Floats],
    xty: Floats,
    weights: Floats,
    lams: Floats,
    coefs: Floats,
) -> Floats:
    """``|z_j'r| / (lam w_j)`` of columns that are not candidates, shape (p, K); 0 for others."""
    if coefs.any():
        ratios = np.abs(xty[:, None] - correlate(candidates.fitted(coefs)))
    else:
        ratios = np.repeat(np.abs(xty)[:, None], len(lams), axis=1)
    ratios /= weights[:, None] * lams + _ROUNDING
    ratios[candidates.which] = 0.0
    return ratios


def _nearest(ratios: Floats, violated: int, is_in: Bools) -> Indices:
    """Columns to add: the worst at the knot that is violated, and the nearest to their bounds."""
    nearness = np.where(is_in, -1.0, ratios.max(axis=1))
    nearness[np.argmax(ratios[:, violated])] = np.inf
    outside = len(is_in) - int(is_in.sum())
    size = min(outside, max(_FEWEST_ADDED, int(is_in.sum()) // 2))
    return np.argpartition(-nearness, size - 1)[:size]


def _assemble(
    pieces: list[tuple[Floats, Floats]], which: Indices, max_knots: int, status: int
) -> WidePath:
    """Put the stretches end to end, with the columns that are ever active, in order."""
    lams = np.concatenate([np.empty(0), *(lams for lams, _ in pieces)])
    coefs = np.zeros((len(lams), len(which)))
    start = 0
    for piece, values in pieces:
        coefs[start : start + len(piece), : values.shape[1]] = values
        start += len(piece)
    if len(lams) > max_knots:
        lams, coefs, status = lams[:max_knots], coefs[:max_knots], TOO_MANY_KNOTS
    order = np.argsort(which)
    order = order[np.any(coefs[:, order] != 0, axis=0)]
    return WidePath(lams, which[order], coefs[:, order], status)
