"""The mode for a known penalty: choose the cheapest exact route, then finish on the support."""

from __future__ import annotations

import numpy as np

from priormap.arrays import Floats, to_infinity
from priormap.mode.lasso.active_set import finish_on_support
from priormap.mode.ridge import solve_quadratic
from priormap.model.optimality import kkt_violation
from priormap.model.problem import UnitProblem

_EPS = float(np.finfo(float).eps)
_ROUNDING = 4 * _EPS  # of a correlation from cross products that are summed once ...
_WARM_ROUNDING = 1e4 * _EPS  # ... and of one that a linear system of a known support left over
_LARGEST_TRUSTED = 100.0  # sum of unit coefficients up to which cross products decide alone


@to_infinity
def minimise(problem: UnitProblem, near: Floats | None = None) -> tuple[Floats, int]:
    """Unit coefficients of the mode and the number of steps that found it.

    `near` is the mode of a problem that differs little, where there is one.
    """
    columns = problem.columns
    if columns.y_norm == 0:
        return np.zeros(columns.p), 0
    if not problem.has_l1:
        return solve_quadratic(problem), 1
    if near is not None:
        coef, solves = finish_on_support(problem, near)
        if _is_solved(problem, coef, rounding=_WARM_ROUNDING):
            return coef, solves
    if columns.has_cheap_gram:
        start, steps = _along_the_path(problem)
        if _is_solved(problem, start):
            return start, steps
    else:
        from priormap.mode.lasso.working_set import find_on_working_set

        start, steps = find_on_working_set(problem)
    coef, solves = finish_on_support(problem, start)
    return coef, steps + solves


def _is_solved(problem: UnitProblem, coef: Floats, rounding: float = _ROUNDING) -> bool:
    """Whether nothing is left of the optimality conditions but rounding.

    The gradient does not show weak penalties.
    """
    if problem.leans_on_weak:
        return False
    size = 1 + float(np.abs(coef).sum())
    if size > _LARGEST_TRUSTED:
        return False
    gradient, _ = problem.gradient(coef)
    return bool(kkt_violation(problem, coef, gradient).max() <= rounding * size)


def _along_the_path(problem: UnitProblem) -> tuple[Floats, int]:
    """Follow the exact path down from where everything is zero."""
    from priormap.mode.lasso.homotopy import lasso_path

    columns = problem.columns
    gram, xty, l1 = columns.gram, columns.xty, problem.l1
    unit = 1 / np.sqrt(1 + problem.l2)
    if problem.has_l2:  # as more rows, which lengthen the columns: to unit length again
        gram = (gram + np.diag(problem.l2)) * unit * unit[:, None]
        xty, l1 = xty * unit, l1 * unit
    _, coefs, *_ = lasso_path(gram, xty, l1, 1.0, 10 * columns.p + 100)
    return (coefs[-1] * unit if len(coefs) else np.zeros(columns.p)), len(coefs)
