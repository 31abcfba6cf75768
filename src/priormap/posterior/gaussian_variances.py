r"""Posterior of the variances (sigma, tau) under a Gaussian prior, by quadrature.

Coordinates are ``x = log sigma`` and the log ratio ``r`` of prior scale to noise: ``log tau``
if the prior is scaled by the noise, else ``log(tau / sigma)``. Given r the likelihood costs
O(1) (see `priormap.posterior.gaussian.Spectrum`), so a plane costs little more than a line.

Integrals are trapezoidal sums on uniform grids. For analytic integrands that fade at both ends
their error falls exponentially with the number of points (Trefethen and Weideman, 2014,
"The exponentially convergent trapezoidal rule", SIAM Review 56(3)).

Draws invert distribution functions that are interpolated from these grids: r from its marginal,
then x given r. Probabilities of the draws are right to 1e-8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.special import ndtri

from priormap.errors import PriormapError

if TYPE_CHECKING:
    from priormap.posterior.gaussian import Spectrum

__all__ = ["LogDensity", "VariancePosterior", "expectation"]

Floats: TypeAlias = NDArray[np.float64]
LogDensity: TypeAlias = Callable[[Floats], Floats]
Draw: TypeAlias = Callable[[int, np.random.Generator], tuple[Floats, Floats]]

_DROP = 40.0  # cells below exp(-40) of the peak are neglected
_REACH = 100.0  # how far from the scale of the data mass is looked for, in log units
_STEP = 1.0  # of the first search, in log units
_TOLERANCE = 1e-12  # of a log integral, between two grids
_TINY = 1e-300  # density where it underflows, between modes
_FADED = 1e-8  # an integrand that is larger than this (of its peak) at an end has no integral
_NARROWEST = 1e-8  # interval; narrower only where a density is nearly zero everywhere
_MAX_POINTS, _MAX_SIZE = 1 << 16, 1 << 23  # of one density, and of all rows
_SPACING = 0.05  # largest step of log r at which conditional quantiles are kept
_SCORES = np.linspace(-7.5, 7.5, 151)  # normal scores of those quantiles
_BINS = 1 << 14  # shortcuts into a sampling table
_FINER = 8  # cells of a sampling table to one step of the quadrature


@dataclass(frozen=True, eq=False)
class VariancePosterior:
    """Posterior of (sigma, r) as weighted nodes, and its independent draws.

    Attributes
    ----------
    log_evidence, error : float
        Log marginal likelihood, and the error of its quadrature as estimated from the last
        halving of the grid and from rounding.
    weights, log_ratio : array of shape (m,)
        Nodes r and their posterior weights, which sum to 1.
    sigma_mean, sigma_square : array of shape (m,)
        ``E[sigma | r]`` and ``E[sigma**2 | r]``; inf where the moment does not exist.
    draw : callable
        ``draw(n, rng)`` returns n independent draws of sigma and of r.
    """

    log_evidence: float
    error: float
    weights: Floats
    log_ratio: Floats
    sigma_mean: Floats
    sigma_square: Floats
    draw: Draw

    @classmethod
    def of(
        cls, spectrum: Spectrum, sigma: float | LogDensity, tau: float | LogDensity, scaled: bool
    ) -> VariancePosterior:
        """Posterior where each of sigma and tau is a known number or a prior log density.

        Raises
        ------
        PriormapError
            If the posterior is improper, or a log density too rough for the quadrature.
        """
        joint = _Joint(spectrum, sigma, tau, scaled)
        with np.errstate(over="ignore", divide="ignore", under="ignore"):
            if callable(sigma) and callable(tau):
                return _over_plane(joint)
            if callable(sigma) or callable(tau):
                return _over_line(joint)
            return _at_point(joint)


def expectation(weights: Floats, values: Floats) -> Floats:
    """Weighted sum along the last axis, or inf where the terms do not fade at the ends."""
    terms = weights * values
    if terms.shape[-1] == 1:
        return terms[..., 0]
    ends = np.maximum(terms[..., 0], terms[..., -1])
    return np.where(ends < _FADED * terms.max(axis=-1), terms.sum(axis=-1), np.inf)


class _Joint(NamedTuple):
    """Joint density of the data, x and r."""

    spectrum: Spectrum
    sigma: float | LogDensity
    tau: float | LogDensity
    scaled: bool

    def log_given(self, x: Floats, r: Floats, terms: tuple[Floats, Floats]) -> Floats:
        """``log p(y, x, r)`` but for `log_ratio_prior`; Jacobians of the logs included."""
        value = self.spectrum.log_likelihood(x, *terms)
        if callable(self.sigma):
            value = value + self.sigma(np.exp(x)) + x
        if callable(self.tau) and not self.scaled:
            value = value + self.tau(np.exp(x + r)) + x + r
        return value

    def log_ratio_prior(self, r: Floats) -> Floats:
        """The part that depends on r only: beside it, others would drown where it is extreme."""
        return self.tau(np.exp(r)) + r if callable(self.tau) and self.scaled else np.zeros_like(r)

    def on_line(self, u: Floats) -> tuple[Floats, Floats]:
        """(x, r) where u is the log of the only unknown variance, or of known ones."""
        x = u if callable(self.sigma) else np.full_like(u, np.log(self.sigma))
        log_tau = u if callable(self.tau) else np.full_like(u, np.log(self.tau))
        return x, log_tau if self.scaled else log_tau - x


def _at_point(joint: _Joint) -> VariancePosterior:
    x, r = joint.on_line(np.zeros(1))
    log_evidence = float(joint.log_given(x, r, joint.spectrum.terms(r))[0])

    def draw(n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        return np.full(n, np.exp(x[0])), np.full(n, r[0])

    return VariancePosterior(log_evidence, 0.0, np.ones(1), r, np.exp(x), np.exp(2 * x), draw)


def _over_line(joint: _Joint) -> VariancePosterior:
    def log_f(u: Floats) -> Floats:
        x, r = joint.on_line(u)
        return joint.log_given(x, r, joint.spectrum.terms(r)) + joint.log_ratio_prior(r)

    name, (centre, r_centre) = "sigma", joint.spectrum.centre
    if callable(joint.tau):
        log_sigma, _ = joint.on_line(np.zeros(1))
        name, centre = "the prior scale", r_centre + (0 if joint.scaled else float(log_sigma[0]))
    mass = _mass(
        log_f, np.array([centre - _REACH]), np.array([centre + _REACH]), name, joint.spectrum.dof
    )
    table = _Table.of(mass)
    x, r = joint.on_line(mass.u[0])

    def draw(n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        x, r = joint.on_line(table.draw(n, rng))
        return np.exp(x), r

    return VariancePosterior(
        float(mass.log_z[0]), mass.error, mass.weights[0], r, np.exp(x), np.exp(2 * x), draw
    )


def _over_plane(joint: _Joint) -> VariancePosterior:
    x_centre, r_centre = joint.spectrum.centre

    def given(r: Floats, moments: bool = False) -> _Mass:
        """Mass of x for every r."""
        half_log_det, squares = (term[:, None] for term in joint.spectrum.terms(r))
        near_data = 0.5 * np.log(np.maximum(squares[:, 0], 1e-300) / max(joint.spectrum.dof, 1))
        near = [np.full_like(r, x_centre), near_data, x_centre + r_centre - r]
        return _mass(
            lambda x: joint.log_given(x, r[:, None], (half_log_det, squares)),
            np.min(near, axis=0) - _REACH,
            np.max(near, axis=0) + _REACH,
            "sigma",
            joint.spectrum.dof,
            moments=moments,
        )

    def log_f(r: Floats) -> Floats:
        return given(r[0]).log_z + joint.log_ratio_prior(r)

    lower, upper = np.array([r_centre - _REACH]), np.array([r_centre + _REACH])
    marginal = _mass(log_f, lower, upper, "the prior scale", joint.spectrum.dof, _SPACING)
    r = marginal.u[0]
    conditional = given(r, moments=True)
    _refuse_two_modes(conditional.f)
    table, quantiles = _Table.of(marginal), cache(partial(_Quantiles.of, r, conditional))

    def draw(n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        r = table.draw(n, rng)
        return np.exp(quantiles().draw(r, rng)), r

    return VariancePosterior(
        float(marginal.log_z[0]),
        max(marginal.error, conditional.error),
        marginal.weights[0],
        r,
        expectation(conditional.weights, np.exp(conditional.u)),
        expectation(conditional.weights, np.exp(2 * conditional.u)),
        draw,
    )


def _refuse_two_modes(f: Floats) -> None:
    """Quantiles between modes are too steep to interpolate; a shallow dip is not."""
    from_left = np.maximum.accumulate(f, axis=1)
    from_right = np.maximum.accumulate(f[:, ::-1], axis=1)[:, ::-1]
    if (np.minimum(from_left, from_right) - f).max() > 0.1:
        raise PriormapError(
            "the density of sigma has two modes where the ratio of prior scale to noise is held; "
            "give sigma and the prior scale priors with one mode"
        )


class _Mass(NamedTuple):
    """Log density f at uniform points u, one row for each density, and its log integral."""

    u: Floats
    f: Floats
    log_z: Floats
    error: float

    @property
    def weights(self) -> Floats:
        density = np.exp(self.f - self.f.max(axis=1, keepdims=True))
        return density / density.sum(axis=1, keepdims=True)


def _mass(
    log_f: LogDensity,
    lower: Floats,
    upper: Floats,
    name: str,
    dof: int,
    spacing: float = np.inf,
    moments: bool = True,
) -> _Mass:
    """Locate and integrate densities; twice as fine as their integrals ask for."""
    lower, upper = _bracket(log_f, lower, upper, name, moments)
    u = lower[:, None] + (upper - lower)[:, None] * np.linspace(0, 1, 65)
    f, log_z, finer = log_f(u), np.full(len(u), np.inf), False
    while u.shape[1] < _MAX_POINTS and u.size < _MAX_SIZE:
        step = u[:, 1] - u[:, 0]
        top = f.max(axis=1)
        before, log_z = log_z, top + np.log(step * np.exp(f - top[:, None]).sum(axis=1))
        change = np.abs(log_z - before)
        rounding = 4 * np.finfo(float).eps * (np.abs(top) + dof * (1 + np.abs(u).max(axis=1)))
        converged = bool((change <= _TOLERANCE + rounding).all())
        if finer and converged and step.max() <= spacing:
            return _Mass(u, f, log_z, float((change + rounding).max()))
        finer = converged
        middle = u[:, :-1] + 0.5 * step[:, None]
        u, f = _interleaved(u, middle), _interleaved(f, log_f(middle))
    raise PriormapError(
        f"the density of log {name} is too rough for the quadrature; "
        "give a prior whose log density is smooth"
    )


def _interleaved(points: Floats, between: Floats) -> Floats:
    both = np.empty((len(points), points.shape[1] + between.shape[1]))
    both[:, ::2], both[:, 1::2] = points, between
    return both


def _bracket(
    log_f: LogDensity, lower: Floats, upper: Floats, name: str, moments: bool
) -> tuple[Floats, Floats]:
    """Interval of every row that holds its mass and, if asked, that of two moments of exp(u).

    From coarse to fine: the hull of all cells that may come within reach of the peak stays.
    """
    points, coarse = int((upper - lower).max() / _STEP) + 1, True
    rows, exists = np.arange(len(lower)), np.zeros((3, len(lower)), dtype=bool)
    while True:
        u = lower[:, None] + (upper - lower)[:, None] * np.linspace(0, 1, points)
        f = log_f(u)
        first, last = _hull(f)
        if coarse and ((first == 0).any() or (last == points - 1).any()):
            end = "zero" if (first == 0).any() else "infinity"
            raise PriormapError(
                f"the posterior is improper: the density of log {name} does not fade towards "
                f"{end}; use proper priors and no more flat columns than the rows can tell apart"
            )
        for power in (1, 2) if moments else ():
            tilted_first, tilted_last = _hull(f + power * u)
            if coarse:
                exists[power] = (tilted_first > 0) & (tilted_last < points - 1)
            first = np.where(exists[power], np.minimum(first, tilted_first), first)
            last = np.where(exists[power], np.maximum(last, tilted_last), last)
        lower, upper = u[rows, first], u[rows, last]
        settled = (last - first > 0.8 * points) | (upper - lower < _NARROWEST)
        if not coarse and settled.all():
            return lower - 0.5 * _NARROWEST, upper + 0.5 * _NARROWEST
        points, coarse = 41, False


def _hull(f: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First and last point of the cells that may come within reach of the peak.

    In a cell a concave function lies below the lines through its two neighbours.
    """
    f = np.maximum(f, -1e200)  # differences of minus infinities are not numbers
    padded = np.concatenate([f[:, :1], f, f[:, -1:]], axis=1)
    lines = np.minimum(2 * padded[:, 1:-2] - padded[:, :-3], 2 * padded[:, 2:-1] - padded[:, 3:])
    bound = np.maximum(lines, np.maximum(f[:, :-1], f[:, 1:]))
    kept = bound > f.max(axis=1, keepdims=True) - _DROP
    return kept.argmax(axis=1), f.shape[1] - 1 - kept[:, ::-1].argmax(axis=1)


