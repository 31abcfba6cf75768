r"""A regression in the directions that data and a Gaussian prior keep independent.

In the eigenbasis of ``T X'X T`` (or of ``X T**2 X'``, for more columns than rows), with prior sds
``tau t_j`` and ``T = diag(t)``, every prior scale, mode, evidence and draw costs O(p).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg

from priormap.arrays import Floats, Indices
from priormap.data.unit_columns import UnitColumns
from priormap.errors import PriormapError
from priormap.model.weighted_svd import squares_serve, weighted_svd


class _Directions(NamedTuple):
    """Eigenvalues and vectors of ``W Z'Z W``, and the response along them."""

    eigenvalues: Floats
    vectors: Floats
    along: Floats
    is_clear: bool  # whether products have kept the smallest


_EPS = float(np.finfo(float).eps)
_BLOCK = 1 << 15  # numbers in a block of ratios, small enough to stay in cache
_CANCELLED = 1e-6  # a difference of sums of squares below this is taken from the rows instead
_CLEAR = 1e-8  # of the largest square: smaller ones have lost digits, for which the rows are asked
_AFFORDABLE = 1 << 28  # multiplications that this may cost, a fraction of a second
_NULL = 1e-11  # singular value, over the largest, of a direction that the rows do not have
_RANGE = 1e-150, 1e150  # of prior sds: beyond, they say no more than at the ends
_WELL_CONDITIONED = 1e-6  # smallest pivot of the correlation matrix that moments may serve


