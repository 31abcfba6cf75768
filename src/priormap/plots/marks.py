"""One mark for each kind of point, the same in every figure and legend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from priormap.plots.style import LOOKS

if TYPE_CHECKING:
    from matplotlib.lines import Line2D


MARKS: Mapping[str, Mapping[str, Any]] = {
    "mode": {"marker": "o", "markersize": 4.5},
    "mean": {"marker": "^", "markersize": 4.5},
    "median": {"marker": "s", "markersize": 3.6},
    "penalised fit": {"marker": "x", "markersize": 4.2},
    "least squares": {"marker": "+", "markersize": 6.0, "markeredgewidth": 1.4},
}
_WORDS = {"mean": "posterior mean", "median": "posterior median"}


def mark(kind: str, color: str = "black", *, is_hollow: bool = False) -> dict[str, Any]:
    """Keyword arguments of ``Axes.plot`` for a point; hollow where it is exactly zero."""
    look = {**MARKS[kind], "color": color, "linestyle": "none"}
    if is_hollow:
        look["markerfacecolor"] = "white"
    if kind == "least squares":
        look["color"] = LOOKS["least squares"].color
    return look


def mark_handles(kinds: Iterable[str], *, hollow: str = "") -> list[Line2D]:
    """Legend entries in black, as the same mark serves every prior.

    Parameters
    ----------
    kinds : iterable of str
        Names of `MARKS`.
    hollow : str
        What a hollow mode is, if there is one.
    """
    from matplotlib.lines import Line2D

    handles = []
    for kind in kinds:
        handles.append(Line2D([], [], label=_WORDS.get(kind, kind), **mark(kind)))
        if kind == "mode" and hollow:
            handles.append(Line2D([], [], label=hollow, **mark(kind, is_hollow=True)))
    return handles
