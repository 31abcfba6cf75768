"""One chain, from a seed: choose a kernel, start, warm up and draw in blocks.

A chain depends only on its seed, never on the number of threads or on the size of the blocks.
Kernels release the interpreter lock, so chains may run in threads; between blocks the caller may
show progress, and Ctrl-C is heard.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from typing import Any, Literal, NamedTuple

import numpy as np

from priormap.posterior.kernels.compiled import Array
from priormap.posterior.kernels.problem import (
    BY_NOISE,
    NOISE,
    SCALE,
    Draws,
    LaplacePrior,
    Moments,
    Rows,
    State,
    empty_draws,
    rows_from_moments,
)
from priormap.posterior.kernels.random import seed_words

Kernel = Literal["hamiltonian", "mixture", "coordinate", "mixture_rows"]


class Sampler(NamedTuple):
    """A compiled kernel and the arrays of the data that it reads; serves any number of chains.

    ``thin`` sweeps make a draw: four where a sweep is cheap and its memory long.
    """

    advance: Callable[..., None]
    target: tuple[Any, ...]
    thin: int = 1


def expected_crossings(
    inverse_diagonal: Array, prior: LaplacePrior, sigma: float, tau: float
) -> float:
    """Sign changes per Hamiltonian trajectory, ``sum_j 0.63 k_j + 0.5``.

    ``k_j = sigma sqrt((X'X)^{-1}_jj) / scale_j`` compares the sd of least squares with the
    prior scale. A coefficient crosses zero p_j(0) E|v_j| times per unit of time (Rice); with
    the likelihood centred at zero p_j(0) is about (k_j + 0.8) / (2 sd_j), E|v_j| = 0.8 sd_j, and
    a trajectory lasts pi / 2 on average.
    """
    unit = tau * sigma if prior.hyper[BY_NOISE] else tau
    sd = sigma * np.sqrt(inverse_diagonal)
    return float(np.sum(0.63 * sd * prior.rate / unit + 0.5))


def choose_kernel(data: Moments | Rows, prior: LaplacePrior, sigma: float, tau: float) -> Kernel:
    """Cheapest exact kernel for these data, without looking at a clock.

    Rows (p > n): ``coordinate``. Moments: ``hamiltonian`` where its expected crossings, O(p)
    each, are fewer than p^2 / 30; otherwise ``mixture`` with its O(p^3 / 3) factorisation, and
    always where X'X is nearly singular or tau is learnt (towards tau = 0 the crossings of a
    trajectory grow without bound). The 30 was measured with p from 10 to 100.
    """
    if isinstance(data, Rows):
        return "coordinate"
    if prior.hyper[SCALE]:
        return "mixture"
    p = len(data.xty)
    values, vectors = np.linalg.eigh(data.gram)
    if values[0] <= values[-1] * p * 1e-12:
        return "mixture"
    inverse_diagonal = (vectors**2 / values).sum(axis=1)
    few = expected_crossings(inverse_diagonal, prior, sigma, tau) < p * p / 30
    return "hamiltonian" if few else "mixture"


def prepare(kernel: Kernel, data: Moments | Rows) -> Sampler:
    """Load one kernel (compiled on first use) and factor the data for it."""
    module = import_module(f"priormap.posterior.kernels.{kernel}")
    if kernel == "hamiltonian":
        return Sampler(module.piecewise_hmc, module.hamiltonian_target(data))
    if kernel == "mixture":
        return Sampler(module.gibbs_mixture, data)
    rows = data if isinstance(data, Rows) else rows_from_moments(data)
    if kernel == "coordinate":
        return Sampler(module.coordinate_gibbs, rows, thin=4)
    return Sampler(module.gibbs_mixture_rows, rows)


def ridge_start(data: Moments | Rows, penalty: float = 0.1) -> tuple[Array, float]:
    """Ridge coefficients, penalised by ``penalty`` times the mean diagonal, and their misfit."""
    if isinstance(data, Rows):
        weights = data.target / (data.power + penalty * data.power.mean())
        residual = data.target - data.power * weights
        return data.columns @ weights, data.rss + float(residual @ residual)
    p = len(data.xty)
    ridge = penalty * np.trace(data.gram) / p
    coef = np.linalg.solve(data.gram + ridge * np.eye(p), data.xty)
    return coef, float(data.yty - 2.0 * coef @ data.xty + coef @ data.gram @ coef)


def start_state(
    data: Moments | Rows,
    prior: LaplacePrior,
    seed: int | np.random.SeedSequence,
    sigma: float = 1.0,
    tau: float = 1.0,
) -> State:
    """Dispersed start around a ridge fit; ``sigma`` and ``tau`` count where they are known."""
    words = seed_words(seed, 8)
    rng = np.random.default_rng(words[4:])
    coef, misfit = ridge_start(data)
    if prior.hyper[NOISE]:
        sigma = math.sqrt(max(misfit, 1e-12) / data.dof) * math.exp(rng.uniform(-0.5, 0.5))
    if prior.hyper[SCALE]:
        size = float(np.mean(np.abs(coef[prior.rate > 0]) * prior.rate[prior.rate > 0]))
        tau = max(size, 1e-12) * math.exp(rng.uniform(-0.5, 0.5))
        tau = tau / sigma if prior.hyper[BY_NOISE] else tau
    coef = coef * rng.uniform(0.5, 1.5, len(coef))
    return State(coef, np.array([sigma, tau]), words[:4])


def run_chain(
    sampler: Sampler,
    prior: LaplacePrior,
    state: State,
    draws: int,
    tune: int,
    *,
    block: int = 100,
    progress: Callable[[int], None] | None = None,
) -> Draws:
    """Warm up for ``tune`` draws, then return ``draws`` more.

    A draw is the last of ``sampler.thin`` sweeps. ``state`` is left where the chain stands, so
    that it can go on. ``progress`` is called with the number of draws made, warm-up included,
    after every ``block``.
    """
    p, thin = len(state.coef), sampler.thin
    kept = empty_draws(draws, p)
    done = -tune
    while done < draws:
        size = min(block, (0 if done < 0 else draws) - done)
        room = empty_draws(size * thin, p)
        sampler.advance(*sampler.target, *prior, *state, *room)
        if done >= 0:
            kept.coef[done : done + size] = room.coef[thin - 1 :: thin]
            kept.trace[done : done + size] = room.trace[thin - 1 :: thin]
        done += size
        if progress is not None:
            progress(done + tune)
    return kept
