"""Weighted mean and standard deviation of every column, in one pass over the rows."""

from __future__ import annotations

import numpy as np

from priormap.arrays import Floats, Matrix
from priormap.data.moments import dense, row_blocks

_CANCELLATION = 1e-3  # less left of a sum of squares than this: pass again, about the mean


def weighted_spread(X: Matrix, weights: Floats) -> tuple[Floats, Floats]:
    """Weighted means and standard deviations (divided by the sum of the weights) of columns.

    Exactly zero for a column that is constant where the weights are not zero.
    """
    X = X.tocsr() if hasattr(X, "tocsr") else X
    first = int(np.argmax(weights > 0))
    centre = dense(X[first : first + 1])[0]
    shift, square = _moments_about(X, weights, centre)
    if (square - shift**2 < _CANCELLATION * square).any():
        centre = centre + shift
        shift, square = _moments_about(X, weights, centre)
    mean, sd = centre + shift, np.sqrt((square - shift**2).clip(0))
    sd[sd <= 4 * np.finfo(float).eps * np.sqrt(len(weights)) * np.abs(mean)] = 0.0
    return mean, sd


def _moments_about(X: Matrix, weights: Floats, centre: Floats) -> tuple[Floats, Floats]:
    """Weighted mean of ``x - centre`` and of its square."""
    first, second = np.zeros(len(centre)), np.zeros(len(centre))
    for block in row_blocks(X):
        rows = dense(X[block]) - centre
        first += weights[block] @ rows
        second += weights[block] @ rows**2
    total = weights.sum()
    return first / total, second / total
