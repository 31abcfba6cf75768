"""Judge a vector in unit coefficients by the canonical problem, whoever found it."""

from __future__ import annotations

import numpy as np

from priormap.arrays import Floats, to_infinity
from priormap.mode.certificate import Certificate
from priormap.model.optimality import (
    duality_gap,
    is_unique_minimiser,
    kkt_violation,
    rounding_of_gap,
    rounding_of_gradient,
)
from priormap.model.problem import UnitProblem

_EPS = float(np.finfo(float).eps)


@to_infinity
def certify(
    problem: UnitProblem,
    coef: Floats,
    *,
    names: tuple[str, ...],
    tolerance: float,
    iterations: int = 0,
    sigma_residual: float | None = None,
    exact: bool = False,
) -> Certificate:
    """Certificate of a vector in unit coefficients."""
    gradient, rss = problem.gradient(coef, exact=exact)
    objective = problem.value(coef, rss)
    gap = duality_gap(problem, coef, gradient, rss)
    rounding = rounding_of_gap(problem, coef, gradient)
    violation = kkt_violation(problem, coef, gradient)
    worst = int(np.argmax(violation))
    null_objective = 0.5 if problem.columns.y_norm > 0 else 0.0
    scale = max(objective, _EPS * null_objective)
    return Certificate(
        relative_gap=gap.size / scale if gap.size else 0.0,
        kkt_residual=float(violation[worst]),
        worst_column=names[worst],
        objective=objective * (problem.columns.y_norm or 1.0) ** 2,
        is_unique=is_unique_minimiser(problem, coef, gap.pull),
        iterations=iterations,
        tolerance=tolerance,
        resolution=rounding / scale if rounding else 0.0,
        sigma_residual=sigma_residual,
        penalty_gap=gap.blind_share,
        kkt_resolution=rounding_of_gradient(problem, coef),
    )
