"""Scale-mixture Gibbs sampler with a p x p Cholesky per draw (Park and Casella 2008), two blocks.

A Laplace coefficient is normal with an exponential variance. Measured in units of the noise,
b_j | omega_j, sigma ~ Normal(0, sigma^2 omega_j), and then

    b | omega, sigma, y ~ Normal(A^{-1} X'y, sigma^2 A^{-1}),     A = X'X + diag(1 / omega),

so drawing sigma | omega, y with b integrated out costs no second factorisation, whether or not
the prior is scaled by the noise: (sigma, b) is one block, which is what mixes (Rajaratnam et al.
2019).
"""

from __future__ import annotations

import math

import numpy as np

from priormap.posterior.kernels.cholesky import (
    cholesky_upper,
    multiply,
    solve_transposed,
    solve_upper,
)
from priormap.posterior.kernels.compiled import Array, Words, inner, kernel
from priormap.posterior.kernels.problem import BY_NOISE, NOISE, PENALISED, SCALE
from priormap.posterior.kernels.random import fill_normal, uniform
from priormap.posterior.kernels.scale_moves import (
    Line,
    coef_tau_line,
    log_posterior,
    slice_factor,
)

SMALLEST = 1e-280


@inner()
def draw_variances(
    rng: Words, hyper: Array, rate: Array, scales: Array, coef: Array, omega: Array
) -> float:
    """Draw omega given coef, sigma, tau and return ``sum_j rate_j^2 omega_j``; inf where flat.

    1 / v_j is inverse Gaussian (Michael, Schucany and Haas 1976); written here for v_j itself
    as a sum of positive terms, so that nothing cancels as b_j goes to zero.
    """
    sigma = scales[0]
    unit = scales[1] * sigma if hyper[BY_NOISE] > 0.0 else scales[1]
    total = 0.0
    fill_normal(rng, omega)
    for j in range(coef.shape[0]):
        reach = unit / rate[j]
        if reach == math.inf:
            omega[j] = math.inf
            continue
        size = abs(coef[j]) * reach
        z = omega[j] * reach
        half = 0.5 * z * z
        variance = size + half + math.sqrt(half * (half + 2.0 * size))
        if uniform(rng) * (variance + size) > variance:
            variance = size * size / variance
        omega[j] = max(variance, SMALLEST) / (sigma * sigma)
        total += rate[j] * rate[j] * omega[j]
    return total


@inner()
def tau_mixture_line(hyper: Array, scales: Array, spread: float) -> Line:
    """Tau given omega, b integrated out; ``spread`` = sum_j rate_j^2 omega_j."""
    unit = scales[1] if hyper[BY_NOISE] > 0.0 else scales[1] / scales[0]
    half = 0.5 * spread / (unit * unit)
    slope = 1.0 - 2.0 * hyper[PENALISED]
    width = 1.5 / math.sqrt(hyper[PENALISED] + 1.0)
    return Line(width, slope, half, 0.0, 0.0, 0.0, 0.0, scales[1], 0.0, 0.0)


@inner()
def sigma_mixture_line(
    hyper: Array, scales: Array, dof: float, n_features: float, misfit: float, spread: float
) -> Line:
    """Sigma given omega, b integrated out; ``misfit`` = y'y - y'X A^{-1} X'y."""
    sigma, tau = scales[0], scales[1]
    # each flat coefficient that is integrated out takes one degree of freedom
    slope = 1.0 - dof + n_features - hyper[PENALISED]
    growth = 0.0
    if hyper[BY_NOISE] == 0.0:
        slope += 2.0 * hyper[PENALISED]
        growth = 0.5 * spread * sigma * sigma / (tau * tau)
    width = 3.0 / math.sqrt(2.0 * dof + 4.0)
    half = 0.5 * misfit / (sigma * sigma)
    return Line(width, slope, half, 0.0, 0.0, growth, sigma, 0.0, 0.0, 0.0)


@inner()
def load_precision(gram: Array, omega: Array, precision: Array) -> None:
    """Upper triangle of A = X'X + diag(1 / omega)."""
    p = gram.shape[0]
    for j in range(p):
        for k in range(j, p):
            precision[j, k] = gram[j, k]
        precision[j, j] += 1.0 / omega[j]


@kernel()
def gibbs_mixture(
    gram: Array,
    xty: Array,
    yty: float,
    dof: float,
    rate: Array,
    hyper: Array,
    coef: Array,
    scales: Array,
    rng: Words,
    draws: Array,
    trace: Array,
) -> None:
    """Fill ``draws`` (m, p) and ``trace`` (m, 4) with one sweep per draw, from the state on.

    Given omega the whitened coefficients z = (U b - U^{-T} X'y) / sigma, A = U'U, are standard
    normal and independent of sigma: turning them by any angle into fresh normals is exact.
    Beyond a quarter turn it undoes part of the memory that omega keeps.
    """
    p = coef.shape[0]
    omega, mean, white, noise = np.empty(p), np.empty(p), np.empty(p), np.empty(p)
    upper = np.zeros((p, p))  # its lower triangle stays zero
    for i in range(trace.shape[0]):
        spread = draw_variances(rng, hyper, rate, scales, coef, omega)
        if hyper[SCALE] > 0.0:
            line = tau_mixture_line(hyper, scales, spread)
            scales[1] *= slice_factor(rng, line, hyper, rate, coef, coef)
        load_precision(gram, omega, upper)
        cholesky_upper(upper)
        misfit = yty - solve_transposed(upper, xty, mean)
        multiply(upper, coef, white)
        before = scales[0]
        if hyper[NOISE] > 0.0:
            line = sigma_mixture_line(hyper, scales, dof, float(p), misfit, spread)
            scales[0] *= slice_factor(rng, line, hyper, rate, coef, coef)
        angle = math.pi * (0.35 + 0.5 * uniform(rng))
        keep, fresh = scales[0] / before * math.cos(angle), scales[0] * math.sin(angle)
        fill_normal(rng, noise)
        for j in range(p):
            white[j] = mean[j] + keep * (white[j] - mean[j]) + fresh * noise[j]
        solve_upper(upper, white, coef)
        fit, power = 0.0, 0.0
        multiply(gram, coef, mean)
        for j in range(p):
            fit += coef[j] * xty[j]
            power += coef[j] * mean[j]
        factor = 1.0
        if hyper[SCALE] > 0.0:
            line = coef_tau_line(hyper, scales, float(p), fit, power)
            factor = slice_factor(rng, line, hyper, rate, coef, coef)
            scales[1] *= factor
        penalty = 0.0
        for j in range(p):
            coef[j] *= factor
            draws[i, j] = coef[j]
            penalty += rate[j] * abs(coef[j])
        misfit = yty - 2.0 * factor * fit + factor * factor * power
        trace[i, 0], trace[i, 1] = scales[0], scales[1]
        trace[i, 2] = log_posterior(hyper, scales, dof, misfit, penalty)
