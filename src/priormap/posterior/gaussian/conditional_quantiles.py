"""Quantiles of many densities on a line, interpolated between the lines too."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import ndtri

from priormap.arrays import Floats
from priormap.posterior.gaussian.line_quadrature import TINY, TO_MASS, LineMass

_LIMIT = 7.5  # largest normal score of the quantiles kept
_SCORES = np.linspace(-_LIMIT, _LIMIT, 76)


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

        density = np.exp(given.f - given.f.max(axis=1, keepdims=True)) + TINY
        inside = np.maximum(sliding_window_view(density, 8, axis=1) @ TO_MASS, TINY)
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
