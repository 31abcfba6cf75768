"""The route for mixtures of normals: compiled kernels, one thread a chain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from priormap.model import Model
from priormap.posterior.draws import Draws, intercepts
from priormap.posterior.kernels import problem
from priormap.posterior.kernels.chain import Kernel, choose_kernel, prepare, run_chains
from priormap.posterior.kernels.problem import Density, ElasticNetPrior, Moments, Rows
from priormap.posterior.kernels.starts import start_state, typical
from priormap.priors import NormalMixture


def draw_mixture(
    model: Model,
    method: str,
    chains: int,
    draws: int,
    tune: int,
    seed: np.random.SeedSequence,
    progress: Callable[[int], None] | None,
) -> Draws:
    """Markov chains by the kernel that suits the data, or by scale mixtures for ``"gibbs"``."""
    likelihood, prior = _likelihood(model), _unit_prior(model)
    sigma = model.unit_noise.sd if model.noise.is_known else 1.0
    if isinstance(likelihood, Moments):
        likelihood, prior = problem.absorb_curvature(likelihood, prior, sigma, 1.0)
    streams = seed.spawn(chains + 1)
    around = typical(likelihood, prior, sigma)
    states = [start_state(around, prior, stream) for stream in streams[1:]]
    if method == "gibbs":
        kernel: Kernel = "mixture_rows" if isinstance(likelihood, Rows) else "mixture"
    else:
        kernel = choose_kernel(likelihood, prior, around.sigma, around.tau)
    sampler = prepare(kernel, likelihood, prior, around.sigma, around.tau)
    runs = run_chains(sampler, prior, states, draws, tune, progress)
    coef = model.columns.in_callers_units(np.stack([run.coef for run in runs]))
    trace = np.stack([run.trace for run in runs])
    sigma_draws = trace[..., 0] * model.unit_y
    rng = np.random.default_rng(streams[0])
    return Draws(
        coef=coef,
        intercept=intercepts(model.data, coef, sigma_draws, rng),
        sigma=None if model.noise.is_known else sigma_draws,
        scale=None if model.prior.hyperprior is None else trace[..., 1],
        stats={"n_crossings": trace[..., 2]} if kernel == "hamiltonian" else {},
        attributes={"kernel": kernel},
    )


def _likelihood(model: Model) -> Moments | Rows:
    columns = model.columns
    if columns.p < model.dof:
        uu = 1.0 if columns.y_norm > 0 else 0.0
        return problem.moments(columns.gram, columns.xty, uu, model.dof)
    rows = columns.columns(np.arange(columns.p))
    return problem.rows_from_design(rows, columns.response, model.dof)


def _unit_prior(model: Model) -> ElasticNetPrior:
    prior = model.unit_prior
    assert isinstance(prior, NormalMixture)  # or another route was taken
    return problem.elastic_net_prior(
        *prior.mixing,
        Density.of(model.unit_noise.density),
        Density.of(model.prior.hyperprior),
        prior.scaled_by_noise,
    )
