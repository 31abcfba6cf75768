"""Judge coefficients under any convex likelihood, by its own dual point."""

from __future__ import annotations

import numpy as np

from priormap.arrays import Floats, to_infinity
from priormap.mode.certificate import Certificate
from priormap.model.optimality import (
    duality_gap_of_rows,
    is_unique_minimiser,
    kkt_violation,
    rounding_of_gap,
)
from priormap.model.row_problem import RowProblem

_EPS = float(np.finfo(float).eps)


@to_infinity
def certify_rows(
    problem: RowProblem, coef: Floats, centre: float, *, tolerance: float, iterations: int = 0
) -> Certificate:
    """Certificate of coefficients of unit columns and the intercept of centred ones.

    The residual of the optimality conditions is in units of ``|x_j| |y|``, as under Gaussian
    noise, and the objective is half of the deviance plus the penalty.
    """
    penalised, data = problem.penalised, problem.data
    eta = problem.eta(coef, centre)
    slope, weights = problem.slope(eta), problem.weights(eta)
    gradient, objective = problem.gradient(slope), problem.value(coef, eta)
    violation = kkt_violation(penalised, coef, gradient)
    worst = int(np.argmax(violation))
    left = abs(float(slope.sum())) / np.sqrt(data.n_rows) if data.intercept else 0.0
    gap = duality_gap_of_rows(problem, coef, eta, slope)
    size = float(np.linalg.norm(weights * (1 + np.abs(eta)))) / problem.unit
    error = 4 * _EPS * (1 + size + float(np.abs(coef).sum()))
    rounding = rounding_of_gap(penalised, coef, gradient)
    rounding += 4 * _EPS * float(np.abs(slope) @ (1 + np.abs(eta))) / problem.unit
    # a fit without any loss is one to within rounding of its linear predictors
    floor = _EPS * float(weights @ (1 + np.abs(eta)) ** 2) / problem.unit**2
    scale = max(objective, floor)
    return Certificate(
        relative_gap=gap.size / scale if gap.size else 0.0,
        kkt_residual=max(float(violation[worst]), left),
        worst_column="intercept" if left > violation[worst] else data.names[worst],
        objective=objective * problem.unit**2,
        is_unique=is_unique_minimiser(penalised, coef, gap.pull),
        iterations=iterations,
        tolerance=tolerance,
        resolution=rounding / scale if rounding else 0.0,
        penalty_gap=gap.blind_share,
        kkt_resolution=error,
    )
