# mypy: disallow-untyped-decorators=False
r"""Hot loops of priors that are normal given a local variance whose law has few numbers.

A chain holds log sigma, log tau, the log ``u_j`` of the local scales, and the coefficients b in
unit columns, of which ``b_j`` is normal with sd ``s_j exp(u_j)`` times the unit of the prior. The
densities of sigma, tau and the local scales are of one form; see `priormap.priors.densities`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from priormap.posterior.kernels.compiled import (
    Array,
    Words,
    cholesky_upper,
    fast,
    fill_normal,
    inner,
    kernel,
    solve_transposed,
    solve_upper,
    uniform,
)

FARTHEST = 322.0  # in logs, how far a prior sd or a local scale goes: its square is a number
_WIDTH = 2.0
_MOST_STEPS, _MOST_SHRINKS = 60, 200
SIGMA, TAU = 0, 1
_UNRESOLVED = 1e-6  # a pivot of the Cholesky factor of a correlation matrix
_UNRESOLVED_ROWS = math.log(1e5)  # of sds; their squares meet in one matrix


class Seen(NamedTuple):
    """Unit columns as the kernels read them: Z'Z and Z'u, or the columns as rows and u."""

    columns: Array
    response: Array
    lengths: Array  # squared, of each column
    by_moments: bool
    squares: float  # of the response
    least: float  # what no coefficients explain of it
    dof: float


class Laws(NamedTuple):
    """Terms of the densities; an empty array is a known number."""

    noise: Array
    scale: Array
    local: Array
    by_noise: bool
    log_sd: Array  # log s_j


class Tridiagonal(NamedTuple):
    """``Q T Q' = A``, as LAPACK's dsytrd leaves it."""

    reflectors: Array
    factors: Array
    diagonal: Array
    beside: Array
    log_unit: float  # A is that of spreads over its exponential


@inner()
def log_density(terms: Array, u: float) -> float:
    """Log density of ``u = log x``, up to a constant."""
    value = (1.0 - terms[0]) * u
    if terms[1] > 0.0:
        value -= math.exp(math.log(terms[1]) - 2.0 * u)
    if terms[2] > 0.0:
        value -= math.exp(math.log(terms[2]) + 2.0 * u)
    if terms[3] > 0.0:
        far = 2.0 * (u - math.log(terms[4]))
        value -= terms[3] * (far if far > 40.0 else math.log1p(math.exp(far)))
    return value


def slice_of(log_density_at: Callable[..., float]) -> Callable[..., float]:
    """Compiled step that leaves ``exp(log_density_at(x, read))`` invariant (Neal 2003)."""

    @inner()
    def step(read: tuple[Any, ...], x: float, rng: Words) -> float:
        level = log_density_at(x, read) + math.log(uniform(rng))
        low = x - _WIDTH * uniform(rng)
        high = low + _WIDTH
        for _ in range(_MOST_STEPS):
            if not log_density_at(low, read) > level:
                break
            low -= _WIDTH
        for _ in range(_MOST_STEPS):
            if not log_density_at(high, read) > level:
                break
            high += _WIDTH
        for _ in range(_MOST_SHRINKS):
            new = low + (high - low) * uniform(rng)
            if log_density_at(new, read) > level:
                return new
            if new < x:
                low = new
            else:
                high = new
        return x

    return step


@inner()
def log_of_local(u: float, read: tuple[Any, ...]) -> float:
    """Of a log local scale, its coefficient integrated out."""
    terms, log_sd, precision, pull = read
    if abs(u) > FARTHEST:
        return -math.inf
    log_ratio = 2.0 * (u + log_sd) + math.log(precision)
    variance = 1.0 / (precision + math.exp(-2.0 * (u + log_sd)))
    along = log_ratio if log_ratio > 40.0 else math.log1p(math.exp(log_ratio))
    return log_density(terms, u) - 0.5 * along + 0.5 * pull * pull * variance


@inner()
def log_of_products(log_tau: float, read: tuple[Any, ...]) -> float:
    """Of log tau with its products with the local scales held."""
    scale, local, products = read
    total = log_density(scale, log_tau)
    for j in range(products.shape[0]):
        total += log_density(local, products[j] - log_tau)
    return total


@inner()
def log_likelihood(log_sigma: float, log_ratio: float, read: tuple[Any, ...]) -> float:
    """Log density of the response, the coefficients integrated out.

    ``I + r T`` has no pivot below 1.
    """
    diagonal, beside, along, seen = read
    ratio = math.exp(log_ratio)
    pivot, ahead, logs, quadratic = 1.0, 0.0, 0.0, 0.0
    for k in range(diagonal.shape[0]):
        left = ratio * beside[k - 1] if k > 0 else 0.0
        share = left / pivot
        pivot = max(1.0 + ratio * diagonal[k] - share * left, 1.0)
        ahead = along[k] - share * ahead
        quadratic += ahead * ahead / pivot
        logs += math.log(pivot)
    if seen.by_moments:
        quadratic = max(seen.squares - ratio * quadratic, seen.least)
    return -seen.dof * log_sigma - 0.5 * logs - 0.5 * quadratic * math.exp(-2.0 * log_sigma)


@inner()
def log_of_sigma(log_sigma: float, read: tuple[Any, ...]) -> float:
    """Of log sigma, the coefficients integrated out."""
    laws, log_tau, log_unit, problem = read
    log_ratio = 2.0 * (log_tau + log_unit) - (0.0 if laws.by_noise else 2.0 * log_sigma)
    return log_likelihood(log_sigma, log_ratio, problem) + log_density(laws.noise, log_sigma)


@inner()
def log_of_tau(log_tau: float, read: tuple[Any, ...]) -> float:
    """Of log tau, the coefficients integrated out."""
    laws, log_sigma, log_unit, problem = read
    log_ratio = 2.0 * (log_tau + log_unit) - (0.0 if laws.by_noise else 2.0 * log_sigma)
    return log_likelihood(log_sigma, log_ratio, problem) + log_density(laws.scale, log_tau)


slice_sigma, slice_tau = slice_of(log_of_sigma), slice_of(log_of_tau)
slice_local, slice_products = slice_of(log_of_local), slice_of(log_of_products)


@fast()
def reflect(found: Tridiagonal, x: Array, forward: bool) -> None:
    """Overwrite x by ``Q'x``, or by ``Q x``."""
    reflectors, n = found.reflectors, x.shape[0]
    for step in range(n - 1):
        k = step if forward else n - 2 - step
        total = x[k + 1]
        for i in range(k + 2, n):
            total += reflectors[i, k] * x[i]
        total *= found.factors[k]
        x[k + 1] -= total
        for i in range(k + 2, n):
            x[i] -= total * reflectors[i, k]


