"""Why one penalty makes zeros: loss and penalty touch, and the Bayesian reading beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray

from priormap.arrays import Floats
from priormap.checks import one_of
from priormap.data.regression import Regression
from priormap.errors import PriormapError
from priormap.plots.figure import Figure
from priormap.plots.marks import (
    fill_posterior,
    legend_above,
    legend_of_figure,
    mark,
    mark_handles,
    mark_zero,
)
from priormap.plots.style import LOOKS, drawing_axes, looks_of, one_of_both
from priormap.plots.words import called, column_label, in_units, shortened, written_with
from priormap.priors import Prior
from priormap.tables.contours import MASSES
from priormap.tables.geometry import (
    Given,
    Pair,
    contours_of,
    density_of,
    geometry_density_table as geometry_density_table,
    geometry_points_table as geometry_points_table,
    geometry_table as geometry_table,
    points_of,
    stacked,
)
from priormap.tables.named_priors import listed
from priormap.tables.posterior_contrast import Contrast
from priormap.tables.two_columns import TwoColumns, chosen_pair, two_columns

if TYPE_CHECKING:
    import pandas as pd


View: TypeAlias = Literal["penalty", "posterior"]
VIEWS: tuple[View, View] = ("penalty", "posterior")
_MOST_PRIORS = 4
_TITLE = 13.0  # points that the title of a panel takes
_SHORT = 8  # characters of a name in a panel of half a column
_SQUARE = 4.0  # ratio of the spans of the two axes up to which they get the same unit
_SHOWN = {
    "penalty": ("least squares", "mode"),
    "posterior": ("least squares", "mode", "mean", "median"),
}


def plot_geometry(
    data: Regression | None = None,
    priors: Given = None,
    features: Pair = None,
    *,
    ax: Any = None,
    axes: Any = None,
    labels: Mapping[str, str] | None = None,
    units: str = "",
) -> NDArray[Any]:
    """Draw loss and penalty of two coefficients, and beside them the same as a posterior.

    One row for each prior. On the left the ellipses of the loss and the ball of the penalty:
    the two curves through the solution touch there, at a corner of the ball where a coefficient
    is exactly zero. On the right the same curves are contours of likelihood and prior, with the
    regions that hold 50 % and 95 % of the posterior, its mode, mean and medians; this view is
    closer, and a box on the left shows where it is.

    The regression is that of y on the two columns alone (and the intercept), so that the plane
    is the whole problem and every curve and point in it is exact.

    Parameters
    ----------
    data : Regression, optional
        Default: a schematic of three rows with least squares at (3, 1), on which the lasso's
        mode is (1.5, 0) and that of ridge (2, 1). Where sigma is unknown, the figure takes the
        residual standard deviation of least squares on the two columns.
    priors : prior or dict of named priors, optional
        Default: the Laplace and the Gaussian prior that halve the least-squares coefficient of
        the first column to enter the lasso path, in the regression on that column alone.
    features : tuple of two str, optional
        Default: the first column to enter the lasso path, and the strongest of those that are
        still out when it has come half of its way.
    ax, axes : Axes, two for each prior, optional
        Where to draw, row by row; default: a new figure.
    labels : dict of str, optional
        What columns are called in the figure, by their names in the data.
    units : str
        Unit of y, for the names of the axes.

    Returns
    -------
    array of Axes of shape (number of priors, 2)

    Raises
    ------
    PriormapError
        If the two are not different columns that vary, are collinear, or a prior is flat or
        learns its scale.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from priormap import Regression
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> axes = plot_geometry(data, axes=Figure(layout="constrained").subplots(2, 2))
    >>> axes[1, 0].get_xlabel(), axes[1, 0].get_ylabel()
    ('coefficient of x0', 'coefficient of x2')
    """
    panels: NDArray[Any] = Geometry.of(data, priors, features).plot(ax, axes, labels, units)
    return panels


def plot_geometry_panel(
    data: Regression,
    prior: Prior,
    features: Pair = None,
    *,
    view: View = "penalty",
    ax: Axes | None = None,
    axes: Any = None,
    labels: Mapping[str, str] | None = None,
    units: str = "",
) -> Axes:
    """Draw one panel of `plot_geometry`.

    Parameters
    ----------
    data, prior, features
        As in `plot_geometry`, for one prior.
    view : {"penalty", "posterior"}
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
    >>> from priormap import Laplace, Regression
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> ax = plot_geometry_panel(data, Laplace(0.03), ("x0", "x1"), ax=Figure().subplots())
    >>> ax.get_ylabel()
    'coefficient of x1'
    """
    one_of("view", view, VIEWS)
    problems = two_columns(data, prior, features)
    ((name, problem),) = problems.items()
    with (
        written_with(labels, units, data.names),
        drawing_axes(one_of_both(ax, axes), height=3.4) as drawn,
    ):
        _draw(drawn, problem, view, looks_of({name: problem.fit.prior})[name])
        _frame(drawn, *(_whole([problem]) if view == "penalty" else _close(problem)))
        drawn.set_xlabel(_axis_name(problem, 0))
        drawn.set_ylabel(_axis_name(problem, 1))
        legend_above(drawn, _legend(problems, [view]))
        panel: Axes = drawn
        return panel


def geometry_caption(
    data: Regression | None = None,
    priors: Given = None,
    features: Pair = None,
    *,
    labels: Mapping[str, str] | None = None,
    units: str = "",
) -> str:
    """Caption of `plot_geometry`, with its numbers computed from the same problems."""
    return Geometry.of(data, priors, features).said(labels, units)


@dataclass(frozen=True, eq=False)
class Geometry(Figure):
    """`plot_geometry`."""

    data: Regression | None
    problems: Mapping[str, TwoColumns]
    columns = 2
    shares_x = False

    @classmethod
    def of(
        cls, data: Regression | None = None, priors: Given = None, features: Pair = None
    ) -> Self:
        return cls(data, two_columns(data, priors, features))

    @classmethod
    def of_contrast(cls, table: Contrast, features: tuple[str, ...] | None, prior: str) -> Self:
        first, second = (table.data.names[j] for j in chosen_pair(table.data, features))
        at_modes = {name: fit.prior for name, fit in table.modes.items()}
        return cls.of(table.data, at_modes or table.priors, (first, second))

    @property
    def rows(self) -> int:
        return len(self.problems)

    @property
    def height(self) -> float:
        return 0.6 + 1.75 * self.rows

    @property
    def column_names(self) -> Sequence[str]:
        return next(iter(self.problems.values())).fit.names

    def compute(self) -> Mapping[str, pd.DataFrame]:
        if self.rows > _MOST_PRIORS:
            raise PriormapError(
                f"priors holds {self.rows} priors and this figure shows at most {_MOST_PRIORS}; "
                "draw them apart with plot_geometry_panel(..., ax=ax)"
            )
        parts = {"": contours_of, "points": points_of, "density": density_of}
        return {part: stacked(self.problems, table_of) for part, table_of in parts.items()}

    def draw(self, axes: NDArray[Any]) -> None:
        looks = looks_of({name: problem.fit.prior for name, problem in self.problems.items()})
        whole = _whole(list(self.problems.values()))
        for row, (name, problem) in zip(axes, self.problems.items(), strict=True):
            close = _close(problem)
            for view, ax in zip(VIEWS, row, strict=True):
                _draw(ax, problem, view, looks[name])
                ax.set_title(f"{shortened(name, _SHORT)}: {view}")
            _frame(row[0], *whole)
            _frame(row[1], *close)
            _box(row[0], *close)
            _say_no_zero(row[0], problem)
            row[0].set_ylabel(_axis_name(problem, 1, _SHORT))
        for ax in axes[-1]:
            ax.set_xlabel(_axis_name(problem, 0, _SHORT))
        figure, handles = axes[0, 0].figure, _legend(self.problems, VIEWS)
        engine = figure.get_layout_engine()
        if set(figure.axes) == set(axes.ravel()) and isinstance(engine, ConstrainedLayoutEngine):
            legend_of_figure(figure, handles)
        else:  # beside panels of others
            legend_above(axes[0, 1], handles, lift=_TITLE)

    @property
    def caption(self) -> str:
        problems = self.problems
        one = next(iter(problems.values()))
        data = self.data or one.fit.data
        x, y = map(called, one.fit.names)
        noise = "as given" if data.noise.is_known else "that of their least squares"
        unit = "effects (coefficients times sd of their column)"
        unit = f"{unit if data.standardize else 'coefficients'}{in_units()}"
        masses = listed([f"{mass:.0%}" for mass in MASSES])
        text = (
            f"Regression on {x} and {y} alone, sigma {one.fit.sigma:.4g} ({noise}); {unit} of the "
            f"two. Left: ellipses of the loss about least squares at ({_at(one.free)}), and the "
            "ball of the penalty, which touch at the solution. Right: the same curves as contours "
            f"of likelihood and prior, and the regions that hold {masses} of the posterior."
        )
        if any(share > 1 for share in self.tables[""]["through"]):
            text += " The largest ellipse touches an axis: a zero costs that much."
        for name, problem in problems.items():
            points = points_of(problem).set_index("point")
            mode, posterior = problem.mode, problem.posterior
            text += f" {name} ({problem.fit.prior!r}): mode ({_at(mode)})"
            if mode.all():
                text += _about_zeros(problem)
            if points["on_kink"]["mode"]:
                zeros = [n for n, b in zip(problem.fit.names, mode, strict=True) if b == 0]
                text += f", exactly 0 in {listed([called(name) for name in zeros])}"
            text += f"; posterior mean ({_at(posterior.mean)}), medians ({_at(posterior.median)})."
        return text


def _draw(axes: Axes, problem: TwoColumns, view: View, look: Any) -> None:
    mark_zero(axes, x=True, y=True)
    contours = contours_of(problem)
    looks: dict[Any, Any] = {"loss": LOOKS["likelihood"], "penalty": look}
    if view == "posterior":
        fill_posterior(axes, density_of(problem))
    for (kind, share), part in contours.groupby(["kind", "through"], sort=False):
        width = 1.4 if share == 1 else 0.8
        axes.plot(
            part["x"], part["y"], linewidth=width, label=f"{kind} {share:.2g}", **looks[kind].line
        )
        if view == "penalty" and kind == "penalty" and share == 1:
            axes.fill(part["x"], part["y"], color=look.tinted(0.85).color, linewidth=0, zorder=0.5)
    for point in points_of(problem).to_dict("records"):
        if point["point"] in _SHOWN[view]:
            axes.plot(
                point["x"],
                point["y"],
                label=point["point"],
                zorder=5 + (point["point"] == "mode"),
                **mark(point["point"], is_hollow=point["on_kink"], is_ring=view == "posterior"),
            )


def _say_no_zero(axes: Axes, problem: TwoColumns) -> None:
    """Say in the panel of a prior that can make zeros that it makes none here."""
    if problem.mode.all() and (factor := problem.scale_of_a_zero()):
        axes.text(
            0.02,
            0.02,
            f"no zero here;\none at {factor:.2g}\nof the scale",
            transform=axes.transAxes,
            fontsize="small",
            bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.5},
            zorder=6,
        )


def _whole(problems: list[TwoColumns]) -> tuple[Floats, Floats]:
    """Corners of a frame about every curve, every point and the origin."""
    shown = [np.zeros((1, 2))]
    for problem in problems:
        curves = contours_of(problem)[["x", "y"]].to_numpy(dtype=float)
        shown += [curves, np.stack([problem.free, problem.mode])]
    points = np.concatenate(shown)
    return _squared(points.min(axis=0), points.max(axis=0), 0.04)


def _close(problem: TwoColumns) -> tuple[Floats, Floats]:
    """Corners of a frame about the posterior."""
    low, high = (problem.posterior.quantile(level) for level in (0.001, 0.999))
    return _squared(low, high, 0.15)


def _squared(low: Floats, high: Floats, margin: float) -> tuple[Floats, Floats]:
    """Frame with a margin, and with one unit on both axes where their spans allow it."""
    span = high - low
    if span.max() < _SQUARE * span.min():
        grow = 0.5 * (span.max() - span)
        low, high = low - grow, high + grow
    return low - margin * (high - low), high + margin * (high - low)


def _frame(axes: Axes, low: Floats, high: Floats) -> None:
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    axes.locator_params(nbins=4)
    if np.isclose(*(high - low)):
        axes.set_aspect("equal")


def _box(axes: Axes, low: Floats, high: Floats) -> None:
    """Outline of the closer view."""
    corners = np.array([low, (high[0], low[1]), high, (low[0], high[1]), low])
    axes.plot(*corners.T, color="0.4", linestyle="-", linewidth=0.6, label="closer view", zorder=4)


def _axis_name(problem: TwoColumns, k: int, most: int = 20) -> str:
    kind = "effect" if problem.fit.data.standardize else "coefficient"
    per = "" if problem.fit.data.standardize else " per its unit"
    return f"{kind} of {column_label(problem.fit.names[k], most)}{in_units(per)}"


def _about_zeros(problem: TwoColumns) -> str:
    """Say from which scale on a prior makes a zero, of a mode that has none."""
    if not problem.l1.any():
        return ", with no zero, nor at any other scale"
    factor = problem.scale_of_a_zero()
    return f", with no zero, which there is from {factor:.3g} times the scale down" * bool(factor)


def _at(point: Floats) -> str:
    return ", ".join(f"{value:.3g}" for value in point)


def _legend(problems: Mapping[str, TwoColumns], views: Sequence[View]) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    looks = looks_of({name: problem.fit.prior for name, problem in problems.items()})
    loss = ", ".join({"penalty": "loss", "posterior": "likelihood"}[view] for view in views)
    handles: list[Any] = [Line2D([], [], label=loss, **LOOKS["likelihood"].line)]
    handles += [Line2D([], [], label=shortened(name), **look.line) for name, look in looks.items()]
    if "posterior" in views:
        handles.append(Patch(color=LOOKS["posterior"].tinted(0.5).color, label="posterior"))
    on_kink = any((p.l1[p.mode == 0] > 0).any() for p in problems.values())
    shown = dict.fromkeys(kind for view in views for kind in _SHOWN[view])
    return handles + mark_handles(shown, hollow="mode with a zero" * on_kink, is_ring=True)
