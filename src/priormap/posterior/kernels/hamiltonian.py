"""Exact Hamiltonian dynamics on the piecewise Gaussian posterior (Pakman and Paninski 2014).

Given sigma and the prior scale, with mass matrix X'X / sigma^2 and between two sign changes, the
coefficients swing around a fixed centre with period 2 pi,

    b(t) = m + (b - m) cos t + v sin t,     m = bhat - sigma^2 (X'X)^{-1} (sign o pull),

where pull_j is the slope of the penalty. The log density is continuous, so where b_j changes its
sign only the centre moves, by a multiple of column j of (X'X)^{-1}: O(p) per crossing, no step
size, no rejection. In u = tan(t / 2) positions, velocities and crossing times are algebraic.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from priormap.posterior.kernels.cholesky import inverse_and_root, multiply
from priormap.posterior.kernels.compiled import Array, Words, fast, inner, kernel
from priormap.posterior.kernels.moments_moves import move_on_moments, prior_shares, sigma_anchor
from priormap.posterior.kernels.problem import BY_NOISE, ElasticNetPrior, Moments
from priormap.posterior.kernels.random import fill_normal, uniform

TINY = 1e-300
SHORTEST, LONGEST = 0.35 * math.pi, 0.85 * math.pi  # of a period of 2 pi


class HamiltonianTarget(NamedTuple):
    """Moments with what the dynamics need.

    ``centre`` and ``rss`` are least squares and its misfit, ``anchor`` is `sigma_anchor`,
    ``shares`` and ``ranks`` are `prior_shares`, and ``inverse`` is (X'X)^{-1} = ``root @ root.T``
    with ``root`` upper triangular.
    """

    gram: Array
    xty: Array
    yty: float
    dof: float
    anchor: Array | None
    rss: float
    shares: Array
    ranks: Array
    centre: Array
    inverse: Array
    root: Array


def hamiltonian_target(
    data: Moments, prior: ElasticNetPrior, sigma: float, tau: float
) -> HamiltonianTarget:
    """Factor X'X (p, p), which must be positive definite, in O(p^3)."""
    inverse, root = inverse_and_root(data.gram)
    centre = inverse @ data.xty
    rss = max(data.yty - float(centre @ data.xty), 0.0)
    shares = prior_shares(data.gram, inverse, prior, sigma, tau)
    anchor = sigma_anchor(data, prior, centre)
    return HamiltonianTarget(*data, anchor, rss, *shares, centre, inverse, root)


@fast()
def swing(
    coef: Array,
    velocity: Array,
    centre: Array,
    sign: Array,
    u: float,
    inverse: Array,
    j: int,
    jump: float,
    rates: Array,
) -> float:
    """Rotate by t = 2 arctan u, move the centre by ``jump`` times column j, and look ahead.

    ``rates[k]`` becomes 1 / tan(t_k / 2) for the time t_k at which coefficient k next reaches
    zero, or 0 if it does not within half a period; the largest is returned. The root of
    b_k(t) = 0 in tan(t / 2) is written so that nothing cancels, also at b_k = 0.
    """
    sin = 2.0 * u / (1.0 + u * u)
    fall = u * sin  # 1 - cos t, exact also for short flights between strong pulls
    for k in range(coef.shape[0]):
        m = centre[k]
        d = coef[k] - m
        v = velocity[k]
        x = coef[k] - fall * d + sin * v
        v = v - fall * v - sin * d
        m += jump * inverse[j, k]
        coef[k] = x
        velocity[k] = v
        centre[k] = m
        x *= sign[k]
        v *= sign[k]
        curve = x - 2.0 * sign[k] * m
        square = v * v + x * curve
        total = math.sqrt(abs(square)) + abs(v)
        rate = curve / total if v > 0.0 else total / max(x, TINY)
        rates[k] = rate if square > 0.0 else 0.0
    best = 0.0
    for k in range(coef.shape[0]):
        best = max(best, rates[k])
    return best


@inner()
def trajectory(
    coef: Array,
    velocity: Array,
    centre: Array,
    sign: Array,
    steps: Array,
    inverse: Array,
    time: float,
    rates: Array,
) -> int:
    """Follow the dynamics for ``time`` < pi in place and return the number of crossings.

    ``steps[j]`` is 2 sigma^2 pull_j, the length of the centre's jump where b_j changes sign.
    """
    left = math.tan(0.5 * time)
    crossings = 0
    j = 0
    u = 0.0
    jump = 0.0
    while True:
        best = swing(coef, velocity, centre, sign, u, inverse, j, jump, rates)
        left = (left - u) / (1.0 + left * u)
        if crossings > 0:
            coef[j] = 0.0
        if best * left <= 1.0:
            break
        j = 0
        while rates[j] != best and j < coef.shape[0] - 1:
            j += 1
        u = 1.0 / best
        sign[j] = -sign[j]
        jump = -steps[j] * sign[j]
        crossings += 1
    swing(coef, velocity, centre, sign, left, inverse, 0, 0.0, rates)
    return crossings


@kernel()
def piecewise_hmc(
    gram: Array,
    xty: Array,
    yty: float,
    dof: float,
    anchor: Array | None,
    rss: float,
    shares: Array,
    ranks: Array,
    centre: Array,
    inverse: Array,
    root: Array,
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
    """Fill ``draws`` (m, p) and ``trace`` (m, 4): a trajectory, then the scale moves, per draw.

    The trajectory time is drawn at random: with a fixed quarter period the chain can be trapped
    by resonance. Its mean cosine is -0.3, so that where the posterior is nearly Gaussian one draw
    lies across from the last: means settle from fewer draws than independent ones would take,
    at some cost to variances (whose mean squared cosine is 0.24).
    """
    p = coef.shape[0]
    sign, steps, middle = np.empty(p), np.empty(p), np.empty(p)
    velocity, offset, image = np.empty(p), np.empty(p), np.empty(p)
    for i in range(trace.shape[0]):
        sigma = scales[0]
        unit = scales[1] * sigma if hyper[BY_NOISE] > 0.0 else scales[1]
        fill_normal(rng, image)
        for j in range(p):
            sign[j] = math.copysign(1.0, coef[j])
            steps[j] = 2.0 * sigma * sigma * rate[j] / unit
            offset[j] = 0.5 * steps[j] * sign[j]
            image[j] *= sigma
        multiply(root, image, velocity)
        multiply(inverse, offset, middle)
        for j in range(p):
            middle[j] = centre[j] - middle[j]
        time = SHORTEST + (LONGEST - SHORTEST) * uniform(rng)
        trace[i, 3] = trajectory(coef, velocity, middle, sign, steps, inverse, time, image)
        move_on_moments(
            gram, xty, yty, dof, anchor, rss, shares, ranks, rate, curvature, hyper, learns, coef,
            scales, rng, offset, image, trace, i,
        )  # fmt: skip
        for j in range(p):
            draws[i, j] = coef[j]
