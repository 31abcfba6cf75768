"""Kernels made ready, and chains of them: warm up and draw in blocks, one thread a chain.

A chain depends only on its seed, never on the number of threads or on the size of the blocks.
Kernels release the interpreter lock: the caller hears Ctrl-C at once, and between blocks, which
take a fraction of a second, chains check their numbers, show progress, and hear that they are to
end.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue
from typing import Any, Literal, NamedTuple

from priormap.posterior.draws import refuse_non_finite
from priormap.posterior.kernels import hamiltonian, mixture, mixture_rows, rows
from priormap.posterior.kernels.problem import (
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
BREATH = 0.1  # seconds of a block
PATIENCE = 0.5  # seconds that an interrupted run waits for its chains
FIRST = 10**7  # operations of the first block, of p^3 a draw, before its pace is known


class Sampler(NamedTuple):
    """A compiled kernel, what it reads, and room for a chain; serves any number of chains."""

    advance: Callable[..., None]
    target: tuple[Any, ...]
    room: Callable[[], tuple[Any, ...]]


def prepare(
    kernel: Kernel, data: Moments | Rows, prior: ElasticNetPrior, sigma: float, tau: float
) -> Sampler:
    """Factor the data for one kernel, which is compiled on first use.

    ``coordinate`` and ``mixture_rows`` are the two halves of ``alternating``, which sweeps
    `SWEEPS` times. ``sigma`` and ``tau`` are known or typical values.
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
        steps = (0.0, 1) if kernel == "coordinate" else (1.0, 0)
    target = data, rows.rows_moves(data, prior, sigma, tau, *steps)
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
    number of draws made, warm-up included, after every ``block``; blocks are shorter where they
    would take longer than `BREATH`.

    Raises
    ------
    FloatingPointError
        If a draw is not finite, or a scale not positive.
    """
    p = len(state.coef)
    kept, room = empty_draws(draws, p), sampler.room()
    sampler.advance(*sampler.target, prior, state, empty_draws(0, p), room)  # compile it
    done, pace = -tune, min(block, 1 + FIRST // p**3)
    while done < draws:
        began = time.perf_counter()
        size = min(pace, (0 if done < 0 else draws) - done)
        drawn = empty_draws(size, p)
        sampler.advance(*sampler.target, prior, state, drawn, room)
        check_finite(drawn)
        if done >= 0:
            kept.coef[done : done + size] = drawn.coef
            kept.trace[done : done + size] = drawn.trace
        done += size
        if progress is not None:
            progress(done + tune)
        pace = int(size * BREATH / max(time.perf_counter() - began, 1e-9))
        pace = min(max(pace, 1), block)
    return kept


def check_finite(drawn: Draws) -> None:
    """Raise where a chain cannot go on."""
    refuse_non_finite(drawn.coef, drawn.trace)
    if not (drawn.trace[:, :2] > 0).all():
        raise FloatingPointError("a scale is zero")


def run_chains(
    sampler: Sampler,
    prior: ElasticNetPrior,
    states: Sequence[State],
    draws: int,
    tune: int,
    progress: Callable[[int], None] | None = None,
) -> list[Draws]:
    """Run one chain per state; the result does not depend on the number of threads.

    ``progress`` is called with the number of draws made in all chains. Threads are daemons: one
    draw of many columns may take seconds, for which neither Ctrl-C nor the end of the process
    waits.
    """
    stop, lock, done = threading.Event(), threading.Lock(), [0] * len(states)
    slots, ended = threading.Semaphore(os.cpu_count() or 1), SimpleQueue[Any]()

    def report(chain: int, count: int) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        with lock:
            done[chain] = count
            if progress is not None:
                progress(sum(done))

    def run(chain: int) -> None:
        found: Draws | BaseException
        try:
            with slots:
                report(chain, 0)
                found = run_chain(
                    sampler, prior, states[chain], draws, tune, progress=partial(report, chain)
                )
        except BaseException as error:
            found = error
        ended.put((chain, found))

    threads = [
        threading.Thread(target=run, args=(chain,), name=f"chain_{chain}", daemon=True)
        for chain in range(len(states))
    ]
    runs: dict[int, Draws] = {}
    try:
        for thread in threads:
            thread.start()
        while len(runs) < len(states):
            chain, found = ended.get()
            if isinstance(found, BaseException):
                raise found
            runs[chain] = found
    except BaseException:
        stop.set()  # the other chains end after their block
        until = time.perf_counter() + PATIENCE
        for thread in threads:
            if thread.is_alive():
                thread.join(max(until - time.perf_counter(), 0.0))
        raise
    return [runs[chain] for chain in range(len(states))]
