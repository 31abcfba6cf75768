"""The route for mixtures of normals: compiled kernels, one thread a chain."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from priormap.arrays import Floats
from priormap.model import Model
from priormap.model.least_squares import rank_and_misfit
from priormap.posterior.draws import Draws
from priormap.posterior.kernels import problem
from priormap.posterior.kernels.choice import run_mixture, run_the_best
from priormap.posterior.kernels.problem import Density, ElasticNetPrior, Moments, Rows
from priormap.posterior.kernels.starts import Typical, start_state, typical
from priormap.priors import NormalMixture

_LOOSE = 1e5  # prior sd over that of least squares, which moments can tell from a flat prior
_CANCELLED = 1e-10  # share of the squares of y, of which moments keep too few digits
_LOG_REACH = math.log(1e60)  # of kernels, which take fourth powers


class Units(NamedTuple):
    """What the unknowns of a kernel are multiplied by: coefficients (p,), sigma and tau."""

    coef: Floats
    sigma: float
    tau: float


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
    streams = seed.spawn(chains + 1)
    likelihood, prior, units = in_reach(model)
    sigma = model.unit_noise.sd / units.sigma if model.noise.is_known else 1.0
    likelihood, prior, around = _settled(likelihood, prior, sigma)
    states = [start_state(around, prior, stream) for stream in streams[1:]]
    run = run_mixture if method == "gibbs" else run_the_best
    kernel, runs = run(likelihood, prior, around, states, draws, tune, progress)
    coef, trace = np.stack([run.coef for run in runs]), np.stack([run.trace for run in runs])
    return Draws.of_chains(
        model,
        coef * units.coef,
        trace * [units.sigma, units.tau, 1.0],
        streams[0],
        stats={"n_crossings": trace[..., 2]} if kernel == "hamiltonian" else {},
        attributes={"kernel": kernel},
    )


def _settled(
    likelihood: Moments | Rows, prior: ElasticNetPrior, sigma: float
) -> tuple[Moments | Rows, ElasticNetPrior, Typical]:
    """Moments or rows, with curvature absorbed if it can be, and typical values.

    Moments keep half of the digits: where columns leave a direction open, a prior that is wide
    there would drown in their rounding.
    """
    if not isinstance(likelihood, Moments):
        return likelihood, prior, typical(likelihood, prior, sigma)
    absorbed, rest = problem.absorb_curvature(likelihood, prior, sigma, 1.0)
    around = typical(absorbed, rest, sigma)
    if problem.looseness(likelihood, prior, around.sigma, around.tau).max() > _LOOSE:
        power = np.linalg.eigvalsh(likelihood.gram)
        if power[0] <= power[-1] * len(power) * 1e-12:
            return problem.rows_from_moments(likelihood), prior, around
    return absorbed, rest, around


def in_reach(model: Model) -> tuple[Moments | Rows, ElasticNetPrior, Units]:
    """The regression in units in which a kernel can count: those of unit columns, if it can.

    A prior far from the data says all or nothing: sd 1e-300 leaves the same coefficients, but for
    their unit, as 1e-60 does, and 1e300 those of 1e60 as they are, but where a column is constant.
    A known sigma is the unit of y instead, and a learnt scale counts in units of its own.
    """
    relative, by_noise, sigma, common = model.relative, model.prior.scaled_by_noise, 1.0, 0.0
    if model.noise.is_known:
        sigma = math.exp(_beyond(np.log(model.unit_noise.sd)))
    sizes = model.columns.divisor / (1.0 if by_noise else model.unit_y * sigma)
    logs = np.log(np.minimum(relative.stretched(1.0).sd, 1e308)) + np.log(sizes)
    logs = np.where(model.is_flat, 0.0, logs)
    if model.prior.hyperprior is not None:
        common = float(_beyond(logs.max()))
    beyond = _beyond(logs - common)
    prior = relative.stretched(sizes / np.exp(beyond + common))
    assert isinstance(prior, NormalMixture)  # or another route was taken
    scale = model.prior.hyperprior
    told = problem.elastic_net_prior(
        *prior.mixing,
        Density.of(model.unit_noise.density),
        Density.of(scale.in_units(math.exp(-common)) if scale and common else scale),
        by_noise,
    )
    spread = np.where(model.columns.x_norm > 0, np.minimum(beyond, 0.0), beyond)
    return _likelihood(model, sigma), told, Units(np.exp(spread) * sigma, sigma, math.exp(-common))


def _beyond(logs: Floats) -> Floats:
    """By how much logs are beyond the reach of kernels."""
    return logs - np.clip(logs, -_LOG_REACH, _LOG_REACH)


def _likelihood(model: Model, unit: float) -> Moments | Rows:
    """The data, with y in multiples of a unit."""
    columns = model.columns
    is_long = columns.p < model.dof
    if is_long and (model.noise.is_known or _misfit(model) > _CANCELLED):
        uu = 1.0 if columns.y_norm > 0 else 0.0
        return problem.moments(columns.gram, columns.xty / unit, uu / unit / unit, model.dof)
    X, y = columns.columns(np.arange(columns.p)), columns.response / unit
    if is_long:  # as many rows as say the same
        factor: Floats = np.asarray(np.linalg.qr(np.column_stack([X, y]), mode="r"))
        X, y = factor[:, :-1], factor[:, -1]
    return problem.rows_from_design(X, y, model.dof)


def _misfit(model: Model) -> float:
    """Residual sum of squares of least squares, as a share of that of y."""
    return rank_and_misfit(model.columns, np.flatnonzero(model.columns.x_norm > 0))[1]
