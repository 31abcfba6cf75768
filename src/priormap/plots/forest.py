"""All priors, all coefficients: intervals, means and modes in one forest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from priormap.plots.marks import (
    label_effects,
    legend_above,
    mark,
    mark_handles,
    mark_zero,
    name_rows,
)
from priormap.plots.style import drawing_axes, looks_of
from priormap.tables import Contrast
from priormap.tables.chosen import Features, check_contrast, chosen_features, data_of, left_out
from priormap.tables.named_priors import family, listed

if TYPE_CHECKING:
    import pandas as pd


_MOST = 12  # columns shown unless they are named
_BELOW = 0.17  # of a row: where a triangle points up to its line
_BAND = 0.42  # of a row: what the priors share


def contrast_table(table: Contrast, features: Features = None) -> pd.DataFrame:
    """Intervals, means and modes of the forest.

    Parameters
    ----------
    table : Contrast
        What `contrast` returned.
    features : list of str, optional
        Columns to show; default: the twelve with the largest ``|posterior mean| * sd(x)``.

    Returns
    -------
    DataFrame
        Columns ``feature``, ``prior``, ``family``, ``hdi_low``, ``hdi_high``, ``mean``,
        ``mode`` as effects (coefficient times sd of its column: the change of y per sd of the
        column), and ``is_zero``: whether the mode is exactly zero.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> table = contrast(data, {"lasso": Laplace(0.1)}, random_seed=1)
    >>> contrast_table(table)[["feature", "is_zero"]]
      feature  is_zero
    0      x0    False
    1      x1     True
    2      x2     True
    """
    chosen = chosen_features(check_contrast(table), features, _MOST)
    data = data_of(table)
    rows = table.coefficients[table.coefficients["feature"].isin(chosen)].copy()
    order = rows["feature"].map(chosen.index)
    rows = rows.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)
    sd = rows["feature"].map(dict(zip(data.names, data.column_sd, strict=True)))
    families = {name: family(fit.prior) for name, fit in table.modes.items()}
    effects = {name: rows[name] * sd for name in ("hdi_low", "hdi_high", "mean", "mode")}
    rows = rows[["feature", "prior", "is_zero"]].assign(
        family=rows["prior"].map(families), **effects
    )
    return rows[["feature", "prior", "family", *effects, "is_zero"]]


def plot_contrast(table: Contrast, features: Features = None, *, ax: Axes | None = None) -> Axes:
    """Draw intervals, means and modes of every prior, one row for each column.

    Lines are highest-density intervals, with triangles below them at the posterior means. Full
    circles are modes; hollow ones on the zero line are modes that are exactly zero.

    Parameters
    ----------
    table, features
        As in `contrast_table`, whose numbers are drawn.
    ax : Axes, optional
        Where to draw; default: a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    PriormapError
        If `table` is no `Contrast`, or a feature is unknown, constant or named twice.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> table = contrast(Regression(X, X[:, 0], sigma=1.0), {"lasso": Laplace(0.1)}, random_seed=1)
    >>> [text.get_text() for text in plot_contrast(table, ax=Figure().subplots()).get_yticklabels()]
    ['x0', 'x1']
    """
    chosen = chosen_features(check_contrast(table), features, _MOST)
    rows = contrast_table(table, chosen)
    looks = looks_of({name: fit.prior for name, fit in table.modes.items()})
    offsets = _BAND * (np.arange(len(looks)) / max(len(looks) - 1, 1) - 0.5 * (len(looks) > 1))
    step = 0.13 + 0.09 * len(looks)
    with drawing_axes(ax, height=1.0 + step * len(chosen)) as axes:
        mark_zero(axes, x=True)
        for (name, look), offset in zip(looks.items(), offsets, strict=True):
            part = rows[rows["prior"] == name]
            at = np.arange(len(chosen)) + offset
            ends = np.array([part["hdi_low"], part["hdi_high"]])
            axes.plot(
                ends, [at, at], marker="|", markersize=3, label=f"interval {name}", **look.line
            )
            mean = mark("mean", look.color)
            axes.plot(part["mean"], at + _BELOW, label=f"mean {name}", zorder=3, **mean)
            for is_zero in (False, True):
                kind = (part["is_zero"] == is_zero).to_numpy()
                axes.plot(
                    part["mode"][kind],
                    at[kind],
                    label=f"mode {name}" + ", exactly 0" * is_zero,
                    zorder=4,
                    **mark("mode", look.color, is_hollow=is_zero),
                )
        name_rows(axes, range(len(chosen)), chosen)
        axes.set_ylim(len(chosen) - 0.4, -0.6)
        axes.margins(x=0.03)
        label_effects(axes, left_out(table, len(chosen)))
        legend_above(axes, _legend(table, rows))
        return axes


def contrast_caption(table: Contrast, features: Features = None) -> str:
    """Caption of `plot_contrast`, with its numbers computed from the same table."""
    chosen = chosen_features(check_contrast(table), features, _MOST)
    rows = contrast_table(table, chosen)
    text = (
        f"Highest-density intervals (lines, {_mass(table):.0%} of the draws), posterior means "
        f"(triangles) and modes (circles) of {len(chosen)} coefficients under "
        f"{listed(list(table.modes))}, in changes of y per standard deviation of the column."
    )
    if note := left_out(table, len(chosen)):
        text += f" Shown are {note}."
    for name in table.modes:
        part = rows[rows["prior"] == name]
        zeros = part[part["is_zero"]]
        text += f" {name}: {len(zeros)} of {len(part)} modes are exactly 0 (hollow)"
        if len(zeros):
            size = zeros["mean"].abs()
            text += f", and their posterior means lie between {size.min():.2g} and "
            text += f"{size.max():.2g} away from it"
        text += "."
    return text


def _mass(table: Contrast) -> float:
    """Share of the draws inside the intervals, which is what their mass was."""
    inside = []
    for name, tree in table.posteriors.items():
        rows = table.coefficients[table.coefficients["prior"] == name]
        coef = tree["posterior"]["coef"].to_numpy()
        low, high = rows["hdi_low"].to_numpy(), rows["hdi_high"].to_numpy()
        inside.append(((coef >= low) & (coef <= high)).mean())
    return float(np.mean(inside))


def _legend(table: Contrast, rows: pd.DataFrame) -> list[Any]:
    """Lines for the priors, black marks for what is the same under each."""
    from matplotlib.lines import Line2D

    looks = looks_of({name: fit.prior for name, fit in table.modes.items()})
    handles = [
        Line2D([], [], label=f"{name}: interval", **look.line) for name, look in looks.items()
    ]
    hollow = "mode exactly 0" * bool(rows["is_zero"].any())
    return handles + mark_handles(["mode", "mean"], hollow=hollow)
