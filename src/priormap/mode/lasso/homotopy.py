r"""The whole lasso path, knot by knot: exact homotopy on a Gram matrix.

    minimise   1/2 |u - Z b|**2  +  lam * sum_j w_j |b_j|      for every lam from infinity down

Given the active columns A and their signs s, ``b_A = G_AA^-1 (c_A - lam w_A s_A)`` is linear in
lam, with ``G = Z'Z`` and ``c = Z'u``. A knot is where the correlation of an inactive column with
the residual reaches its bound ``lam w_j`` (the column joins) or an active coefficient reaches
zero (it leaves). Osborne, Presnell and Turlach (2000), "A new approach to variable selection in
least squares problems", IMA Journal of Numerical Analysis 20.

Of columns that could move at one lam the one of least index moves first (Murty's rule for linear
complementarity, which does not cycle), and the sign of a rate decides whether it moves at all.
"""

from __future__ import annotations

from math import isfinite

import numpy as np

from priormap.arrays import Floats
from priormap.mode.lasso.homotopy_kernel import (
    BROKEN,
    TOO_MANY_KNOTS,
    empty_state,
    extend_path,
)


def lasso_path(
    gram: Floats, xty: Floats, weights: Floats, lam_min: float, max_knots: int
) -> tuple[Floats, Floats, int, int]:
    """Every knot from the largest lam down to `lam_min`.

    Parameters
    ----------
    gram : array of shape (p, p)
        ``Z'Z`` of unit columns; zero rows and columns for columns to be left out.
    xty : array of shape (p,)
        ``Z'u``.
    weights : array of shape (p,)
        Non-negative; 0 leaves a column unpenalised, so that it is active throughout.
    lam_min : float
        End of the path, >= 0.
    max_knots : int
        Most knots to return, >= 1.

    Returns
    -------
    lams : array of shape (K,)
        Strictly falling. Above ``lams[0]`` the coefficients stay as they are there (only the
        unpenalised ones differ from zero); ``lams[-1] == lam_min`` if the status is COMPLETE.
    coefs : array of shape (K, p)
        Coefficients at the knots, linear in lam between them.
    status : int
        COMPLETE, TOO_MANY_KNOTS or BROKEN; the knots returned are right in each case.
    n_skipped : int
        How often a column that depends linearly on the active ones was passed over.

    Examples
    --------
    >>> import numpy as np
    >>> lams, coefs, status, _ = lasso_path(np.eye(2), np.array([0.8, -0.6]), np.ones(2), 0.0, 9)
    >>> lams
    array([0.8, 0.6, 0. ])
    >>> coefs[-1]
    array([ 0.8, -0.6])
    """
    return follow_path(gram, xty, weights, np.inf, np.zeros(len(xty)), lam_min, max_knots)


def follow_path(
    gram: Floats,
    xty: Floats,
    weights: Floats,
    lam: float,
    signs: Floats,
    lam_min: float,
    max_knots: int,
) -> tuple[Floats, Floats, int, int]:
    """Path from the mode at `lam`, known by the signs of its coefficients, down to `lam_min`.

    `signs` (p,) holds -1, 0 or 1 per column; ``lam = inf`` and zeros begin the whole path.
    Otherwise as `lasso_path`, with the first knot at `lam`.
    """
    p = len(xty)
    room = min(max_knots, p + 16)
    lams, coefs = np.empty(room), np.zeros((room, p))
    gram = np.ascontiguousarray(gram, dtype=float)
    if not isfinite(gram.sum() + xty.sum() + weights.sum()):
        return lams[:0], coefs[:0], BROKEN, 0
    state = empty_state(xty, weights, np.asarray(signs, dtype=float))
    k, lam, lam_min = 0, float(lam), float(lam_min)
    status, n_knots, n_skipped = TOO_MANY_KNOTS, 0, 0
    while status == TOO_MANY_KNOTS and n_knots < max_knots:
        if n_knots == len(lams):
            room = min(n_knots, max_knots - n_knots)
            lams = np.concatenate([lams, np.empty(room)])
            coefs = np.concatenate([coefs, np.zeros((room, p))])
        n_knots, k, lam, status, passed = extend_path(
            gram, *state, lams, coefs, n_knots, k, lam, lam_min
        )
        n_skipped += passed
    return lams[:n_knots].copy(), coefs[:n_knots].copy(), status, n_skipped
