"""Derivative of the exact path of the mode in the strength of the prior."""

from __future__ import annotations

import numpy as np

from priormap.arrays import Floats
from priormap.mode import MapEstimate


def mode_slope(fit: MapEstimate) -> Floats:
    """Derivative of the mode in the log of its penalty, sigma held; zero for exact zeros."""
    columns, coef, penalty = fit.data.unit, fit.coef, fit.penalty
    slope, support = np.zeros(len(coef)), np.flatnonzero(coef)
    if not support.size:
        return slope
    norm = columns.x_norm[support]
    Z = columns.columns(support)
    l2 = penalty.l2[support] / norm**2
    pull = penalty.l1[support] * np.sign(coef[support]) / norm + l2 * coef[support] * norm
    slope[support] = np.linalg.lstsq(Z.T @ Z + np.diag(l2), -pull, rcond=None)[0] / norm
    return slope
