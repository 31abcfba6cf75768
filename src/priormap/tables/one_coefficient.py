"""The numbers of the figures of one coefficient: shapes of priors, and what they do to it."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from priormap.arrays import Floats
from priormap.checks import one_of, positive_number
from priormap.errors import PriormapError
from priormap.priors import Prior
from priormap.tables.named_priors import (
    Priors,
    coef_unit,
    matched_pair,
    named_priors,
    refuse_flat,
)

if TYPE_CHECKING:
    import pandas as pd


Match: TypeAlias = Literal["sd", "given"]
_REACH = 4.0  # figures end at this many (largest) prior sds, or noise sds, if not further
_SAME = 1e-12  # relative difference of two densities that rounding may make


def prior_shapes_table(priors: Priors | None = None, *, match: Match = "sd") -> pd.DataFrame:
    """Density and negative log density of priors on a grid of coefficients.

    Parameters
    ----------
    priors : prior, list of priors or dict of named priors, optional
        Default: a Gaussian and a Laplace prior.
    match : {"sd", "given"}
        ``"sd"`` measures the coefficient in prior standard deviations, so that all
        variances agree (in `Prior.spread` where there is none); ``"given"`` takes the scales as
        they are.

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

    named = checked_shapes(priors, match)
    sds = {name: float(prior.spread) for name, prior in named.items()}
    limit = _REACH * max(sds.values()) if match == "given" else _REACH
    parts = []
    for name, prior in named.items():
        unit = 1.0 if match == "given" else sds[name]
        coef = _shape_grid(limit, sds[name] / unit)
        log_density = prior.logpdf(coef * unit) + np.log(unit)
        columns = {"density": np.exp(log_density), "neg_log_density": -log_density}
        parts.append(pd.DataFrame({"prior": name, "family": prior.label, "coef": coef, **columns}))
    return pd.concat(parts, ignore_index=True)


def checked_shapes(priors: Priors | None, match: Match) -> dict[str, Prior]:
    """Return the priors by name, if their shapes can be drawn, or refuse."""
    one_of("match", match, ("sd", "given"))
    named = named_priors(priors if priors is not None else matched_pair())
    if priors is None and match == "sd":
        named = {prior.label: prior for prior in named.values()}
    refuse_flat(named)
    if match == "given":
        coef_unit(named)
        return named
    for one, other in combinations(named.values(), 2):
        if one.label == other.label and _same_shape(one, other):
            raise PriormapError(
                f"match='sd' makes all {one.label} priors the same curve; use match='given' "
                "or keep one"
            )
    return named


def dead_zone_edge(prior: Prior, sd: float = 1.0) -> float:
    """Largest ``|z|`` whose mode is exactly zero, for a coefficient observed with noise `sd`.

    Zero is the mode as long as the data's pull ``z / sd**2`` is one of the pulls that the
    prior has at zero: ``|z| <= sd**2 / scale`` for Laplace (with the l1_scale for ElasticNet),
    and ``z = 0`` for a prior without a kink, such as Gaussian. Infinite where the density is
    unbounded at zero.

    Examples
    --------
    >>> from priormap import Gaussian, Laplace
    >>> dead_zone_edge(Laplace(0.5)), dead_zone_edge(Gaussian(0.5))
    (2.0, 0.0)
    """
    sd = positive_number("sd", sd)
    if prior.is_unbounded:
        return np.inf
    edge = np.asarray(prior.dead_zone(sd))
    # its neighbours differ by rounding only: the largest whose mode is zero up to this very number
    near = edge + np.spacing(edge) * np.arange(-4, 5) * (edge > 0)
    return float(near[prior.shrink(near, sd) == 0].max(initial=0.0))


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
        coefficient; zero and the edges of every dead zone are on the grid. The mode is NaN where
        the density is unbounded at zero, so that zero is a mode whatever the data.

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

    named, sd = checked_shrinkage(priors, sd)
    edges = [edge for p in named.values() if np.isfinite(edge := dead_zone_edge(p, sd))]
    edge = max(edges, default=0.0)
    limit = max(1.8 * edge, _REACH * min(sd, edge or sd))  # a narrow dead zone shows too
    if not limit < np.inf:
        raise PriormapError(f"sd={sd:g} leaves no room for a figure; give a smaller one")
    half = np.unique(np.concatenate([np.linspace(0, limit, 200), edges]))
    z = np.concatenate([-half[:0:-1], half])
    parts = []
    for name, prior in named.items():
        mode = np.full(len(z), np.nan) if prior.is_unbounded else prior.shrink(z, sd)
        columns = {"z": z, "mode": mode, "mean": prior.posterior_mean(z, sd)}
        parts.append(pd.DataFrame({"prior": name, "family": prior.label, **columns}))
    return pd.concat(parts, ignore_index=True)


def checked_shrinkage(priors: Priors | None, sd: float) -> tuple[dict[str, Prior], float]:
    """Return the priors by name, and the noise, or refuse."""
    sd = positive_number("sd", sd)
    return named_priors(matched_pair(sd) if priors is None else priors), sd


def _same_shape(one: Prior, other: Prior) -> bool:
    """Whether two priors have one density in units of their standard deviations."""
    at = _shape_grid(_REACH, 1.0)
    first, second = (prior.penalty(at * prior.spread) for prior in (one, other))
    return np.allclose(first, second, rtol=_SAME, atol=0)


def _shape_grid(limit: float, sd: float) -> Floats:
    """Symmetric grid with zero, fine over the whole range and over this prior's bulk."""
    bulk = np.linspace(0, min(6 * sd, limit), 200)
    half = np.unique(np.concatenate([bulk, np.linspace(0, limit, 200)]))
    return np.concatenate([-half[:0:-1], half])
