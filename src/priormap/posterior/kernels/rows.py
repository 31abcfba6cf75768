"""Gibbs sampler on rows, for p > n: a blocked scale mixture and coordinate sweeps in one chain.

Each undoes the other's weakness. The block moves along directions that the likelihood leaves
open, where single coordinates creep; the sweeps need no latent variances, which hold sigma and
small coefficients back.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from priormap.posterior.kernels.compiled import Array, Words, inner, kernel
from priormap.posterior.kernels.coordinate import fill_residual, project, sweep
from priormap.posterior.kernels.mixture_rows import mixture_step
from priormap.posterior.kernels.problem import NOISE, ElasticNetPrior, Rows, prior_widths
from priormap.posterior.kernels.random import uniform
from priormap.posterior.kernels.scale_moves import (
    move_scales,
    residual_sigma_line,
    slice_factor,
)


class RowsTarget(NamedTuple):
    """Rows, and the ways to move on them.

    ``rows`` (r, p) is the transpose of ``columns``, ``lift`` (p, r) a right inverse of it:
    ``rows @ lift = I``. ``squares`` (p,) holds the squared lengths of the columns. A draw is a
    scale-mixture step with probability ``blocked``, then ``sweeps`` coordinate sweeps.
    """

    rows: Array
    columns: Array
    target: Array
    lift: Array
    squares: Array
    rss: float
    dof: float
    blocked: float
    sweeps: int


def rows_target(data: Rows, prior: ElasticNetPrior, blocked: float, sweeps: int) -> RowsTarget:
    """Right inverse of least length in units of the prior, O(r^2 p)."""
    width = prior_widths(prior)
    lengths = np.sqrt(((data.columns * width[:, None]) ** 2).sum(axis=0))
    scaled = data.columns * (width[:, None] / lengths)
    lift = np.linalg.solve(scaled.T @ scaled, (scaled * width[:, None]).T).T / lengths
    squares = (data.columns**2).sum(axis=1)
    return RowsTarget(
        np.ascontiguousarray(data.columns.T),
        data.columns,
        data.target,
        np.ascontiguousarray(lift),
        squares,
        data.rss,
        data.dof,
        blocked,
        sweeps,
    )


@kernel()
def gibbs_rows(
    rows: Array,
    columns: Array,
    target: Array,
    lift: Array,
    squares: Array,
    rss: float,
    dof: float,
    blocked: float,
    sweeps: int,
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
    """Fill ``draws`` (m, p) and ``trace`` (m, 4) from the state on."""
    p, r = columns.shape
    residual, fixed, moving, omega = np.empty(r), np.empty(p), np.empty(p), np.empty(p)
    noise, half, upper = np.empty(r), np.empty(r), np.empty((r, r))
    weighted = np.empty((2, p))
    for i in range(trace.shape[0]):
        if uniform(rng) < blocked:
            mixture_step(
                rows, columns, target, squares, rss, dof, rate, curvature, hyper, learns, coef,
                scales, rng, omega, fixed, moving, noise, half, upper, weighted,
            )  # fmt: skip
        fill_residual(columns, target, coef, residual)
        for k in range(max(sweeps, 1)):
            if k < sweeps:
                sweep(columns, squares, rate, curvature, hyper, coef, scales, rng, residual)
            if hyper[NOISE] > 0.0:
                move_residual(
                    lift, rss, dof, rate, curvature, hyper, learns, coef, scales, rng, residual,
                    fixed, moving,
                )  # fmt: skip
            move_variances(
                target,
                rss,
                dof,
                rate,
                curvature,
                hyper,
                learns,
                coef,
                scales,
                rng,
                residual,
                trace,
                i,
            )
        for j in range(p):
            draws[i, j] = coef[j]


@inner()
def move_residual(
    lift: Array,
    rss: float,
    dof: float,
    rate: Array,
    curvature: Array,
    hyper: Array,
    learns: float | None,
    coef: Array,
    scales: Array,
    rng: Words,
    residual: Array,
    fixed: Array,
    moving: Array,
) -> None:
    """Multiply the fitted residual e and sigma by the same factor.

    Since the rows turn ``lift e`` into e, coef + (1 - e^t) lift e leaves the residual e^t e.
    """
    for j in range(coef.shape[0]):
        moving[j] = -project(lift, j, residual)
        fixed[j] = coef[j] - moving[j]
    rank = float(residual.shape[0])
    line = residual_sigma_line(hyper, learns, scales, dof, rank, rss, curvature, fixed, moving)
    factor = slice_factor(rng, line, hyper, rate, fixed, moving)
    scales[0] *= factor
    if line.tau < 0.0:
        scales[1] /= factor
    for j in range(coef.shape[0]):
        coef[j] = fixed[j] + factor * moving[j]
    for k in range(residual.shape[0]):
        residual[k] *= factor


@inner()
def move_variances(
    target: Array,
    rss: float,
    dof: float,
    rate: Array,
    curvature: Array,
    hyper: Array,
    learns: float | None,
    coef: Array,
    scales: Array,
    rng: Words,
    residual: Array,
    trace: Array,
    i: int,
) -> None:
    """``move_scales`` on rows, keeping ``residual`` = target - columns' coef."""
    misfit, fit, power = rss, 0.0, 0.0
    for k in range(residual.shape[0]):
        fitted = target[k] - residual[k]
        misfit += residual[k] * residual[k]
        fit += fitted * target[k]
        power += fitted * fitted
    factor = move_scales(
        misfit, fit, power, dof, rate, curvature, hyper, learns, coef, scales, rng, trace, i
    )
    for k in range(residual.shape[0]):
        residual[k] = target[k] - factor * (target[k] - residual[k])
