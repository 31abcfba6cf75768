r"""The joint mode of (intercept, coef, sigma), where sigma is unknown.

For every sigma the mode in coef is exact, so the search is over sigma alone. By the envelope
theorem the profile log density f satisfies, in units of ``|y - mean|``,

    sigma**2 df / d log sigma = rss(sigma) + sigma L1(sigma) + L2(sigma) - (m + N / D) sigma**2

where m = n (plus the number of penalised columns, for a prior scaled by the noise, the only one
whose L1 and L2 terms join) and N / D is the noise prior's log slope, a ratio of polynomials in
sigma**2. Along knots its roots are those of polynomials, one per segment, so that every local
maximum is found. Elsewhere what the data say and what the noise prior says are two rising
functions of sigma, whose crossings are enclosed. (Park and Casella 2008, section 4 and appendix A,
show that the density can have two modes unless the prior is scaled by the noise.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.polynomial import Polynomial
from scipy.optimize import brentq

from priormap.data.regression import Regression
from priormap.errors import Phrase, PriormapError
from priormap.mode.routes import Knots, route_of
from priormap.model import Model

_EXACT_FIT = 1e-22  # residual sum of squares over that of y: a fit to eleven digits
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
    profile = _Profile(model)
    candidates = _distinct(sorted(profile.stationary_points()), profile.slope)
    maxima = [sigma for sigma in candidates if profile.is_maximum(sigma, candidates)]
    modes = [profile.mode_at(sigma) for sigma in maxima]
    if not modes:
        _refuse_unbounded(model.data)
    return sorted(modes, key=lambda mode: -mode.height)


class _Profile:
    """The profile density of sigma in units of ``|y - mean|``."""

    def __init__(self, model: Model) -> None:
        columns, density = model.columns, model.unit_noise.density
        assert density is not None
        if columns.y_norm == 0:
            _refuse_unbounded(model.data)
        self._unit, self._density = model.unit_y, density
        self._is_scaled = model.prior.scaled_by_noise
        self._m = model.data.n_rows + (int((~model.is_flat).sum()) if self._is_scaled else 0)
        self._slope = [Polynomial(part) for part in density.log_slope()]  # N and D
        self._model, self._route = model, route_of(model.unit_problem)
        self._smallest_rss = self._route.smallest_rss(model.dof)
        perfect = self._smallest_rss <= _EXACT_FIT
        if perfect and not self._is_scaled and not density.vanishes_at_zero:
            _refuse_unbounded(model.data)

    def mode_at(self, sigma: float) -> SigmaMode:
        """Express a maximum in the caller's units."""
        residual = abs(self.slope(sigma)) / (self._m * sigma**2)
        return SigmaMode(sigma * self._unit, self.height(sigma), residual)

    def slope(self, sigma: float) -> float:
        """``sigma**2 df / d log sigma`` at one sigma."""
        return self._data_term(sigma) - self._noise_term(sigma)

    def height(self, sigma: float) -> float:
        """Profile log density up to a constant."""
        rss, l1, l2 = self._sums(sigma)
        bound = l1 / sigma + 0.5 * l2 / sigma**2 if self._is_scaled else l1 + 0.5 * l2
        log_noise = float(self._density.logpdf(sigma))
        return -self._m * np.log(sigma) - 0.5 * rss / sigma**2 - bound + log_noise

    def is_maximum(self, sigma: float, stationary: list[float]) -> bool:
        """Whether the slope turns from positive to negative at a stationary point."""
        k = stationary.index(sigma)
        below = stationary[k - 1] if k else sigma / 4
        above = stationary[k + 1] if k + 1 < len(stationary) else sigma * 4
        return self.slope(np.sqrt(below * sigma)) > 0 > self.slope(np.sqrt(above * sigma))

    def stationary_points(self) -> set[float]:
        """Roots of the slope in (0, infinity)."""
        if isinstance(self._route, Knots):
            return self._polynomial_roots(self._route)
        least = self._data_term(0.0) if self._is_scaled else self._smallest_rss
        low = self._sigma_where_noise_term_is(max(least, _EXACT_FIT)) * (1 - _HAIR)
        high = self._sigma_where_noise_term_is(1.0) * (1 + _HAIR)
        return crossings(self._data_term, self._noise_term, low, high)

    def _sums(self, sigma: float) -> tuple[float, float, float]:
        """``(rss, L1, L2)`` of the mode at one sigma."""
        return self._route.terms(*self._model.strengths(sigma))

    def _data_term(self, sigma: float) -> float:
        """What rises with sigma in the slope; never above ``|u|**2 = 1``."""
        rss, l1, l2 = self._sums(sigma)
        return rss + (sigma * l1 + l2 if self._is_scaled else 0.0)

    def _noise_term(self, sigma: float) -> float:
        """What is taken from it; it rises too."""
        v = sigma**2
        numerator, denominator = self._slope
        return float(self._m * v + v * numerator(v) / denominator(v))

    def _polynomial_roots(self, route: Knots) -> set[float]:
        """Roots of the slope times D, a polynomial of the strength on every segment."""
        strength = Polynomial([0, 1])  # sigma if the prior is scaled by it, else its square
        v = strength**2 if self._is_scaled else strength
        numerator, denominator = (part(v) for part in self._slope)
        roots: set[float] = set()
        for upper, lower, rss, l1 in zip(*route.segments, strict=True):
            data_term = Polynomial(rss)
            if self._is_scaled:
                data_term = data_term + strength * Polynomial(l1)
            polynomial = (data_term - self._m * v) * denominator - v * numerator
            found = _positive_roots(polynomial, lower, upper)
            roots |= found if self._is_scaled else {float(np.sqrt(root)) for root in found}
        return roots

    def _sigma_where_noise_term_is(self, value: float) -> float:
        def gap(log_sigma: float) -> float:
            return self._noise_term(float(np.exp(log_sigma))) - value

        terms = self._density.terms
        most = np.log((value + 2 * terms.inverse) / (self._m + min(terms.logs, 0.0))) / 2 + _HAIR
        return float(np.exp(brentq(gap, most - 150.0, most, xtol=1e-12)))


def crossings(
    one: Callable[[float], float], other: Callable[[float], float], low: float, high: float
) -> set[float]:
    """Roots of ``one - other`` in ``[low, high]``, both of them rising, both ends positive.

    A cell ``[a, b]`` is empty where ``one(a) > other(b)`` or ``one(b) < other(a)``. The others
    are divided until they are narrow; two crossings in one narrow cell may pass unseen.
    """
    one, other = cache(one), cache(other)  # cells share their ends

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
        "exactly, so the joint density grows without bound as sigma goes to 0 and has no mode; ",
        Phrase("fix sigma (Regression(..., sigma=...))", "give --sigma a number"),
        ", or sample the posterior instead",
    )
