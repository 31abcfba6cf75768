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
from typing import NamedTuple

import numpy as np

from priormap.posterior.kernels.cholesky import (
    cholesky_upper,
    multiply,
    solve_transposed,
    solve_upper,
)
from priormap.posterior.kernels.compiled import Array, Words, inner, kernel
from priormap.posterior.kernels.moments_moves import move_on_moments, prior_shares, sigma_anchor
from priormap.posterior.kernels.problem import (
    BY_NOISE,
    CURVED,
    KINKED,
    NOISE,
    PROPER,
    ElasticNetPrior,
    Moments,
)
from priormap.posterior.kernels.random import fill_normal, uniform
from priormap.posterior.kernels.scale_moves import (
    Line,
    slice_factor,
    weighted_product,
)

SMALLEST = 1e-280


class MixtureTarget(NamedTuple):
    """Moments with the misfit of least squares, `sigma_anchor` and `prior_shares`."""

    gram: Array
    xty: Array
    yty: float
    dof: float
    anchor: Array | None
    rss: float
    shares: Array
    ranks: Array


def mixture_target(
    data: Moments, prior: ElasticNetPrior, sigma: float, tau: float
) -> MixtureTarget:
    """Solve the normal equations, which may be singular."""
    inverse = np.linalg.pinv(data.gram, hermitian=True).astype(np.float64)
    centre = inverse @ data.xty
    rss = max(data.yty - float(centre @ data.xty), 0.0)
    shares, ranks = prior_shares(data.gram, inverse, prior, sigma, tau)
    anchor = sigma_anchor(data, prior, centre)
    return MixtureTarget(*data, anchor, rss, shares, ranks)


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
def can_integrate(hyper: Array) -> bool:
    """Whether sigma is learnt and its density with coef integrated out costs O(1).

    A curvature in units of its own, not of the noise, makes A depend on sigma.
    """
    return hyper[NOISE] > 0.0 and (hyper[BY_NOISE] > 0.0 or hyper[CURVED] == 0.0)


@inner()
def tau_mixture_line(hyper: Array, scales: Array, spread: float, ridge: float) -> Line:
    """Tau given omega and coef; ``spread`` = sum_j rate_j^2 omega_j.

    Given omega and without curvature, tau and coef are independent.
    """
    sigma = scales[0]
    unit = scales[1] if hyper[BY_NOISE] > 0.0 else scales[1] / sigma
    half = 0.5 * (spread + ridge / (sigma * sigma)) / (unit * unit)
    slope = 1.0 - hyper[PROPER] - hyper[KINKED]
    width = 1.5 / math.sqrt(hyper[PROPER] + 1.0)
    return Line(width, slope, half, 0.0, 0.0, 0.0, 0.0, scales[1], 0.0, 0.0)


@inner()
def sigma_mixture_line(
    hyper: Array, scales: Array, dof: float, n_features: float, misfit: float, spread: float
) -> Line:
    """Sigma given omega, b integrated out; ``misfit`` = y'y - y'X A^{-1} X'y."""
    sigma, tau = scales[0], scales[1]
    # each flat coefficient that is integrated out takes one degree of freedom
    slope = 1.0 - dof + n_features - hyper[PROPER]
    growth = 0.0
    if hyper[BY_NOISE] == 0.0:
        slope += 2.0 * hyper[KINKED]
        growth = 0.5 * spread * sigma * sigma / (tau * tau)
    width = 3.0 / math.sqrt(2.0 * dof + 4.0)
    half = 0.5 * misfit / (sigma * sigma)
    return Line(width, slope, half, 0.0, 0.0, growth, sigma, 0.0, 0.0, 0.0)


@inner()
def load_precision(
    gram: Array, omega: Array, curvature: Array, hyper: Array, scales: Array, precision: Array
) -> None:
    """Upper triangle of A = X'X + diag(1 / omega + curvature sigma^2 / u^2)."""
    p = gram.shape[0]
    unit = scales[1] if hyper[BY_NOISE] > 0.0 else scales[1] / scales[0]
    for j in range(p):
        for k in range(j, p):
            precision[j, k] = gram[j, k]
        precision[j, j] += 1.0 / omega[j] + curvature[j] / (unit * unit)


@kernel()
def gibbs_mixture(
    gram: Array,
    xty: Array,
    yty: float,
    dof: float,
    anchor: Array | None,
    rss: float,
    shares: Array,
    ranks: Array,
    rate: Array,
    curvature: Array,
    hyper: Array,
    learns: float | None,
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
        if learns is not None:
            ridge = weighted_product(curvature, coef, coef)
            line = tau_mixture_line(hyper, scales, spread, ridge)
            scales[1] *= slice_factor(rng, line, hyper, rate, coef, coef)
        load_precision(gram, omega, curvature, hyper, scales, upper)
        cholesky_upper(upper)
        misfit = yty - solve_transposed(upper, xty, mean)
        multiply(upper, coef, white)
        before = scales[0]
        if can_integrate(hyper):
            line = sigma_mixture_line(hyper, scales, dof, float(p), misfit, spread)
            scales[0] *= slice_factor(rng, line, hyper, rate, coef, coef)
        angle = math.pi * (0.35 + 0.5 * uniform(rng))
        keep, fresh = scales[0] / before * math.cos(angle), scales[0] * math.sin(angle)
        fill_normal(rng, noise)
        for j in range(p):
            white[j] = mean[j] + keep * (white[j] - mean[j]) + fresh * noise[j]
        solve_upper(upper, white, coef)
        move_on_moments(
            gram, xty, yty, dof, anchor, rss, shares, ranks, rate, curvature, hyper, learns, coef,
            scales, rng, noise, mean, trace, i,
        )  # fmt: skip
        for j in range(p):
            draws[i, j] = coef[j]
