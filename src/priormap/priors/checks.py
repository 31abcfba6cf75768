"""What a prior accepts, and the one sentence for everything that it does not."""

from __future__ import annotations

import numbers
from math import prod
from typing import Any, Protocol

import numpy as np

from priormap.arrays import Floats
from priormap.checks import as_numbers, checked_count, positive_number, refuse_memory, short
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


def zero_or_positive(name: str, value: object) -> float:
    """Return zero or a positive number: a power, a strength, the noise of one observation."""
    is_zero = isinstance(value, numbers.Real) and value == 0
    return 0.0 if is_zero else positive_number(name, value)


def scale_of(scale: float, **given: float) -> float:
    """Return a scale that was computed from what was given, or refuse one that no double holds."""
    if not 0 < scale < np.inf:
        made = " and ".join(f"{name}={value:g}" for name, value in given.items())
        raise PriormapError(
            f"{made} make a prior scale of {scale:g}, beyond what a double holds; measure y in "
            "another unit"
        )
    return float(scale)


class Rows(Protocol):
    """What a penalty must know of the data to be a prior: a `priormap.Regression`."""

    n_rows: int
    noise: Any


def noise_sd(sigma: object, data: Rows | None) -> float:
    """Return the noise sd that turns a penalty into a prior: as given, or that of the data."""
    if data is not None:
        if not (hasattr(data, "noise") and hasattr(data, "n_rows")):
            raise PriormapError(f"data must be a Regression, got {short(data)}")
        return float(data.noise.at(sigma, otherwise="give sigma, the noise sd, as well"))
    if sigma is None:
        raise PriormapError("sigma must be a positive finite number, or that of data=, got None")
    return positive_number("sigma", sigma)


def row_count(n: object, data: Rows | None) -> float:
    """Return the number of rows: as given, or that of the data."""
    if n is None and data is None:
        raise PriormapError("n must be a positive number of rows, or come as data=, got None")
    if n is not None and data is not None:
        raise PriormapError("n and data both say how many rows there are; give one")
    return positive_number("n", n if data is None else data.n_rows)


def checked_size(size: object) -> tuple[int, ...]:
    """Return the shape of draws, or refuse it."""
    shape = size if isinstance(size, tuple | list) else (size,)
    sizes = tuple(checked_count("size", length, least=0) for length in shape)
    refuse_memory(f"draws of shape {short(sizes)}", prod(sizes), "give a smaller size")
    return sizes


def unwrap(values: Floats) -> float | Floats:
    """Return a number where the array is one."""
    return float(values) if np.ndim(values) == 0 else values
