"""Moves that multiply some of the unknowns by powers of a common e^t, by one slice sampler.

On an orbit sigma goes as e^{s t}, tau as e^{r t}, and coef as fixed + e^{c t} moving; now t = 0.
Drawing t from the posterior along the orbit, times the Jacobian of the move, leaves the posterior
invariant (Liu and Sabatti 2000). The log density of t is always

    slope t - a e^{-2t} - b e^{-t} - c e^t - d e^{2t} - (tails of the densities of sigma and tau)
        - bent e^{-decay t} sum_j rate_j |fixed_j + e^t moving_j|

and its numbers are linear in a few statistics of the state. So an orbit is a table that ``orbit``
writes once, and a kernel multiplies it by the statistics and draws t: little is left to compile.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from priormap.posterior.kernels.compiled import Array, Words, fast, inner, multiply, uniform
from priormap.posterior.kernels.problem import BY_NOISE, PROPER, ElasticNetPrior, State

# Sums that a kernel fills. Along the orbit |y - X coef|^2 = m0 + 2 m1 e^t + m2 e^{2t}, in all
# ``misfit``, and sum_j curvature_j coef_j^2 = r0 + 2 r1 e^t + r2 e^{2t}; ``lasso`` is
# sum_j rate_j |coef_j|, and ``count`` goes to the slope. Statistics are these over sigma^2, over
# the squared unit of the prior (tau, times sigma if scaled by the noise), over that unit, and as
# they are, followed by others.
MISFIT, M1, M2, R0, R1, R2, LASSO, COUNT = range(8)
BY_UNIT, PRECISION, VARIANCE, TAU_PRECISION, TAU_VARIANCE, ONE = range(8, 14)
# numbers of the log density of t
WIDTH, SLOPE, A, B, C, D, BENT, DECAY = range(8)
NOISE_TAIL, NOISE_SQUARE, SCALE_TAIL, SCALE_SQUARE, TAU_POWER = range(8, 13)
SHAPE = 13, 14
START, LEFT, RIGHT, SHRINK = range(4)
STEPS = 100.0  # of a slice to either side; in the posterior it has a few


class Orbit(NamedTuple):
    """``table`` (13, 14) turns statistics into numbers; ``powers`` (3,) holds s, r and c."""

    table: Array
    powers: Array


class Orbits(NamedTuple):
    """Orbits one after the other: ``tables`` (m, 13, 14) and ``powers`` (m, 3)."""

    tables: Array
    powers: Array


def orbit(
    prior: ElasticNetPrior,
    width: float,
    slope: float,
    *,
    sigma: int = 0,
    tau: int = 0,
    coef: int = 0,
    whole: bool = True,
    rss: float = 0.0,
) -> Orbit:
    """Orbit on which sigma, tau and coef have these powers, s and c in {0, 1}, r in {-1, 0, 1}.

    ``slope`` counts the dimensions of coef that move, less the degrees of freedom if sigma moves.
    ``whole`` says that fixed = 0. Where sigma moves with coef, the fitted residual must go as
    sigma does, so that ``rss`` alone is left. ``width`` guesses the range of t.
    """
    unit = tau + sigma if prior.hyper[BY_NOISE] else tau
    table = np.zeros(SHAPE)
    table[[WIDTH, TAU_POWER, DECAY], ONE] = width, tau, unit
    table[SLOPE, ONE] = slope + sigma + tau - prior.hyper[PROPER] * unit
    table[SLOPE, COUNT] = 1.0
    if coef:
        table[A, PRECISION] = 0.5 * sigma * rss
        table[C, M1], table[D, M2] = 1.0 - sigma, 0.5 - 0.5 * sigma
        table[A, R0], table[B, R1] = 0.5 * unit, unit
        table[C, R1], table[D, R2] = 1.0 - unit, 0.5 - 0.5 * unit
        table[C, LASSO] = (1.0 - unit) * whole
        table[BENT, BY_UNIT] = not whole
    else:
        table[A, [MISFIT, R0, R1, R2]] = 0.5 * sigma, 0.5 * unit, unit, 0.5 * unit
        table[B, LASSO] = unit
    for density, power, up, down, tail, square in (
        (prior.noise, sigma, VARIANCE, PRECISION, NOISE_TAIL, NOISE_SQUARE),
        (prior.scale, tau, TAU_VARIANCE, TAU_PRECISION, SCALE_TAIL, SCALE_SQUARE),
    ):
        table[SLOPE, ONE] -= power * density.logs
        falling, rising = (A, D) if power > 0 else (D, A)
        table[falling, down] += abs(power) * density.inverse
        table[rising, up] += abs(power) * density.square
        table[tail, ONE], table[square, up] = abs(power) * density.tail, density.reach**-2
    return Orbit(table, np.array([sigma, tau, coef], dtype=np.float64))


@inner()
def move_along(
    orbits: Orbits, k: int, prior: ElasticNetPrior, state: State, fixed: Array, moving: Array
) -> float:
    """Draw t on orbit ``k``, move sigma and tau, and return the factor e^{c t} of ``moving``.

    The kernel has filled ``state.sums``.
    """
    powers, scales = orbits.powers, state.scales
    if powers[k, 0] == 0.0 and powers[k, 1] == 0.0:
        return 1.0
    sums, statistics, line = state.sums, state.statistics, state.line
    sigma, tau = scales[0], scales[1]
    precision = 1.0 / (sigma * sigma)
    by_unit = 1.0 / (tau * sigma) if prior.hyper[BY_NOISE] > 0.0 else 1.0 / tau
    for i in range(3):
        statistics[i] = sums[i] * precision
        statistics[R0 + i] = sums[R0 + i] * by_unit * by_unit
    statistics[LASSO] = sums[LASSO] * by_unit
    statistics[COUNT] = sums[COUNT]
    statistics[BY_UNIT] = by_unit
    statistics[PRECISION] = precision
    statistics[VARIANCE] = sigma * sigma
    statistics[TAU_PRECISION] = 1.0 / (tau * tau)
    statistics[TAU_VARIANCE] = tau * tau
    statistics[ONE] = 1.0
    multiply(orbits.tables[k], statistics, line)
    t = draw_step(state.rng, line, prior.rate, fixed, moving)
    scales[0] = sigma * math.exp(powers[k, 0] * t)
    scales[1] = tau * math.exp(powers[k, 1] * t)
    return math.exp(powers[k, 2] * t)


@fast()
def weighted_l1(rate: Array, fixed: Array, moving: Array, factor: float) -> float:
    """``sum_j rate_j |fixed_j + factor moving_j|``."""
    total = 0.0
    for j in range(fixed.shape[0]):
        total += rate[j] * abs(fixed[j] + factor * moving[j])
    return total


@inner()
def log_density_along(t: float, line: Array, rate: Array, fixed: Array, moving: Array) -> float:
    """Log density of t; the vectors count only if the orbit is bent."""
    up = math.exp(t)
    down = 1.0 / up
    value = line[SLOPE] * t - (line[A] * down + line[B]) * down - (line[C] + line[D] * up) * up
    if line[NOISE_TAIL] > 0.0:
        value -= line[NOISE_TAIL] * math.log(1.0 + line[NOISE_SQUARE] * up * up)
    if line[SCALE_TAIL] > 0.0:
        step = up if line[TAU_POWER] > 0.0 else down
        value -= line[SCALE_TAIL] * math.log(1.0 + line[SCALE_SQUARE] * step * step)
    if line[BENT] > 0.0:
        bent = line[BENT] * down if line[DECAY] > 0.0 else line[BENT]
        value -= bent * weighted_l1(rate, fixed, moving, up)
    return value


@inner()
def draw_step(rng: Words, line: Array, rate: Array, fixed: Array, moving: Array) -> float:
    """Draw t, which is now 0, by slice sampling (Neal 2003); NaN if the density is not finite.

    Stepping out and shrinkage share one call of the density: each further call is compiled again.
    A slice ends after `STEPS` of them at the latest: one that is longer belongs to a start far
    from the posterior, from where a heavy tail would lead past the range of numbers.
    """
    width = line[WIDTH]
    level, left, right, t = 0.0, 0.0, width, 0.0
    furthest = STEPS * width
    phase = START
    while right - left > 1e-14:
        value = log_density_along(t, line, rate, fixed, moving)
        if phase == START:
            if not abs(value) < math.inf:
                return math.nan
            level = value + math.log(uniform(rng))
            left = -width * uniform(rng)
            right = left + width
            phase, t = LEFT, left
        elif phase == LEFT:
            if value > level and left > -furthest:
                left -= width
                t = left
            else:
                phase, t = RIGHT, right
        elif phase == RIGHT and value > level and right < furthest:
            right += width
            t = right
        elif phase != RIGHT and value > level:
            return t
        else:
            if phase == RIGHT:
                phase = SHRINK
            elif t < 0.0:
                left = t
            else:
                right = t
            t = left + (right - left) * uniform(rng)
    return 0.0
