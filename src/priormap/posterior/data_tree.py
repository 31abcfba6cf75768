"""The ArviZ seam: draws become an `xarray.DataTree` in the ArviZ schema."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from priormap.checks import short
from priormap.data.regression import Regression
from priormap.errors import PriormapError
from priormap.model import Model
from priormap.posterior.draws import (
    Draws,
    fitted,
    log_likelihood,
    log_posterior_of_draws,
    log_priors,
    sigma_of,
)

if TYPE_CHECKING:
    import xarray as xr


LARGE_GROUPS = ("log_likelihood", "posterior_predictive")
_DATA_GROUPS = ("observed_data", "constant_data")  # they have no chains and draws
_DIMS = {"coef": ("feature",), "y": ("obs_id",), "X": ("obs_id", "feature")}


def check_groups(include: Collection[str]) -> tuple[str, ...]:
    """Names of the large groups that were asked for."""
    if not isinstance(include, str | Collection):
        raise PriormapError(
            f"include must be a collection of {', '.join(LARGE_GROUPS)}, got {short(include)}"
        )
    chosen = (include,) if isinstance(include, str) else tuple(include)
    for name in chosen:
        if name not in LARGE_GROUPS:
            raise PriormapError(
                f"include names the unknown group {name!r}; there are {', '.join(LARGE_GROUPS)}"
            )
    return chosen


def to_data_tree(
    model: Model,
    draws: Draws,
    include: tuple[str, ...],
    rng: np.random.Generator,
    attributes: dict[str, Any],
) -> xr.DataTree:
    """Assemble the groups; the large ones only where `include` names them."""
    data = model.data
    posterior = {
        "coef": draws.coef,
        "intercept": draws.intercept,
        "sigma": draws.sigma,
        "scale": draws.scale,
    }
    log_prior = log_priors(model, draws)
    groups: dict[str, dict[str, Any]] = {
        "posterior": {name: values for name, values in posterior.items() if values is not None},
        "sample_stats": {"lp": log_posterior_of_draws(data, draws, log_prior), **draws.stats},
        "log_prior": log_prior,
        "observed_data": {"y": data.y},
    }
    if not sparse.issparse(data.X):
        groups["constant_data"] = {"X": data.X}
    if "log_likelihood" in include:
        groups["log_likelihood"] = {"y": log_likelihood(data, draws)}
    if "posterior_predictive" in include:
        sigma = sigma_of(data, draws)[..., None]
        groups["posterior_predictive"] = {"y": data.likelihood.rvs(fitted(data, draws), sigma, rng)}
    tree = _tree(groups, data)
    tree.attrs.update(attributes)
    tree["posterior"].attrs.update(attributes)
    return tree


def _tree(groups: dict[str, dict[str, Any]], data: Regression) -> xr.DataTree:
    """Groups of named arrays as datasets that share their arrays and indices.

    `arviz_base.from_dict` makes the same tree, but an index of every row for every variable,
    which cost more than exact draws do and grew with the rows.
    """
    import xarray as xr

    chains, draws, _ = groups["posterior"]["coef"].shape
    coords = _coordinates(chains, draws, data.names, data.n_rows)
    tree = xr.DataTree(xr.Coordinates())
    tree.children = {  # unlike DataTree(children=...) it does not copy them
        group: xr.DataTree(dataset) for group, dataset in _datasets(groups, coords).items()
    }
    return tree


def _datasets(groups: dict[str, dict[str, Any]], coords: xr.Coordinates) -> dict[str, xr.Dataset]:
    """One dataset a group, taken out of few large ones: choosing variables is cheaper."""
    import xarray as xr

    wholes: list[dict[str, Any]] = []
    place = {}
    for group, arrays in groups.items():
        fits = (i for i, whole in enumerate(wholes) if whole.keys().isdisjoint(arrays))
        place[group] = next(fits, len(wholes))
        if place[group] == len(wholes):
            wholes.append({})
        lead = () if group in _DATA_GROUPS else ("chain", "draw")
        for name, array in arrays.items():
            wholes[place[group]][name] = ((*lead, *_DIMS.get(name, ())), array)
    datasets = [xr.Dataset(whole, coords=coords) for whole in wholes]
    return {group: datasets[place[group]][list(arrays)] for group, arrays in groups.items()}


@lru_cache(maxsize=8)
def _coordinates(chains: int, draws: int, names: tuple[str, ...], n_rows: int) -> xr.Coordinates:
    """Labels of all dimensions; ranges that store no number."""
    import pandas as pd
    import xarray as xr
    from xarray.indexes import PandasIndex

    labels = np.array(names)
    indexes = {
        "chain": PandasIndex(pd.RangeIndex(chains), "chain"),
        "draw": PandasIndex(pd.RangeIndex(draws), "draw"),
        "feature": PandasIndex(pd.Index(labels, dtype=object), "feature", coord_dtype=labels.dtype),
        "obs_id": PandasIndex(pd.RangeIndex(n_rows), "obs_id"),
    }
    variables = {dim: index.create_variables()[dim] for dim, index in indexes.items()}
    return xr.Coordinates(variables, indexes=indexes)
