"""The peers of the posterior benchmark: PyMC, nutpie, NumPyro, BlackJAX, and monomvn of R."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from posterior_models import LAMBDA_RATE, LAMBDA_SHAPE, MODELS, Problem
from posterior_ours import our_model
from posterior_protocol import CHAINS, DRAWS, TUNE, Cost, Run, Sampled, Sampler, clock

__all__ = ["PEERS"]

Floats = NDArray[np.float64]


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


# monomvn of R, whose prior of the coefficients is scaled by sigma: the model of Park and Casella

_BLASSO = """
suppressMessages(library(monomvn))
a <- commandArgs(TRUE)
size <- as.integer(a[2:6])  # rows, columns, chains, draws, tuning
X <- matrix(readBin(file.path(a[1], "X"), "double", size[1] * size[2]), size[1])
y <- readBin(file.path(a[1], "y"), "double", size[1])
set.seed(as.integer(a[7]))
total <- size[5] + size[4]
out <- file(file.path(a[1], "draws"), "wb")
spent <- system.time(runs <- lapply(seq_len(size[3]), function(k)
  blasso(X, y, T = total, thin = 1, RJ = FALSE, M = size[2], case = "default",
         rd = as.numeric(a[8:9]), ab = c(0, 0), normalize = FALSE, icept = FALSE, verb = 0)))
for (run in runs) {
  kept <- (nrow(run$beta) - size[4] + 1):nrow(run$beta)
  writeBin(as.vector(t(cbind(run$beta, sqrt(run$s2))[kept, ])), out)
}
close(out)
cat(spent[["user.self"]] + spent[["sys.self"]], spent[["elapsed"]])
"""


def _blasso(problem: Problem, cores: int) -> Run:
    """One chain after the other, on one core whatever `cores` says."""
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name)
    np.asarray(problem.X.T, order="C").tofile(path / "X")  # by columns, as R reads it
    problem.y.tofile(path / "y")
    script = path / "blasso.R"
    script.write_text(_BLASSO)
    size = (problem.n, problem.p, CHAINS, DRAWS, TUNE)

    def run(seed: int) -> Sampled:
        arguments = (folder.name, *size, seed + 1, LAMBDA_SHAPE, LAMBDA_RATE)
        answer = subprocess.run(
            ["Rscript", str(script), *map(str, arguments)],
            capture_output=True,
            text=True,
            check=True,
        )
        cpu, wall = map(float, answer.stdout.split()[-2:])
        draws = np.fromfile(path / "draws").reshape(CHAINS, DRAWS, problem.p + 1)
        return Sampled(draws[..., :-1], draws[..., -1], Cost(cpu, wall))

    return run


PEERS = (
    Sampler("pymc", "peer", _pymc, models=MODELS, most_columns=100),
    Sampler("nutpie", "peer", _nutpie("rows"), needs=("nutpie",), models=MODELS),
    Sampler("nutpie-moments", "peer", _nutpie("moments"), needs=("nutpie",), models=MODELS),
    Sampler("numpyro", "peer", _numpyro, repeats=1, needs=("numpyro",)),
    Sampler("blackjax", "peer", _blackjax, repeats=1, needs=("blackjax",)),
    Sampler("blasso", "peer", _blasso, needs=("R:monomvn",), models=("park-casella",)),
)
