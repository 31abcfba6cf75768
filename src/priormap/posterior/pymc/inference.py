"""What PyMC's own algorithms make of the model: NUTS, for every prior, and `pymc.find_MAP`.

Options of NUTS are judged before PyMC is loaded: it lets misspelt ones pass without a word, or
fails deep inside of it.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from priormap.arrays import Floats
from priormap.checks import one_of, refuse_keywords
from priormap.data.regression import Regression
from priormap.errors import PriormapError
from priormap.model import Model
from priormap.posterior.draws import Draws
from priormap.posterior.pymc.model import Likelihood, check_likelihood, pymc_model
from priormap.posterior.pymc.variables import COEFFICIENTS, load_pymc
from priormap.priors import Prior

if TYPE_CHECKING:
    import xarray as xr

NUTS_SAMPLERS = ("pymc", "nutpie", "numpyro", "blackjax")
_OF_ANY_SAMPLER = (
    *("nuts_sampler", "nuts_sampler_kwargs", "likelihood"),
    *("cores", "target_accept", "initvals", "compile_kwargs"),
)
_OF_PYMC = (
    *("max_treedepth", "init", "n_init", "jitter_max_retries"),
    *("callback", "mp_ctx", "blas_cores"),
)
NUTS_OPTIONS = _OF_ANY_SAMPLER + _OF_PYMC


@contextmanager
def quiet_pymc() -> Iterator[None]:
    """PyMC without its running commentary, and without warnings about how it was compiled."""
    logger = logging.getLogger("pymc")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def check_nuts_options(options: Mapping[str, Any]) -> None:
    """Refuse options that no sampler reads, and values that make no sense.

    Raises
    ------
    PriormapError
        One sentence on the first option that is unknown, does not belong to the sampler, or
        has a bad value; or on a sampler that is unknown or not installed.
    """
    refuse_keywords("method='nuts'", options, sorted(NUTS_OPTIONS), word="option")
    sampler = one_of("nuts_sampler", options.get("nuts_sampler", "pymc"), NUTS_SAMPLERS)
    if find_spec(sampler) is None:
        raise PriormapError(
            f"nuts_sampler={sampler!r} is not installed; install it, or use nuts_sampler='pymc'"
        )
    for name in _OF_PYMC if sampler != "pymc" else ():
        if name in options:
            raise PriormapError(
                f"{name!r} is an option of nuts_sampler='pymc'; give {sampler} its own in "
                "nuts_sampler_kwargs={...}"
            )
    check_likelihood(options.get("likelihood", "moments"))
    for name, (is_good, kind) in _VALUES.items():
        if name in options and not is_good(options[name]):
            raise PriormapError(f"{name} must be {kind}, got {options[name]!r}")


def _is_count(value: object) -> bool:
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return bool(is_whole and value > 0)  # type: ignore[operator]


def _is_inner_probability(value: object) -> bool:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return bool(number and 0 < float(value) < 1)  # type: ignore[arg-type]


_VALUES: dict[str, tuple[Callable[[object], bool], str]] = {
    "cores": (lambda value: value is None or _is_count(value), "a positive integer or None"),
    "target_accept": (_is_inner_probability, "a number between 0 and 1"),
    "max_treedepth": (_is_count, "a positive integer"),
    "n_init": (_is_count, "a positive integer"),
    "jitter_max_retries": (_is_count, "a positive integer"),
    "nuts_sampler_kwargs": (
        lambda value: isinstance(value, Mapping),
        "a mapping of names to values",
    ),
    "compile_kwargs": (lambda value: isinstance(value, Mapping), "a mapping of names to values"),
}


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
    prior : Prior
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
        If the model cannot be built (see `pymc_model`), or another sampler than PyMC's is asked
        for a prior of which PyMC has no variable.

    References
    ----------
    Hoffman and Gelman (2014), "The No-U-Turn Sampler", JMLR 15.
    """
    if nuts_sampler != "pymc" and type(prior) not in COEFFICIENTS:
        raise PriormapError(
            f"nuts_sampler={nuts_sampler!r} cannot call {prior!r}, of which PyMC has no variable; "
            "use nuts_sampler='pymc'"
        )
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


def draw_nuts(
    model: Model,
    chains: int,
    draws: int,
    tune: int,
    seed: np.random.SeedSequence,
    progressbar: bool,
    options: dict[str, Any],
) -> Draws:
    """Markov chains by `sample_nuts`."""
    if not model.data.likelihood.has_moments:
        options = {"likelihood": "rows", **options}
    tree = sample_nuts(
        model.data,
        model.prior,
        draws=draws,
        tune=tune,
        chains=chains,
        random_seed=int(seed.generate_state(1)[0]),
        progressbar=progressbar,
        **options,
    )
    posterior = tree["posterior"]

    def values(name: str) -> Any:
        return posterior[name].to_numpy() if name in posterior else None

    stats = {
        name: tree["sample_stats"][name].to_numpy().astype(float)
        for name in ("diverging", "n_steps", "acceptance_rate", "energy")
        if name in tree["sample_stats"]
    }
    return Draws(
        coef=posterior["coef"].transpose("chain", "draw", "feature").to_numpy(),
        intercept=values("intercept"),
        sigma=values("sigma"),
        scale=values("scale"),
        stats=stats,
    )


def _has_compiler() -> bool:
    """Whether PyTensor found a C compiler; older ones interpret the model without."""
    from pytensor import config

    return bool(config.cxx)


@dataclass(frozen=True, eq=False)
class PymcMap:
    """A point that `pymc.find_MAP` stopped at. No certificate comes with it.

    Attributes
    ----------
    coef : array of shape (p,)
        In units of X.
    intercept, sigma : float
        In units of y; the intercept is zero where `data` has none.
    """

    coef: Floats
    intercept: float
    sigma: float


def pymc_find_map(data: Regression, prior: Prior, likelihood: Likelihood = "rows") -> PymcMap:
    """Mode of the density of (intercept, coef, sigma) by `pymc.find_MAP` at its defaults.

    It climbs by gradients (L-BFGS-B), for which the kink of a Laplace or elastic net prior is
    invisible: a
    coefficient whose mode is zero ends near zero, and never on it but by chance.

    Parameters
    ----------
    data : Regression
    prior : Prior
    likelihood : {"rows", "moments"}
        See `pymc_model`.

    Returns
    -------
    PymcMap

    Raises
    ------
    PriormapError
        If the model cannot be built (see `pymc_model`).
    """
    model = pymc_model(data, prior, likelihood)
    with quiet_pymc():
        point = load_pymc().find_MAP(model=model, progressbar=False)
    return PymcMap(
        coef=np.asarray(point["coef"], dtype=float),
        intercept=float(point["intercept"]) if data.intercept else 0.0,
        sigma=data.noise.sd if data.noise.is_known else float(point["sigma"]),
    )
