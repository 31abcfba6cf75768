"""Where two rising functions cross: every place, with proof for the places without."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

_CELLS_PER_DECADE = 8
_FINEST = 1e-4  # relative width of a cell that is no longer divided


def crossings(
    one: Callable[[float], float], other: Callable[[float], float], low: float, high: float
) -> set[float]:
    """Roots of ``one - other`` in ``[low, high]``, both of them rising, both ends positive.

    A cell ``[a, b]`` is empty where ``one(a) > other(b)`` or ``one(b) < other(a)``. The others
    are divided until they are narrow; two crossings in one narrow cell may pass unseen.
    """

    def gap(x: float) -> float:
        return one(x) - other(x)

    n = 2 + int(_CELLS_PER_DECADE * np.log10(high / low))
    edges = np.geomspace(low, high, n).tolist()
    cells = list(pairwise(edges))
    roots: set[float] = set()
    while cells:
        a, b = cells.pop()
        if one(a) > other(b) or one(b) < other(a):
            continue
        if b / a - 1 > _FINEST:
            middle = float(np.sqrt(a * b))
            cells += [(a, middle), (middle, b)]
        elif gap(a) == 0:
            roots.add(a)
        elif gap(a) * gap(b) < 0:
            roots.add(float(brentq(gap, a, b, xtol=1e-300, rtol=1e-15)))
    return roots
