"""What each criterion says of the prior scale: stacked curves over one axis, optima marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from priormap.criteria import ScaleChoice
from priormap.errors import PriormapError
from priormap.plots.marks import mark
from priormap.plots.style import LOOKS, drawing_axes
from priormap.tables.named_priors import listed

if TYPE_CHECKING:
    import pandas as pd


_PANEL, _MARGINS = 0.92, 1.0  # inches: a panel, and the axes above and below all
_NAMES = {
    "cv": "error of\nprediction",
    "loo": "leave-one-out\nlog density",
    "evidence": "log\nevidence",
    "hyperprior": "posterior of\nlog scale",
}
_CURVE_OF = {
    "cv": "cv",
    "cv_1se": "cv",
    "loo": "loo",
    "empirical_bayes": "evidence",
    "hyperprior": "hyperprior",
}
_SAID = {
    "cv": "cross-validation",
    "cv_1se": "its one-standard-error rule",
    "loo": "leave-one-out density",
    "empirical_bayes": "evidence",
    "hyperprior": "a hyperprior",
    "universal": "the universal rule",
}
_DEPTH = 8.0  # log units below the best that a panel shows
_ERRORS = 8.0  # standard errors above the least that a panel shows
_HEADROOM = 1.3  # times the height of a peak, for the number above it
_ESTIMATOR = {"Gaussian": "Ridge", "Laplace": "Lasso", "ElasticNet": "ElasticNet"}


def scale_choice_table(choice: ScaleChoice) -> pd.DataFrame:
    """Curves of the figure.

    Parameters
    ----------
    choice : ScaleChoice
        What `choose_scale` returned.

    Returns
    -------
    DataFrame
        Columns ``method``, ``scale``, ``alpha``, ``value``, ``low``, ``high``. Log densities
        are differences from their largest value; ``low`` and ``high`` are one standard error
        away, over folds for ``cv`` and of the computation for ``evidence``.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Regression, choose_scale
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X[:, 0] + 0.1 * X[:, 1] ** 2, sigma=0.3)
    >>> table = scale_choice_table(choose_scale(data, "gaussian", "evidence"))
    >>> float(table["value"].max())
    0.0
    """
    table = _checked(choice).curves.copy()
    is_log = table["method"].isin(["loo", "evidence"])
    best = table.groupby("method")["value"].transform("max")
    table["value"] = np.where(is_log, table["value"] - best, table["value"])
    error = np.where(table["method"].isin(["cv", "evidence"]), table["se"].fillna(0.0), 0.0)
    table = table.assign(
        alpha=choice.family.alpha(table["scale"].to_numpy()),
        low=table["value"] - error,
        high=table["value"] + error,
    )
    return table[["method", "scale", "alpha", "value", "low", "high"]]


def scale_choice_points_table(choice: ScaleChoice) -> pd.DataFrame:
    """Optima of the figure: ``method``, ``curve``, ``scale``, ``alpha``, ``value``.

    Values are on the drawn curves; a rule without a curve has none.
    """
    curves, rows = scale_choice_table(choice), []
    for method, row in choice.optima.iterrows():
        name = _CURVE_OF.get(str(method))
        value = np.nan
        if name is not None:
            part = curves[curves["method"] == name]
            value = np.interp(np.log(row["scale"]), np.log(part["scale"]), part["value"])
        where = {"scale": row["scale"], "alpha": row["alpha"], "value": float(value)}
        rows.append({"method": method, "curve": name, **where})
    import pandas as pd

    return pd.DataFrame(rows)


def plot_scale_choice(choice: ScaleChoice, *, axes: Any = None) -> NDArray[np.object_]:
    r"""Draw one panel for each criterion, over one axis of prior scales.

    Full circles are optima, the hollow one the one-standard-error rule of cross-validation; a
    grey line takes each through all panels, the dotted one the universal rule. Bands are one
    standard error, and the shade under the posterior of the scale holds 95 % of it. The bottom
    axis is the scale of the prior, the top axis the alpha of scikit-learn for the same mode.

    Parameters
    ----------
    choice : ScaleChoice
        What `choose_scale` returned.
    axes : array of Axes, optional
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
    curves, points = scale_choice_table(choice), scale_choice_points_table(choice)
    names = [name for name in _NAMES if (curves["method"] == name).any()]
    if not names:
        raise PriormapError("choice has no curve to draw; ask choose_scale for cv, loo or evidence")
    with drawing_axes(axes, height=_MARGINS + _PANEL * len(names), rows=len(names)) as drawn:
        panels = np.atleast_1d(drawn)
        for panel, name in zip(panels, names, strict=True):
            _draw_curve(panel, curves[curves["method"] == name], choice)
            _draw_optima(panel, points, name, LOOKS[choice.family.name].color)
            panel.set_xscale("log")
            panel.set_xlim(curves["scale"].min(), curves["scale"].max())
            panel.set_ylabel(_NAMES[name])
        for panel in panels[:-1]:
            panel.tick_params(labelbottom=False)
        panels[-1].xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        panels[-1].set_xlabel(
            "prior scale" + " (in noise sd)" * choice.family.prior.scaled_by_noise
        )
        _alpha_axis(panels[0], choice)
        return panels


