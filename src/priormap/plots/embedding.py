"""A figure as bytes inside another document, which then has no window and no pyplot figure."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from priormap.plots.fonts import without_boxes_said
from priormap.plots.saving import figure_of
from priormap.plots.style import house_style

_DPI = 200  # of a PNG: about two pixels for each one that a screen shows


def embedded_figure(
    draw: Callable[[], Figure | Axes | np.ndarray[Any, Any]], format: str, name: str
) -> bytes:
    """Draw a new figure with a ``plot_*`` function, return it as SVG or PNG, and close it.

    Glyphs are paths, so that it looks the same where its fonts are missing, and the bytes do
    not depend on the time. `name` keeps the inner names of one SVG apart from those of another.

    Examples
    --------
    >>> from priormap.plots import plot_shrinkage
    >>> embedded_figure(plot_shrinkage, "png", "shrinkage")[1:4]
    b'PNG'
    """
    from matplotlib import pyplot as plt

    file = io.BytesIO()
    with plt.ioff(), house_style():
        figure = figure_of(draw())
        paths: Any = {"svg.fonttype": "path", "svg.hashsalt": name}
        metadata = {"Date": None} if format == "svg" else {"Software": None}
        try:
            with plt.rc_context(paths), without_boxes_said():
                figure.savefig(file, format=format, dpi=_DPI, metadata=metadata)
        finally:
            plt.close(figure)
    return file.getvalue()
