"""Two coefficients: the mode sits on the kink of the prior, the mean does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from matplotlib.axes import Axes

from priormap.plots.figure import ContrastFigure
from priormap.plots.marks import (
    fill_posterior,
    legend_above,
    mark,
    mark_handles,
    mark_zero,
)
from priormap.plots.style import LOOKS, look_of
from priormap.plots.words import called, column_label, in_units
from priormap.tables.contours import MASSES
from priormap.tables.joint_posterior import (
    check_pair,
    check_prior_name,
    joint_contours_table,
    joint_points_table,
    joint_table,
)
from priormap.tables.posterior_contrast import Contrast
from priormap.tables.two_columns import chosen_pair

if TYPE_CHECKING:
    import pandas as pd


def plot_joint(
    table: Contrast,
    features: tuple[str, str],
    *,
    prior: str | None = None,
    ax: Axes | None = None,
    axes: Any = None,
    labels: Mapping[str, str] | None = None,
    units: str = "",
) -> Axes:
    """Draw likelihood, prior and posterior of two coefficients, with mode and mean.

    The two ellipses are contours of the likelihood, maximised over the other coefficients, with
    sigma at the mode: the one that holds half of its mass, and the one through the mode. The
    contours of the prior go through the mode (the mean, where the mode is at the origin) and
    half-way to it. The filled contours hold 50 % and
    95 % of the joint posterior of the two, the others integrated out. With only two columns and
    known sigma nothing is maximised or integrated out, and likelihood and prior touch at the
    mode.

    Parameters
    ----------
    table : Contrast
        What `contrast` returned.
    features : tuple of two str
        The two columns; coefficients are in their units.
    prior : str, optional
        Name of the prior; may be left out where the table has one.
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
        If `table` is no `Contrast`, `features` are not two different columns that vary, or
        `prior` is not one of the table's.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> table = contrast(Regression(X, X[:, 0], sigma=1.0), {"lasso": Laplace(0.1)}, random_seed=1)
    >>> ax = plot_joint(table, ("x0", "x1"), ax=Figure().subplots())
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('coefficient of x0', 'coefficient of x1')
    """
    drawn: Axes = Joint.of(table, features, prior).plot(ax, axes, labels, units)
    return drawn


def joint_caption(
    table: Contrast,
    features: tuple[str, str],
    *,
    prior: str | None = None,
    labels: Mapping[str, str] | None = None,
    units: str = "",
) -> str:
    """Caption of `plot_joint`, with its numbers computed from the same tables."""
    return Joint.of(table, features, prior).said(labels, units)


@dataclass(frozen=True, eq=False)
class Joint(ContrastFigure):
    """`plot_joint`."""

    pair: tuple[str, str]
    prior: str
    height = 3.5

    @classmethod
    def of(cls, table: Contrast, features: tuple[str, str], prior: str | None = None) -> Self:
        return cls(table, check_pair(table, features), check_prior_name(table, prior))

    @classmethod
    def of_contrast(cls, table: Contrast, features: tuple[str, ...] | None, prior: str) -> Self:
        first, second = (table.data.names[j] for j in chosen_pair(table.data, features))
        return cls.of(table, (first, second), prior)

    def compute(self) -> Mapping[str, pd.DataFrame]:
        return {
            "": joint_table(self.table, self.pair, prior=self.prior),
            "points": joint_points_table(self.table, self.pair, prior=self.prior),
            "contours": joint_contours_table(self.table, self.pair, prior=self.prior),
        }

    def draw(self, axes: Axes) -> None:
        density, points = self.tables[""], self.tables["points"]
        own = look_of(self.table.priors[self.prior].label)
        looks = {"likelihood": LOOKS["likelihood"], "prior": own}
        mark_zero(axes, x=True, y=True)
        fill_posterior(axes, density)
        for label, part in self.tables["contours"].groupby("contour", sort=False):
            line = looks[part["kind"].iloc[0]].line
            axes.plot(part["x"], part["y"], linewidth=_width(str(label)), label=label, **line)
        for point in points.to_dict("records"):
            style = mark(point["point"], is_hollow=point["on_kink"], is_ring=True)
            axes.plot(point["x"], point["y"], label=point["point"], zorder=5, **style)
        axes.set_xlim(density["x"].min(), density["x"].max())
        axes.set_ylim(density["y"].min(), density["y"].max())
        first, second = (_axis_name(name) for name in self.pair)
        axes.set_xlabel(first)
        axes.set_ylabel(second)
        legend_above(axes, self._legend(looks))

    def _legend(self, looks: Any) -> list[Any]:
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        drawn = self.tables["contours"].drop_duplicates("contour")
        names = {
            "likelihood, 50 %": "likelihood: 50 %",
            "likelihood through mode": "likelihood at mode",
            "prior through mode": f"prior ({self.prior})",
            "prior through mean": f"prior ({self.prior})",
        }
        lines = [
            Line2D([], [], label=names[contour], linewidth=_width(contour), **looks[kind].line)
            for contour, kind in zip(drawn["contour"], drawn["kind"], strict=True)
            if contour in names
        ]

        points = self.tables["points"]
        posterior = Patch(color=LOOKS["posterior"].tinted(0.5).color, label="posterior")
        shown = [kind for kind in ("least squares", "mode", "mean") if kind in set(points["point"])]
        on_kink = bool(points["on_kink"].any())
        marks = mark_handles(shown, hollow="mode on the kink" * on_kink, is_ring=True)
        if on_kink:  # the one mode is the hollow one
            marks = [entry for entry in marks if entry.get_label() != "mode"]
        return [*lines, posterior, *marks]

    @property
    def caption(self) -> str:
        points = self.tables["points"].set_index("point")
        others = self.table.data.n_features - 2
        first, second = map(called, self.pair)
        text = f"Coefficients{in_units()} of {first} and {second} under {self.prior}: likelihood"
        text += f" (maximised over the other {others} coefficients)" if others else ""
        masses = " and ".join(f"{mass:.0%}" for mass in MASSES)
        text += f", prior, and the regions that hold {masses} of the posterior"
        text += f", the other {others} integrated out." if others else "."
        contours = set(self.tables["contours"]["contour"])
        if {"likelihood, 50 %", "likelihood through mode"} <= contours:
            text += " Of the two ellipses of the likelihood the thin one holds half of its mass,"
            text += " and the thick one goes through the mode."
        names = {"mode": "the mode", "mean": "the posterior mean", "least squares": "least squares"}
        at = {
            point["point"]: f"at ({point['x']:.3g}, {point['y']:.3g})"
            for point in self.tables["points"].to_dict("records")
        }
        first, *rest = (kind for kind in names if kind in at)
        text += f" T{names[first][1:]} is {at[first]}"
        text += "".join(f", {names[kind]} {at[kind]}" for kind in rest) + "."
        if points["on_kink"].any():
            mode: Any = points.loc["mode"]
            zeros = [name for name, k in zip(self.pair, "xy", strict=True) if mode[k] == 0]
            text += f" The mode is exactly 0 in {' and '.join(map(called, zeros))}, where the prior"
            text += " has its kink; the mean is not."
        if "least squares" not in at:
            text += " The data alone do not determine the coefficients: their likelihood has no"
            text += " peak."
        if not self.tables[""]["exact_given_rest"].iloc[0]:
            text += " The other columns almost determine these two: the draws are smoothed."
        return text


def _width(contour: str) -> float:
    """Contours through a point are thicker than the others."""
    return 1.5 if "through" in contour else 0.9


def _axis_name(name: str) -> str:
    return f"coefficient of {column_label(name, 24)}{in_units(' per its unit')}"