def scale_choice_caption(choice: ScaleChoice) -> str:
    """Caption of `plot_scale_choice`, with its numbers computed from the same tables."""
    points = scale_choice_points_table(choice)
    chosen = [
        f"{row['scale']:.3g} (alpha {row['alpha']:.3g}) by {_SAID[row['method']]}"
        for row in points.to_dict("records")
    ]
    text = (
        f"Criteria along the scale of the {choice.family.name} prior, alpha at the noise sd "
        f"{choice.sigma:.4g} ({choice.sigma_origin}); log densities are relative to their largest "
        "values. Full circles are optima"
    )
    text += ", the hollow one is the one-standard-error rule" * ("cv_1se" in choice.optima.index)
    text += ", the dotted line is the universal rule" * ("universal" in choice.optima.index)
    text += f". Chosen are {listed(chosen)}."
    if "hyperprior" in choice.optima.index:
        row = choice.optima.loc["hyperprior"]
        text += (
            f" 95 % of the posterior of the scale lies in {row['low']:.3g} to {row['high']:.3g}."
        )
    largest = points["scale"].max() / points["scale"].min()
    return text + f" The largest choice is {largest:.3g} times the smallest."


def _checked(choice: object) -> ScaleChoice:
    if not isinstance(choice, ScaleChoice):
        raise PriormapError(
            f"choice must be what choose_scale(data, prior_family) returned, got "
            f"{type(choice).__name__}"
        )
    return choice


def _draw_curve(panel: Axes, part: pd.DataFrame, choice: ScaleChoice) -> None:
    (name,) = part["method"].unique()
    color, scale, value = LOOKS[choice.family.name].color, part["scale"], part["value"]
    is_sampled = name == "loo" and choice.curves.loc[part.index, "khat"].notna().any()
    line: dict[str, Any] = {"marker": ".", "linewidth": 0.8} if is_sampled else {}
    panel.plot(scale, value, color=color, label=f"{name} curve", zorder=3, **line)
    shade: dict[str, Any] = {"color": color, "alpha": 0.16, "linewidth": 0, "zorder": 1}
    if (part["high"] > part["low"]).any():
        panel.fill_between(scale, part["low"], part["high"], label=f"{name} error", **shade)
    if name == "hyperprior":
        low, high = (float(choice.optima[end]["hyperprior"]) for end in ("low", "high"))
        inside = (scale >= low) & (scale <= high)
        panel.fill_between(scale[inside], 0, value[inside], label="95 % of it", **shade)
        panel.set_ylim(0, _HEADROOM * value.max())
    elif name == "cv":
        best = int(np.argmin(value))
        least = float(value.iloc[best])
        error = max(float(part["high"].iloc[best]) - least, 1e-12)
        panel.set_ylim(least - 1.5 * error, min(part["high"].max(), least + _ERRORS * error))
    else:
        depth = min(_DEPTH, -1.1 * float(value.min()))
        panel.set_ylim(-depth, (_HEADROOM - 1) * depth)


def _draw_optima(panel: Axes, points: pd.DataFrame, name: str, color: str) -> None:
    for row in points.to_dict("records"):
        is_rule = row["method"] not in _CURVE_OF
        style: dict[str, Any] = {"color": "0.2", "linestyle": ":"} if is_rule else {"color": "0.8"}
        panel.axvline(row["scale"], linewidth=0.7, zorder=0, label=f"at {row['method']}", **style)
        if row["curve"] != name:
            continue
        look = mark("mode", color, is_hollow=row["method"] == "cv_1se")
        panel.plot(row["scale"], row["value"], label=str(row["method"]), zorder=5, **look)
        panel.annotate(
            f"{row['scale']:.3g}",
            (row["scale"], row["value"]),
            xytext=(0, 5),
            textcoords="offset points",
            ha="center",
            fontsize="x-small",
            color=color,
        )


def _alpha_axis(panel: Axes, choice: ScaleChoice) -> None:
    """Alpha of scikit-learn on top, each tick at the scale of the same mode."""
    grid = np.geomspace(*panel.get_xlim(), 200)
    alpha = choice.family.alpha(grid)
    ticks = 10.0 ** np.arange(np.ceil(np.log10(alpha[-1])), np.floor(np.log10(alpha[0])) + 1)
    ticks = ticks[:: 1 + len(ticks) // 7]
    at = np.exp(np.interp(-np.log(ticks), -np.log(alpha), np.log(grid)))
    top = panel.secondary_xaxis("top")
    top.set_ticks(at, [f"{tick:g}" for tick in ticks])
    top.set_ticks([], minor=True)
    own = ", standardised columns" * choice.data.standardize
    top.set_xlabel(f"scikit-learn alpha ({_ESTIMATOR[choice.family.name]}{own})")
