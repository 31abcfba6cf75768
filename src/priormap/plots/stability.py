"""What resamples say beside the posterior: statements of each coefficient on one axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.axes import Axes

from priormap.plots.figure import ContrastFigure
from priormap.plots.marks import legend_above, name_rows
from priormap.plots.style import Look
from priormap.plots.words import called
from priormap.tables.chosen import Features, chosen_features, left_out
from priormap.tables.effects import MOST_EFFECTS
from priormap.tables.posterior_contrast import Contrast
from priormap.tables.stability import check_resampled, stability_table

if TYPE_CHECKING:
    import pandas as pd


_MARKS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "prob_sign": ("P(one sign)", {"marker": "|", "markersize": 7, "markeredgewidth": 1.3}),
    "prob_outside": ("P(not negligible)", {"marker": "^", "markersize": 4.5}),
    "prob_nonzero": ("P(not 0)", {"marker": "D", "markersize": 3.6}),
    "resampled_nonzero": ("resamples: not 0", {"marker": "o", "markersize": 4.5}),
}


def plot_stability(
    table: Contrast,
    features: Features = None,
    *,
    ax: Axes | None = None,
    axes: Any = None,
    labels: Mapping[str, str] | None = None,
) -> Any:
    """Draw how often resamples keep each coefficient, beside what the posterior says of it.

    One panel for each prior, one row for each column, one axis from 0 to 1. Circles are shares
    of the resamples in which the mode is not exactly zero, hollow where the mode of all rows is;
    triangles are posterior probabilities of ``|coef| > rope``, upright ticks those of the
    likelier sign, and diamonds, under a prior with a spike at zero, those of not being zero. The
    grey line joins them: the longer, the less these statements agree.

    Parameters
    ----------
    table, features
        As in `stability_table`, whose numbers are drawn.
    ax, axes : Axes or array of Axes, optional
        Where to draw, one for each prior (either word will do); default: a new figure.
    labels : dict of str, optional
        What columns are called in the figure, by their names in the data.

    Returns
    -------
    Axes, or array of Axes
        One for each prior.

    Raises
    ------
    PriormapError
        If `table` holds no resamples, or a feature is unknown, constant or named twice.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> data = Regression(X, X[:, 0], sigma=1.0)
    >>> table = contrast(data, {"lasso": Laplace(0.1)}, random_seed=1, resamples=50)
    >>> plot_stability(table, ax=Figure().subplots()).get_title(loc="left")
    'lasso'
    """
    return Stability.of(table, features).plot(ax, axes, labels)


def stability_caption(
    table: Contrast,
    features: Features = None,
    *,
    labels: Mapping[str, str] | None = None,
) -> str:
    """Caption of `plot_stability`, with its numbers computed from the same table."""
    return Stability.of(table, features).said(labels)


@dataclass(frozen=True, eq=False)
class Stability(ContrastFigure):
    """`plot_stability`."""

    chosen: tuple[str, ...]

    @classmethod
    def of(cls, table: Contrast, features: Features = None) -> Self:
        return cls(table, chosen_features(check_resampled(table), features, MOST_EFFECTS))

    @property
    def height(self) -> float:
        return 0.9 + self.rows * (0.3 + 0.14 * len(self.chosen))

    @property
    def rows(self) -> int:
        """Panels above each other: one for each prior."""
        return len(self.table.priors)

    def compute(self) -> Mapping[str, pd.DataFrame]:
        return {"": stability_table(self.table, self.chosen)}

    def draw(self, axes: Any) -> None:
        panels = np.ravel(axes)
        for panel, (name, look) in zip(panels, self.looks.items(), strict=True):
            self._draw_prior(panel, name, look)
        note = left_out(self.table, len(self.chosen))
        panels[-1].set_xlabel("\n".join(filter(None, ["share, or probability", note])))
        legend_above(panels[0], _handles(self.tables[""]), lift=12)

    def _draw_prior(self, axes: Axes, name: str, look: Look) -> None:
        rows = self.tables[""]
        part = rows[rows["prior"] == name]
        at = np.arange(len(part))
        said = part[list(_shown(part))]
        axes.hlines(at, said.min(axis=1), said.max(axis=1), color="0.75", linewidth=0.8, zorder=1)
        for kind, (label, style) in _shown(part).items():
            for is_zero in (False, True):
                hollow = is_zero and kind == "resampled_nonzero"
                here = (part["is_zero"] == is_zero).to_numpy()
                face = {"markerfacecolor": "white"} if hollow else {}
                given = {**style, "color": look.color, "linestyle": "none", **face}
                axes.plot(part[kind][here], at[here], label=f"{label} {name}", zorder=3, **given)
        name_rows(axes, at.tolist(), list(part["feature"]))
        axes.set_ylim(len(part) - 0.4, -0.6)
        axes.set_xlim(-0.03, 1.03)
        axes.set_title(name, loc="left", color=look.ink)

    @property
    def caption(self) -> str:
        given = next((modes.resamples.words for modes in self.table.resampled.values()), "none")
        spike = "prob_nonzero" in _shown(self.tables[""])
        text = (
            f"Circles: share of {given} in which the mode of a coefficient is not exactly zero "
            "(hollow: that of all rows is). Triangles: posterior probability that it is not "
            "negligible; ticks: that it has its likelier sign"
            + "; diamonds: that it is not exactly zero" * spike
            + ". These are different questions, and a grey line joins their answers."
        )
        if note := left_out(self.table, len(self.chosen)):
            text += f" Shown are {note}."
        return " ".join([text, *map(self._said, self.table.priors)])

    def _said(self, name: str) -> str:
        rows = self.tables[""]
        part = rows[rows["prior"] == name]
        if name not in self.table.resampled:
            return f"{name}: no exact mode to resample, because {self.table.priors[name].no_mode}."
        zeros = part[part["is_zero"]]
        if not len(zeros):
            return f"{name}: no mode is exactly zero."
        row = zeros.iloc[int(zeros["resampled_nonzero"].argmax())]
        column = called(row["feature"])
        return (
            f"{name}: {len(zeros)} of {len(part)} modes are exactly zero; of these {column} is "
            f"not zero in {row['resampled_nonzero']:.0%} of the resamples, and not negligible with "
            f"probability {row['prob_outside']:.3f}."
        )


def _shown(rows: pd.DataFrame) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
    """Marks of the statements that say anything: without a spike no draw is exactly zero."""
    silent = {"prob_nonzero"} if (rows["prob_nonzero"] == 1).all() else set()
    silent |= {"resampled_nonzero"} if rows["resampled_nonzero"].isna().all() else set()
    return {kind: mark for kind, mark in _MARKS.items() if kind not in silent}


def _handles(rows: pd.DataFrame) -> list[Any]:
    from matplotlib.lines import Line2D

    handles = []
    for label, style in list(_shown(rows).values())[::-1]:
        given = {**style, "color": "black", "linestyle": "none"}
        handles.append(Line2D([], [], label=label, **given))
    if rows["is_zero"].any():
        hollow = {**_MARKS["resampled_nonzero"][1], "color": "black", "linestyle": "none"}
        line = Line2D([], [], label="mode exactly 0", markerfacecolor="white", **hollow)
        handles.insert(1, line)
    return handles
