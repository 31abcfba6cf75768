"""Coordinate-wise Gibbs sampler with exact two-piece truncated normal conditionals (Hans 2009).

Given the others, a coefficient has the density exp(-(b - m)^2 / (2 s^2) - pull |b|): a normal
around m - pull s^2 to the right of zero and one around m + pull s^2 to the left. On r rows a
coordinate costs O(r), so a sweep costs O(r p), which no factorisation reaches when p > n.
"""

from __future__ import annotations

import math

import numpy as np

from priormap.posterior.kernels.compiled import Array, Words, fast, inner, kernel
from priormap.posterior.kernels.problem import BY_NOISE, NOISE, SCALE
from priormap.posterior.kernels.random import uniform
from priormap.posterior.kernels.scale_moves import (
    coef_tau_line,
    log_posterior,
    residual_sigma_line,
    sigma_line,
    slice_factor,
    tau_line,
    weighted_l1,
)


@inner()
def mills(x: float) -> float:
    """Phi(x) / phi(x) up to sqrt(pi / 2): erfc(-x / sqrt 2) exp(x^2 / 2)."""
    if x > -10.0:
        return math.erfc(-math.sqrt(0.5) * x) * math.exp(0.5 * x * x)
    # continued fraction, relative error below 1e-9 from here on
    y = -x
    return math.sqrt(2.0 / math.pi) / (y + 1.0 / (y + 2.0 / (y + 3.0 / (y + 4.0 / (y + 5.0 / y)))))


@inner()
def positive_normal(rng: Words, mean: float) -> float:
    """Draw from Normal(mean, 1) given that it is positive (Robert 1995 in the tail)."""
    if mean > -0.45:
        while True:
            square = 2.0
            while square >= 1.0:
                x = 2.0 * uniform(rng) - 1.0
                y = 2.0 * uniform(rng) - 1.0
                square = x * x + y * y
            scale = math.sqrt(-2.0 * math.log(square) / square)
            if mean + scale * x > 0.0:
                return mean + scale * x
            if mean + scale * y > 0.0:
                return mean + scale * y
    rate = 0.5 * (math.sqrt(mean * mean + 4.0) - mean)
    while True:
        x = -math.log(uniform(rng)) / rate
        gap = x - mean - rate
        if -2.0 * math.log(uniform(rng)) > gap * gap:
            return x


@inner()
def two_piece_normal(rng: Words, mean: float, pull: float) -> float:
    """Draw from exp(-(z - mean)^2 / 2 - pull |z|)."""
    right, left = mean - pull, -mean - pull
    top, low = max(right, left), min(right, left)
    # the larger one may overflow to infinity, the smaller is negative
    odds = mills(low) / mills(top)
    side = 1.0 if right >= left else -1.0
    if uniform(rng) * (1.0 + odds) < 1.0:
        return side * positive_normal(rng, top)
    return -side * positive_normal(rng, low)


@fast()
def project(columns: Array, j: int, residual: Array) -> float:
    """Inner product of column j with the residual."""
    total = 0.0
    for k in range(residual.shape[0]):
        total += columns[j, k] * residual[k]
    return total


@fast()
def subtract(columns: Array, j: int, change: float, residual: Array) -> None:
    """``residual -= change * column j``."""
    for k in range(residual.shape[0]):
        residual[k] -= change * columns[j, k]


@inner()
def sweep(
    columns: Array,
    squares: Array,
    rate: Array,
    unit: float,
    sigma: float,
    coef: Array,
    residual: Array,
    rng: Words,
) -> None:
    """Draw every coefficient in turn, keeping ``residual`` = target - columns' coef."""
    for j in range(coef.shape[0]):
        if squares[j] == 0.0:
            side = -1.0 if uniform(rng) < 0.5 else 1.0
            coef[j] = -side * math.log(uniform(rng)) * unit / rate[j]
            continue
        sd = sigma / math.sqrt(squares[j])
        mean = coef[j] + project(columns, j, residual) / squares[j]
        new = sd * two_piece_normal(rng, mean / sd, rate[j] * sd / unit)
        subtract(columns, j, new - coef[j], residual)
        coef[j] = new


