"""The ArviZ seam: draws become an `xarray.DataTree` in the ArviZ schema."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from priormap.errors import PriormapError
from priormap.posterior.densities import (
    fitted,
    log_likelihood,
    log_posterior_of_draws,
    log_priors,
    sigma_of,
)
from priormap.posterior.draws import Draws
from priormap.priors import Prior
from priormap.regression import Regression

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["LARGE_GROUPS", "check_groups", "to_data_tree"]

Floats: TypeAlias = NDArray[np.float64]
LARGE_GROUPS = ("log_likelihood", "posterior_predictive")


def check_groups(include: Collection[str]) -> tuple[str, ...]:
    """Names of the large groups that were asked for."""
    if not isinstance(include, str | Collection):
        raise PriormapError(
            f"include must be a collection of {', '.join(LARGE_GROUPS)}, got {include!r}"
        )
    chosen = (include,) if isinstance(include, str) else tuple(include)
    for name in chosen:
        if name not in LARGE_GROUPS:
            raise PriormapError(
                f"include names the unknown group {name!r}; there are {', '.join(LARGE_GROUPS)}"
            )
    return chosen


def to_data_tree(
    data: Regression,
    prior: Prior,
    draws: Draws,
    include: tuple[str, ...],
    rng: np.random.Generator,
    attributes: dict[str, Any],
) -> xr.DataTree:
    """Assemble the groups; the large ones only where `include` names them."""
    from arviz_base import from_dict

    posterior = {
        "coef": draws.coef,
        "intercept": draws.intercept,
        "sigma": draws.sigma,
        "scale": draws.scale,
    }
    groups: dict[str, dict[str, Any]] = {
        "posterior": {name: values for name, values in posterior.items() if values is not None},
        "sample_stats": {"lp": log_posterior_of_draws(data, prior, draws), **draws.stats},
        "log_prior": log_priors(data, prior, draws),
        "observed_data": {"y": data.y},
    }
    if not sparse.issparse(data.X):
        groups["constant_data"] = {"X": data.X}
    if "log_likelihood" in include:
        groups["log_likelihood"] = {"y": log_likelihood(data, draws)}
    if "posterior_predictive" in include:
        noise = sigma_of(data, draws)[..., None] * rng.standard_normal(
            (*draws.coef.shape[:2], data.n_rows)
        )
        groups["posterior_predictive"] = {"y": fitted(data, draws) + noise}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Found chain dimension")  # more chains than draws
        tree = from_dict(
            groups,
            coords={"feature": list(data.names), "obs_id": np.arange(data.n_rows)},
            dims={"coef": ["feature"], "y": ["obs_id"], "X": ["obs_id", "feature"]},
        )
    tree.attrs.update(attributes)
    tree["posterior"].attrs.update(attributes)
    return tree
