"""What a prior does to one observed coefficient: its mode and its posterior mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from priormap.checks import positive_number
from priormap.plots.style import HEIGHTS, LOOKS, drawing_axes, looks_of
from priormap.priors import ElasticNet, Laplace, Prior
from priormap.tables.named_priors import Priors, family, matched_pair, named_priors

if TYPE_CHECKING:
    import pandas as pd


_REACH = 4.0  # the figure ends at this many noise sds, or further to show the dead zones


def dead_zone_edge(prior: Prior, sd: float = 1.0) -> float:
    """Largest ``|z|`` whose mode is exactly zero, for a coefficient observed with noise `sd`.

    Zero is the mode as long as the data's pull ``z / sd**2`` is one of the pulls that the
    prior has at zero: ``|z| <= sd**2 / scale`` for Laplace (with the l1_scale for ElasticNet),
    and ``z = 0`` for Gaussian.

    Examples
    --------
    >>> from priormap import Gaussian, Laplace
    >>> dead_zone_edge(Laplace(0.5)), dead_zone_edge(Gaussian(0.5))
    (2.0, 0.0)
    """
    sd = positive_number("sd", sd)
    noise = 1.0 if prior.scaled_by_noise else sd
    # the same operations as those of the mode, so that it is zero up to this very number
    match prior:
        case Laplace(scale):
            return float(sd * noise / scale)
        case ElasticNet():
            return float(sd * (noise / prior.l1_scale))
    return 0.0


def shrinkage_table(priors: Priors | None = None, sd: float = 1.0) -> pd.DataFrame:
    """Mode and posterior mean of one coefficient as functions of the value z observed.

    Parameters
    ----------
    priors : prior, list of priors or dict of named priors, optional
        Default: a Gaussian and a Laplace prior, both of standard deviation `sd`.
    sd : float
        Standard deviation of the noise in z, in the unit of the coefficient.

    Returns
    -------
    DataFrame
        Columns ``prior``, ``family``, ``z``, ``mode``, ``mean``, all in the unit of the
        coefficient; zero and the edges of every dead zone are on the grid.

    Examples
    --------
    >>> from priormap import Laplace
    >>> table = shrinkage_table(Laplace(0.5))
    >>> table[table.z == 2.0].set_index("z")[["mode", "mean"]].round(4)
         mode    mean
    z
    2.0   0.0  0.6353
    """
    import pandas as pd

    named, sd = _checked(priors, sd)
    edges = [dead_zone_edge(prior, sd) for prior in named.values()]
    limit = max(_REACH * sd, 1.8 * max(edges))
    half = np.unique(np.concatenate([np.linspace(0, limit, 200), edges]))
    z = np.concatenate([-half[:0:-1], half])
    parts = [
        pd.DataFrame(
            {
                "prior": name,
                "family": family(prior),
                "z": z,
                "mode": prior.shrink(z, sd),
                "mean": prior.posterior_mean(z, sd),
            }
        )
        for name, prior in named.items()
    ]
    return pd.concat(parts, ignore_index=True)


def plot_shrinkage(
    priors: Priors | None = None, sd: float = 1.0, *, ax: Axes | None = None
) -> Axes:
    """Draw mode and posterior mean of one coefficient against the value z observed.

    Solid lines are modes and dashed lines posterior means; where the two coincide there is
    one line. The thin diagonal is no shrinkage; shaded bands are dead zones.

    Parameters
    ----------
    priors, sd
        As in `shrinkage_table`, whose numbers are drawn.
    ax : Axes, optional
        Where to draw; default: a new figure.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> plot_shrinkage(ax=Figure().subplots()).get_ylabel()
    'estimate of the coefficient'
    """
    named, sd = _checked(priors, sd)
    table = shrinkage_table(named, sd)
    looks = looks_of(named)
    with drawing_axes(ax, height=HEIGHTS["shrinkage"]) as axes:
        for name, prior in named.items():
            part, color = table[table["prior"] == name], looks[name].color
            both = np.allclose(part["mode"], part["mean"], rtol=1e-12, atol=0)
            rule = f"{name}: mode" + " and mean" * both
            axes.plot(part["z"], part["mode"], color=color, linestyle="-", label=rule)
            if not both:
                rule = f"{name}: mean"
                axes.plot(part["z"], part["mean"], color=color, linestyle="--", label=rule)
            edge = dead_zone_edge(prior, sd)
            if edge > 0:
                axes.axvspan(-edge, edge, color=color, alpha=0.1, linewidth=0, zorder=0)
        limit = float(table["z"].max())
        thin = {**LOOKS["least squares"].line, "linestyle": "-", "linewidth": 0.8}
        axes.plot([-limit, limit], [-limit, limit], label="no shrinkage", zorder=1, **thin)
        _name_dead_zones(axes, [dead_zone_edge(prior, sd) for prior in named.values()])
        axes.set_xlim(-limit, limit)
        axes.set_xlabel(f"observed value z (noise sd {sd:.4g})")
        axes.set_ylabel("estimate of the coefficient")
        axes.legend(loc="upper left")
        return axes


def shrinkage_caption(priors: Priors | None = None, sd: float = 1.0) -> str:
    """Caption of `plot_shrinkage`, with its numbers computed from the same table.

    Examples
    --------
    >>> from priormap import Laplace
    >>> "exactly 0 for |z| <= 2;" in shrinkage_caption(Laplace(0.5))
    True
    """
    named, sd = _checked(priors, sd)
    table = shrinkage_table(named, sd)
    text = (
        "Mode (solid) and posterior mean (dashed) of one coefficient as functions of its "
        f"observed value z, with noise of standard deviation {sd:.4g}; the thin diagonal is no "
        "shrinkage."
    )
    for name, prior in named.items():
        edge = dead_zone_edge(prior, sd)
        part = table[table["prior"] == name]
        if edge > 0:
            mean = float(part.loc[part["z"] == edge, "mean"].iloc[0])
            text += (
                f" {name}: the mode is exactly 0 for |z| <= {edge:.4g}; the posterior mean is 0 "
                f"at z = 0 only, and {mean:.3g} at the edge of this dead zone."
            )
        else:
            slope = float(prior.shrink(1.0, sd))
            text += f" {name}: mode and mean are both {slope:.4g} z."
    return text


def _checked(priors: Priors | None, sd: float) -> tuple[dict[str, Prior], float]:
    sd = positive_number("sd", sd)
    return (matched_pair(sd) if priors is None else named_priors(priors)), sd


def _name_dead_zones(axes: Axes, edges: list[float]) -> None:
    shown = ", ".join(f"{edge:.4g}" for edge in sorted(set(edges)) if edge > 0)
    if shown:
        several = "s" * ("," in shown)
        axes.text(
            0,
            0.03,
            f"dead zone{several}: mode = 0\nfor |z| ≤ {shown}",
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="bottom",
            fontsize="small",
        )
