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

from priormap.arrays import Bools, Floats, to_infinity
from priormap.errors import Phrase, PriormapError
from priormap.mode.routes import Knots, Route, route_of
from priormap.model import Model
from priormap.model.least_squares import EXACT_FIT, rank_and_misfit

_ROOM = 1e-6  # for rounding, where segments without a root are left out
_NEWTON_STEPS = 4
_NOTHING = 1e-20  # of the largest coefficient of a polynomial on the unit interval
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
        What is left of the stationarity condition, relative to its largest term.
    """

    sigma: float
    height: float
    residual: float


@to_infinity
def sigma_modes(model: Model, route: Route | None = None) -> list[SigmaMode]:
    """All local maxima of the joint density, the highest first, by their sigma.

    `route` is that of a penalty which has no parts l1 and l2.

    Raises
    ------
    PriormapError
        If the density is unbounded at sigma = 0, because a perfect fit exists.
    """
    profile = _Profile(model, route or route_of(model.unit_problem))
    candidates = _distinct(sorted(profile.stationary_points()), profile.slope)
    maxima = [sigma for sigma in candidates if profile.is_maximum(sigma, candidates)]
    modes = [profile.mode_at(sigma) for sigma in maxima]
    if not modes:
        raise PriormapError(
            f"no sigma within the range of floats is a mode under {model.prior!r}; measure y, "
            "the columns and the scale in units that bring them nearer to each other"
        )
    return sorted(modes, key=lambda mode: -mode.height)


class _Profile:
    """The profile density of sigma in units of ``|y - mean|``."""

    def __init__(self, model: Model, route: Route) -> None:
        columns, density = model.columns, model.unit_noise.density
        assert density is not None
        if columns.y_norm == 0:
            refuse_unbounded("the intercept can fit a constant y")
        self._unit, self._density = model.unit_y, density
        self._is_scaled = model.prior.scaled_by_noise
        self._m = model.data.n_rows + (int((~model.is_flat).sum()) if self._is_scaled else 0)
        self._slope = [Polynomial(part) for part in density.log_slope()]  # N and D
        self._model, self._route = model, route
        self._smallest_rss = self._route.smallest_rss(model.dof)
        if not density.vanishes_at_zero:
            self._refuse_free_fit(model)

    def _refuse_free_fit(self, model: Model) -> None:
        """Refuse a perfect fit whose penalties do not grow as sigma goes to zero."""
        free, rss = np.arange(model.data.n_features), self._smallest_rss
        if self._is_scaled:  # in units of the noise every penalised coefficient is dear
            free = np.flatnonzero(model.is_flat & (model.columns.x_norm > 0))
            _, rss = rank_and_misfit(model.columns, free)
        if rss <= EXACT_FIT:
            columns = f"{len(free)} columns" if len(free) > 1 else "one column"
            flat = " with a flat prior" if self._is_scaled else ""
            refuse_unbounded(f"{columns}{flat} can fit the {model.data.n_rows} values of y")

    def mode_at(self, sigma: float) -> SigmaMode:
        """Express a maximum in the caller's units."""
        largest = max(self._m * sigma**2, self._data_term(sigma))
        residual = abs(self.slope(sigma)) / largest
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
        low = self._sigma_where_noise_term_is(max(least, EXACT_FIT)) * (1 - _HAIR)
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
        """Roots of the slope times D, a polynomial of the strength on every segment.

        Within a segment the strength is counted in units of the segment's end, which brings
        every number near one, however weak or strong the prior.
        """
        most = self._sigma_where_noise_term_is(1.0) * (1 + _HAIR)  # beyond, the slope falls
        most = most if self._is_scaled else most**2
        upper, lower, rss, l1 = route.segments
        ends = np.minimum(upper, most * route.norm)
        roots: set[float] = set()
        for k in np.flatnonzero(self._may_cross(route, lower, ends)):
            lambda_end = float(ends[k])
            end = lambda_end / route.norm
            if end == 0:
                continue
            data_term = _in_units(lambda_end, rss[k])
            if self._is_scaled:
                data_term += _in_units(lambda_end, np.array([0.0, *l1[k]]))
            v = Polynomial([0, 0, end**2] if self._is_scaled else [0, end])
            numerator, denominator = (part(v) for part in self._slope)
            polynomial = (data_term - self._m * v) * denominator - v * numerator
            found = {
                end * x for x in _positive_roots(polynomial, float(lower[k]) / lambda_end, 1.0)
            }
            roots |= found if self._is_scaled else {float(np.sqrt(root)) for root in found}
        return roots

    def _may_cross(self, route: Knots, lower: Floats, ends: Floats) -> Bools:
        """Segments on which what the data say and what the noise says, both rising, may meet."""
        *_, rss, l1 = route.segments

        def both(lam: Floats) -> tuple[Floats, Floats]:
            with np.errstate(all="ignore"):  # NaN keeps a segment
                v = (lam / route.norm) ** (2 if self._is_scaled else 1)
                numerator, denominator = self._slope
                data = rss[:, 0] + lam * (rss[:, 1] + lam * rss[:, 2])
                if self._is_scaled:
                    data = data + lam * (l1[:, 0] + lam * l1[:, 1])
                return data, self._m * v + v * numerator(v) / denominator(v)

        (low_data, low_noise), (data, noise) = both(lower), both(ends)
        apart = (low_noise > data * (1 + _ROOM) + _ROOM) | (noise < low_data * (1 - _ROOM) - _ROOM)
        return (lower <= ends) & ~apart

    def _sigma_where_noise_term_is(self, value: float) -> float:
        def gap(log_sigma: float) -> float:
            return self._noise_term(float(np.exp(log_sigma))) - value

        terms = self._density.terms
        most = np.log((value + 2 * terms.inverse) / (self._m + min(terms.logs, 0.0))) / 2 + _HAIR
        least = next((low for low in (most - 150.0, most - 350.0) if gap(low) < 0), np.nan)
        if not gap(most) >= 0 or np.isnan(least):
            raise PriormapError(
                f"the prior of sigma, {self._model.data.sigma}, is too far from y for "
                "doubles; give it a scale near the sd of y"
            )
        return float(np.exp(brentq(gap, least, most, xtol=1e-12)))


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


