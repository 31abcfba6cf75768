"""Gibbs sampler on rows, for p > n: a blocked scale mixture and coordinate sweeps in one chain.

Each undoes the other's weakness. The block moves along directions that the likelihood leaves
open, where single coordinates creep; the sweeps need no latent variances, which hold sigma and
small coefficients back.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from priormap.posterior.kernels.compiled import Array, inner, kernel, uniform
from priormap.posterior.kernels.coordinate import fill_residual, project, sweep
from priormap.posterior.kernels.mixture import given_variances
from priormap.posterior.kernels.mixture_rows import Room, mixture_step
from priormap.posterior.kernels.orbits import M1, M2, MISFIT, Orbits, move_along
from priormap.posterior.kernels.problem import (
    PROPER,
    Draws,
    ElasticNetPrior,
    Moments,
    Rows,
    State,
    looseness,
    prior_widths,
)
from priormap.posterior.kernels.scale_moves import (
    fill_prior_sums,
    narrowest_unit,
    residual_orbit,
    scale_orbits,
    stack,
    unit_now,
)

RESIDUAL = np.int64(0)  # its place among the orbits
WIDE = 1e8  # variance over that of another
COARSE = 1e12  # looseness from which rounding of the fit is not small against the noise


class RowsMoves(NamedTuple):
    """Ways to move on rows.

    ``lift`` (p, r) is a right inverse: ``rows @ lift = I``; ``squares`` (p,) holds the squared
    lengths of the columns, and ``limits`` (p,) the precisions, in units of the noise, below which
    a prior counts as wide. ``orbits`` has that of the residual, which is not taken where sigma is
    known, nor where the unit of the prior is below ``narrowest``, and then those of
    `scale_orbits`. A draw is a scale-mixture step with probability ``blocked``, then ``sweeps``
    coordinate sweeps.
    """

    lift: Array
    narrowest: float
    squares: Array
    limits: Array
    orbits: Orbits
    variance_orbits: Orbits
    blocked: float
    sweeps: int


def rows_moves(
    data: Rows, prior: ElasticNetPrior, sigma: float, tau: float, blocked: float, sweeps: int
) -> RowsMoves:
    """Right inverse of least length in units of the prior, O(r^2 p)."""
    width = prior_widths(prior)
    lengths = np.sqrt(((data.columns * width[:, None]) ** 2).sum(axis=0))
    scaled = data.columns * (width[:, None] / lengths)
    lift = np.linalg.solve(scaled.T @ scaled, (scaled * width[:, None]).T).T / lengths
    first = residual_orbit(prior, data.dof, len(data.target), data.rss)
    first = first._replace(powers=first.powers * prior.noise.learnt)
    return RowsMoves(
        np.ascontiguousarray(lift),
        narrowest_unit(prior, abs(lift) @ abs(data.target)),
        data.squares,
        smallest_precisions(data, prior, sigma, tau),
        stack([first, *scale_orbits(prior, data.dof)]),
        given_variances(prior, prior.hyper[PROPER] - data.dof, data.dof),
        blocked,
        sweeps,
    )


def smallest_precisions(data: Rows, prior: ElasticNetPrior, sigma: float, tau: float) -> Array:
    """Limits (p,) of prior precisions, as shares of those of the columns.

    A wide column beside narrow ones would drown these in I + R D R'. Where the whole prior is wide
    and governs every direction of the rows, it drowns only what rounding loses of the fit anyway.
    """
    refuse_coarse(data, prior, sigma, tau)
    squares, variances = data.squares, prior_widths(prior, 0.0) ** 2
    if looseness(data, prior, sigma, tau).max() > 1e3 and (prior.rate + prior.curvature).all():
        power = np.linalg.eigvalsh((data.columns.T * variances) @ data.columns)
        if power.size and power[0] > power[-1] / WIDE:
            return np.zeros_like(squares)
    return squares / WIDE


def refuse_coarse(data: Rows, prior: ElasticNetPrior, sigma: float, tau: float) -> None:
    """Raise where the rows leave coef so wide a range that its last digits outweigh the noise."""
    coarse = looseness(data, prior, sigma, tau) > COARSE
    if coarse.any():
        columns = data.columns[coarse]
        lengths = np.linalg.norm(columns, axis=1, keepdims=True)
        if np.linalg.matrix_rank(columns / lengths) < len(columns):
            raise FloatingPointError("a prior is too wide for what the rows leave open")


def tightest_tie(data: Moments | Rows, prior: ElasticNetPrior, sigma: float, tau: float) -> float:
    """How closely the likelihood ties a column to the others: the largest q v / sigma^2 of any.

    A column of squared length q and prior variance v is nearly free of the others where that is
    small; where it is not, single coordinates move by steps of about 1 / (1 + q v / sigma^2) of
    their range.
    """
    freedom = data.squares * (prior.unit(sigma, tau) / sigma) ** 2
    precisions = 0.5 * prior.rate**2 + prior.curvature
    tied = freedom > 0
    with np.errstate(divide="ignore"):  # a flat column is tied without end
        return float((freedom[tied] / precisions[tied]).max(initial=0.0))


def blocked_share(data: Moments | Rows, prior: ElasticNetPrior, sigma: float, tau: float) -> float:
    """How often the alternating kernel adds a scale-mixture step to its coordinate sweeps.

    In every draw where the likelihood ties a column by over 4. Otherwise the step, whose cost grows
    with r^2 p, is taken often enough to cost no more than the sweeps, in 25 of r draws.
    """
    is_tied = tightest_tie(data, prior, sigma, tau) > 4.0
    return 1.0 if is_tied else min(1.0, 25.0 / max(data.rank, 1))


@kernel()
def gibbs_rows(
    data: Rows,
    moves: RowsMoves,
    prior: ElasticNetPrior,
    state: State,
    drawn: Draws,
    room: Room,
) -> None:
    """Fill ``draws`` (m, p) and ``trace`` (m, 3) from the state on."""
    coef, scales, draws, trace = state.coef, state.scales, drawn.coef, drawn.trace
    residual = room.residual
    for i in range(trace.shape[0]):
        if uniform(state.rng) < moves.blocked:
            mixture_step(data, moves.variance_orbits, moves.limits, prior, state, room)
        fill_residual(data.columns, data.target, coef, residual)
        for k in range(max(moves.sweeps, 1)):
            if k < moves.sweeps:
                sweep(data.columns, moves.squares, prior, state, residual)
            move_on_rows(data, moves, prior, state, residual, room.fixed, room.moving)
        trace[i, 0], trace[i, 1] = scales[0], scales[1]
        for j in range(coef.shape[0]):
            draws[i, j] = coef[j]


@inner()
def move_on_rows(
    data: Rows,
    moves: RowsMoves,
    prior: ElasticNetPrior,
    state: State,
    residual: Array,
    fixed: Array,
    moving: Array,
) -> None:
    """Move (residual, sigma), sigma, tau and (coef, tau), in place.

    ``residual`` stays target - columns' coef. Since the rows turn ``lift e`` into e, coef +
    (1 - e^t) lift e leaves the residual e^t e.
    """
    coef, sums, target, orbits = state.coef, state.sums, data.target, moves.orbits
    p, r = coef.shape[0], residual.shape[0]
    if orbits.powers[RESIDUAL, 0] > 0.0 and unit_now(prior, state) >= moves.narrowest:
        for j in range(p):
            moving[j] = -project(moves.lift, j, residual)
            fixed[j] = coef[j] - moving[j]
        fill_prior_sums(prior, state, fixed, moving)
        factor = move_along(orbits, RESIDUAL, prior, state, fixed, moving)
        for j in range(p):
            coef[j] = fixed[j] + factor * moving[j]
        for k in range(r):
            residual[k] *= factor
    misfit, fit, power = data.rss, 0.0, 0.0
    for k in range(r):
        fitted = target[k] - residual[k]
        misfit += residual[k] * residual[k]
        fit += fitted * target[k]
        power += fitted * fitted
    sums[MISFIT], sums[M1], sums[M2] = misfit, -fit, power
    for j in range(p):
        fixed[j] = 0.0
    fill_prior_sums(prior, state, fixed, coef)
    factor = 1.0
    for k in range(1, orbits.powers.shape[0]):
        factor = move_along(orbits, k, prior, state, fixed, coef)
    for j in range(p):
        coef[j] *= factor
    for k in range(r):
        residual[k] = target[k] - factor * (target[k] - residual[k])
