r"""Exact posterior of linear regression under a Gaussian prior: independent draws, no chain.

The model, on centred data (or as they are, without an intercept):

.. math::

    y \mid b, \sigma \sim N(X b, \sigma^2 I), \qquad
    b_j \sim N(0, (\tau t_j)^2) \quad\text{or}\quad N(0, (\sigma \tau t_j)^2).

One singular value decomposition of X with columns scaled by t turns it into independent
directions; sigma and tau are integrated by quadrature (`priormap.posterior.gaussian_variances`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from priormap.errors import PriormapError
from priormap.posterior.gaussian_variances import LogDensity, VariancePosterior, expectation

__all__ = ["GaussianDraws", "GaussianPosterior", "Spectrum"]

Floats: TypeAlias = NDArray[np.float64]
_EPS = float(np.finfo(float).eps)
_BLOCK = 1 << 15  # numbers in a block of draws, small enough to stay in cache


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


class GaussianDraws(NamedTuple):
    """Independent draws: ``coef`` (n, p), ``sigma`` (n,), ``tau`` (n,)."""

    coef: Floats
    sigma: Floats
    tau: Floats


class _DirectionMoments(NamedTuple):
    mean: Floats
    cov: Floats
    unseen: float  # variance, in units of the prior sd, where the data see nothing
    sigma_square: float


@dataclass(frozen=True, eq=False)
class GaussianPosterior:
    """Posterior of (coef, sigma, tau); build it with `of`.

    Attributes
    ----------
    spectrum : Spectrum
    variances : VariancePosterior
    scaled_by_noise : bool

    Examples
    --------
    >>> X, y = np.array([[-1.0], [0.0], [1.0]]), np.array([-2.0, 0.0, 2.0])
    >>> spectrum = Spectrum.from_rows(X, y, dof=2, scale=np.array([1.0]))
    >>> posterior = GaussianPosterior.of(spectrum, sigma=1.0)
    >>> posterior.mean.round(6), posterior.cov.round(6)
    (array([1.333333]), array([[0.333333]]))
    >>> posterior.sample(1000, np.random.default_rng(1)).coef.shape
    (1000, 1)
    """

    spectrum: Spectrum
    variances: VariancePosterior
    scaled_by_noise: bool

    @classmethod
    def of(
        cls,
        spectrum: Spectrum,
        sigma: float | LogDensity,
        tau: float | LogDensity = 1.0,
        scaled_by_noise: bool = False,
    ) -> GaussianPosterior:
        """Posterior where sigma and tau are each known (a number) or have a log density.

        Raises
        ------
        PriormapError
            If the posterior is improper, or a log density is too rough for the quadrature.
        """
        variances = VariancePosterior.of(spectrum, sigma, tau, scaled_by_noise)
        return cls(spectrum, variances, scaled_by_noise)

    @property
    def log_evidence(self) -> float:
        """Log marginal likelihood: the density that `Spectrum` describes, sigma and tau averaged.

        Under an improper prior (Jeffreys) it is known up to a constant of that prior only.
        """
        return self.variances.log_evidence

    @property
    def log_evidence_error(self) -> float:
        """Estimated error of the quadrature in `log_evidence`."""
        return self.variances.error

    @cached_property
    def sigma_moments(self) -> tuple[float, float]:
        """Posterior mean and standard deviation of sigma; inf where they do not exist."""
        nodes = self.variances
        return _mean_and_sd(nodes.weights, nodes.sigma_mean, nodes.sigma_square)

    @cached_property
    def tau_moments(self) -> tuple[float, float]:
        """Posterior mean and standard deviation of tau; inf where they do not exist."""
        nodes, ratio = self.variances, np.exp(self.variances.log_ratio)
        if self.scaled_by_noise:
            return _mean_and_sd(nodes.weights, ratio, ratio**2)
        return _mean_and_sd(nodes.weights, ratio * nodes.sigma_mean, ratio**2 * nodes.sigma_square)

    def sample(self, n: int, rng: np.random.Generator) -> GaussianDraws:
        """Draw `n` independent draws; the same generator state gives the same draws."""
        spectrum, bound = self.spectrum, np.isfinite(self.spectrum.scale)
        coef, sigma, r = np.empty((n, len(bound))), np.empty(n), np.empty(n)
        size = max(64, _BLOCK // max(1, len(spectrum.directions)))
        for start in range(0, n, size):
            block = slice(start, min(start + size, n))
            sigma[block], r[block] = self.variances.draw(block.stop - start, rng)
            draws = self._draw_bound(sigma[block], r[block], rng)
            coef[block, slice(None) if bound.all() else bound] = draws
        if not bound.all():
            noise = sigma[:, None] * rng.standard_normal((n, len(spectrum.flat_offset)))
            follow = spectrum.flat_offset - coef[:, bound] @ spectrum.flat_follow.T
            coef[:, ~bound] = follow + noise @ spectrum.flat_root.T
        tau = np.exp(r) if self.scaled_by_noise else np.exp(r) * sigma
        return GaussianDraws(coef, sigma, tau)

    def _draw_bound(self, sigma: Floats, r: Floats, rng: np.random.Generator) -> Floats:
        """Coefficients with a proper prior, one row for each sigma."""
        spectrum, unit = self.spectrum, self.spectrum.directions
        n_bound, rank = unit.shape
        scale = spectrum.scale[np.isfinite(spectrum.scale)]
        # one direction to a row: the draws run along memory
        ratio = r[:1] if r[0] == r[-1] and (r == r[0]).all() else r
        root = np.exp(-2 * ratio) + spectrum.eigenvalues[:, None]
        np.divide(1.0, np.sqrt(root, out=root), out=root)
        pull = root * (np.sqrt(spectrum.eigenvalues) * spectrum.coordinates)[:, None]
        noise = rng.standard_normal((n_bound, len(sigma)))
        noise *= sigma
        if rank == n_bound:
            noise += pull
            noise *= root
            return noise.T @ (scale[:, None] * unit).T
        # what the data do not see is drawn from the prior; the same noise serves for both
        prior_sd, seen = np.exp(r), unit.T @ noise
        along = (root - prior_sd) * seen + root * pull
        noise *= prior_sd
        noise += unit @ along
        return noise.T * scale

    @cached_property
    def mean(self) -> Floats:
        """Posterior mean of the coefficients, shape (p,)."""
        mean = self._in_columns(self.spectrum.directions @ self._moments.mean)
        mean[np.isinf(self.spectrum.scale)] += self.spectrum.flat_offset
        return mean

    @cached_property
    def cov(self) -> Floats:
        """Posterior covariance of the coefficients, shape (p, p).

        Raises
        ------
        PriormapError
            If it does not exist, because sigma or tau has no second moment.
        """
        self._refuse_infinite()
        seen, spectrum = self._in_columns(self.spectrum.directions), self.spectrum
        prior = self._in_columns(np.eye(len(spectrum.directions)))
        cov = seen @ self._moments.cov @ seen.T
        cov += self._moments.unseen * (prior @ prior.T - seen @ seen.T)
        flat = np.isinf(spectrum.scale)
        noise = self._moments.sigma_square * (spectrum.flat_root @ spectrum.flat_root.T)
        cov[np.ix_(flat, flat)] += noise
        return cov

    @cached_property
    def sd(self) -> Floats:
        """Posterior standard deviations, shape (p,), without a p x p matrix; errors as `cov`."""
        self._refuse_infinite()
        seen, spectrum = self._in_columns(self.spectrum.directions), self.spectrum
        flat = np.isinf(spectrum.scale)
        prior_square = np.empty(len(flat))
        prior_square[~flat] = spectrum.scale[~flat] ** 2
        prior_square[flat] = ((spectrum.flat_follow * spectrum.scale[~flat]) ** 2).sum(axis=1)
        variance = ((seen @ self._moments.cov) * seen).sum(axis=1)
        variance += self._moments.unseen * (prior_square - (seen**2).sum(axis=1))
        variance[flat] += self._moments.sigma_square * (spectrum.flat_root**2).sum(axis=1)
        return np.sqrt(variance)

    def _refuse_infinite(self) -> None:
        if not np.isfinite(self._moments.sigma_square + self._moments.unseen):
            raise PriormapError(
                "the posterior covariance of coef does not exist: sigma or the prior scale has "
                "no second moment; use draws and quantiles, or a prior with lighter tails"
            )

    def _in_columns(self, unit: Floats) -> Floats:
        """From units of the prior sd of the columns that are not flat to all coefficients."""
        bound = np.isfinite(self.spectrum.scale)
        values = np.empty((len(bound), *unit.shape[1:]))
        values[bound] = (unit.T * self.spectrum.scale[bound]).T
        values[~bound] = -self.spectrum.flat_follow @ values[bound]
        return values

    @cached_property
    def _moments(self) -> _DirectionMoments:
        """Of the coefficients along the directions, by quadrature over the variances."""
        nodes, spectrum = self.variances, self.spectrum
        sigma_square = float(expectation(nodes.weights, nodes.sigma_square))
        ratio_square = np.exp(2 * nodes.log_ratio)
        complete = spectrum.directions.shape[0] == len(spectrum.eigenvalues)
        prior_square = expectation(nodes.weights, ratio_square * nodes.sigma_square)
        unseen = 0.0 if complete else float(prior_square)
        shrunk = 1 / (spectrum.eigenvalues + 1 / ratio_square[:, None])
        means = shrunk * (np.sqrt(spectrum.eigenvalues) * spectrum.coordinates)
        mean = nodes.weights @ means
        spread = (means - mean) * np.sqrt(nodes.weights)[:, None]
        cov = spread.T @ spread + np.diag((nodes.weights * nodes.sigma_square) @ shrunk)
        return _DirectionMoments(mean, cov, unseen, sigma_square)


def _mean_and_sd(weights: Floats, means: Floats, squares: Floats) -> tuple[float, float]:
    """From conditional means of x and of x**2."""
    mean, square = float(expectation(weights, means)), float(expectation(weights, squares))
    if not np.isfinite(square):
        return mean, np.inf
    variance = float(weights @ (squares - 2 * mean * means + mean**2))
    return mean, float(np.sqrt(variance)) if variance > 16 * _EPS * mean**2 else 0.0
