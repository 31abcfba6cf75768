"""Names and legends that fit one column, however long the caller's names are."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

_CHARACTERS = 48  # in a line of legend entries, beside their handles


def shortened(name: str, most: int = 14) -> str:
    """Name with its middle left out, where it is longer than `most` characters."""
    if len(name) <= most:
        return name
    tail = (most - 1) // 2
    return f"{name[: most - 1 - tail]}…{name[-tail:]}"


def legend_above(axes: Axes, handles: list[Any], lift: float = 0.0) -> None:
    """Put a legend `lift` points above the axes, in as many columns (at most 3) as fit."""
    above = ScaledTranslation(0, lift / 72, axes.figure.dpi_scale_trans)
    axes.legend(
        loc="lower right",  # to the left there is the room of the axis labels
        bbox_to_anchor=(1, 1),
        bbox_transform=axes.transAxes + above,
        **_compact(handles),
    )


def legend_of_figure(figure: Any, handles: list[Any]) -> None:
    """Put one legend above all axes of a figure, which makes room with a constrained layout."""
    figure.legend(loc="outside upper right", **_compact(handles))


def _compact(handles: list[Any]) -> dict[str, Any]:
    for handle in handles:
        handle.set_label(shortened(str(handle.get_label()), 30))
    longest = max(len(str(handle.get_label())) for handle in handles)
    return {
        "handles": handles,
        "ncols": max(1, min(3, _CHARACTERS // longest)),
        "columnspacing": 1.0,
        "handlelength": 1.9,
    }
