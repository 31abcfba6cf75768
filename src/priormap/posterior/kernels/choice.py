"""Which kernel draws: counted work says which one begins, the chains say whether it goes on.

Work is counted, never timed: a seed draws the same on every machine. The rule:

1. The kernels that can serve stand in the order of their work for a draw (`expected_work`).
2. The first one makes half of the warm-up, and by the later half of these draws it is judged.
   What a kernel is worth are its effective draws per work: the smallest effective sample size
   for the mean or the variance of any unknown, sigma and a learnt scale included.
3. It is doubted where independent draws at the price of another would be worth over `DOUBT` times
   as much. The other then goes on for a quarter of the warm-up, and is judged by that.
4. The one that is worth most makes what is left of the warm-up, a quarter at least, and all draws.

So a kernel that nobody doubts makes the chain that it makes alone. Where the warm-up is too short
to judge by, the first one makes all draws, but on rows ``alternating``, which fails least there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from priormap.posterior.convergence import smallest_ess
from priormap.posterior.kernels import hamiltonian, rows
from priormap.posterior.kernels.chain import SWEEPS, Kernel, prepare, run_chains
from priormap.posterior.kernels.problem import (
    CURVED,
    Draws,
    ElasticNetPrior,
    Moments,
    Rows,
    State,
)
from priormap.posterior.kernels.starts import Typical

DOUBT = 4.0  # twice what the better of two kernels is mostly worth, which is half of independence
SHORTEST = 200  # draws of a warm-up that is long enough to judge by
ENOUGH = 0.2  # effective draws of one, so that the default 4,000 have 400 with room to spare
LOOSE = 1.0  # a tie that single coordinates hardly feel
RICH = 2.0  # draws of another kernel that one of ``alternating`` is mostly worth
MET = 2 / 3  # crossings met of those expected, where dynamics and mixture cost about the same


class Size(NamedTuple):
    """What work for a draw depends on: columns, rank, and `rows.blocked_share`."""

    p: int
    r: int
    blocked: float

    @classmethod
    def of(cls, data: Moments | Rows, prior: ElasticNetPrior, sigma: float, tau: float) -> Size:
        """Size of draws from these data."""
        return cls(len(data.squares), data.rank, rows.blocked_share(data, prior, sigma, tau))


def choose_kernel(data: Moments | Rows, prior: ElasticNetPrior, sigma: float, tau: float) -> Kernel:
    """Kernel that begins: of least work for a draw around these sigma and tau."""
    return next(iter(expected_work(data, prior, sigma, tau)))


def expected_work(
    data: Moments | Rows, prior: ElasticNetPrior, sigma: float, tau: float
) -> dict[Kernel, float]:
    """Work for a draw of each kernel that can serve, the least one first.

    In that order a draw of ``alternating`` counts as `RICH` of others.

    ``mixture`` serves on moments, ``mixture_rows`` on rows (p > n), ``alternating`` on both;
    ``coordinate`` where no column has a tie above `LOOSE` (`rows.tightest_tie`);
    ``hamiltonian`` on moments, but not where X'X is nearly singular, or a curvature is left that
    `absorb_curvature` could not add to X'X, whose unit the dynamics take.
    """
    size = Size.of(data, prior, sigma, tau)
    mixture: Kernel = "mixture_rows" if isinstance(data, Rows) else "mixture"
    kernels: list[Kernel] = [mixture, "alternating"]
    if rows.tightest_tie(data, prior, sigma, tau) < LOOSE:
        kernels.append("coordinate")
    work = {kernel: draw_work(kernel, size) for kernel in kernels}
    if isinstance(data, Moments) and not prior.hyper[CURVED]:
        values, vectors = np.linalg.eigh(data.gram)
        if values[0] > values[-1] * size.p * 1e-12:
            inverse_diagonal = (vectors**2 / values).sum(axis=1)
            expected = hamiltonian.expected_crossings(inverse_diagonal, prior, sigma, tau)
            work["hamiltonian"] = draw_work("hamiltonian", size, MET * expected)
    worthy = {"alternating": RICH}
    return dict(sorted(work.items(), key=lambda pair: pair[1] / worthy.get(pair[0], 1.0)))


def draw_work(kernel: Kernel, size: Size, crossings: float = 0.0) -> float:
    """Work for a draw; the unit is about a nanosecond of one core.

    Each term counts a loop, weighted as measured once with p from 2 to 1,000 and r to 200. What
    every draw costs to be judged and handed over, whichever kernel made it, counts too: fewer
    and better draws save it.
    """
    p, r, blocked = size
    handed_over = 100.0 * p + 1500.0
    block = p * (120.0 + 0.6 * r + 0.018 * r**2) + 0.055 * r**3 + 1000.0
    sweep = p * (140.0 + 0.28 * r) + 700.0
    own = {
        "hamiltonian": (2.7 * p + 30.0) * crossings + 0.25 * p**2 + 20.0 * p + 600.0,
        "mixture": p**3 / 32 + 1.8 * p**2 + 55.0 * p + 1000.0,
        "mixture_rows": block,
        "coordinate": sweep,
        "alternating": blocked * block + SWEEPS * sweep,
    }
    return own[kernel] + handed_over


def worth(ess: float, work: float) -> float:
    """Effective draws per work; a draw that is less than `ENOUGH` of one counts for less."""
    return ess / work * min(1.0, ess / ENOUGH)


def worth_of(kernel: Kernel, size: Size, prior: ElasticNetPrior, runs: Sequence[Draws]) -> float:
    """`worth` by the draws of a kernel; sigma and tau enter by their logs."""
    coef, trace = (np.stack(parts) for parts in zip(*runs, strict=True))
    learnt = [k for k, density in enumerate((prior.noise, prior.scale)) if density.learnt]
    ess = smallest_ess(np.concatenate([coef, np.log(trace[..., learnt])], axis=-1))
    work = draw_work(kernel, size, float(trace[..., 2].mean()))
    return worth(ess / trace[..., 0].size, work)


def run_mixture(
    data: Moments | Rows,
    prior: ElasticNetPrior,
    around: Typical,
    states: Sequence[State],
    draws: int,
    tune: int,
    progress: Callable[[int], None] | None = None,
) -> tuple[Kernel, list[Draws]]:
    """Run one chain per state by scale mixtures."""
    kernel: Kernel = "mixture_rows" if isinstance(data, Rows) else "mixture"
    sampler = prepare(kernel, data, prior, around.sigma, around.tau)
    return kernel, run_chains(sampler, prior, states, draws, tune, progress)


def run_the_best(
    data: Moments | Rows,
    prior: ElasticNetPrior,
    around: Typical,
    states: Sequence[State],
    draws: int,
    tune: int,
    progress: Callable[[int], None] | None = None,
) -> tuple[Kernel, list[Draws]]:
    """Run one chain per state by the kernel that the rule of this file settles on."""
    at = around.sigma, around.tau
    size, expected = Size.of(data, prior, *at), expected_work(data, prior, *at)
    first, *others = expected
    if tune < SHORTEST and isinstance(data, Rows):
        first = "alternating"
    best, sampler, left = first, prepare(first, data, prior, *at), tune
    if tune >= SHORTEST:
        window = tune // 4
        before = tune // 2 - window
        runs = run_chains(sampler, prior, states, window, before, progress)
        most, left = worth_of(first, size, prior, runs), tune - before - window
        for kernel in others:
            if worth(1.0, expected[kernel]) > DOUBT * most:
                tried = prepare(kernel, data, prior, *at)
                runs = run_chains(tried, prior, states, window, 0)
                found, left = worth_of(kernel, size, prior, runs), max(left - window, window)
                if found > most:
                    best, sampler, most = kernel, tried, found
    done = len(states) * (tune - left)
    later = None if progress is None else lambda count: progress(done + count)
    return best, run_chains(sampler, prior, states, draws, left, later)
