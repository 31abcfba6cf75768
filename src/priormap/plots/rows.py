"""What figures of effects share: the zero line, the axis of effects, and rows with names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from priormap.plots.legends import shortened

EFFECT = "effect: change of y per sd of the column"


def mark_zero(axes: Axes, *, x: bool = False, y: bool = False) -> None:
    """Thin line where x, or y, is zero: behind everything."""
    style: dict[str, Any] = {"color": "0.6", "linewidth": 0.6, "zorder": 0}
    if x:
        axes.axvline(0, **style)
    if y:
        axes.axhline(0, **style)


def name_rows(axes: Axes, at: Sequence[float], names: Sequence[str]) -> None:
    """Write the name of each column beside its row."""
    axes.set_yticks(np.asarray(at), [shortened(name) for name in names])
    axes.tick_params(axis="y", length=0)


def label_effects(axes: Axes, note: str, label: str = EFFECT) -> None:
    """Name the horizontal axis, and below it say what is left out, if anything is."""
    axes.set_xlabel("\n".join(filter(None, [label, note and f"({note})"])))
