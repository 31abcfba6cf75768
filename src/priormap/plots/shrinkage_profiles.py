"""The figure of the shrinkage factor: what a prior leaves alone, and what it shrinks away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.axes import Axes

from priormap.plots.figure import Figure
from priormap.plots.marks import legend_above, line_handles
from priormap.plots.style import looks_of
from priormap.priors import Prior
from priormap.tables.named_priors import Priors, listed
from priormap.tables.shrinkage_profiles import (
    checked_profiles,
    shrinkage_profile_points_table,
    shrinkage_profile_table,
)

if TYPE_CHECKING:
    import pandas as pd


_INSIDE = 0.02  # from either end of the axis: what is higher there leaves the figure
_ROOM = 1.15


def plot_shrinkage_profile(
    priors: Priors | None = None, sd: float = 1.0, *, ax: Axes | None = None, axes: Any = None
) -> Axes:
    """Draw the density of the shrinkage factor, which is 0 for no shrinkage and 1 for total.

    A horseshoe expects coefficients to be either left alone or shrunk away, and has its density at
    both ends; a lasso prior expects most of them in between. Where the factor is a number, as
    under a Gaussian prior, it is a pin, whose height means nothing.

    Parameters
    ----------
    priors, sd
        As in `shrinkage_profile_table`, whose numbers are drawn.
    ax, axes : Axes, optional
        Where to draw (either word will do); default: a new figure.

    Returns
    -------
    Axes

    References
    ----------
    Carvalho, Polson and Scott (2010), "The horseshoe estimator for sparse signals", Biometrika
    97(2), figure 2.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> plot_shrinkage_profile(ax=Figure().subplots()).get_ylabel()
    'prior density'
    """
    drawn: Axes = ShrinkageProfile.of(priors, sd).plot(ax, axes)
    return drawn


def shrinkage_profile_caption(priors: Priors | None = None, sd: float = 1.0) -> str:
    """Caption of `plot_shrinkage_profile`, with its numbers computed from the same tables.

    Examples
    --------
    >>> "horseshoe: 20 % of" in shrinkage_profile_caption()
    True
    """
    return ShrinkageProfile.of(priors, sd).caption


@dataclass(frozen=True, eq=False)
class ShrinkageProfile(Figure):
    """`plot_shrinkage_profile`."""

    priors: Mapping[str, Prior]
    sd: float
    height = 2.7

    @classmethod
    def of(cls, priors: Priors | None = None, sd: float = 1.0) -> Self:
        return cls(checked_profiles(priors, sd), sd)

    def compute(self) -> Mapping[str, pd.DataFrame]:
        given = (self.priors, self.sd)
        points = shrinkage_profile_points_table(*given)
        return {"": shrinkage_profile_table(*given), "points": points}

    def draw(self, axes: Axes) -> None:
        table, points = self.tables[""], self.tables["points"]
        looks = looks_of(self.priors)
        inside = table[table["kappa"].between(_INSIDE, 1 - _INSIDE)]
        top = _ROOM * (float(inside["density"].max()) or 1.0)
        for name, part in table.groupby("prior", sort=False):
            if part["density"].any():
                axes.plot(part["kappa"], part["density"], label=name, **looks[str(name)].line)
        for row in points[points["mass"] > 0].to_dict("records"):
            look = looks[row["prior"]]
            pin = {**look.line, "marker": "o", "markevery": [1], "clip_on": False}
            height = top / _ROOM * row["mass"]
            axes.plot([row["point"]] * 2, [0, height], label=f"pin {row['prior']}", **pin)
            if row["mass"] < 1:
                said = f"{row['mass']:.2g}"
                at, side = (row["point"], height), -4 if row["point"] > 0.5 else 4
                axes.annotate(
                    said,
                    at,
                    xytext=(side, 0),
                    textcoords="offset points",
                    ha="right" if side < 0 else "left",
                    va="center",
                    color=look.ink,
                    fontsize="small",
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
                )
        axes.set_xlim(0, 1)
        axes.set_ylim(0, top)
        axes.set_xlabel("shrinkage factor κ: 0 left alone, 1 shrunk away")
        axes.set_ylabel("prior density")
        legend_above(axes, line_handles(looks))

    @property
    def caption(self) -> str:
        text = (
            f"Prior density of the shrinkage factor under {listed(list(self.priors))}: the share "
            "of an observed coefficient that the posterior mean takes away, given its local "
            f"variance, with noise of standard deviation {self.sd:.4g}. Pins: single values, with "
            "their probabilities where these are not 1."
        )
        for name, rows in self.tables["points"].groupby("prior", sort=False):
            row = rows.iloc[0]
            text += (
                f" {name}: {row['below']:.0%} of coefficients are expected to lose less than a "
                f"tenth, and {row['above']:.0%} more than nine tenths."
            ).replace("%", " %")
            if np.isclose(row["mass"], 1):
                text += f" All lose {row['point']:.3g}."
        return text
