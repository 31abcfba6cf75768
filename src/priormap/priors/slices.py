"""One step of slice sampling for many numbers at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from priormap.arrays import Floats

_WIDTH = 2.0
_MOST_STEPS, _MOST_SHRINKS = 60, 200


def slice_step(
    log_density: Callable[[Floats], Floats], x: Floats, rng: np.random.Generator
) -> Floats:
    """New values that leave every density invariant; elementwise, each on its own slice.

    Neal (2003), "Slice sampling", Annals of Statistics 31(3), figures 3 and 5.
    """
    level = log_density(x) - rng.standard_exponential(x.shape)
    low = x - _WIDTH * rng.random(x.shape)
    high = low + _WIDTH
    for end, step in ((low, -_WIDTH), (high, _WIDTH)):
        for _ in range(_MOST_STEPS):
            inside = log_density(end) > level
            if not inside.any():
                break
            end += np.where(inside, step, 0.0)
    found, waiting = x.copy(), np.ones(x.shape, dtype=bool)
    for _ in range(_MOST_SHRINKS):
        proposed = low + (high - low) * rng.random(x.shape)
        accepted = waiting & (log_density(proposed) > level)
        found = np.where(accepted, proposed, found)
        waiting &= ~accepted
        if not waiting.any():
            break
        low = np.where(waiting & (proposed < x), proposed, low)
        high = np.where(waiting & (proposed >= x), proposed, high)
    return found