def _lagrange(points: Floats) -> tuple[Floats, Floats]:
    """Weights on 8 neighbours: values at `points` in [0, 1], and the integral over [0, 1]."""
    nodes = np.arange(-3.0, 5.0)
    values, integrals = np.empty((8, len(points))), np.empty(8)
    for j, node in enumerate(nodes):
        others = np.delete(nodes, j)
        polynomial = np.poly(others) / np.prod(node - others)
        values[j] = np.polyval(polynomial, points)
        integrals[j] = np.polyval(np.polyint(polynomial), 1.0)
    return values, integrals


_TO_FINER, _TO_MASS = _lagrange(np.arange(_FINER) / _FINER)


class _Table(NamedTuple):
    """Inverse of a distribution function: cubic Hermite in the probability, cell by cell."""

    start: float
    step: float
    below: Floats  # probability below a cell
    inside: Floats
    guide: NDArray[np.intp]  # cell of the lowest probability of each of equal bins
    excess: Floats  # slopes of the inverse at both ends of a cell, less 1, in units of the cell

    @classmethod
    def of(cls, mass: _Mass) -> _Table:
        u, f = mass.u[0], mass.f[0]
        step = (u[1] - u[0]) / _FINER
        fine = np.exp((sliding_window_view(f, 8) @ _TO_FINER).ravel() - f.max()) + _TINY
        inside = np.maximum(sliding_window_view(fine, 8) @ _TO_MASS, _TINY)
        density, total = fine[3:-3], inside.sum()
        slopes = inside / density[:-1], inside / density[1:]
        below = np.concatenate([[0.0], np.cumsum(inside[:-1])]) / total
        guide = np.searchsorted(below, np.arange(_BINS) / _BINS, side="right") - 1
        return cls(u[3] + 3 * step, step, below, inside / total, guide, np.stack(slopes) - 1)

    def draw(self, n: int, rng: np.random.Generator) -> Floats:
        p = rng.random(n)
        cell = self.guide[(p * _BINS).astype(np.intp)]
        later = np.flatnonzero(p >= self.below[cell] + self.inside[cell])
        cell[later] = np.searchsorted(self.below, p[later], side="right") - 1
        s = np.minimum((p - self.below[cell]) / self.inside[cell], 1.0)
        left, right = self.excess[0][cell], self.excess[1][cell]
        return self.start + self.step * (cell + s + s * (1 - s) * (left * (1 - s) - right * s))