@kernel()
def scaled_gram(gram: Array, spread: Array, out: Array) -> None:
    """``D^(1/2) Z'Z D^(1/2)``, the lower triangle by columns."""
    for j in range(spread.shape[0]):
        for i in range(j, spread.shape[0]):
            out[i, j] = spread[i] * gram[j, i] * spread[j]


@inner()
def move_scales(
    seen: Seen, laws: Laws, found: Tridiagonal, log_local: Array, scales: Array, rng: Words
) -> None:
    """Move each of sigma and tau that has a density, the coefficients integrated out."""
    if not laws.noise.shape[0] and not laws.scale.shape[0]:
        return
    along = seen.response.copy()
    if seen.by_moments:
        for j in range(along.shape[0]):
            along[j] *= math.exp(laws.log_sd[j] + log_local[j] - found.log_unit)
    reflect(found, along, True)
    problem = (found.diagonal, found.beside, along, seen)
    if laws.noise.shape[0]:
        read = (laws, scales[TAU], found.log_unit, problem)
        scales[SIGMA] = slice_sigma(read, scales[SIGMA], rng)
    if laws.scale.shape[0]:
        read = (laws, scales[SIGMA], found.log_unit, problem)
        scales[TAU] = slice_tau(read, scales[TAU], rng)


@inner()
def unit_of(laws: Laws, scales: Array) -> float:
    """Log of the unit of the prior."""
    return scales[TAU] + (scales[SIGMA] if laws.by_noise else 0.0)


@inner()
def draw_by_moments(
    seen: Seen, laws: Laws, log_local: Array, scales: Array, coef: Array, rng: Words
) -> None:
    """Draw the coefficients given all others, from the Cholesky factor of their precision.

    Where that has no digits left, which hangs on the scales alone, they stay.
    """
    p, log_unit, noise = coef.shape[0], unit_of(laws, scales), math.exp(-2.0 * scales[SIGMA])
    size, pull, half = np.empty(p), np.empty(p), np.empty(p)
    for j in range(p):
        log_sd = max(min(laws.log_sd[j] + log_local[j] + log_unit, FARTHEST), -FARTHEST)
        size[j] = math.sqrt(seen.lengths[j] * noise + math.exp(-2.0 * log_sd))
        pull[j] = seen.response[j] * noise / size[j]
    precision = np.empty((p, p))
    for i in range(p):
        precision[i, i] = 1.0
        for j in range(i + 1, p):
            precision[i, j] = seen.columns[i, j] * noise / size[i] / size[j]
    cholesky_upper(precision)
    for j in range(p):
        if precision[j, j] < _UNRESOLVED:
            return
    solve_transposed(precision, pull, half)
    fill_normal(rng, pull)
    for j in range(p):
        half[j] += pull[j]
    solve_upper(precision, half, coef)
    for j in range(p):
        coef[j] /= size[j]


