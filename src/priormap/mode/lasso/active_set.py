r"""Finish a Laplace mode exactly: the right support, by a finite active-set method.

Given a support and its signs the mode solves one linear system. The system is solved; a
coefficient that would change its sign leaves at the point where it crosses zero; the column
that violates its bound most enters; until nothing is violated. Every step lowers the objective,
so that no support comes twice. (Osborne, Presnell and Turlach 2000, "A new approach to
variable selection in least squares problems", section 3.)
"""

from __future__ import annotations

import numpy as np

from priormap.arrays import Bools, Floats
from priormap.mode.ridge import solve_on_support
from priormap.model.optimality import duality_gap
from priormap.model.problem import UnitProblem

_EPS = float(np.finfo(float).eps)
_SHARP = 1e-10  # relative: beyond it a weak pull exceeds its bound


def finish_on_support(problem: UnitProblem, start: Floats) -> tuple[Floats, int]:
    """Return the exact minimiser near `start`, and the number of supports that were solved.

    Zeros are exact zeros; the non-zero part solves the linear system of its support.
    """
    current = start.copy()
    free = problem.is_flat
    signs = np.sign(current)
    entered, banned = -1, set[int]()
    for iteration in range(1, 4 * problem.columns.p + 100):
        support = np.flatnonzero((signs != 0) | free)
        target = solve_on_support(problem, support, signs[support])
        current, dropped, step = _move_towards(current, target, signs, free)
        if dropped:
            signs[dropped] = 0.0
            # a column that enters and cannot move at once depends on the support: leave it
            banned = banned | {entered} if step == 0 and entered in dropped else set()
            continue
        entering = _worst_violator(problem, current, banned)
        if entering is None:
            return current, iteration
        entered, signs[entering[0]] = entering
    return current, iteration


def _move_towards(
    current: Floats, target: Floats, signs: Floats, free: Bools
) -> tuple[Floats, list[int], float]:
    """Go to `target`, or to the first point on the way where a coefficient reaches zero."""
    wrong = (signs != 0) & ~free & (np.sign(target) != signs)
    if not wrong.any():
        return target, [], 1.0
    where = np.flatnonzero(wrong)
    travel = current[where] - target[where]
    share = np.divide(current[where], travel, out=np.zeros(len(where)), where=travel != 0)
    step = float(share.min())
    reached = current + step * (target - current)
    dropped = where[share <= step].tolist()
    reached[dropped] = 0.0
    return reached, dropped, step


def _worst_violator(
    problem: UnitProblem, coef: Floats, banned: set[int]
) -> tuple[int, float] | None:
    """Zero coefficient whose pull exceeds its bound most, with the sign it must take."""
    gradient, rss = problem.gradient(coef)
    noise = 16 * _EPS * (1 + float(np.abs(coef).sum()))
    excess = np.abs(gradient) - problem.l1 - noise
    if problem.leans_on_weak:  # within the noise of the gradient their pulls are known apart
        pull = duality_gap(problem, coef, gradient, rss).pull
        beyond = np.abs(pull) - problem.l1 * (1 + _SHARP)
        gradient = np.where(problem.is_weak & (excess <= 0), pull, gradient)
        excess = np.where(problem.is_weak & (excess <= 0), beyond, excess)
    excess[(coef != 0) | problem.is_flat | (problem.columns.x_norm == 0)] = -np.inf
    excess[list(banned)] = -np.inf
    j = int(np.argmax(excess))
    return (j, float(np.sign(gradient[j]))) if excess[j] > 0 else None
