r"""Gaussian curves where sigma is unknown: integrated over its prior, for every scale at once.

The evidence is ``\int p(y | sigma, scale) p(sigma) d sigma``, by the trapezoidal rule in
log sigma (`priormap.posterior.line_quadrature`), or in closed form under a prior scaled by the
noise with ``sigma**2 ~ InverseGamma`` or Jeffreys. With the posterior of sigma that comes with
it, leave-one-out is exact too:

.. math::

    p(y_i \mid y_{-i}) = \Bigl( \int \frac{p(\sigma \mid y)}{p(y_i \mid y_{-i}, \sigma)}
    \, d\sigma \Bigr)^{-1} .
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from priormap.noise import InverseGamma, Jeffreys, NoisePrior
from priormap.posterior.line_quadrature import LineMass, integrate_lines
from priormap.scale_choice.gaussian_curves import GaussianCurves

__all__ = ["conjugate_evidence", "evidence_over_sigma", "loo_over_sigma", "noise_mass"]

Floats: TypeAlias = NDArray[np.float64]
_REACH = 100.0  # how far from the scale of the data mass is looked for, in log units
_STEP = 0.5  # of log sigma over its sd: the trapezoidal rule is as good as exact there
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
    curves: GaussianCurves, scales: Floats, noise: NoisePrior, rows: NDArray[np.intp]
) -> Floats:
    """Log density of each row given all others, sigma averaged over; shape (rows, m)."""
    mass = noise_mass(curves, scales, noise)
    columns = []
    for k, scale in enumerate(scales):
        log_sigma = _wider_nodes(mass.u[k], mass.weights[k], curves.dof)
        joint = _log_joint(curves, scales[k : k + 1], noise, log_sigma[None, :])[0]
        log_weights = joint - logsumexp(joint)
        kept = np.isfinite(log_weights)
        given = [curves.loo(scale, float(sigma), rows)[:, 0] for sigma in np.exp(log_sigma[kept])]
        columns.append(-logsumexp(log_weights[kept] - np.stack(given, axis=1), axis=1))
    return np.stack(columns, axis=1)


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


def _wider_nodes(log_sigma: Floats, weights: Floats, dof: int) -> Floats:
    """Nodes a row left out needs: no finer than the posterior asks for, further down if few.

    Without its worst row a small sample may believe in a much smaller sigma.
    """
    mean = weights @ log_sigma
    sd = np.sqrt(weights @ (log_sigma - mean) ** 2)
    low, high = log_sigma[0], log_sigma[-1]
    low -= (high - low) * min(1.0, _FEW / dof)
    return np.linspace(low, high, 2 + int((high - low) / (_STEP * sd)))
