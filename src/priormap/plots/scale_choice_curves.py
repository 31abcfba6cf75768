"""What each criterion says of the prior scale: stacked curves over one axis, optima marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from priormap import criteria
from priormap.criteria import Criterion, ScaleChoice
from priormap.errors import PriormapError
from priormap.plots.figure import Figure
from priormap.plots.marks import mark
from priormap.plots.style import look_of
from priormap.tables.named_priors import listed
from priormap.tables.scale_choice import (
    check_choice,
    scale_choice_points_table,
    scale_choice_table,
)

if TYPE_CHECKING:
    import pandas as pd


_PANEL, _MARGINS = 0.92, 1.0  # inches: a panel, and the axes above and below all
_DEPTH = 8.0  # log units below the best that a panel shows
_ERRORS = 8.0  # standard errors above the least that a panel shows
_HEADROOM = 1.3  # times the height of a peak, for the number above it


def plot_scale_choice(
    choice: ScaleChoice, *, ax: Any = None, axes: Any = None
) -> NDArray[np.object_]:
    r"""Draw one panel for each criterion, over one axis of prior scales.

    Full circles are optima, the hollow one the one-standard-error rule of cross-validation; a
    grey line takes each through all panels, the dotted one the universal rule. Bands are one
    standard error, of leave-one-out that of the difference from its best, and the shade under
    the posterior of the scale holds 95 % of it. The bottom axis is the scale of the prior, the
    top axis the alpha of scikit-learn for the same mode.

    Parameters
    ----------
    choice : ScaleChoice
        What `choose_scale` returned.
    ax, axes : array of Axes, optional
        One for each curve; default: a new figure.

    Returns
    -------
    array of Axes

    Raises
    ------
    PriormapError
        If `choice` is no `ScaleChoice`, has no curve, or `axes` are not as many as its curves.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from priormap import Regression, choose_scale
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X[:, 0] + 0.1 * X[:, 1] ** 2, sigma=0.3)
    >>> choice = choose_scale(data, "gaussian", ["cv", "evidence"], random_seed=0)
    >>> [ax.get_ylabel() for ax in plot_scale_choice(choice, axes=Figure().subplots(2))]
    ['error of\nprediction', 'log\nevidence']
    """
    figure = ScaleCurves.of(choice)
    if not figure.panels:
        raise PriormapError("choice has no curve to draw; ask choose_scale for cv, loo or evidence")
    return np.atleast_1d(figure.plot(ax, axes))


def scale_choice_caption(choice: ScaleChoice) -> str:
    """Caption of `plot_scale_choice`, with its numbers computed from the same tables."""
    return ScaleCurves.of(choice).caption


@dataclass(frozen=True, eq=False)
class ScaleCurves(Figure):
    """`plot_scale_choice`."""

    choice: ScaleChoice

    @classmethod
    def of(cls, choice: ScaleChoice) -> Self:
        return cls(check_choice(choice))

    @property
    def panels(self) -> list[Criterion]:
        """Criteria that have a curve, from top to bottom."""
        drawn = set(self.choice.curves["method"])
        return [one for one in criteria.CRITERIA if one.name in drawn]

    @property
    def rows(self) -> int:
        return len(self.panels)

    @property
    def height(self) -> float:
        return _MARGINS + _PANEL * self.rows

    def compute(self) -> Mapping[str, pd.DataFrame]:
        points = scale_choice_points_table(self.choice)
        return {"": scale_choice_table(self.choice), "points": points}

    @property
    def color(self) -> str:
        """Of the family."""
        return look_of(self.choice.family.prior.label).color

    def draw(self, axes: Any) -> None:
        panels, scales = np.atleast_1d(axes), self.tables[""]["scale"]
        for panel, one in zip(panels, self.panels, strict=True):
            self._draw_curve(panel, one)
            self._draw_optima(panel, one)
            panel.set_xscale("log")
            panel.set_xlim(scales.min(), scales.max())
            panel.set_ylabel(one.label)
        for panel in panels[:-1]:
            panel.tick_params(labelbottom=False)
        panels[-1].xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        by_noise = self.choice.family.prior.scaled_by_noise
        panels[-1].set_xlabel("prior scale" + " (in noise sd)" * by_noise)
        if self.choice.family.estimator:
            self._alpha_axis(panels[0])

    def _draw_curve(self, panel: Axes, one: Criterion) -> None:
        part = self.tables[""][self.tables[""]["method"] == one.name]
        scale, value, choice = part["scale"], part["value"], self.choice
        is_sampled = one.name == "loo" and choice.curves.loc[part.index, "khat"].notna().any()
        line: dict[str, Any] = {"marker": ".", "linewidth": 0.8} if is_sampled else {}
        panel.plot(scale, value, color=self.color, label=f"{one.name} curve", zorder=3, **line)
        shade: dict[str, Any] = {"color": self.color, "alpha": 0.16, "linewidth": 0, "zorder": 1}
        if (part["high"] > part["low"]).any():
            panel.fill_between(scale, part["low"], part["high"], label=f"{one.name} error", **shade)
        if one.is_log:
            depth = min(_DEPTH, -1.1 * float(value.min()))
            panel.set_ylim(-depth, (_HEADROOM - 1) * depth)
        elif one.has_error:
            best = int(np.argmin(value))
            least = float(value.iloc[best])
            error = max(float(part["high"].iloc[best]) - least, 1e-12)
            panel.set_ylim(least - 1.5 * error, min(part["high"].max(), least + _ERRORS * error))
        else:
            low, high = (float(choice.optima[end][one.name]) for end in ("low", "high"))
            inside = (scale >= low) & (scale <= high)
            panel.fill_between(scale[inside], 0, value[inside], label="95 % of it", **shade)
            panel.set_ylim(0, _HEADROOM * value.max())

    def _draw_optima(self, panel: Axes, one: Criterion) -> None:
        for row in self.tables["points"].to_dict("records"):
            at, is_rule = row["scale"], not isinstance(row["curve"], str)
            color, dots = ("0.2", ":") if is_rule else ("0.8", "-")
            line: dict[str, Any] = {"color": color, "linestyle": dots, "linewidth": 0.7}
            panel.axvline(at, zorder=0, label=f"at {row['method']}", **line)
            if row["curve"] != one.name:
                continue
            look = mark("mode", self.color, is_hollow=one.best not in {"", row["method"]})
            panel.plot(at, row["value"], label=str(row["method"]), zorder=5, **look)
            panel.annotate(
                f"{at:.3g}",
                (at, row["value"]),
                xytext=(0, 5),
                textcoords="offset points",
                ha="center",
                fontsize="x-small",
                color=self.color,
            )

    def _alpha_axis(self, panel: Axes) -> None:
        """Alpha of scikit-learn on top, each tick at the scale of the same mode."""
        family = self.choice.family
        grid = np.geomspace(*panel.get_xlim(), 200)
        alpha = family.alpha(grid)
        ticks = 10.0 ** np.arange(np.ceil(np.log10(alpha[-1])), np.floor(np.log10(alpha[0])) + 1)
        ticks = ticks[:: 1 + len(ticks) // 7]
        at = np.exp(np.interp(-np.log(ticks), -np.log(alpha), np.log(grid)))
        top = panel.secondary_xaxis("top")
        top.set_ticks(at, [f"{tick:g}" for tick in ticks])
        top.set_ticks([], minor=True)
        own = ", standardised columns" * self.choice.data.standardize
        top.set_xlabel(f"scikit-learn alpha ({family.estimator}{own})")

    @property
    def caption(self) -> str:
        choice, points = self.choice, self.tables["points"]
        names = {name: words for one in criteria.CRITERIA for name, words in one.said.items()}
        chosen = [
            f"{row['scale']:.3g}"
            + f" (alpha {row['alpha']:.3g})" * bool(choice.family.estimator)
            + f" by {names[row['method']]}"
            for row in points.to_dict("records")
        ]
        text = (
            f"Criteria along the scale of the {choice.family.name} prior, alpha at the noise sd "
            f"{choice.sigma:.4g} ({choice.sigma_origin}); log densities are relative to their "
            "largest values. Full circles are optima"
        )
        methods = choice.optima.index
        text += ", the hollow one is the one-standard-error rule" * ("cv_1se" in methods)
        text += ", the dotted line is the universal rule" * ("universal" in methods)
        text += f". Chosen are {listed(chosen)}."
        text += "".join(f" {said}" for said in choice.lead)
        if "hyperprior" in methods:
            row = choice.optima.loc["hyperprior"]
            text += f" 95 % of the posterior of the scale lies in {row['low']:.3g} to "
            text += f"{row['high']:.3g}."
        largest = points["scale"].max() / points["scale"].min()
        return text + f" The largest choice is {largest:.3g} times the smallest."
