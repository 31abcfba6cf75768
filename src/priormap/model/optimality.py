"""What can be proven of a vector: optimality conditions, duality gap, and whether it is alone."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from priormap.arrays import Floats, Indices
from priormap.model.problem import UnitProblem

_EPS = float(np.finfo(float).eps)
_EQUAL_PULL = 1e-9  # relative: how close to l1 the pull of a zero coefficient counts as full
_SURE_PIVOT = 1e-5  # a Cholesky pivot of the correlation matrix above this proves full rank


def kkt_violation(problem: UnitProblem, coef: Floats, gradient: Floats) -> Floats:
    """Distance of ``Z'r - l2 c`` from ``l1 sign(c)``, or at zero from ``[-l1, l1]``."""
    pull = gradient - problem.l2 * coef
    at_zero = np.maximum(np.abs(pull) - problem.l1, 0.0)
    return np.where(coef == 0, at_zero, np.abs(pull - problem.l1 * np.sign(coef)))


def duality_gap(problem: UnitProblem, coef: Floats, gradient: Floats, rss: float) -> float:
    """Objective minus the dual objective at the residual scaled into the dual feasible set.

    With ``theta`` the dual point and h the penalty, it is summed as
    ``|r - theta|**2 / 2 + sum_j [h(c_j) + h*(z_j' theta) - c_j z_j' theta]``, whose terms are
    all non-negative, so that nothing cancels.
    """
    l1, l2 = problem.l1, problem.l2
    gradient, projection = _project_out_flat(problem, gradient)
    bound = (l2 == 0) & (l1 > 0) if problem.has_l1 else None
    shrink = 1.0
    if bound is not None:
        shrink = 1 / float((abs(gradient[bound]) / l1[bound]).max(initial=1.0))
    theta = gradient * shrink
    gap = 0.5 * (1 - shrink) ** 2 * rss + 0.5 * (2 - shrink) * shrink * projection
    if bound is not None:
        gap += float((l1 * abs(coef) - coef * theta)[bound].clip(0).sum())
    if problem.has_l2:
        curved = l2 > 0
        gap += float(_curved_gap(coef[curved], theta[curved], l1[curved], l2[curved]).sum())
    return gap


def rounding_of_gap(problem: UnitProblem, coef: Floats, gradient: Floats) -> float:
    """Duality gap that an error of one unit in the last place of the fit can cause.

    The gradient is uncertain by ``eps (1 + |c|_1)``; it is multiplied by the coefficients,
    and where a pull is at its bound it shrinks the dual point by the share of that bound.
    """
    if not problem.has_l1:
        return 0.0
    size = 1 + float(np.abs(coef).sum())
    bent = float(np.abs(coef[problem.l1 > 0]).sum())
    at_bound = (problem.l1 > 0) & (np.abs(gradient) > 0.999 * problem.l1)
    smallest_bound = np.min(problem.l1[at_bound], initial=1.0)
    share = float(problem.l1 @ np.abs(coef)) / smallest_bound
    return 4 * _EPS * size * (bent + share)


def _curved_gap(coef: Floats, theta: Floats, l1: Floats, l2: Floats) -> Floats:
    """Fenchel-Young loss of ``l1 |c| + l2 c**2 / 2`` as ``kink + (l2 c - s)**2 / (2 l2)``."""
    soft = np.sign(theta) * np.maximum(np.abs(theta) - l1, 0.0)
    inside = theta - soft  # what the kink takes, within [-l1, l1]
    with np.errstate(over="ignore"):  # a gap beyond all floats is one
        return (l1 * np.abs(coef) - inside * coef).clip(0) + 0.5 * (l2 * coef - soft) ** 2 / l2


def _project_out_flat(problem: UnitProblem, gradient: Floats) -> tuple[Floats, float]:
    """Gradient of the residual after projection off the unpenalised columns, and what it took.

    A dual point must be orthogonal to every unpenalised column.
    """
    if not problem.is_flat.any():
        return gradient, 0.0
    flat = np.flatnonzero(problem.is_flat)
    columns = problem.columns
    if columns.has_cheap_gram:
        step = np.linalg.lstsq(columns.gram[np.ix_(flat, flat)], gradient[flat], rcond=None)[0]
        moved = columns.gram[:, flat] @ step
    else:
        block = columns.columns(flat)
        step = np.linalg.lstsq(block.T @ block, gradient[flat], rcond=None)[0]
        moved = columns.correlate(block @ step)
    projected = gradient - moved
    projected[flat] = 0.0
    return projected, max(float(step @ gradient[flat]), 0.0)


def is_unique_minimiser(problem: UnitProblem, coef: Floats, gradient: Floats) -> bool:
    """Whether the minimiser `coef`, with gradient ``Z'r``, is the only one.

    With an l2 penalty on every column it is. Under l1 penalties the minimisers are a set where
    columns with the full pull are linearly dependent (Tibshirani 2013, "The lasso problem and
    uniqueness", section 2), for example where two columns are the same.
    """
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
