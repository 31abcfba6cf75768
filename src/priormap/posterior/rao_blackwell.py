r"""Posterior densities of one or two coefficients, without a bandwidth.

Given all other coefficients, sigma and the scale, the density of one or two coefficients is
known exactly: a normal likelihood times the prior. Its average over the draws is their marginal
posterior density, and keeps the kink at zero that smoothing the draws would round off (Gelfand
and Smith 1990, "Sampling-based approaches to calculating marginal densities").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from priormap.arrays import Floats
from priormap.mode import MapEstimate
from priormap.model.penalty import relative_prior
from priormap.posterior.plane_posterior import log_kinked_mass

if TYPE_CHECKING:
    import xarray as xr


_MOST_DRAWS = {1: 2000, 2: 500}  # by the number of coefficients: an average needs no more
_CHUNK = 50  # draws whose two-dimensional densities are held at once


class RaoBlackwell:
    """Some coefficients given the rest, at each of (at most 2000 or 500) draws.

    Attributes
    ----------
    drawn : array of shape (m, k)
        Draws of the k coefficients, all that there are.
    smooth : bool
        Whether the densities given the rest are wide enough for their average to be smooth;
        where the rest almost determines a coefficient, it is smoothed draws that are given.
    """

    def __init__(self, fit: MapEstimate, draws: xr.DataTree, which: list[int]) -> None:
        data, posterior = fit.data, draws["posterior"]
        coef = posterior["coef"].to_numpy().reshape(-1, data.n_features)
        self.drawn: Floats = coef[:, which]
        rows = np.linspace(0, len(coef) - 1, min(len(coef), _MOST_DRAWS[len(which)])).astype(int)
        learnt = "sigma" in posterior
        sigma = posterior["sigma"].to_numpy().ravel() if learnt else np.full(len(coef), fit.sigma)
        self._sigma: Floats = sigma[rows]
        factor = self._sigma if fit.prior.scaled_by_noise else np.ones(len(rows))
        if "scale" in posterior:  # the mode's prior has its posterior median
            scale = posterior["scale"].to_numpy().ravel()
            factor = factor * scale[rows] / np.median(scale)
        columns = relative_prior(fit.prior, data)
        one = np.ones(data.n_features)
        self._rate: Floats = 1 / (factor[:, None] * (one * columns.l1_scale)[which])
        self._gaussian_rate: Floats = 1 / (factor[:, None] * (one * columns.l2_scale)[which])
        self._set_likelihood(fit, coef[rows], which)
        spread = self.drawn.std(axis=0)
        bandwidth = spread * len(coef) ** (-1 / (len(which) + 4))
        inverse = np.diag(np.linalg.pinv(self._cross))
        self.smooth = bool((np.sqrt(inverse) * np.median(sigma) > 0.5 * bandwidth).all())

    def _set_likelihood(self, fit: MapEstimate, coef: Floats, which: list[int]) -> None:
        """Cross products of the chosen columns, and with y less what the others explain."""
        unit = fit.data.unit
        size = unit.y_norm or 1.0
        length = unit.x_norm[which]
        if unit.has_cheap_gram:
            gram = unit.gram[which]
        else:
            gram = unit.columns(np.array(which)).T @ unit.columns(np.arange(unit.p))
        cross = gram[:, which]
        scaled = coef * unit.x_norm / size
        rest = unit.xty[which] - scaled @ gram.T + scaled[:, which] @ cross
        self._cross: Floats = cross * length[:, None] * length
        self._pull: Floats = rest * length * size

    def density(self, grid: Floats) -> Floats:
        """Marginal density of one coefficient on a grid."""
        if not self.smooth:
            return _smoothed(self.drawn, grid[None])
        variance = self._sigma**2 / self._cross[0, 0]
        center, rate = self._pull[:, 0] / self._cross[0, 0], self._rate[:, 0]
        variance, center = _times_gaussian(variance, center, self._gaussian_rate[:, 0])
        sd = np.sqrt(variance)
        u = center / sd
        log_density = (
            -0.5 * ((grid[:, None] - center) / sd) ** 2
            - np.abs(grid[:, None]) * rate
            - (log_kinked_mass(u, sd * rate) - 0.5 * u**2)
            - np.log(sd * np.sqrt(2 * np.pi))
        )
        return np.asarray(np.exp(log_density).mean(axis=1))

    def joint_density(self, x: Floats, y: Floats) -> Floats:
        """Joint density of two coefficients on evenly spaced grids, shape (len(y), len(x)).

        Each draw's density integrates to one on the grid.
        """
        points = np.stack(np.meshgrid(x, y)).reshape(2, -1)
        if not self.smooth:
            return _smoothed(self.drawn, points).reshape(len(y), len(x))
        square = np.einsum("ig,ij,jg->g", points, self._cross, points) / 2
        linear, quadratic = np.abs(points), points**2 / 2
        cell = float((x[1] - x[0]) * (y[1] - y[0]))
        total = np.zeros(points.shape[1])
        for start in range(0, len(self._rate), _CHUNK):
            some = slice(start, start + _CHUNK)
            noise = self._sigma[some, None] ** 2
            log_density = (self._pull[some] @ points - square) / noise
            log_density -= self._rate[some] @ linear + self._gaussian_rate[some] ** 2 @ quadratic
            density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
            total += (density / density.sum(axis=1, keepdims=True)).sum(axis=0)
        return total.reshape(len(y), len(x)) / (len(self._rate) * cell)


def _times_gaussian(variance: Floats, center: Floats, rate: Floats) -> tuple[Floats, Floats]:
    """Variance and mean of a normal density times a zero-centred one of sd ``1 / rate``."""
    shrunk = 1 + variance * rate**2
    return variance / shrunk, center / shrunk


def _smoothed(drawn: Floats, points: Floats) -> Floats:
    from scipy.stats import gaussian_kde

    return np.asarray(gaussian_kde(drawn.T)(points))
