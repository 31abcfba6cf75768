"""Posteriors of several imputations of one table as the one posterior that they stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from priormap.checks import short
from priormap.errors import PriormapError, warn
from priormap.posterior.convergence import troubles

if TYPE_CHECKING:
    import xarray as xr

_GROUPS = ("posterior", "sample_stats")  # of each imputation; the tables themselves differ
_WORST: dict[str, Callable[[list[Any]], Any]] = {
    "min_ess_bulk": min,
    "min_ess_tail": min,
    "max_rhat": max,
    "n_divergences": sum,
}


def pool(trees: Sequence[xr.DataTree]) -> xr.DataTree:
    r"""Pool the draws of several imputations, each of which counts equally.

    With missing cells ``z`` imputed M times, ``p(b | y) = E p(b | y, z)`` is the equal mixture of
    the M posteriors: the mean is the mean of their means, and the variance

    .. math:: \operatorname{var}(b \mid y) = \bar W + (1 - 1/M) B,

    the mean ``W`` of their variances and the variance ``B`` (with 1/(M - 1)) between their means.
    Rubin's rules have ``1 + 1/M``, for M few; the draws of the mixture know only the M at hand.

    Parameters
    ----------
    trees : list of DataTree
        Of `sample`, one for each imputation, with equally many chains and draws. Columns are met
        by name.

    Returns
    -------
    DataTree
        The groups ``posterior`` and ``sample_stats``; the coordinate ``imputation`` of the
        dimension ``chain`` says of which table a chain is. Its r-hat would compare imputations,
        which differ; the attributes have the worst diagnostic within any of them.

    Raises
    ------
    PriormapError
        If there is none, or columns, variables, chains or draws differ.

    Warns
    -----
    PriormapWarning
        If the draws of an imputation are not to be trusted by themselves.

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys. Zhou and Reiter (2010), A note on
    Bayesian inference after multiple imputation, The American Statistician 64(2).

    Examples
    --------
    >>> from priormap import Gaussian, Regression, sample
    >>> tables = [Regression([[0.0], [1.0], [z]], [0.0, 2.0, 5.0], sigma=1.0) for z in (2.8, 3.1)]
    >>> trees = [sample(data, Gaussian(2.0), 50, chains=2, random_seed=1) for data in tables]
    >>> pool(trees)["posterior"]["imputation"].values
    array([0, 0, 1, 1])
    """
    import xarray as xr

    trees = list(trees)
    if not trees:
        raise PriormapError("there is no posterior to pool; give a list of what sample returned")
    for k, tree in enumerate(trees):
        _check_alike(k, tree, trees[0])
        if said := troubles(tree.attrs):
            warn(f"draws of imputation {k} are not to be trusted yet: {'; '.join(said)}; draw more")
    names = trees[0]["posterior"]["feature"].to_numpy()
    groups = {}
    for group in _GROUPS:
        parts = [tree[group].to_dataset() for tree in trees]
        parts = [one.sel(feature=names) if "feature" in one.dims else one for one in parts]
        whole = xr.concat(parts, dim="chain", combine_attrs="drop")
        which = np.repeat(np.arange(len(trees)), parts[0].sizes["chain"])
        whole = whole.assign_coords(chain=np.arange(len(which)), imputation=("chain", which))
        groups[group] = whole
    attributes = _attributes([tree.attrs for tree in trees])
    groups["posterior"].attrs = dict(attributes)
    pooled = xr.DataTree.from_dict(groups)
    pooled.attrs = attributes
    return pooled


def _check_alike(k: int, tree: xr.DataTree, first: xr.DataTree) -> None:
    """Refuse a posterior whose columns, variables or numbers of draws are others."""
    if "posterior" not in getattr(tree, "children", {}):
        raise PriormapError(
            f"posterior {k} is no DataTree with draws, but {short(tree)}; give what sample returned"
        )
    own, theirs = tree["posterior"], first["posterior"]
    names, known = (one["feature"].to_numpy().tolist() for one in (own, theirs))
    if other := sorted({*names} ^ {*known}):
        raise PriormapError(
            f"column {other[0]!r} is in one of the posteriors 0 and {k} only; sample equal columns"
        )
    if other := sorted({*own.data_vars} ^ {*theirs.data_vars}):
        raise PriormapError(
            f"{other[0]} is in one of the posteriors 0 and {k} only; sample the same model"
        )
    for dim in ("chain", "draw"):
        if own.sizes[dim] != theirs.sizes[dim]:
            raise PriormapError(
                f"posterior {k} has {own.sizes[dim]} {dim}s, where posterior 0 has "
                f"{theirs.sizes[dim]}; sample equally many, so that each counts equally"
            )


def _attributes(each: list[dict[Any, Any]]) -> Mapping[Any, Any]:
    """What is the same of all, and the worst diagnostics."""
    first = each[0]
    same = {key: first[key] for key in first if all(one.get(key) == first[key] for one in each)}
    worst = {
        key: of([one[key] for one in each])
        for key, of in _WORST.items()
        if all(key in one for one in each)
    }
    return {**same, **worst, "imputations": len(each)}
