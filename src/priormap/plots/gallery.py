"""Which figures `write_figures` writes: one entry for each file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.figure import Figure as Canvas

from priormap.plots.figure import Figure
from priormap.plots.register import FIGURES, Entry
from priormap.plots.style import COLUMN_WIDTH

if TYPE_CHECKING:
    import pandas as pd

    from priormap.tables import Contrast


@dataclass(frozen=True, eq=False)
class Picture:
    """The files of one figure, which is made once, when the first of them is wanted.

    Attributes
    ----------
    entry : Entry
    prior : str
        Name of its prior, where each prior has a figure of its own.
    make : callable
        Returns the figure.
    """

    entry: Entry
    prior: str
    make: Callable[[], Figure]

    @property
    def name(self) -> str:
        """Of the files, without endings."""
        own = re.sub(r"[^\w.]+", "-", self.prior).strip("-.") or "prior"
        return self.entry.name.replace("_", "-") + f"-{own}" * bool(self.prior)

    @property
    def parts(self) -> Mapping[str, str]:
        """What is added to the name for each table behind it."""
        return {part: f"-{part}" * bool(part) for part in ("", *self.entry.parts)}

    @cached_property
    def figure(self) -> Figure:
        """The figure itself."""
        return self.make()

    @property
    def caption(self) -> str:
        """What it shows."""
        return self.figure.caption

    def draw(self) -> Any:
        """Draw it for a file."""
        return self.figure.plot() if self.figure.headroom is None else _laid_out(self.figure)

    def table(self, part: str) -> pd.DataFrame:
        """Return one of the tables behind it."""
        return self.figure.tables[part]


def prior_pictures() -> list[Picture]:
    """Return the figures that need no data."""
    return [
        Picture(entry, "", lambda entry=entry: entry.load().of())  # type: ignore[misc]
        for entry in FIGURES
        if entry.written == "alone"
    ]


def data_pictures(
    priors: Sequence[str],
    contrast: Callable[[], Contrast],
    features: tuple[str, ...] | None = None,
    resampled: bool = False,
) -> list[Picture]:
    """Return the figures of a contrast, which is asked for when the first of them is made.

    Parameters
    ----------
    priors : list of str
        Names of its priors.
    contrast : callable
        Returns it.
    features : tuple of two str, optional
        Columns of the figures of two coefficients.
    resampled : bool
        Whether it holds resamples.
    """

    def picture(entry: Entry, prior: str) -> Picture:
        return Picture(entry, prior, lambda: entry.load().of_contrast(contrast(), features, prior))

    names: Mapping[str, Sequence[str]] = {
        "once": [""],
        "each prior": priors,
        "resampled": [""] * resampled,
    }
    return [picture(entry, prior) for entry in FIGURES for prior in names.get(entry.written, ())]


def _laid_out(shown: Figure) -> Canvas:
    """Draw a figure whose labels are known: it needs no layout engine.

    That engine measures every label once more, which costs a few tenths of a second.
    """
    with matplotlib.rc_context({"figure.constrained_layout.use": False}):
        canvas = Canvas(figsize=(COLUMN_WIDTH, shown.height))
    top, bottom = 1 - (shown.headroom or 0.0) / shown.height, 0.38 / shown.height
    canvas.subplots_adjust(left=0.155, right=0.98, top=top, bottom=bottom, hspace=0.08)
    shown.plot(canvas.subplots(shown.rows, sharex=shown.shares_x))
    return canvas
