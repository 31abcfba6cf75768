"""From a figure to a file that is whole or absent."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from priormap.display.files import write_files
from priormap.errors import PriormapError, visible
from priormap.plots.fonts import without_boxes_said

# what each format calls a caption, and what keeps the time of writing out of the file
_FORMATS: Mapping[str, tuple[str, Mapping[str, None]]] = {
    "png": ("Description", {}),
    "svg": ("Description", {"Date": None}),
    "pdf": ("Subject", {"CreationDate": None}),
}
_EMBEDDED: Any = {"pdf.fonttype": 42, "svg.fonttype": "path", "svg.hashsalt": "priormap"}


def save_figure(
    drawn: Figure | Axes | NDArray[Any], path: str | os.PathLike[str], *, caption: str = ""
) -> Path:
    """Save a figure, or the figure of Axes that a ``plot_*`` returned, as PNG, SVG or PDF.

    Glyphs are embedded (PDF: TrueType, SVG: paths), and the bytes do not depend on the time.
    The file is written under a temporary name and moved, so that it is whole or absent.

    Parameters
    ----------
    drawn : Figure, Axes or array of Axes
    path : path
        Its ending names the format. An existing file is replaced.
    caption : str
        Kept in the metadata of the file.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    PriormapError
        If the ending is none of the three, or the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from matplotlib.figure import Figure
    >>> from priormap.plots import plot_shrinkage
    >>> axes = plot_shrinkage(ax=Figure().subplots())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_figure(axes, f"{folder}/shrinkage.svg").name
    'shrinkage.svg'
    """
    path = Path(path)
    content = rendered(figure_of(drawn), known_format(path.suffix.removeprefix(".")), caption)
    write_files({path: content})
    return path


def known_format(format: str) -> str:
    """Return the format, or refuse."""
    if format not in _FORMATS:
        raise PriormapError(f"format must be png, svg or pdf, got {format!r}")
    return format


def figure_of(drawn: object) -> Figure:
    """Return the figure of what a ``plot_*`` returned."""
    if isinstance(drawn, Figure):
        return drawn
    first = np.ravel(np.asarray(drawn, dtype=object))[:1]
    if not len(first) or not isinstance(first[0], Axes):
        raise PriormapError(f"drawn must be a matplotlib Figure or Axes, got {drawn!r}")
    return first[0].figure.figure  # the root, also of a subfigure


def rendered(figure: Figure, format: str, caption: str) -> bytes:
    """Return the content of the file, with the caption in its metadata."""
    key, metadata = _FORMATS[format]
    file = io.BytesIO()
    with matplotlib.rc_context(_EMBEDDED), without_boxes_said():
        figure.savefig(file, format=format, dpi=300, metadata={**metadata, key: visible(caption)})
    return file.getvalue()
