"""A regression in the directions that data and a Gaussian prior keep independent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from priormap.arrays import Floats
from priormap.errors import PriormapError

_EPS = float(np.finfo(float).eps)
_BLOCK = 1 << 15  # numbers in a block of nodes, small enough to stay in cache


@dataclass(frozen=True, eq=False)
class Spectrum:
    r"""A regression in directions that data and prior keep independent of each other.

    With ``r = log(tau / sigma)`` (``log tau`` if the prior is scaled by the noise), direction
    k of variance ``d_k`` explains ``z_k**2`` of the response, and

    .. math::

        \log p(y \mid \sigma, r) &=
        -\tfrac{\nu}{2}\log 2\pi - \nu \log\sigma - L(r) - S(r) / (2 \sigma^2) + c, \\
        L(r) &= \tfrac12 \sum_k \log(1 + d_k e^{2r}), \qquad
        S(r) = s_0 + \sum_k z_k^2 / (1 + d_k e^{2r}).

    Without an intercept this is the log density of y; with one, that of any ``n - 1``
    orthonormal contrasts of y (a flat intercept of density 1 would add ``-log(n) / 2``).
    Columns F with a flat prior count with density 1: they are integrated out, which takes one
    degree of freedom each and leaves ``c = -log|F'F| / 2`` (``c = 0`` without them), so that
    evidences compare only between priors that are flat on the same columns.

    Attributes
    ----------
    eigenvalues, coordinates : array of shape (k,)
        ``d_k > 0``, descending, and ``z_k``.
    residual : float
        ``s_0``: what no direction explains of ``|y|**2``.
    dof : int
        ``nu``: rows, less one for the intercept, less the flat columns.
    log_constant : float
        ``c``.
    directions : array of shape (q, k)
        Orthonormal columns, in units of the prior sd of the q columns that are not flat.
    scale : array of shape (p,)
        ``t_j``; inf is flat.
    flat_root, flat_follow, flat_offset : arrays of shape (f, f), (f, q), (f,)
        The f flat coefficients given the others, b, are
        ``flat_offset - flat_follow b + sigma flat_root e`` with e standard normal.
    """

    eigenvalues: Floats
    coordinates: Floats
    residual: float
    dof: int
    log_constant: float
    directions: Floats
    scale: Floats
    flat_root: Floats
    flat_follow: Floats
    flat_offset: Floats

    @classmethod
    def from_moments(
        cls, xtx: Floats, xty: Floats, yty: float, dof: int, scale: Floats
    ) -> Spectrum:
        """Spectrum from cross products, O(p^3) and no row is read.

        Parameters
        ----------
        xtx, xty, yty : array of shape (p, p), array of shape (p,), float
            ``X'X``, ``X'y``, ``y'y``; of centred data if there is an intercept.
        dof : int
            Rows, less one if there is an intercept.
        scale : array of shape (p,)
            Relative prior standard deviations ``t_j``; inf is flat.

        Raises
        ------
        PriormapError
            If flat columns are collinear.
        """
        norm = np.sqrt(np.diag(xtx))
        unit = np.where(norm > 0, norm, 1.0)
        root, pivot, rank, _ = linalg.lapack.dpstrf(xtx / unit / unit[:, None], len(unit) * _EPS)
        pivot = pivot - 1
        factor = np.zeros((rank, len(unit)))
        factor[:, pivot] = np.triu(root)[:rank]
        along = linalg.solve_triangular(
            np.triu(root)[:rank, :rank], (xty / unit)[pivot[:rank]], trans="T"
        )
        unexplained = max(float(yty - along @ along), 0.0)
        return cls._from_factor(factor * unit, along, unexplained, dof, scale)

    @classmethod
    def from_rows(cls, X: Floats, y: Floats, dof: int, scale: Floats) -> Spectrum:
        """Spectrum from (centred) rows, O(n p min(n, p)); for more columns than rows.

        Parameters and errors as in `from_moments`. It keeps digits that moments lose when
        columns are nearly collinear or the fit nearly perfect.
        """
        n, p = X.shape
        if n <= p:
            return cls._from_factor(X, y, 0.0, dof, scale)
        R = linalg.qr(np.column_stack([X, y]), mode="r", overwrite_a=True)[0][: p + 1]
        return cls._from_factor(R[:p, :p], R[:p, p], float(R[p, p] ** 2), dof, scale)

    @classmethod
    def _from_factor(
        cls, R: Floats, z: Floats, residual: float, dof: int, scale: Floats
    ) -> Spectrum:
        """From any R and z with ``R'R = X'X``, ``R'z = X'y``, ``z'z + residual = y'y``."""
        flat = np.isinf(scale)
        n_flat, bound = int(flat.sum()), R[:, ~flat]
        root, follow, offset = np.empty((0, 0)), np.empty((0, bound.shape[1])), np.empty(0)
        log_constant = 0.0
        if n_flat:
            _refuse_collinear(R[:, flat], dof)
            Q, triangle = linalg.qr(R[:, flat])
            root = linalg.solve_triangular(triangle[:n_flat], np.eye(n_flat))
            follow = root @ (Q[:, :n_flat].T @ bound)
            offset = root @ (Q[:, :n_flat].T @ z)
            log_constant = -float(np.log(np.abs(np.diag(triangle))).sum())
            bound, z = Q[:, n_flat:].T @ bound, Q[:, n_flat:].T @ z
        dof -= n_flat
        left, singular, right = linalg.svd(bound * scale[~flat], full_matrices=False)
        small = max(bound.shape) * _EPS * singular.max(initial=0.0)
        rank = min(int((singular > small).sum()), dof)
        left, singular, right = left[:, :rank], singular[:rank], right[:rank]
        along = left.T @ z
        rest = z - left @ along
        residual = residual + float(rest @ rest) if rank < dof else 0.0
        return cls(
            singular**2, along, residual, dof, log_constant, right.T, scale, root, follow, offset
        )

    @property
    def centre(self) -> tuple[float, float]:
        """Log of a typical sigma, and of a typical ratio of prior scale to noise."""
        total = self.residual + float(self.coordinates @ self.coordinates)
        x = 0.5 * np.log(total / max(self.dof, 1)) if total > 0 else 0.0
        r = -0.5 * np.log(self.eigenvalues.mean()) if self.eigenvalues.size else 0.0
        return float(x), float(r)

    def terms(self, log_ratio: Floats) -> tuple[Floats, Floats]:
        """``L`` and ``S`` of the formula above, for an array of any shape."""
        r = np.ravel(log_ratio)
        half_log_det, squares = np.zeros_like(r), np.full_like(r, self.residual)
        size = max(1, _BLOCK // max(1, len(self.eigenvalues)))
        for start in range(0, len(r), size):
            block = slice(start, start + size)
            signal = np.exp(2 * r[block, None]) * self.eigenvalues
            half_log_det[block] = 0.5 * np.log1p(signal).sum(axis=1)
            squares[block] += (1 / (1 + signal)) @ self.coordinates**2
        return half_log_det.reshape(log_ratio.shape), squares.reshape(log_ratio.shape)

    def log_likelihood(self, log_sigma: Floats, half_log_det: Floats, squares: Floats) -> Floats:
        """``log p(y | sigma, r)`` from the `terms` at r."""
        constant = self.log_constant - 0.5 * self.dof * np.log(2 * np.pi)
        misfit = 0.5 * (np.sqrt(squares) * np.exp(-log_sigma)) ** 2
        return constant - self.dof * log_sigma - half_log_det - misfit


def _refuse_collinear(columns: Floats, dof: int) -> None:
    norm = np.linalg.norm(columns, axis=0)
    n_flat = len(norm)
    rank = 0
    if n_flat <= min(dof, len(columns)) and (norm > 0).all():
        rank = int(np.linalg.matrix_rank(columns / norm))
    if rank < n_flat:
        raise PriormapError(
            f"the posterior is improper: {n_flat} columns have a flat prior (scale=inf) but the "
            "rows cannot tell them apart; give them a finite scale"
        )
