"""Modes of one problem at many strengths of its penalties, each started from the nearest one."""

from __future__ import annotations

from dataclasses import replace
from math import inf, log

from priormap.arrays import Floats
from priormap.mode.solve import minimise
from priormap.model.problem import UnitProblem

_NEAR = 2.0  # sum of the logarithms of two ratios; further off a new start costs less


class WarmModes:
    """Exact minimisers with penalties ``k1 l1`` and ``k2 l2``; every one is kept.

    Where both penalties vary together the path is not piecewise linear, and has no knots to
    interpolate between.
    """

    def __init__(self, problem: UnitProblem) -> None:
        self._problem = problem
        self._found: dict[tuple[float, float], Floats] = {}

    def at(self, k1: float, k2: float) -> Floats:
        """Unit coefficients at one pair of strengths."""
        key = (k1, k2)
        if key not in self._found:
            nearest = min(self._found, key=lambda other: _distance(key, other), default=key)
            is_near = _distance(key, nearest) < _NEAR
            start = self._found.get(nearest) if is_near else None
            self._found[key], _ = minimise(self.problem_at(k1, k2), start)
        return self._found[key]

    def problem_at(self, k1: float, k2: float) -> UnitProblem:
        """The problem at one pair of strengths."""
        return replace(self._problem, l1=k1 * self._problem.l1, l2=k2 * self._problem.l2)


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Distance in logarithms; infinite between a zero and anything else."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return sum(abs(log(a / b)) if a > 0 and b > 0 else inf for a, b in pairs)
