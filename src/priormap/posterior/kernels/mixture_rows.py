"""Scale-mixture block for p > n with an r x r Cholesky (Bhattacharya, Chakraborty, Mallick 2016).

As ``mixture``: for r rows R and D = diag(omega), draw u ~ Normal(0, D) and e ~ Normal(0, I),
solve (I + R D R') w = target / sigma - R u - e, and coef = sigma (u + D R' w). O(r^2 p).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from priormap.posterior.kernels.compiled import (
    Array,
    cholesky_upper,
    fast,
    fill_normal,
    inner,
    solve_transposed,
    solve_upper,
)
from priormap.posterior.kernels.coordinate import fill_residual
from priormap.posterior.kernels.mixture import OF_SIGMA, OF_TAU, draw_variances, fill_variance_sums
from priormap.posterior.kernels.orbits import COUNT, MISFIT, Orbits, move_along
from priormap.posterior.kernels.problem import BY_NOISE, ElasticNetPrior, Rows, State


class Room(NamedTuple):
    """What a draw writes over: vectors (r,) and (p,), ``upper`` (r, r), ``weighted`` (2, p)."""

    residual: Array
    fixed: Array
    moving: Array
    omega: Array
    noise: Array
    half: Array
    upper: Array
    weighted: Array


def room(p: int, r: int) -> Room:
    """Room for one chain."""
    residual, noise, half = np.empty((3, r))
    fixed, moving, omega = np.empty((3, p))
    return Room(residual, fixed, moving, omega, noise, half, np.empty((r, r)), np.empty((2, p)))


@fast()
def load_covariance(rows: Array, omega: Array, weighted: Array, out: Array) -> None:
    """I + R diag(omega) R', its upper triangle at least; ``weighted`` (2, p) is scratch.

    Eight inner products at a time; at the edges some are made twice.
    """
    r, p = rows.shape
    for k in range(0, r, 2):
        k1 = min(k + 1, r - 1)
        for j in range(p):
            weighted[0, j] = omega[j] * rows[k, j]
            weighted[1, j] = omega[j] * rows[k1, j]
        for m in range(k, r, 4):
            m1, m2, m3 = min(m + 1, r - 1), min(m + 2, r - 1), min(m + 3, r - 1)
            a0, a1, a2, a3 = 0.0, 0.0, 0.0, 0.0
            b0, b1, b2, b3 = 0.0, 0.0, 0.0, 0.0
            for j in range(p):
                a, b = weighted[0, j], weighted[1, j]
                x0, x1, x2, x3 = rows[m, j], rows[m1, j], rows[m2, j], rows[m3, j]
                a0, a1, a2, a3 = a0 + a * x0, a1 + a * x1, a2 + a * x2, a3 + a * x3
                b0, b1, b2, b3 = b0 + b * x0, b1 + b * x1, b2 + b * x2, b3 + b * x3
            out[k, m], out[k, m1], out[k, m2], out[k, m3] = a0, a1, a2, a3
            out[k1, m], out[k1, m1], out[k1, m2], out[k1, m3] = b0, b1, b2, b3
    for k in range(r):
        out[k, k] += 1.0


@fast()
def add_columns(columns: Array, weights: Array, out: Array) -> None:
    """``out += R weights``."""
    for j in range(columns.shape[0]):
        for k in range(out.shape[0]):
            out[k] += weights[j] * columns[j, k]


@fast()
def complete(
    columns: Array,
    omega: Array,
    solution: Array,
    sigma: float,
    u: Array,
    centre: Array,
    coef: Array,
) -> None:
    """``coef = centre + sigma (u + diag(omega) R' solution)``."""
    for j in range(coef.shape[0]):
        total = 0.0
        for k in range(solution.shape[0]):
            total += columns[j, k] * solution[k]
        coef[j] = centre[j] + sigma * (u[j] + omega[j] * total)


@inner()
def load_widths(
    limits: Array, prior: ElasticNetPrior, state: State, omega: Array, centre: Array
) -> tuple[float, float]:
    """Turn omega into the variances, in units of the noise, that the block gives coef.

    A flat column has no omega, and a huge one would drown the 1 of I + R D R'. Where the prior
    precision q is below a limit l (see `rows.smallest_precisions`), an auxiliary z | b ~
    Normal(b, sigma^2 / l) stands in: given z, b is Normal(l z / (q + l), sigma^2 / (q + l)), and z
    is Normal(0, sigma^2 (1/q + 1/l)).
    ``centre`` holds standard normals and becomes the means. Returns the number of such z and the
    sum of their squares over their variances, both without the flat ones.
    """
    coef, sigma, tau = state.coef, state.scales[0], state.scales[1]
    unit = tau if prior.hyper[BY_NOISE] > 0.0 else tau / sigma
    count, known = 0.0, 0.0
    for j in range(omega.shape[0]):
        precision = 1.0 / omega[j] + prior.curvature[j] / (unit * unit)
        limit = limits[j]
        mean = 0.0
        if precision < limit:
            z = coef[j] + sigma / math.sqrt(limit) * centre[j]
            total = precision + limit
            mean = z * limit / total
            if precision > 0.0:
                count += 1.0
                known += z * z * precision * limit / total
            precision = total
        omega[j] = 1.0 / precision
        centre[j] = mean
    return count, known


@inner()
def mixture_step(
    data: Rows,
    variance_orbits: Orbits,
    limits: Array,
    prior: ElasticNetPrior,
    state: State,
    room: Room,
) -> None:
    """Draw omega, tau, and (sigma, coef) in one block, in place."""
    coef, rng, sums, columns = state.coef, state.rng, state.sums, data.columns
    _, u, centre, omega, noise, half, upper, weighted = room
    p, r = columns.shape
    fill_variance_sums(prior, state, draw_variances(prior, state, omega))
    move_along(variance_orbits, OF_TAU, prior, state, coef, coef)
    fill_normal(rng, centre)
    wide, known = load_widths(limits, prior, state, omega, centre)
    load_covariance(data.rows, omega, weighted, upper)
    cholesky_upper(upper)
    fill_residual(columns, data.target, centre, noise)
    sums[MISFIT] = data.rss + known + solve_transposed(upper, noise, half)
    sums[COUNT] = -wide
    move_along(variance_orbits, OF_SIGMA, prior, state, coef, coef)
    fill_normal(rng, u)
    fill_normal(rng, half)
    for j in range(p):
        u[j] *= math.sqrt(omega[j])
    add_columns(columns, u, half)
    sigma = state.scales[0]
    for k in range(r):
        noise[k] = noise[k] / sigma - half[k]
    solve_transposed(upper, noise, half)
    solve_upper(upper, half, noise)
    complete(columns, omega, noise, sigma, u, centre, coef)
