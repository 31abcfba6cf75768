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

    def shaded(self, share: float) -> Look:
        """Return the same look with `share` of black mixed into its colour."""
        red, green, blue = ((1 - share) * c for c in to_rgb(self.color))
        return replace(self, color=to_hex((red, green, blue)))

    @property
    def ink(self) -> str:
        """Colour of words: the same hue, as dark as a contrast of 4.5 to white asks for."""
        color = np.array(to_rgb(self.color))
        shades = (to_hex(color * share) for share in np.linspace(1, 0, 101))
        return next(shade for shade in shades if _luminance(shade) <= 1.05 / 4.5 - 0.05)


def _luminance(color: str) -> float:
    """Relative luminance: 0 of black and 1 of white."""
    channel = np.array(to_rgb(color))
    linear = np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


# Hues after Okabe and Ito, moved so that no two share a luminance: in greyscale they run from
# black to light grey (CIE L* = 28, 52, 61, 35, 47, 21, 6, 12, 0, 69, 75, 41 in this order).
LOOKS: Mapping[str, Look] = {
    "Gaussian": Look("#00456f", "-"),
    "Laplace": Look("#cc5a00", "--"),
    "ElasticNet": Look("#00a67a", "-."),
    "StudentT": Look("#753989", (0, (9, 2))),
    "Cauchy": Look("#936600", (0, (2, 1))),
    "Horseshoe": Look("#62140d", (0, (6, 1.2, 2.5, 1.2))),
    "SpikeAndSlab": Look("#051616", (0, (8, 1.2, 1, 1.2, 1, 1.2))),
    "NormalGamma": Look("#19220f", (0, (4, 1, 1, 1, 1, 1))),
    "R2D2": Look("#e6dcc3", (0, (3, 1, 1, 1))),
    "Flat": Look("#c3cdd4", "-"),
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


def one_of_both(ax: Any, axes: Any) -> Any:
    """Return what was given as `ax` or as `axes`, two words for where to draw."""
    if ax is not None and axes is not None:
        raise PriormapError("ax and axes both say where to draw; give one of them")
    return axes if ax is None else ax


def checked_axes(axes: Any, rows: int) -> Any:
    """Return one Axes, or an array of `rows` Axes, or refuse."""
    several = list(np.ravel(np.asarray(axes, dtype=object)))
    if rows == 1:
        if len(several) != 1 or not isinstance(several[0], Axes):
            raise PriormapError(f"ax must be a matplotlib Axes, got {_kind(axes)}")
        return several[0]
    if len(several) != rows or not all(isinstance(ax, Axes) for ax in several):
        raise PriormapError(
            f"axes must be {rows} matplotlib Axes, as from Figure().subplots({rows}), got "
            f"{len(several)} of {', '.join(sorted({_kind(ax) for ax in several}))}"
        )
    return np.array(several, dtype=object)


def _kind(value: object) -> str:
    return type(value).__name__
