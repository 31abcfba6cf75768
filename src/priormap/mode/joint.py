r"""The joint mode of (intercept, coef, sigma), where sigma is unknown.

For every sigma the mode in coef is exact, so the search is over sigma alone. By the envelope
theorem the profile log density f satisfies

    sigma**2 df / d log sigma = rss(sigma) + sigma L1(sigma) - m sigma**2 - sigma**2 N / D

where m = n (plus the number of penalised columns, for a prior scaled by the noise, whose
L1 or L2 term joins) and N / D is the noise prior's log slope, a ratio of polynomials in
sigma**2. Along the Laplace path its roots are those of polynomials, one per segment, so that
every local maximum is found. Under an elastic net prior what the data say and what the noise
prior says are two rising functions of sigma, whose crossings can be enclosed. (Park and
Casella 2008, section 4 and appendix A, show that the density can have two modes unless the prior
is scaled by the noise.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial
from scipy.optimize import brentq

from priormap.data.regression import Regression
from priormap.errors import PriormapError
from priormap.mode.crossings import crossings
from priormap.mode.modes_by_noise import (
    ElasticNetModes,
    GaussianModes,
    LaplaceModes,
    modes_by_noise,
)
from priormap.model.penalty import column_prior
from priormap.priors import Prior
from priormap.priors.densities import InverseGamma, NoisePrior

_EXACT_FIT = 1e-22  # residual sum of squares over that of y: a fit to eleven digits
_GRID_PER_DECADE = 200
_HAIR = 1e-9  # relative, for rounding at the ends of an interval


@dataclass(frozen=True)
class SigmaMode:
    """A local maximum of the profile density.

    Attributes
    ----------
    sigma : float
        In units of y.
    height : float
        Profile log density up to a constant that all maxima share.
    residual : float
        What is left of the stationarity condition, relative to ``n sigma**2``.
    """

    sigma: float
    height: float
    residual: float


def sigma_modes(data: Regression, prior: Prior) -> list[SigmaMode]:
    """All local maxima of the joint density, the highest first, by their sigma.

    Raises
    ------
    PriormapError
        If the density is unbounded at sigma = 0, because a perfect fit exists.
    """
    assert not isinstance(data.sigma, float)
    profile = _Profile(data, prior, data.sigma)
    candidates = _distinct(sorted(profile.stationary_points()), profile.slope)
    maxima = [sigma for sigma in candidates if profile.is_maximum(sigma, candidates)]
    modes = [profile.mode_at(sigma) for sigma in maxima]
    if not modes:
        _refuse_unbounded(data)
    return sorted(modes, key=lambda mode: -mode.height)


class _Profile:
    """The profile density of sigma in units of ``|y - mean|``."""

    def __init__(self, data: Regression, prior: Prior, noise: NoisePrior) -> None:
        columns = data.unit
        if columns.y_norm == 0:
            _refuse_unbounded(data)
        self.unit = columns.y_norm
        self._noise = noise
        self._prior_is_scaled = prior.scaled_by_noise
        of_columns = column_prior(prior, data)
        in_noise = int((~of_columns.is_flat).sum()) if prior.scaled_by_noise else 0
        self._m = data.n_rows + in_noise
        self._modes = modes_by_noise(data, of_columns)
        perfect = self._modes.smallest_rss <= _EXACT_FIT
        if perfect and not self._prior_is_scaled and not isinstance(noise, InverseGamma):
            _refuse_unbounded(data)

    def mode_at(self, sigma: float) -> SigmaMode:
        """Express a maximum in the caller's units."""
        residual = abs(self.slope(sigma)) / (self._m * sigma**2)
        return SigmaMode(sigma * self.unit, self.height(sigma), residual)

    def slope(self, sigma: float) -> float:
        """``sigma**2 df / d log sigma`` at one sigma."""
        return self._data_term(sigma) - self._noise_term(sigma)

    def height(self, sigma: float) -> float:
        """Profile log density up to a constant."""
        rss, l1, l2 = self._modes.terms(sigma)
        bound = l1 / sigma + 0.5 * l2 / sigma**2 if self._prior_is_scaled else l1 + 0.5 * l2
        log_noise = float(self._noise.logpdf(sigma * self.unit))
        return -self._m * np.log(sigma) - 0.5 * rss / sigma**2 - bound + log_noise

    def is_maximum(self, sigma: float, stationary: list[float]) -> bool:
        """Whether the slope turns from positive to negative at a stationary point."""
        k = stationary.index(sigma)
        below = stationary[k - 1] if k else sigma / 4
        above = stationary[k + 1] if k + 1 < len(stationary) else sigma * 4
        return self.slope(np.sqrt(below * sigma)) > 0 > self.slope(np.sqrt(above * sigma))

    def stationary_points(self) -> set[float]:
        """Roots of the slope in (0, infinity)."""
        match self._modes:
            case LaplaceModes():
                return self._laplace_roots(self._modes)
            case ElasticNetModes():
                return self._elastic_net_roots()
        if self._prior_is_scaled:
            polynomial = self._root_polynomial(Polynomial([self._data_term(1.0)]))
            return {float(np.sqrt(v)) for v in _positive_roots(polynomial, 0, np.inf)}
        return self._gaussian_roots(self._modes)

    def _data_term(self, sigma: float) -> float:
        """What rises with sigma in the slope; never above ``|u|**2 = 1``."""
        rss, l1, l2 = self._modes.terms(sigma)
        return rss + (sigma * l1 + l2 if self._prior_is_scaled else 0.0)

    def _noise_term(self, sigma: float) -> float:
        """What is taken from it; it rises too."""
        v = sigma**2
        numerator, denominator = self._noise_slope()
        return float(self._m * v + v * numerator(v) / denominator(v))

    def _noise_slope(self) -> tuple[Polynomial, Polynomial]:
        """N and D of the noise prior's log slope as polynomials of the unit sigma**2."""
        unit = self.unit**2
        numerator, denominator = self._noise.log_slope()
        return (
            Polynomial([c * unit**k for k, c in enumerate(numerator)]),
            Polynomial([c * unit**k for k, c in enumerate(denominator)]),
        )

    def _root_polynomial(self, data_term: Polynomial, squared: bool = False) -> Polynomial:
        """Slope times D, in powers of v = sigma**2, or of sigma if `squared`."""
        variable = Polynomial([0, 0, 1]) if squared else Polynomial([0, 1])
        numerator, denominator = (part(variable) for part in self._noise_slope())
        return (data_term - self._m * variable) * denominator - variable * numerator

    def _laplace_roots(self, modes: LaplaceModes) -> set[float]:
        roots: set[float] = set()
        for upper, lower, rss, l1 in zip(*modes.knots.segments, strict=True):
            data_term = Polynomial(rss)
            if self._prior_is_scaled:
                data_term = data_term + Polynomial([0, 1]) * Polynomial(l1)
            polynomial = self._root_polynomial(data_term, squared=self._prior_is_scaled)
            found = _positive_roots(polynomial, lower, upper)
            roots |= found if self._prior_is_scaled else {float(np.sqrt(v)) for v in found}
        return roots

    def _gaussian_roots(self, modes: GaussianModes) -> set[float]:
        """Sign changes on a grid far finer than the width of one direction's shrinkage."""
        spectrum = modes.spectrum
        d = spectrum.eigenvalues
        low = min(1e-8 * d.min(initial=1.0), 1e-12 * max(spectrum.rss, 1e-12) / self._m)
        high = 10.0 * (1 + self._noise_mass())
        decades = np.log10(high / low)
        grid = np.sqrt(np.geomspace(low, high, int(_GRID_PER_DECADE * decades)))
        numerator, denominator = self._noise_slope()
        v = grid**2
        slope = spectrum.rss_at(v) - self._m * v - v * numerator(v) / denominator(v)
        change = np.flatnonzero(np.sign(slope[:-1]) != np.sign(slope[1:]))
        return {
            float(brentq(self.slope, grid[k], grid[k + 1], xtol=1e-300, rtol=1e-15)) for k in change
        }

    def _elastic_net_roots(self) -> set[float]:
        """Crossings of the two rising terms, between the least and the most of the first."""
        scaled = self._prior_is_scaled
        least = self._data_term(0.0) if scaled else self._modes.smallest_rss
        least, most = max(least, _EXACT_FIT), 1.0
        low = self._sigma_where_noise_term_is(least) * (1 - _HAIR)
        high = self._sigma_where_noise_term_is(most) * (1 + _HAIR)
        return crossings(self._data_term, self._noise_term, low, high)

    def _sigma_where_noise_term_is(self, value: float) -> float:
        def gap(log_sigma: float) -> float:
            return self._noise_term(float(np.exp(log_sigma))) - value

        most = np.log((value + self._noise_mass()) / self._m) / 2 + _HAIR
        return float(np.exp(brentq(gap, most - 150.0, most, xtol=1e-12)))

    def _noise_mass(self) -> float:
        """What an inverse-gamma noise prior adds to the residual sum of squares."""
        return (
            2 * self._noise.scale / self.unit**2 if isinstance(self._noise, InverseGamma) else 0.0
        )


def _distinct(roots: list[float], slope: Callable[[float], float]) -> list[float]:
    """Rising roots, where a root at a knot, found by both of its segments, counts once."""
    distinct: list[float] = []
    for root in roots:
        if distinct and root <= distinct[-1] * (1 + 4 * _HAIR):
            distinct[-1] = min(distinct[-1], root, key=lambda sigma: abs(slope(sigma)))
        else:
            distinct.append(root)
    return distinct


def _positive_roots(polynomial: Polynomial, low: float, high: float) -> set[float]:
    """Real roots within [low, high], with a hair's breadth for rounding."""
    roots = polynomial.trim().roots()
    real = roots[np.abs(roots.imag) <= 1e-9 * np.abs(roots)].real
    inside = (real > 0) & (real >= low * (1 - _HAIR)) & (real <= high * (1 + _HAIR))
    return {float(root) for root in real[inside]}


def _refuse_unbounded(data: Regression) -> None:
    raise PriormapError(
        f"sigma is unknown and {data.n_features} columns can fit the {data.n_rows} values of y "
        "exactly, so the joint density grows without bound as sigma goes to 0 and has no mode; "
        "fix sigma (Regression(..., sigma=...)), or sample the posterior instead"
    )
