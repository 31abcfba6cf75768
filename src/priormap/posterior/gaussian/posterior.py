r"""Exact posterior of linear regression under a Gaussian prior: independent draws, no chain.

The model, on centred data (or as they are, without an intercept):

.. math::

    y \mid b, \sigma \sim N(X b, \sigma^2 I), \qquad
    b_j \sim N(0, (\tau t_j)^2) \quad\text{or}\quad N(0, (\sigma \tau t_j)^2).

One singular value decomposition of X with columns scaled by t turns it into independent
directions; sigma and tau are integrated by quadrature (`priormap.posterior.gaussian.variances`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from priormap.arrays import Floats
from priormap.errors import Phrase, PriormapError
from priormap.model import Model
from priormap.model.spectrum import Spectrum
from priormap.posterior.draws import Draws, intercepts
from priormap.posterior.gaussian.line_quadrature import LogDensity
from priormap.posterior.gaussian.variances import VariancePosterior, expectation

_EPS = float(np.finfo(float).eps)
_WIDEST = 1e100  # prior sd in units of the data; its square and that of its inverse are numbers
_BLOCK = 1 << 15  # numbers in a block of draws, small enough to stay in cache


class GaussianDraws(NamedTuple):
    """Independent draws: ``coef`` (n, p), ``sigma``, ``tau`` and ``|y - X coef|**2`` (n,)."""

    coef: Floats
    sigma: Floats
    tau: Floats
    rss: Floats


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
        coef = np.empty((n, len(bound)))
        sigma, r, rss = np.empty(n), np.empty(n), np.empty(n)
        size = max(64, _BLOCK // max(1, len(spectrum.directions)))
        for start in range(0, n, size):
            block = slice(start, min(start + size, n))
            sigma[block], r[block] = self.variances.draw(block.stop - start, rng)
            draws, rss[block] = self._draw_bound(sigma[block], r[block], rng)
            coef[block, slice(None) if bound.all() else bound] = draws
        if not bound.all():
            noise = sigma[:, None] * rng.standard_normal((n, len(spectrum.flat_offset)))
            follow = spectrum.flat_offset - coef[:, bound] @ spectrum.flat_follow.T
            coef[:, ~bound] = follow + noise @ spectrum.flat_root.T
            rss += np.einsum("ij,ij->i", noise, noise)
        tau = np.exp(r) if self.scaled_by_noise else np.exp(r) * sigma
        return GaussianDraws(coef, sigma, tau, rss)

    def _draw_bound(
        self, sigma: Floats, r: Floats, rng: np.random.Generator
    ) -> tuple[Floats, Floats]:
        """Coefficients with a proper prior, one row for each sigma, and what they leave of y."""
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
            return noise.T @ (scale[:, None] * unit).T, self._rss(noise)
        # what the data do not see is drawn from the prior; the same noise serves for both
        prior_sd, seen = np.exp(r), unit.T @ noise
        along = root * (seen + pull)
        rss = self._rss(along)
        along -= prior_sd * seen
        noise *= prior_sd
        noise += unit @ along
        return noise.T * scale, rss

    def _rss(self, along: Floats) -> Floats:
        """Residual sum of squares of coefficients along the directions, one column each."""
        misfit = np.sqrt(self.spectrum.eigenvalues)[:, None] * along
        misfit -= self.spectrum.coordinates[:, None]
        return self.spectrum.rss + np.einsum("ij,ij->j", misfit, misfit)

    @property
    def sigma_square(self) -> float:
        """Posterior mean of ``sigma**2``; inf where it does not exist."""
        return self._moments.sigma_square

    @cached_property
    def mean(self) -> Floats:
        """Posterior mean of the coefficients, shape (p,)."""
        mean = self.spectrum.in_columns(self.spectrum.directions @ self._moments.mean)
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
        seen, spectrum = self.spectrum.basis, self.spectrum
        cov = seen @ self._moments.cov @ seen.T
        if self._moments.unseen:
            apart = -spectrum.directions @ spectrum.directions.T
            np.fill_diagonal(apart, _outside(spectrum.directions))
            cov += self._moments.unseen * spectrum.in_columns(spectrum.in_columns(apart).T)
        flat = np.isinf(spectrum.scale)
        noise = self._moments.sigma_square * (spectrum.flat_root @ spectrum.flat_root.T)
        cov[np.ix_(flat, flat)] += noise
        return cov

    @cached_property
    def sd(self) -> Floats:
        """Posterior standard deviations, shape (p,), without a p x p matrix; errors as `cov`."""
        self._refuse_infinite()
        seen, spectrum = self.spectrum.basis, self.spectrum
        flat = np.isinf(spectrum.scale)
        variance = ((seen @ self._moments.cov) * seen).sum(axis=1)
        if self._moments.unseen:
            unit, scale = spectrum.directions, spectrum.scale[~flat]
            follow = spectrum.flat_follow * scale
            variance[~flat] += self._moments.unseen * scale**2 * _outside(unit)
            unseen = follow - (follow @ unit) @ unit.T
            variance[flat] += self._moments.unseen * (unseen**2).sum(axis=1)
        variance[flat] += self._moments.sigma_square * (spectrum.flat_root**2).sum(axis=1)
        return np.sqrt(variance)

    def _refuse_infinite(self) -> None:
        if not np.isfinite(self._moments.sigma_square + self._moments.unseen):
            raise PriormapError(
                "the posterior covariance of coef does not exist: sigma or the prior scale has "
                "no second moment; use draws and quantiles, or a prior with lighter tails"
            )

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


def _outside(unit: Floats) -> Floats:
    """Diagonal of ``P = I - V V'`` of orthonormal columns V.

    A column that outweighs the others lies almost inside. Then nothing is left of one minus a
    square, but the other entries of its row in P have their digits: ``P_jj = sum_i P_ij**2``.
    """
    outside = 1 - (unit**2).sum(axis=1)
    inner = np.flatnonzero(outside < 0.5)
    across = unit @ unit[inner].T
    across[inner, np.arange(len(inner))] = 0.0
    square = (across**2).sum(axis=0)
    outside[inner] = 2 * square / (1 + np.sqrt((1 - 4 * square).clip(0)))
    return outside


def gaussian_posterior(model: Model) -> GaussianPosterior:
    """Posterior of the unit coefficients, of sigma in units of ``|y|``, and of the scale.

    Raises
    ------
    PriormapError
        If a scale is too wide to square, or as `GaussianPosterior.of` does.
    """
    prior, noise = model.prior, model.unit_noise
    with np.errstate(over="ignore"):
        sd = np.asarray(model.unit_prior.sd)
    if ((sd > _WIDEST) & ~model.is_flat).any():
        raise PriormapError(
            f"{prior!r} is too wide for floating-point numbers with sigma={model.noise.sigma!r}; "
            "give ",
            Phrase(
                "scale=inf, the flat prior, or a smaller scale",
                "a smaller --scale",
                "smaller --scales",
                "a smaller scale",
            ),
        )
    spectrum = Spectrum.precise(model.columns, sd)
    sigma = noise.sd if noise.density is None else noise.density.logpdf
    tau = 1.0 if prior.hyperprior is None else prior.hyperprior.logpdf
    return GaussianPosterior.of(spectrum, sigma, tau, prior.scaled_by_noise)


def draw_independent(model: Model, chains: int, draws: int, rng: np.random.Generator) -> Draws:
    """Independent draws, dealt to chains."""
    posterior = gaussian_posterior(model)
    drawn = posterior.sample(chains * draws, rng)
    coef = drawn.coef.reshape(chains, draws, model.data.n_features)
    coef *= model.columns.coef_units * _clipped(model, posterior.spectrum)
    sigma = (drawn.sigma * model.unit_y).reshape(chains, draws)
    return Draws(
        coef=coef,
        intercept=intercepts(model.data, coef, sigma, rng),
        sigma=None if model.noise.is_known else sigma,
        scale=None if model.prior.hyperprior is None else drawn.tau.reshape(chains, draws),
        centred_rss=drawn.rss.reshape(chains, draws) * model.unit_y**2,
        attributes={
            "log_evidence": posterior.log_evidence + _units_of_evidence(model),
            "log_evidence_error": posterior.log_evidence_error,
        },
    )


def _clipped(model: Model, spectrum: Spectrum) -> Floats:
    """Prior sds over those that a spectrum holds: far narrower ones leave the same draws in them.

    A spectrum holds none whose square is no number.
    """
    sd = np.broadcast_to(model.unit_prior.sd, spectrum.scale.shape)
    return np.where(sd < spectrum.scale, sd, 1.0) / np.where(sd < spectrum.scale, spectrum.scale, 1)


def _units_of_evidence(model: Model) -> float:
    """Log of the change of units of the response and of the unpenalised columns."""
    norms = model.columns.x_norm[model.is_flat & (model.columns.x_norm > 0)]
    return float(-(model.dof - len(norms)) * np.log(model.unit_y) - np.log(norms).sum())


def _mean_and_sd(weights: Floats, means: Floats, squares: Floats) -> tuple[float, float]:
    """From conditional means of x and of x**2."""
    mean, square = float(expectation(weights, means)), float(expectation(weights, squares))
    if not np.isfinite(square):
        return mean, np.inf
    variance = float(weights @ (squares - 2 * mean * means + mean**2))
    return mean, float(np.sqrt(variance)) if variance > 16 * _EPS * mean**2 else 0.0
