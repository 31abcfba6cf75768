"""What draws of a posterior say of new rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from priormap.arrays import Floats
from priormap.checks import RandomState, as_generator, one_of, refuse_memory, share
from priormap.data.coding import Coding
from priormap.data.regression import Regression, check_data
from priormap.data.validation import as_new_rows, row_index
from priormap.errors import PriormapError
from priormap.likelihoods import Likelihood, likelihood_named

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Kind: TypeAlias = Literal["response", "mean"]
_KINDS = ("response", "mean")
_MASS = 0.95


def predict(
    draws: xr.DataTree,
    X: Any,
    *,
    data: Regression | None = None,
    kind: Kind = "response",
    random_seed: RandomState = None,
) -> xr.DataTree:
    r"""Draw the response, or its mean, at new rows.

    For every draw of the posterior ``mu = intercept + x'coef``; the response adds noise of that
    draw's sigma:

    .. math:: p(\tilde y \mid \tilde x, y) = \int p(\tilde y \mid \tilde x, a, b, \sigma)
        \, p(a, b, \sigma \mid y) \, d(a, b, \sigma).

    Parameters
    ----------
    draws : DataTree
        Of `sample`, or of a PyMC model with the variables ``coef`` (dim ``feature``),
        ``intercept`` and ``sigma``.
    X : DataFrame, array or sparse matrix of shape (m, p)
        New rows. Columns that have names are met by them, those of an array by position.
    data : Regression, optional
        The data of the fit: needed where their columns were coded (factors, a formula).
    kind : {"response", "mean"}
        Whether to draw responses (``y``), which hold the noise too, or their means (``mu``).
    random_seed : int, SeedSequence or Generator, optional
        For the noise of responses.

    Returns
    -------
    DataTree
        With the groups ``predictions`` (``y`` or ``mu``, dims chain, draw, obs_id) and, unless X
        is sparse, ``predictions_constant_data`` (``X``, dims obs_id, feature), beside
        ``posterior``; labels of the rows of a DataFrame are in ``obs_id``.

    Raises
    ------
    PriormapError
        If the rows do not fit the columns of the draws.

    References
    ----------
    Gelman et al. (2013), Bayesian Data Analysis, 3rd edition, eq. (1.4).

    Examples
    --------
    >>> import priormap as pmap
    >>> x = np.linspace(-1, 1, 50)[:, None]
    >>> data = pmap.Regression(x, 2 * x[:, 0], sigma=0.5)
    >>> tree = pmap.sample(data, pmap.Gaussian(1.0), random_seed=1)
    >>> new = predict(tree, [[0.0], [1.0]], random_seed=2)
    >>> dict(new["predictions"].sizes)
    {'chain': 4, 'draw': 1000, 'obs_id': 2}
    >>> prediction_table(new).round(1).reset_index()
       obs_id  mean   sd  low  high
    0       0   0.0  0.5 -1.0   1.0
    1       1   2.0  0.5  1.0   3.0
    """
    import xarray as xr

    one_of("kind", kind, _KINDS)
    posterior = _posterior_of(draws)
    names = tuple(map(str, posterior["feature"].to_numpy()))
    coding: Coding | None = None
    told = posterior.attrs.get("family", "gaussian" if "prior" in posterior.attrs else None)
    likelihood = likelihood_named(told or "gaussian")
    if data is not None:
        check_data(data, any_likelihood=True)
        if told not in (None, data.family):
            raise PriormapError(
                f"data has family={data.family!r}, the draws are of family={told!r}; give the data "
                "that the draws are of"
            )
        if data.names != names:
            raise PriormapError(
                f"data has the columns {', '.join(data.names[:5])}, the draws have "
                f"{', '.join(names[:5])}; give the data that the draws are of"
            )
        coding, likelihood = data.coding, data.likelihood
    rows = as_new_rows(X, names, coding)
    index = row_index(X)
    coef = posterior["coef"].transpose("chain", "draw", "feature").to_numpy()
    what = f"predictions of {rows.shape[0]} rows"
    refuse_memory(what, 2 * coef.shape[0] * coef.shape[1] * rows.shape[0], "give fewer rows")
    mu = np.stack([(rows @ chain.T).T for chain in coef])
    if "intercept" in posterior:
        mu += posterior["intercept"].to_numpy()[..., None]
    values = (
        likelihood.mean(mu)
        if kind == "mean"
        else _responses(likelihood, mu, posterior, random_seed)
    )
    labels = {"obs_id": np.arange(len(mu[0, 0])) if index is None else index.to_numpy()}
    over = {name: posterior[name].to_numpy() for name in ("chain", "draw")}
    name = "mu" if kind == "mean" else "y"
    new = xr.Dataset({name: (("chain", "draw", "obs_id"), values)}, coords={**over, **labels})
    groups: dict[str, Any] = {"/": None, "posterior": posterior, "predictions": new}
    if isinstance(rows, np.ndarray):
        groups["predictions_constant_data"] = xr.Dataset(
            {"X": (("obs_id", "feature"), rows)}, coords={**labels, "feature": list(names)}
        )
    return xr.DataTree.from_dict({name: one for name, one in groups.items() if one is not None})


def prediction_table(tree: xr.DataTree, mass: float = _MASS) -> pd.DataFrame:
    """Mean, sd and central interval of what `predict` drew, one row for each new row.

    Parameters
    ----------
    tree : DataTree
        Of `predict`.
    mass : float
        Probability of the interval.

    Examples
    --------
    >>> import priormap as pmap
    >>> x = np.linspace(-1, 1, 50)[:, None]
    >>> data = pmap.Regression(x, 2 * x[:, 0], sigma=0.5)
    >>> tree = pmap.sample(data, pmap.Gaussian(1.0), random_seed=1)
    >>> table = prediction_table(predict(tree, [[0.0], [1.0]], kind="mean"), mass=0.9)
    >>> table.columns.tolist(), table["mean"].round(1).tolist()
    (['mean', 'sd', 'low', 'high'], [0.0, 2.0])
    """
    import pandas as pd

    mass = share("mass", mass)
    if not hasattr(tree, "children") or "predictions" not in tree.children:
        raise PriormapError("tree has no group of predictions; make it by predict(draws, X)")
    group = tree["predictions"]
    (name,) = (one for one in ("mu", "y") if one in group)
    values = group[name].to_numpy().reshape(-1, group.sizes["obs_id"])
    low, high = np.quantile(values, [(1 - mass) / 2, (1 + mass) / 2], axis=0)
    index = pd.Index(group["obs_id"].to_numpy(), name="obs_id")
    table = {"mean": values.mean(axis=0), "sd": values.std(axis=0, ddof=1), "low": low}
    return pd.DataFrame({**table, "high": high}, index=index)


def _posterior_of(draws: Any) -> Any:
    """The posterior group as a Dataset, with the known sigma in its attributes."""
    try:
        group = draws["posterior"]
        posterior = group.to_dataset() if hasattr(group, "to_dataset") else group
        found = {"coef", "feature", "chain", "draw"} <= set(posterior.variables)
    except (KeyError, TypeError, IndexError, AttributeError):
        found = False
    if not found:
        raise PriormapError(
            f"draws must be a DataTree with a posterior of coef, got {type(draws).__name__}; make "
            "one by sample(data, prior)"
        )
    return posterior


def _responses(
    likelihood: Likelihood, mu: Floats, posterior: xr.Dataset, random_seed: RandomState
) -> Floats:
    """Draw a response for every mean."""
    sigma: Any = 1.0
    if likelihood.has_sigma:
        sigma = posterior["sigma"].to_numpy()[..., None] if "sigma" in posterior else None
        if sigma is None:
            sigma = posterior.attrs.get("sigma")
        if sigma is None:
            raise PriormapError(
                "draws hold no sigma, drawn or known; give kind='mean', or draws of sample"
            )
    return likelihood.rvs(mu, sigma, as_generator(random_seed))
