"""How many coefficients matter: one number in the mode, a distribution in the posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from priormap.plots.legends import legend_above
from priormap.plots.marks import mark, mark_handles
from priormap.plots.style import drawing_axes, looks_of
from priormap.tables import Contrast
from priormap.tables.chosen import check_contrast, data_of
from priormap.tables.named_priors import family, listed

if TYPE_CHECKING:
    import pandas as pd


_HEIGHT = 2.7  # inches
_PIN: dict[str, Any] = {"linestyle": "-", "linewidth": 1.2, "marker": "o"}
_TINT = 0.45  # share of white in a bar
_WIDTH = 0.84  # of a count: what the bars of all priors share


def nonzero_counts_table(table: Contrast) -> pd.DataFrame:
    """Posterior distribution of the number of coefficients outside their region.

    The region of practical equivalence of each is that of `contrast` (its argument `rope`).

    Parameters
    ----------
    table : Contrast
        What `contrast` returned.

    Returns
    -------
    DataFrame
        Columns ``prior``, ``family``, ``count`` and ``share`` of the draws; every count between
        the smallest and the largest of all priors is there.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> shares = nonzero_counts_table(contrast(data, {"lasso": Laplace(0.1)}, random_seed=1))
    >>> float(shares["share"].sum().round(12))
    1.0
    """
    import pandas as pd

    check_contrast(table)
    counts = {name: _counts(table, name) for name in table.modes}
    together = np.concatenate(list(counts.values()))
    support = np.arange(together.min(), together.max() + 1)
    parts = []
    for name, fit in table.modes.items():
        share = np.bincount(counts[name] - support[0], minlength=len(support)) / len(counts[name])
        columns = {"family": family(fit.prior), "count": support, "share": share}
        parts.append(pd.DataFrame({"prior": name, **columns}))
    return pd.concat(parts, ignore_index=True)


def nonzero_counts_points_table(table: Contrast) -> pd.DataFrame:
    """Number of coefficients that count, in one number for each prior.

    Returns
    -------
    DataFrame
        Columns ``prior``, ``family``, ``mode`` (coefficients of the mode that are not exactly
        zero), ``mode_outside`` (those outside their region), ``mean`` (posterior expectation of
        the number outside) and ``features`` (how many there are).
    """
    import pandas as pd

    rows = []
    for name, fit in check_contrast(table).modes.items():
        outside = np.abs(fit.coef) > _region(table, name)
        count = int(fit.support.sum()), int(outside.sum()), float(_counts(table, name).mean())
        rows.append((name, family(fit.prior), *count, len(fit.coef)))
    columns = ["prior", "family", "mode", "mode_outside", "mean", "features"]
    return pd.DataFrame(rows, columns=columns)


def plot_nonzero_counts(table: Contrast, *, ax: Axes | None = None) -> Axes:
    """Draw how many coefficients count: a pin for the mode, bars for the posterior.

    A pin stands at the number of coefficients that are not exactly zero in the mode. No draw of
    the posterior has an exact zero; bars are shares of draws by the number of coefficients
    outside their region of practical equivalence, and triangles the mean of that number.

    Parameters
    ----------
    table : Contrast
        What `contrast` returned; its argument `rope` sets the regions.
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
    >>> plot_nonzero_counts(table, ax=Figure().subplots()).get_ylabel()
    'share of the draws'
    """
    shares, points = nonzero_counts_table(table), nonzero_counts_points_table(table)
    looks = looks_of({name: fit.prior for name, fit in table.modes.items()})
    width = _WIDTH / len(looks)
    offsets = width * (np.arange(len(looks)) - 0.5 * (len(looks) - 1))
    with drawing_axes(ax, height=_HEIGHT) as axes:
        top = 1.15 * shares["share"].max()
        for (name, look), offset in zip(looks.items(), offsets, strict=True):
            part = shares[shares["prior"] == name]
            (point,) = points[points["prior"] == name].to_dict("records")
            axes.bar(
                part["count"] + offset,
                part["share"],
                width=width,
                color=look.tinted(_TINT).color,
                edgecolor=look.color,
                linewidth=0.6,
                label=f"posterior {name}",
            )
            axes.plot(
                [point["mode"] + offset] * 2,
                [0, top],
                color=look.color,
                markevery=[1],
                label=f"mode {name}",
                zorder=4,
                **_PIN,
            )
            at = {**mark("mean", look.color), "markeredgecolor": "white", "markeredgewidth": 0.5}
            axes.plot(point["mean"], 0, label=f"mean {name}", zorder=5, clip_on=False, **at)
        axes.set_ylim(0, 1.04 * top)
        low = min(shares["count"].min(), points["mode"].min())
        high = max(shares["count"].max(), points["mode"].max())
        axes.set_xlim(low - 0.6, high + 0.6)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        total = data_of(table).n_features
        axes.set_xlabel(f"number of coefficients that count, of {total}")
        axes.set_ylabel("share of the draws")
        legend_above(axes, _legend(looks))
        return axes


def nonzero_counts_caption(table: Contrast) -> str:
    """Caption of `plot_nonzero_counts`, with its numbers computed from the same tables."""
    points = nonzero_counts_points_table(table)
    width = _rope(table)
    text = (
        f"Number of coefficients that count, of {data_of(table).n_features}, under "
        f"{listed(list(table.modes))}. Pins: not exactly zero in the mode. Bars: posterior share "
        "of the draws by the number of coefficients with which a change of their column by one "
        f"standard deviation changes y by more than {width:.3g} of its own; triangles: its mean."
    )
    for row in points.to_dict("records"):
        text += (
            f" {row['prior']}: {row['mode']} are not zero in the mode ({row['mode_outside']} of "
            f"them beyond that size); {row['mean']:.1f} are expected to be in the posterior."
        )
    return text


def _region(table: Contrast, name: str) -> Any:
    rows = table.coefficients[table.coefficients["prior"] == name].set_index("feature")
    return rows.loc[list(table.modes[name].names), "rope"].to_numpy()


def _counts(table: Contrast, name: str) -> Any:
    """Number of coefficients outside their region, for each draw."""
    coef = table.posteriors[name]["posterior"]["coef"].to_numpy()
    region = _region(table, name)
    return (np.abs(coef.reshape(-1, coef.shape[-1])) > region).sum(axis=1)


def _rope(table: Contrast) -> float:
    """Half-width of the regions, in sd(y) per sd(x)."""
    data = data_of(table)
    width = _region(table, next(iter(table.modes))) * data.column_sd
    return float(np.nanmax(width[data.column_sd > 0]) / np.std(data.y))


def _legend(looks: Any) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Patch(facecolor=look.tinted(_TINT).color, edgecolor=look.color, linewidth=0.6, label=name)
        for name, look in looks.items()
    ]
    pin = Line2D([], [], color="black", label="mode", markevery=[1], **_PIN)
    return [*handles, pin, *mark_handles(["mean"])]
