"""The one error and the one warning that priormap raises about its input."""

from __future__ import annotations

import numbers

import numpy as np

__all__ = ["PriormapError", "PriormapWarning", "positive_number"]


class PriormapError(ValueError):
    """Input that priormap cannot use, told in one sentence with the remedy."""


class PriormapWarning(UserWarning):
    """The answer is right, but the input has a property that its owner should know of."""


def positive_number(name: str, value: object, *, infinite: bool = False) -> float:
    """Return `value` as a positive float, or raise a sentence that names `name`."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    real = isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)
    number = float(value) if real else np.nan  # type: ignore[arg-type]
    if not number > 0 or (np.isinf(number) and not infinite):
        kind = "a positive number" if infinite else "a positive finite number"
        raise PriormapError(f"{name} must be {kind}, got {value!r}")
    return number
