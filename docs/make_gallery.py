"""Make the figures of the README: ``python docs/make_gallery.py``.

Each image keeps its caption and the numbers that it shows (rows of the tables behind it, its
labels, the colours) in its metadata. ``tests/test_gallery.py`` computes the numbers anew and
compares: it fails when a figure would look different now, and asks for this command. Numbers are
compared, not bytes, as fonts and image libraries differ between machines.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sklearn.datasets import load_diabetes

from priormap import Contrast, Gaussian, Laplace, Regression, contrast, plots
from priormap.priors import Prior

FOLDER = Path(__file__).parent / "images"
NUMBERS = "Numbers"  # key of the metadata
_DPI = 200
_COLORS = 128
_ROWS = 15  # of each table


@dataclass(frozen=True)
class Shown:
    """One image: what stands for it where it cannot be seen, and the functions that make it."""

    alt: str
    draw: Callable[[], Any]
    caption: Callable[[], str]
    tables: dict[str, Callable[[], pd.DataFrame]]
    sampled: tuple[str, ...] = ()  # tables that hold draws, which differ between machines


@cache
def diabetes() -> Regression:
    """Return the data of every figure."""
    frame = load_diabetes(as_frame=True, scaled=False).frame
    return Regression.from_frame(frame, target="target", sigma=54.0, standardize=True)


@cache
def both() -> Contrast:
    """Modes and posteriors under the priors of the README."""
    priors: dict[str, Prior] = {"ridge": Gaussian(17.0), "lasso": Laplace(4.0)}
    return contrast(diabetes(), priors, random_seed=1)


FIGURES = {
    "geometry": Shown(
        "Loss ellipses of two columns touch the diamond of the lasso at a corner, where one "
        "coefficient is exactly zero, and the circle of ridge elsewhere; beside them the same "
        "curves as likelihood and prior, with the posterior, its mode, mean and medians.",
        lambda: plots.plot_geometry(diabetes()),
        lambda: plots.geometry_caption(diabetes()),
        {
            "contours": lambda: plots.geometry_table(diabetes()),
            "points": lambda: plots.geometry_points_table(diabetes()),
        },
    ),
    "path": Shown(
        "Lasso modes of ten columns along the scale of the prior, with the posterior means and "
        "90% bands of the three strongest; circles on the zero line show where each coefficient "
        "leaves zero.",
        lambda: plots.plot_path(diabetes(), Laplace()),
        lambda: plots.path_caption(diabetes(), Laplace()),
        {
            "modes": lambda: plots.path_table(diabetes(), Laplace()),
            "knots": lambda: plots.path_knots_table(diabetes(), Laplace()),
            "posteriors": lambda: plots.path_posterior_table(diabetes(), Laplace()),
        },
        sampled=("posteriors",),
    ),
    "posterior_vs_map": Shown(
        "Posterior densities of four coefficients under ridge and lasso with their modes as "
        "spikes: two lasso modes are exactly zero, at the kink of densities that spread to both "
        "sides.",
        lambda: plots.plot_posterior_vs_map(both()),
        lambda: plots.posterior_vs_map_caption(both()),
        {
            "densities": lambda: plots.posterior_vs_map_table(both()),
            "points": lambda: plots.posterior_vs_map_points_table(both()),
        },
        sampled=("densities", "points"),
    ),
    "pull": Shown(
        "Pull of the two penalties on a weight, on logarithmic axes: that of L1 is the same at "
        "every weight, that of L2 grows with it. At 15 a small step gains 29.999 times as much "
        "from L2, at 0.02 it gains 25.641 times as much from L1.",
        plots.plot_pull,
        plots.pull_caption,
        {"pull": plots.pull_table, "steps": plots.pull_steps_table},
    ),
}


def numbers_of(name: str) -> dict[str, Any]:
    """What the figure shows, as numbers and words that JSON holds."""
    shown = FIGURES[name]
    axes: list[Axes] = list(np.ravel(_drawn(name)))
    legends = [*axes[0].figure.figure.legends, *filter(None, (ax.get_legend() for ax in axes))]
    return {
        "tables": {key: _rows(make()) for key, make in shown.tables.items()},
        "labels": [(ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel()) for ax in axes],
        "legend": [text.get_text() for legend in legends for text in legend.get_texts()],
        "notes": [text.get_text() for ax in axes for text in ax.texts],
        "size": axes[0].figure.figure.get_size_inches().tolist(),
        "style": _style(),
    }


def make(name: str) -> Path:
    """Draw one figure and write it with its caption and numbers."""
    path, drawn = FOLDER / f"{name}.png", io.BytesIO()
    np.ravel(_drawn(name))[0].figure.figure.savefig(drawn, dpi=_DPI)
    metadata = PngInfo()
    metadata.add_itxt("Description", FIGURES[name].caption())
    metadata.add_itxt(NUMBERS, json.dumps(numbers_of(name)), zip=True)
    few = Image.open(drawn).convert("RGB").quantize(_COLORS, dither=Image.Dither.NONE)
    few.save(path, optimize=True, pnginfo=metadata)
    return path


@cache
def _drawn(name: str) -> Any:
    with plots.house_style():
        return FIGURES[name].draw()


def _rows(table: pd.DataFrame) -> dict[str, Any]:
    """Evenly spread rows of a table, and how many there are."""
    some = table.iloc[np.linspace(0, len(table) - 1, min(len(table), _ROWS)).round().astype(int)]
    columns: dict[str, list[Any]] = {}
    for key, column in some.items():
        if pd.api.types.is_float_dtype(column):
            columns[str(key)] = [float(f"{value:.7g}") for value in column]
        else:
            columns[str(key)] = column.tolist()
    return {"rows": len(table), "columns": columns}


def _style() -> str:
    """Fingerprint of the style sheet and of the looks of all kinds of things."""
    sheet = resources.files("priormap.plots").joinpath("priormap.mplstyle").read_text("utf-8")
    return hashlib.sha256(f"{sheet}{dict(plots.LOOKS)}".encode()).hexdigest()[:16]


if __name__ == "__main__":
    for figure in FIGURES:
        written = make(figure)
        print(f"{written.stat().st_size / 1000:.0f} kB  {written}")
        print(f"![{FIGURES[figure].alt}](docs/images/{written.name})")
