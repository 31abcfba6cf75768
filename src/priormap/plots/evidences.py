"""Evidence along the scale: every family on one axis, and each prior where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from priormap.plots.figure import Figure
from priormap.plots.marks import legend_above, line_handles, mark
from priormap.plots.style import looks_of
from priormap.tables.evidence_curves import EvidenceComparison, check_evidence, evidence_table
from priormap.tables.named_priors import listed

if TYPE_CHECKING:
    import pandas as pd

_DEPTH = 10.0  # nats below the best that are shown
_AXES = {"prior_sd": "prior sd of a coefficient", "r2": "median of R² before the data"}


def plot_evidence(found: EvidenceComparison, *, ax: Any = None, axes: Any = None) -> Any:
    """Draw the log evidence of each family along its scale, on two axes that they share.

    Above over the prior standard deviation of a coefficient, below over the median of R squared
    that it expects. Circles are the priors at their own scales, hollow triangles the best of each
    family, bands one standard error.

    Parameters
    ----------
    found : EvidenceComparison
        What `compare_evidence` returned.
    ax, axes : array of two Axes, optional
        Where to draw (either word will do); default: a new figure.

    Returns
    -------
    array of two Axes

    Raises
    ------
    PriormapError
        If `found` is no `EvidenceComparison`.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from priormap import Gaussian, Regression, compare_evidence
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> found = compare_evidence(Regression(X, X[:, 0], sigma=1.0), {"ridge": Gaussian(1.0)})
    >>> upper, lower = plot_evidence(found, axes=Figure().subplots(2))
    >>> upper.get_xlabel()
    'prior sd of a coefficient'
    """
    return Evidences.of(found).plot(ax, axes)


def evidence_caption(found: EvidenceComparison) -> str:
    """Caption of `plot_evidence`, with its numbers computed from the same table."""
    return Evidences.of(found).caption


@dataclass(frozen=True, eq=False)
class Evidences(Figure):
    """`plot_evidence`."""

    found: EvidenceComparison

    height = 4.4
    rows = 2
    shares_x = False

    @classmethod
    def of(cls, found: EvidenceComparison) -> Self:
        return cls(check_evidence(found))

    def compute(self) -> Mapping[str, pd.DataFrame]:
        return {"": evidence_table(self.found)}

    def draw(self, axes: Any) -> None:
        looks = looks_of(self.found.priors)
        for panel, (key, label) in zip(axes, _AXES.items(), strict=True):
            for name, look in looks.items():
                self._draw_prior(panel, name, key, look)
            panel.set_ylim(-_DEPTH, 0.06 * _DEPTH)
            panel.set_xlabel(label)
            panel.set_ylabel("log evidence")
        axes[0].set_xscale("log")
        axes[0].xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes[1].set_xlim(0, 1)
        legend_above(axes[0], line_handles(looks))

    def _draw_prior(self, panel: Axes, name: str, key: str, look: Any) -> None:
        rows = self.tables[""]
        part, best = rows[rows["prior"] == name], rows["log_evidence"].max()
        panel.plot(part[key], part["value"], label=name, zorder=3, **look.line)
        shade: dict[str, Any] = {"color": look.color, "alpha": 0.2, "linewidth": 0}
        panel.fill_between(part[key], part["low"], part["high"], label=f"error {name}", **shade)
        row: Any = self.found.summary.loc[name]
        at, height = float(row[key]), float(row["log_evidence"] - best)
        if np.isfinite(height):
            own = mark("mode", look.color, is_edged=True)
            panel.plot(at, height, label=f"own scale {name}", zorder=5, **own)
        top = part.iloc[int(part["value"].argmax())]
        peak = mark("mean", look.color, is_hollow=True)
        panel.plot(top[key], top["value"], label=f"best {name}", zorder=4, **peak)

    @property
    def caption(self) -> str:
        best = [
            f"{row['best']:.1f} of {name} at sd {row['best_sd']:.3g}"
            for name, row in self.found.summary.iterrows()
        ]
        return (
            "Log evidence of each family along its scale, less the largest of all: over the prior "
            "sd of a coefficient (above) and the median of R squared that it expects (below). "
            "Circles: the priors at their own scales; triangles: the best of each family, "
            f"{listed(best)}. Bands: one standard error. {self.found.sentence}"
        )
