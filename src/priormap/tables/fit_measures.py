"""What a vector of coefficients is worth on its data: size, degrees of freedom, fit."""

from __future__ import annotations

import numpy as np

from priormap.arrays import Floats
from priormap.data.regression import Regression
from priormap.mode import MapEstimate
from priormap.mode.group_lasso import GroupProblem
from priormap.model import Model
from priormap.model.curved_problem import CurvedProblem
from priormap.model.least_squares import effective_parameters, least_squares
from priormap.model.problem import UnitProblem
from priormap.priors import PenaltyParts


def size(data: Regression, coef: Floats) -> float:
    """Length of the coefficients in lengths ``|x_j| b_j``."""
    return float(np.linalg.norm(coef * data.unit.x_norm))


def least_squares_size(data: Regression) -> float:
    """`size` of least squares; NaN where it is not unique or zero."""
    live = data.unit.x_norm > 0
    lengths = least_squares(data).coef[live] * data.unit.x_norm[live]
    return float(np.linalg.norm(lengths)) or np.nan


def mode_degrees_of_freedom(fit: MapEstimate) -> float:
    """Effective degrees of freedom of a mode at its sigma, the intercept left out."""
    if isinstance(fit.prior, PenaltyParts):
        problem = UnitProblem.of(fit.data, fit.penalty)
        return effective_parameters(problem, problem.from_user(fit.coef))
    known = Model(fit.data.with_noise(fit.sigma), fit.prior)
    unit = fit.coef / fit.data.unit.coef_units
    if known.prior.has_groups:
        groups = GroupProblem(known)
        lam = groups.strength(known.strengths(known.unit_noise.sd)[0])
        return groups.parameters(groups.theta_of(unit), lam)
    return CurvedProblem(known).parameters(unit)


def r_squared(data: Regression, coef: Floats) -> float:
    """Share of the variance of y that the coefficients explain; NaN where y is constant."""
    columns = data.unit
    if columns.y_norm == 0:
        return np.nan
    nothing = np.zeros(columns.p)
    problem = UnitProblem(columns, nothing, nothing)
    return 1.0 - problem.gradient(problem.from_user(coef))[1]
