"""Every sampler of the posterior benchmark, priormap's routes first.

A sampler is prepared for a problem and a number of cores, and then called with a seed. What it
returns may hold its own measure of what sampling alone cost; where it does not, a second call is
the measure, for which everything is compiled.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from posterior_models import LAMBDA_RATE, LAMBDA_SHAPE, Problem

__all__ = ["CHAINS", "DRAWS", "SAMPLERS", "TUNE", "Cost", "Sampled", "Sampler"]
__all__ += ["clock", "our_model", "watch_kernels"]

Floats = NDArray[np.float64]
CHAINS, DRAWS, TUNE = 4, 1000, 1000


@dataclass(frozen=True)
class Cost:
    """Seconds of processor time, child processes included, and on the wall."""

    cpu: float
    wall: float

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.cpu - other.cpu, self.wall - other.wall)

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.cpu + other.cpu, self.wall + other.wall)

    def __truediv__(self, count: int) -> Cost:
        return Cost(self.cpu / count, self.wall / count)


def clock() -> Cost:
    """Read both clocks; the processor's starts with the process."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(time.process_time() + children.ru_utime + children.ru_stime, time.perf_counter())


@dataclass(frozen=True)
class Sampled:
    """Draws (chains, draws, p) and (chains, draws); costs of parts, where they are known."""

    coef: Floats
    sigma: Floats
    sampling: Cost | None = None
    kernel: Cost | None = None
    note: str = ""


Run = Callable[[int], Sampled]


@dataclass(frozen=True)
class Sampler:
    """One way to draw.

    Attributes
    ----------
    kind : str
        "ours", "peer" or "limit".
    repeats : int
        Calls after the first whose median is the cost of sampling; 0 where the first call
        separates sampling from compilation.
    models : tuple of str, optional
        The models that it applies to, where not to all.
    """

    name: str
    kind: str
    make: Callable[[Problem, int], Run]
    repeats: int = 0
    models: tuple[str, ...] = ("laplace", "gaussian", "park-casella")


# priormap


def our_model(problem: Problem) -> tuple[Any, Any]:
    """Data and prior in our terms; lambda^2 ~ Gamma says scale^2 ~ InverseGamma."""
    from priormap import Gaussian, HalfNormal, InverseGamma, Jeffreys, Laplace, Regression

    learns = problem.model == "park-casella"
    sigma = Jeffreys() if learns else HalfNormal(1.0)
    data = Regression(problem.X, problem.y, sigma=sigma, intercept=False)
    if learns:
        return data, Laplace(InverseGamma(LAMBDA_SHAPE, LAMBDA_RATE), scaled_by_noise=True)
    return data, (Gaussian if problem.model == "gaussian" else Laplace)(problem.scale)


def _ours(method: str) -> Callable[[Problem, int], Run]:
    def make(problem: Problem, cores: int) -> Run:
        from priormap import sample

        options = {"cores": cores} if method == "nuts" else {}
        spent = watch_kernels()

        def run(seed: int) -> Sampled:
            spent.clear()
            data, prior = our_model(problem)
            tree = sample(
                data,
                prior,
                DRAWS,
                tune=TUNE,
                chains=CHAINS,
                method=method,
                random_seed=seed,
                progressbar=False,
                **options,
            )
            posterior = tree["posterior"]
            return Sampled(
                posterior["coef"].to_numpy(),
                posterior["sigma"].to_numpy(),
                kernel=spent[0] if spent else None,
                note=tree.attrs.get("kernel", ""),
            )

        return run

    return make


