"""The exact mode at any strength of the prior, by the cheapest route that its family has.

A strength is a pair ``(k1, k2)`` that multiplies the penalties ``l1`` and ``l2`` of one problem.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from priormap.arrays import Floats
from priormap.mode.lasso.knots import LaplaceKnots
from priormap.mode.warm_modes import WarmModes
from priormap.model.problem import UnitProblem
from priormap.model.spectrum import Spectrum

_GRID = 100
_SHRUNK_AWAY, _LET_FREE = 1e4, 1e-4  # default Gaussian grid: mu over the extreme eigenvalues
_WEAKEST = 1e-3  # default elastic net grid: last l1 over the one that makes all zero


class LaplacePath:
    """Piecewise linear in lambda: column j is penalised by ``lambda w_j`` in unit columns."""

    def __init__(self, problem: UnitProblem, weakest: float) -> None:
        # weights near one keep the path's lambda in the range where it is best resolved
        self._norm = _typical(problem.l1[problem.l1 > 0])
        weights = problem.l1 / self._norm
        self.knots = LaplaceKnots.of(problem.columns, weights, weakest * self._norm)

    def default_strengths(self) -> Floats:
        """Strengths of the knots, falling."""
        return self.knots.lambdas / self._norm

    def unit_coefs(self, k1: Floats, k2: Floats) -> Floats:
        """Unit coefficients at strengths (m,), shape (m, p)."""
        return self.knots.at(self._norm * k1)


class GaussianPath:
    """One spectrum for every strength."""

    def __init__(self, problem: UnitProblem) -> None:
        with np.errstate(divide="ignore"):
            weights = np.where(problem.columns.x_norm > 0, 1 / np.sqrt(problem.l2), 0.0)
        self._norm = _typical(weights[np.isfinite(weights) & (weights > 0)])
        self._spectrum = Spectrum.of(problem.columns, weights / self._norm)

    def default_strengths(self) -> Floats:
        """From all shrunk away to all let free."""
        d = self._spectrum.eigenvalues
        if not d.size:
            return np.array([1.0])
        smallest = max(float(d.min()), 1e-8 * float(d.max()))
        mu = np.geomspace(_SHRUNK_AWAY * float(d.max()), _LET_FREE * smallest, _GRID)
        return np.asarray(mu * self._norm**2)

    def unit_coefs(self, k1: Floats, k2: Floats) -> Floats:
        """Unit coefficients at strengths (m,), shape (m, p)."""
        return self._spectrum.coef_at(k2 / self._norm**2)


class ElasticNetPath:
    """A mode for each strength, found from its neighbour."""

    def __init__(self, problem: UnitProblem) -> None:
        self._problem = problem
        self._modes = WarmModes(problem)

    def default_strengths(self) -> Floats:
        """From where l1 makes all coefficients zero to a thousandth of it."""
        bound = self._problem.l1 > 0
        correlations = np.abs(self._problem.columns.xty[bound])
        strongest = float((correlations / self._problem.l1[bound]).max()) or 1.0
        return strongest * np.geomspace(1.0, _WEAKEST, _GRID)

    def unit_coefs(self, k1: Floats, k2: Floats) -> Floats:
        """Unit coefficients at strengths (m,), shape (m, p)."""
        coefs = np.empty((len(k1), self._problem.columns.p))
        for i in np.argsort(-k1):  # from the fewest non-zero coefficients to the most
            coefs[i] = self._modes.at(float(k1[i]), float(k2[i]))
        return coefs


ExactPath: TypeAlias = LaplacePath | GaussianPath | ElasticNetPath


def exact_path(problem: UnitProblem, weakest: float) -> ExactPath:
    """Path of a problem whose l1 is multiplied by `weakest` or more."""
    if not problem.has_l2:
        return LaplacePath(problem, weakest)
    return ElasticNetPath(problem) if problem.has_l1 else GaussianPath(problem)


def _typical(values: Floats) -> float:
    """Geometric mean of positive numbers; 1 of none."""
    return float(np.exp(np.log(values).mean())) if values.size else 1.0
