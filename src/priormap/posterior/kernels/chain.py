"""Which kernel suits the data, and chains of it: warm up and draw in blocks, one thread a chain.

A chain depends only on its seed, never on the number of threads or on the size of the blocks.
Kernels release the interpreter lock; between blocks the caller may show progress, and Ctrl-C is
heard.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np

from priormap.posterior.kernels import hamiltonian, mixture, mixture_rows, rows
from priormap.posterior.kernels.problem import (
    CURVED,
    Draws,
    ElasticNetPrior,
    Moments,
    Rows,
    State,
    empty_draws,
    rows_from_moments,
)

Kernel = Literal["hamiltonian", "mixture", "alternating", "coordinate", "mixture_rows"]

SWEEPS = 4  # to a draw: a sweep over coordinates is cheap and its memory long


def choose_kernel(data: Moments | Rows, prior: ElasticNetPrior, sigma: float, tau: float) -> Kernel:
    """Cheapest exact kernel for these data, without looking at a clock.

    Rows (p > n): ``alternating``. Moments: ``hamiltonian`` where a trajectory is expected to make
    fewer crossings than `worthwhile_crossings`; otherwise ``mixture``, and always where X'X is
    nearly singular or a curvature is left that `absorb_curvature` could not add to X'X, whose
    unit the dynamics take.
    """
    if isinstance(data, Rows):
        return "alternating"
    if prior.hyper[CURVED]:
        return "mixture"
    p = len(data.xty)
    values, vectors = np.linalg.eigh(data.gram)
    if values[0] <= values[-1] * p * 1e-12:
        return "mixture"
    inverse_diagonal = (vectors**2 / values).sum(axis=1)
    crossings = hamiltonian.expected_crossings(inverse_diagonal, prior, sigma, tau)
    return "hamiltonian" if crossings < hamiltonian.worthwhile_crossings(p) else "mixture"


class Sampler(NamedTuple):
    """A compiled kernel, what it reads, and room for a chain; serves any number of chains."""

    advance: Callable[..., None]
    target: tuple[Any, ...]
    room: Callable[[], tuple[Any, ...]]


def prepare(
    kernel: Kernel, data: Moments | Rows, prior: ElasticNetPrior, sigma: float, tau: float
) -> Sampler:
    """Factor the data for one kernel, which is compiled on first use.

    ``coordinate`` and ``mixture_rows`` are the two halves of ``alternating``. ``sigma`` and
    ``tau`` are known or typical values.
    """
    target: tuple[Any, ...]
    if kernel == "hamiltonian" or kernel == "mixture":
        assert isinstance(data, Moments)
        p = len(data.xty)
        if kernel == "hamiltonian":
            target = hamiltonian.hamiltonian_target(data, prior, sigma, tau)
            return Sampler(hamiltonian.piecewise_hmc, target, partial(hamiltonian.room, p))
        target = mixture.mixture_target(data, prior, sigma, tau)
        return Sampler(mixture.gibbs_mixture, target, partial(mixture.room, p))
    data = data if isinstance(data, Rows) else rows_from_moments(data)
    if kernel == "alternating":
        steps = rows.blocked_share(data, prior, sigma, tau), SWEEPS
    else:
        steps = (0.0, SWEEPS) if kernel == "coordinate" else (1.0, 0)
    target = data, rows.rows_moves(data, prior, *steps)
    return Sampler(rows.gibbs_rows, target, partial(mixture_rows.room, *data.columns.shape))


def run_chain(
    sampler: Sampler,
    prior: ElasticNetPrior,
    state: State,
    draws: int,
    tune: int,
    *,
    block: int = 100,
    progress: Callable[[int], None] | None = None,
) -> Draws:
    """Warm up for ``tune`` draws, then return ``draws`` more.

    ``state`` is left where the chain stands, so that it can go on. ``progress`` is called with the
    number of draws made, warm-up included, after every ``block``.
    """
    p = len(state.coef)
    kept, room = empty_draws(draws, p), sampler.room()
    done = -tune
    while done < draws:
        size = min(block, (0 if done < 0 else draws) - done)
        drawn = empty_draws(size, p)
        sampler.advance(*sampler.target, prior, state, drawn, room)
        if done >= 0:
            kept.coef[done : done + size] = drawn.coef
            kept.trace[done : done + size] = drawn.trace
        done += size
        if progress is not None:
            progress(done + tune)
    return kept


def run_chains(
    sampler: Sampler,
    prior: ElasticNetPrior,
    states: Sequence[State],
    draws: int,
    tune: int,
    progress: Callable[[int], None] | None = None,
) -> list[Draws]:
    """Run one chain per state; the result does not depend on the number of threads.

    ``progress`` is called with the number of draws made in all chains.
    """
    stop, lock, done = threading.Event(), threading.Lock(), [0] * len(states)

    def report(chain: int, count: int) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        with lock:
            done[chain] = count
            if progress is not None:
                progress(sum(done))

    def run(chain: int) -> Draws:
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
