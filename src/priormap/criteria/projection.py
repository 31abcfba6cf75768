r"""Projection of a posterior onto some of the columns, one more at a time.

The draws of the reference fit are replaced by those of the submodel that are nearest to them in
Kullback-Leibler divergence. Under Gaussian noise these are least squares of each draw's *fit*,

.. math::

    b_\perp = (X_S'X_S)^{-1} X_S' X b, \qquad
    \sigma_\perp^2 = \sigma^2 + \tfrac1n |X b - X_S b_\perp|^2, \qquad
    \mathrm{KL} = \tfrac n2 \log \frac{\sigma_\perp^2}{\sigma^2}

(Piironen, Paasiniemi and Vehtari 2020, section 4). The columns enter in the order in which they
enter the lasso path through the mean fit of the reference, which never looks at y. With the
columns in that order and ``X_S = Q R``, the fits of all submodels are sums of columns of Q.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from priormap.arrays import Floats, Indices
from priormap.criteria.pareto_smoothing import log_sums, smoothed_log_weights
from priormap.data.regression import Regression
from priormap.data.unit_columns import UnitColumns
from priormap.errors import PriormapWarning
from priormap.mode import map_path
from priormap.priors import Laplace

_WELL_CONDITIONED = 1e-5  # smallest pivot at which cross products tell as much as the rows
_DEPENDENT = 1e-7  # length that the others leave of a unit column: it adds nothing to them


def root_of(columns: UnitColumns, which: Indices) -> Floats:
    """``R`` of few rows with ``R'R = Z'Z``, from the cross products where they tell."""
    if columns.has_cheap_gram and columns.smallest_pivot > _WELL_CONDITIONED:
        return np.asarray(np.linalg.cholesky(columns.gram[np.ix_(which, which)]).T)
    return np.asarray(np.linalg.qr(columns.columns(which), mode="r"))


def entering_order(root: Floats, mean: Floats) -> Indices:
    """Columns in the order in which they enter the lasso path through ``root @ mean``.

    Those that never do follow, the one with the larger coefficient first.
    """
    size = float(np.abs(mean).max(initial=0.0))
    if size == 0:
        return np.arange(len(mean))
    mean = mean / size  # the order has no unit
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PriormapWarning)  # the data were judged when they came in
        surrogate = Regression(root, root @ mean, sigma=1.0, intercept=False)
        live = map_path(surrogate, Laplace()).coef != 0
    first = np.where(live.any(axis=0), live.argmax(axis=0), len(live))
    return np.lexsort((-np.abs(mean), first))


@dataclass(frozen=True, eq=False)
class Projector:
    """Projections onto the first columns of an order, for all sizes at once.

    Attributes
    ----------
    data : Regression
    order : array of shape (k,)
        Columns, none of which is a sum of those before it.
    root : array of shape (k, k)
        R of these columns, upper triangular.
    fits : array of shape (draws, k)
        Fit of every draw along the columns of Q.
    beside : array of shape (draws,)
        Squared length of what all these columns leave of the fit.
    sigma : array of shape (draws,)
    """

    data: Regression
    order: Indices
    root: Floats
    fits: Floats
    beside: Floats
    sigma: Floats

    @classmethod
    def of(cls, data: Regression, coef: Floats, sigma: Floats, most: int) -> Projector:
        """Order the columns by the mean fit of these draws, shape (draws, p)."""
        live = np.flatnonzero(data.unit.x_norm > 0)
        unit = (coef * data.unit.x_norm)[:, live]
        root = root_of(data.unit, live)
        order = entering_order(root, unit.mean(axis=0))
        triangle = np.asarray(np.linalg.qr(root[:, order], mode="r"))
        whole = order[_independent(triangle)]
        kept = whole[:most]
        Q, R = np.linalg.qr(root[:, kept])
        sign = np.where(np.diag(R) < 0, -1.0, 1.0)
        drawn = unit @ root.T
        fits = (drawn @ Q) * sign
        beside = np.maximum((drawn**2).sum(axis=1) - (fits**2).sum(axis=1), 0.0)
        if len(kept) == len(whole):  # all of the fit: what is left is rounding
            beside = np.zeros(len(beside))
        return cls(data, live[kept], sign[:, None] * R, fits, beside, sigma)

    @property
    def sizes(self) -> int:
        """Number of submodels: none of the columns, one, and so on."""
        return len(self.order) + 1

    @property
    def left(self) -> Floats:
        """``|X b - X_S b_perp|**2`` of every draw and size, shape (draws, sizes)."""
        later = np.cumsum(self.fits[:, ::-1] ** 2, axis=1)[:, ::-1]
        return np.hstack([later, np.zeros((len(later), 1))]) + self.beside[:, None]

    @property
    def sigmas(self) -> Floats:
        """``sigma_perp`` of every draw and size."""
        return np.asarray(np.sqrt(self.sigma[:, None] ** 2 + self.left / self.data.n_rows))

    @property
    def divergences(self) -> Floats:
        """Kullback-Leibler divergence from the reference of every draw and size, all rows."""
        return np.asarray(self.data.n_rows * np.log(self.sigmas / self.sigma[:, None]))

    def coef(self, size: int) -> Floats:
        """Projected draws of all coefficients, shape (draws, p), in the caller's units."""
        found = np.zeros((len(self.fits), self.data.n_features))
        if size:
            R = self.root[:size, :size]
            which = self.order[:size]
            found[:, which] = solve_triangular(R, self.fits[:, :size].T).T
            found[:, which] /= self.data.unit.x_norm[which]
        return found

    def fitted(self, X: Floats, centre: Floats) -> Iterator[Floats]:
        """Linear predictor of rows under every draw, size after size: ``(rows, draws)``.

        `centre` is that of the mean row under every draw. One array, which is added to.
        """
        columns, order = self.data.unit, self.order
        Z = (X[:, order] - columns.x_mean[order]) / columns.x_norm[order]
        eta = np.repeat(centre[None, :], len(X), axis=0)
        yield eta
        if len(order):
            Q = solve_triangular(self.root, Z.T, trans="T").T
        for k in range(len(order)):
            eta += Q[:, k : k + 1] * self.fits[:, k]
            yield eta


