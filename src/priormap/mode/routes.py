"""The exact mode at any strengths of the penalties, by the cheapest route of the problem.

A strength is a pair ``(k1, k2)`` that multiplies the penalties ``l1`` and ``l2`` of one problem:
along a path of prior scales or powers, or as sigma moves. With l1 alone the modes are piecewise
linear in k1; with l2 alone one spectrum serves every k2; with both each mode is found from its
neighbour.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from math import inf, log

import numpy as np
from numpy.polynomial import Polynomial

from priormap.arrays import Floats, to_infinity
from priormap.mode.certificate import TOLERANCE
from priormap.mode.lasso.knots import LaplaceKnots
from priormap.mode.solve import minimise
from priormap.model.problem import UnitProblem
from priormap.model.spectrum import Spectrum

_GRID = 100
_SHRUNK_AWAY, _LET_FREE = 1e4, 1e-4  # default grid of the spectrum: mu over extreme eigenvalues
_DISTINCT = 1e-8  # ... the smallest of which may be rounding, but for what weights make small
_CANCELLING = 1e-5  # share of the sum of unit coefficients that rounding may make of a violation
_WEAKEST = 1e-3  # default grid of two penalties: last l1 over the one that makes all zero
_LARGEST = 1e300  # a weight that any coefficient bows to, and zero times it is zero
_NEAR = 2.0  # sum of the logarithms of two ratios; further off a new start costs less


class Route(ABC):
    """Modes of one problem at many strengths."""

    @abstractmethod
    def default_strengths(self) -> Floats:
        """Strengths of the leading penalty from all shrunk away to all let free, falling."""

    @abstractmethod
    def coefs(self, k1: Floats, k2: Floats) -> Floats:
        """Unit coefficients at strengths (m,), shape (m, p)."""

    def proven(self, k1: Floats, k2: Floats) -> tuple[Floats, float]:
        """As `coefs`, and how far, beyond rounding, the optimality conditions fail at some."""
        return self.coefs(k1, k2), 0.0

    @abstractmethod
    def terms(self, k1: float, k2: float) -> tuple[float, float, float]:
        """Residual sum of squares, ``sum l1 |c|`` and ``sum l2 c**2`` of one mode."""

    @abstractmethod
    def smallest_rss(self, dof: int) -> float:
        """Residual sum of squares without any penalty; zero where the columns fit anything."""


class Knots(Route):
    """Piecewise linear in k1: column j is penalised by ``k1 l1_j``."""

    def __init__(self, problem: UnitProblem, weakest: float = 0.0) -> None:
        # weights near one keep the path's lambda in the range where it is best resolved
        self._norm = _typical(problem.l1[problem.l1 > 0])
        self._columns = problem.columns
        weights = problem.l1 / self._norm
        self._knots = LaplaceKnots.of(problem.columns, weights, weakest * self._norm)

    @property
    def knots(self) -> Floats:
        """Unit coefficients at the knots, shape (k, p)."""
        return self._knots.coefs

    @property
    def norm(self) -> float:
        """Lambda of the knots at strength one."""
        return self._norm

    @property
    def segments(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Ends of the segments, rss and ``sum l1 |c| / norm``, all in lambda (see the knots)."""
        return self._knots.segments

    def default_strengths(self) -> Floats:
        """Strengths of the knots."""
        return self._knots.lambdas / self._norm

    def coefs(self, k1: Floats, k2: Floats) -> Floats:
        """Unit coefficients at strengths (m,), shape (m, p)."""
        return self._knots.at(self._norm * k1)

    def terms(self, k1: float, k2: float) -> tuple[float, float, float]:
        """Polynomials of the segment in which k1 lies."""
        _, lower, rss, l1 = self.segments
        lam = self._norm * k1
        k = min(int(np.searchsorted(-lower, -lam)), len(lower) - 1)
        return float(Polynomial(rss[k])(lam)), self._norm * float(Polynomial(l1[k])(lam)), 0.0

    def smallest_rss(self, dof: int) -> float:
        """What the end of the path leaves."""
        residual = self._columns.residual(self.knots[-1])
        return float(residual @ residual)


