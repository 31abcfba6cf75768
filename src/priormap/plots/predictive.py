"""What each prior believes before it sees y: how much X explains, and how large its part is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray

from priormap.data.regression import Regression
from priormap.plots.figure import Figure
from priormap.plots.marks import legend_above, line_handles, mark, mark_handles
from priormap.plots.style import LOOKS, looks_of
from priormap.plots.words import unit_of_y
from priormap.priors import Prior
from priormap.tables.named_priors import listed
from priormap.tables.posterior_contrast import Contrast
from priormap.tables.prior_predictive import (
    checked_priors,
    distribution_table,
    drawn_of,
    prior_predictive_points_table as prior_predictive_points_table,
    prior_predictive_table as prior_predictive_table,
    quantile_table,
)

if TYPE_CHECKING:
    import pandas as pd


_BEYOND = 2.0  # times the largest of the 97.5 % points that the axis of R squared reaches


def plot_prior_predictive(
    data: Regression,
    priors: Prior | Mapping[str, Prior],
    *,
    ax: Any = None,
    axes: Any = None,
    units: str = "",
) -> NDArray[Any]:
    """Draw what priors expect of R squared and of the linear predictor, before they see y.

    Above the distribution function of ``R2 = var(X b) / (var(X b) + sigma**2)``, below that of the
    standard deviation of ``X b`` over the rows, in units of y. Squares are prior
    medians. The dotted line is the standard deviation of y: a prior far to its right expects
    more of X than y can show. From 10000 draws of the prior with a fixed seed, the same for
    every prior.

    Parameters
    ----------
    data : Regression
        X and the noise, which is drawn from its prior where it is unknown; of y only the
        standard deviation is used, for the dotted line.
    priors : prior or dict of named priors
        Their scales may be learnt.
    ax, axes : two Axes, optional
        Where to draw R squared and the size; default: a new figure.
    units : str
        Unit of y, for the names of the axes.

    Returns
    -------
    array of two Axes

    Raises
    ------
    PriormapError
        If a prior, or that of sigma, is improper.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from priormap import Laplace, Regression
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> upper, lower = plot_prior_predictive(data, Laplace(0.1), axes=Figure().subplots(2))
    >>> upper.get_xlabel()
    'R²: share of the variance of y that X explains'
    """
    panels: NDArray[Any] = PriorPredictive.of(data, priors).plot(ax, axes, units=units)
    return panels


def prior_predictive_caption(data: Regression, priors: Prior | Mapping[str, Prior]) -> str:
    """Caption of `plot_prior_predictive`, with its numbers computed from the same draws."""
    return PriorPredictive.of(data, priors).caption


@dataclass(frozen=True, eq=False)
class PriorPredictive(Figure):
    """`plot_prior_predictive`."""

    data: Regression
    priors: Mapping[str, Prior]
    height = 3.9
    rows = 2
    shares_x = False

    @classmethod
    def of(cls, data: Regression, priors: Prior | Mapping[str, Prior]) -> Self:
        return cls(data, checked_priors(data, priors))

    @classmethod
    def of_contrast(cls, table: Contrast, features: tuple[str, ...] | None, prior: str) -> Self:
        at_modes = {name: fit.prior for name, fit in table.modes.items()}  # no scale is learnt
        return cls.of(table.data, {**table.priors, **at_modes})

    def compute(self) -> Mapping[str, pd.DataFrame]:
        drawn = drawn_of(self.data, self.priors)
        return {"": distribution_table(drawn), "points": quantile_table(drawn)}

    @property
    def right(self) -> float:
        """End of the axis of R squared: 1, unless all priors expect much less."""
        points = self.tables["points"]
        high = float(points.loc[points["quantity"] == "r2", "high"].max())
        return min(1.0, _BEYOND * high) or 1.0

    def draw(self, axes: NDArray[Any]) -> None:
        looks = looks_of(self.priors)
        for quantity, panel in zip(("r2", "size"), axes, strict=True):
            table, points = (part[part["quantity"] == quantity] for part in self.tables.values())
            for name, look in looks.items():
                part = table[table["prior"] == name]
                panel.plot(part["value"], part["share"], label=name, **look.line)
                at, style = points[points["prior"] == name]["median"], mark("median", look.color)
                panel.plot(at, 0.5, label=f"median {name}", zorder=5, **style)
            panel.set_ylim(0, 1)
            panel.set_ylabel("share of draws\nup to here")
        self._dress(*axes)
        (median,) = mark_handles(["median"])
        median.set_label("prior median")
        sd = line_handles({"sd of y": LOOKS["least squares"]})
        legend_above(axes[0], [*line_handles(looks), median, *sd])

    def _dress(self, upper: Axes, lower: Axes) -> None:
        upper.set_xlabel("R²: share of the variance of y that X explains")
        upper.set_xlim(0, self.right)
        sd = float(np.std(self.data.y))
        lower.set_xscale("log")
        lower.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))  # about one decade
        lower.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        lower.xaxis.set_minor_formatter(NullFormatter())
        if sd > 0:
            line = {**LOOKS["least squares"].line, "linewidth": 1.2}
            lower.axvline(sd, zorder=0, label="sd of y", **line)
            lower.set_xlim(right=max(1.2 * sd, lower.get_xlim()[1]))
        lower.set_xlabel(f"sd of the linear predictor ({unit_of_y()})")

    @property
    def caption(self) -> str:
        points, noise = self.tables["points"], self.data.noise
        said = f"sigma {noise.sd:.4g}" if noise.is_known else f"sigma ~ {_rounded(str(noise))}"
        text = (
            "Before y is seen: the share of draws up to each R squared (top) and up to each "
            "standard deviation of the linear predictor (bottom, in units of y) under "
            f"{listed(list(self.priors))}, with {said}; squares are medians, and the dotted line "
            f"is the standard deviation of y, {np.std(self.data.y):.4g}."
        )
        for name in self.priors:
            r2, size = points[points["prior"] == name].to_dict("records")
            text += (
                f" {name}: R squared {r2['median']:.2g} [{r2['low']:.2g}, {r2['high']:.2g}], size "
                f"{size['median']:.3g} [{size['low']:.3g}, {size['high']:.3g}] (median and 95%)."
            )
        if self.right < 1:
            text += f" R squared is drawn up to {self.right:.2g}."
        return text


def _rounded(text: str) -> str:
    """Text with its numbers at four digits."""
    return re.sub(r"\d+\.\d+(e[-+]?\d+)?", lambda number: f"{float(number[0]):.4g}", text)
