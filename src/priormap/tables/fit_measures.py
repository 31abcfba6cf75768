"""What a vector of coefficients is worth on its data: size, degrees of freedom, fit."""

from __future__ import annotations

import numpy as np

from priormap.arrays import Floats
from priormap.data.regression import Regression
from priormap.mode import MapEstimate
from priormap.model.least_squares import least_squares
from priormap.priors import penalty_parts


def size(data: Regression, coef: Floats) -> float:
    """Length of the coefficients in lengths ``|x_j| b_j``."""
    return float(np.linalg.norm(coef * data.unit.x_norm))


def least_squares_size(data: Regression) -> float:
    """`size` of least squares; NaN where it is not unique or zero."""
    live = data.unit.x_norm > 0
    lengths = least_squares(data).coef[live] * data.unit.x_norm[live]
    return float(np.linalg.norm(lengths)) or np.nan


def mode_degrees_of_freedom(fit: MapEstimate) -> float:
    """Effective degrees of freedom of a mode at its sigma.

    The trace of ``G (G + L2)^-1`` for the cross products G of the columns that can move: those
    whose coefficient is not zero, or has no L1 penalty.
    """
    if not penalty_parts(fit.prior).has_l2:
        return float(fit.support.sum())
    columns = fit.data.unit
    moves = np.flatnonzero((columns.x_norm > 0) & (fit.support | (fit.penalty.l1 == 0)))
    l2 = fit.penalty.l2[moves] / columns.x_norm[moves] ** 2
    if columns.has_cheap_gram or len(moves) == columns.p:
        gram = columns.gram[np.ix_(moves, moves)]
    else:
        block = columns.columns(moves)
        gram = block.T @ block
    return float(np.trace(np.linalg.lstsq(gram + np.diag(l2), gram, rcond=None)[0]))


def r_squared(data: Regression, coef: Floats) -> float:
    """Share of the variance of y that the coefficients explain; NaN where y is constant."""
    columns = data.unit
    if columns.y_norm == 0:
        return np.nan
    residual = columns.residual(coef * columns.x_norm / columns.y_norm)
    return 1.0 - float(residual @ residual)