class OneSpectrum(Route):
    """One decomposition for every k2: of cross products, or of the rows where those are too few."""

    def __init__(self, problem: UnitProblem) -> None:
        self._problem = problem
        self.spectrum, self._mu = Spectrum.of_penalty(problem.columns, problem.l2)

    def mu(self, k2: Floats) -> Floats:
        """Where the spectrum has the modes of these strengths."""
        return k2 * self._mu

    def default_strengths(self) -> Floats:
        """A grid beyond the largest and the smallest eigenvalue."""
        d, weights = self.spectrum.eigenvalues, self.spectrum.scale
        if not d.size:
            return np.array([1.0])
        weights = weights[np.isfinite(weights) & (weights > 0)]
        grade = float(weights.min() / weights.max()) ** 2
        smallest = max(float(d.min()), _DISTINCT * grade * float(d.max()))
        mu = np.geomspace(_SHRUNK_AWAY * float(d.max()), _LET_FREE * smallest, _GRID)
        return np.asarray(mu / self._mu)

    def coefs(self, k1: Floats, k2: Floats) -> Floats:
        """Unit coefficients at strengths (m,), shape (m, p)."""
        return self.spectrum.coef_at(self.mu(k2))

    def proven(self, k1: Floats, k2: Floats) -> tuple[Floats, float]:
        """At the median and the weakest strength; from here on by rows where these ask for it."""
        few = np.argsort(k2)[[len(k2) // 2, 0]]
        coefs = self.coefs(k1, k2)
        worst = self._violation(k2[few], coefs[few])
        if worst <= TOLERANCE:
            return coefs, worst
        columns, l2 = self._problem.columns, self._problem.l2
        self.spectrum, self._mu = Spectrum.of_penalty(columns, l2, by_rows=True)
        coefs = self.coefs(k1, k2)
        return coefs, self._violation(k2[few], coefs[few])

    def _violation(self, k2: Floats, coefs: Floats) -> float:
        """Largest violation, over what rounding of the largest coefficients explains."""
        worst = 0.0
        for strength, coef in zip(k2, coefs, strict=True):
            left = self._problem.gradient(coef)[0] - strength * self._problem.l2 * coef
            size = max(1.0, _CANCELLING * float(np.abs(coef).sum()))
            worst = max(worst, float(np.abs(left).max()) / size)
        return worst

    def terms(self, k1: float, k2: float) -> tuple[float, float, float]:
        """Sums over the directions."""
        mu = self.mu(np.asarray(k2))
        square = float(self.spectrum.penalty_at(mu)) * self._mu
        return float(self.spectrum.rss_at(mu)), 0.0, square

    def smallest_rss(self, dof: int) -> float:
        """What no direction explains."""
        return _unexplained(self.spectrum, dof)


class WarmStarts(Route):
    """A mode for each pair of strengths, started from the nearest one; every one is kept.

    Where both penalties vary together the path is not piecewise linear, and has no knots to
    interpolate between.
    """

    def __init__(self, problem: UnitProblem) -> None:
        self._problem = problem
        self._found: dict[tuple[float, float], Floats] = {}

    def default_strengths(self) -> Floats:
        """From where l1 makes all coefficients zero to a thousandth of it."""
        bound = self._problem.l1 > 0
        correlations = np.abs(self._problem.columns.xty[bound])
        strongest = float((correlations / self._problem.l1[bound]).max()) or 1.0
        return strongest * np.geomspace(1.0, _WEAKEST, _GRID)

    def coefs(self, k1: Floats, k2: Floats) -> Floats:
        """Unit coefficients at strengths (m,), shape (m, p)."""
        coefs = np.empty((len(k1), self._problem.columns.p))
        for i in np.argsort(-k1):  # from the fewest non-zero coefficients to the most
            coefs[i] = self._at(float(k1[i]), float(k2[i]))
        return coefs

    def terms(self, k1: float, k2: float) -> tuple[float, float, float]:
        """Sums of the mode itself."""
        coef, problem = self._at(k1, k2), self._problem
        _, rss = self._problem_at(k1, k2).gradient(coef)
        return rss, float(problem.l1 @ np.abs(coef)), float(problem.l2 @ coef**2)

    def smallest_rss(self, dof: int) -> float:
        """What no direction of the unit columns explains."""
        columns = self._problem.columns
        plain = Spectrum.of(columns, np.where(columns.x_norm > 0, 1.0, 0.0))
        return _unexplained(plain, dof)

    def _at(self, k1: float, k2: float) -> Floats:
        key = (k1, k2)
        if key not in self._found:
            nearest = min(self._found, key=lambda other: _distance(key, other), default=key)
            is_near = _distance(key, nearest) < _NEAR
            start = self._found.get(nearest) if is_near else None
            self._found[key], _ = minimise(self._problem_at(k1, k2), start)
        return self._found[key]

    @to_infinity
    def _problem_at(self, k1: float, k2: float) -> UnitProblem:
        l1, l2 = k1 * self._problem.l1, k2 * self._problem.l2
        return replace(self._problem, l1=np.minimum(l1, _LARGEST), l2=np.minimum(l2, _LARGEST))


def route_of(problem: UnitProblem, weakest: float = 0.0) -> Route:
    """Cheapest route of a problem whose l1 is multiplied by `weakest` or more."""
    if not problem.has_l2:
        return Knots(problem, weakest)
    return WarmStarts(problem) if problem.has_l1 else OneSpectrum(problem)


def _unexplained(spectrum: Spectrum, dof: int) -> float:
    return 0.0 if len(spectrum.eigenvalues) >= dof else spectrum.rss


def _typical(values: Floats) -> float:
    """Geometric mean of positive numbers; 1 of none."""
    return float(np.exp(np.log(values).mean())) if values.size else 1.0


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Distance in logarithms; infinite between a zero and anything else."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return sum(abs(log(a / b)) if a > 0 and b > 0 else inf for a, b in pairs)
