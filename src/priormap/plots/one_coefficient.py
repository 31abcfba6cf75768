"""Figures of one coefficient: the shape of its prior, and what a prior does to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from priormap.plots.figure import Figure
from priormap.plots.marks import legend_above
from priormap.plots.style import LOOKS, looks_of
from priormap.priors import Prior
from priormap.tables.named_priors import Priors, coef_unit, listed
from priormap.tables.one_coefficient import (
    Match,
    checked_shapes,
    checked_shrinkage,
    dead_zone_edge,
    prior_shapes_table,
    shrinkage_table,
)

if TYPE_CHECKING:
    import pandas as pd


_FITS_BESIDE_THE_PEAK = 14  # characters of a name in the legend


def plot_prior_shapes(
    priors: Priors | None = None, *, match: Match = "sd", ax: Any = None, axes: Any = None
) -> NDArray[Any]:
    """Draw the density of priors, and below it their negative log density: the penalty.

    Parameters
    ----------
    priors, match
        As in `prior_shapes_table`, whose numbers are drawn.
    ax, axes : two Axes, optional
        Where to draw the density and the negative log density; default: a new figure.

    Returns
    -------
    array of two Axes
        The density's and the negative log density's.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> upper, lower = plot_prior_shapes(axes=Figure().subplots(2))
    >>> upper.get_ylabel()
    'density (per prior sd)'
    """
    drawn: NDArray[Any] = PriorShapes.of(priors, match).plot(ax, axes)
    return drawn


def prior_shapes_caption(priors: Priors | None = None, *, match: Match = "sd") -> str:
    """Caption of `plot_prior_shapes`, with its numbers computed from the same table.

    Examples
    --------
    >>> prior_shapes_caption().split(", in units")[0]
    'Density (top) and negative log density (bottom) of Gaussian and Laplace'
    """
    return PriorShapes.of(priors, match).caption


@dataclass(frozen=True, eq=False)
class PriorShapes(Figure):
    """`plot_prior_shapes`."""

    priors: Mapping[str, Prior]
    match: Match
    height = 3.9
    rows = 2
    headroom = 0.06

    @classmethod
    def of(cls, priors: Priors | None = None, match: Match = "sd") -> Self:
        return cls(checked_shapes(priors, match), match)

    def compute(self) -> Mapping[str, pd.DataFrame]:
        return {"": prior_shapes_table(self.priors, match=self.match)}

    def draw(self, axes: NDArray[Any]) -> None:
        upper, lower = axes
        looks = looks_of(self.priors)
        for name, part in self.tables[""].groupby("prior", sort=False):
            for panel, height in ((upper, "density"), (lower, "neg_log_density")):
                panel.plot(part["coef"], part[height], label=name, **looks[str(name)].line)
        unit = "prior sd" if self.match == "sd" else coef_unit(self.priors)
        upper.set_ylabel("density" + (f" (per {unit})" if unit != "its own unit" else ""))
        upper.set_ylim(bottom=0)
        lower.set_ylabel("− log density (nats)")
        lower.set_xlabel(f"coefficient ({'in ' * (self.match == 'sd')}{unit})")
        if max(map(len, self.priors)) <= _FITS_BESIDE_THE_PEAK:
            upper.legend(loc="upper right")
        else:
            legend_above(upper, upper.get_lines())

    @property
    def caption(self) -> str:
        by_sd = "in units of the prior standard deviation"
        curves = list(dict.fromkeys(map(_curve, self.priors.values())))
        text = (
            f"Density (top) and negative log density (bottom) of {listed(list(self.priors))}, "
            f"{by_sd if self.match == 'sd' else 'scales as given'}. Up to a constant the negative "
            f"log density is the penalty: {listed(curves)}."
        )
        if len(self.priors) == 2:
            a, b = self.priors
            table = self.tables[""].pivot(index="coef", columns="prior", values="density")
            edge = float(table.index.max())
            times = table[b] / table[a]
            text += (
                f" The density of {b} is {times[0.0]:.3g} times that of {a} at 0 and "
                f"{times[edge]:.3g} times at {edge:.3g}."
            )
        return text


def _curve(prior: Prior) -> str:
    """Say what curve the penalty of a prior is, by its pull."""
    low, high = prior.pull_range(0.0)
    first, second, third = prior.pull(np.array([1.0, 2.0, 3.0]) * prior.interval(0.5))
    if not np.isclose(third - second, second - first, rtol=1e-9, atol=1e-9 * third):
        curve = "two curves that meet in a corner" if low < high else "a curve without a corner"
    elif low == high:
        curve = "a parabola"
    else:
        sides = "straight lines" if np.isclose(first, third) else "branches of a parabola"
        curve = f"two {sides} that meet in a corner"
    article = "an" if prior.spoken[0].lower() in "aeiou" else "a"
    fit = f" ({prior.fit})" if prior.fit not in ("", prior.spoken) else ""
    return f"{curve} for {article} {prior.spoken} prior{fit}"


def plot_shrinkage(
    priors: Priors | None = None, sd: float = 1.0, *, ax: Axes | None = None, axes: Any = None
) -> Axes:
    """Draw mode and posterior mean of one coefficient against the value z observed.

    Solid lines are modes and dashed lines posterior means; where the two coincide there is
    one line. The thin diagonal is no shrinkage; shaded bands are dead zones.

    Parameters
    ----------
    priors, sd
        As in `shrinkage_table`, whose numbers are drawn.
    ax, axes : Axes, optional
        Where to draw (either word will do); default: a new figure.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> plot_shrinkage(ax=Figure().subplots()).get_ylabel()
    'estimate of the coefficient'
    """
    drawn: Axes = Shrinkage.of(priors, sd).plot(ax, axes)
    return drawn


def shrinkage_caption(priors: Priors | None = None, sd: float = 1.0) -> str:
    """Caption of `plot_shrinkage`, with its numbers computed from the same table.

    Examples
    --------
    >>> from priormap import Laplace
    >>> "exactly 0 for |z| <= 2;" in shrinkage_caption(Laplace(0.5))
    True
    """
    return Shrinkage.of(priors, sd).caption


@dataclass(frozen=True, eq=False)
class Shrinkage(Figure):
    """`plot_shrinkage`."""

    priors: Mapping[str, Prior]
    sd: float
    height = 3.2
    headroom = 0.06

    @classmethod
    def of(cls, priors: Priors | None = None, sd: float = 1.0) -> Self:
        return cls(*checked_shrinkage(priors, sd))

    def compute(self) -> Mapping[str, pd.DataFrame]:
        return {"": shrinkage_table(self.priors, self.sd)}

    @property
    def edges(self) -> dict[str, float]:
        """Half-width of the dead zone of each prior."""
        return {name: dead_zone_edge(prior, self.sd) for name, prior in self.priors.items()}

    def draw(self, axes: Axes) -> None:
        table, looks = self.tables[""], looks_of(self.priors)
        for name, edge in self.edges.items():
            part, color = table[table["prior"] == name], looks[name].color
            rules = {"mode": "-"} if np.isfinite(edge) else {}
            rules |= {"mean": "--"}
            if _coincide(part):
                axes.plot(part["z"], part["mode"], color=color, label=f"{name}: mode and mean")
                rules = {}
            for rule, style in rules.items():
                label = f"{name}: {rule}"
                axes.plot(part["z"], part[rule], color=color, linestyle=style, label=label)
            if 0 < edge < np.inf:
                axes.axvspan(-edge, edge, color=color, alpha=0.1, linewidth=0, zorder=0)
        limit = float(table["z"].max())
        thin = {**LOOKS["least squares"].line, "linestyle": "-", "linewidth": 0.8}
        axes.plot([-limit, limit], [-limit, limit], label="no shrinkage", zorder=1, **thin)
        self._name_dead_zones(axes)
        axes.set_xlim(-limit, limit)
        axes.set_xlabel(f"observed value z (noise sd {self.sd:.4g})")
        axes.set_ylabel("estimate of the coefficient")
        axes.legend(loc="upper left")

    @property
    def caption(self) -> str:
        text = (
            "Mode (solid) and posterior mean (dashed) of one coefficient as functions of its "
            f"observed value z, with noise of standard deviation {self.sd:.4g}; the thin diagonal "
            "is no shrinkage."
        )
        for name, edge in self.edges.items():
            part = self.tables[""][self.tables[""]["prior"] == name]
            if np.isinf(edge):
                end = part.iloc[-1]
                text += (
                    f" {name}: no rule for the mode, because {self.priors[name].no_mode}; at "
                    f"z = {end['z']:.4g} the mean is {end['mean']:.3g}."
                )
            elif edge > 0:
                mean = float(part.loc[part["z"] == edge, "mean"].iloc[0])
                text += (
                    f" {name}: the mode is exactly 0 for |z| <= {edge:.4g}; the posterior mean is "
                    f"0 at z = 0 only, and {mean:.3g} at the edge of this dead zone."
                )
            elif _coincide(part):
                slope = float(self.priors[name].shrink(1.0, self.sd))
                text += f" {name}: mode and mean are both {slope:.4g} z."
            else:
                end = part.iloc[-1]
                text += (
                    f" {name}: no dead zone; at z = {end['z']:.4g} the mode is {end['mode']:.3g} "
                    f"and the mean {end['mean']:.3g}."
                )
        return text

    def _name_dead_zones(self, axes: Axes) -> None:
        shown = ", ".join(
            f"{edge:.4g}" for edge in sorted(set(self.edges.values())) if 0 < edge < np.inf
        )
        if shown:
            several = "s" * ("," in shown)
            axes.text(
                0,
                0.03,
                f"dead zone{several}: mode = 0\nfor |z| ≤ {shown}",
                transform=axes.get_xaxis_transform(),
                ha="center",
                va="bottom",
                fontsize="small",
            )


def _coincide(part: pd.DataFrame) -> bool:
    """Whether mode and mean of one prior are one line."""
    return np.allclose(part["mode"], part["mean"], rtol=1e-12, atol=0)
