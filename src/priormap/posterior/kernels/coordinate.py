"""Coordinate-wise Gibbs sweep with exact two-piece truncated normal conditionals (Hans 2009).

Given the others, a coefficient has the density exp(-(b - m)^2 / (2 s^2) - pull |b|): a normal
around m - pull s^2 to the right of zero and one around m + pull s^2 to the left. On r rows a
coordinate costs O(r), so a sweep costs O(r p), which no factorisation reaches when p > n.
"""

from __future__ import annotations

import math

from priormap.posterior.kernels.compiled import Array, fast, inner
from priormap.posterior.kernels.problem import BY_NOISE, ElasticNetPrior, State
from priormap.posterior.kernels.random import uniform
from priormap.posterior.kernels.truncated_normal import two_piece_normal


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
