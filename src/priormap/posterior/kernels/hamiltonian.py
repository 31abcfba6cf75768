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

from priormap.posterior.kernels.compiled import (
    Array,
    fast,
    fill_normal,
    inner,
    inverse_and_root,
    kernel,
    multiply,
    uniform,
)
from priormap.posterior.kernels.problem import BY_NOISE, Draws, ElasticNetPrior, Moments, State
from priormap.posterior.kernels.scale_moves import MomentsMoves, moments_moves, move_on_moments

TINY = 1e-300
# ranges of the time of a trajectory, of a period of 2 pi
QUARTER = 0.25 * math.pi, 0.75 * math.pi
ACROSS = 0.5 * math.pi, 0.8 * math.pi
FAR = 100.0  # times the crossings of a long trajectory: so many are met by none
SMOOTH = 0.1  # crossings a column owes to its kink, below which the posterior is nearly Gaussian


class Dynamics(NamedTuple):
    """What a trajectory needs.

    ``centre`` is least squares, and ``inverse`` is (X'X)^{-1} = ``root @ root.T`` with ``root``
    upper triangular. Where sigma and tau make more than ``most`` crossings likely, ``free + kinks
    sigma / unit``, a trajectory is shorter in proportion: towards tau = 0 they grow without bound.
    Since it changes neither, its time may depend on them.

    The time is uniform from ``shortest`` to ``longest``: were it fixed at a quarter period, the
    chain could be trapped by resonance. Where the posterior is nearly Gaussian a longer time, of
    mean cosine -0.44, puts a draw across from the last, and means settle from fewer draws than
    independent ones would take. Elsewhere energy is forgotten slowly as it is, and variances
    would pay for that.
    """

    centre: Array
    inverse: Array
    root: Array
    free: float
    kinks: float
    most: float
    shortest: float
    longest: float


class Room(NamedTuple):
    """Vectors (p,) that a draw writes over."""

    sign: Array
    steps: Array
    middle: Array
    velocity: Array
    offset: Array
    image: Array


def room(p: int) -> Room:
    """Room for one chain."""
    return Room(*np.empty((6, p)))


def hamiltonian_target(
    data: Moments, prior: ElasticNetPrior, sigma: float, tau: float
) -> tuple[Moments, MomentsMoves, Dynamics]:
    """Factor X'X (p, p), which must be positive definite, in O(p^3)."""
    inverse, root = inverse_and_root(data.gram)
    moves = moments_moves(data, prior, inverse, sigma, tau)
    free, one, typical = (
        expected_crossings(np.diag(inverse), prior, *scales)
        for scales in ((1.0, np.inf), (1.0, 1.0), (sigma, tau))
    )
    most = max(worthwhile_crossings(len(inverse)), 2.0 * typical)
    times = ACROSS if typical - free < SMOOTH * len(inverse) else QUARTER
    dynamics = Dynamics(inverse @ data.xty, inverse, root, free, one - free, most, *times)
    return data, moves, dynamics


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
    most: float,
) -> float:
    """Follow the dynamics for ``time`` < pi in place and return the number of crossings.

    ``steps[j]`` is 2 sigma^2 pull_j, the length of the centre's jump where b_j changes sign. NaN
    if there would be more than ``most`` crossings, as there are without end where a number is not
    finite.
    """
    left = math.tan(0.5 * time)
    u, jump, arriving = 0.0, 0.0, False
    # of one type with what follows, or swing compiles twice
    j, crossings = coef.shape[0] - 1, 0.0
    while crossings <= most:
        best = swing(coef, velocity, centre, sign, u, inverse, j, jump, rates)
        if arriving:
            return crossings
        if crossings > 0.0:
            coef[j] = 0.0
        left = (left - u) / (1.0 + left * u)
        arriving = best * left <= 1.0
        if arriving:
            u, jump = left, 0.0
            continue
        j = coef.shape[0] - 1
        while rates[j] != best and j > 0:
            j -= 1
        u = 1.0 / best
        sign[j] = -sign[j]
        jump = -steps[j] * sign[j]
        crossings += 1.0
    return math.nan


@kernel()
def piecewise_hmc(
    data: Moments,
    moves: MomentsMoves,
    dynamics: Dynamics,
    prior: ElasticNetPrior,
    state: State,
    drawn: Draws,
    room: Room,
) -> None:
    """Fill ``draws`` (m, p) and ``trace`` (m, 3): a trajectory, then the scale moves, per draw."""
    coef, scales, rng, rate = state.coef, state.scales, state.rng, prior.rate
    draws, trace = drawn.coef, drawn.trace
    sign, steps, middle, velocity, offset, image = room
    p, bound = coef.shape[0], FAR * dynamics.most
    for i in range(trace.shape[0]):
        sigma = scales[0]
        unit = scales[1] * sigma if prior.hyper[BY_NOISE] > 0.0 else scales[1]
        fill_normal(rng, image)
        for j in range(p):
            sign[j] = math.copysign(1.0, coef[j])
            steps[j] = 2.0 * sigma * sigma * rate[j] / unit
            offset[j] = 0.5 * steps[j] * sign[j]
            image[j] *= sigma
        multiply(dynamics.root, image, velocity)
        multiply(dynamics.inverse, offset, middle)
        for j in range(p):
            middle[j] = dynamics.centre[j] - middle[j]
        time = dynamics.shortest + (dynamics.longest - dynamics.shortest) * uniform(rng)
        time *= min(1.0, dynamics.most / (dynamics.free + dynamics.kinks * sigma / unit))
        trace[i, 2] = trajectory(
            coef, velocity, middle, sign, steps, dynamics.inverse, time, image, bound
        )
        move_on_moments(data, moves, prior, state, offset, image)
        trace[i, 0], trace[i, 1] = scales[0], scales[1]
        for j in range(p):
            draws[i, j] = coef[j]


# what it costs


def expected_crossings(
    inverse_diagonal: Array, prior: ElasticNetPrior, sigma: float, tau: float
) -> float:
    """Sign changes per Hamiltonian trajectory, ``sum_j 0.75 k_j + 0.6``.

    ``k_j = sigma sqrt((X'X)^{-1}_jj) / scale_j`` compares the sd of least squares with the
    prior scale. A coefficient crosses zero p_j(0) E|v_j| times per unit of time (Rice); with
    the likelihood centred at zero p_j(0) is about (k_j + 0.8) / (2 sd_j), E|v_j| = 0.8 sd_j, and
    a trajectory lasts 0.5 or 0.65 pi on average.
    """
    unit = prior.unit(sigma, tau)
    sd = sigma * np.sqrt(inverse_diagonal)
    return float(np.sum(0.75 * sd * prior.rate / unit + 0.6))


def worthwhile_crossings(n_features: int) -> float:
    """So many crossings, O(p) each, cost what a draw with an O(p^3 / 3) factorisation costs.

    Measured with p from 10 to 100.
    """
    return 20.0 + n_features**2 / 15.0
