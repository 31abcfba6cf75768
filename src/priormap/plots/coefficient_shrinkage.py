"""What a prior does to every coefficient: estimates against least squares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from priormap.errors import PriormapError
from priormap.model.least_squares import least_squares
from priormap.plots.forest import contrast_table
from priormap.plots.marks import (
    label_effects,
    legend_above,
    mark,
    mark_handles,
    mark_zero,
    shortened,
)
from priormap.plots.style import LOOKS, drawing_axes, looks_of
from priormap.tables import Contrast
from priormap.tables.chosen import (
    Features,
    check_contrast,
    chosen_features,
    data_of,
    left_out,
)
from priormap.tables.named_priors import listed

if TYPE_CHECKING:
    import pandas as pd


_MOST = 12  # columns shown unless they are named
_HEIGHT = 3.6  # inches
_THIN: dict[str, Any] = {**LOOKS["least squares"].line, "linestyle": "-", "linewidth": 0.8}
_APART = 0.042  # of the width of the axes, between names


def coefficient_shrinkage_table(table: Contrast, features: Features = None) -> pd.DataFrame:
    """Mode and posterior mean of each coefficient beside least squares.

    Parameters
    ----------
    table : Contrast
        What `contrast` returned.
    features : list of str, optional
        Columns to show; default: the twelve with the largest ``|posterior mean| * sd(x)``.

    Returns
    -------
    DataFrame
        Columns ``feature``, ``prior``, ``family``, ``least_squares``, ``mode``, ``mean`` as
        effects (coefficient times sd of its column), and ``is_zero``: whether the mode is
        exactly zero.

    Raises
    ------
    PriormapError
        If the data do not determine least squares.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> table = contrast(data, {"lasso": Laplace(0.1)}, random_seed=1)
    >>> rows = coefficient_shrinkage_table(table)
    >>> bool((rows["mode"].abs() <= rows["least_squares"].abs()).all())
    True
    """
    chosen = chosen_features(check_contrast(table), features, _MOST)
    data = data_of(table)
    which = [data.names.index(name) for name in chosen]
    free = least_squares(data).coef[which] * data.column_sd[which]
    if not np.isfinite(free).all():
        raise PriormapError(
            "the data do not determine least squares (more columns than rows, or collinear "
            "ones), so that there is nothing to compare with; use plot_contrast"
        )
    rows = contrast_table(table, chosen)
    rows = rows.assign(least_squares=rows["feature"].map(dict(zip(chosen, free, strict=True))))
    order = rows["prior"].map(list(table.modes).index).to_numpy()
    columns = ["feature", "prior", "family", "least_squares", "mode", "mean", "is_zero"]
    return rows.iloc[np.argsort(order, kind="stable")][columns].reset_index(drop=True)


def plot_coefficient_shrinkage(
    table: Contrast, features: Features = None, *, ax: Axes | None = None
) -> Axes:
    """Draw mode and posterior mean of each coefficient against its least squares.

    On the diagonal nothing is shrunk; on the horizontal line all is. Circles are modes, hollow
    where exactly zero, and triangles posterior means. Each column has one vertical line, with
    its name on top.

    Parameters
    ----------
    table, features
        As in `coefficient_shrinkage_table`, whose numbers are drawn.
    ax : Axes, optional
        Where to draw; default: a new figure.

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
    >>> plot_coefficient_shrinkage(table, ax=Figure().subplots()).get_xlabel()
    'least-squares effect (per sd of the column)'
    """
    chosen = chosen_features(check_contrast(table), features, _MOST)
    rows = coefficient_shrinkage_table(table, chosen)
    looks = looks_of({name: fit.prior for name, fit in table.modes.items()})
    with drawing_axes(ax, height=_HEIGHT) as axes:
        mark_zero(axes, y=True)
        for free in rows["least_squares"].unique():
            axes.axvline(free, color="0.88", linewidth=0.6, zorder=0)
        ends = np.array([rows["least_squares"].min(), rows["least_squares"].max()])
        ends = ends + np.array([-0.06, 0.06]) * (np.ptp(ends) or 1.0)
        axes.plot(ends, ends, label="no shrinkage", zorder=1, **_THIN)
        for name, look in looks.items():
            part = rows[rows["prior"] == name]
            for is_zero in (False, True):
                some = part[part["is_zero"] == is_zero]
                label = f"mode {name}" + ", exactly 0" * is_zero
                style = mark("mode", look.color, is_hollow=is_zero)
                axes.plot(some["least_squares"], some["mode"], label=label, zorder=4, **style)
            style = mark("mean", look.color) | {"markeredgecolor": "white", "markeredgewidth": 0.5}
            axes.plot(part["least_squares"], part["mean"], label=f"mean {name}", zorder=5, **style)
        axes.set_xlim(*ends)
        found = np.append(rows[["mode", "mean"]].to_numpy().ravel(), 0.0)
        margin = 0.1 * (np.ptp(found) or 1.0)
        axes.set_ylim(found.min() - margin, found.max() + margin)
        label = "least-squares effect (per sd of the column)"
        label_effects(axes, left_out(table, len(chosen)), label)
        axes.set_ylabel("mode or posterior mean of the effect")
        lift = _name_columns(axes, rows)
        legend_above(axes, _legend(looks, bool(rows["is_zero"].any())), lift=lift)
        return axes


def coefficient_shrinkage_caption(table: Contrast, features: Features = None) -> str:
    """Caption of `plot_coefficient_shrinkage`, with its numbers computed from the same table."""
    chosen = chosen_features(check_contrast(table), features, _MOST)
    rows = coefficient_shrinkage_table(table, chosen)
    text = (
        f"Mode (circles, hollow where exactly 0) and posterior mean (triangles) of {len(chosen)} "
        f"coefficients under {listed(list(table.modes))} against least squares, in changes of y "
        "per standard deviation of the column; the diagonal is no shrinkage."
    )
    if note := left_out(table, len(chosen)):
        text += f" Shown are {note}."
    size = np.linalg.norm(rows.drop_duplicates("feature")["least_squares"]) or np.nan
    for name in table.modes:
        part = rows[rows["prior"] == name]
        mode, mean = (np.linalg.norm(part[kind]) / size for kind in ("mode", "mean"))
        zeros = int(part["is_zero"].sum())
        text += (
            f" {name}: the modes are {mode:.0%} as long as least squares, {zeros} of them "
            f"exactly 0; the means are {mean:.0%} as long."
        )
    return text


def _name_columns(axes: Axes, rows: pd.DataFrame) -> float:
    """Write names on top, moved apart where they would touch; return their length in points."""
    low, high = axes.get_xlim()
    columns = rows.drop_duplicates("feature").sort_values("least_squares")
    wanted = (columns["least_squares"].to_numpy() - low) / (high - low)
    at = _spread(wanted, _APART)
    names = [shortened(name, 10) for name in columns["feature"]]
    for name, x, goal in zip(names, at, wanted, strict=True):
        axes.annotate(
            name,
            (goal, 1),
            xycoords="axes fraction",
            xytext=(x, 1.045),
            textcoords="axes fraction",
            rotation=90,
            ha="center",
            va="bottom",
            fontsize="small",
            arrowprops={
                "arrowstyle": "-",
                "color": "0.75",
                "linewidth": 0.6,
                "shrinkA": 0.5,
                "shrinkB": 0,
            },
            annotation_clip=False,
        )
    return 14.0 + 4.6 * max(map(len, names))


def _spread(wanted: Any, gap: float) -> Any:
    """Rising positions at least `gap` apart, as near to the wanted ones as possible."""
    groups: list[list[float]] = []  # mean of (wanted - rank * gap), and number of members
    for rank, goal in enumerate(wanted):
        groups.append([goal - rank * gap, 1])
        while len(groups) > 1 and groups[-2][0] > groups[-1][0]:
            mean, count = groups.pop()
            total = groups[-1][1] + count
            groups[-1] = [(groups[-1][0] * groups[-1][1] + mean * count) / total, total]
    shifts = [mean for mean, count in groups for _ in range(int(count))]
    return np.array(shifts) + gap * np.arange(len(shifts))


def _legend(looks: Any, has_zero: bool) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [Patch(color=look.color, label=name) for name, look in looks.items()]
    handles += mark_handles(["mode", "mean"], hollow="mode exactly 0" * has_zero)
    handles.append(Line2D([], [], label="no shrinkage", **_THIN))
    return handles
