"""The sampler for everything: NUTS on the PyMC model, by PyMC or by a sampler it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from priormap.data.regression import Regression
from priormap.posterior.pymc.model import Likelihood, load_pymc, pymc_model, quiet_pymc
from priormap.priors import Prior

if TYPE_CHECKING:
    import xarray as xr


def sample_nuts(
    data: Regression,
    prior: Prior,
    *,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    random_seed: int | None = None,
    progressbar: bool = False,
    nuts_sampler: str = "pymc",
    likelihood: Likelihood = "moments",
    **options: Any,
) -> xr.DataTree:
    """Draws of (coef, intercept, sigma) by the No-U-Turn sampler, as PyMC returns them.

    Judging the draws is left to the caller: PyMC's messages and its own convergence checks
    are off.

    Parameters
    ----------
    data : Regression
    prior : Gaussian, Laplace or ElasticNet
    draws, tune, chains : int
        Kept and discarded draws of each chain, and the number of chains.
    random_seed : int, optional
        The same seed gives the same draws, on however many cores.
    progressbar : bool
    nuts_sampler : str
        ``"pymc"``, or another that `pymc.sample` knows and that is installed.
    likelihood : {"moments", "rows"}
        See `pymc_model`; with ``"rows"`` the result also holds the observed data.
    **options
        Passed to `pymc.sample`, for example ``target_accept`` or ``cores``.

    Returns
    -------
    xarray.DataTree
        Groups ``posterior`` and ``sample_stats``, whose ``lp`` is the log density of
        (intercept, coef, log sigma): ours plus log sigma where sigma is unknown.

    Raises
    ------
    PriormapError
        If the model cannot be built (see `pymc_model`).

    References
    ----------
    Hoffman and Gelman (2014), "The No-U-Turn Sampler", JMLR 15.
    """
    pm = load_pymc()
    model = pymc_model(data, prior, likelihood)
    if nuts_sampler == "pymc" and not _has_compiler():
        options = {"compile_kwargs": {"mode": "NUMBA"}, **options}
    with quiet_pymc():
        result = pm.sample(
            draws=draws,
            tune=tune,
            chains=chains,
            random_seed=random_seed,
            progressbar=progressbar,
            nuts_sampler=nuts_sampler,
            model=model,
            compute_convergence_checks=False,
            **options,
        )
    return result if hasattr(result, "children") else result.to_datatree()


def _has_compiler() -> bool:
    """Whether PyTensor found a C compiler; older ones interpret the model without."""
    from pytensor import config

    return bool(config.cxx)
