"""A figure as bytes inside another document, which then has no window and no pyplot figure."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from priormap.errors import PriormapWarning
from priormap.plots.style import house_style

_DPI = 200  # of a PNG: about two pixels for each one that a screen shows


def embedded_figure(
    draw: Callable[[], Figure | Axes | np.ndarray[Any, Any]], format: str, name: str
) -> bytes:
    """Draw a new figure with a ``plot_*`` function, return it as SVG or PNG, and close it.

    Glyphs are paths, so that it looks the same where its fonts are missing, and the bytes do
    not depend on the time. `name` keeps the inner names of one SVG apart from those of another.

    Warns
    -----
    PriormapWarning
        If the font of the figures lacks a character of a name.

    Examples
    --------
    >>> from priormap.plots import plot_shrinkage
    >>> embedded_figure(plot_shrinkage, "png", "shrinkage")[1:4]
    b'PNG'
    """
    from matplotlib import pyplot as plt

    file = io.BytesIO()
    with plt.ioff(), house_style():
        figure = _figure_of(draw())
        try:
            with plt.rc_context({"svg.fonttype": "path", "svg.hashsalt": name}):
                _save(figure, file, format)
        finally:
            plt.close(figure)
    return file.getvalue()


def _save(figure: Figure, file: io.BytesIO, format: str) -> None:
    metadata = {"Date": None} if format == "svg" else {"Software": None}
    with warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", message="Glyph .* missing from font")
        figure.savefig(file, format=format, dpi=_DPI, metadata=metadata)
    if caught:
        warnings.warn(
            "figures show a box for each character that their font lacks; tables show it",
            PriormapWarning,
            stacklevel=4,
        )


def _figure_of(drawn: Any) -> Figure:
    if isinstance(drawn, Figure):
        return drawn
    figure: Figure = np.ravel(np.asarray(drawn, dtype=object))[0].figure.figure
    return figure