@kernel()
def coordinate_gibbs(
    columns: Array,
    target: Array,
    power: Array,
    rss: float,
    dof: float,
    rate: Array,
    hyper: Array,
    coef: Array,
    scales: Array,
    rng: Words,
    draws: Array,
    trace: Array,
) -> None:
    """Fill ``draws`` (m, p) and ``trace`` (m, 4): a sweep, then the scale moves, per draw."""
    p, r = columns.shape
    residual, squares, fixed, moving = np.empty(r), np.empty(p), np.empty(p), np.empty(p)
    for j in range(p):
        squares[j] = 0.0
        for k in range(r):
            squares[j] += columns[j, k] * columns[j, k]
    for i in range(trace.shape[0]):
        for k in range(r):
            residual[k] = target[k]
        for j in range(p):
            subtract(columns, j, coef[j], residual)
        unit = scales[1] * scales[0] if hyper[BY_NOISE] > 0.0 else scales[1]
        sweep(columns, squares, rate, unit, scales[0], coef, residual, rng)
        if hyper[NOISE] > 0.0:
            move_residual(
                columns, power, rss, dof, rate, hyper, coef, scales, rng, residual, fixed, moving
            )
        trace[i, 2] = move_scales(target, rss, dof, rate, hyper, coef, scales, rng, residual)
        trace[i, 0], trace[i, 1] = scales[0], scales[1]
        for j in range(p):
            draws[i, j] = coef[j]


@inner()
def move_residual(
    columns: Array,
    power: Array,
    rss: float,
    dof: float,
    rate: Array,
    hyper: Array,
    coef: Array,
    scales: Array,
    rng: Words,
    residual: Array,
    fixed: Array,
    moving: Array,
) -> None:
    """Multiply the fitted residual and sigma by the same factor.

    The rows are orthogonal, so coef + (1 - e^t) columns (residual / power) leaves the residual
    e^t residual.
    """
    r = residual.shape[0]
    for k in range(r):
        residual[k] /= power[k]
    for j in range(coef.shape[0]):
        moving[j] = -project(columns, j, residual)
        fixed[j] = coef[j] - moving[j]
    line = residual_sigma_line(hyper, scales, dof, float(r), rss)
    factor = slice_factor(rng, line, hyper, rate, fixed, moving)
    scales[0] *= factor
    for j in range(coef.shape[0]):
        coef[j] = fixed[j] + factor * moving[j]
    for k in range(r):
        residual[k] *= factor * power[k]


@inner()
def move_scales(
    target: Array,
    rss: float,
    dof: float,
    rate: Array,
    hyper: Array,
    coef: Array,
    scales: Array,
    rng: Words,
    residual: Array,
) -> float:
    """Moves of sigma alone, tau alone, and (coef, tau), in place; returns the log posterior."""
    misfit, fit, power = rss, 0.0, 0.0
    for k in range(residual.shape[0]):
        fitted = target[k] - residual[k]
        misfit += residual[k] * residual[k]
        fit += fitted * target[k]
        power += fitted * fitted
    penalty = weighted_l1(rate, coef, coef, 0.0)
    if hyper[NOISE] > 0.0:
        line = sigma_line(hyper, scales, dof, misfit, penalty)
        scales[0] *= slice_factor(rng, line, hyper, rate, coef, coef)
    if hyper[SCALE] > 0.0:
        line = tau_line(hyper, scales, penalty)
        scales[1] *= slice_factor(rng, line, hyper, rate, coef, coef)
        line = coef_tau_line(hyper, scales, float(coef.shape[0]), fit, power)
        factor = slice_factor(rng, line, hyper, rate, coef, coef)
        scales[1] *= factor
        penalty *= factor
        misfit += 2.0 * (1.0 - factor) * fit + (factor * factor - 1.0) * power
        for j in range(coef.shape[0]):
            coef[j] *= factor
    return log_posterior(hyper, scales, dof, misfit, penalty)
