r"""Modes under Gaussian priors: one linear system, in the form that is cheapest and exact.

``(Z'Z + L2) c = Z'u`` by Cholesky, or ``c = L2^-1 Z' (Z L2^-1 Z' + I)^-1 u`` for more columns
than rows, refined on residuals of the rows; by orthogonal factorisation where cross products
square the condition number away.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from priormap.arrays import Floats, Indices
from priormap.model.problem import UnitProblem

_EPS = float(np.finfo(float).eps)
_TRUSTED_RCOND = 1e-6  # of the normal equations: above it their solution needs no refinement
_USABLE_RCOND = 1e-13  # below it the rows are factorised instead
_MAX_REFINEMENTS = 5


def solve_quadratic(problem: UnitProblem) -> Floats:
    """Unit coefficients that minimise a problem without l1 penalties."""
    columns = problem.columns
    if columns.has_cheap_gram or not (problem.l2 > 0).all():
        live = np.flatnonzero(columns.x_norm > 0)
        return solve_on_support(problem, live, np.zeros(len(live)))
    return _dual_ridge(problem)


def solve_on_support(problem: UnitProblem, support: Indices, signs: Floats) -> Floats:
    """Minimise over the coefficients in `support`, whose signs are held at `signs`.

    Solves ``(Z_S'Z_S + L2_S) c_S = Z_S'u - l1_S signs`` to machine precision.
    """
    columns = problem.columns
    coef = np.zeros(columns.p)
    if not support.size:
        return coef
    pull = problem.l1[support] * signs
    l2 = problem.l2[support]
    block = None
    if columns.has_cheap_gram:
        whole = len(support) == columns.p
        gram = columns.gram.copy() if whole else columns.gram[np.ix_(support, support)]
    else:
        block = columns.columns(support)
        gram = block.T @ block
    gram.flat[:: len(gram) + 1] += l2
    factor, rcond = _cholesky(gram)
    if rcond < _USABLE_RCOND:
        coef[support] = solve_by_rows(
            columns.columns(support) if block is None else block, columns.response, pull, l2
        )
        return coef
    right = (columns.xty[support] if block is None else block.T @ columns.response) - pull
    coef[support] = _back_solve(factor, right)
    if rcond < _TRUSTED_RCOND:
        _refine_on_rows(problem, coef, support, pull, factor)
    return coef


def solve_by_rows(block: Floats, response: Floats, pull: Floats, l2: Floats) -> Floats:
    """Minimise ``|u - Z_S c|**2 / 2 + pull'c + sum l2 c**2 / 2`` by orthogonal factorisation.

    Of the least-squares solution set, where columns are dependent, the shortest is taken.
    """
    k = block.shape[1]
    stacked = np.vstack([block, np.diag(np.sqrt(l2))]) if l2.any() else block
    target = np.concatenate([response, np.zeros(len(stacked) - len(response))])
    q, r, order = linalg.qr(stacked, mode="economic", pivoting=True)
    diagonal = np.abs(np.diag(r))
    rank = int((diagonal > _EPS * max(stacked.shape) * diagonal.max(initial=0.0)).sum())
    if rank < k:
        left, singular, right = np.linalg.svd(stacked, full_matrices=False)
        keep = singular > _EPS * max(stacked.shape) * singular.max(initial=0.0)
        inverse = np.divide(1.0, singular, out=np.zeros_like(singular), where=keep)
        along = inverse * (left.T @ target) - inverse**2 * (right @ pull)
        return np.asarray(right.T @ along)
    half = linalg.solve_triangular(r, pull[order], trans="T")
    solution = np.empty(k)
    solution[order] = linalg.solve_triangular(r, q.T @ target - half)
    # one step of refinement on the residual of the rows
    residual = response - block @ solution
    gradient = block.T @ residual - pull - l2 * solution
    step = np.empty(k)
    step[order] = linalg.solve_triangular(r, linalg.solve_triangular(r, gradient[order], trans="T"))
    refined = solution + step
    after = block.T @ (response - block @ refined) - pull - l2 * refined
    return refined if np.linalg.norm(after) < np.linalg.norm(gradient) else solution


def _dual_ridge(problem: UnitProblem) -> Floats:
    """Every column penalised and more columns than pay for a Gram matrix: solve in rows."""
    columns = problem.columns
    Z = columns.columns(np.arange(columns.p))
    if columns.p <= columns.n:
        gram = Z.T @ Z
        gram.flat[:: len(gram) + 1] += problem.l2
        factor, rcond = _cholesky(gram)
        if rcond < _USABLE_RCOND:
            return solve_by_rows(Z, columns.response, np.zeros(columns.p), problem.l2)
        right = Z.T @ columns.response
        coef = _back_solve(factor, right)
        if rcond >= _TRUSTED_RCOND:
            return coef
        return coef + _back_solve(factor, Z.T @ (columns.response - Z @ coef) - problem.l2 * coef)
    root = 1 / np.sqrt(problem.l2)
    Z *= root
    kernel = Z @ Z.T
    kernel.flat[:: len(kernel) + 1] += 1.0
    factor, rcond = _cholesky(kernel)
    residual = _back_solve(factor, columns.response)
    if rcond < _TRUSTED_RCOND:
        residual += _back_solve(factor, columns.response - residual - Z @ (Z.T @ residual))
    return root * (Z.T @ residual)


def _refine_on_rows(
    problem: UnitProblem,
    coef: Floats,
    support: Indices,
    pull: Floats,
    factor: Floats,
) -> None:
    """Newton steps with the residual of the rows, until they stop helping (in place)."""
    best = np.inf
    for _ in range(_MAX_REFINEMENTS):
        gradient, _ = problem.gradient(coef, exact=True)
        gradient = gradient[support] - pull - problem.l2[support] * coef[support]
        size = float(np.linalg.norm(gradient))
        if not size < 0.5 * best:
            return
        best = size
        coef[support] += _back_solve(factor, gradient)


def _cholesky(matrix: Floats) -> tuple[Floats, float]:
    """Lower Cholesky factor and the reciprocal condition number (zero if it does not exist)."""
    norm = float(np.abs(matrix).sum(axis=0).max())
    factor, info = linalg.lapack.dpotrf(matrix, lower=1)
    if info != 0:
        return factor, 0.0
    rcond, _ = linalg.lapack.dpocon(factor, norm, uplo="L")
    return factor, float(rcond)


def _back_solve(factor: Floats, right: Floats) -> Floats:
    solution, _ = linalg.lapack.dpotrs(factor, right, lower=1)
    return np.asarray(solution)
