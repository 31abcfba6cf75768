"""`sample`: the whole posterior, by the route that suits the model."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from priormap._version import __version__
from priormap.checks import (
    Seed,
    checked_count,
    checked_seed,
    one_of,
    refuse_keywords,
    refuse_memory,
    short,
)
from priormap.data.regression import Regression
from priormap.display.progress import progress, shows
from priormap.errors import Phrase, PriormapError
from priormap.model import Model
from priormap.posterior.convergence import diagnose, warn_of_bad_diagnostics
from priormap.posterior.data_tree import LARGE_GROUPS, check_extras, to_data_tree
from priormap.posterior.draws import within_numbers
from priormap.posterior.properness import refuse_improper
from priormap.posterior.pymc import NUTS_OPTIONS, check_nuts_options
from priormap.priors import LocalVariances, NormalMixture, PointMass, Prior

if TYPE_CHECKING:
    import xarray as xr


KEYWORDS = ("draws", "tune", "chains", "method", "random_seed", "progressbar", "include")
METHODS = ("auto", "exact", "gibbs", "nuts")
_MOST_TUNE = 2**31 - 1  # draws that are not kept take time, no memory


def sample(
    data: Regression,
    prior: Prior,
    draws: int = 1000,
    *,
    tune: int | None = None,
    chains: int = 4,
    method: str = "auto",
    random_seed: Seed | None = None,
    progressbar: bool | None = None,
    include: Collection[str] = (),
    **nuts_options: Any,
) -> xr.DataTree:
    r"""Draw from the posterior of (intercept, coef, sigma, scale).

    The routes, of which ``"auto"`` takes the first that applies:

    ``"exact"``
        Gaussian prior: independent draws, no Markov chain; the log evidence comes with it.
        Laplace and elastic net priors: a Markov chain without step size or rejection. Which
        kernel ran is in the attribute ``kernel``: exact Hamiltonian dynamics on the piecewise
        Gaussian density (``hamiltonian``); scale mixtures of normals (``mixture``, for more
        columns than rows ``mixture_rows``); exact conditionals of one coefficient after the other
        (``coordinate``), and these with scale mixtures between (``alternating``). The one of least
        work for a draw makes half of the warm-up. Work is counted, never timed. Where independent
        draws at the price of another would be worth over four times its own, by the smallest
        effective sample size for the mean or variance of any unknown, the other goes on for a
        quarter of the warm-up, and the one that was worth most makes the rest and all draws. A
        warm-up of fewer than 200 draws leaves all to the first, but to ``alternating`` where
        columns are more than rows.
        Student t, Cauchy, horseshoe and normal-gamma priors: Gibbs sampling of their local
        variances, with the coefficients integrated out of sigma and the scale
        (``local_variances``). A spike-and-slab prior: which columns belong, by single answers
        and swaps with the coefficients integrated out (``inclusion``).
    ``"gibbs"``
        Mixtures of normals: Gibbs sampling of coefficients and local variances.
    ``"nuts"``
        `pymc.sample` on `pymc_model`, for every prior; ``"auto"`` takes it for those without a
        kernel.

    Parameters
    ----------
    data : Regression
    prior : Prior
        Its scale may be learnt (a hyperprior).
    draws, chains : int
        Draws of each chain, and the number of chains.
    tune : int, optional
        Draws discarded before; default as many as `draws`, at least 500, for Markov chains.
    method : {"auto", "exact", "gibbs", "nuts"}
    random_seed : int, SeedSequence or Generator, optional
        The same seed gives the same draws, on however many cores. Without one a fresh seed is
        taken; either is in the attributes.
    progressbar : bool, optional
        Default: on a terminal only.
    include : collection of {"log_likelihood", "posterior_predictive", "prior", "effect"}
        Made only on request: two groups of n numbers per draw, 8 bytes each; the group ``prior``
        of as many draws before the data, of all but the flat intercept; and beside ``coef`` in
        units of X the ``effect`` of one standard deviation of a column, ``sd(x) * coef``.
    **nuts_options
        For ``method="nuts"``: ``nuts_sampler`` ("pymc", "nutpie", "numpyro" or "blackjax"),
        ``likelihood`` (see `pymc_model`; default "moments"), ``target_accept``, ``cores`` and
        others of `pymc.sample`.

    Returns
    -------
    xarray.DataTree
        In the ArviZ schema: ``posterior`` (``coef`` with dim ``feature``, ``intercept``,
        ``sigma``, ``scale``), ``sample_stats`` (``lp`` is `priormap.log_posterior`),
        ``log_prior``, ``observed_data``, ``constant_data``, and what `include` names. The
        coordinates of ``obs_id`` are the labels of the rows. Attributes hold the route, versions,
        seed, seconds and diagnostics, and of each variable its units. Draws take ``8 (2 p + 4)``
        bytes each. ArviZ 1 takes the tree as it is; for ArviZ 0.x see `to_inference_data`.

    Raises
    ------
    PriormapError
        If the posterior is improper, the method does not apply, or an argument is bad.

    Warns
    -----
    PriormapWarning
        If r-hat exceeds 1.01, an effective sample size is below 400, or NUTS diverged.

    References
    ----------
    Pakman and Paninski (2014), "Exact Hamiltonian Monte Carlo for truncated multivariate
    Gaussians", JCGS 23(2); Park and Casella (2008); Hans (2009), "Bayesian lasso
    regression", Biometrika 96(4).

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Gaussian, Regression, sample
    >>> x = np.linspace(-1, 1, 50)[:, None]
    >>> data = Regression(x, 2 * x[:, 0], sigma=0.5)
    >>> tree = sample(data, Gaussian(1.0), draws=500, random_seed=1)
    >>> dict(tree["posterior"].sizes)
    {'chain': 4, 'draw': 500, 'feature': 1}
    >>> bool(abs(tree["posterior"]["coef"].mean() - 1.97) < 0.02)
    True
    """
    model = Model(data, prior, any_likelihood=True)
    groups, random_seed = check_extras(include), checked_seed(random_seed)
    draws, chains, tune = checked_draws(data, draws, chains, tune, groups)
    route = _route(method, model)
    is_independent = route == "exact" and prior.is_normal
    if route == "nuts":
        check_nuts_options(nuts_options)
    elif nuts_options:
        unknown = [name for name in nuts_options if name not in NUTS_OPTIONS]
        refuse_keywords("sample", unknown, KEYWORDS)
        raise PriormapError(
            f"{next(iter(nuts_options))!r} is an option of method='nuts'; leave it out here"
        )
    refuse_improper(model)
    began = time.perf_counter()
    streams = np.random.SeedSequence(random_seed).spawn(2)
    if route == "nuts":
        from priormap.posterior.pymc import draw_nuts

        drawn = draw_nuts(model, chains, draws, tune, streams[0], shows(progressbar), nuts_options)
    elif is_independent:
        from priormap.posterior.gaussian import draw_independent

        tune = 0
        drawn = draw_independent(model, chains, draws, np.random.default_rng(streams[0]))
    else:
        if isinstance(prior, PointMass):
            from priormap.posterior.inclusion import draw_spike_and_slab as draw_chains
        elif isinstance(model.prior, LocalVariances):
            from priormap.posterior.local_variances import draw_scale_mixture as draw_chains
        else:
            from priormap.posterior.kernels import draw_mixture as draw_chains

        total = chains * (draws + tune)
        with within_numbers(model), progress(progressbar, total, "Sampling") as done:
            drawn = draw_chains(model, route, chains, draws, tune, streams[0], done)
    attributes = _attributes(model, route, tune, random_seed, began) | drawn.attributes
    tree = to_data_tree(model, drawn, groups, streams[1], attributes)
    if not is_independent:
        found = diagnose(tree)
        tree.attrs.update(found)
        tree["posterior"].attrs.update(found)
        warn_of_bad_diagnostics(found)
    return tree


def checked_draws(
    data: Regression,
    draws: object,
    chains: object,
    tune: object = None,
    extras: Collection[str] = (),
) -> tuple[int, int, int]:
    """Return draws, chains and warm-up, or refuse what does not fit into memory.

    Some of `extras` hold a number for every row and draw, the others one for every column.
    """
    draws, chains = checked_count("draws", draws), checked_count("chains", chains)
    each = 2 * data.n_features + 4
    each += sum(data.n_rows if name in LARGE_GROUPS else data.n_features for name in extras)
    what = f"{short(chains)} chains of {short(draws)} draws"
    refuse_memory(what, chains * draws * each, "give fewer draws or chains")
    if tune is None:
        return draws, chains, max(draws, 500)
    return draws, chains, checked_count("tune", tune, least=0, most=_MOST_TUNE)


def _route(method: str, model: Model) -> str:
    """Method, with ``"auto"`` settled; refused where the prior has not what it takes."""
    one_of("method", method, METHODS)
    prior = model.prior
    has_moments = model.data.likelihood.has_moments
    has_kernel = has_moments and (
        prior.is_normal or isinstance(prior, NormalMixture | LocalVariances | PointMass)
    )
    if method == "auto":
        return "exact" if has_kernel else "nuts"
    if method != "nuts" and not has_moments:
        raise PriormapError(
            Phrase(f"method={method!r}", f"--method {method}"),
            f" is for Gaussian noise, and y is {model.data.likelihood.response}; use ",
            Phrase("method='nuts'", "--method nuts"),
        )
    if method != "nuts" and not has_kernel:
        raise PriormapError(
            Phrase(f"method={method!r}", f"--method {method}"),
            f" is for Gaussian noise and priors that are mixtures of normals, and {prior!r} is not "
            "one; use ",
            Phrase("method='nuts'", "--method nuts"),
        )
    if method == "nuts" and not prior.is_continuous:
        raise PriormapError(
            Phrase("method='nuts'", "--method nuts"),
            f" moves along densities, and {prior!r} has a point mass at zero; leave ",
            Phrase("method", "--method"),
            " out",
        )
    if method == "gibbs" and prior.is_normal:
        raise PriormapError(
            Phrase("method='gibbs'", "--method gibbs"),
            f" is for mixtures of normals, and {prior!r} is normal itself and has independent "
            "draws: use ",
            Phrase("method='exact', or 'nuts'", "--method exact, or nuts"),
        )
    return method


def _attributes(model: Model, route: str, tune: int, seed: int, began: float) -> dict[str, Any]:
    """What a reader needs to repeat the run; netCDF holds strings and numbers only."""
    known: dict[str, Any] = {"sigma": model.noise.sd} if model.noise.is_known else {}
    if not model.data.likelihood.has_sigma:
        known = {"family": model.data.family}
    return {
        "method": route,
        "prior": repr(model.prior),
        "noise": repr(model.noise.sigma),
        "tune": tune,
        "random_seed": seed,
        "sampling_time": time.perf_counter() - began,
        "inference_library": "priormap",
        "inference_library_version": __version__,
        "numpy_version": np.__version__,
    } | known