def _in_units(unit: float, coef: Floats) -> Polynomial:
    """The polynomial of x where the argument is ``unit x``; no power is taken in vain."""
    return Polynomial([c * unit**k if c else 0.0 for k, c in enumerate(coef.tolist())])


def _positive_roots(polynomial: Polynomial, low: float, high: float) -> set[float]:
    """Real roots within [low, high], with a hair's breadth for rounding; high is 1 at most."""
    coef = np.asarray(polynomial.coef, dtype=float)
    counts = np.flatnonzero(np.abs(coef) > _NOTHING * np.abs(coef).max())
    kept = Polynomial(coef[: counts.max(initial=0) + 1])  # what is dropped adds nothing
    roots = kept.roots()
    real = roots[np.abs(roots.imag) <= 1e-9 * np.abs(roots)].real
    real = real[(real > 0) & (real >= 0.5 * low) & (real <= 2 * high)]
    if not real.size:
        return set()
    slope = kept.deriv()
    for _ in range(_NEWTON_STEPS):  # small roots among large ones are known but roughly
        rise = slope(real)
        step = np.divide(kept(real), rise, out=np.zeros_like(real), where=rise != 0)
        real = real - np.clip(step, -0.5 * real, 0.5 * real)
    inside = (real >= low * (1 - _HAIR)) & (real <= high * (1 + _HAIR))
    return {float(root) for root in real[inside]}


def refuse_unbounded(why: str) -> None:
    """Refuse a joint density that has no mode, with the fit that makes it so."""
    raise PriormapError(
        f"sigma is unknown and {why} exactly, so the joint density grows without bound as sigma "
        "goes to 0 and has no mode; ",
        Phrase("fix sigma (Regression(..., sigma=...))", "give --sigma a number"),
        ", or sample the posterior instead",
    )
