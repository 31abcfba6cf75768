"""What a prior accepts, and the one sentence for everything that it does not."""

from __future__ import annotations

import numpy as np

from priormap.arrays import Floats
from priormap.checks import as_numbers, positive_number
from priormap.errors import PriormapError


def checked_scale(name: str, scale: object) -> float | Floats:
    """Return a positive number, or a read-only vector of them; infinity is the flat prior."""
    values = as_numbers(name, scale).copy()
    if values.ndim == 0:
        return positive_number(name, scale, infinite=True)
    if values.ndim != 1 or values.size == 0:
        raise PriormapError(
            f"{name} must be a positive number or a vector with one entry per column, "
            f"got an array of shape {values.shape}"
        )
    bad = ~(values > 0)
    if bad.any():
        raise PriormapError(
            f"{name} must be positive in every column, got {values[bad][0]} in column "
            f"{int(np.flatnonzero(bad)[0])}"
        )
    values.flags.writeable = False
    return values


def checked_power(power: float) -> float:
    """Return a power of a prior: zero (no prior) or a positive number."""
    return 0.0 if np.ndim(power) == 0 and power == 0 else positive_number("power", power)


def penalty_strength(alpha: float) -> float:
    """Return a penalty strength alpha: zero (no penalty) or a positive number."""
    return 0.0 if np.ndim(alpha) == 0 and alpha == 0 else positive_number("alpha", alpha)


def noise_sd(sd: float) -> float:
    """Return the noise of one observed coefficient: zero or a positive number."""
    return 0.0 if np.ndim(sd) == 0 and sd == 0 else positive_number("sd", sd)


def unwrap(values: Floats) -> float | Floats:
    """Return a number where the array is one."""
    return float(values) if np.ndim(values) == 0 else values
