r"""Everything about a Gaussian prior that its scale changes, from one eigendecomposition.

In the eigenbasis of the weighted unit columns (see `priormap.model.spectrum`) direction k of
variance ``d_k`` explains the share ``a_k`` of ``|u|**2``, and with ``mu = (sigma / scale)**2`` in
units of that basis

.. math::

    \log p(y \mid \sigma, \mu) &= -\tfrac{\nu}{2} \log(2 \pi \sigma^2)
        - \tfrac12 \sum_k \log(1 + d_k / \mu) - S(\mu) / (2 \sigma^2), \\
    S(\mu) &= |y|^2 \Bigl(s_0 + \sum_k a_k \frac{\mu}{d_k + \mu}\Bigr), \qquad
    \mathrm{df}(\mu) = \sum_k \frac{d_k}{d_k + \mu},

where ``nu`` is n, less one for the flat intercept: it is the log density of any ``n - 1``
orthonormal contrasts of y.

Where sigma is unknown, the evidence is ``\int p(y | sigma, scale) p(sigma) d sigma``, by the
trapezoidal rule in log sigma (`priormap.posterior.gaussian.line_quadrature`) for all scales at
once, or in closed form under a prior scaled by the noise with ``sigma**2 ~ InverseGamma`` or
Jeffreys. With the posterior of sigma that comes with it, leave-one-out is exact too:

.. math::

    p(y_i \mid y_{-i}) = \Bigl( \int \frac{p(\sigma \mid y)}{p(y_i \mid y_{-i}, \sigma)}
    \, d\sigma \Bigr)^{-1} .
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, logsumexp

from priormap.arrays import Floats, Indices
from priormap.criteria.pareto_smoothing import log_sums
from priormap.criteria.scale_family import ScaleFamily
from priormap.data.moments import dense
from priormap.data.regression import Regression
from priormap.model.spectrum import Spectrum
from priormap.posterior.gaussian import LineMass, integrate_lines
from priormap.priors.densities import PositiveDensity

_BLOCK = 1 << 18  # numbers in a block of penalties, or of rows and penalties
_LARGE_BLOCK = 1 << 21  # of rows and penalties that all scales share
_REACH = 100.0  # how far from the scale of the data mass is looked for, in log units
_LARGEST_LOG = 690.0  # of a penalty: beyond, it leaves all free or nothing
_LOG_2PI = float(np.log(2 * np.pi))
_FEW = 30  # degrees of freedom: with fewer one row may hold most of the squares


@dataclass(frozen=True, eq=False)
class GaussianCurves:
    """Exact curves of one regression under a Gaussian prior; build it with `of`.

    Attributes
    ----------
    data : Regression
    spectrum : Spectrum
        Of unit columns weighted by the prior sds at scale 1 over their geometric mean.
    log_norm : float
        Log of that mean.
    scaled_by_noise : bool
    """

    data: Regression
    spectrum: Spectrum
    log_norm: float
    scaled_by_noise: bool

    @classmethod
    def of(cls, family: ScaleFamily) -> GaussianCurves:
        """Curves of the Gaussian prior with the prior sds of a family."""
        columns = family.data.unit
        weights = family.relative_sd * columns.x_norm
        weights[columns.x_norm == 0] = 0.0
        log_norm = float(np.log(weights[weights > 0]).mean())
        spectrum = Spectrum.of(columns, weights / np.exp(log_norm))
        return cls(family.data, spectrum, log_norm, family.prior.scaled_by_noise)

    @property
    def dof(self) -> int:
        """Rows, less one for an intercept."""
        return self.spectrum.dof

    def mu(self, scales: ArrayLike, sigma: ArrayLike) -> Floats:
        """Penalty in units of the spectrum: ``(sigma / scale)**2``."""
        log_scale = np.log(np.asarray(scales, dtype=float)) + self.log_norm
        log_noise = 0.0 if self.scaled_by_noise else np.log(np.asarray(sigma, dtype=float))
        return np.asarray(np.exp(np.clip(2 * (log_noise - log_scale), -_LARGEST_LOG, _LARGEST_LOG)))

    def terms(self, mu: Floats) -> tuple[Floats, Floats]:
        """``sum_k log(1 + d_k / mu) / 2`` and ``S(mu)``, for an array of any shape."""
        half_log_det, squares = self.spectrum.terms(-0.5 * np.log(mu))
        return half_log_det, squares * self.data.unit.y_norm**2

    def log_evidence(self, scales: ArrayLike, sigma: ArrayLike) -> Floats:
        """Log marginal likelihood at a known sigma."""
        log_sigma = np.log(np.asarray(sigma, dtype=float))
        terms = self.terms(self.mu(scales, sigma))
        return np.asarray(self.spectrum.log_likelihood(log_sigma, *terms))

    def gcv(self, mu: Floats) -> Floats:
        """Generalised cross-validation, ``n RSS / (n - df)**2``, intercept counted in df.

        Golub, Heath and Wahba (1979), "Generalized cross-validation as a method for choosing
        a good ridge parameter", Technometrics 21(2).
        """
        spectrum, n = self.spectrum, self.data.n_rows
        left = self.dof - len(spectrum.eigenvalues) + spectrum.degrees_left(mu)  # n - df
        return np.asarray(n * spectrum.rss_at(mu) * (self.data.unit.y_norm / left) ** 2)

    def left_out(self, mu: Floats, rows: Indices) -> tuple[Floats, Floats]:
        """Residuals and one minus leverages of `rows` at each mu, shape (rows, m).

        As sums of what no direction takes up and of shares ``mu / (d_k + mu)``, which keep
        their digits where a wide design leaves almost nothing.
        """
        spectrum, columns = self.spectrum, self.data.unit
        d = spectrum.eigenvalues
        centred = dense(self.data.X[rows]) - columns.x_mean
        unit = ((columns.x_norm > 0) / columns.divisor)[:, None]
        along = centred @ (unit * spectrum.basis)
        left = mu / (d[:, None] + mu)
        residual = columns.y_norm * (along * spectrum.least_squares) @ left
        kept = (along**2 / d) @ left
        if len(d) < self.dof:
            response = self.data.y[rows] - columns.y_mean
            residual += (response - columns.y_norm * (along @ spectrum.least_squares))[:, None]
            intercept = 1 / self.data.n_rows if self.data.intercept else 0.0
            kept += (1 - intercept - (along**2 / d).sum(axis=1)).clip(0)[:, None]
        return residual, kept

    def loo(self, scales: ArrayLike, sigma: float, rows: Indices) -> Floats:
        r"""Log density of each row given all others, shape (rows, m), at a known sigma.

        With residual e and leverage h, ``y_i | y_-i ~ Normal(y_i - e_i / (1 - h_i),
        sigma**2 / (1 - h_i))``.
        """
        mu = np.atleast_1d(self.mu(scales, sigma))
        values = np.empty((len(rows), len(mu)))
        for start in range(0, len(rows), size := max(16, _BLOCK // len(mu))):
            block = slice(start, start + size)
            residual, kept = self.left_out(mu, rows[block])
            log_variance = np.log(2 * np.pi * sigma**2 / kept)
            values[block] = -0.5 * (log_variance + (residual / sigma) ** 2 / kept)
        return values

    def evidence(self, scales: Floats) -> tuple[Floats, float]:
        """Log marginal likelihood, sigma averaged over where it is unknown, and its error."""
        density = self.data.noise.density
        if density is None:
            return self.log_evidence(scales, self.data.noise.sd), 0.0
        return evidence_over_sigma(self, scales, density)

    def loo_densities(self, scales: Floats, rows: Indices) -> Floats:
        """As `loo`, sigma averaged over where it is unknown."""
        density = self.data.noise.density
        if density is None:
            return self.loo(scales, self.data.noise.sd, rows)
        return loo_over_sigma(self, scales, density, rows)


def evidence_over_sigma(
    curves: GaussianCurves, scales: Floats, noise: PositiveDensity
) -> tuple[Floats, float]:
    """Log marginal likelihood at each scale, and the error of its quadrature.

    Under an improper prior (Jeffreys) it is known up to a constant of that prior only.
    """
    if curves.scaled_by_noise and not (noise.terms.square or noise.terms.tail):
        return conjugate_evidence(curves, scales, noise), 0.0
    mass = noise_mass(curves, scales, noise)
    return mass.log_z, mass.error


def conjugate_evidence(curves: GaussianCurves, scales: Floats, noise: PositiveDensity) -> Floats:
    """Closed form of a prior scaled by the noise: y is then multivariate t.

    For densities ``sigma**-l exp(-i / sigma**2)``, which meet the likelihood in their own kind.
    """
    half_log_det, squares = curves.terms(curves.mu(scales, 1.0))
    total = 0.5 * (curves.dof + noise.terms.logs - 1)
    constant = noise.log_constant - np.log(2) + gammaln(total) - 0.5 * curves.dof * _LOG_2PI
    rest = np.log(noise.terms.inverse + 0.5 * squares)
    return np.asarray(constant - half_log_det - total * rest)


def noise_mass(curves: GaussianCurves, scales: Floats, noise: PositiveDensity) -> LineMass:
    """Joint density of y and log sigma at nodes, one row for each scale."""
    centre = np.full(len(scales), np.log(np.std(curves.data.y)))
    return over_sigma(lambda u: _log_likelihood(curves, scales, u), noise, centre, curves.dof)


def over_sigma(
    log_likelihood: Callable[[Floats], Floats], noise: PositiveDensity, centre: Floats, dof: int
) -> LineMass:
    """Integrals over sigma of likelihoods that are functions of its log, about their centres."""
    with np.errstate(over="ignore", divide="ignore", under="ignore"):
        return integrate_lines(
            lambda u: log_likelihood(u) + noise.logpdf(np.exp(u)) + u,
            centre - _REACH,
            centre + _REACH,
            "sigma",
            dof,
        )


def loo_over_sigma(
    curves: GaussianCurves, scales: Floats, noise: PositiveDensity, rows: Indices
) -> Floats:
    """Log density of each row given all others, sigma averaged over; shape (rows, m).

    Residuals and leverages depend on the penalty only. Nodes of log sigma that lie on one
    lattice of log penalties let all scales share them.
    """
    nodes, mu, first = _lattice(curves, scales, noise_mass(curves, scales, noise))
    log_weights = [
        _log_likelihood(curves, scales[k : k + 1], u[None, :])[0] + noise.logpdf(np.exp(u)) + u
        for k, u in enumerate(nodes)
    ]
    values = np.empty((len(rows), len(scales)))
    for start in range(0, len(rows), size := max(16, _LARGE_BLOCK // len(mu))):
        block = slice(start, start + size)
        residual, kept = curves.left_out(mu, rows[block])
        for k, (u, weights) in enumerate(zip(nodes, log_weights, strict=True)):
            own = slice(first[k], first[k] + (1 if curves.scaled_by_noise else len(u)))
            log_variance = np.log(2 * np.pi / kept[:, own]) + 2 * u
            given = -0.5 * (log_variance + (residual[:, own] / np.exp(u)) ** 2 / kept[:, own])
            values[block, k] = logsumexp(weights) - log_sums(weights - given)
    return values


def _log_likelihood(curves: GaussianCurves, scales: Floats, log_sigma: Floats) -> Floats:
    """Log density of y given sigma, for sigmas of shape (scales, nodes)."""
    if curves.scaled_by_noise:
        terms = tuple(term[:, None] for term in curves.terms(curves.mu(scales, 1.0)))
    else:
        terms = curves.terms(curves.mu(scales[:, None], np.exp(log_sigma)))
    return curves.spectrum.log_likelihood(log_sigma, *terms)


def _lattice(
    curves: GaussianCurves, scales: Floats, mass: LineMass
) -> tuple[list[Floats], Floats, list[int]]:
    """Nodes of log sigma for each scale, all penalties, and where those of each scale begin.

    The nodes are as fine as the narrowest posterior asks for, or where that would be more in all,
    each as fine as its own; they reach further down if there are few rows: without its worst one
    a small sample may believe in a much smaller sigma.
    """
    steps = 2 * (mass.u[:, 1] - mass.u[:, 0])  # as fine as the integral asks for
    low, high, step = mass.u[:, 0], mass.u[:, -1], float(steps.min())
    low = low - (high - low) * min(1.0, _FEW / curves.dof)
    own = [np.arange(a, b, each) for a, b, each in zip(low, high, steps, strict=True)]
    if curves.scaled_by_noise:
        return own, curves.mu(scales, 1.0), list(range(len(scales)))
    below = np.ceil((low - np.log(scales)) / step).astype(int)
    above = np.floor((high - np.log(scales)) / step).astype(int)
    lengths = [len(u) for u in own]
    if above.max() - below.min() > sum(lengths):  # one narrow posterior would ask it of them all
        mu = [curves.mu(scale, np.exp(u)) for scale, u in zip(scales, own, strict=True)]
        return own, np.concatenate(mu), np.cumsum([0, *lengths[:-1]]).tolist()
    ratio = step * np.arange(below.min(), above.max() + 1)
    first = (below - below.min()).tolist()
    nodes = [
        np.log(scale) + ratio[a : a + 1 + length]
        for scale, a, length in zip(scales, first, above - below, strict=True)
    ]
    return nodes, curves.mu(1.0, np.exp(ratio)), first
