r"""Gaussian curves where sigma is unknown: integrated over its prior, for every scale at once.

The evidence is ``\int p(y | sigma, scale) p(sigma) d sigma``, by the trapezoidal rule in
log sigma (`priormap.posterior.gaussian.line_quadrature`), or in closed form under a prior scaled
by the noise with ``sigma**2 ~ InverseGamma`` or Jeffreys. With the posterior of sigma that comes
with it, leave-one-out is exact too:

.. math::

    p(y_i \mid y_{-i}) = \Bigl( \int \frac{p(\sigma \mid y)}{p(y_i \mid y_{-i}, \sigma)}
    \, d\sigma \Bigr)^{-1} .
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, logsumexp

from priormap.arrays import Floats, Indices
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.log_sums import log_sums
from priormap.posterior.gaussian.line_quadrature import LineMass, integrate_lines
from priormap.priors.densities import InverseGamma, Jeffreys, NoisePrior

_REACH = 100.0  # how far from the scale of the data mass is looked for, in log units
_BLOCK = 1 << 21  # rows times penalties that are looked at together
_FEW = 30  # degrees of freedom: with fewer one row may hold most of the squares


def evidence_over_sigma(
    curves: GaussianCurves, scales: Floats, noise: NoisePrior
) -> tuple[Floats, float]:
    """Log marginal likelihood at each scale, and the error of its quadrature.

    Under an improper prior (Jeffreys) it is known up to a constant of that prior only.
    """
    if curves.scaled_by_noise and isinstance(noise, InverseGamma | Jeffreys):
        return conjugate_evidence(curves, scales, noise), 0.0
    mass = noise_mass(curves, scales, noise)
    return mass.log_z, mass.error


def conjugate_evidence(
    curves: GaussianCurves, scales: Floats, noise: InverseGamma | Jeffreys
) -> Floats:
    """Closed form of a prior scaled by the noise: y is then multivariate t."""
    half_log_det, squares = curves.terms(curves.mu(scales, 1.0))
    shape, scale = (noise.shape, noise.scale) if isinstance(noise, InverseGamma) else (0.0, 0.0)
    total = shape + 0.5 * curves.dof
    proper = shape * np.log(scale) - gammaln(shape) if shape else 0.0
    constant = proper + gammaln(total) - 0.5 * curves.dof * np.log(2 * np.pi)
    return np.asarray(constant - half_log_det - total * np.log(scale + 0.5 * squares))


def noise_mass(curves: GaussianCurves, scales: Floats, noise: NoisePrior) -> LineMass:
    """Joint density of y and log sigma at nodes, one row for each scale."""
    centre = np.full(len(scales), np.log(np.std(curves.data.y)))
    with np.errstate(over="ignore", divide="ignore", under="ignore"):
        return integrate_lines(
            lambda log_sigma: _log_joint(curves, scales, noise, log_sigma),
            centre - _REACH,
            centre + _REACH,
            "sigma",
            curves.dof,
        )


def loo_over_sigma(
    curves: GaussianCurves, scales: Floats, noise: NoisePrior, rows: Indices
) -> Floats:
    """Log density of each row given all others, sigma averaged over; shape (rows, m).

    Residuals and leverages depend on the penalty only. Nodes of log sigma that lie on one
    lattice of log penalties let all scales share them.
    """
    nodes, mu, first = _lattice(curves, scales, noise_mass(curves, scales, noise))
    log_weights = [
        _log_joint(curves, scales[k : k + 1], noise, u[None, :])[0] for k, u in enumerate(nodes)
    ]
    values = np.empty((len(rows), len(scales)))
    for start in range(0, len(rows), size := max(16, _BLOCK // len(mu))):
        block = slice(start, start + size)
        residual, kept = curves.left_out(mu, rows[block])
        for k, (u, weights) in enumerate(zip(nodes, log_weights, strict=True)):
            own = slice(first[k], first[k] + (1 if curves.scaled_by_noise else len(u)))
            log_variance = np.log(2 * np.pi / kept[:, own]) + 2 * u
            given = -0.5 * (log_variance + (residual[:, own] / np.exp(u)) ** 2 / kept[:, own])
            values[block, k] = logsumexp(weights) - log_sums(weights - given)
    return values


def _log_joint(
    curves: GaussianCurves, scales: Floats, noise: NoisePrior, log_sigma: Floats
) -> Floats:
    """Log density of y and log sigma, for sigmas of shape (scales, nodes)."""
    sigma = np.exp(log_sigma)
    if curves.scaled_by_noise:
        terms = tuple(term[:, None] for term in curves.terms(curves.mu(scales, 1.0)))
    else:
        terms = curves.terms(curves.mu(scales[:, None], sigma))
    half_log_det, squares = terms
    misfit = 0.5 * (np.sqrt(squares) / sigma) ** 2
    value = -curves.dof * (0.5 * np.log(2 * np.pi) + log_sigma) - half_log_det - misfit
    return np.asarray(value + noise.logpdf(sigma) + log_sigma)


def _lattice(
    curves: GaussianCurves, scales: Floats, mass: LineMass
) -> tuple[list[Floats], Floats, list[int]]:
    """Nodes of log sigma for each scale, all penalties, and where those of each scale begin.

    The nodes are as fine as the narrowest posterior asks for, and reach further down if there
    are few rows: without its worst one a small sample may believe in a much smaller sigma.
    """
    steps = 2 * (mass.u[:, 1] - mass.u[:, 0])  # as fine as the integral asks for
    low, high, step = mass.u[:, 0], mass.u[:, -1], float(steps.min())
    low = low - (high - low) * min(1.0, _FEW / curves.dof)
    if curves.scaled_by_noise:
        nodes = [np.arange(a, b, own) for a, b, own in zip(low, high, steps, strict=True)]
        return nodes, curves.mu(scales, 1.0), list(range(len(scales)))
    below = np.ceil((low - np.log(scales)) / step).astype(int)
    above = np.floor((high - np.log(scales)) / step).astype(int)
    ratio = step * np.arange(below.min(), above.max() + 1)
    first = (below - below.min()).tolist()
    nodes = [
        np.log(scale) + ratio[a : a + 1 + length]
        for scale, a, length in zip(scales, first, above - below, strict=True)
    ]
    return nodes, curves.mu(1.0, np.exp(ratio)), first
