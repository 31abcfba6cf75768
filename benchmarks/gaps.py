"""How far a coefficient vector is from its optimum, measured on the rows in float64.

Independent of every program that is measured, priormap included: the relative duality gap of
``1/2 |y - X b|**2 + l1 |b|_1 + l2 |b|**2 / 2`` for one penalty or the other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["lasso_gap", "ridge_gap", "worst_gap"]

Floats = NDArray[np.float64]


def lasso_gap(X: Floats, y: Floats, coef: Floats, l1: float) -> float:
    """Duality gap over the objective, at the residual scaled into the dual feasible set.

    Summed as ``|r - theta|**2 / 2 + sum_j (l1 |b_j| - b_j x_j'theta)``, whose terms are not
    negative, so that gaps far below the rounding of the objective can be told.
    """
    residual = y - X @ coef
    gradient = X.T @ residual
    shrink = min(1.0, l1 / max(float(np.abs(gradient).max()), np.finfo(float).tiny))
    objective = 0.5 * residual @ residual + l1 * np.abs(coef).sum()
    gap = 0.5 * (1 - shrink) ** 2 * (residual @ residual)
    gap += np.maximum(l1 * np.abs(coef) - coef * gradient * shrink, 0.0).sum()
    return float(gap / objective)


def ridge_gap(X: Floats, y: Floats, coef: Floats, l2: float) -> float:
    """Duality gap over the objective: ``|X'r - l2 b|**2 / (2 l2)``, with the residual as dual."""
    residual = y - X @ coef
    violation = X.T @ residual - l2 * coef
    objective = 0.5 * residual @ residual + 0.5 * l2 * coef @ coef
    return float(0.5 * (violation @ violation) / l2 / objective)


def worst_gap(task: str, X: Floats, y: Floats, coefs: Floats, penalties: Floats) -> float:
    """Largest gap over the points of a task, for coefficients of shape (points, p)."""
    if coefs.shape != (len(penalties), X.shape[1]) or not np.isfinite(coefs).all():
        return np.inf
    gap = lasso_gap if task.startswith("lasso") else ridge_gap
    return max(gap(X, y, coef, penalty) for coef, penalty in zip(coefs, penalties, strict=True))
