"""The ArviZ seam: draws become an `xarray.DataTree` in the ArviZ schema."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from priormap.arrays import Floats
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
    prior_draws,
    sigma_of,
)

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


LARGE_GROUPS = ("log_likelihood", "posterior_predictive")  # of n numbers per draw
EXTRAS = (*LARGE_GROUPS, "prior", "effect")
_DATA_GROUPS = ("observed_data", "constant_data")  # they have no chains and draws
_IN_UNITS = ("posterior", "prior")
_FEATURE = ("feature",)
_DIMS = {"coef": _FEATURE, "effect": _FEATURE, "y": ("obs_id",), "X": ("obs_id", "feature")}


def check_extras(include: Collection[str]) -> tuple[str, ...]:
    """What is to be made on request only."""
    if not isinstance(include, str | Collection):
        raise PriormapError(
            f"include must be a collection of {', '.join(EXTRAS)}, got {short(include)}"
        )
    chosen = (include,) if isinstance(include, str) else tuple(include)
    for name in chosen:
        if name not in EXTRAS:
            raise PriormapError(
                f"include names the unknown group {name!r}; there are {', '.join(EXTRAS)}"
            )
    return chosen


def to_data_tree(
    model: Model,
    draws: Draws,
    include: tuple[str, ...],
    seed: np.random.SeedSequence,
    attributes: dict[str, Any],
) -> xr.DataTree:
    """Assemble the groups; those of `EXTRAS` only where `include` names them."""
    data = model.data
    log_prior = log_priors(model, draws)
    groups: dict[str, dict[str, Any]] = {
        "posterior": _variables(model, draws, include),
        "sample_stats": {"lp": log_posterior_of_draws(data, draws, log_prior), **draws.stats},
        "log_prior": log_prior,
        "observed_data": {"y": data.y},
    }
    if not sparse.issparse(data.X):
        groups["constant_data"] = {"X": data.X}
    if "log_likelihood" in include:
        groups["log_likelihood"] = {"y": log_likelihood(data, draws)}
    if "posterior_predictive" in include:
        sigma, rng = sigma_of(data, draws)[..., None], np.random.default_rng(seed)
        groups["posterior_predictive"] = {"y": data.likelihood.rvs(fitted(data, draws), sigma, rng)}
    if "prior" in include:
        rng = np.random.default_rng(seed.spawn(1)[0])
        groups["prior"] = _variables(model, prior_draws(model, draws.coef.shape, rng), include)
    tree = _tree(groups, data, _units(model))
    tree.attrs.update(attributes)
    tree["posterior"].attrs.update(attributes)
    return tree


def _variables(model: Model, draws: Draws, include: tuple[str, ...]) -> dict[str, Floats]:
    """What is unknown, by name, and the effects where `include` names them."""
    effect = draws.coef * model.data.column_sd if "effect" in include else None
    found = {
        "coef": draws.coef,
        "effect": effect,
        "intercept": draws.intercept,
        "sigma": draws.sigma,
        "scale": draws.scale,
    }
    return {name: values for name, values in found.items() if values is not None}


def _units(model: Model) -> dict[str, str]:
    """Units of the variables in words; a learnt scale has those of what the prior speaks of."""
    per_unit, per_sd = "per unit of the column", "per standard deviation of the column"
    linear = model.data.likelihood.linear
    of_scale = "sigma" if model.prior.scaled_by_noise else linear
    return {
        "coef": f"{linear} {per_unit}",
        "effect": f"{linear} {per_sd}",
        "intercept": linear,
        "sigma": "y",
        "scale": f"{of_scale} {per_sd if model.data.standardize else per_unit}",
    }


def _tree(
    groups: dict[str, dict[str, Any]], data: Regression, units: dict[str, str]
) -> xr.DataTree:
    """Groups of named arrays as datasets that share their arrays and indices.

    `arviz_base.from_dict` makes the same tree, but an index of every row for every variable,
    which cost more than exact draws do and grew with the rows.
    """
    import xarray as xr

    chains, draws, _ = groups["posterior"]["coef"].shape
    labels = data.row_labels
    if labels is None:
        coords = _numbered(chains, draws, data.names, data.n_rows)
    else:
        coords = _coordinates(chains, draws, data.names, labels)
    tree = xr.DataTree(xr.Coordinates())
    tree.children = {  # unlike DataTree(children=...) it does not copy them
        group: xr.DataTree(dataset) for group, dataset in _datasets(groups, coords, units).items()
    }
    return tree


def _datasets(
    groups: dict[str, dict[str, Any]], coords: xr.Coordinates, units: dict[str, str]
) -> dict[str, xr.Dataset]:
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
            attributes = {"units": units[name]} if group in _IN_UNITS else {}
            wholes[place[group]][name] = ((*lead, *_DIMS.get(name, ())), array, attributes)
    datasets = [xr.Dataset(whole, coords=coords) for whole in wholes]
    return {group: datasets[place[group]][list(arrays)] for group, arrays in groups.items()}


@lru_cache(maxsize=8)
def _numbered(chains: int, draws: int, names: tuple[str, ...], n_rows: int) -> xr.Coordinates:
    """Labels of all dimensions; ranges that store no number."""
    import pandas as pd

    return _coordinates(chains, draws, names, pd.RangeIndex(n_rows))


def _coordinates(
    chains: int, draws: int, names: tuple[str, ...], rows: pd.Index[Any]
) -> xr.Coordinates:
    import pandas as pd
    import xarray as xr
    from xarray.indexes import PandasIndex

    def texts(labels: Any, dim: str) -> PandasIndex:
        dtype = np.array(labels, dtype=str).dtype
        return PandasIndex(pd.Index(labels, dtype=object), dim, coord_dtype=dtype)

    rows = rows.rename("obs_id")  # a variable is called by the name of its index
    is_text = rows.dtype == object
    indexes = {
        "chain": PandasIndex(pd.RangeIndex(chains), "chain"),
        "draw": PandasIndex(pd.RangeIndex(draws), "draw"),
        "feature": texts(np.array(names), "feature"),
        "obs_id": texts(rows, "obs_id") if is_text else PandasIndex(rows, "obs_id"),
    }
    variables = {dim: index.create_variables()[dim] for dim, index in indexes.items()}
    return xr.Coordinates(variables, indexes=indexes)


def to_inference_data(tree: xr.DataTree) -> Any:
    """What the functions of the installed ArviZ take: one step that serves both generations.

    ArviZ 1 takes the DataTree of `sample` as it is. ArviZ 0.x, which Python 3.11 has, wants its
    own ``InferenceData``, into which the same groups go.

    Parameters
    ----------
    tree : DataTree
        As `sample` returns it.

    Returns
    -------
    arviz.InferenceData or xarray.DataTree

    Raises
    ------
    PriormapError
        If `tree` is none, or ArviZ is not installed.

    Examples
    --------
    >>> from priormap import Gaussian, Regression, sample
    >>> data = Regression([[0.0], [1.0], [3.0], [4.0]], [0.1, 0.9, 3.2, 3.9], sigma=0.2)
    >>> tree = sample(data, Gaussian(1.0), draws=500, random_seed=1)
    >>> import arviz as az
    >>> table = az.summary(to_inference_data(tree))
    >>> list(table.index)
    ['coef[x0]', 'intercept']
    """
    if not hasattr(tree, "children") or "posterior" not in tree.children:
        raise PriormapError(f"tree must be what sample returns, got {short(tree)}")
    if find_spec("arviz") is None:
        raise PriormapError("ArviZ is not installed; install arviz")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its announcements about its own future
        import arviz

        kind: Any = getattr(arviz, "InferenceData", None)
        return kind.from_datatree(tree) if hasattr(kind, "from_datatree") else tree
