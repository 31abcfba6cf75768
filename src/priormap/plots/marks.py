"""What figures share: marks, legends, the axis of effects, regions of a posterior."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

from priormap.plots.style import LOOKS, Look
from priormap.plots.words import column_label, effect_label, shortened
from priormap.tables.contours import density_levels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.lines import Line2D


MARKS: Mapping[str, Mapping[str, Any]] = {
    "mode": {"marker": "o", "markersize": 4.5},
    "mean": {"marker": "^", "markersize": 4.5},
    "median": {"marker": "s", "markersize": 3.6},
    "penalised fit": {"marker": "x", "markersize": 4.2},
    "least squares": {"marker": "+", "markersize": 6.0, "markeredgewidth": 1.4},
}
NO_SHRINKAGE: Mapping[str, Any] = {  # the diagonal of estimates against observed values
    **LOOKS["least squares"].line,
    "linestyle": "-",
    "linewidth": 0.8,
    "label": "no shrinkage",
}
_RINGS = {"mean": 10.0, "median": 6.5}  # points across, about a mode of 4.5
_WORDS = {"mean": "posterior mean", "median": "posterior median"}
LEADER: dict[str, Any] = {  # from a name that was moved to what it names
    "arrowstyle": "-",
    "color": "0.75",
    "linewidth": 0.6,
    "shrinkA": 0.5,
    "shrinkB": 0,
}
_NAME = 0.055  # of the height of the axes, between names of lines
_CHARACTERS = 48  # in a line of legend entries, beside their handles


def mark(
    kind: str,
    color: str = "black",
    *,
    is_hollow: bool = False,
    is_edged: bool = False,
    is_ring: bool = False,
) -> dict[str, Any]:
    """Keyword arguments of ``Axes.plot`` for a point; hollow where it is exactly zero.

    A white edge keeps it apart from what it is drawn over; as a ring it is seen about a mode
    at the same place.
    """
    look = {**MARKS[kind], "color": color, "linestyle": "none"}
    if is_ring and kind in _RINGS:
        look |= {"markerfacecolor": "none", "markersize": _RINGS[kind], "markeredgewidth": 0.9}
    if is_hollow:
        look["markerfacecolor"] = "white"
    if is_edged:
        look |= {"markeredgecolor": "white", "markeredgewidth": 0.5}
    if kind == "least squares":
        look["color"] = LOOKS["least squares"].color
    return look


def mark_handles(kinds: Iterable[str], *, hollow: str = "", is_ring: bool = False) -> list[Line2D]:
    """Legend entries in black, as the same mark serves every prior.

    Parameters
    ----------
    kinds : iterable of str
        Names of `MARKS`.
    hollow : str
        What a hollow mode is, if there is one.
    is_ring : bool
        Whether means and medians are rings.
    """
    from matplotlib.lines import Line2D

    handles = []
    for kind in kinds:
        handles.append(Line2D([], [], label=_WORDS.get(kind, kind), **mark(kind, is_ring=is_ring)))
        if kind == "mode" and hollow:
            handles.append(Line2D([], [], label=hollow, **mark(kind, is_hollow=True)))
    return handles


def line_handles(looks: Mapping[str, Look]) -> list[Any]:
    """Legend entries of lines by their names."""
    from matplotlib.lines import Line2D

    return [Line2D([], [], label=name, **look.line) for name, look in looks.items()]


def legend_above(axes: Axes, handles: list[Any], lift: float = 0.0) -> None:
    """Put a legend `lift` points above the axes, in as many columns (at most 3) as fit.

    Inside, where other panels are above and no layout engine makes room between them.
    """
    place, figure = axes.get_subplotspec(), axes.figure
    if place and place.rowspan.start > 0 and figure.get_layout_engine() is None:
        axes.legend(loc="best", **_compact(handles) | {"ncols": 1})
        return
    above = ScaledTranslation(0, lift / 72, figure.dpi_scale_trans)
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


def mark_zero(axes: Axes, *, x: bool = False, y: bool = False) -> None:
    """Thin line where x, or y, is zero: behind everything."""
    style: dict[str, Any] = {"color": "0.6", "linewidth": 0.6, "zorder": 0}
    if x:
        axes.axvline(0, **style)
    if y:
        axes.axhline(0, **style)


def name_rows(axes: Axes, at: Sequence[float], names: Sequence[str]) -> None:
    """Write the name of each column beside its row."""
    axes.set_yticks(np.asarray(at), [column_label(name) for name in names])
    axes.tick_params(axis="y", length=0)


def name_lines(axes: Axes, ends: Mapping[str, float], inks: Mapping[str, str]) -> None:
    """Write each name at the right end of its line, moved apart where they would touch."""
    low, high = axes.get_ylim()
    names = sorted(ends, key=ends.__getitem__)
    wanted = np.array([(ends[name] - low) / (high - low) for name in names])
    for name, goal, at in zip(names, wanted, spread_apart(wanted, _NAME), strict=True):
        axes.annotate(
            column_label(name, 9),
            (1, goal),
            xycoords="axes fraction",
            xytext=(1.03, at),
            textcoords="axes fraction",
            color=inks[name],
            va="center",
            fontsize="small",
            arrowprops=LEADER,
            annotation_clip=False,
        )


def spread_apart(wanted: Any, gap: float) -> Any:
    """Rising positions at least `gap` apart, as near to the wanted ones as possible."""
    groups: list[list[float]] = []  # mean of (wanted - rank * gap), and number of members
    for rank, goal in enumerate(wanted):
        groups.append([goal - rank * gap, 1])
        while len(groups) > 1 and groups[-2][0] > groups[-1][0]:
            mean, count = groups.pop()
            total = groups[-1][1] + count
            groups[-1] = [(groups[-1][0] * groups[-1][1] + mean * count) / total, total]
    shifts = [mean for mean, count in groups for _ in range(int(count))]
    return np.array(shifts) + gap * np.arange(len(shifts))


def label_effects(axes: Axes, note: str, label: str = "") -> None:
    """Name the horizontal axis, and below it say what is left out, if anything is."""
    axes.set_xlabel("\n".join(filter(None, [label or effect_label(), note and f"({note})"])))


def fill_posterior(axes: Axes, density: pd.DataFrame) -> None:
    """Fill the regions that hold `MASSES` of a density with columns ``x, y, density``."""
    grid = density.pivot(index="y", columns="x", values="density")
    levels = [*density_levels(grid.to_numpy()), float(grid.to_numpy().max())]
    look = LOOKS["posterior"]
    fills = [look.tinted(0.75).color, look.tinted(0.5).color]
    axes.contourf(grid.columns, grid.index, grid, levels=levels, colors=fills, zorder=1)
    axes.contour(
        grid.columns, grid.index, grid, levels=levels[:-1], colors=look.color, linewidths=0.7
    )
