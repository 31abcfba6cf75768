"""The mode in coef at every sigma, by the sums that the profile density needs.

In unit columns: the residual sum of squares, ``L1 = sum |c_j| / s_j`` and
``L2 = sum (c_j / t_j)**2``, with prior scales in units of ``|y - mean|``, or of the noise for a
prior that is scaled by it.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.polynomial import Polynomial

from priormap.arrays import Floats
from priormap.data.regression import Regression
from priormap.data.unit_columns import UnitColumns
from priormap.mode.lasso.knots import LaplaceKnots
from priormap.mode.warm_modes import WarmModes
from priormap.model.problem import UnitProblem
from priormap.model.spectrum import Spectrum
from priormap.priors import Gaussian, Laplace, Prior


class LaplaceModes:
    """Polynomials of ``sigma**2``, or of sigma if the prior is scaled by it, from knot to knot."""

    def __init__(self, columns: UnitColumns, rate: Floats, in_noise: bool) -> None:
        self.knots = LaplaceKnots.of(columns, rate)
        self._in_noise = in_noise
        residual = columns.residual(self.knots.coefs[-1])
        self.smallest_rss = float(residual @ residual)

    def terms(self, sigma: float) -> tuple[float, float, float]:
        """``(rss, L1, L2)`` of the mode at one sigma."""
        lam = sigma if self._in_noise else sigma**2
        _, lower, rss, l1 = self.knots.segments
        k = min(int(np.searchsorted(-lower, -lam)), len(lower) - 1)
        return float(Polynomial(rss[k])(lam)), float(Polynomial(l1[k])(lam)), 0.0


class GaussianModes:
    """One spectrum for every sigma."""

    def __init__(self, columns: UnitColumns, scale: Floats, in_noise: bool, dof: int) -> None:
        self.spectrum = Spectrum.of(columns, np.where(columns.x_norm > 0, scale, 0.0))
        self._in_noise = in_noise
        self.smallest_rss = _least_squares_rss(self.spectrum, dof)

    def terms(self, sigma: float) -> tuple[float, float, float]:
        """``(rss, L1, L2)`` of the mode at one sigma."""
        mu = 1.0 if self._in_noise else sigma**2
        return float(self.spectrum.rss_at(mu)), 0.0, float(self.spectrum.penalty_at(mu))


class ElasticNetModes:
    """One exact mode for every sigma that is asked for."""

    def __init__(
        self, columns: UnitColumns, rate: Floats, curvature: Floats, in_noise: bool, dof: int
    ) -> None:
        self._rate, self._curvature, self._in_noise = rate, curvature, in_noise
        self._modes = WarmModes(UnitProblem(columns, rate, curvature))
        plain = Spectrum.of(columns, np.where(columns.x_norm > 0, 1.0, 0.0))
        self.smallest_rss = _least_squares_rss(plain, dof)

    def terms(self, sigma: float) -> tuple[float, float, float]:
        """``(rss, L1, L2)`` of the mode at one sigma."""
        k1, k2 = (sigma, 1.0) if self._in_noise else (sigma**2, sigma**2)
        coef = self._modes.at(k1, k2)
        _, rss = self._modes.problem_at(k1, k2).gradient(coef)
        return rss, float(self._rate @ np.abs(coef)), float(self._curvature @ coef**2)


ModesByNoise: TypeAlias = LaplaceModes | GaussianModes | ElasticNetModes


def modes_by_noise(data: Regression, prior: Prior) -> ModesByNoise:
    """Modes under a prior with scales in units of the caller's columns."""
    columns, dof = data.unit, data.n_rows - data.intercept
    unit = columns.divisor if prior.scaled_by_noise else columns.divisor / columns.y_norm
    live, in_noise = columns.x_norm > 0, prior.scaled_by_noise
    if isinstance(prior, Gaussian):
        return GaussianModes(columns, np.asarray(prior.scale) * unit, in_noise, dof)
    rate = np.where(live, 1 / (prior.l1_scale * unit), 0.0)
    if isinstance(prior, Laplace):
        return LaplaceModes(columns, rate, in_noise)
    curvature = np.where(live, (1 / (prior.l2_scale * unit)) ** 2, 0.0)
    return ElasticNetModes(columns, rate, curvature, in_noise, dof)


def _least_squares_rss(spectrum: Spectrum, dof: int) -> float:
    """Residual sum of squares without a prior; zero where the columns can fit anything."""
    return 0.0 if len(spectrum.eigenvalues) >= dof else spectrum.rss
