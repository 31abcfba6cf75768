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

from priormap.posterior.kernels.compiled import (
    Array,
    cholesky_upper,
    fill_normal,
    inner,
    kernel,
    multiply,
    solve_transposed,
    solve_upper,
    uniform,
)
from priormap.posterior.kernels.orbits import (
    LASSO,
    MISFIT,
    R0,
    R1,
    R2,
    A,
    B,
    D,
    Orbits,
    move_along,
    orbit,
)
from priormap.posterior.kernels.problem import (
    BY_NOISE,
    CURVED,
    KINKED,
    PROPER,
    Draws,
    ElasticNetPrior,
    Moments,
    State,
)
from priormap.posterior.kernels.scale_moves import (
    MomentsMoves,
    fill_prior_sums,
    moments_moves,
    move_on_moments,
    stack,
)

SMALLEST = 1e-280
# places in `given_variances`; of the type of a variable, or move_along is compiled for each
OF_TAU, OF_SIGMA = np.int64(0), np.int64(1)


class Room(NamedTuple):
    """Vectors (p,) that a draw writes over, and ``upper`` (p, p), whose lower triangle is zero."""

    omega: Array
    mean: Array
    white: Array
    noise: Array
    upper: Array


def room(p: int) -> Room:
    """Room for one chain."""
    omega, mean, white, noise = np.empty((4, p))
    return Room(omega, mean, white, noise, np.zeros((p, p)))


def mixture_target(
    data: Moments, prior: ElasticNetPrior, sigma: float, tau: float
) -> tuple[Moments, MomentsMoves, Orbits]:
    """Solve the normal equations, which may be singular."""
    inverse = np.linalg.pinv(data.gram, hermitian=True).astype(np.float64)
    moves = moments_moves(data, prior, inverse, sigma, tau)
    # each flat coefficient that is integrated out takes one degree of freedom
    return data, moves, given_variances(prior, len(data.xty) - data.dof, data.dof)


def given_variances(prior: ElasticNetPrior, slope: float, dof: float) -> Orbits:
    """Orbits of tau given omega and coef, and of sigma given omega with coef integrated out.

    Their places are fixed; one that is not to be taken has no powers. That of sigma is not where
    a curvature in units of its own, not of the noise, makes A depend on sigma.
    """
    by_noise = bool(prior.hyper[BY_NOISE])
    learns = prior.noise.learnt and (by_noise or not prior.hyper[CURVED])
    width = 1.5 / math.sqrt(prior.hyper[PROPER] + 1.0)
    of_tau = orbit(prior, width, -prior.hyper[KINKED], tau=1)
    if not by_noise:
        slope += 2.0 * prior.hyper[KINKED] - prior.hyper[PROPER]
    of_sigma = orbit(prior, 3.0 / math.sqrt(2.0 * dof + 4.0), slope, sigma=1)
    for table in (of_tau.table, of_sigma.table):
        table[B, LASSO] = 0.0
    of_sigma.table[A, [R0, R1, R2]] = 0.0
    of_sigma.table[D, R2] = 0.0 if by_noise else 0.5
    moved = np.array([[prior.scale.learnt], [learns]])
    tables, powers = stack([of_tau, of_sigma])
    return Orbits(tables, powers * moved)


@inner()
def draw_variances(prior: ElasticNetPrior, state: State, omega: Array) -> float:
    """Draw omega given coef, sigma, tau and return ``sum_j rate_j^2 omega_j``; inf where flat.

    1 / v_j is inverse Gaussian (Michael, Schucany and Haas 1976); written here for v_j itself
    as a sum of positive terms, so that nothing cancels as b_j goes to zero.
    """
    coef, rng, rate = state.coef, state.rng, prior.rate
    sigma, tau = state.scales[0], state.scales[1]
    unit = tau * sigma if prior.hyper[BY_NOISE] > 0.0 else tau
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
def fill_variance_sums(prior: ElasticNetPrior, state: State, spread: float) -> None:
    """Sums for `given_variances`; ``spread`` = sum_j rate_j^2 omega_j."""
    fill_prior_sums(prior, state, state.coef, state.coef)  # of which R0 counts
    state.sums[R1] = 0.0
    state.sums[R2] = spread * state.scales[0] ** 2


@inner()
def load_precision(
    gram: Array, omega: Array, prior: ElasticNetPrior, scales: Array, precision: Array
) -> None:
    """Upper triangle of A = X'X + diag(1 / omega + curvature sigma^2 / u^2)."""
    p = gram.shape[0]
    unit = scales[1] if prior.hyper[BY_NOISE] > 0.0 else scales[1] / scales[0]
    for j in range(p):
        for k in range(j, p):
            precision[j, k] = gram[j, k]
        precision[j, j] += 1.0 / omega[j] + prior.curvature[j] / (unit * unit)


@kernel()
def gibbs_mixture(
    data: Moments,
    moves: MomentsMoves,
    variance_orbits: Orbits,
    prior: ElasticNetPrior,
    state: State,
    drawn: Draws,
    room: Room,
) -> None:
    """Fill ``draws`` (m, p) and ``trace`` (m, 3) with one sweep per draw, from the state on.

    Given omega the whitened coefficients z = (U b - U^{-T} X'y) / sigma, A = U'U, are standard
    normal and independent of sigma: turning them by any angle into fresh normals is exact.
    Beyond a quarter turn it undoes part of the memory that omega keeps.
    """
    coef, scales, rng = state.coef, state.scales, state.rng
    draws, trace = drawn.coef, drawn.trace
    omega, mean, white, noise, upper = room
    p = coef.shape[0]
    for i in range(trace.shape[0]):
        fill_variance_sums(prior, state, draw_variances(prior, state, omega))
        move_along(variance_orbits, OF_TAU, prior, state, coef, coef)
        load_precision(data.gram, omega, prior, scales, upper)
        cholesky_upper(upper)
        state.sums[MISFIT] = data.yty - solve_transposed(upper, data.xty, mean)
        multiply(upper, coef, white)
        before = scales[0]
        move_along(variance_orbits, OF_SIGMA, prior, state, coef, coef)
        angle = math.pi * (0.35 + 0.5 * uniform(rng))
        keep, fresh = scales[0] / before * math.cos(angle), scales[0] * math.sin(angle)
        fill_normal(rng, noise)
        for j in range(p):
            white[j] = mean[j] + keep * (white[j] - mean[j]) + fresh * noise[j]
        solve_upper(upper, white, coef)
        move_on_moments(data, moves, prior, state, noise, mean)
        trace[i, 0], trace[i, 1] = scales[0], scales[1]
        for j in range(p):
            draws[i, j] = coef[j]
