r"""The negative log density of a mode whose penalty need not be convex: height, slopes, curvature.

In unit columns, with P the penalty of a prior whose scales are in units of the noise,

.. math::

    J(c, \sigma) = m \log\sigma + \frac{|u - Z c|^2}{2\sigma^2}
    + \sum_j P_j(c_j / \sigma) - \log p(\sigma),

m the number of rows, and of penalised columns too where the prior itself is scaled by the noise.
Slopes and curvatures are those of ``sigma**2 J`` at a given sigma, so that slopes are
correlations.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from priormap.arrays import Bools, Floats, Indices, to_infinity
from priormap.checks import refuse_memory
from priormap.model.model import Model
from priormap.model.problem import UnitProblem, in_range
from priormap.priors import Prior

_EPS = float(np.finfo(float).eps)
_LARGEST = 1e300
_SHARP = 1e200  # curvature at zero, beyond which zero is as good as the mode beside it
_CONVEX = 1e-9  # least eigenvalue, of a matrix of unit diagonal, that rounding cannot have made


@dataclass(frozen=True, eq=False)
class CurvedProblem:
    """A model whose prior is a `CurvedPenalty`; every vector is one of unit coefficients."""

    model: Model

    @cached_property
    def _priors(self) -> dict[float, Prior]:
        return {}

    @cached_property
    def live(self) -> Bools:
        """Columns that vary; the coefficient of another is zero."""
        return self.model.columns.x_norm > 0

    @cached_property
    def gram(self) -> Floats:
        """``Z'Z``, shape (p, p)."""
        p = self.model.columns.p
        refuse_memory(f"second derivatives of {p} coefficients", 3 * p * p, "drop some columns")
        return self.model.columns.gram

    def sigma(self, unit_sigma: float) -> float:
        """Sigma in units of y; the known one where it is known."""
        noise = self.model.noise
        return noise.sd if noise.is_known else unit_sigma * self.model.unit_y

    @cached_property
    def m(self) -> int:
        """How often sigma counts."""
        penalised = int((~self.model.is_flat).sum()) if self.model.prior.scaled_by_noise else 0
        return self.model.data.n_rows + penalised

    @cached_property
    def is_smooth(self) -> Bools:
        """Which coefficients have no kink or cusp at zero, nor a bend too sharp for floats."""
        prior: Any = self.prior_at(1.0)
        zero = np.zeros(len(self.live))
        return (prior.pull_range(zero)[1] == 0) & (prior.curvature(zero) < _SHARP)

    def prior_at(self, sigma: float) -> Prior:
        """Prior of ``c / sigma``."""
        by_noise = self.model.prior.scaled_by_noise
        sigma = 1.0 if by_noise else sigma
        if sigma not in self._priors:
            prior = self.model.unit_prior
            self._priors.clear()
            self._priors[sigma] = prior.given_noise(1.0) if by_noise else prior.stretched(1 / sigma)
        return self._priors[sigma]

    def gradient(self, coef: Floats) -> tuple[Floats, float]:
        """``Z'r`` and ``r'r`` of the residual ``r = u - Z coef``."""
        nothing = np.zeros(len(coef))
        return UnitProblem(self.model.columns, nothing, nothing).gradient(coef)

    @to_infinity
    def objective(self, coef: Floats, sigma: float) -> float:
        """``|r|**2 / 2 + sigma**2 sum P``: what a mode minimises at this sigma."""
        penalties = sigma * self.prior_at(sigma).penalty(coef / sigma)
        return 0.5 * self.gradient(coef)[1] + sigma * float(penalties.sum())

    def height(self, coef: Floats, sigma: float) -> float:
        """``-J``, up to a constant."""
        noise = self.model.unit_noise
        log_sigma = 0.0 if noise.is_known else self.m * np.log(sigma) - float(noise.logpdf(sigma))
        return -self.objective(coef, sigma) / sigma**2 - log_sigma

    @to_infinity
    def slopes(self, coef: Floats, sigma: float) -> tuple[Floats, Floats]:
        """Smallest and largest slope of the penalty in every coefficient."""
        low, high = self.prior_at(sigma).pull_range(coef / sigma)
        held = (coef == 0) & ~self.is_smooth & (high == 0)  # by a bend that is a cusp in floats
        return np.where(held, -np.inf, sigma * low), np.where(held, np.inf, sigma * high)

    @to_infinity
    def curvatures(self, coef: Floats, sigma: float) -> Floats:
        """Curvature of the penalty in every coefficient."""
        prior: Any = self.prior_at(sigma)
        return np.clip(prior.curvature(coef / sigma), -_LARGEST, _LARGEST)

    def violation(self, coef: Floats, sigma: float) -> Floats:
        """Distance of ``Z'r`` from the slopes of the penalty."""
        (gradient, _), (low, high) = self.gradient(coef), self.slopes(coef, sigma)
        return np.maximum(0.0, np.maximum(low - gradient, gradient - high))

    def free(self, coef: Floats) -> Indices:
        """Coefficients that move both ways: those not held at zero by a kink or a cusp."""
        return np.flatnonzero(self.live & ((coef != 0) | self.is_smooth))

    def newton_system(self, coef: Floats, sigma: float) -> tuple[Indices, Floats, Floats]:
        """Free coefficients, the slope of ``-sigma**2 J`` in them and the matrix that bends it.

        Where sigma is unknown, its logarithm comes last.
        """
        free, (gradient, rss) = self.free(coef), self.gradient(coef)
        slope, bend = self.slopes(coef, sigma)[0][free], self.curvatures(coef, sigma)[free]
        matrix = self.gram[np.ix_(free, free)]
        matrix.flat[:: len(free) + 1] += bend
        rise = gradient[free] - slope
        if self.model.noise.is_known:
            return free, rise, matrix
        c, across = coef[free], 2 * gradient[free]
        own, self_bend = self.sigma_slope(coef, sigma, rss), 2 * rss
        if self.model.prior.scaled_by_noise:
            across = across - slope - bend * c
            self_bend += float(c @ (bend * c + slope))
        self_bend += sigma**2 * self._noise_bend(sigma)
        border = np.append(across, self_bend)
        whole = np.block([[matrix, across[:, None]], [border]])
        return free, np.append(rise, own), whole

    def sigma_slope(self, coef: Floats, sigma: float, rss: float | None = None) -> float:
        """Slope of ``-sigma**2 J`` in log sigma."""
        rss = self.gradient(coef)[1] if rss is None else rss
        return self._data_term(coef, sigma, rss) - sigma**2 * (self.m + self._noise_slope(sigma))

    def sigma_residual(self, coef: Floats, sigma: float) -> float:
        """The same over its largest term."""
        rss = self.gradient(coef)[1]
        largest = max(self.m * sigma**2, self._data_term(coef, sigma, rss))
        return abs(self.sigma_slope(coef, sigma, rss)) / largest

    def lowest_curvature(self, coef: Floats, sigma: float) -> float:
        """Smallest eigenvalue of the second derivatives, over their diagonal.

        Of the coefficients that are not held at zero, and log sigma where that is unknown: above
        zero at a strict local mode. NaN where nothing is free.
        """
        _, _, matrix = self.newton_system(coef, sigma)
        if not len(matrix):
            return np.inf
        size = 1 / np.sqrt(np.maximum(np.abs(matrix.diagonal()), 1 / _LARGEST))
        return float(np.linalg.eigvalsh(matrix * size * size[:, None])[0])

    def parameters(self, coef: Floats) -> float:
        """How far the fit of a mode moves with y, at a known sigma: ``tr Z_F H^-1 Z_F'``.

        H are the second derivatives in the free coefficients. Where the penalty bends the other
        way, the fit moves more than y does.
        """
        free, _, matrix = self.newton_system(coef, self.model.unit_noise.sd)
        if not free.size:
            return 0.0
        return float(np.trace(np.linalg.lstsq(matrix, self.gram[np.ix_(free, free)])[0]))

    def is_convex(self, sigma: float) -> bool:
        """Whether the objective is convex everywhere at this sigma, which makes one mode of all."""
        prior: Any = self.prior_at(sigma)
        live = np.flatnonzero(self.live)
        least = np.broadcast_to(prior.least_curvature, self.live.shape)[live]
        if (least >= 0).all():
            return True
        if not (least > -1).all() or len(live) > self.model.columns.dof:
            return False
        bent = self.gram[np.ix_(live, live)] + np.diag(least)
        return bool(np.linalg.eigvalsh(bent)[0] > _CONVEX)

    @to_infinity
    def tangent(self, coef: Floats, sigma: float) -> UnitProblem:
        """The problem of l1 and l2 that touches the objective at `coef` and is below it nowhere.

        Where the penalty is smooth at zero it is bounded by a parabola, elsewhere by a line in
        ``|c|`` (Hunter and Li 2005, "Variable selection using MM algorithms", Annals of
        Statistics 33(4); Zou and Li 2008, "One-step sparse estimates in nonconcave penalized
        likelihood models", Annals of Statistics 36(4)).
        """
        size, kinked = np.abs(coef), ~self.is_smooth
        slope = self.slopes(size, sigma)[1]
        at_zero = self.curvatures(np.zeros(len(coef)), sigma)
        l2 = np.where(slope > 0, np.divide(slope, size, out=at_zero.copy(), where=size > 0), 0.0)
        l2 = np.where(size > 0, l2, at_zero)
        return UnitProblem(
            self.model.columns,
            in_range(slope, kinked & self.live),
            in_range(np.where(kinked, 0.0, l2), ~kinked & self.live & (l2 > 0)),
        )

    def _data_term(self, coef: Floats, sigma: float, rss: float) -> float:
        if not self.model.prior.scaled_by_noise:
            return rss
        slopes = np.where(coef == 0, 0.0, self.slopes(coef, sigma)[0])
        return rss + float(slopes @ coef)

    def _noise_slope(self, sigma: float) -> float:
        """``-d log p / d log sigma`` of the prior of sigma."""
        logs, inverse, square, tail, reach = self._noise_terms
        v = sigma**2
        return logs - 2 * inverse / v + 2 * square * v + 2 * tail * v / (v + reach**2)

    def _noise_bend(self, sigma: float) -> float:
        """Derivative of that in log sigma."""
        _, inverse, square, tail, reach = self._noise_terms
        v = sigma**2
        return 4 * (inverse / v + square * v + tail * v * (reach / (v + reach**2)) * reach)

    @cached_property
    def _noise_terms(self) -> tuple[float, float, float, float, float]:
        density = self.model.unit_noise.density
        assert density is not None
        return density.terms
