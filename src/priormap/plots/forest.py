"""All priors, all coefficients: intervals, means and modes in one forest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.axes import Axes

from priormap.plots.figure import ContrastFigure
from priormap.plots.marks import (
    label_effects,
    legend_above,
    line_handles,
    mark,
    mark_handles,
    mark_zero,
    name_rows,
)
from priormap.plots.words import per_sd
from priormap.tables.chosen import Features, check_contrast, chosen_features, left_out
from priormap.tables.effects import MOST_EFFECTS, contrast_table, interval_mass
from priormap.tables.posterior_contrast import Contrast

if TYPE_CHECKING:
    import pandas as pd


_BELOW = 0.17  # of a row: where a triangle points up to its line
_BAND = 0.42  # of a row: what the priors share


def plot_contrast(
    table: Contrast,
    features: Features = None,
    *,
    ax: Axes | None = None,
    axes: Any = None,
    labels: Mapping[str, str] | None = None,
    units: str = "",
) -> Axes:
    """Draw intervals, means and modes of every prior, one row for each column.

    Lines are highest-density intervals, with triangles below them at the posterior means. Full
    circles are modes; hollow ones on the zero line are modes that are exactly zero.

    Parameters
    ----------
    table, features
        As in `contrast_table`, whose numbers are drawn.
    ax, axes : Axes, optional
        Where to draw (either word will do); default: a new figure.
    labels : dict of str, optional
        What columns are called in the figure, by their names in the data.
    units : str
        Unit of y, for the names of the axes.

    Returns
    -------
    Axes

    Raises
    ------
    PriormapError
        If `table` is no `Contrast`, or a feature is unknown, constant or named twice.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> table = contrast(Regression(X, X[:, 0], sigma=1.0), {"lasso": Laplace(0.1)}, random_seed=1)
    >>> [text.get_text() for text in plot_contrast(table, ax=Figure().subplots()).get_yticklabels()]
    ['x0', 'x1']
    """
    drawn: Axes = Forest.of(table, features).plot(ax, axes, labels, units)
    return drawn


def contrast_caption(
    table: Contrast,
    features: Features = None,
    *,
    labels: Mapping[str, str] | None = None,
    units: str = "",
) -> str:
    """Caption of `plot_contrast`, with its numbers computed from the same table."""
    return Forest.of(table, features).said(labels, units)


@dataclass(frozen=True, eq=False)
class Forest(ContrastFigure):
    """`plot_contrast`."""

    chosen: tuple[str, ...]

    @classmethod
    def of(cls, table: Contrast, features: Features = None) -> Self:
        return cls(table, chosen_features(check_contrast(table), features, MOST_EFFECTS))

    @property
    def height(self) -> float:
        return 1.0 + (0.13 + 0.09 * len(self.table.priors)) * len(self.chosen)

    def compute(self) -> Mapping[str, pd.DataFrame]:
        return {"": contrast_table(self.table, self.chosen)}

    def draw(self, axes: Axes) -> None:
        mark_zero(axes, x=True)
        several = len(self.looks) > 1
        offsets = _BAND * (np.linspace(0, 1, len(self.looks)) - 0.5 * several)
        for name, offset in zip(self.looks, offsets, strict=True):
            self._draw_prior(axes, name, np.arange(len(self.chosen)) + offset)
        name_rows(axes, range(len(self.chosen)), self.chosen)
        axes.set_ylim(len(self.chosen) - 0.4, -0.6)
        axes.margins(x=0.03)
        label_effects(axes, left_out(self.table, len(self.chosen)))
        lines = line_handles({f"{name}: interval": look for name, look in self.looks.items()})
        hollow = "mode exactly 0" * bool(self.tables[""]["is_zero"].any())
        legend_above(axes, lines + mark_handles(["mode", "mean"], hollow=hollow))

    def _draw_prior(self, axes: Axes, name: str, at: Any) -> None:
        rows, look = self.tables[""], self.looks[name]
        part = rows[rows["prior"] == name]
        ends = np.array([part["hdi_low"], part["hdi_high"]])
        axes.plot(ends, [at, at], marker="|", markersize=3, label=f"interval {name}", **look.line)
        mean = mark("mean", look.color)
        axes.plot(part["mean"], at + _BELOW, label=f"mean {name}", zorder=3, **mean)
        for is_zero in (False, True):
            kind = (part["is_zero"] == is_zero).to_numpy()
            label = f"mode {name}" + ", exactly 0" * is_zero
            style = mark("mode", look.color, is_hollow=is_zero)
            axes.plot(part["mode"][kind], at[kind], label=label, zorder=4, **style)

    @property
    def caption(self) -> str:
        rows = self.tables[""]
        text = (
            f"Highest-density intervals (lines, {interval_mass(self.table):.0%} of the draws), "
            f"posterior means (triangles) and modes (circles) of {len(self.chosen)} coefficients "
            f"under {self.priors_listed}, in {per_sd()} of the column."
        )
        if note := left_out(self.table, len(self.chosen)):
            text += f" Shown are {note}."
        for name in self.table.modes:
            part = rows[rows["prior"] == name]
            zeros = part[part["is_zero"]]
            text += f" {name}: {len(zeros)} of {len(part)} modes are exactly 0 (hollow)"
            if len(zeros):
                size = zeros["mean"].abs()
                text += f", and their posterior means lie between {size.min():.2g} and "
                text += f"{size.max():.2g} away from it"
            text += "."
        return text
