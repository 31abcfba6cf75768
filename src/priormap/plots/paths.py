"""The path of the mode along the scale of the prior, with the posterior on the same axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from priormap.arrays import Floats
from priormap.checks import Seed, checked_seed
from priormap.conventions.of_priors import scikit_learn_call
from priormap.data.regression import Regression
from priormap.plots.figure import Figure
from priormap.plots.marks import legend_above, mark, mark_zero, name_lines
from priormap.plots.style import Look, look_of
from priormap.plots.words import called, effect_label, per_sd
from priormap.priors import Prior
from priormap.tables.chosen import Features
from priormap.tables.named_priors import listed
from priormap.tables.path import (
    POSTERIORS,
    path_knots_table,
    path_posterior_table,
    path_table,
)
from priormap.tables.posterior_contrast import Contrast

if TYPE_CHECKING:
    import pandas as pd


_MOST_WITH_BANDS = 200  # columns of a path with posteriors in a file: more take minutes
_SHADES = 0.6  # share of black in the look of the last of the chosen columns
_FINE = 241  # points of a drawn band
_MOST_NAMED = 12  # columns of a path all of whose lines are named
_ALPHA_AXIS = 27.0  # points that its labels take
_OTHER: dict[str, Any] = {"color": "0.45", "linestyle": "-", "linewidth": 0.8}


def plot_path(
    data: Regression,
    prior: Prior,
    features: Features = None,
    *,
    mass: float = 0.9,
    draws: int = 500,
    random_seed: Seed = 0,
    ax: Axes | None = None,
    axes: Any = None,
    labels: Mapping[str, str] | None = None,
    units: str = "",
) -> Axes:
    """Draw the modes along the scale of the prior, and the posteriors of the strongest.

    Solid lines are modes; those of the chosen columns are in the colour of the prior, the
    others grey, and all are named where they are a dozen or fewer. Dashed lines are posterior
    means, and bands hold `mass` of each posterior. Circles on the zero line are where a
    coefficient leaves zero, and the ticks at the bottom all knots of a Laplace path, or all
    changes of the support under an elastic net. The bottom axis is the scale of the prior, the
    top axis the alpha of scikit-learn for the same mode.

    Parameters
    ----------
    data : Regression
    prior : Gaussian, Laplace or ElasticNet
        Its family, and relative scales where it has several (the axis then is their multiple);
        a single scale is replaced by those of the axis.
    features : list of str, optional
        Columns with a band; default: the three with the largest effects along the axis.
    mass : float
        Posterior mass of a band, a central interval.
    draws, random_seed : int
        Of each of the 31 posteriors that is not exact (4 chains), as in `sample`; ``draws=0``
        leaves the posteriors out, which for thousands of columns take their time.
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
        If a feature is unknown, constant or named twice, or there is nothing to shrink.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from priormap import Gaussian, Regression
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> plot_path(data, Gaussian(), ax=Figure().subplots()).get_xlabel()
    'prior scale'
    """
    options: dict[str, Any] = {"mass": mass, "draws": draws, "random_seed": random_seed}
    drawn: Axes = Path.of(data, prior, features, **options).plot(ax, axes, labels, units)
    return drawn


def path_caption(
    data: Regression,
    prior: Prior,
    features: Features = None,
    *,
    mass: float = 0.9,
    draws: int = 500,
    random_seed: Seed = 0,
    labels: Mapping[str, str] | None = None,
    units: str = "",
) -> str:
    """Caption of `plot_path`, with its numbers computed from the same tables."""
    options: dict[str, Any] = {"mass": mass, "draws": draws, "random_seed": random_seed}
    return Path.of(data, prior, features, **options).said(labels, units)


@dataclass(frozen=True, eq=False)
class Path(Figure):
    """`plot_path`."""

    data: Regression
    prior: Prior
    features: Features
    mass: float
    draws: int
    random_seed: int
    height = 3.3

    @classmethod
    def of(
        cls,
        data: Regression,
        prior: Prior,
        features: Features = None,
        *,
        mass: float = 0.9,
        draws: int = 500,
        random_seed: Seed = 0,
    ) -> Self:
        return cls(data, prior, features, mass, draws, checked_seed(random_seed))

    @classmethod
    def of_contrast(cls, table: Contrast, features: tuple[str, ...] | None, prior: str) -> Self:
        few: dict[str, Any] = {} if table.data.n_features <= _MOST_WITH_BANDS else {"draws": 0}
        return cls.of(table.data, table.priors[prior], **few)

    @property
    def column_names(self) -> Sequence[str]:
        return self.data.names

    def compute(self) -> Mapping[str, pd.DataFrame]:
        given: tuple[Any, ...] = (self.data, self.prior, self.features)
        options: dict[str, Any] = {
            "mass": self.mass,
            "draws": self.draws,
            "random_seed": self.random_seed,
        }
        return {
            "": path_table(*given, **options),
            "posterior": path_posterior_table(*given, **options),
            "knots": path_knots_table(*given, **options),
        }

    @property
    def chosen(self) -> list[str]:
        """Columns with a band."""
        modes = self.tables[""]
        return modes.loc[modes["is_chosen"], "feature"].unique().tolist()

    def draw(self, axes: Axes) -> None:
        modes, posteriors, knots = self.tables.values()
        look = replace(look_of(self.prior.label), color=look_of(self.prior.label).ink)
        shades = np.linspace(0, _SHADES, max(len(self.chosen), 2))
        looks = {n: look.shaded(share) for n, share in zip(self.chosen, shades, strict=False)}
        mark_zero(axes, y=True)
        for name, part in modes[~modes["is_chosen"]].groupby("feature", sort=False):
            axes.plot(part["scale"], part["mode"], label=f"mode {name}", **_OTHER)
        for name in reversed(posteriors["feature"].unique()):
            _draw_posterior(axes, posteriors[posteriors["feature"] == name], looks[name])
        for name in self.chosen:
            part = modes[modes["feature"] == name]
            line: dict[str, Any] = {"color": looks[name].color, "linestyle": "-", "zorder": 4}
            axes.plot(part["scale"], part["mode"], label=f"mode {name}", **line)
        _mark_knots(axes, knots, looks)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_xlim(modes["scale"].min(), modes["scale"].max())
        axes.set_xlabel(_scale_name(self.data, self.prior))
        axes.set_ylabel(effect_label())
        _name_ends(axes, modes, looks)
        _alpha_axis(axes, modes, self.data, self.prior)
        handles = _legend(modes, knots, look, self.mass if self.draws else 0.0)
        legend_above(axes, handles, lift=_ALPHA_AXIS)

    @property
    def caption(self) -> str:
        (modes, posteriors, knots), chosen = self.tables.values(), self.chosen
        text = (
            f"Modes (lines) along the scale of a {self.prior.label} prior, in {per_sd()} of the "
            f"column; in colour: {listed([called(name) for name in chosen])}."
        )
        if self.draws:
            exact = self.prior.is_normal and self.data.noise.is_known
            drawn = f"{4 * self.draws} draws at each of {POSTERIORS} scales, smoothed along them"
            source = "exact" if exact else f"from {drawn}"
            bands = f"{self.mass:.0%} credible bands"
            text += f" For these also posterior means (dashed) and {bands}, {source}."
        grey, total = modes["feature"].nunique() - len(chosen), self.data.n_features
        if grey:
            text += f" {grey} other columns are grey."
        if left := total - len(chosen) - grey:
            text += f" {left} of {total} columns are left out."
        low, high = modes["scale"].min(), modes["scale"].max()
        text += f" The scale runs from {low:.3g} to {high:.3g}"
        if modes["alpha"].notna().all():
            text += f" (alpha from {modes['alpha'].max():.3g} to {modes['alpha'].min():.3g})"
        return text + "." + "".join(_about(name, knots, posteriors) for name in chosen)


def _about(name: str, knots: pd.DataFrame, posteriors: pd.DataFrame) -> str:
    """What the path and the posteriors say of one column."""
    leaving, text = knots[knots["event"] == "leaves zero"], ""
    at = leaving.loc[leaving["feature"] == name, "scale"]
    if len(at):
        text += f" {called(name)} leaves zero at {at.iloc[0]:.4g}."
    for last in posteriors[posteriors["feature"] == name].tail(1).to_dict("records"):
        text += f" At the right end the mean of {called(name)} is {last['mean']:.3g}"
        text += f" [{last['low']:.3g}, {last['high']:.3g}]."
    return text


def _draw_posterior(axes: Axes, part: pd.DataFrame, look: Look) -> None:
    (name,) = part["feature"].unique()
    scale, mean, low, high = _smooth(part)
    axes.fill_between(
        scale,
        low,
        high,
        color=look.color,
        alpha=0.16,
        linewidth=0,
        label=f"band {name}",
        zorder=1,
    )
    line: dict[str, Any] = {"color": look.color, "linestyle": "--", "linewidth": 1.1}
    axes.plot(scale, mean, label=f"mean {name}", zorder=3, **line)


def _smooth(part: pd.DataFrame) -> tuple[Floats, ...]:
    """Scale, mean and ends of the band on a fine grid, without the noise of their draws."""
    from scipy.interpolate import make_smoothing_spline

    if len(part) != POSTERIORS:  # exact
        return tuple(part[name].to_numpy() for name in ("scale", "mean", "low", "high"))
    at = np.linspace(0, 1, len(part))  # the logarithms of the scales are even
    fine = np.linspace(0, 1, _FINE)
    scale = np.exp(np.interp(fine, at, np.log(part["scale"])))
    size = float(part[["low", "high"]].abs().to_numpy().max()) or 1.0
    curves = (make_smoothing_spline(at, part[name] / size) for name in ("mean", "low", "high"))
    return scale, *(size * curve(fine) for curve in curves)


def _mark_knots(axes: Axes, knots: pd.DataFrame, looks: dict[str, Look]) -> None:
    if knots.empty:
        return
    at = np.unique(knots["scale"])
    axes.plot(
        at,
        np.zeros(len(at)),
        "|",
        color="0.3",
        markersize=5,
        transform=axes.get_xaxis_transform(),
        label="knots",
        clip_on=False,
    )
    for row in knots[knots["event"] == "leaves zero"].to_dict("records"):
        look = looks.get(row["feature"])
        color = "0.75" if look is None else look.color
        style = mark("mode", color, is_hollow=True) | {"markersize": 3.6}
        label = f"{row['feature']} leaves zero"
        axes.plot(row["scale"], 0.0, label=label, zorder=4 + (look is not None), **style)


def _scale_name(data: Regression, prior: Prior) -> str:
    several = prior.has_vector or len(prior.scales) > 1
    name = "multiple of the prior scales" if several else "prior scale"
    return name + " (in noise sd)" * prior.scaled_by_noise


def _name_ends(axes: Axes, modes: pd.DataFrame, looks: dict[str, Look]) -> None:
    """Write names at the right ends of the lines: of all, where these are few."""
    ends = modes.groupby("feature", sort=False)["mode"].last()
    named = ends if len(ends) <= _MOST_NAMED else ends[list(looks)]
    inks = {name: looks[name].ink if name in looks else _OTHER["color"] for name in named.index}
    name_lines(axes, dict(named), inks)


def _alpha_axis(axes: Axes, modes: pd.DataFrame, data: Regression, prior: Prior) -> None:
    """Alpha of scikit-learn on top, each tick at the scale of the same mode."""
    path = modes[modes["feature"] == modes["feature"].iloc[0]]
    alpha, scale = path["alpha"].to_numpy(), path["scale"].to_numpy()
    if not (np.diff(alpha) < 0).all():
        return
    exponents = np.arange(np.floor(np.log10(alpha[-1])), np.ceil(np.log10(alpha[0])) + 1)
    ticks = 10.0**exponents
    if ((ticks >= alpha[-1]) & (ticks <= alpha[0])).sum() < 3:
        ticks = np.outer(ticks, [1, 2, 5]).ravel()
    ticks = ticks[(ticks >= alpha[-1]) & (ticks <= alpha[0])]
    at = np.exp(np.interp(-np.log(ticks), -np.log(alpha), np.log(scale)))
    top = axes.secondary_xaxis("top")
    top.set_ticks(at, [f"{tick:g}" for tick in ticks])
    top.set_ticks([], minor=True)
    estimator = scikit_learn_call(prior.with_scale(1.0), 1.0, data.n_rows).estimator
    own = ", standardised columns" * data.standardize
    top.set_xlabel(f"scikit-learn alpha ({estimator}{own})")


def _legend(modes: pd.DataFrame, knots: pd.DataFrame, look: Look, mass: float) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    line: dict[str, Any] = {"color": look.color}
    handles: list[Any] = [
        Line2D([], [], label="mode", linestyle="-", **line),
    ]
    if mass:
        dashed: dict[str, Any] = {"linestyle": "--", "linewidth": 1.1}
        handles.append(Line2D([], [], label="posterior mean", **dashed, **line))
        band = f"{mass:.0%} of the posterior"
        handles.append(Patch(label=band, alpha=0.25, linewidth=0, **line))
    if not modes["is_chosen"].all():
        handles.append(Line2D([], [], label="other modes", **_OTHER))
    if not knots.empty:
        handles.append(Line2D([], [], label="leaves zero", **mark("mode", is_hollow=True)))
        knot: dict[str, Any] = {"marker": "|", "linestyle": "none", "color": "0.3"}
        handles.append(Line2D([], [], label="knot", **knot))
    return handles
