r"""Posterior densities of one or two coefficients, without a bandwidth.

Given all other coefficients, sigma and the scale, the density of one or two coefficients is
known exactly: a normal likelihood times the prior. Its average over the draws is their marginal
posterior density, and keeps the kink at zero that smoothing the draws would round off (Gelfand
and Smith 1990, "Sampling-based approaches to calculating marginal densities").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import integrate

from priormap.arrays import Floats
from priormap.data.regression import Regression
from priormap.errors import PriormapError
from priormap.model.model import Model
from priormap.posterior.plane_posterior import log_kinked_mass
from priormap.priors import PenaltyParts, Prior

if TYPE_CHECKING:
    import xarray as xr


_MOST_DRAWS = {1: 2000, 2: 500}  # by the number of coefficients: an average needs no more
_WIDE, _NODES = 12.0, 601  # standard deviations, and nodes over them, of a quadrature
_CHUNK = 50  # draws whose two-dimensional densities are held at once


class RaoBlackwell:
    """Some coefficients given the rest, at each of (at most 2000 or 500) draws.

    Attributes
    ----------
    drawn : array of shape (m, k)
        Draws of the k coefficients, all that there are.
    smooth : bool
        Whether the densities given the rest are wide enough for their average to be smooth;
        where the rest almost determines a coefficient, or its prior is unbounded at zero, it is
        smoothed draws that are given.
    """

    def __init__(
        self, data: Regression, prior: Prior, draws: xr.DataTree, which: list[int]
    ) -> None:
        posterior = draws["posterior"]
        coef = posterior["coef"].to_numpy().reshape(-1, data.n_features)
        self.drawn: Floats = coef[:, which]
        still = np.ptp(self.drawn, axis=0) == 0
        if still.any():
            names = [data.names[which[k]] for k in np.flatnonzero(still)]
            raise PriormapError(
                f"all draws of {names[0]} are one number, which has no density to draw; choose "
                "other features"
            )
        rows = np.linspace(0, len(coef) - 1, min(len(coef), _MOST_DRAWS[len(which)])).astype(int)
        if data.noise.is_known:
            sigma = np.full(len(coef), data.noise.at(None))
        else:
            sigma = posterior["sigma"].to_numpy().ravel()
        self._sigma: Floats = sigma[rows]
        factor = self._sigma if prior.scaled_by_noise else np.ones(len(rows))
        if "scale" in posterior:  # the prior given has its posterior median
            scale = posterior["scale"].to_numpy().ravel()
            factor = factor * scale[rows] / np.median(scale)
        columns = Model(data, prior).relative
        own = (columns.on_columns(np.array([j])) for j in which)
        self._priors = [one.stretched(factor) for one in own]  # one scale for each draw
        self._set_likelihood(data, coef[rows], which)
        spread = self.drawn.std(axis=0)
        bandwidth = spread * len(coef) ** (-1 / (len(which) + 4))
        inverse = np.diag(np.linalg.pinv(self._cross))
        wide = bool((np.sqrt(inverse) * np.median(sigma) > 0.5 * bandwidth).all())
        self.smooth = wide and not (prior.is_unbounded or prior.has_groups)

    def _set_likelihood(self, data: Regression, coef: Floats, which: list[int]) -> None:
        """Cross products of the chosen columns, and with y less what the others explain."""
        unit = data.unit
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
        return np.asarray(np.exp(self._log_densities(grid)).mean(axis=1))

    def log_ratio_at_zero(self) -> Floats:
        """Log density of one coefficient at zero, given the rest, over that of its prior; (m,)."""
        at_zero = self._log_densities(np.zeros(1))[0]
        (prior,) = self._priors
        return np.asarray(at_zero - prior.logpdf(np.zeros(len(at_zero))))

    def _log_densities(self, grid: Floats) -> Floats:
        """Log density of one coefficient given the rest of each draw, shape (grid, m)."""
        variance = self._sigma**2 / self._cross[0, 0]
        center, (prior,) = self._pull[:, 0] / self._cross[0, 0], self._priors
        if isinstance(prior, PenaltyParts):
            return _log_density_of_parts(grid[:, None], center, variance, prior)
        return _log_density(grid[:, None], center, np.sqrt(variance), prior)

    def joint_density(self, x: Floats, y: Floats) -> Floats:
        """Joint density of two coefficients on evenly spaced grids, shape (len(y), len(x)).

        Each draw's density integrates to one on the grid.
        """
        points = np.stack(np.meshgrid(x, y)).reshape(2, -1)
        if not self.smooth:
            return _smoothed(self.drawn, points).reshape(len(y), len(x))
        square = np.einsum("ig,ij,jg->g", points, self._cross, points) / 2
        cell = float((x[1] - x[0]) * (y[1] - y[0]))
        draws, total = len(self._sigma), np.zeros(points.shape[1])
        for start in range(0, draws, _CHUNK):
            some = np.arange(start, min(start + _CHUNK, draws))
            log_density = (self._pull[some] @ points - square) / self._sigma[some, None] ** 2
            for prior, coef in zip(self._priors, points, strict=True):
                log_density -= _penalty(coef, prior.on_columns(some))
            density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
            total += (density / density.sum(axis=1, keepdims=True)).sum(axis=0)
        return total.reshape(len(y), len(x)) / (draws * cell)


def _penalty(coef: Floats, prior: Prior) -> Floats:
    """Penalty under each scale of the prior, shape (scales, coefficients)."""
    if not isinstance(prior, PenaltyParts):
        return prior.penalty(coef[:, None]).T
    rate, square = 1 / np.asarray(prior.l1_scale), 1 / np.asarray(prior.l2_scale) ** 2
    return np.asarray(np.outer(rate, np.abs(coef)) + np.outer(square, coef**2 / 2))


def _log_density_of_parts(
    coef: Floats, center: Floats, variance: Floats, prior: PenaltyParts
) -> Floats:
    """Log density of ``Normal(center, variance)`` times a prior with an L1 and an L2 part."""
    rate = 1 / np.asarray(prior.l1_scale)
    variance, center = _times_gaussian(variance, center, 1 / np.asarray(prior.l2_scale))
    sd = np.sqrt(variance)
    u = center / sd
    return np.asarray(
        -0.5 * ((coef - center) / sd) ** 2
        - np.abs(coef) * rate
        - (log_kinked_mass(u, sd * rate) - 0.5 * u**2)
        - np.log(sd * np.sqrt(2 * np.pi))
    )


def _log_density(coef: Floats, center: Floats, sd: Floats, prior: Prior) -> Floats:
    """The same of any prior, its mass by quadrature over the normal factor."""
    u = np.linspace(-_WIDE, _WIDE, _NODES)[:, None]
    mass = integrate.simpson(np.exp(-0.5 * u**2 - prior.penalty(center + sd * u)), u[:, 0], axis=0)
    log_height = -0.5 * ((coef - center) / sd) ** 2 - prior.penalty(coef)
    return np.asarray(log_height - np.log(sd * mass))


def _times_gaussian(variance: Floats, center: Floats, rate: Floats) -> tuple[Floats, Floats]:
    """Variance and mean of a normal density times a zero-centred one of sd ``1 / rate``."""
    shrunk = 1 + variance * rate**2
    return variance / shrunk, center / shrunk


def _smoothed(drawn: Floats, points: Floats) -> Floats:
    from scipy.stats import gaussian_kde

    return np.asarray(gaussian_kde(drawn.T)(points))
