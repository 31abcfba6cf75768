r"""Modes under Gaussian priors: one linear system, in the form that is cheapest and exact.

``(Z'Z + L2) c = Z'u`` by Cholesky, or ``c = L2^-1 Z' (Z L2^-1 Z' + I)^-1 u`` for more columns
than rows, refined on residuals of the rows; by singular values of ``Z L2^-1/2``, or with l1 in
play by orthogonal factorisation, where cross products square the condition number away.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from priormap.arrays import Floats, Indices
from priormap.model.problem import UnitProblem
from priormap.model.weighted_svd import weighted_svd

_EPS = float(np.finfo(float).eps)
_TRUSTED_RCOND = 1e-6  # of the normal equations: above it their solution needs no refinement
_USABLE_RCOND = 1e-13  # below it the rows are factorised instead
_MAX_REFINEMENTS = 5
_LIKE = 100.0  # largest ratio on a diagonal at which its condition needs no scaling
_SOLVED = 1e-13  # of a system in rows: what may be left of the response


def solve_quadratic(problem: UnitProblem) -> Floats:
    """Unit coefficients that minimise a problem without l1 penalties."""
    columns, l2 = problem.columns, problem.l2
    if columns.has_cheap_gram or not (l2 > 0).all():
        live = np.flatnonzero(columns.x_norm > 0)
        # the gradient says little of coefficients that only their penalty tells apart
        leans = len(live) > columns.dof or problem.leans_on_weak
        least = _TRUSTED_RCOND if leans else _USABLE_RCOND
        coef = _by_normal_equations(problem, live, np.zeros(len(live)), least)
    else:
        coef = _by_own_products(problem) if columns.p <= columns.n else _in_rows(problem)
    if coef is not None:
        return coef
    live = np.flatnonzero(columns.x_norm > 0)
    coef = np.zeros(columns.p)
    rows, nothing = columns.columns(live), np.zeros(len(live))
    coef[live] = solve_by_prior_sds(rows, columns.response, nothing, l2[live])
    return coef


def solve_on_support(problem: UnitProblem, support: Indices, signs: Floats) -> Floats:
    """Minimise over the coefficients in `support`, whose signs are held at `signs`.

    Solves ``(Z_S'Z_S + L2_S) c_S = Z_S'u - l1_S signs`` to machine precision.
    """
    columns, coef = problem.columns, np.zeros(problem.columns.p)
    if not support.size:
        return coef
    pull = problem.l1[support] * signs
    l2, weak = problem.l2[support], problem.is_weak[support]
    tells_apart = bool((weak & (l2 > 0)).any() and ((l2 > 0) | (pull == 0)).all())
    least = _TRUSTED_RCOND if tells_apart else _USABLE_RCOND  # as in `solve_quadratic`
    found = _by_normal_equations(problem, support, pull, least)
    if found is not None:
        return found
    solve = solve_by_prior_sds if tells_apart else solve_by_rows
    coef[support] = solve(columns.columns(support), columns.response, pull, l2)
    return coef


def _by_normal_equations(
    problem: UnitProblem, support: Indices, pull: Floats, least: float
) -> Floats | None:
    """By Cholesky, refined on the rows; None where it is conditioned worse than `least`."""
    columns, l2, block = problem.columns, problem.l2[support], None
    if columns.has_cheap_gram:
        whole = len(support) == columns.p
        gram = columns.gram.copy() if whole else columns.gram[np.ix_(support, support)]
    else:
        block = columns.columns(support)
        gram = block.T @ block
    gram.flat[:: len(gram) + 1] += l2
    factor, rcond = _cholesky(gram)
    if rcond < least:
        return None
    coef = np.zeros(columns.p)
    right = (columns.xty[support] if block is None else block.T @ columns.response) - pull
    coef[support] = _back_solve(factor, right)
    if rcond < _TRUSTED_RCOND or not _is_like(l2 + 1):
        _refine_on_rows(problem, coef, support, pull, factor)
    return coef


def solve_by_rows(block: Floats, response: Floats, pull: Floats, l2: Floats) -> Floats:
    """Minimise ``|u - Z_S c|**2 / 2 + pull'c + sum l2 c**2 / 2`` by orthogonal factorisation.

    Of the least-squares solution set, where columns are dependent, the shortest is taken.
    """
    unit = 1 / np.sqrt(1 + l2)
    stacked = np.vstack([block, np.diag(np.sqrt(l2))]) if l2.any() else block
    stacked = stacked * unit
    target = np.concatenate([response, np.zeros(len(stacked) - len(response))])
    largest_first = np.argsort(-np.abs(stacked).max(axis=1), kind="stable")
    stacked, target, pull = stacked[largest_first], target[largest_first], pull * unit
    q, r, order = linalg.qr(stacked, mode="economic", pivoting=True)
    diagonal = np.abs(np.diag(r))
    rank = int((diagonal > _EPS * max(stacked.shape) * diagonal.max(initial=0.0)).sum())
    if rank < stacked.shape[1]:
        left, singular, right = np.linalg.svd(stacked, full_matrices=False)
        keep = singular > _EPS * max(stacked.shape) * singular.max(initial=0.0)
        inverse = np.divide(1.0, singular, out=np.zeros_like(singular), where=keep)
        along = inverse * (left.T @ target) - inverse**2 * (right @ pull)
        return np.asarray(unit * (right.T @ along))
    half = linalg.solve_triangular(r, pull[order], trans="T")
    solution = np.empty(len(unit))
    solution[order] = linalg.solve_triangular(r, q.T @ target - half)
    # one step of refinement on the residual of the rows
    gradient = stacked.T @ (target - stacked @ solution) - pull
    step = np.empty(len(unit))
    step[order] = linalg.solve_triangular(r, linalg.solve_triangular(r, gradient[order], trans="T"))
    refined = solution + step
    after = stacked.T @ (target - stacked @ refined) - pull
    return unit * (refined if np.linalg.norm(after) < np.linalg.norm(gradient) else solution)


def solve_by_prior_sds(block: Floats, response: Floats, pull: Floats, l2: Floats) -> Floats:
    """As `solve_by_rows`, by the singular values of ``Z_S L2^-1/2``; without l2 no pull.

    What the rows cannot see is solved apart: there only the penalties speak.
    """
    flat, coef = l2 == 0, np.zeros(len(l2))
    basis, *_ = weighted_svd(block[:, flat], np.ones(int(flat.sum())), len(response))
    sds = 1 / np.sqrt(l2[~flat])
    rest = block[:, ~flat] - basis @ (basis.T @ block[:, ~flat])
    rest[:, np.linalg.norm(rest, axis=0) <= 4 * _EPS * max(block.shape)] = 0.0
    left, singular, right = weighted_svd(rest, sds, len(response) - basis.shape[1])
    target, pull = response - basis @ (basis.T @ response), sds * pull[~flat]
    seen = right.T @ pull
    unseen = pull - right @ seen
    unseen[np.abs(unseen) <= 16 * _EPS * len(pull) * np.abs(pull).max(initial=0.0)] = 0.0
    coef[~flat] = sds * (right @ ((singular * (left.T @ target) - seen) / (singular**2 + 1)))
    coef[~flat] -= sds * unseen
    left_over = response - block[:, ~flat] @ coef[~flat]
    coef[flat] = np.linalg.lstsq(block[:, flat], left_over, rcond=None)[0]
    return coef


def _by_own_products(problem: UnitProblem) -> Floats | None:
    """By Cholesky of a Gram matrix that nobody else needs."""
    columns, l2 = problem.columns, problem.l2
    Z = columns.columns(np.arange(columns.p))
    gram = Z.T @ Z
    gram.flat[:: len(gram) + 1] += l2
    factor, rcond = _cholesky(gram)
    if rcond < _USABLE_RCOND:
        return None
    coef = _back_solve(factor, Z.T @ columns.response)
    if rcond >= _TRUSTED_RCOND and _is_like(l2 + 1):
        return coef
    return coef + _back_solve(factor, Z.T @ (columns.response - Z @ coef) - l2 * coef)


def _in_rows(problem: UnitProblem) -> Floats | None:
    """By the residual, as many numbers as rows; None where a few columns weigh too much."""
    Z, response = problem.columns.columns(np.arange(problem.columns.p)), problem.columns.response
    root = 1 / np.sqrt(problem.l2)
    Z *= root
    kernel = Z @ Z.T
    kernel.flat[:: len(kernel) + 1] += 1.0
    factor, rcond = _cholesky(kernel)
    residual = _back_solve(factor, response)
    pull = Z.T @ residual
    if rcond < _TRUSTED_RCOND:
        residual += _back_solve(factor, response - residual - Z @ pull)
        pull = Z.T @ residual
        if not np.linalg.norm(response - residual - Z @ pull) <= _SOLVED:
            return None
    return root * pull


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
    """Lower Cholesky factor, and the reciprocal condition number with a unit diagonal.

    Zero if there is no factor. Scaling rows and columns changes neither the factor's digits nor
    those of a solution, so that units do not count.
    """
    diagonal = matrix.diagonal()
    unit = None if _is_like(diagonal) else 1 / np.sqrt(diagonal)
    scaled = matrix if unit is None else matrix * unit * unit[:, None]
    norm = float(np.abs(scaled).sum(axis=0).max(initial=0.0))
    factor, info = linalg.lapack.dpotrf(matrix, lower=1)
    if info != 0 or norm == 0:
        return factor, 0.0
    scaled = factor if unit is None else factor * unit[:, None]
    rcond, _ = linalg.lapack.dpocon(scaled, norm, uplo="L")
    return factor, float(rcond)


def _is_like(values: Floats) -> bool:
    """Whether positive numbers are of like size."""
    return not values.size or bool(values.max() <= _LIKE * values.min())


def _back_solve(factor: Floats, right: Floats) -> Floats:
    solution, _ = linalg.lapack.dpotrs(factor, right, lower=1)
    return np.asarray(solution)
