"""Shape of a prior: its density, and its negative log density, which is the penalty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from priormap.arrays import Floats
from priormap.errors import PriormapError
from priormap.plots.marks import legend_above
from priormap.plots.style import HEIGHTS, drawing_axes, looks_of
from priormap.priors import ElasticNet, Prior
from priormap.tables.named_priors import (
    Priors,
    coef_unit,
    family,
    listed,
    matched_pair,
    named_priors,
    refuse_flat,
)

if TYPE_CHECKING:
    import pandas as pd


Match: TypeAlias = Literal["sd", "given"]
_REACH = 4.0  # the figure ends at this many (largest) prior standard deviations
_FITS_BESIDE_THE_PEAK = 14  # characters of a name in the legend
_CURVES = {
    "Gaussian": "a parabola for a Gaussian prior (ridge)",
    "Laplace": "two straight lines that meet in a corner for a Laplace prior (lasso)",
    "ElasticNet": "two branches of a parabola that meet in a corner for an elastic net prior",
}


def prior_shapes_table(priors: Priors | None = None, *, match: Match = "sd") -> pd.DataFrame:
    """Density and negative log density of priors on a grid of coefficients.

    Parameters
    ----------
    priors : prior, list of priors or dict of named priors, optional
        Default: a Gaussian and a Laplace prior.
    match : {"sd", "given"}
        ``"sd"`` measures the coefficient in prior standard deviations, so that all
        variances agree; ``"given"`` takes the scales as they are.

    Returns
    -------
    DataFrame
        Columns ``prior``, ``family``, ``coef``, ``density`` (per unit of ``coef``) and
        ``neg_log_density`` (nats); zero is on the grid.

    Raises
    ------
    PriormapError
        For a flat prior, or for two priors that ``match="sd"`` makes equal.

    Examples
    --------
    >>> table = prior_shapes_table()
    >>> table[table.coef == 0].set_index("prior")["density"].round(4)
    prior
    Gaussian    0.3989
    Laplace     0.7071
    Name: density, dtype: float64
    """
    import pandas as pd

    named, unit = _checked(priors, match)
    limit = _REACH * max(unit.values()) if match == "given" else _REACH
    parts = []
    for name, prior in named.items():
        scale = 1.0 if match == "given" else unit[name]
        coef = _grid(limit, unit[name] / scale)
        log_density = prior.logpdf(coef * scale) + np.log(scale)
        parts.append(
            pd.DataFrame(
                {
                    "prior": name,
                    "family": family(prior),
                    "coef": coef,
                    "density": np.exp(log_density),
                    "neg_log_density": -log_density,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def plot_prior_shapes(
    priors: Priors | None = None, *, match: Match = "sd", axes: Any = None
) -> NDArray[Any]:
    """Draw the density of priors, and below it their negative log density: the penalty.

    Parameters
    ----------
    priors, match
        As in `prior_shapes_table`, whose numbers are drawn.
    axes : two Axes, optional
        Where to draw the density and the negative log density; default: a new figure.

    Returns
    -------
    array of two Axes
        The density's and the negative log density's.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> upper, lower = plot_prior_shapes(axes=Figure().subplots(2))
    >>> upper.get_ylabel()
    'density (per prior sd)'
    """
    named, _ = _checked(priors, match)
    table = prior_shapes_table(named, match=match)
    looks = looks_of(named)
    unit = "prior sd" if match == "sd" else coef_unit(named)
    with drawing_axes(axes, height=HEIGHTS["prior_shapes"], rows=2) as (upper, lower):
        for name in named:
            part = table[table["prior"] == name]
            upper.plot(part["coef"], part["density"], label=name, **looks[name].line)
            lower.plot(part["coef"], part["neg_log_density"], label=name, **looks[name].line)
        upper.set_ylabel("density" + (f" (per {unit})" if unit != "its own unit" else ""))
        upper.set_ylim(bottom=0)
        lower.set_ylabel("− log density (nats)")
        lower.set_xlabel(f"coefficient (in {unit})" if match == "sd" else f"coefficient ({unit})")
        if max(map(len, named)) <= _FITS_BESIDE_THE_PEAK:
            upper.legend(loc="upper right")
        else:
            legend_above(upper, upper.get_lines())
        return np.array([upper, lower], dtype=object)


def prior_shapes_caption(priors: Priors | None = None, *, match: Match = "sd") -> str:
    """Caption of `plot_prior_shapes`, with its numbers computed from the same table.

    Examples
    --------
    >>> prior_shapes_caption().split(", in units")[0]
    'Density (top) and negative log density (bottom) of Gaussian and Laplace'
    """
    named, _ = _checked(priors, match)
    table = prior_shapes_table(named, match=match)
    scales = "in units of the prior standard deviation" if match == "sd" else "scales as given"
    text = (
        f"Density (top) and negative log density (bottom) of {listed(list(named))}, {scales}. "
        "Up to a constant the negative log density is the penalty: "
    )
    text += listed([_CURVES[name] for name in dict.fromkeys(map(family, named.values()))]) + "."
    if len(named) == 2:
        first, second = (table[table["prior"] == name] for name in named)
        center = _density_at(second, 0.0) / _density_at(first, 0.0)
        edge = float(table["coef"].max())
        tail = _density_at(second, edge) / _density_at(first, edge)
        a, b = named
        text += (
            f" The density of {b} is {center:.3g} times that of {a} at 0 and {tail:.3g} times "
            f"at {edge:.3g}."
        )
    return text


def _checked(priors: Priors | None, match: Match) -> tuple[dict[str, Prior], dict[str, float]]:
    """Return the priors by name and their standard deviations, if they can be drawn."""
    if match not in ("sd", "given"):
        raise PriormapError(f"match must be 'sd' or 'given', got {match!r}")
    named = _default(match) if priors is None else named_priors(priors)
    refuse_flat(named)
    shapes = [_shape(prior) for prior in named.values()]
    if match == "sd" and len(set(shapes)) < len(shapes):
        twice, _ = next(shape for shape in shapes if shapes.count(shape) > 1)
        raise PriormapError(
            f"match='sd' makes all {twice} priors the same curve; use match='given' or keep one"
        )
    if match == "given":
        coef_unit(named)
    return named, {name: float(prior.sd) for name, prior in named.items()}


def _shape(prior: Prior) -> tuple[str, float]:
    """What is left of a prior in units of its standard deviation: the family and a ratio."""
    if not isinstance(prior, ElasticNet):
        return family(prior), 1.0
    return family(prior), float(np.float64(prior.l2_scale) / np.float64(prior.l1_scale))


def _default(match: Match) -> dict[str, Prior]:
    pair = matched_pair()
    return {family(prior): prior for prior in pair.values()} if match == "sd" else pair


def _grid(limit: float, sd: float) -> Floats:
    """Symmetric grid with zero, fine over the whole range and over this prior's bulk."""
    bulk = np.linspace(0, min(6 * sd, limit), 200)
    half = np.unique(np.concatenate([bulk, np.linspace(0, limit, 200)]))
    return np.concatenate([-half[:0:-1], half])


def _density_at(part: pd.DataFrame, coef: float) -> float:
    return float(part.loc[part["coef"] == coef, "density"].iloc[0])
