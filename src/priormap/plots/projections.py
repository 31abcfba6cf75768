"""The figure of a projection: what each further column adds to the predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from matplotlib.axes import Axes

from priormap.plots.figure import Figure
from priormap.plots.marks import mark_zero
from priormap.plots.style import look_of
from priormap.plots.words import column_label
from priormap.tables.projecting import Projection, check_projection, projection_table

if TYPE_CHECKING:
    import pandas as pd


_MOST_NAMES = 24  # that fit below the axis


def plot_projection(
    found: Projection,
    *,
    ax: Axes | None = None,
    axes: Any = None,
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw how much worse than the whole posterior its projections onto few columns predict.

    Points are differences of log predictive density to the reference, with one standard error, as
    columns enter from left to right; the filled one is the smallest within one standard error.

    Parameters
    ----------
    found : Projection
        What `project` returned.
    ax, axes : Axes, optional
        Where to draw (either word will do); default: a new figure.
    labels : dict of str, optional
        What columns are called in the figure.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from priormap import Gaussian, Regression, project
    >>> X = np.random.default_rng(0).normal(size=(40, 3))
    >>> found = project(Regression(X, X[:, 0], sigma=1.0), Gaussian(1.0), random_seed=0)
    >>> plot_projection(found, ax=Figure().subplots()).get_xlabel()
    'columns, as they enter'
    """
    drawn: Axes = ProjectionFigure.of(found).plot(ax, axes, labels)
    return drawn


def projection_caption(found: Projection) -> str:
    """Caption of `plot_projection`, with its numbers computed from the same table."""
    return ProjectionFigure.of(found).caption


@dataclass(frozen=True, eq=False)
class ProjectionFigure(Figure):
    """`plot_projection`."""

    found: Projection
    height = 2.8

    @classmethod
    def of(cls, found: Projection) -> Self:
        return cls(check_projection(found))

    @property
    def column_names(self) -> Sequence[str]:
        return self.found.data.names

    def compute(self) -> Mapping[str, pd.DataFrame]:
        return {"": projection_table(self.found)}

    def draw(self, axes: Axes) -> None:
        table, color = self.tables[""], look_of(self.found.prior.label).color
        mark_zero(axes, y=True)
        axes.errorbar(
            table["size"],
            table["difference"],
            yerr=table["high"] - table["difference"],
            color=color,
            linewidth=1.0,
            elinewidth=1.0,
            capsize=2,
            marker="o",
            markersize=4.5,
            markerfacecolor="white",
            label="projections",
        )
        chosen = table[table["is_suggested"]]
        style: dict[str, Any] = {
            "marker": "o",
            "markersize": 5.5,
            "linestyle": "none",
            "color": color,
        }
        axes.plot(chosen["size"], chosen["difference"], label="suggested", zorder=5, **style)
        axes.set_xlim(-0.5, len(table) - 0.5)
        if len(table) <= _MOST_NAMES:
            names = ["none", *(f"+ {column_label(name)}" for name in table["feature"][1:])]
            axes.set_xticks(table["size"], names, rotation=60, ha="right", rotation_mode="anchor")
        axes.set_xlabel("columns, as they enter")
        axes.set_ylabel("log predictive density,\nless the reference's")

    @property
    def caption(self) -> str:
        return (
            f"Log density of rows left out under the posterior of {self.found.prior!r} projected "
            "onto more and more columns, less that under the whole posterior, with one standard "
            "error; columns enter in the order of the lasso path through the mean fit. "
            f"{self.found.sentence}"
        )
