"""One chain: load a kernel, warm up and draw in blocks.

A chain depends only on its seed, never on the number of threads or on the size of the blocks.
Kernels release the interpreter lock, so chains may run in threads; between blocks the caller may
show progress, and Ctrl-C is heard.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

from priormap.posterior.kernels.choice import Kernel, blocked_share
from priormap.posterior.kernels.problem import (
    Draws,
    ElasticNetPrior,
    Moments,
    Rows,
    State,
    empty_draws,
    rows_from_moments,
)

SWEEPS = 4  # to a draw: a sweep over coordinates is cheap and its memory long


class Sampler(NamedTuple):
    """A compiled kernel, what it reads, and room for a chain; serves any number of chains."""

    advance: Callable[..., None]
    target: tuple[Any, ...]
    room: Callable[[], tuple[Any, ...]]


def prepare(
    kernel: Kernel, data: Moments | Rows, prior: ElasticNetPrior, sigma: float, tau: float
) -> Sampler:
    """Load one kernel (compiled on first use) and factor the data for it.

    ``coordinate`` and ``mixture_rows`` are the two halves of ``alternating``. ``sigma`` and
    ``tau`` are known or typical values.
    """
    package = "priormap.posterior.kernels"
    if kernel == "hamiltonian" or kernel == "mixture":
        module = import_module(f"{package}.{kernel}")
        assert isinstance(data, Moments)
        room = partial(module.room, len(data.xty))
        if kernel == "hamiltonian":
            target = module.hamiltonian_target(data, prior, sigma, tau)
            return Sampler(module.piecewise_hmc, target, room)
        return Sampler(module.gibbs_mixture, module.mixture_target(data, prior, sigma, tau), room)
    module = import_module(f"{package}.rows")
    rows = data if isinstance(data, Rows) else rows_from_moments(data)
    if kernel == "alternating":
        steps = blocked_share(rows, prior, sigma, tau), SWEEPS
    else:
        steps = (0.0, SWEEPS) if kernel == "coordinate" else (1.0, 0)
    target = rows, module.rows_moves(rows, prior, *steps)
    room = partial(import_module(f"{package}.mixture_rows").room, *rows.columns.shape)
    return Sampler(module.gibbs_rows, target, room)


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