@inner()
def draw_by_rows(
    seen: Seen,
    laws: Laws,
    found: Tridiagonal,
    log_local: Array,
    scales: Array,
    coef: Array,
    rng: Words,
) -> None:
    """Draw the coefficients given all others (Bhattacharya, Chakraborty and Mallick 2016).

    Where a few local scales are so large that rounding of theirs is what the data say of the
    others, which hangs on the scales alone, they stay.
    """
    p, n, sigma = coef.shape[0], seen.response.shape[0], math.exp(scales[SIGMA])
    log_unit = unit_of(laws, scales)
    log_sds = np.sort(laws.log_sd + log_local) + log_unit
    if log_sds[p - 1] - max(log_sds[max(p - n, 0)], scales[SIGMA]) > _UNRESOLVED_ROWS:
        return
    short, sd = np.empty(n), np.empty(p)
    fill_normal(rng, short)
    fill_normal(rng, coef)
    for i in range(n):
        short[i] = seen.response[i] - sigma * short[i]
    for j in range(p):
        log_sd = max(min(laws.log_sd[j] + log_local[j] + log_unit, FARTHEST), -FARTHEST)
        sd[j] = math.exp(log_sd)
        coef[j] *= sd[j]
        subtract(short, coef[j], seen.columns[j])
    reflect(found, short, True)
    ratio = math.exp(2.0 * (log_unit - scales[SIGMA] + found.log_unit))
    solve_tridiagonal(found, ratio, short)
    reflect(found, short, False)
    for j in range(p):
        coef[j] += (sd[j] / sigma) ** 2 * dot(seen.columns[j], short)


@inner()
def solve_tridiagonal(found: Tridiagonal, ratio: float, x: Array) -> None:
    """Overwrite x by ``(I + ratio T)^-1 x``."""
    n = x.shape[0]
    pivots, shares = np.empty(n), np.zeros(n)
    for k in range(n):
        pivots[k] = 1.0 + ratio * found.diagonal[k]
        if k > 0:
            left = ratio * found.beside[k - 1]
            shares[k] = left / pivots[k - 1]
            pivots[k] -= shares[k] * left
            x[k] -= shares[k] * x[k - 1]
        pivots[k] = max(pivots[k], 1.0)
    for k in range(n - 1, -1, -1):
        x[k] /= pivots[k]
        if k + 1 < n:
            x[k] -= shares[k + 1] * x[k + 1]


@fast()
def dot(x: Array, y: Array) -> float:
    """``x'y``."""
    total = 0.0
    for i in range(x.shape[0]):
        total += x[i] * y[i]
    return total


@fast()
def subtract(x: Array, factor: float, y: Array) -> None:
    """``x -= factor y``."""
    for i in range(x.shape[0]):
        x[i] -= factor * y[i]


@inner()
def sweep(
    seen: Seen,
    laws: Laws,
    log_local: Array,
    scales: Array,
    coef: Array,
    sweeps: int,
    rng: Words,
) -> None:
    """Draw each local scale with its coefficient given the others, and tau along the products."""
    p, noise = coef.shape[0], math.exp(-2.0 * scales[SIGMA])
    left, normal = seen.response.copy(), np.empty(p)
    for j in range(p):
        subtract(left, coef[j], seen.columns[j])
    for _ in range(sweeps):
        log_unit = unit_of(laws, scales)
        fill_normal(rng, normal)
        for j in range(p):
            column = seen.columns[j]
            slope = left[j] if seen.by_moments else dot(column, left)
            precision = max(seen.lengths[j] * noise, 1e-280)
            pull = (slope + seen.lengths[j] * coef[j]) * noise
            log_sd = laws.log_sd[j] + log_unit
            read = (laws.local, log_sd, precision, pull)
            log_local[j] = slice_local(read, log_local[j], rng)
            total = precision + math.exp(-2.0 * (log_sd + log_local[j]))
            new = pull / total + normal[j] / math.sqrt(total)
            subtract(left, new - coef[j], column)
            coef[j] = new
        if laws.scale.shape[0]:
            products = log_local + scales[TAU]
            read_products = (laws.scale, laws.local, products)
            scales[TAU] = slice_products(read_products, scales[TAU], rng)
            for j in range(p):
                log_local[j] = products[j] - scales[TAU]


@kernel()
def advance(
    seen: Seen,
    laws: Laws,
    found: Tridiagonal,
    log_local: Array,
    scales: Array,
    coef: Array,
    sweeps: int,
    rng: Words,
) -> None:
    """One step of a chain, in place."""
    move_scales(seen, laws, found, log_local, scales, rng)
    if seen.by_moments:
        draw_by_moments(seen, laws, log_local, scales, coef, rng)
    else:
        draw_by_rows(seen, laws, found, log_local, scales, coef, rng)
    sweep(seen, laws, log_local, scales, coef, sweeps, rng)
