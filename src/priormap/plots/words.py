"""Words that a caller gives a figure: what its columns are called, and the unit of y."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from priormap.checks import short
from priormap.errors import PriormapError, visible


@dataclass(frozen=True)
class Words:
    """Names of columns in a figure, where they are not those of the data, and the unit of y."""

    labels: Mapping[str, str] = field(default_factory=dict)
    units: str = ""


_words: ContextVar[Words] = ContextVar("words", default=Words())  # noqa: B039 - it is frozen


@contextmanager
def written_with(
    labels: Mapping[str, str] | None, units: str, columns: Sequence[str]
) -> Iterator[None]:
    """Context in which `column_label`, `called` and `in_units` use these words, or refuse them."""
    given = {} if labels is None else labels
    if not isinstance(given, Mapping) or not all(isinstance(one, str) for one in given.values()):
        raise PriormapError(
            'labels must be a dict of column names and texts, as {"x0": "age"}, got '
            f"{short(given)}"
        )
    if not isinstance(units, str):
        raise PriormapError(f"units must be a text, the unit of y, got {short(units)}")
    unknown = [name for name in given if name not in columns]
    if unknown:
        known = ", ".join(columns[:8]) + ", ..." * (len(columns) > 8)
        raise PriormapError(
            f"labels has {short(unknown[0])}, which is no column; choose from: {known}"
        )
    token = _words.set(Words(given, units))
    try:
        yield
    finally:
        _words.reset(token)


def shortened(name: str, most: int = 14) -> str:
    """Name with its middle left out, where it is longer than `most` characters."""
    name = visible(name)
    if len(name) <= most:
        return name
    tail = (most - 1) // 2
    return f"{name[: most - 1 - tail]}…{name[-tail:]}"


def column_label(name: str, most: int = 14) -> str:
    """What the caller calls a column, shortened."""
    return shortened(_words.get().labels.get(name, name), most)


def called(name: str) -> str:
    """What the caller calls a column, in full."""
    return _words.get().labels.get(name, name)


def unit_of_y() -> str:
    """Name of the unit of y."""
    return _words.get().units or "unit of y"


def in_units(per: str = "") -> str:
    """Return the unit of y (and what it is per) in brackets, if the caller has said it."""
    units = _words.get().units
    return f" ({units}{per})" if units else ""


def per_sd() -> str:
    """What effects are measured in."""
    return f"changes of y{in_units()} per standard deviation"


def effect_label() -> str:
    """Name of the axis of effects."""
    return f"effect: change of y{in_units()} per sd of the column"
