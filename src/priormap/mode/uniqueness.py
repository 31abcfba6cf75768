r"""Whether a mode is the only one.

A Gaussian prior's mode is unique. A Laplace prior's is a set where columns with the full
pull are linearly dependent (Tibshirani 2013, "The lasso problem and uniqueness", section 2),
for example where two columns are the same.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from priormap.arrays import Floats, Indices
from priormap.model.problem import UnitProblem

_EPS = float(np.finfo(float).eps)
_EQUAL_PULL = 1e-9  # relative: how close to l1 the pull of a zero coefficient counts as full
_SURE_PIVOT = 1e-5  # a Cholesky pivot of the correlation matrix above this proves full rank


def is_unique_minimiser(problem: UnitProblem, coef: Floats, gradient: Floats) -> bool:
    """Whether the minimiser `coef`, with gradient ``Z'r``, is the only one."""
    columns = problem.columns
    l1, flat = problem.l1, problem.is_flat
    if columns.has_cheap_gram and columns.smallest_pivot > _SURE_PIVOT and columns.x_norm.all():
        return True
    if ((problem.l1 == 0) & (problem.l2 == 0) & ~flat).any():
        return False  # an unpenalised constant column: any coefficient serves
    if columns.has_cheap_gram and columns.smallest_pivot > _SURE_PIVOT:
        return True
    full_pull = (l1 > 0) & (np.abs(gradient) >= l1 * (1 - _EQUAL_PULL))
    candidates = np.flatnonzero((problem.l2 == 0) & (flat | full_pull | (coef != 0)))
    if not candidates.size:
        return True
    if len(candidates) <= columns.n and _has_clear_rank(problem, candidates):
        return True
    null = _null_space(columns.columns(candidates))
    if not null.shape[1]:
        return True
    # Moving along the null space changes neither fit nor penalty as long as every zero
    # coefficient moves to the side of its pull.
    zeros = (coef[candidates] == 0) & ~flat[candidates]
    signed = null[zeros] * np.sign(gradient[candidates][zeros])[:, None]
    return not _has_feasible_direction(signed)


def _has_clear_rank(problem: UnitProblem, candidates: Indices) -> bool:
    columns = problem.columns
    if columns.has_cheap_gram:
        gram = columns.gram[np.ix_(candidates, candidates)]
    else:
        block = columns.columns(candidates)
        gram = block.T @ block
    factor, info = linalg.lapack.dpotrf(gram, lower=1)
    return bool(info == 0 and np.diag(factor).min() > _SURE_PIVOT)


def _null_space(block: Floats) -> Floats:
    """Orthonormal basis of the directions that the columns of `block` cannot see."""
    rows, k = block.shape
    if rows > k:  # the triangle sees the same directions; the factor that rotates does not
        (block,) = linalg.qr(block, mode="r", overwrite_a=True, check_finite=False)
        block = block[:k]
    _, singular, vt = np.linalg.svd(block, full_matrices=True)
    tolerance = 4 * _EPS * max(rows, k) * singular.max(initial=0.0)
    return vt[int((singular > tolerance).sum()) :].T


def _has_feasible_direction(signed: Floats) -> bool:
    """Whether some d != 0 has ``signed @ d >= 0`` (d in coordinates of the null space)."""
    if np.linalg.matrix_rank(signed, tol=1e-9) < signed.shape[1]:
        return True  # some direction leaves every zero at zero
    from scipy.optimize import linprog

    total = signed.sum(axis=0)
    result = linprog(
        -total, A_ub=-signed, b_ub=np.full(len(signed), 1e-12), bounds=(-1, 1), method="highs"
    )
    return bool(result.status == 0 and -result.fun > 1e-6)
