"""Coordinate-wise Gibbs sweep with exact two-piece truncated normal conditionals (Hans 2009).

Given the others, a coefficient has the density exp(-(b - m)^2 / (2 s^2) - pull |b|): a normal
around m - pull s^2 to the right of zero and one around m + pull s^2 to the left. On r rows a
coordinate costs O(r), so a sweep costs O(r p), which no factorisation reaches when p > n.
"""

from __future__ import annotations

import math

from priormap.posterior.kernels.compiled import Array, Words, fast, inner, uniform
from priormap.posterior.kernels.problem import BY_NOISE, ElasticNetPrior, State

ATTEMPTS = 1000  # of a rejection sampler


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


@fast()
def fill_residual(columns: Array, target: Array, coef: Array, residual: Array) -> None:
    """``residual = target - columns' coef``."""
    for k in range(residual.shape[0]):
        residual[k] = target[k]
    for j in range(coef.shape[0]):
        subtract(columns, j, coef[j], residual)


@inner()
def sweep(
    columns: Array, squares: Array, prior: ElasticNetPrior, state: State, residual: Array
) -> None:
    """Draw every coefficient in turn, keeping ``residual`` = target - columns' coef."""
    coef, rng, sigma, tau = state.coef, state.rng, state.scales[0], state.scales[1]
    unit = tau * sigma if prior.hyper[BY_NOISE] > 0.0 else tau
    tightness = sigma * sigma / (unit * unit)
    for j in range(coef.shape[0]):
        precision = squares[j] + tightness * prior.curvature[j]
        if precision == 0.0:
            side = -1.0 if uniform(rng) < 0.5 else 1.0
            coef[j] = -side * math.log(uniform(rng)) * unit / prior.rate[j]
            continue
        sd = sigma / math.sqrt(precision)
        mean = (coef[j] * squares[j] + project(columns, j, residual)) / precision
        new = sd * two_piece_normal(rng, mean / sd, prior.rate[j] * sd / unit)
        subtract(columns, j, new - coef[j], residual)
        coef[j] = new


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
    """Draw from Normal(mean, 1) given that it is positive (Robert 1995 in the tail).

    Half of the attempts are accepted at least; NaN if that many fail, as they do where ``mean`` is
    no number.
    """
    if mean > -0.45:
        for _ in range(ATTEMPTS):
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
        return math.nan
    rate = 0.5 * (math.sqrt(mean * mean + 4.0) - mean)
    for _ in range(ATTEMPTS):
        x = -math.log(uniform(rng)) / rate
        gap = x - mean - rate
        if -2.0 * math.log(uniform(rng)) > gap * gap:
            return x
    return math.nan


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
