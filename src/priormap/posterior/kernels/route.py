"""The routes for Laplace and elastic net priors: compiled kernels, one thread a chain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from priormap.data.regression import Regression
from priormap.model.penalty import relative_prior
from priormap.posterior.draws import Draws, intercepts
from priormap.posterior.kernels import problem
from priormap.posterior.kernels.chain import Kernel, choose_kernel, prepare, run_chains
from priormap.posterior.kernels.problem import Density, ElasticNetPrior, Moments, Rows
from priormap.posterior.kernels.starts import start_state, typical
from priormap.priors import Prior
from priormap.priors.densities import PositiveDensity


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
    columns = data.unit
    unit_y = columns.y_norm or 1.0
    likelihood = _likelihood(data)
    unit_prior = _unit_prior(data, prior)
    sigma = data.sigma / unit_y if isinstance(data.sigma, float) else 1.0
    if isinstance(likelihood, Moments):
        likelihood, unit_prior = problem.absorb_curvature(likelihood, unit_prior, sigma, 1.0)
    streams = seed.spawn(chains + 1)
    around = typical(likelihood, unit_prior, sigma)
    states = [start_state(around, unit_prior, stream) for stream in streams[1:]]
    if method == "gibbs":
        wide = isinstance(likelihood, Rows)
        kernel: Kernel = "mixture_rows" if wide else "mixture"
    else:
        kernel = choose_kernel(likelihood, unit_prior, around.sigma, around.tau)
    sampler = prepare(kernel, likelihood, unit_prior, around.sigma, around.tau)
    runs = run_chains(sampler, unit_prior, states, draws, tune, progress)
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


def _likelihood(data: Regression) -> Moments | Rows:
    columns = data.unit
    dof = data.n_rows - data.intercept
    if columns.p < dof:
        uu = 1.0 if columns.y_norm > 0 else 0.0
        return problem.moments(columns.gram, columns.xty, uu, dof)
    rows = columns.columns(np.arange(columns.p))
    return problem.rows_from_design(rows, columns.response, dof)


def _unit_prior(data: Regression, prior: Prior) -> ElasticNetPrior:
    columns = data.unit
    unit_y = columns.y_norm or 1.0
    unit = columns.divisor / (1.0 if prior.scaled_by_noise else unit_y)
    relative = relative_prior(prior, data)
    l1_scale, l2_scale = relative.l1_scale * unit, relative.l2_scale * unit
    noise = _density(None if isinstance(data.sigma, float) else data.sigma, unit_y)
    return problem.elastic_net_prior(
        l1_scale,
        noise,
        _density(prior.hyperprior, 1.0),
        prior.scaled_by_noise,
        l2_scale=l2_scale,
    )


def _density(density: PositiveDensity | None, unit: float) -> Density:
    """Numbers of a density of ``x / unit``."""
    return Density() if density is None else Density(1.0, *density.terms.in_units(unit))
