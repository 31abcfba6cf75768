"""Integrals and inverse distribution functions of densities on a line, many lines at once.

Integrals are trapezoidal sums on uniform grids. For analytic integrands that fade at both ends
their error falls exponentially with the number of points (Trefethen and Weideman, 2014,
"The exponentially convergent trapezoidal rule", SIAM Review 56(3)). Draws invert distribution
functions that are interpolated from these grids.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import ndtri

from priormap.arrays import Bools, Floats, Indices
from priormap.errors import PriormapError

LogDensity: TypeAlias = Callable[[Floats], Floats]

_TINY = 1e-300  # density where it underflows, between modes
_DROP = 40.0  # cells below exp(-40) of the peak are neglected
_STEP = 1.0  # of the first search, in log units
_CELLS, _SETTLED = 40, 16  # of a finer search, and how many full ones are narrow enough
_TOLERANCE = 1e-12  # of a log integral, between two grids
_NARROWEST = 1e-8  # interval; narrower only where a density is nearly zero everywhere
_MAX_POINTS, _MAX_SIZE = 1 << 16, 1 << 23  # of one density, and of all rows
_BINS = 1 << 11  # shortcuts into a sampling table
_LIMIT = 7.5  # largest normal score of the quantiles kept
_SCORES = np.linspace(-_LIMIT, _LIMIT, 76)
_FINER = 8  # cells of a sampling table to one step of the quadrature


class LineMass(NamedTuple):
    """Log density f at uniform points u, one row for each density, and its log integral."""

    u: Floats
    f: Floats
    log_z: Floats
    error: float

    @property
    def weights(self) -> Floats:
        """Mass at each point, every row summing to 1."""
        density = np.exp(self.f - self.f.max(axis=1, keepdims=True))
        return density / density.sum(axis=1, keepdims=True)


def integrate_lines(
    log_f: LogDensity,
    lower: Floats,
    upper: Floats,
    name: str,
    dof: int,
    spacing: float = np.inf,
    moments: bool = True,
) -> LineMass:
    """Locate and integrate densities; twice as fine as their integrals ask for."""
    lower, upper = bracket_lines(log_f, lower, upper, name, moments)
    return integrate_between(log_f, lower, upper, name, dof, spacing)


def integrate_between(
    log_f: LogDensity,
    lower: Floats,
    upper: Floats,
    name: str,
    dof: int,
    spacing: float = np.inf,
    to_draw: bool = True,
) -> LineMass:
    """Integrate densities that fade at both ends; twice as fine as integrals ask for, to draw."""
    u = _grid(lower, upper, 65 if to_draw else 33)
    f, log_z, finer = log_f(u), np.full(len(u), np.inf), not to_draw
    while u.shape[1] < _MAX_POINTS and u.size < _MAX_SIZE:
        step = u[:, 1] - u[:, 0]
        top = f.max(axis=1)
        before, log_z = log_z, top + np.log(step * np.exp(f - top[:, None]).sum(axis=1))
        change = np.abs(log_z - before)
        rounding = 4 * np.finfo(float).eps * (np.abs(top) + dof * (1 + np.abs(u).max(axis=1)))
        converged = bool((change <= _TOLERANCE + rounding).all())
        if finer and converged and step.max() <= spacing:
            return LineMass(u, f, log_z, float((change + rounding).max()))
        finer = converged or not to_draw
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


def bracket_lines(
    log_f: LogDensity,
    lower: Floats,
    upper: Floats,
    name: str,
    moments: bool = False,
    step: float = _STEP,
) -> tuple[Floats, Floats]:
    """Interval of every row that holds its mass and, if asked, that of two moments of exp(u)."""
    points = int((upper - lower).max() / step) + 1
    u = _grid(lower, upper, points)
    f = log_f(u)
    first, last = _hull(f)
    if (first == 0).any() or (last == points - 1).any():
        end = "zero" if (first == 0).any() else "infinity"
        raise PriormapError(
            f"the posterior is improper: the density of log {name} does not fade towards "
            f"{end}; use proper priors and no more flat columns than the rows can tell apart"
        )
    exists = {}
    for power in (1, 2) if moments else ():
        tilted_first, tilted_last = _hull(f + power * u)
        exists[power] = (tilted_first > 0) & (tilted_last < points - 1)
        first = np.where(exists[power], np.minimum(first, tilted_first), first)
        last = np.where(exists[power], np.maximum(last, tilted_last), last)
    rows = np.arange(len(u))
    return narrow_lines(log_f, u[rows, first], u[rows, last], exists)


def narrow_lines(
    log_f: LogDensity,
    lower: Floats,
    upper: Floats,
    exists: dict[int, Bools] | None = None,
) -> tuple[Floats, Floats]:
    """From coarse to fine: the hull of all cells that may come within reach of the peak stays."""
    rows = np.arange(len(lower))
    while True:
        u = _grid(lower, upper, _CELLS + 1)
        f = log_f(u)
        first, last = _hull(f)
        for power, where in (exists or {}).items():
            tilted_first, tilted_last = _hull(f + power * u)
            first = np.where(where, np.minimum(first, tilted_first), first)
            last = np.where(where, np.maximum(last, tilted_last), last)
        lower, upper = u[rows, first], u[rows, last]
        settled = (last - first > _SETTLED) | (upper - lower < _NARROWEST)
        if settled.all():
            return lower - 0.5 * _NARROWEST, upper + 0.5 * _NARROWEST


def _grid(lower: Floats, upper: Floats, points: int) -> Floats:
    grid: Floats = lower[:, None] + (upper - lower)[:, None] * np.linspace(0, 1, points)
    return grid


def _hull(f: Floats) -> tuple[Indices, Indices]:
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


class InverseTable(NamedTuple):
    """Inverse of a distribution function: cubic Hermite in the probability, cell by cell."""

    start: float
    step: float
    below: Floats  # probability below a cell
    inside: Floats
    guide: Indices  # cell of the lowest probability of each of equal bins
    excess: Floats  # slopes of the inverse at both ends of a cell, less 1, in units of the cell

    @classmethod
    def of(cls, mass: LineMass) -> InverseTable:
        """Table of the first row of a mass."""
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
        """Draw n independent points."""
        p = rng.random(n)
        cell = self.guide[(p * _BINS).astype(np.intp)]
        later = np.flatnonzero(p >= self.below[cell] + self.inside[cell])
        cell[later] = np.searchsorted(self.below, p[later], side="right") - 1
        s = np.minimum((p - self.below[cell]) / self.inside[cell], 1.0)
        left, right = self.excess[0][cell], self.excess[1][cell]
        return self.start + self.step * (cell + s + s * (1 - s) * (left * (1 - s) - right * s))


class QuantileTable(NamedTuple):
    """Quantiles of x given r: a quintic spline in r and in the normal score of the probability."""

    start: float
    step: float
    spline: Floats

    @classmethod
    def of(cls, r: Floats, given: LineMass) -> QuantileTable:
        """Table from the mass of x at each of equally spaced r.

        At the ends of r, some twenty steps deep, the spline is less exact than inside.
        """
        from scipy import ndimage

        density = np.exp(given.f - given.f.max(axis=1, keepdims=True)) + _TINY
        inside = np.maximum(sliding_window_view(density, 8, axis=1) @ _TO_MASS, _TINY)
        total = inside.sum(axis=1, keepdims=True)
        below = np.cumsum(inside[:, :-1], axis=1) / total
        above = np.cumsum(inside[:, :0:-1], axis=1)[:, ::-1] / total
        score = np.where(below < above, ndtri(below), -ndtri(above))
        step = (given.u[:, 1] - given.u[:, 0])[:, None]
        slope = np.exp(-0.5 * score**2) / np.sqrt(2 * np.pi) * total * step / density[:, 4:-4]
        quantile = _hermite(score, given.u[:, 4:-4], slope)
        return cls(r[0], r[1] - r[0], ndimage.spline_filter(quantile, order=5))

    def draw(self, r: Floats, rng: np.random.Generator) -> Floats:
        """Draw one x for every r."""
        from scipy import ndimage

        score = np.clip(rng.standard_normal(len(r)), _SCORES[0], _SCORES[-1])
        row = np.clip((r - self.start) / self.step, 0, len(self.spline) - 1)
        where = row, (score - _SCORES[0]) / (_SCORES[1] - _SCORES[0])
        return ndimage.map_coordinates(self.spline, where, order=5, prefilter=False, mode="mirror")


def _hermite(score: Floats, x: Floats, slope: Floats) -> Floats:
    """Cubic Hermite interpolants of the rows of x, at the scores kept."""
    n_rows, n_points = score.shape
    # one search for all rows, each lifted above the one before
    lift = 4 * _LIMIT * np.arange(n_rows)[:, None]
    within = np.clip(score, -1.5 * _LIMIT, 1.5 * _LIMIT)
    after = np.searchsorted((within + lift).ravel(), (_SCORES + lift).ravel())
    first = n_points * np.repeat(np.arange(n_rows), len(_SCORES))
    cell = np.clip(after - 1, first, first + n_points - 2)
    score, x, slope = score.ravel(), x.ravel(), slope.ravel()
    width = score[cell + 1] - score[cell]
    s, rise = (np.tile(_SCORES, n_rows) - score[cell]) / width, x[cell + 1] - x[cell]
    left, right = width * slope[cell] - rise, width * slope[cell + 1] - rise
    quantile = x[cell] + s * rise + s * (1 - s) * (left * (1 - s) - right * s)
    return quantile.reshape(n_rows, len(_SCORES))
