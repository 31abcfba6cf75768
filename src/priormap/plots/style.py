"""The house style: one look for each thing that a figure can show, the same everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from priormap.errors import PriormapError
from priormap.plots.fonts import readable
from priormap.priors import Prior

_windows: ContextVar[bool] = ContextVar("windows", default=True)
_STYLE_SHEET = "priormap.plots.priormap"  # matplotlib finds priormap.mplstyle in this package
COLUMN_WIDTH = 3.4  # inches


@dataclass(frozen=True)
class Look:
    """Colour and line style of one kind of thing.

    Examples
    --------
    >>> LOOKS["Gaussian"].line
    {'color': '#00456f', 'linestyle': '-'}
    """

    color: str
    linestyle: str | tuple[int, tuple[float, ...]] = "-"

    @property
    def line(self) -> dict[str, Any]:
        """Keyword arguments for ``Axes.plot``."""
        return {"color": self.color, "linestyle": self.linestyle}

    def tinted(self, share: float) -> Look:
        """Return the same look with `share` of white mixed into its colour."""
        red, green, blue = (c + share * (1 - c) for c in to_rgb(self.color))
        return replace(self, color=to_hex((red, green, blue)))


# Hues after Okabe and Ito, moved so that no two share a luminance: in greyscale they run
# from black to light grey (CIE L* = 28, 52, 61, 0, 69, 75, 41 in this order).
LOOKS: Mapping[str, Look] = {
    "Gaussian": Look("#00456f", "-"),
    "Laplace": Look("#cc5a00", "--"),
    "ElasticNet": Look("#00a67a", "-."),
    "StudentT": Look("#7a3b8f", (0, (5, 1.5))),
    "Cauchy": Look("#9a6b00", (0, (1, 1))),
    "Horseshoe": Look("#8c1c13", (0, (4, 1, 1, 1))),
    "SpikeAndSlab": Look("#1f8a8a", (0, (6, 2, 1, 2))),
    "NormalGamma": Look("#4f6d2f", (0, (3, 1, 1, 1, 1, 1))),
    "penalised fit": Look("#000000", "-"),
    "least squares": Look("#a8a8a8", ":"),
    "likelihood": Look("#68c2f5", "-"),
    "posterior": Look("#96417a", "-"),
}
_OTHER = Look("#7d6608", "-")


def look_of(label: str) -> Look:
    """Look of a family; one without an entry of its own has that of all others."""
    return LOOKS.get(label, _OTHER)


def looks_of(priors: Mapping[str, Prior]) -> dict[str, Look]:
    """Look of every named prior: that of its family, lighter for each further member."""
    families = [prior.label for prior in priors.values()]
    looks = {}
    for i, name in enumerate(priors):
        member, members = families[:i].count(families[i]), families.count(families[i])
        looks[name] = look_of(families[i]).tinted(0.5 * member / max(members - 1, 1))
    return looks


@contextmanager
def house_style() -> Iterator[None]:
    """Context in which new figures have the house style, whatever style was set before.

    Examples
    --------
    >>> import matplotlib
    >>> with house_style():
    ...     print(matplotlib.rcParams["pdf.fonttype"])
    42
    """
    with matplotlib.style.context(_STYLE_SHEET, after_reset=True):
        yield


@contextmanager
def drawing_axes(
    axes: Any, height: float, rows: int = 1, columns: int = 1, share: bool = True
) -> Iterator[Any]:
    """Yield the caller's axes in the caller's style, or new ones in the house style.

    New axes belong to pyplot, so that a notebook shows them and ``plt.show`` finds them. One
    panel is an Axes, one column of panels a vector, and several columns are a matrix.
    """
    if axes is not None:
        given = checked_axes(axes, rows * columns)
        with readable(np.ravel(given)[0].figure):
            yield given if columns == 1 else given.reshape(rows, columns)
        return
    with house_style():
        figure = _new_figure(height)
        grid = figure.subplots(rows, columns, sharex=share, squeeze=False)
        with readable(figure):
            yield grid if columns > 1 else (grid[:, 0] if rows > 1 else grid[0, 0])


@contextmanager
def without_windows() -> Iterator[None]:
    """Context in which new figures are for files only: no pyplot, and no window."""
    token = _windows.set(False)
    try:
        yield
    finally:
        _windows.reset(token)


def _new_figure(height: float) -> Figure:
    size = (COLUMN_WIDTH, height)
    if not _windows.get():
        return Figure(figsize=size)
    from matplotlib import pyplot as plt

    return plt.figure(figsize=size)


def checked_axes(axes: Any, rows: int) -> Any:
    """Return one Axes, or an array of `rows` Axes, or refuse."""
    if rows == 1:
        if not isinstance(axes, Axes):
            raise PriormapError(f"ax must be a matplotlib Axes, got {_kind(axes)}")
        return axes
    several = list(np.ravel(np.asarray(axes, dtype=object)))
    if len(several) != rows or not all(isinstance(ax, Axes) for ax in several):
        raise PriormapError(
            f"axes must be {rows} matplotlib Axes, as from Figure().subplots({rows}), got "
            f"{len(several)} of {', '.join(sorted({_kind(ax) for ax in several}))}"
        )
    return np.array(several, dtype=object)


def _kind(value: object) -> str:
    return type(value).__name__
