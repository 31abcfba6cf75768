"""How hard a prior pulls: the classic question why L1 makes zeros and L2 does not.

The pull is the derivative of the penalty. That of L1 is the same at every weight; that of L2
grows with the weight. So L2 gains more by a small step from a large weight, and L1 by the
same step from a small one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, SymmetricalLogLocator

from priormap.plots.figure import Figure
from priormap.plots.marks import legend_above
from priormap.plots.style import looks_of
from priormap.priors import Prior
from priormap.tables.named_priors import Priors, coef_unit, listed
from priormap.tables.pull import (
    STEP,
    WEIGHTS,
    Written,
    checked_pull,
    comparisons,
    crossover,
    gaussian_and_laplace,
    pull_steps_table,
    pull_table,
)

if TYPE_CHECKING:
    import pandas as pd


def plot_pull(
    priors: Priors | None = None,
    *,
    written: Written | None = None,
    weights: tuple[float, ...] = WEIGHTS,
    step: float = STEP,
    ax: Axes | None = None,
    axes: Any = None,
) -> Axes:
    """Draw how hard priors pull a weight to zero, as a function of the weight.

    Both axes are logarithmic down to half of the smallest weight, and linear from there to
    zero. With two priors, each marked weight says how many times as much one penalty falls
    as the other over a small step; with one Gaussian and one Laplace prior, the crossover is
    marked.

    Parameters
    ----------
    priors, written, weights, step
        As in `pull_table` and `pull_steps_table`, whose numbers are drawn.
    ax, axes : Axes, optional
        Where to draw (either word will do); default: a new figure.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> plot_pull(ax=Figure().subplots()).get_xscale()
    'symlog'
    """
    drawn: Axes = Pull.of(priors, written=written, weights=weights, step=step).plot(ax, axes)
    return drawn


def pull_caption(
    priors: Priors | None = None,
    *,
    written: Written | None = None,
    weights: tuple[float, ...] = WEIGHTS,
    step: float = STEP,
) -> str:
    """Caption of `plot_pull`, with its numbers computed from the same tables.

    Examples
    --------
    >>> "w² falls 29.999 times as much as |w|" in pull_caption()
    True
    """
    return Pull.of(priors, written=written, weights=weights, step=step).caption


@dataclass(frozen=True, eq=False)
class Pull(Figure):
    """`plot_pull`."""

    priors: Mapping[str, Prior]
    weights: tuple[float, ...]
    step: float
    height = 3.2
    headroom = 0.26

    @classmethod
    def of(
        cls,
        priors: Priors | None = None,
        *,
        written: Written | None = None,
        weights: tuple[float, ...] = WEIGHTS,
        step: float = STEP,
    ) -> Self:
        return cls(*checked_pull(priors, written, weights, step))

    def compute(self) -> Mapping[str, pd.DataFrame]:
        weights: Any = {"weights": self.weights}
        steps = pull_steps_table(self.priors, step=self.step, **weights)
        return {"": pull_table(self.priors, **weights), "steps": steps}

    @property
    def linear(self) -> float:
        """Weight up to which the axes are linear."""
        return min(self.weights) / 2

    def draw(self, axes: Axes) -> None:
        table, steps = self.tables[""], self.tables["steps"]
        looks = looks_of(self.priors)
        curves: list[Any] = []
        for name, prior in self.priors.items():
            part = table[table["prior"] == name]
            # at a kink the pull is an interval: a vertical piece, of which the half that
            # pulls a positive weight to zero is drawn
            ends = np.maximum(part[["pull_low", "pull_high"]].to_numpy(), 0.0)
            label = f"{name} ({prior.label} prior)" if prior.label not in name else name
            weight = np.repeat(part["weight"], 2)
            curves += axes.plot(weight, ends.ravel(), label=label, **looks[name].line)
            marks = steps[steps["prior"] == name]
            axes.plot(marks["weight"], marks["pull"], "o", color=looks[name].color)
        _set_scales(axes, table, self.linear)
        _mark_weights(axes, steps, self.step, _short_names(self.priors))
        _mark_crossover(axes, self.priors)
        _mark_intervals(axes, self.priors)
        axes.set_xlabel(f"weight w ({coef_unit(self.priors)})")
        axes.set_ylabel("pull (nats per unit of w)")
        legend_above(axes, curves)

    @property
    def caption(self) -> str:
        text = f"Pull (derivative of the penalty) of {listed(list(self.priors))} on a weight w."
        for name, prior in self.priors.items():
            low, high = (float(end) for end in prior.pull_range(0.0))
            if low < high:
                text += f" At 0 the pull of {name} is any number from {low:.4g} to {high:.4g}."
        for weight, more, less, factor in comparisons(self.tables["steps"]):
            text += (
                f" Over a step of {self.step:g} from w = {weight:g}, {more} falls {factor:.6g} "
                f"times as much as {less}."
            )
        pair = gaussian_and_laplace(self.priors)
        if pair is not None:
            text += f" The two pulls are equal at w = {crossover(*pair):.4g}."
        return f"{text} Axes are linear up to w = {self.linear:g} and logarithmic from there."


def _set_scales(axes: Axes, table: pd.DataFrame, linear: float) -> None:
    """Logarithmic axes that begin with a linear piece, so that zero is on them.

    A pull proportional to the weight stays a straight line, as both linear pieces end there.
    """
    rising = table[(table["weight"] == 0) & (table["pull_high"] == 0)]["prior"]
    slopes = table[table["prior"].isin(rising) & (table["weight"] > 0)]
    steepest = (slopes["pull_high"] / slopes["weight"]).max() if len(slopes) else 1.0
    plain = FuncFormatter(lambda value, _: f"{value:g}")
    for axis, name, threshold in ((axes.xaxis, "x", linear), (axes.yaxis, "y", steepest * linear)):
        getattr(axes, f"set_{name}scale")("symlog", linthresh=threshold, linscale=1)
        ticks = SymmetricalLogLocator(base=10, linthresh=threshold, subs=(2, 5))
        axis.set_minor_locator(ticks)
        axis.set_major_formatter(plain)
    axes.set_xlim(-linear / 4, table["weight"].max())
    axes.set_ylim(0, None)


def _short_names(named: Mapping[str, Prior]) -> dict[str, str]:
    """Names for notes inside the axes: families, where names are long and families tell."""
    families = [prior.label for prior in named.values()]
    fit = max(map(len, named)) <= 10 or len(set(families)) < len(families)
    return dict(zip(named, named if fit else families, strict=True))


def _mark_weights(axes: Axes, steps: pd.DataFrame, step: float, short: dict[str, str]) -> None:
    """Draw a line at each weight, and say beside it which penalty falls more, and how much."""
    weights = steps["weight"]
    for weight in weights.unique():
        axes.axvline(weight, color="0.6", linewidth=0.6, zorder=0)
    for weight, more, less, factor in comparisons(steps):
        pulls = steps.loc[weights == weight, "pull"]
        # small weights have room above both curves, large ones below both
        above = weight**2 <= weights.min() * weights.max()
        point = (weight, pulls.max() if above else pulls.min())
        x, _ = axes.transAxes.inverted().transform(axes.transData.transform(point))
        _note(
            axes,
            f"w = {weight:g}, step {step:g}:\n{short[more]} falls {factor:.6g}\n"
            f"times as much as {short[less]}",
            point,
            (4 if x < 0.5 else -4, 24 if above else -38),
            ha="left" if x < 0.5 else "right",
            va="bottom" if above else "top",
        )


def _mark_crossover(axes: Axes, named: Mapping[str, Prior]) -> None:
    pair = gaussian_and_laplace(named)
    if pair is not None:
        weight = crossover(*pair)
        pull = float(pair[1].pull(weight))
        axes.plot(weight, pull, "o", markerfacecolor="white", color="black", zorder=5)
        _note(axes, f"equal at {weight:.4g}", (weight, pull), (5, -4))


def _mark_intervals(axes: Axes, named: Mapping[str, Prior]) -> None:
    """Say at the top of each vertical piece which interval it is."""
    intervals = (tuple(map(float, prior.pull_range(0.0))) for prior in named.values())
    for low, high in dict.fromkeys(intervals):  # several priors may have one interval
        if low < high:
            _note(axes, f"at 0: any in\n[−{-low:.4g}, {high:.4g}]", (0.0, high), (3, -4))


def _note(
    axes: Axes, text: str, point: tuple[float, float], offset: tuple[int, int], **align: Any
) -> None:
    """Write beside a point, without moving the axes for it."""
    note = axes.annotate(
        text,
        point,
        xytext=offset,
        textcoords="offset points",
        fontsize="small",
        **{"va": "top", **align},
    )
    note.set_in_layout(False)
