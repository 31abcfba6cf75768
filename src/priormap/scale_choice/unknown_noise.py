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
_STEP = 0.5  # of log sigma over its sd: the trapezoidal rule is exact to 1e-16 there
_NEGLIGIBLE = 1e-14  # weight of a node


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
    scales = np.atleast_1d(scales)

    def log_f(log_sigma: Floats) -> Floats:
        sigma = np.exp(log_sigma)
        if curves.scaled_by_noise:
            terms = [term[:, None] for term in curves.terms(curves.mu(scales, 1.0))]
        else:
            terms = list(curves.terms(curves.mu(scales[:, None], sigma)))
        half_log_det, squares = terms
        misfit = 0.5 * (np.sqrt(squares) / sigma) ** 2
        constant = -0.5 * curves.dof * np.log(2 * np.pi)
        value = constant - curves.dof * log_sigma - half_log_det - misfit
        return np.asarray(value + noise.logpdf(sigma) + log_sigma)

    centre = np.full(len(scales), np.log(np.std(curves.data.y)))
    with np.errstate(over="ignore", divide="ignore", under="ignore"):
        return integrate_lines(log_f, centre - _REACH, centre + _REACH, "sigma", curves.dof)


def loo_over_sigma(
    curves: GaussianCurves, scales: Floats, noise: NoisePrior, rows: NDArray[np.intp]
) -> Floats:
    """Log density of each row given all others, sigma averaged over; shape (rows, m)."""
    mass = noise_mass(curves, scales, noise)
    columns = [
        _loo_at(curves, float(scale), u, w, rows)
        for scale, u, w in zip(scales, mass.u, mass.weights, strict=True)
    ]
    return np.stack(columns, axis=1)


def _loo_at(
    curves: GaussianCurves, scale: float, log_sigma: Floats, weights: Floats, rows: NDArray[np.intp]
) -> Floats:
    mean = weights @ log_sigma
    sd = np.sqrt(weights @ (log_sigma - mean) ** 2)
    stride = max(1, int(_STEP * sd / (log_sigma[1] - log_sigma[0])))
    log_sigma, weights = log_sigma[::stride], weights[::stride] / weights[::stride].sum()
    kept = weights > _NEGLIGIBLE
    sigma, weights = np.exp(log_sigma[kept]), weights[kept]
    given = [curves.loo(scale, float(value), rows)[:, 0] for value in sigma]
    return np.asarray(-logsumexp(np.log(weights) - np.stack(given, axis=1), axis=1))
