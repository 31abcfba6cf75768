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


_LOWER = 0.88  # height of the last of the pins
_PIN: dict[str, Any] = {"linestyle": "-", "linewidth": 1.2, "marker": "o"}
_TINT = 0.45  # share of white in a bar
_WIDTH = 0.84  # of a count: what the bars of all priors share


def plot_nonzero_counts(table: Contrast, *, ax: Axes | None = None, axes: Any = None) -> Axes:
    """Draw how many coefficients count: a pin for the mode, bars for the posterior.

    Pins, bars and triangles count coefficients outside their region of practical equivalence:
    in the mode, in the draws, and on average. How many are not exactly zero in the mode stands
    in the caption; no draw of the posterior has an exact zero.

    Parameters
    ----------
    table : Contrast
        What `contrast` returned; its argument `rope` sets the regions.
    ax, axes : Axes, optional
        Where to draw (either word will do); default: a new figure.

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
    drawn: Axes = NonzeroCounts.of(table).plot(ax, axes)
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
        tall = np.linspace(top, _LOWER * top, max(len(looks), 2))  # so that equal pins show
        for (name, look), offset, high in zip(looks.items(), offsets, tall, strict=False):
            part = shares[shares["prior"] == name]
            axes.bar(
                part["count"] + offset,
                part["share"],
                width=width,
                label=f"posterior {name}",
                **_bar(look),
            )
            (point,) = points[points["prior"] == name].to_dict("records")
            at, pin = [point["mode_outside"]] * 2, {**_PIN, **look.line, "markevery": [1]}
            axes.plot(at, [0, high], label=f"mode {name}", zorder=4, **pin)
            mean = mark("mean", look.color, is_edged=True)
            axes.plot(point["mean"], -0.04 * top, label=f"mean {name}", zorder=5, **mean)
        axes.axhline(0, color="black", linewidth=0.7)
        axes.set_ylim(-0.08 * top, 1.04 * top)
        low = min(shares["count"].min(), points["mode_outside"].min())
        high = max(shares["count"].max(), points["mode_outside"].max())
        axes.set_xlim(low - 0.6, high + 0.6)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        total = self.table.data.n_features
        axes.set_xlabel(f"effects larger than {rope_of(self.table):.3g} sd of y, of {total}")
        axes.set_ylabel("share of the draws")
        legend_above(axes, _legend(looks))

    @property
    def caption(self) -> str:
        text = (
            f"Number of coefficients that count, of {self.table.data.n_features}, under "
            f"{self.priors_listed}: those with which a change of their column by one standard "
            f"deviation changes y by more than {rope_of(self.table):.3g} of its own. Pins: their "
            "number in the mode. Bars: posterior shares of the draws by their number; triangles: "
            "its mean."
        )
        for row in self.tables["points"].to_dict("records"):
            text += f" {row['prior']}: "
            if row["prior"] in self.table.modes:
                text += (
                    f"{row['mode_outside']:.0f} in the mode, in which {row['mode']:.0f} are not "
                    "exactly zero; "
                )
            text += f"{row['mean']:.1f} expected in the posterior."
        return text


def _bar(look: Look) -> dict[str, Any]:
    return {"facecolor": look.tinted(_TINT).color, "edgecolor": look.color, "linewidth": 0.6}


def _legend(looks: Mapping[str, Look]) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [Patch(label=name, **_bar(look)) for name, look in looks.items()]
    pin = Line2D([], [], color="black", label="mode", markevery=[1], **_PIN)
    return [*handles, pin, *mark_handles(["mean"])]
