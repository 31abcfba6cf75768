"""The mode as one point of each coefficient's posterior."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
from priormap.plots.style import LOOKS
from priormap.plots.words import called, per_sd
from priormap.tables.chosen import Features, left_out
from priormap.tables.marginal_posteriors import (
    marginal_features,
    posterior_vs_map_points_table,
    posterior_vs_map_table,
)
from priormap.tables.named_priors import listed
from priormap.tables.posterior_contrast import Contrast

if TYPE_CHECKING:
    import pandas as pd


_SHADE: dict[str, Any] = {"alpha": 0.12, "linewidth": 0}
_FAR = 0.5  # of the range of all densities: further away, least squares is not shown
_TALLEST = 0.6  # of a row: the highest density in it
_SPIKES = (0.74, 0.64)  # heights of the first and the last prior's spikes, so that both show


def plot_posterior_vs_map(
    table: Contrast,
    features: Features = None,
    *,
    ax: Axes | None = None,
    axes: Any = None,
    labels: Mapping[str, str] | None = None,
    units: str = "",
) -> Axes:
    """Draw marginal posteriors of some coefficients, with the modes as spikes.

    One row for each column, strongest first. A spike with a full head is a mode; with a hollow
    head, a mode that is exactly zero. Triangles are posterior means, crosses the penalised fits
    of scikit-learn and grey dotted lines least squares. In each row the heights are relative to
    the highest density.

    Parameters
    ----------
    table, features
        As in `posterior_vs_map_table`, whose numbers are drawn.
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
    >>> plot_posterior_vs_map(table, ax=Figure().subplots()).get_xlabel()
    'effect: change of y per sd of the column'
    """
    drawn: Axes = PosteriorVsMap.of(table, features).plot(ax, axes, labels, units)
    return drawn


def posterior_vs_map_caption(
    table: Contrast,
    features: Features = None,
    *,
    labels: Mapping[str, str] | None = None,
    units: str = "",
) -> str:
    """Caption of `plot_posterior_vs_map`, with its numbers computed from the same tables."""
    return PosteriorVsMap.of(table, features).said(labels, units)


@dataclass(frozen=True, eq=False)
class PosteriorVsMap(ContrastFigure):
    """`plot_posterior_vs_map`."""

    chosen: tuple[str, ...]

    @classmethod
    def of(cls, table: Contrast, features: Features = None) -> Self:
        return cls(table, marginal_features(table, features))

    @property
    def height(self) -> float:
        return 1.15 + 0.62 * len(self.chosen)

    def compute(self) -> Mapping[str, pd.DataFrame]:
        points = posterior_vs_map_points_table(self.table, self.chosen)
        return {"": posterior_vs_map_table(self.table, self.chosen), "points": points}

    def draw(self, axes: Axes) -> None:
        mark_zero(axes, x=True)
        for row, feature in enumerate(self.chosen):
            self._draw_row(axes, -row, feature)
        name_rows(axes, range(0, -len(self.chosen), -1), self.chosen)
        axes.set_ylim(-len(self.chosen) + 0.82, 0.88)
        axes.set_xlim(*_limits(self.tables[""], self.tables["points"]))
        label_effects(axes, left_out(self.table, len(self.chosen)))
        axes.set_ylabel("posterior density, row by row")
        legend_above(axes, self._legend())

    def _draw_row(self, axes: Axes, base: float, feature: str) -> None:
        densities, points = (
            part[part["feature"] == feature] for part in (self.tables[""], self.tables["points"])
        )
        unit = _TALLEST / densities["density"].max()
        spikes = np.linspace(*_SPIKES, max(len(self.looks), 2))
        axes.axhline(base, color="0.8", linewidth=0.6, zorder=0)
        for (name, look), spike in zip(self.looks.items(), spikes, strict=False):
            part = densities[densities["prior"] == name]
            height, shade = base + unit * part["density"], {**_SHADE, "color": look.color}
            axes.fill_between(part["effect"], base, height, **shade)
            axes.plot(part["effect"], height, **look.line, label=f"density {name}")
            (point,) = points[points["prior"] == name].to_dict("records")
            head = mark("mode", look.color, is_hollow=point["is_zero"])
            spiked = {**head, "linestyle": "-", "linewidth": 1, "markevery": [1], "zorder": 4}
            axes.plot([point["mode"]] * 2, [base, base + spike], label=f"mode {name}", **spiked)
            on_top: dict[str, Any] = {"zorder": 5, "clip_on": False}
            mean, fit = mark("mean", look.color), mark("penalised fit")
            axes.plot(point["mean"], base - 0.07, label=f"mean {name}", **mean, **on_top)
            axes.plot(point["penalised"], base, label=f"penalised fit {name}", **fit, **on_top)
        free = points["least_squares"].iloc[0]
        if np.isfinite(free):
            line = LOOKS["least squares"].line
            axes.plot(
                [free] * 2, [base, base + _TALLEST], linewidth=1.2, label="least squares", **line
            )

    def _legend(self) -> list[Any]:
        """Lines for the priors, black marks for what is the same under each."""
        points = self.tables["points"]
        hollow = "mode exactly 0" * bool(points["is_zero"].any())
        marks = mark_handles(["mode", "mean", "penalised fit"], hollow=hollow)
        free = np.isfinite(points["least_squares"]).any()
        last = {"least squares": LOOKS["least squares"]} if free else {}
        return [*line_handles(self.looks), *marks, *line_handles(last)]

    @property
    def caption(self) -> str:
        densities, points = self.tables[""], self.tables["points"]
        text = (
            f"Marginal posterior densities of the coefficients of {_names(self.chosen)} "
            f"under {self.priors_listed}, each in {per_sd()} of its column."
        )
        if note := left_out(self.table, len(self.chosen)):
            text += f" Shown are {note}."
        zeros = points[points["is_zero"]]
        for row in zeros.to_dict("records"):
            text += (
                f" The mode of {called(row['feature'])} under {row['prior']} is exactly 0; its "
                f"posterior mean is {row['mean']:.3g}."
            )
        if zeros.empty:
            text += " No mode shown is exactly zero."
        if self.table.modes:
            worst = float((points["penalised"] - points["mode"]).abs().max())
            text += f" Penalised fit and mode differ by at most {worst:.1g}."
        low, high = _limits(densities, points)
        far = points[(points["least_squares"] < low) | (points["least_squares"] > high)]
        for feature, effect in dict(zip(far["feature"], far["least_squares"], strict=True)).items():
            text += f" Least squares for {called(feature)} is far outside, at {effect:.3g}."
        smoothed = densities.loc[~densities["exact_given_rest"], "feature"].unique().tolist()
        if smoothed:
            text += (
                f" The other columns almost determine {_names(smoothed)}: for these the draws are "
                "smoothed, which rounds the kink at zero off."
            )
        return text


def _names(columns: Iterable[str]) -> str:
    return listed([called(name) for name in columns])


def _limits(densities: pd.DataFrame, points: pd.DataFrame) -> tuple[float, float]:
    """Limits that show all densities, and least squares where it is not far from them."""
    low, high = densities["effect"].min(), densities["effect"].max()
    reach = _FAR * (high - low)
    free = points["least_squares"]
    near = free[(free > low - reach) & (free < high + reach)]
    low, high = min(low, near.min()), max(high, near.max())  # NaN, where there is none, is last
    return low - 0.02 * (high - low), high + 0.02 * (high - low)
