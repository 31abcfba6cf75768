"""Which prior predicts best: differences of leave-one-out density, and stacking weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.axes import Axes

from priormap.plots.figure import Figure
from priormap.plots.marks import mark_zero, name_rows
from priormap.plots.style import looks_of
from priormap.tables.prior_comparison import SMALL, PriorComparison, compare_table

if TYPE_CHECKING:
    import pandas as pd


def plot_compare(found: PriorComparison, *, ax: Axes | None = None, axes: Any = None) -> Axes:
    """Draw by how much each prior predicts worse than the best one, and the stacking weights.

    Points are differences of leave-one-out log density, a sum over rows, with lines of two
    standard errors; differences inside the grey band are small whatever their error says.

    Parameters
    ----------
    found : PriorComparison
        What `compare_priors` returned.
    ax, axes : Axes, optional
        Where to draw (either word will do); default: a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    PriormapError
        If `found` is no `PriorComparison`.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from priormap import Gaussian, Regression, compare_priors
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> pair = {"wide": Gaussian(1.0), "narrow": Gaussian(0.01)}
    >>> found = compare_priors(Regression(X, X[:, 0], sigma=1.0), pair, random_seed=0)
    >>> plot_compare(found, ax=Figure().subplots()).get_xlabel()
    'log predictive density, less that of the best prior'
    """
    drawn: Axes = Comparison.of(found).plot(ax, axes)
    return drawn


def compare_caption(found: PriorComparison) -> str:
    """Caption of `plot_compare`, with its numbers computed from the same table."""
    return Comparison.of(found).caption


@dataclass(frozen=True, eq=False)
class Comparison(Figure):
    """`plot_compare`."""

    found: PriorComparison

    @property
    def height(self) -> float:
        """Of a new figure, in inches: a row for each prior."""
        return 1.1 + 0.32 * len(self.found.table)

    @classmethod
    def of(cls, found: PriorComparison) -> Self:
        compare_table(found)  # refuses what is none
        return cls(found)

    def compute(self) -> Mapping[str, pd.DataFrame]:
        return {"": compare_table(self.found)}

    def draw(self, axes: Axes) -> None:
        rows = self.tables[""]
        looks = looks_of({name: self.found.priors[name] for name in rows["prior"]})
        at = np.arange(len(rows))[::-1]
        axes.axvspan(-SMALL, 0, color="0.93", linewidth=0, zorder=0)
        mark_zero(axes, x=True)
        for y, row in zip(at, rows.to_dict("records"), strict=True):
            color = looks[row["prior"]].color
            axes.plot([row["low"], row["high"]], [y, y], "-", color=color, linewidth=1.4)
            axes.plot(row["difference"], y, "o", color=color, markersize=4.5, label=row["prior"])
            axes.annotate(
                f"{row['weight']:.2f}",
                (1, y),
                xycoords=("axes fraction", "data"),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                annotation_clip=False,
            )
        axes.annotate(
            "weight", (1, 1), xycoords="axes fraction", xytext=(2, 3), textcoords="offset points"
        )
        name_rows(axes, at.tolist(), list(rows["prior"]))
        axes.set_ylim(-0.6, len(rows) - 0.4)
        low, high = min(rows["low"].min(), -SMALL), max(rows["high"].max(), 0.25 * SMALL)
        axes.set_xlim(low - 0.05 * (high - low), high + 0.05 * (high - low))
        axes.set_xlabel("log predictive density, less that of the best prior")

    @property
    def caption(self) -> str:
        rows = self.tables[""]
        pairs = zip(rows["prior"], rows["weight"], strict=True)
        weights = ", ".join(f"{name} {weight:.2f}" for name, weight in pairs)
        return (
            "Leave-one-out log predictive density of each prior less that of the best, with two "
            f"standard errors of the difference; differences below {SMALL:g} (grey) are small. "
            f"{self.found.sentence} Stacking weights: {weights}."
        )
