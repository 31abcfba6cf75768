"""The routes for Laplace and elastic net priors: compiled kernels, one thread a chain."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING

import numpy as np

from priormap.data.regression import Regression
from priormap.model.penalty import relative_prior
from priormap.posterior.draws import Draws, intercepts
from priormap.priors import Prior
from priormap.priors.densities import PositiveDensity

if TYPE_CHECKING:
    from priormap.posterior import kernels


def draw_elastic_net(
    data: Regression,
    prior: Prior,
    method: str,
    chains: int,
    draws: int,
    tune: int,
    seed: np.random.SeedSequence,
    progress: Callable[[int], None] | None,
) -> Draws:
    """Markov chains by the kernel that suits the data, or by scale mixtures for ``"gibbs"``.

    A Laplace prior is an elastic net without curvature.
    """
    from priormap.posterior import kernels

    columns = data.unit
    unit_y = columns.y_norm or 1.0
    likelihood = _likelihood(data)
    unit_prior = _unit_prior(data, prior)
    sigma = data.sigma / unit_y if isinstance(data.sigma, float) else 1.0
    if isinstance(likelihood, kernels.Moments):
        likelihood, unit_prior = kernels.absorb_curvature(likelihood, unit_prior, sigma, 1.0)
    streams = seed.spawn(chains + 1)
    around = kernels.typical(likelihood, unit_prior, sigma)
    states = [kernels.start_state(around, unit_prior, stream) for stream in streams[1:]]
    if method == "gibbs":
        wide = isinstance(likelihood, kernels.Rows)
        kernel: kernels.Kernel = "mixture_rows" if wide else "mixture"
    else:
        kernel = kernels.choose_kernel(likelihood, unit_prior, around.sigma, around.tau)
    sampler = kernels.prepare(kernel, likelihood, unit_prior, around.sigma, around.tau)
    runs = _run_in_threads(sampler, unit_prior, states, draws, tune, progress)
    coef = columns.in_callers_units(np.stack([run.coef for run in runs]))
    trace = np.stack([run.trace for run in runs])
    sigma_draws = trace[..., 0] * unit_y
    rng = np.random.default_rng(streams[0])
    return Draws(
        coef=coef,
        intercept=intercepts(data, coef, sigma_draws, rng),
        sigma=None if isinstance(data.sigma, float) else sigma_draws,
        scale=None if prior.hyperprior is None else trace[..., 1],
        stats={"n_crossings": trace[..., 2]} if kernel == "hamiltonian" else {},
        attributes={"kernel": kernel},
    )


def _likelihood(data: Regression) -> kernels.Moments | kernels.Rows:
    from priormap.posterior import kernels

    columns = data.unit
    dof = data.n_rows - data.intercept
    if columns.p < dof:
        uu = 1.0 if columns.y_norm > 0 else 0.0
        return kernels.moments(columns.gram, columns.xty, uu, dof)
    rows = columns.columns(np.arange(columns.p))
    return kernels.rows_from_design(rows, columns.response, dof)


def _unit_prior(data: Regression, prior: Prior) -> kernels.ElasticNetPrior:
    from priormap.posterior import kernels

    columns = data.unit
    unit_y = columns.y_norm or 1.0
    unit = columns.divisor / (1.0 if prior.scaled_by_noise else unit_y)
    relative = relative_prior(prior, data)
    l1_scale, l2_scale = relative.l1_scale * unit, relative.l2_scale * unit
    noise = _density(None if isinstance(data.sigma, float) else data.sigma, unit_y)
    return kernels.elastic_net_prior(
        l1_scale,
        noise,
        _density(prior.hyperprior, 1.0),
        prior.scaled_by_noise,
        l2_scale=l2_scale,
    )


def _density(density: PositiveDensity | None, unit: float) -> kernels.Density:
    """Numbers of a density of ``x / unit``."""
    from priormap.posterior import kernels

    if density is None:
        return kernels.Density()
    return kernels.Density(1.0, *density.terms.in_units(unit))


def _run_in_threads(
    sampler: kernels.Sampler,
    prior: kernels.ElasticNetPrior,
    states: list[kernels.State],
    draws: int,
    tune: int,
    progress: Callable[[int], None] | None,
) -> list[kernels.Draws]:
    """Run one chain per state; the result does not depend on the number of threads."""
    from priormap.posterior.kernels import run_chain

    stop, lock, done = threading.Event(), threading.Lock(), [0] * len(states)

    def report(chain: int, count: int) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        with lock:
            done[chain] = count
            if progress is not None:
                progress(sum(done))

    def run(chain: int) -> kernels.Draws:
        return run_chain(
            sampler, prior, states[chain], draws, tune, progress=lambda n: report(chain, n)
        )

    with ThreadPoolExecutor(min(len(states), os.cpu_count() or 1)) as pool:
        futures = [pool.submit(run, chain) for chain in range(len(states))]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            stop.set()  # the other chains end after their block
            raise
    return [future.result() for future in futures]
