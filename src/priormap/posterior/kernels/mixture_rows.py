"""Scale-mixture Gibbs sampler for p > n with an r x r Cholesky per draw.

As ``mixture``, with the normal draw of Bhattacharya, Chakraborty and Mallick (2016): for r rows R
and D = diag(omega), draw u ~ Normal(0, D) and e ~ Normal(0, I), solve
(I + R D R') w = target / sigma - R u - e, and coef = sigma (u + D R' w). O(r^2 p) per draw.
"""

from __future__ import annotations

import math

import numpy as np

from priormap.posterior.kernels.cholesky import cholesky_upper, solve_transposed, solve_upper
from priormap.posterior.kernels.compiled import Array, Words, fast, inner, kernel
from priormap.posterior.kernels.mixture import (
    draw_variances,
    sigma_mixture_line,
    tau_mixture_line,
)
from priormap.posterior.kernels.problem import NOISE, SCALE
from priormap.posterior.kernels.random import fill_normal
from priormap.posterior.kernels.scale_moves import (
    coef_tau_line,
    log_posterior,
    slice_factor,
    weighted_l1,
)


@fast()
def load_covariance(columns: Array, omega: Array, out: Array) -> None:
    """Upper triangle of I + R diag(omega) R', R = columns'."""
    p, r = columns.shape
    for k in range(r):
        for m in range(k, r):
            out[k, m] = 0.0
        out[k, k] = 1.0
    for j in range(0, p - 3, 4):
        for k in range(r):
            c0, c1 = omega[j] * columns[j, k], omega[j + 1] * columns[j + 1, k]
            c2, c3 = omega[j + 2] * columns[j + 2, k], omega[j + 3] * columns[j + 3, k]
            for m in range(k, r):
                out[k, m] += (
                    c0 * columns[j, m] + c1 * columns[j + 1, m]
                    + c2 * columns[j + 2, m] + c3 * columns[j + 3, m]
                )  # fmt: skip
    for j in range(p - p % 4, p):
        for k in range(r):
            c0 = omega[j] * columns[j, k]
            for m in range(k, r):
                out[k, m] += c0 * columns[j, m]


@fast()
def add_columns(columns: Array, weights: Array, out: Array) -> None:
    """``out += R weights``."""
    for j in range(columns.shape[0]):
        for k in range(out.shape[0]):
            out[k] += weights[j] * columns[j, k]


@fast()
def complete(
    columns: Array, omega: Array, solution: Array, sigma: float, u: Array, coef: Array
) -> None:
    """``coef = sigma (u + diag(omega) R' solution)``."""
    for j in range(coef.shape[0]):
        total = 0.0
        for k in range(solution.shape[0]):
            total += columns[j, k] * solution[k]
        coef[j] = sigma * (u[j] + omega[j] * total)


@kernel()
def gibbs_mixture_rows(
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
    """Fill ``draws`` (m, p) and ``trace`` (m, 4) with one sweep per draw; no flat columns."""
    p, r = columns.shape
    omega, u = np.empty(p), np.empty(p)
    half, noise, solution = np.empty(r), np.empty(r), np.empty(r)
    upper = np.empty((r, r))
    for i in range(trace.shape[0]):
        spread = draw_variances(rng, hyper, rate, scales, coef, omega)
        if hyper[SCALE] > 0.0:
            line = tau_mixture_line(hyper, scales, spread)
            scales[1] *= slice_factor(rng, line, hyper, rate, coef, coef)
        load_covariance(columns, omega, upper)
        cholesky_upper(upper)
        misfit = rss + solve_transposed(upper, target, half)
        if hyper[NOISE] > 0.0:
            line = sigma_mixture_line(hyper, scales, dof, float(p), misfit, spread)
            scales[0] *= slice_factor(rng, line, hyper, rate, coef, coef)
        fill_normal(rng, u)
        for j in range(p):
            u[j] *= math.sqrt(omega[j])
        fill_normal(rng, noise)
        add_columns(columns, u, noise)
        for k in range(r):
            noise[k] = target[k] / scales[0] - noise[k]
        solve_transposed(upper, noise, half)
        solve_upper(upper, half, solution)
        complete(columns, omega, solution, scales[0], u, coef)
        trace[i, 2] = finish(target, rss, dof, columns, rate, hyper, coef, scales, rng, noise)
        trace[i, 0], trace[i, 1] = scales[0], scales[1]
        for j in range(p):
            draws[i, j] = coef[j]


@inner()
def finish(
    target: Array,
    rss: float,
    dof: float,
    columns: Array,
    rate: Array,
    hyper: Array,
    coef: Array,
    scales: Array,
    rng: Words,
    fitted: Array,
) -> float:
    """Scale (coef, tau) together, in place, and return the log posterior."""
    for k in range(fitted.shape[0]):
        fitted[k] = 0.0
    add_columns(columns, coef, fitted)
    fit, power, size = 0.0, 0.0, rss
    for k in range(fitted.shape[0]):
        fit += fitted[k] * target[k]
        power += fitted[k] * fitted[k]
        size += target[k] * target[k]
    factor = 1.0
    if hyper[SCALE] > 0.0:
        line = coef_tau_line(hyper, scales, float(coef.shape[0]), fit, power)
        factor = slice_factor(rng, line, hyper, rate, coef, coef)
        scales[1] *= factor
        for j in range(coef.shape[0]):
            coef[j] *= factor
    misfit = size - 2.0 * factor * fit + factor * factor * power
    penalty = weighted_l1(rate, coef, coef, 0.0)
    return log_posterior(hyper, scales, dof, misfit, penalty)