def watch_kernels() -> list[Cost]:
    """Time what the exact and Gibbs routes spend on draws, apart from diagnostics and the tree."""
    from priormap.posterior import gaussian_route, laplace_route

    spent: list[Cost] = []

    def watched(draw: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            start = clock()
            drawn = draw(*arguments)
            spent.append(clock() - start)
            return drawn

        return timed

    gaussian_route.draw_gaussian = watched(gaussian_route.draw_gaussian)
    laplace_route.draw_laplace = watched(laplace_route.draw_laplace)
    return spent


# PyMC and nutpie, on the model that `pymc_model` builds


def _pymc(problem: Problem, cores: int) -> Run:
    import pymc as pm

    from priormap import pymc_model

    def run(seed: int) -> Sampled:
        ticks: list[Cost] = []
        with pymc_model(*our_model(problem), likelihood="rows"):
            tree = pm.sample(
                DRAWS,
                tune=TUNE,
                chains=CHAINS,
                cores=cores,
                random_seed=seed,
                nuts_sampler="pymc",
                compute_convergence_checks=False,
                progressbar=False,
                callback=lambda **_: ticks.append(clock()) if cores > 1 or not ticks else None,
            )
        # children are counted when they have ended: on two cores compilation is in cpu
        sampling = clock() - (ticks[0] if cores == 1 else Cost(0.0, ticks[0].wall))
        return _from_pymc(tree, sampling)

    return run


def _from_pymc(tree: Any, sampling: Cost | None) -> Sampled:
    posterior, stats = tree["posterior"], tree["sample_stats"]
    coef = posterior["coef"].transpose("chain", "draw", ...).to_numpy()
    diverged = int(stats["diverging"].to_numpy().sum())
    note = f"{diverged} diverged" if diverged else ""
    return Sampled(coef, posterior["sigma"].to_numpy(), sampling, note=note)


def _nutpie(likelihood: str) -> Callable[[Problem, int], Run]:
    def make(problem: Problem, cores: int) -> Run:
        import nutpie

        from priormap import pymc_model

        model = nutpie.compile_pymc_model(pymc_model(*our_model(problem), likelihood))

        def run(seed: int) -> Sampled:
            start = clock()
            tree = nutpie.sample(
                model,
                draws=DRAWS,
                tune=TUNE,
                chains=CHAINS,
                cores=cores,
                seed=seed,
                progress_bar=False,
            )
            return _from_pymc(tree, clock() - start)

        return run

    return make


# NumPyro and BlackJAX, in double precision; on two cores four devices share them


def _load_jax() -> Any:
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax


def _numpyro(problem: Problem, cores: int) -> Run:
    import numpyro
    from numpyro import distributions as dist

    jax = _load_jax()
    if cores > 1:
        numpyro.set_host_device_count(CHAINS)

    def model(X: Any, y: Any) -> None:
        if problem.model == "park-casella":
            flat = dist.ImproperUniform(dist.constraints.real, (), ())
            sigma = jax.numpy.exp(numpyro.sample("log_sigma", flat))
            scale = sigma / numpyro.sample("lambda2", dist.Gamma(LAMBDA_SHAPE, LAMBDA_RATE)) ** 0.5
        else:
            sigma, scale = numpyro.sample("sigma", dist.HalfNormal(1.0)), problem.scale
        family = dist.Normal if problem.model == "gaussian" else dist.Laplace
        coef = numpyro.sample("coef", family(0.0, scale).expand([problem.p]))
        numpyro.sample("y", dist.Normal(X @ coef, sigma), obs=y)

    sampler = numpyro.infer.MCMC(
        numpyro.infer.NUTS(model),
        num_warmup=TUNE,
        num_samples=DRAWS,
        num_chains=CHAINS,
        chain_method="sequential" if cores == 1 else "parallel",
        progress_bar=False,
    )
    X, y = jax.numpy.asarray(problem.X), jax.numpy.asarray(problem.y)

    def run(seed: int) -> Sampled:
        sampler.run(jax.random.PRNGKey(seed), X, y, extra_fields=("diverging",))
        draws = {k: np.asarray(v) for k, v in sampler.get_samples(group_by_chain=True).items()}
        sigma = draws["sigma"] if "sigma" in draws else np.exp(draws["log_sigma"])
        diverged = int(np.asarray(sampler.get_extra_fields()["diverging"]).sum())
        return Sampled(draws["coef"], sigma, note=f"{diverged} diverged" if diverged else "")

    return run


def _blackjax(problem: Problem, cores: int) -> Run:
    if cores > 1:
        import os

        os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={CHAINS}"
    import blackjax

    jax = _load_jax()

    def chain(key: Any, X: Any, y: Any) -> Any:
        def log_density(at: Any) -> Any:
            return _log_density(problem, jax.numpy, at["coef"], at["logs"], X, y)

        start = {"coef": jax.numpy.zeros(problem.p), "logs": jax.numpy.zeros(2)}
        warm_key, key = jax.random.split(key)
        adaptation = blackjax.window_adaptation(blackjax.nuts, log_density)
        (state, tuned), _ = adaptation.run(warm_key, start, num_steps=TUNE)
        step = blackjax.nuts(log_density, **tuned).step

        def one(state: Any, key: Any) -> Any:
            state, information = step(key, state)
            return state, (state.position, information.is_divergent)

        return jax.lax.scan(one, state, jax.random.split(key, DRAWS))[1]

    X, y = jax.numpy.asarray(problem.X), jax.numpy.asarray(problem.y)
    if cores > 1:
        sampler = jax.pmap(chain, in_axes=(0, None, None))
    else:
        sampler = jax.jit(lambda keys, X, y: jax.lax.map(lambda key: chain(key, X, y), keys))

    def run(seed: int) -> Sampled:
        position, divergent = sampler(jax.random.split(jax.random.PRNGKey(seed), CHAINS), X, y)
        coef, logs = np.asarray(position["coef"]), np.asarray(position["logs"])
        diverged = int(np.asarray(divergent).sum())
        note = f"{diverged} diverged" if diverged else ""
        return Sampled(coef, np.exp(logs[..., 0]), note=note)

    return run


def _log_density(problem: Problem, xp: Any, coef: Any, logs: Any, X: Any, y: Any) -> Any:
    """Log density of (coef, log sigma, log lambda^2); a normal fills an unused place."""
    sigma = xp.exp(logs[0])
    total = -problem.n * logs[0] - 0.5 * xp.sum((y - X @ coef) ** 2) / sigma**2
    if problem.model == "park-casella":
        total += LAMBDA_SHAPE * logs[1] - LAMBDA_RATE * xp.exp(logs[1])
        scale = sigma * xp.exp(-0.5 * logs[1])
        return total - xp.sum(xp.abs(coef)) / scale - problem.p * xp.log(scale)
    total += logs[0] - 0.5 * sigma**2 - 0.5 * logs[1] ** 2
    if problem.model == "gaussian":
        return total - 0.5 * xp.sum((coef / problem.scale) ** 2)
    return total - xp.sum(xp.abs(coef)) / problem.scale


# the limit for a Gaussian prior


def _independent_draws(problem: Problem, cores: int) -> Run:
    """Normal draws with a known sigma, which check nothing: moments, a factor and one product."""
    from scipy import linalg

    n, p, sigma, scale, m = problem.n, problem.p, 0.7, problem.scale, CHAINS * DRAWS

    def few_columns(X: Floats, y: Floats, rng: np.random.Generator) -> Floats:
        precision = X.T @ X / sigma**2 + np.eye(p) / scale**2
        factor = linalg.cholesky(precision, lower=True)
        mean = linalg.cho_solve((factor, True), X.T @ y / sigma**2)
        inverse = linalg.solve_triangular(factor, np.eye(p), lower=True)
        return rng.standard_normal((m, p)) @ inverse + mean

    def few_rows(X: Floats, y: Floats, rng: np.random.Generator) -> Floats:
        # Bhattacharya, Chakraborty and Mallick (2016)
        prior = scale * rng.standard_normal((m, p))
        residual = y - sigma * rng.standard_normal((m, n)) - prior @ X.T
        factor = linalg.cho_factor(scale**2 * X @ X.T + sigma**2 * np.eye(n))
        prior += scale**2 * linalg.cho_solve(factor, residual.T).T @ X
        return prior

    def run(seed: int) -> Sampled:
        draw = few_columns if p <= n else few_rows
        coef = draw(problem.X, problem.y, np.random.default_rng(seed))
        return Sampled(coef.reshape(CHAINS, DRAWS, p), np.empty(0))

    return run


SAMPLERS = {
    sampler.name: sampler
    for sampler in (
        Sampler("auto", "ours", _ours("auto"), repeats=3),
        Sampler("exact", "ours", _ours("exact"), repeats=3),
        Sampler("gibbs", "ours", _ours("gibbs"), repeats=3, models=("laplace", "park-casella")),
        Sampler("nuts", "ours", _ours("nuts"), repeats=1),
        Sampler("pymc", "peer", _pymc),
        Sampler("nutpie", "peer", _nutpie("rows")),
        Sampler("nutpie-moments", "peer", _nutpie("moments")),
        Sampler("numpyro", "peer", _numpyro, repeats=1),
        Sampler("blackjax", "peer", _blackjax, repeats=1),
        Sampler("independent", "limit", _independent_draws, repeats=3, models=("gaussian",)),
    )
}
