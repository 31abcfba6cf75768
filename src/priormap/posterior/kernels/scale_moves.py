"""Moves of sigma and tau, alone or together with the coefficients, by one slice sampler.

A move multiplies some of the unknowns by e^t. Drawing t from the target along that orbit, times
the Jacobian, leaves the target invariant (Liu and Sabatti 2000). For every move used here the
log density of t is

    slope t - a e^{-2t} - b e^{-t} - c e^t - d e^{2t}
        + log p(sigma e^t) [if sigma moves] + log p(tau e^{+-t}) [if tau moves]
        - weight e^{-decay t} sum_j rate_j |fixed_j + e^t moving_j|

so a move is a ``Line`` of numbers, and ``slice_factor`` (Neal 2003: stepping out, shrinkage)
draws from any of them. ``lasso`` and ``ridge`` stand for ``sum_j rate_j |b_j|`` and
``sum_j curvature_j b_j^2``, in units of the prior.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from priormap.posterior.kernels.compiled import Array, Words, fast, inner
from priormap.posterior.kernels.densities import log_density
from priormap.posterior.kernels.problem import BY_NOISE, CURVED, NOISE, PROPER, SCALE
from priormap.posterior.kernels.random import uniform


class Line(NamedTuple):
    """Numbers of the log density of t; ``sigma`` or ``tau`` is 0 if it does not move.

    A negative ``tau`` moves against the others, as |tau| e^{-t}.
    """

    width: float
    slope: float
    a: float
    b: float
    c: float
    d: float
    sigma: float
    tau: float
    weight: float
    decay: float


@fast()
def weighted_l1(rate: Array, fixed: Array, moving: Array, factor: float) -> float:
    """``sum_j rate_j |fixed_j + factor moving_j|``."""
    total = 0.0
    for j in range(fixed.shape[0]):
        total += rate[j] * abs(fixed[j] + factor * moving[j])
    return total


@fast()
def weighted_product(weight: Array, x: Array, y: Array) -> float:
    """``sum_j weight_j x_j y_j``."""
    total = 0.0
    for j in range(x.shape[0]):
        total += weight[j] * x[j] * y[j]
    return total


@inner()
def line_density(
    t: float, line: Line, hyper: Array, rate: Array, fixed: Array, moving: Array
) -> float:
    """Log density of t; the arrays count only if ``line.weight`` is positive."""
    up = math.exp(t)
    down = 1.0 / up
    value = line.slope * t - (line.a * down + line.b) * down - (line.c + line.d * up) * up
    if line.sigma > 0.0:
        value += log_density(hyper[NOISE], hyper[NOISE + 1], hyper[NOISE + 2], line.sigma * up)
    if line.tau != 0.0:
        tau = line.tau * up if line.tau > 0.0 else -line.tau * down
        value += log_density(hyper[SCALE], hyper[SCALE + 1], hyper[SCALE + 2], tau)
    if line.weight > 0.0:
        weight = line.weight * down if line.decay > 0.0 else line.weight
        value -= weight * weighted_l1(rate, fixed, moving, up)
    return value


@inner()
def slice_factor(
    rng: Words, line: Line, hyper: Array, rate: Array, fixed: Array, moving: Array
) -> float:
    """Draw t given that it is now 0, and return the factor e^t."""
    level = line_density(0.0, line, hyper, rate, fixed, moving) + math.log(uniform(rng))
    left = -line.width * uniform(rng)
    right = left + line.width
    while line_density(left, line, hyper, rate, fixed, moving) > level:
        left -= line.width
    while line_density(right, line, hyper, rate, fixed, moving) > level:
        right += line.width
    while right - left > 1e-14:
        t = left + (right - left) * uniform(rng)
        if line_density(t, line, hyper, rate, fixed, moving) > level:
            return math.exp(t)
        if t < 0.0:
            left = t
        else:
            right = t
    return 1.0


@inner()
def sigma_line(
    hyper: Array, scales: Array, dof: float, misfit: float, lasso: float, ridge: float
) -> Line:
    """Sigma given the rest; ``misfit`` = |y - X b|^2."""
    sigma, tau = scales[0], scales[1]
    slope = 1.0 - dof - hyper[BY_NOISE] * hyper[PROPER]
    pull = hyper[BY_NOISE] * lasso / (tau * sigma)
    half = 0.5 * (misfit + hyper[BY_NOISE] * ridge / (tau * tau)) / (sigma * sigma)
    width = 3.0 / math.sqrt(2.0 * dof + hyper[PROPER] + 2.0)
    return Line(width, slope, half, pull, 0.0, 0.0, sigma, 0.0, 0.0, 0.0)


@inner()
def tau_line(hyper: Array, scales: Array, lasso: float, ridge: float) -> Line:
    """Tau given the coefficients."""
    unit = scales[1] * scales[0] if hyper[BY_NOISE] > 0.0 else scales[1]
    width = 3.0 / math.sqrt(hyper[PROPER] + 1.0)
    slope = 1.0 - hyper[PROPER]
    half = 0.5 * ridge / (unit * unit)
    return Line(width, slope, half, lasso / unit, 0.0, 0.0, 0.0, scales[1], 0.0, 0.0)


@inner()
def coef_tau_line(hyper: Array, scales: Array, n_features: float, fit: float, power: float) -> Line:
    """(b, tau) -> e^t (b, tau): the penalty stays; ``fit`` = b'X'y and ``power`` = b'X'X b."""
    precision = 1.0 / (scales[0] * scales[0])
    slope = 1.0 + n_features - hyper[PROPER]
    return Line(
        1.0, slope, 0.0, 0.0, -precision * fit, 0.5 * precision * power, 0.0, scales[1], 0.0, 0.0
    )


@inner()
def share_tau_line(
    hyper: Array,
    scales: Array,
    rank: float,
    fit: float,
    power: float,
    curvature: Array,
    fixed: Array,
    moving: Array,
) -> Line:
    """(fixed + moving, tau) -> (fixed + e^t moving, e^t tau), of Jacobian e^{(rank + 1) t}.

    ``fit`` = moving'X'(y - X fixed) and ``power`` = moving'X'X moving.
    """
    unit = scales[1] * scales[0] if hyper[BY_NOISE] > 0.0 else scales[1]
    precision = 1.0 / (scales[0] * scales[0])
    a, b = 0.0, 0.0
    if hyper[CURVED] > 0.0:
        a = 0.5 * weighted_product(curvature, fixed, fixed) / (unit * unit)
        b = weighted_product(curvature, fixed, moving) / (unit * unit)
    slope = 1.0 + rank - hyper[PROPER]
    c, d = -precision * fit, 0.5 * precision * power
    return Line(1.0, slope, a, b, c, d, 0.0, scales[1], 1.0 / unit, 1.0)


@inner()
def residual_sigma_line(
    hyper: Array,
    learns: float | None,
    scales: Array,
    dof: float,
    rank: float,
    rss: float,
    curvature: Array,
    fixed: Array,
    moving: Array,
) -> Line:
    """(e, sigma) -> e^t (e, sigma) for the fitted residual e of ``rank`` dimensions.

    The coefficients become ``fixed + e^t moving``. |e|^2 / sigma^2 stays, so only the irreducible
    ``rss`` and the priors speak. This crosses the funnel towards small sigma where the design can
    fit the data almost perfectly. A learnt tau in units of the noise moves against sigma, so that
    the prior of coef stays where it is.
    """
    by_noise = hyper[BY_NOISE] > 0.0
    against = by_noise and learns is not None
    sigma, tau = scales[0], scales[1]
    unit = tau * sigma if by_noise else tau
    slope = 1.0 + rank - dof
    decay = 0.0
    if against:
        slope -= 1.0
    elif by_noise:
        slope -= hyper[PROPER]
        decay = 1.0
    width = 3.0 / math.sqrt(2.0 * (dof - rank) + 4.0)
    a, b, c, d = 0.5 * rss / (sigma * sigma), 0.0, 0.0, 0.0
    if hyper[CURVED] > 0.0:
        still = 0.5 * weighted_product(curvature, fixed, fixed) / (unit * unit)
        cross = weighted_product(curvature, fixed, moving) / (unit * unit)
        if decay > 0.0:
            a, b = a + still, cross
        else:
            c, d = cross, 0.5 * weighted_product(curvature, moving, moving) / (unit * unit)
    return Line(width, slope, a, b, c, d, sigma, -tau if against else 0.0, 1.0 / unit, decay)


@inner()
def move_scales(
    misfit: float,
    fit: float,
    power: float,
    dof: float,
    rate: Array,
    curvature: Array,
    hyper: Array,
    learns: float | None,
    coef: Array,
    scales: Array,
    rng: Words,
    trace: Array,
    i: int,
) -> float:
    """Draw sigma, tau, and (coef, tau) along their lines, in place.

    Records (sigma, tau, log posterior) in line i of ``trace`` and returns the factor of coef.
    """
    factor = 1.0
    lasso = weighted_l1(rate, coef, coef, 0.0)
    ridge = weighted_product(curvature, coef, coef)
    if hyper[NOISE] > 0.0:
        line = sigma_line(hyper, scales, dof, misfit, lasso, ridge)
        scales[0] *= slice_factor(rng, line, hyper, rate, coef, coef)
    if learns is not None:
        line = tau_line(hyper, scales, lasso, ridge)
        scales[1] *= slice_factor(rng, line, hyper, rate, coef, coef)
        line = coef_tau_line(hyper, scales, float(coef.shape[0]), fit, power)
        factor = slice_factor(rng, line, hyper, rate, coef, coef)
        scales[1] *= factor
        lasso *= factor
        ridge *= factor * factor
        misfit += 2.0 * (1.0 - factor) * fit + (factor * factor - 1.0) * power
        for j in range(coef.shape[0]):
            coef[j] *= factor
    trace[i, 0], trace[i, 1] = scales[0], scales[1]
    trace[i, 2] = log_posterior(hyper, scales, dof, misfit, lasso, ridge)
    return factor


@inner()
def log_posterior(
    hyper: Array, scales: Array, dof: float, misfit: float, lasso: float, ridge: float
) -> float:
    """Log posterior of (coef, sigma, tau) up to its constant."""
    sigma, tau = scales[0], scales[1]
    unit = tau * sigma if hyper[BY_NOISE] > 0.0 else tau
    value = -dof * math.log(sigma) - 0.5 * misfit / (sigma * sigma)
    value -= (lasso + 0.5 * ridge / unit) / unit + hyper[PROPER] * math.log(unit)
    value += log_density(hyper[NOISE], hyper[NOISE + 1], hyper[NOISE + 2], sigma)
    return value + log_density(hyper[SCALE], hyper[SCALE + 1], hyper[SCALE + 2], tau)
