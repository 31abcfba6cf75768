"""The figure of calibration: leave-one-out probability integral transforms, less uniform ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from matplotlib.axes import Axes

from priormap.plots.figure import Figure
from priormap.plots.marks import legend_above, line_handles, mark_zero
from priormap.plots.style import looks_of
from priormap.tables.predictive_check import (
    PredictiveCheck,
    check_found,
    loo_pit_band_table,
    loo_pit_table,
)

if TYPE_CHECKING:
    import pandas as pd


def plot_loo_pit(found: PredictiveCheck, *, ax: Axes | None = None, axes: Any = None) -> Axes:
    """Draw how far predictions of rows that were left out are from calibrated.

    The probability of a smaller response than the one seen, given all other rows, is uniform
    where predictions are calibrated: the line is its distribution function less that of a
    uniform, and the band holds 95 % of such lines as a whole. Below zero on the left and above on
    the right is too wide a prediction, the other way round too narrow.

    Parameters
    ----------
    found : PredictiveCheck
        What `check_prior` returned.
    ax, axes : Axes, optional
        Where to draw (either word will do); default: a new figure.

    Returns
    -------
    Axes

    References
    ----------
    Säilynoja, Bürkner and Vehtari (2022), "Graphical test for discrete uniformity and its
    applications in goodness-of-fit evaluation and multiple sample comparison", Statistics and
    Computing 32.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from priormap import Gaussian, Regression, check_prior
    >>> X = np.random.default_rng(0).normal(size=(40, 2))
    >>> found = check_prior(Regression(X, X[:, 0], sigma=1.0), Gaussian(1.0), random_seed=0)
    >>> plot_loo_pit(found, ax=Figure().subplots()).get_xlabel()
    'probability of a smaller y, given all other rows'
    """
    drawn: Axes = LooPit.of(found).plot(ax, axes)
    return drawn


def loo_pit_caption(found: PredictiveCheck) -> str:
    """Caption of `plot_loo_pit`, with its numbers computed from the same tables."""
    return LooPit.of(found).caption


@dataclass(frozen=True, eq=False)
class LooPit(Figure):
    """`plot_loo_pit`."""

    found: PredictiveCheck
    height = 2.6

    @classmethod
    def of(cls, found: PredictiveCheck) -> Self:
        return cls(check_found(found))

    def compute(self) -> Mapping[str, pd.DataFrame]:
        return {"": loo_pit_table(self.found), "band": loo_pit_band_table(self.found)}

    def draw(self, axes: Axes) -> None:
        table, band = self.tables[""], self.tables["band"]
        looks = looks_of(self.found.priors)
        mark_zero(axes, y=True)
        axes.fill_between(
            band["pit"], band["low"], band["high"], color="0.88", linewidth=0, zorder=0
        )
        for name, look in looks.items():
            part = table[table["prior"] == name]
            axes.plot(part["pit"], part["difference"], label=name, **look.line)
        axes.set_xlim(0, 1)
        axes.set_xlabel("probability of a smaller y, given all other rows")
        axes.set_ylabel("share of rows up to\nhere, less uniform")
        legend_above(axes, line_handles(looks))

    @property
    def caption(self) -> str:
        rows = int(len(self.found.pit) / len(self.found.priors))
        said = " ".join(f"{name}: {texts[-1]}" for name, texts in self.found.sentences.items())
        return (
            f"Distribution function of the probability of a smaller response than each of {rows} "
            "rows, given all others, less that of a uniform. The band holds 95 % of such lines as "
            f"a whole where predictions are calibrated. {said}"
        )