def _independent(triangle: Floats) -> Indices:
    """Which columns of a triangular factor are no sums of those before them."""
    lengths = np.abs(np.diag(triangle))
    if triangle.shape[0] == triangle.shape[1] and lengths.min(initial=1.0) > _DEPENDENT:
        return np.arange(len(lengths))
    free: list[int] = []
    basis = np.empty((len(triangle), 0))
    for j, column in enumerate(triangle.T):
        left = column - basis @ (basis.T @ column)
        left -= basis @ (basis.T @ left)
        length = float(np.linalg.norm(left))
        if length > _DEPENDENT and len(free) < len(triangle):
            free.append(j)
            basis = np.column_stack([basis, left / length])
    return np.array(free, dtype=int)


def submodel_densities(
    projector: Projector, draws: tuple[Floats, Floats, Floats], X: Floats, y: Floats, *, seen: bool
) -> tuple[Floats, Floats, Floats]:
    """Log predictive density of rows under every submodel and under the reference, and k-hats.

    Where the reference has seen the rows, by the Pareto-smoothed weights that leave each out of
    it. `draws` are coefficients, intercepts and sigmas; shapes (rows, sizes), (rows,), (rows,).
    """
    coef, intercept, sigma = draws
    y, constant = y[:, None], -0.5 * np.log(2 * np.pi)
    given = constant - np.log(sigma) - 0.5 * ((y - X @ coef.T - intercept) / sigma) ** 2
    log_weights, khat = np.full(given.shape, -np.log(len(coef))), np.full(len(X), np.nan)
    if seen:
        log_weights, khat = smoothed_log_weights(-given)
    found = np.empty((len(X), projector.sizes))
    centre = intercept + coef @ projector.data.unit.x_mean
    reference, left = log_sums(log_weights + given), projector.left.max(axis=0)
    for size, eta in enumerate(projector.fitted(X, centre)):
        if left[size] == 0:  # it is the reference
            found[:, size] = reference
            continue
        noise = projector.sigmas[:, size]
        each = constant - np.log(noise) - 0.5 * ((y - eta) / noise) ** 2
        found[:, size] = log_sums(log_weights + each)
    return found, reference, khat
