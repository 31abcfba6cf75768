r"""The optimality conditions of the canonical problem, and the duality gap, at any vector."""

from __future__ import annotations

import numpy as np

from priormap.arrays import Floats
from priormap.model.problem import UnitProblem

_EPS = float(np.finfo(float).eps)


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
