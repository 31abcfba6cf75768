"""What a prior does to every coefficient: estimates against least squares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

from priormap.plots.figure import ContrastFigure
from priormap.plots.marks import (
    LEADER,
    NO_SHRINKAGE,
    label_effects,
    legend_above,
    line_handles,
    mark,
    mark_handles,
    mark_zero,
    spread_apart,
)
from priormap.plots.words import column_label, in_units, per_sd
from priormap.tables.chosen import Features, check_contrast, chosen_features, left_out
from priormap.tables.effects import MOST_EFFECTS, coefficient_shrinkage_table
from priormap.tables.posterior_contrast import Contrast

if TYPE_CHECKING:
    import pandas as pd


_APART = 0.042  # of the width of the axes, between names
_DODGE = 3.5  # points between the lines of two priors at one column


def plot_coefficient_shrinkage(
    table: Contrast,
    features: Features = None,
    *,
    ax: Axes | None = None,
    axes: Any = None,
    labels: Mapping[str, str] | None = None,
    units: str = "",
) -> Axes:
    """Draw mode and posterior mean of each coefficient against its least squares.

    On the diagonal nothing is shrunk; on the horizontal line all is. Circles are modes, hollow
    where exactly zero, and triangles posterior means. Each column has one vertical line, with
    its name on top.

    Parameters
    ----------
    table, features
        As in `coefficient_shrinkage_table`, whose numbers are drawn.
    ax, axes : Axes, optional
        Where to draw (either word will do); default: a new figure.
    labels : dict of str, optional
        What columns are called in the figure, by their names in the data.
    units : str
        Unit of y, for the names of the axes.

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
    drawn: Axes = CoefficientShrinkage.of(table, features).plot(ax, axes, labels, units)
    return drawn


def coefficient_shrinkage_caption(
    table: Contrast,
    features: Features = None,
    *,
    labels: Mapping[str, str] | None = None,
    units: str = "",
) -> str:
    """Caption of `plot_coefficient_shrinkage`, with its numbers computed from the same table."""
    return CoefficientShrinkage.of(table, features).said(labels, units)


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
        found = np.append(rows[["mode", "mean", "least_squares"]].to_numpy().ravel(), 0.0)
        found = found[np.isfinite(found)]  # a prior may have no mode
        margin = 0.06 * (np.ptp(found) or 1.0)
        ends = np.array([found.min() - margin, found.max() + margin])
        axes.plot(ends, ends, zorder=1, **NO_SHRINKAGE)
        offsets = _DODGE * (np.arange(len(self.looks)) - 0.5 * (len(self.looks) - 1))
        for name, offset in zip(self.looks, offsets, strict=True):
            self._draw_prior(axes, name, offset)
        axes.set(xlim=ends, ylim=ends, aspect="equal")
        label = f"least-squares effect (per sd of the column){in_units()}"
        label_effects(axes, left_out(self.table, len(self.chosen)), label)
        axes.set_ylabel(f"mode or posterior mean of the effect{in_units()}")
        lift = _name_columns(axes, rows)
        legend_above(axes, self._legend(), lift=lift)

    def _draw_prior(self, axes: Axes, name: str, offset: float) -> None:
        """Draw points, and lines to them from the diagonal, `offset` points to the right."""
        rows, look = self.tables[""], self.looks[name]
        part = rows[rows["prior"] == name]
        aside: Any = ScaledTranslation(offset / 72, 0, axes.figure.dpi_scale_trans)
        aside = {"transform": axes.transData + aside}
        free, end = part["least_squares"], part["mode"].fillna(part["mean"])
        axes.vlines(free, free, end, **look.line, linewidth=0.9, zorder=2, **aside)
        for is_zero in (False, True):
            some = part[part["is_zero"] == is_zero]
            label = f"mode {name}" + ", exactly 0" * is_zero
            style = mark("mode", look.color, is_hollow=is_zero)
            points = some["least_squares"], some["mode"]
            axes.plot(*points, label=label, zorder=4, **style, **aside)
        style = mark("mean", look.color, is_edged=True)
        axes.plot(free, part["mean"], label=f"mean {name}", zorder=5, **style, **aside)

    def _legend(self) -> list[Any]:
        from matplotlib.lines import Line2D

        handles: list[Any] = line_handles(self.looks)
        hollow = "mode exactly 0" * bool(self.tables[""]["is_zero"].any())
        handles += mark_handles(["mode", "mean"], hollow=hollow)
        return [*handles, Line2D([], [], **NO_SHRINKAGE)]

    @property
    def caption(self) -> str:
        rows = self.tables[""]
        text = (
            f"Mode (circles, hollow where exactly 0) and posterior mean (triangles) of "
            f"{len(self.chosen)} coefficients under {self.priors_listed} against least squares, "
            f"in {per_sd()} of the column; the diagonal is no shrinkage, and "
            "lines lead from it to the modes, those of several priors side by side."
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
    at = spread_apart(wanted, _APART)
    names = [column_label(name, 10) for name in columns["feature"]]
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
            arrowprops=LEADER,
            annotation_clip=False,
        )
    return 14.0 + 4.6 * max(map(len, names))
