"""From a figure to a file that is whole or absent."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from priormap.errors import PriormapError
from priormap.plots.pull import plot_pull, pull_caption
from priormap.plots.shapes import plot_prior_shapes, prior_shapes_caption
from priormap.plots.shrinkage import plot_shrinkage, shrinkage_caption
from priormap.plots.style import COLUMN_WIDTH, HEIGHTS, house_style

__all__ = ["save_figure", "write_figures"]

# what each format calls a caption, and what keeps the time of writing out of the file
_FORMATS: Mapping[str, tuple[str, Mapping[str, None]]] = {
    "png": ("Description", {}),
    "svg": ("Description", {"Date": None}),
    "pdf": ("Subject", {"CreationDate": None}),
}
_EMBEDDED: Any = {"pdf.fonttype": 42, "svg.fonttype": "path", "svg.hashsalt": "priormap"}


class _Entry(NamedTuple):
    """One figure of the gallery, named by its file; lengths in inches."""

    name: str
    height: float
    headroom: float  # above the axes
    draw: Callable[[Figure], object]
    caption: Callable[[], str]


_GALLERY = (
    _Entry(
        "prior-shapes",
        HEIGHTS["prior_shapes"],
        0.06,
        lambda figure: plot_prior_shapes(axes=figure.subplots(2, sharex=True)),
        prior_shapes_caption,
    ),
    _Entry(
        "pull",
        HEIGHTS["pull"],
        0.26,
        lambda figure: plot_pull(ax=figure.subplots()),
        pull_caption,
    ),
    _Entry(
        "shrinkage",
        HEIGHTS["shrinkage"],
        0.06,
        lambda figure: plot_shrinkage(ax=figure.subplots()),
        shrinkage_caption,
    ),
)


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
    >>> axes = plot_shrinkage(ax=Figure().subplots())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_figure(axes, f"{folder}/shrinkage.svg").name
    'shrinkage.svg'
    """
    path = Path(path)
    content = _rendered(_figure_of(drawn), _known_format(path.suffix.removeprefix(".")), caption)
    _write_whole(path, content)
    return path


def write_figures(folder: str | os.PathLike[str], format: str = "png") -> list[Path]:
    """Write the figures that need no data: prior shapes, pull and shrinkage.

    Everything is checked and drawn before the first file is written, each under a temporary
    name that is then moved. A folder that does not exist is made; earlier figures in it are
    replaced.

    Parameters
    ----------
    folder : path
        Where to write ``prior-shapes``, ``pull`` and ``shrinkage``.
    format : {"png", "svg", "pdf"}

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    PriormapError
        If the format is unknown or the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_figures(folder)]
    ['prior-shapes.png', 'pull.png', 'shrinkage.png']
    """
    format = _known_format(format)
    folder = _writable(Path(folder))
    contents = {}
    with house_style():
        for entry in _GALLERY:
            content = _rendered(_drawn(entry), format, entry.caption())
            contents[folder / f"{entry.name}.{format}"] = content
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from None
    for path, content in contents.items():
        _write_whole(path, content)
    return list(contents)


def _drawn(entry: _Entry) -> Figure:
    """Draw one figure of the gallery, whose labels are known: it needs no layout engine.

    That engine measures every label once more, which costs a few tenths of a second.
    """
    with matplotlib.rc_context({"figure.constrained_layout.use": False}):
        figure = Figure(figsize=(COLUMN_WIDTH, entry.height))
    top, bottom = 1 - entry.headroom / entry.height, 0.38 / entry.height
    figure.subplots_adjust(left=0.155, right=0.98, top=top, bottom=bottom, hspace=0.08)
    entry.draw(figure)
    return figure


def _known_format(format: str) -> str:
    if format not in _FORMATS:
        raise PriormapError(f"format must be png, svg or pdf, got {format!r}")
    return format


def _writable(folder: Path) -> Path:
    """Return `folder` if files can be written into it, or it can be made."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise PriormapError(f"folder {folder} cannot be made: {nearest} is a file; name another")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise _unwritable(folder, PermissionError(f"no permission to write in {nearest}"))
    return folder


def _unwritable(path: Path, error: OSError) -> PriormapError:
    reason = error.strerror or error
    return PriormapError(f"cannot write {path} ({reason}); choose a folder that you may write")


def _figure_of(drawn: object) -> Figure:
    if isinstance(drawn, Figure):
        return drawn
    first = np.ravel(np.asarray(drawn, dtype=object))[:1]
    if not len(first) or not isinstance(first[0], Axes):
        raise PriormapError(f"drawn must be a matplotlib Figure or Axes, got {drawn!r}")
    return first[0].figure.figure  # the root, also of a subfigure


def _rendered(figure: Figure, format: str, caption: str) -> bytes:
    key, metadata = _FORMATS[format]
    file = io.BytesIO()
    with matplotlib.rc_context(_EMBEDDED):
        figure.savefig(file, format=format, dpi=300, metadata={**metadata, key: caption})
    return file.getvalue()


def _write_whole(path: Path, content: bytes) -> None:
    """Write under a temporary name in the same folder, then move."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        temporary.unlink(missing_ok=True)
