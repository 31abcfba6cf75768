r"""The Gaussian problem in its eigenbasis, where every prior scale costs O(p).

With prior standard deviations ``t_j = tau w_j`` and noise sigma, the mode depends on
``mu = (sigma / tau)**2`` only. In the eigenbasis of ``W Z'Z W`` (or of ``Z W**2 Z'``, for more
columns than rows) each direction k with eigenvalue ``d_k`` that explains the share ``a_k`` of
``|u|**2`` is shrunk by ``d_k / (d_k + mu)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from priormap.arrays import Bools, Floats, Indices
from priormap.data.unit_columns import UnitColumns

_EPS = float(np.finfo(float).eps)
_CANCELLED = 1e-6  # a difference of sums of squares below this is taken from the rows instead


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Eigenvalues and rotated data of weighted unit columns.

    Attributes
    ----------
    eigenvalues : array of shape (k,)
        ``d_k > 0``, descending; k is the rank.
    explained : array of shape (k,)
        ``a_k``: squared length of the response along each direction.
    rss : float
        ``|u|**2`` that no direction explains.
    basis : array of shape (p, k)
        Columns turn coordinates of the eigenbasis into unit coefficients.
    coordinates : array of shape (k,)
        Least squares in the eigenbasis.
    offset : array of shape (p,)
        Coefficients at infinite mu: those of the unpenalised columns.
    """

    eigenvalues: Floats
    explained: Floats
    rss: float
    basis: Floats
    coordinates: Floats
    offset: Floats

    @classmethod
    def of(cls, columns: UnitColumns, weights: Floats) -> Spectrum:
        """Spectrum for relative prior scales `weights` (inf is unpenalised, 0 is excluded)."""
        flat = np.isinf(weights) & (columns.x_norm > 0)
        bound = np.flatnonzero(~flat & (columns.x_norm > 0) & (weights > 0))
        if columns.has_cheap_gram and not flat.any():
            vectors, eigenvalues, along = _from_gram(columns, bound, weights[bound])
            offset = np.zeros(columns.p)
            basis = np.zeros((columns.p, len(eigenvalues)))
            basis[bound] = weights[bound][:, None] * vectors
        else:
            basis, eigenvalues, along, offset = _from_rows(columns, flat, bound, weights)
        uu = 1.0 if columns.y_norm > 0 else 0.0
        explained = along**2
        flat_fit = columns.fitted(offset) if flat.any() else None
        taken = float(flat_fit @ flat_fit) if flat_fit is not None else 0.0
        rss = uu - taken - float(explained.sum())
        coordinates = along / np.sqrt(eigenvalues)
        if rss < _CANCELLED:
            residual = columns.residual(offset + basis @ coordinates)
            rss = float(residual @ residual)
        return cls(eigenvalues, explained, rss, basis, coordinates, offset)

    def rss_at(self, mu: ArrayLike) -> Floats:
        """Residual sum of squares of the mode, for each mu."""
        mu = np.asarray(mu, dtype=float)[..., None]
        return self.rss + (self.explained * (mu / (self.eigenvalues + mu)) ** 2).sum(axis=-1)

    def penalty_at(self, mu: ArrayLike) -> Floats:
        """``sum_j (c_j / w_j)**2`` of the mode, for each mu."""
        mu = np.asarray(mu, dtype=float)[..., None]
        d = self.eigenvalues
        return (self.explained * d / (d + mu) ** 2).sum(axis=-1)

    def coef_at(self, mu: ArrayLike) -> Floats:
        """Unit coefficients of the mode, shape ``mu.shape + (p,)``, by one matrix product."""
        mu = np.asarray(mu, dtype=float)[..., None]
        shrunk = self.coordinates * (self.eigenvalues / (self.eigenvalues + mu))
        return self.offset + shrunk @ self.basis.T


def _from_gram(
    columns: UnitColumns, bound: Indices, weights: Floats
) -> tuple[Floats, Floats, Floats]:
    gram = columns.gram[np.ix_(bound, bound)] * weights[:, None] * weights
    eigenvalues, vectors = np.linalg.eigh(gram)
    keep = np.flatnonzero(eigenvalues > len(bound) * _EPS * eigenvalues.max(initial=0.0))[::-1]
    eigenvalues, vectors = eigenvalues[keep], vectors[:, keep]
    along = (vectors.T @ (weights * columns.xty[bound])) / np.sqrt(eigenvalues)
    return vectors, eigenvalues, along


def _from_rows(
    columns: UnitColumns, flat: Bools, bound: Indices, weights: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Through the rows: for more columns than rows, and to profile unpenalised columns out."""
    Z = columns.columns(bound)
    Z *= weights[bound]
    response, offset = columns.response, np.zeros(columns.p)
    where = np.flatnonzero(flat)
    follow = np.zeros((len(where), len(bound)))
    if where.size:
        F = columns.columns(where)
        inverse = np.linalg.pinv(F)
        offset[where] = inverse @ response
        follow = inverse @ Z
        response = response - F @ offset[where]
        Z = Z - F @ follow
    if Z.shape[1] <= len(Z):
        eigenvalues, vectors = np.linalg.eigh(Z.T @ Z)
        keep = np.flatnonzero(eigenvalues > Z.shape[1] * _EPS * eigenvalues.max(initial=0.0))[::-1]
        eigenvalues, vectors = eigenvalues[keep], vectors[:, keep]
        along = (vectors.T @ (Z.T @ response)) / np.sqrt(eigenvalues)
    else:
        eigenvalues, left = np.linalg.eigh(Z @ Z.T)
        keep = np.flatnonzero(eigenvalues > len(Z) * _EPS * eigenvalues.max(initial=0.0))[::-1]
        eigenvalues, left = eigenvalues[keep], left[:, keep]
        vectors = (Z.T @ left) / np.sqrt(eigenvalues)
        along = left.T @ response
    basis = np.zeros((columns.p, len(eigenvalues)))
    basis[bound] = weights[bound][:, None] * vectors
    basis[where] = -follow @ vectors
    return basis, eigenvalues, along, offset
