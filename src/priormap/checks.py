"""Numbers that come in as arguments, and the one sentence for those that cannot be used."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from priormap.arrays import Floats
from priormap.errors import Phrase, PriormapError


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


def checked_count(name: str, value: object, least: int = 1) -> int:
    """Return `value` as an int of at least `least` (0 or 1), or raise a sentence about `name`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        kind = "a positive integer" if least else "zero or a positive integer"
        raise PriormapError(f"{name} must be {kind}, got {value!r}")
    return int(value)


def checked_seed(random_seed: object) -> int:
    """Return the seed, or a fresh one that a result records for None; netCDF holds 64 bits."""
    if random_seed is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    is_whole = isinstance(random_seed, int | np.integer) and not isinstance(random_seed, bool)
    if not is_whole or not 0 <= random_seed < 2**63:  # type: ignore[operator]
        raise PriormapError(
            Phrase("random_seed", "--seed"),
            f" must be an integer from 0 to 2**63 - 1, or None, got {random_seed!r}",
        )
    return int(random_seed)  # type: ignore[call-overload]


def as_numbers(name: str, value: Any) -> Floats:
    """Return `value` as an array of floats, or raise a sentence that names `name`."""
    if type(value) is np.ndarray and value.dtype == np.float64:
        return value
    if isinstance(value, np.ma.MaskedArray):
        raise PriormapError(
            f"{name} is a masked array, whose mask numpy would drop silently; "
            "drop or fill the masked rows first"
        )
    try:
        array = np.asarray(value)
    except ValueError:
        raise PriormapError(f"{name} is ragged; give every row the same length") from None
    if array.dtype.kind in "OSU":
        texts = [item for item in array.ravel().tolist() if isinstance(item, str | bytes)]
        if not texts and array.ndim == 0:
            raise PriormapError(f"{name} must be an array of numbers, got {value!r}")
        if not texts:
            raise PriormapError(
                f"{name} holds Python objects, not numbers; convert it with {name}.astype(float)"
            )
        kind = "numbers written as text" if all(map(reads_as_number, texts)) else "text"
        raise PriormapError(f"{name} holds {kind} ({texts[0]!r}); convert it to numbers first")
    refuse_kind(name, array.dtype)
    return np.asarray(array, dtype=float)


def reads_as_number(text: str | bytes) -> bool:
    """Whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def refuse_kind(name: str, dtype: np.dtype[Any]) -> None:
    """Refuse what numpy holds but is no real number."""
    if dtype.kind in "mM":
        raise PriormapError(f"{name} holds dates or durations; convert it to numbers first")
    if dtype.kind == "c":
        raise PriormapError(f"{name} holds complex numbers; take the real part first")
    if dtype.kind not in "fiub":
        raise PriormapError(f"{name} has dtype {dtype}, not numbers; convert it to floats first")