@dataclass(frozen=True, eq=False)
class Spectrum:
    r"""A regression in directions that data and prior keep independent of each other.

    The mode depends on ``mu = (sigma / tau)**2`` only (``1 / tau**2`` if the prior is scaled by the
    noise): direction k of variance ``d_k`` is shrunk by ``d_k / (d_k + mu)``. It explains
    ``z_k**2`` of the response, and with ``r = -log(mu) / 2``

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
    rss : float
        ``s_0``: what no direction explains of ``|y|**2``.
    dof : int
        ``nu``: rows, less one for the intercept, less the rank of the flat columns.
    log_constant : float
        ``c``.
    directions : array of shape (q, k)
        Orthonormal columns, in units of the prior sd of the q columns that are not flat.
    scale : array of shape (p,)
        ``t_j``; inf is flat (unpenalised), 0 excluded.
    flat_root, flat_follow, flat_offset : arrays of shape (f, f), (f, q), (f,)
        The f flat coefficients given the others, b, are
        ``flat_offset - flat_follow b + sigma flat_root e`` with e standard normal.
    """

    eigenvalues: Floats
    coordinates: Floats
    rss: float
    dof: int
    log_constant: float
    directions: Floats
    scale: Floats
    flat_root: Floats
    flat_follow: Floats
    flat_offset: Floats

    # how it is made: fast for modes and curves, or with every digit for draws

    @classmethod
    def of(cls, columns: UnitColumns, scale: Floats, *, by_rows: bool = False) -> Spectrum:
        """Spectrum of unit columns, constant ones left out, by the cheapest way that keeps it.

        That is by eigenvalues of cross products, of which those below eps times the largest count
        as zero; by singular values where the prior sds differ by orders of magnitude; by those of
        the rows themselves where products of nearly collinear columns lose digits and there are
        not too many, or if asked. Flat columns that the rows cannot tell apart share the fit of
        least length.
        """
        scale = np.where(columns.x_norm > 0, _in_range(scale), 0.0)
        flat = np.flatnonzero(np.isinf(scale))
        live = np.flatnonzero((scale > 0) & np.isfinite(scale))
        root, follow = np.empty((0, 0)), np.zeros((0, len(live)))
        offset, log_constant, taken = np.empty(0), 0.0, 0.0
        weights, dof = scale[live], columns.dof
        if columns.has_cheap_gram and not flat.size and not by_rows:
            gram, xty = columns.gram[np.ix_(live, live)], columns.xty[live]
            found = _from_products(gram, xty, weights, dof)
        else:
            Z, response = columns.columns(live), columns.response
            if flat.size:
                F = columns.columns(flat)
                root, project, log_constant = _least_length(F)
                dof = max(dof - root.shape[1], 0)
                follow, offset = root @ (project @ Z), root @ (project @ response)
                fit = F @ offset
                taken, response = float(fit @ fit), response - fit
                Z -= F @ follow
            if squares_serve(weights) and not by_rows:
                found = _from_squares(Z, response, weights, dof)
            else:
                found = _from_root(Z, response, weights, dof, by_rows)
        work = columns.n * len(live) * min(columns.n, len(live))
        if not (found.is_clear or by_rows) and work <= _AFFORDABLE:
            return cls.of(columns, scale, by_rows=True)
        eigenvalues, vectors, along, _ = found
        bound = np.isfinite(scale)
        place = np.cumsum(bound)[live] - 1  # of the live columns among those that are not flat
        uu = 1.0 if columns.y_norm > 0 else 0.0
        spectrum = cls(
            eigenvalues,
            along,
            uu - taken - float((along**2).sum()),
            dof,
            log_constant,
            _spread(vectors.T, place, int(bound.sum())).T,
            scale,
            root,
            _spread(follow, place, int(bound.sum())),
            offset,
        )
        if len(along) >= spectrum.dof:
            return replace(spectrum, rss=0.0)  # so many directions fit anything
        if spectrum.rss >= _CANCELLED:
            return spectrum
        residual = columns.residual(spectrum.coef_at(0.0))
        return replace(spectrum, rss=float(residual @ residual))

    @classmethod
    def of_penalty(
        cls, columns: UnitColumns, l2: Floats, *, by_rows: bool = False
    ) -> tuple[Spectrum, float]:
        """Spectrum of the prior sds that an l2 penalty is, and the mu at which it is this one.

        The prior sds are ``1 / sqrt(l2)`` over their geometric mean; an infinite penalty leaves a
        column out.
        """
        with np.errstate(divide="ignore"):
            scale = np.where(columns.x_norm > 0, 1 / np.sqrt(l2), 0.0)
        bound = scale[np.isfinite(scale) & (scale > 0)]
        typical = float(np.exp(np.log(bound).mean())) if bound.size else 1.0
        return cls.of(columns, scale / typical, by_rows=by_rows), 1 / typical**2

    @classmethod
    def precise(cls, columns: UnitColumns, scale: Floats) -> Spectrum:
        """Spectrum of unit columns by singular values, which draws and their evidence need.

        Small eigenvalues have twice the digits of those of `of`, at some times its cost. A constant
        column keeps its prior. Errors as in `from_moments`.
        """
        if columns.has_cheap_gram and columns.smallest_pivot > _WELL_CONDITIONED:
            uu = 1.0 if columns.y_norm > 0 else 0.0
            spectrum = cls.from_moments(columns.gram, columns.xty, uu, columns.dof, scale)
            if spectrum.rss >= _CANCELLED or not uu:
                return spectrum
        rows = columns.columns(np.arange(columns.p))
        return cls.from_rows(rows, columns.response, columns.dof, scale)

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
        factor, along = _root_of_products(xtx / unit / unit[:, None], xty / unit)
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
    def _from_factor(cls, R: Floats, z: Floats, rss: float, dof: int, scale: Floats) -> Spectrum:
        """From any R and z with ``R'R = X'X``, ``R'z = X'y``, ``z'z + rss = y'y``."""
        scale = _in_range(scale)
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
        left, singular, vectors = weighted_svd(bound, scale[~flat], dof)
        along = left.T @ z
        rest = z - left @ along
        rss = rss + float(rest @ rest) if len(singular) < dof else 0.0
        return cls(singular**2, along, rss, dof, log_constant, vectors, scale, root, follow, offset)

    # the mode at any strength

    @cached_property
    def explained(self) -> Floats:
        """``z_k**2``: squared length of the response along each direction."""
        return np.asarray(self.coordinates**2)

    @cached_property
    def least_squares(self) -> Floats:
        """``z_k / sqrt(d_k)``: coefficients along the directions without a prior."""
        return np.asarray(self.coordinates / np.sqrt(self.eigenvalues))

    @cached_property
    def basis(self) -> Floats:
        """Turns coefficients along the directions into those of the columns, shape (p, k)."""
        return self.in_columns(self.directions)

    @cached_property
    def offset(self) -> Floats:
        """Coefficients at infinite mu: those of the flat columns; shape (p,)."""
        offset = np.zeros(len(self.scale))
        offset[np.isinf(self.scale)] = self.flat_offset
        return offset

    def in_columns(self, unit: Floats) -> Floats:
        """All coefficients, shape (p, ...), from those that are not flat over their prior sds."""
        bound = np.isfinite(self.scale)
        values = np.empty((len(bound), *unit.shape[1:]))
        values[bound] = (unit.T * self.scale[bound]).T
        values[~bound] = -self.flat_follow @ values[bound]
        return values

    def rss_at(self, mu: ArrayLike) -> Floats:
        """Residual sum of squares of the mode, for each mu."""
        mu = np.asarray(mu, dtype=float)[..., None]
        return self.rss + (self.explained * (mu / (self.eigenvalues + mu)) ** 2).sum(axis=-1)

    def penalty_at(self, mu: ArrayLike) -> Floats:
        """``sum_j (b_j / t_j)**2`` of the mode, for each mu."""
        mu = np.asarray(mu, dtype=float)[..., None]
        d = self.eigenvalues
        return (self.explained * (d / (d + mu)) / (d + mu)).sum(axis=-1)

    def coef_at(self, mu: ArrayLike) -> Floats:
        """Coefficients of the mode, shape ``mu.shape + (p,)``, by one matrix product."""
        mu = np.asarray(mu, dtype=float)[..., None]
        shrunk = self.least_squares * (self.eigenvalues / (self.eigenvalues + mu))
        return self.offset + shrunk @ self.basis.T

    def degrees_of_freedom(self, mu: ArrayLike) -> Floats:
        """Effective degrees of freedom of the coefficients that are not flat, for each mu."""
        mu = np.asarray(mu, dtype=float)[..., None]
        return np.asarray((self.eigenvalues / (self.eigenvalues + mu)).sum(axis=-1))

    def parameters(self, mu: ArrayLike) -> Floats:
        """`degrees_of_freedom`, and those of the flat columns: the trace of the hat matrix."""
        return self.degrees_of_freedom(mu) + self.flat_root.shape[1]

    def degrees_left(self, mu: ArrayLike) -> Floats:
        """Directions less their `degrees_of_freedom`, which keeps its digits where little is."""
        mu = np.asarray(mu, dtype=float)[..., None]
        return np.asarray((mu / (self.eigenvalues + mu)).sum(axis=-1))

    # the density of the response

    @property
    def centre(self) -> tuple[float, float]:
        """Log of a typical sigma, and of a typical ratio of prior scale to noise."""
        total = self.rss + float(self.coordinates @ self.coordinates)
        x = 0.5 * np.log(total / max(self.dof, 1)) if total > 0 else 0.0
        r = -0.5 * np.log(self.eigenvalues.mean()) if self.eigenvalues.size else 0.0
        return float(x), float(r)

    def terms(self, log_ratio: Floats) -> tuple[Floats, Floats]:
        """``L`` and ``S`` of the formula above, for an array of any shape."""
        r = np.ravel(log_ratio)
        half_log_det, squares = np.zeros_like(r), np.full_like(r, self.rss)
        size = max(1, _BLOCK // max(1, len(self.eigenvalues)))
        for start in range(0, len(r), size):
            block = slice(start, start + size)
            signal = np.exp(2 * r[block, None]) * self.eigenvalues
            half_log_det[block] = 0.5 * np.log1p(signal).sum(axis=1)
            squares[block] += (1 / (1 + signal)) @ self.explained
        return half_log_det.reshape(log_ratio.shape), squares.reshape(log_ratio.shape)

    def log_likelihood(self, log_sigma: Floats, half_log_det: Floats, squares: Floats) -> Floats:
        """``log p(y | sigma, r)`` from the `terms` at r."""
        constant = self.log_constant - 0.5 * self.dof * np.log(2 * np.pi)
        misfit = 0.5 * (np.sqrt(squares) * np.exp(-log_sigma)) ** 2
        return constant - self.dof * log_sigma - half_log_det - misfit


def _in_range(scale: Floats) -> Floats:
    """Prior sds whose squares are floats; zero and infinity stay what they are."""
    return np.where((scale > 0) & np.isfinite(scale), np.clip(scale, *_RANGE), scale)


def _positive_eigenpairs(gram: Floats) -> tuple[Floats, Floats, Floats]:
    """Eigenvalues above rounding, descending, and their vectors; then the other vectors."""
    eigenvalues, vectors = np.linalg.eigh(gram)
    first = int((eigenvalues <= len(gram) * _EPS * eigenvalues.max(initial=0.0)).sum())
    return eigenvalues[first:][::-1], vectors[:, first:][:, ::-1], vectors[:, :first]


def _root_of_products(gram: Floats, xty: Floats) -> tuple[Floats, Floats]:
    """R and z with ``R'R = X'X`` and ``R'z = X'y`` of unit columns, as many rows as the rank."""
    triangle, pivot, rank, _ = linalg.lapack.dpstrf(gram, len(gram) * _EPS)
    pivot, triangle = pivot - 1, np.triu(triangle)[:rank]
    root = np.zeros((rank, len(gram)))
    root[:, pivot] = triangle
    return root, linalg.solve_triangular(triangle[:, :rank], xty[pivot[:rank]], trans="T")


def _from_products(gram: Floats, xty: Floats, weights: Floats, most: int) -> _Directions:
    """From ``Z'Z`` and ``Z'y``."""
    if not squares_serve(weights):
        root, z = _root_of_products(gram, xty)
        pivots = np.sort((root**2).max(axis=1))[::-1]
        is_clear = _is_clear(pivots, min(most, len(weights)))
        return _from_root(root, z, weights, most)._replace(is_clear=is_clear)
    gram *= weights[:, None]
    gram *= weights
    eigenvalues, vectors, _ = _positive_eigenpairs(gram)
    along = (vectors.T @ (weights * xty)) / np.sqrt(eigenvalues)
    is_clear = _is_clear(eigenvalues, min(most, len(weights)))
    return _Directions(eigenvalues, vectors, along, is_clear)


def _from_squares(Z: Floats, response: Floats, weights: Floats, most: int) -> _Directions:
    """From the smaller of the two products of the rows, ``Z`` being written over."""
    Z *= weights
    if Z.shape[1] <= len(Z):
        eigenvalues, vectors, others = _positive_eigenpairs(Z.T @ Z)
        along = (vectors.T @ (Z.T @ response)) / np.sqrt(eigenvalues)
        unseen = Z @ others
    else:
        eigenvalues, left, others = _positive_eigenpairs(Z @ Z.T)
        vectors, along = (Z.T @ left) / np.sqrt(eigenvalues), left.T @ response
        unseen = Z.T @ others
    null = (unseen**2).sum(axis=0) <= _NULL**2 * eigenvalues.max(initial=0.0)
    is_clear = _is_clear(eigenvalues, min(most, len(weights)) - int(null.sum()))
    return _Directions(eigenvalues, vectors, along, is_clear)


def _from_root(
    Z: Floats, response: Floats, weights: Floats, most: int, exact: bool = False
) -> _Directions:
    """From the singular values of ``Z W``."""
    left, singular, vectors = weighted_svd(Z, weights, most, exact=exact)
    return _Directions(singular**2, vectors, left.T @ response, True)


def _is_clear(falling: Floats, rank: int) -> bool:
    """Whether there are as many squares as expected, the smallest well above rounding."""
    return len(falling) >= rank and bool((falling[-1:] > _CLEAR * falling[:1]).all())


def _least_length(F: Floats) -> tuple[Floats, Floats, float]:
    """``R`` and ``Q'`` with ``R Q' = pinv(F)``, and ``log|R|``; R is square but at full rank."""
    left, singular, right = np.linalg.svd(F, full_matrices=False)
    kept = singular > 1e-15 * singular.max(initial=0.0)
    log_root = -float(np.log(singular[kept]).sum())
    return right[kept].T / singular[kept], left[:, kept].T, log_root


def _spread(values: Floats, place: Indices, q: int) -> Floats:
    """Columns of `values` at their places among q, zero elsewhere."""
    if len(place) == q:
        return values
    spread = np.zeros((len(values), q))
    spread[:, place] = values
    return spread


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
