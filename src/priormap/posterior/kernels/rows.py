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
            move_on_rows(
                target, lift, rss, dof, rate, curvature, hyper, learns, coef, scales, rng,
                residual, fixed, moving, trace, i,
            )  # fmt: skip
        for j in range(p):
            draws[i, j] = coef[j]


@inner()
def move_on_rows(
    target: Array,
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
    trace: Array,
    i: int,
) -> None:
    """Scale (residual, sigma), then ``move_scales``, keeping ``residual`` = target - columns' coef.

    Since the rows turn ``lift e`` into e, coef + (1 - e^t) lift e leaves the residual e^t e.
    """
    p, r = coef.shape[0], residual.shape[0]
    if hyper[NOISE] > 0.0:
        for j in range(p):
            moving[j] = -project(lift, j, residual)
            fixed[j] = coef[j] - moving[j]
        line = residual_sigma_line(
            hyper, learns, scales, dof, float(r), rss, curvature, fixed, moving
        )
        factor = slice_factor(rng, line, hyper, rate, fixed, moving)
        scales[0] *= factor
        if line.tau < 0.0:
            scales[1] /= factor
        for j in range(p):
            coef[j] = fixed[j] + factor * moving[j]
        for k in range(r):
            residual[k] *= factor
    misfit, fit, power = rss, 0.0, 0.0
    for k in range(r):
        fitted = target[k] - residual[k]
        misfit += residual[k] * residual[k]
        fit += fitted * target[k]
        power += fitted * fitted
    factor = move_scales(
        misfit, fit, power, dof, rate, curvature, hyper, learns, coef, scales, rng, trace, i
    )
    for k in range(r):
        residual[k] = target[k] - factor * (target[k] - residual[k])
