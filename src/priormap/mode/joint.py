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
from itertools import pairwise

import numpy as np
from numpy.polynomial import Polynomial
from scipy.optimize import brentq

from priormap.data.regression import Regression
from priormap.errors import PriormapError
from priormap.mode.routes import Knots, OneSpectrum, route_of
from priormap.model import Model
from priormap.priors.densities import PositiveDensity

_EXACT_FIT = 1e-22  # residual sum of squares over that of y: a fit to eleven digits
_GRID_PER_DECADE = 200
_HAIR = 1e-9  # relative, for rounding at the ends of an interval
_CELLS_PER_DECADE = 8
_FINEST = 1e-4  # relative width of a cell that is no longer divided


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


def sigma_modes(model: Model) -> list[SigmaMode]:
    """All local maxima of the joint density, the highest first, by their sigma.

    Raises
    ------
    PriormapError
        If the density is unbounded at sigma = 0, because a perfect fit exists.
    """
    density = model.noise.density
    assert density is not None
    profile = _Profile(model, density)
    candidates = _distinct(sorted(profile.stationary_points()), profile.slope)
    maxima = [sigma for sigma in candidates if profile.is_maximum(sigma, candidates)]
    modes = [profile.mode_at(sigma) for sigma in maxima]
    if not modes:
        _refuse_unbounded(model.data)
    return sorted(modes, key=lambda mode: -mode.height)


class _Profile:
    """The profile density of sigma in units of ``|y - mean|``."""

    def __init__(self, model: Model, density: PositiveDensity) -> None:
        if model.columns.y_norm == 0:
            _refuse_unbounded(model.data)
        self.unit = model.unit_y
        self._density, self._unit_density = density, density.in_units(self.unit)
        self._model = model
        self._prior_is_scaled = model.prior.scaled_by_noise
        in_noise = int((~model.is_flat).sum()) if self._prior_is_scaled else 0
        self._m = model.data.n_rows + in_noise
        self._route = route_of(model.unit_problem)
        self._smallest_rss = self._route.smallest_rss(model.dof)
        perfect = self._smallest_rss <= _EXACT_FIT
        if perfect and not self._prior_is_scaled and not density.vanishes_at_zero:
            _refuse_unbounded(model.data)

    def mode_at(self, sigma: float) -> SigmaMode:
        """Express a maximum in the caller's units."""
        residual = abs(self.slope(sigma)) / (self._m * sigma**2)
        return SigmaMode(sigma * self.unit, self.height(sigma), residual)

    def slope(self, sigma: float) -> float:
        """``sigma**2 df / d log sigma`` at one sigma."""
        return self._data_term(sigma) - self._noise_term(sigma)

    def height(self, sigma: float) -> float:
        """Profile log density up to a constant."""
        rss, l1, l2 = self._terms(sigma)
        bound = l1 / sigma + 0.5 * l2 / sigma**2 if self._prior_is_scaled else l1 + 0.5 * l2
        log_noise = float(self._density.logpdf(sigma * self.unit))
        return -self._m * np.log(sigma) - 0.5 * rss / sigma**2 - bound + log_noise

    def is_maximum(self, sigma: float, stationary: list[float]) -> bool:
        """Whether the slope turns from positive to negative at a stationary point."""
        k = stationary.index(sigma)
        below = stationary[k - 1] if k else sigma / 4
        above = stationary[k + 1] if k + 1 < len(stationary) else sigma * 4
        return self.slope(np.sqrt(below * sigma)) > 0 > self.slope(np.sqrt(above * sigma))

    def stationary_points(self) -> set[float]:
        """Roots of the slope in (0, infinity)."""
        match self._route:
            case Knots():
                return self._knot_roots(self._route)
            case OneSpectrum() if self._prior_is_scaled:
                polynomial = self._root_polynomial(Polynomial([self._data_term(1.0)]))
                return {float(np.sqrt(v)) for v in _positive_roots(polynomial, 0, np.inf)}
            case OneSpectrum():
                return self._spectrum_roots(self._route)
        return self._rising_roots()

    def _terms(self, sigma: float) -> tuple[float, float, float]:
        return self._route.terms(*self._model.strengths(sigma))

    def _data_term(self, sigma: float) -> float:
        """What rises with sigma in the slope; never above ``|u|**2 = 1``."""
        rss, l1, l2 = self._terms(sigma)
        return rss + (sigma * l1 + l2 if self._prior_is_scaled else 0.0)

    def _noise_term(self, sigma: float) -> float:
        """What is taken from it; it rises too."""
        v = sigma**2
        numerator, denominator = self._noise_slope()
        return float(self._m * v + v * numerator(v) / denominator(v))

    def _noise_slope(self) -> tuple[Polynomial, Polynomial]:
        """N and D of the noise prior's log slope as polynomials of the unit sigma**2."""
        numerator, denominator = self._unit_density.log_slope()
        return Polynomial(numerator), Polynomial(denominator)

    def _root_polynomial(self, data_term: Polynomial, squared: bool = False) -> Polynomial:
        """Slope times D, in powers of v = sigma**2, or of sigma if `squared`."""
        variable = Polynomial([0, 0, 1]) if squared else Polynomial([0, 1])
        numerator, denominator = (part(variable) for part in self._noise_slope())
        return (data_term - self._m * variable) * denominator - variable * numerator

    def _knot_roots(self, route: Knots) -> set[float]:
        roots: set[float] = set()
        for upper, lower, rss, l1 in zip(*route.segments, strict=True):
            data_term = Polynomial(rss)
            if self._prior_is_scaled:
                data_term = data_term + Polynomial([0, 1]) * Polynomial(l1)
            polynomial = self._root_polynomial(data_term, squared=self._prior_is_scaled)
            found = _positive_roots(polynomial, lower, upper)
            roots |= found if self._prior_is_scaled else {float(np.sqrt(v)) for v in found}
        return roots

    def _spectrum_roots(self, route: OneSpectrum) -> set[float]:
        """Sign changes on a grid far finer than the width of one direction's shrinkage."""
        spectrum = route.spectrum
        smallest = spectrum.eigenvalues.min(initial=np.inf) / route.mu(np.ones(()))
        low = min(1e-8 * min(smallest, 1.0), 1e-12 * max(spectrum.rss, 1e-12) / self._m)
        high = 10.0 * (1 + self._noise_mass())
        decades = np.log10(high / low)
        grid = np.sqrt(np.geomspace(low, high, int(_GRID_PER_DECADE * decades)))
        numerator, denominator = self._noise_slope()
        v = grid**2
        slope = spectrum.rss_at(route.mu(v)) - self._m * v - v * numerator(v) / denominator(v)
        change = np.flatnonzero(np.sign(slope[:-1]) != np.sign(slope[1:]))
        return {
            float(brentq(self.slope, grid[k], grid[k + 1], xtol=1e-300, rtol=1e-15)) for k in change
        }

    def _rising_roots(self) -> set[float]:
        """Crossings of the two rising terms, between the least and the most of the first."""
        scaled = self._prior_is_scaled
        least = self._data_term(0.0) if scaled else self._smallest_rss
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
        return 2 * self._unit_density.terms.inverse


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


