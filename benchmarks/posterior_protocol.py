"""What every sampler of the posterior benchmark is: prepared once, called with a seed.

A sampler is prepared for a problem and a number of cores. What a call returns may hold its own
measure of what sampling alone cost; where it does not, a second call is the measure, for which
everything is compiled.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from posterior_models import Problem

__all__ = ["CHAINS", "DRAWS", "TUNE", "Cost", "Run", "Sampled", "Sampler", "clock"]

Floats = NDArray[np.float64]
CHAINS, DRAWS, TUNE = 4, 1000, 1000


@dataclass(frozen=True)
class Cost:
    """Seconds of processor time, child processes included, and on the wall."""

    cpu: float
    wall: float

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.cpu - other.cpu, self.wall - other.wall)

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.cpu + other.cpu, self.wall + other.wall)

    def __truediv__(self, count: int) -> Cost:
        return Cost(self.cpu / count, self.wall / count)


def clock() -> Cost:
    """Read both clocks; the processor's starts with the process."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(time.process_time() + children.ru_utime + children.ru_stime, time.perf_counter())


@dataclass(frozen=True)
class Sampled:
    """Draws (chains, draws, p) and (chains, draws); costs of parts, where they are known."""

    coef: Floats
    sigma: Floats
    sampling: Cost | None = None
    kernel: Cost | None = None
    note: str = ""


Run = Callable[[int], Sampled]


@dataclass(frozen=True)
class Sampler:
    """One way to draw.

    Attributes
    ----------
    kind : str
        "ours", "peer" or "limit".
    repeats : int
        Calls after the first whose median is the cost of sampling; 0 where the first call
        separates sampling from compilation.
    needs : tuple of str
        Packages, beside priormap's own, without which it is skipped; one that starts with "R:"
        is a package of R.
    models : tuple of str, optional
        The models that it applies to, where not to all.
    most_columns : int, optional
        More columns than this are beyond it.
    """

    name: str
    kind: str
    make: Callable[[Problem, int], Run]
    repeats: int = 0
    needs: tuple[str, ...] = ()
    models: tuple[str, ...] = ("laplace", "gaussian", "park-casella")
    most_columns: int | None = None

    def applies_to(self, problem_model: str, columns: int) -> bool:
        """Whether it samples this model with so many columns."""
        few = self.most_columns is None or columns <= self.most_columns
        return few and problem_model in self.models
