"""Mode and posterior along the strength of the prior, as far as one run of draws carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from priormap.criteria import PriorSensitivity
from priormap.plots.figure import Figure
from priormap.plots.marks import legend_above, mark_zero, name_lines
from priormap.plots.style import Look, look_of
from priormap.plots.words import called, effect_label
from priormap.tables.chosen import Features
from priormap.tables.named_priors import listed
from priormap.tables.sensitivity import moving_columns, sensitivity_table

if TYPE_CHECKING:
    import pandas as pd


_TINTS = 0.45  # share of white in the last column's colour
_MEAN: dict[str, Any] = {"linestyle": "--", "linewidth": 1.1}
_BAND: dict[str, Any] = {"alpha": 0.16, "linewidth": 0, "zorder": 1}
_TICKS = (0.125, 0.25, 0.5, 1, 2, 4, 8)


def plot_sensitivity(
    found: PriorSensitivity,
    features: Features = None,
    *,
    ax: Axes | None = None,
    axes: Any = None,
    labels: Mapping[str, str] | None = None,
    units: str = "",
) -> Axes:
    """Draw mode, posterior mean and interval against the factor of lambda.

    Solid lines are exact modes, dashed ones posterior means and bands intervals, both reweighted
    from the draws at the factor 1 (vertical line), as far as their k-hat allows.

    Parameters
    ----------
    found, features
        As in `sensitivity_table`, whose numbers are drawn.
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
        If `found` is no `PriorSensitivity`, or a feature is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from priormap import Laplace, Regression, prior_sensitivity
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> found = prior_sensitivity(data, Laplace(0.1), random_seed=1)
    >>> plot_sensitivity(found, ax=Figure().subplots()).get_xlabel()
    'factor of lambda (power of the prior)'
    """
    drawn: Axes = Sensitivity.of(found, features).plot(ax, axes, labels, units)
    return drawn


def sensitivity_caption(
    found: PriorSensitivity,
    features: Features = None,
    *,
    labels: Mapping[str, str] | None = None,
    units: str = "",
) -> str:
    """Caption of `plot_sensitivity`, with its numbers computed from the same tables."""
    return Sensitivity.of(found, features).said(labels, units)


@dataclass(frozen=True, eq=False)
class Sensitivity(Figure):
    """`plot_sensitivity`."""

    found: PriorSensitivity
    chosen: list[str]
    height = 2.9

    @classmethod
    def of(cls, found: PriorSensitivity, features: Features = None) -> Self:
        return cls(found, moving_columns(found, features))

    @property
    def column_names(self) -> Sequence[str]:
        return self.found.fit.data.names

    def compute(self) -> Mapping[str, pd.DataFrame]:
        return {"": sensitivity_table(self.found, self.chosen)}

    @property
    def look(self) -> Look:
        """Of the prior."""
        return look_of(self.found.fit.prior.label)

    def draw(self, axes: Axes) -> None:
        mark_zero(axes, y=True)
        axes.axvline(1, color="0.6", linewidth=0.6, zorder=0)
        names = list(dict.fromkeys(self.tables[""]["feature"]))
        tints = np.linspace(0, _TINTS, max(len(names), 2))
        for name, share in zip(names, tints, strict=False):
            self._draw_column(axes, name, self.look.tinted(share).color)
        last = self.tables[""].groupby("feature", sort=False)["mean"].last()
        name_lines(axes, dict(last), dict.fromkeys(names, self.look.ink))
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        low, high = self.found.reach
        axes.set_xticks([tick for tick in _TICKS if low <= tick <= high])
        axes.set_xticks([], minor=True)
        axes.set_xlim(low, high)
        axes.set_xlabel("factor of lambda (power of the prior)")
        axes.set_ylabel(effect_label())
        legend_above(axes, self._legend())

    def _draw_column(self, axes: Axes, name: str, color: str) -> None:
        part = self.tables[""][self.tables[""]["feature"] == name]
        power, mean = part["power"], part["mean"]
        band = {**_BAND, "color": color, "label": f"interval {name}"}
        axes.fill_between(power, part["low"], part["high"], **band)
        axes.plot(power, part["mode"], "-", color=color, label=f"mode {name}", zorder=4)
        axes.plot(power, mean, color=color, label=f"mean {name}", zorder=3, **_MEAN)

    def _legend(self) -> list[Any]:
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        color = self.look.color
        return [
            Line2D([], [], label="mode", linestyle="-", color=color),
            Line2D([], [], label="posterior mean", color=color, **_MEAN),
            Patch(label="interval", alpha=0.25, linewidth=0, color=color),
        ]

    @property
    def caption(self) -> str:
        slopes = self.found.coefficients.set_index("feature").loc[self.chosen]
        low, high = self.found.reach
        said = [
            f"{called(name)} {mode:.3g} and {mean:.3g}"
            for name, mode, mean in zip(
                self.chosen, slopes["mode_slope"], slopes["mean_slope"], strict=True
            )
        ]
        return (
            f"Modes (solid), posterior means (dashed) and intervals (bands) of "
            f"{listed([called(name) for name in self.chosen])} under {self.found.fit.prior} raised "
            "to a power, which multiplies lambda. The posteriors are reweighted from one run, "
            f"which carries from {low:.3g} to {high:.3g}. Slopes of mode and mean at 1, in units "
            f"of the coefficients per unit of log lambda: {'; '.join(said)}."
        )
