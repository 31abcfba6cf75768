"""What a prior does to every coefficient: estimates against least squares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.axes import Axes

from priormap.plots.figure import ContrastFigure
from priormap.plots.marks import (
    NO_SHRINKAGE,
    label_effects,
    legend_above,
    mark,
    mark_handles,
    mark_zero,
    shortened,
)
from priormap.tables.chosen import Features, check_contrast, chosen_features, left_out
from priormap.tables.effects import MOST_EFFECTS, coefficient_shrinkage_table
from priormap.tables.posterior_contrast import Contrast

if TYPE_CHECKING:
    import pandas as pd


_APART = 0.042  # of the width of the axes, between names


def plot_coefficient_shrinkage(
    table: Contrast, features: Features = None, *, ax: Axes | None = None
) -> Axes:
    """Draw mode and posterior mean of each coefficient against its least squares.

    On the diagonal nothing is shrunk; on the horizontal line all is. Circles are modes, hollow
    where exactly zero, and triangles posterior means. Each column has one vertical line, with
    its name on top.

    Parameters
    ----------
    table, features
        As in `coefficient_shrinkage_table`, whose numbers are drawn.
    ax : Axes, optional
        Where to draw; default: a new figure.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> table = contrast(Regression(X, X[:, 0], sigma=1.0), {"lasso": Laplace(0.1)}, random_seed=1)
    >>> plot_coefficient_shrinkage(table, ax=Figure().subplots()).get_xlabel()
    'least-squares effect (per sd of the column)'
    """
    drawn: Axes = CoefficientShrinkage.of(table, features).plot(ax)
    return drawn


def coefficient_shrinkage_caption(table: Contrast, features: Features = None) -> str:
    """Caption of `plot_coefficient_shrinkage`, with its numbers computed from the same table."""
    return CoefficientShrinkage.of(table, features).caption


@dataclass(frozen=True, eq=False)
class CoefficientShrinkage(ContrastFigure):
    """`plot_coefficient_shrinkage`."""

    chosen: tuple[str, ...]
    height = 3.6

    @classmethod
    def of(cls, table: Contrast, features: Features = None) -> Self:
        return cls(table, chosen_features(check_contrast(table), features, MOST_EFFECTS))

    def compute(self) -> Mapping[str, pd.DataFrame]:
        return {"": coefficient_shrinkage_table(self.table, self.chosen)}

    def draw(self, axes: Axes) -> None:
        rows = self.tables[""]
        mark_zero(axes, y=True)
        for free in rows["least_squares"].unique():
            axes.axvline(free, color="0.88", linewidth=0.6, zorder=0)
        ends = np.array([rows["least_squares"].min(), rows["least_squares"].max()])
        ends = ends + np.array([-0.06, 0.06]) * (np.ptp(ends) or 1.0)
        axes.plot(ends, ends, zorder=1, **NO_SHRINKAGE)
        for name in self.looks:
            self._draw_prior(axes, name)
        axes.set_xlim(*ends)
        found = np.append(rows[["mode", "mean"]].to_numpy().ravel(), 0.0)
        found = found[np.isfinite(found)]  # a prior may have no mode
        margin = 0.1 * (np.ptp(found) or 1.0)
        axes.set_ylim(found.min() - margin, found.max() + margin)
        label = "least-squares effect (per sd of the column)"
        label_effects(axes, left_out(self.table, len(self.chosen)), label)
        axes.set_ylabel("mode or posterior mean of the effect")
        lift = _name_columns(axes, rows)
        legend_above(axes, self._legend(), lift=lift)

    def _draw_prior(self, axes: Axes, name: str) -> None:
        rows, color = self.tables[""], self.looks[name].color
        part = rows[rows["prior"] == name]
        for is_zero in (False, True):
            some = part[part["is_zero"] == is_zero]
            label = f"mode {name}" + ", exactly 0" * is_zero
            style = mark("mode", color, is_hollow=is_zero)
            axes.plot(some["least_squares"], some["mode"], label=label, zorder=4, **style)
        style = mark("mean", color, is_edged=True)
        axes.plot(part["least_squares"], part["mean"], label=f"mean {name}", zorder=5, **style)

    def _legend(self) -> list[Any]:
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        handles: list[Any] = [Patch(color=look.color, label=n) for n, look in self.looks.items()]
        hollow = "mode exactly 0" * bool(self.tables[""]["is_zero"].any())
        handles += mark_handles(["mode", "mean"], hollow=hollow)
        return [*handles, Line2D([], [], **NO_SHRINKAGE)]

    @property
    def caption(self) -> str:
        rows = self.tables[""]
        text = (
            f"Mode (circles, hollow where exactly 0) and posterior mean (triangles) of "
            f"{len(self.chosen)} coefficients under {self.priors_listed} against least squares, "
            "in changes of y per standard deviation of the column; the diagonal is no shrinkage."
        )
        if note := left_out(self.table, len(self.chosen)):
            text += f" Shown are {note}."
        size = np.linalg.norm(rows.drop_duplicates("feature")["least_squares"]) or np.nan
        for name in self.table.priors:
            part = rows[rows["prior"] == name]
            mode, mean = (np.linalg.norm(part[kind]) / size for kind in ("mode", "mean"))
            zeros = int(part["is_zero"].sum())
            modes = (
                f"the modes are {mode:.0%} as long as least squares, {zeros} of them exactly 0; "
                if name in self.table.modes
                else "there is no exact mode; "
            )
            text += f" {name}: {modes}the means are {mean:.0%} as long."
        return text


def _name_columns(axes: Axes, rows: pd.DataFrame) -> float:
    """Write names on top, moved apart where they would touch; return their length in points."""
    low, high = axes.get_xlim()
    columns = rows.drop_duplicates("feature").sort_values("least_squares")
    wanted = (columns["least_squares"].to_numpy() - low) / (high - low)
    at = _spread(wanted, _APART)
    names = [shortened(name, 10) for name in columns["feature"]]
    for name, x, goal in zip(names, at, wanted, strict=True):
        axes.annotate(
            name,
            (goal, 1),
            xycoords="axes fraction",
            xytext=(x, 1.045),
            textcoords="axes fraction",
            rotation=90,
            ha="center",
            va="bottom",
            fontsize="small",
            arrowprops={
                "arrowstyle": "-",
                "color": "0.75",
                "linewidth": 0.6,
                "shrinkA": 0.5,
                "shrinkB": 0,
            },
            annotation_clip=False,
        )
    return 14.0 + 4.6 * max(map(len, names))


def _spread(wanted: Any, gap: float) -> Any:
    """Rising positions at least `gap` apart, as near to the wanted ones as possible."""
    groups: list[list[float]] = []  # mean of (wanted - rank * gap), and number of members
    for rank, goal in enumerate(wanted):
        groups.append([goal - rank * gap, 1])
        while len(groups) > 1 and groups[-2][0] > groups[-1][0]:
            mean, count = groups.pop()
            total = groups[-1][1] + count
            groups[-1] = [(groups[-1][0] * groups[-1][1] + mean * count) / total, total]
    shifts = [mean for mean, count in groups for _ in range(int(count))]
    return np.array(shifts) + gap * np.arange(len(shifts))