def crossings(
    one: Callable[[float], float], other: Callable[[float], float], low: float, high: float
) -> set[float]:
    """Roots of ``one - other`` in ``[low, high]``, both of them rising, both ends positive.

    A cell ``[a, b]`` is empty where ``one(a) > other(b)`` or ``one(b) < other(a)``. The others
    are divided until they are narrow; two crossings in one narrow cell may pass unseen.
    """

    def gap(x: float) -> float:
        return one(x) - other(x)

    n = 2 + int(_CELLS_PER_DECADE * np.log10(high / low))
    edges = np.geomspace(low, high, n).tolist()
    cells = list(pairwise(edges))
    roots: set[float] = set()
    while cells:
        a, b = cells.pop()
        if one(a) > other(b) or one(b) < other(a):
            continue
        if b / a - 1 > _FINEST:
            middle = float(np.sqrt(a * b))
            cells += [(a, middle), (middle, b)]
        elif gap(a) == 0:
            roots.add(a)
        elif gap(a) * gap(b) < 0:
            roots.add(float(brentq(gap, a, b, xtol=1e-300, rtol=1e-15)))
    return roots


def _refuse_unbounded(data: Regression) -> None:
    raise PriormapError(
        f"sigma is unknown and {data.n_features} columns can fit the {data.n_rows} values of y "
        "exactly, so the joint density grows without bound as sigma goes to 0 and has no mode; "
        "fix sigma (Regression(..., sigma=...)), or sample the posterior instead"
    )
