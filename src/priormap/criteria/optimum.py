"""Where a curve is best, and what was found there."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from priormap.arrays import Floats

_POINTS, _ROUNDS = 33, 4  # each round divides the interval by 16


class Curve(NamedTuple):
    """One criterion at several scales."""

    method: str
    scales: Floats
    values: Floats
    se: Floats
    khat: Floats | None = None


class Optimum(NamedTuple):
    """The scale that a method chooses."""

    method: str
    scale: float
    value: float
    se: float
    meaning: str
    low: float = np.nan
    high: float = np.nan


def peak(criterion: Callable[[Floats], Floats], scales: Floats, values: Floats) -> float:
    """Scale of the largest value, refined between its neighbours on the grid."""
    for _ in range(_ROUNDS):
        best = int(np.argmax(values))
        if best in {0, len(scales) - 1}:
            return float(scales[best])
        scales = np.geomspace(scales[best - 1], scales[best + 1], _POINTS)
        values = criterion(scales)
    return float(scales[np.argmax(values)])
