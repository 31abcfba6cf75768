"""Mode and posterior along the strength of the prior, as far as one run of draws carries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from priormap.criteria import PriorSensitivity
from priormap.errors import PriormapError
from priormap.plots.marks import EFFECT, legend_above, mark_zero, shortened
from priormap.plots.style import LOOKS, drawing_axes
from priormap.tables.named_priors import family, listed

if TYPE_CHECKING:
    import pandas as pd


Features: TypeAlias = str | Iterable[str] | None
_HEIGHT = 2.9  # inches
_MOST, _TINTS = 3, 0.45  # columns shown unless named; share of white in the last one's colour


def sensitivity_table(found: PriorSensitivity, features: Features = None) -> pd.DataFrame:
    """Modes and posteriors of the figure.

    Parameters
    ----------
    found : PriorSensitivity
        What `prior_sensitivity` returned.
    features : list of str, optional
        Columns to show; default: the three whose posterior means move most.

    Returns
    -------
    DataFrame
        Columns ``feature``, ``power``, ``mode``, ``mean``, ``low``, ``high`` as effects
        (coefficient times sd of its column).

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression, prior_sensitivity
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> found = prior_sensitivity(data, Laplace(0.1), [0.8, 1.25], random_seed=1)
    >>> sensitivity_table(found, ["x0"])["power"].tolist()
    [0.8, 1.0, 1.25]
    """
    chosen = _chosen(found, features)
    data = found.fit.data
    sd = dict(zip(data.names, data.column_sd, strict=True))
    parts = found.path[found.path["feature"].isin(chosen)]
    unit = parts["feature"].map(sd)
    effects = {name: parts[name] * unit for name in ("mode", "mean", "low", "high")}
    return parts[["feature", "power"]].assign(**effects).reset_index(drop=True)


def plot_sensitivity(
    found: PriorSensitivity, features: Features = None, *, ax: Axes | None = None
) -> Axes:
    """Draw mode, posterior mean and interval against the factor of lambda.

    Solid lines are exact modes, dashed ones posterior means and bands intervals, both reweighted
    from the draws at the factor 1 (vertical line), as far as their k-hat allows.

    Parameters
    ----------
    found, features
        As in `sensitivity_table`, whose numbers are drawn.
    ax : Axes, optional
        Where to draw; default: a new figure.

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
    table = sensitivity_table(found, features)
    chosen = list(dict.fromkeys(table["feature"]))
    look = LOOKS[family(found.fit.prior)]
    tints = np.linspace(0, _TINTS, max(len(chosen), 2))
    with drawing_axes(ax, height=_HEIGHT) as axes:
        mark_zero(axes, y=True)
        axes.axvline(1, color="0.6", linewidth=0.6, zorder=0)
        for name, share in zip(chosen, tints, strict=False):
            part, color = table[table["feature"] == name], look.tinted(share).color
            power = part["power"]
            band: dict[str, Any] = {"color": color, "alpha": 0.16, "linewidth": 0, "zorder": 1}
            axes.fill_between(power, part["low"], part["high"], label=f"interval {name}", **band)
            axes.plot(power, part["mode"], "-", color=color, label=f"mode {name}", zorder=4)
            dashed: dict[str, Any] = {"color": color, "linewidth": 1.1, "zorder": 3}
            axes.plot(power, part["mean"], "--", label=f"mean {name}", **dashed)
            axes.annotate(
                shortened(name, 9),
                (1, float(part["mean"].iloc[-1])),
                xycoords=("axes fraction", "data"),
                xytext=(3, 0),
                textcoords="offset points",
                va="center",
                fontsize="small",
                color=color,
                annotation_clip=False,
            )
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        low, high = found.reach
        ticks = [tick for tick in (0.125, 0.25, 0.5, 1, 2, 4, 8) if low <= tick <= high]
        axes.set_xticks(ticks)
        axes.set_xticks([], minor=True)
        axes.set_xlim(low, high)
        axes.set_xlabel("factor of lambda (power of the prior)")
        axes.set_ylabel(EFFECT)
        legend_above(axes, _legend(look.color))
        return axes


def sensitivity_caption(found: PriorSensitivity, features: Features = None) -> str:
    """Caption of `plot_sensitivity`, with its numbers computed from the same tables."""
    chosen = _chosen(found, features)
    slopes = found.coefficients.set_index("feature")
    low, high = found.reach
    pairs = zip(slopes["mode_slope"][chosen], slopes["mean_slope"][chosen], strict=True)
    said = [
        f"{name} {mode:.3g} and {mean:.3g}"
        for name, (mode, mean) in zip(chosen, pairs, strict=True)
    ]
    return (
        f"Modes (solid), posterior means (dashed) and intervals (bands) of {listed(chosen)} under "
        f"{found.fit.prior} raised to a power, which multiplies lambda. The posteriors are "
        f"reweighted from one run, which carries from {low:.3g} to {high:.3g}. Slopes of mode and "
        f"mean at 1, in units of the coefficients per unit of log lambda: {'; '.join(said)}."
    )


def _chosen(found: object, features: Features) -> list[str]:
    if not isinstance(found, PriorSensitivity):
        raise PriormapError(
            "found must be what prior_sensitivity(data, prior) returned, got "
            f"{type(found).__name__}"
        )
    names = found.fit.names
    if features is None:
        moved = np.abs(found.coefficients["mean_slope"].to_numpy()) * found.fit.data.column_sd
        strongest = np.sort(np.argsort(-moved, kind="stable")[:_MOST])
        return [names[j] for j in strongest]
    chosen = [features] if isinstance(features, str) else [str(name) for name in features]
    for name in chosen:
        if name not in names:
            raise PriormapError(
                f"features has {name!r}, which is no column; choose from: {', '.join(names[:8])}"
            )
    if not chosen:
        raise PriormapError("features is empty; name at least one column")
    return chosen


def _legend(color: str) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    return [
        Line2D([], [], label="mode", linestyle="-", color=color),
        Line2D([], [], label="posterior mean", linestyle="--", linewidth=1.1, color=color),
        Patch(label="interval", alpha=0.25, linewidth=0, color=color),
    ]