class _Quantiles(NamedTuple):
    """Quantiles of x given r: a quintic spline in r and in the normal score of the probability."""

    start: float
    step: float
    spline: Floats

    @classmethod
    def of(cls, r: Floats, given: _Mass) -> _Quantiles:
        from scipy import ndimage

        density = np.exp(given.f - given.f.max(axis=1, keepdims=True)) + _TINY
        inside = sliding_window_view(density, 8, axis=1) @ _TO_MASS
        total = inside.sum(axis=1, keepdims=True)
        below = np.cumsum(inside[:, :-1], axis=1) / total
        above = np.cumsum(inside[:, :0:-1], axis=1)[:, ::-1] / total
        score = np.where(below < above, ndtri(below), -ndtri(above))
        step = (given.u[:, 1] - given.u[:, 0])[:, None]
        slope = np.exp(-0.5 * score**2) / np.sqrt(2 * np.pi) * total * step / density[:, 4:-4]
        quantile = np.stack(
            [_hermite(*row) for row in zip(score, given.u[:, 4:-4], slope, strict=True)]
        )
        return cls(r[0], r[1] - r[0], ndimage.spline_filter(quantile, order=5))

    def draw(self, r: Floats, rng: np.random.Generator) -> Floats:
        from scipy import ndimage

        score = np.clip(rng.standard_normal(len(r)), _SCORES[0], _SCORES[-1])
        where = (r - self.start) / self.step, (score - _SCORES[0]) / (_SCORES[1] - _SCORES[0])
        return ndimage.map_coordinates(self.spline, where, order=5, prefilter=False, mode="mirror")


def _hermite(score: Floats, x: Floats, slope: Floats) -> Floats:
    """Cubic Hermite interpolant of x at the scores kept."""
    cell = np.clip(np.searchsorted(score, _SCORES) - 1, 0, len(score) - 2)
    width = score[cell + 1] - score[cell]
    s, rise = (_SCORES - score[cell]) / width, x[cell + 1] - x[cell]
    left, right = width * slope[cell] - rise, width * slope[cell + 1] - rise
    return x[cell] + s * rise + s * (1 - s) * (left * (1 - s) - right * s)
