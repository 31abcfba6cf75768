"""How many coefficients count: a pin for the mode, bars for the posterior."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from priormap.plots.figure import ContrastFigure
from priormap.plots.marks import legend_above, mark, mark_handles
from priormap.plots.style import Look
from priormap.tables import Contrast
from priormap.tables.chosen import check_contrast
from priormap.tables.nonzero_counts import (
    nonzero_counts_points_table,
    nonzero_counts_table,
    rope_of,
)

if TYPE_CHECKING:
    import pandas as pd


_PIN: dict[str, Any] = {"linestyle": "-", "linewidth": 1.2, "marker": "o"}
_TINT = 0.45  # share of white in a bar
_WIDTH = 0.84  # of a count: what the bars of all priors share


def plot_nonzero_counts(table: Contrast, *, ax: Axes | None = None) -> Axes:
    """Draw how many coefficients count: a pin for the mode, bars for the posterior.

    A pin stands at the number of coefficients that are not exactly zero in the mode. No draw of
    the posterior has an exact zero; bars are shares of draws by the number of coefficients
    outside their region of practical equivalence, and triangles the mean of that number.

    Parameters
    ----------
    table : Contrast
        What `contrast` returned; its argument `rope` sets the regions.
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
    >>> plot_nonzero_counts(table, ax=Figure().subplots()).get_ylabel()
    'share of the draws'
    """
    drawn: Axes = NonzeroCounts.of(table).plot(ax)
    return drawn


def nonzero_counts_caption(table: Contrast) -> str:
    """Caption of `plot_nonzero_counts`, with its numbers computed from the same tables."""
    return NonzeroCounts.of(table).caption


@dataclass(frozen=True, eq=False)
class NonzeroCounts(ContrastFigure):
    """`plot_nonzero_counts`."""

    height = 2.7

    @classmethod
    def of(cls, table: Contrast) -> Self:
        return cls(check_contrast(table))

    def compute(self) -> Mapping[str, pd.DataFrame]:
        points = nonzero_counts_points_table(self.table)
        return {"": nonzero_counts_table(self.table), "points": points}

    def draw(self, axes: Axes) -> None:
        shares, points = self.tables[""], self.tables["points"]
        looks = self.looks
        width = _WIDTH / len(looks)
        offsets = width * (np.arange(len(looks)) - 0.5 * (len(looks) - 1))
        top = 1.15 * shares["share"].max()
        for (name, look), offset in zip(looks.items(), offsets, strict=True):
            part = shares[shares["prior"] == name]
            axes.bar(
                part["count"] + offset,
                part["share"],
                width=width,
                label=f"posterior {name}",
                **_bar(look),
            )
            (point,) = points[points["prior"] == name].to_dict("records")
            at, pin = [point["mode"] + offset] * 2, {**_PIN, "color": look.color, "markevery": [1]}
            axes.plot(at, [0, top], label=f"mode {name}", zorder=4, **pin)
            mean = mark("mean", look.color, is_edged=True)
            axes.plot(point["mean"], 0, label=f"mean {name}", zorder=5, clip_on=False, **mean)
        axes.set_ylim(0, 1.04 * top)
        low = min(shares["count"].min(), points["mode"].min())
        high = max(shares["count"].max(), points["mode"].max())
        axes.set_xlim(low - 0.6, high + 0.6)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        total = self.table.data.n_features
        axes.set_xlabel(f"number of coefficients that count, of {total}")
        axes.set_ylabel("share of the draws")
        legend_above(axes, _legend(looks))

    @property
    def caption(self) -> str:
        text = (
            f"Number of coefficients that count, of {self.table.data.n_features}, under "
            f"{self.priors_listed}. Pins: not exactly zero in the mode. Bars: "
            "posterior share of the draws by the number of coefficients with which a change of "
            f"their column by one standard deviation changes y by more than "
            f"{rope_of(self.table):.3g} of its own; triangles: its mean."
        )
        for row in self.tables["points"].to_dict("records"):
            text += f" {row['prior']}: "
            if row["prior"] in self.table.modes:
                text += (
                    f"{row['mode']:.0f} are not zero in the mode ({row['mode_outside']:.0f} of "
                    "them beyond that size); "
                )
            text += f"{row['mean']:.1f} are expected to be in the posterior."
        return text


def _bar(look: Look) -> dict[str, Any]:
    return {"facecolor": look.tinted(_TINT).color, "edgecolor": look.color, "linewidth": 0.6}


def _legend(looks: Mapping[str, Look]) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [Patch(label=name, **_bar(look)) for name, look in looks.items()]
    pin = Line2D([], [], color="black", label="mode", markevery=[1], **_PIN)
    return [*handles, pin, *mark_handles(["mean"])]
