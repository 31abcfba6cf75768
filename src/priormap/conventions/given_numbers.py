"""The numbers of a library call, checked, with the library's defaults for those left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from priormap.arrays import Floats
from priormap.checks import as_labelled_numbers, in_order, short
from priormap.conventions.records import Convention
from priormap.errors import PriormapError

Numbers: TypeAlias = dict[str, float | Floats]

_ROWS = ("X", "y", "x", "X_train", "y_train")  # what is no parameter of a penalty

# Kind of parameter: smallest and largest value, whether those are allowed, and words for it
_RANGES = {
    "share": (0.0, True, 1.0, True, "between 0 and 1"),
    "weight": (0.0, True, np.inf, False, "finite and not negative"),
    "scale": (0.0, False, np.inf, True, "positive"),
    "precision": (0.0, False, np.inf, False, "positive and finite"),
}


def checked_numbers(
    convention: Convention, value: float | Mapping[str, Any], names: tuple[str, ...] | None
) -> Numbers:
    """Return every parameter that the call has; a bare number is that of its one strength.

    Vectors that name their columns are put into the order of `names`.
    """
    given = by_name(convention, value)
    for name in given:
        if name not in convention.parameters:
            raise PriormapError(
                f"{convention.name} has no {name!r}; it has {', '.join(convention.parameters)}"
                + ("; rows go into data=Regression(X, y)" if name in _ROWS else "")
            )
    complete: Numbers = {}
    for name in convention.parameters:
        number = given.get(name)
        number = convention.defaults.get(name) if number is None else number
        if number is not None:
            complete[name] = _checked(convention, name, number, names)
    for name in convention.strengths:
        if name not in complete:
            raise PriormapError(f"{convention.name} needs {name}, which has no default; give it")
    return complete


def by_name(convention: Convention, value: Any) -> dict[str, Any]:
    """Return the numbers by name; a bare one is the convention's only strength."""
    if isinstance(value, Mapping):
        return dict(value)
    if len(convention.strengths) != 1:
        raise PriormapError(
            f"{convention.name} has {' and '.join(convention.strengths)}; give them by name"
        )
    return {convention.strengths[0]: value}


def in_words(numbers: Mapping[str, Any]) -> str:
    """Numbers as one writes them into a call, without those that are left out."""
    given = {name: value for name, value in numbers.items() if value is not None}
    return ", ".join(f"{name}={_shown(value)}" for name, value in given.items())


def _shown(value: Any) -> str:
    return (
        f"[{len(value)} numbers]"
        if np.ndim(value) or isinstance(value, Mapping)
        else f"{value:.6g}"
    )


def range_in_words(convention: Convention, name: str) -> str:
    """Range of a parameter: ``alpha >= 0``, ``0 <= l1_ratio <= 1``, ``C > 0``."""
    low, with_low, high, _, _ = _RANGES[_kind(convention, name)]
    if high < np.inf:
        return f"{low:g} <= {name} <= {high:g}"
    return f"{name} {'>=' if with_low else '>'} {low:g}"


def _kind(convention: Convention, name: str) -> str:
    if name == convention.mixing:
        return "share"
    if name == convention.precision:
        return "precision"
    powers = [term.power for term in convention.terms if term.parameter == name]
    return "scale" if min(powers, default=1) < 0 else "weight"


def _checked(
    convention: Convention, name: str, value: Any, names: tuple[str, ...] | None
) -> float | Floats:
    who = f"{name} of {convention.name}"
    labels, numbers = as_labelled_numbers(who, value)
    if labels is not None and names is None:
        raise PriormapError(
            f"{who} names its columns, but there are no others to meet them with; give data, or "
            "a plain vector"
        )
    is_factor = name == convention.factors
    is_vector = is_factor or (convention.per_column and name in convention.strengths)
    if numbers.ndim > is_vector or (is_factor and not numbers.ndim) or isinstance(value, bool):
        wanted = "a vector, one number per column" if is_factor else "a number"
        raise PriormapError(f"{who} must be {wanted}, got {short(value)}")
    if names is not None:
        numbers = in_order(who, labels, numbers, names)
        if numbers.ndim and len(numbers) != len(names):
            raise PriormapError(f"{who} has {len(numbers)} entries for {len(names)} columns")
    low, with_low, high, with_high, words = _RANGES[_kind(convention, name)]
    above = numbers >= low if with_low else numbers > low
    below = numbers <= high if with_high else numbers < high
    if not (above & below).all():
        bad = numbers.ravel()[~(above & below).ravel()]
        raise PriormapError(f"{who} must be {words}, got {bad[0]:g}")
    if is_factor and not numbers.any():
        raise PriormapError(f"{who} is zero in every column; penalise at least one")
    return numbers if numbers.ndim else float(numbers)
