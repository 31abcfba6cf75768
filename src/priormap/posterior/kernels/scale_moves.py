"""The moves of sigma and tau: which orbits there are, their sums, and those that moments allow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from priormap.posterior.kernels.compiled import Array, Counts, inner, multiply
from priormap.posterior.kernels.orbits import (
    COUNT,
    LASSO,
    M1,
    M2,
    MISFIT,
    R0,
    R1,
    R2,
    SHAPE,
    Orbit,
    Orbits,
    move_along,
    orbit,
)
from priormap.posterior.kernels.problem import (
    BY_NOISE,
    PROPER,
    ElasticNetPrior,
    Moments,
    State,
    prior_widths,
)

CROWDED = 4.0  # rows to a column, below which the misfit alone says little about sigma
TIGHT = (0.2, 0.7)  # sd of least squares over that of the prior, from where tau governs a column


def stack(orbits: Sequence[Orbit]) -> Orbits:
    """Orbits as arrays."""
    tables = np.array([table for table, _ in orbits]).reshape(-1, *SHAPE)
    return Orbits(tables, np.array([powers for _, powers in orbits]).reshape(-1, 3))


def scale_orbits(prior: ElasticNetPrior, dof: float) -> list[Orbit]:
    """Sigma, tau, and (coef, tau), as far as they are learnt; coef moves last."""
    proper, p = prior.hyper[PROPER], len(prior.rate)
    orbits = []
    if prior.noise.learnt:
        width = 3.0 / math.sqrt(2.0 * dof + proper + 2.0)
        orbits.append(orbit(prior, width, -dof, sigma=1))
    if prior.scale.learnt:
        orbits.append(orbit(prior, 3.0 / math.sqrt(proper + 1.0), 0.0, tau=1))
        orbits.append(orbit(prior, 1.0, p, tau=1, coef=1))
    return orbits


def residual_orbit(prior: ElasticNetPrior, dof: float, rank: float, rss: float) -> Orbit:
    """(e, sigma) -> e^t (e, sigma) for the fitted residual e of ``rank`` dimensions.

    |e|^2 / sigma^2 stays, so only the irreducible ``rss`` and the priors speak. This crosses the
    funnel towards small sigma where the design can fit the data almost perfectly. A learnt tau in
    units of the noise moves against sigma, so that the prior of coef stays where it is.
    """
    tau = -1 if prior.hyper[BY_NOISE] and prior.scale.learnt else 0
    width = 3.0 / math.sqrt(2.0 * (dof - rank) + 4.0)
    return orbit(prior, width, rank - dof, sigma=1, tau=tau, coef=1, whole=False, rss=rss)


@inner()
def unit_now(prior: ElasticNetPrior, state: State) -> float:
    """Unit of the prior."""
    return state.scales[1] * (state.scales[0] if prior.hyper[BY_NOISE] > 0.0 else 1.0)


@inner()
def fill_prior_sums(prior: ElasticNetPrior, state: State, fixed: Array, moving: Array) -> None:
    """Sums of the penalty for coef = fixed + moving."""
    rate, curvature = prior.rate, prior.curvature
    lasso, r0, r1, r2 = 0.0, 0.0, 0.0, 0.0
    for j in range(fixed.shape[0]):
        still, turning, curve = fixed[j], moving[j], curvature[j]
        lasso += rate[j] * abs(still + turning)
        r0 += curve * still * still
        r1 += curve * still * turning
        r2 += curve * turning * turning
    sums = state.sums
    sums[LASSO] = lasso
    sums[R0] = r0
    sums[R1] = r1
    sums[R2] = r2
    sums[COUNT] = 0.0


# for kernels on moments


class MomentsMoves(NamedTuple):
    """Orbits in groups with ``moving = share @ coef``, and then with ``coef - anchor``.

    Those of group k are ``bounds[k]`` to ``bounds[k + 1] - 1``; ``shares`` (s, p, p), ``anchors``
    (g - s, p). ``rss`` is the misfit of least squares. Only the last orbit of a group may move
    coef. The anchor of the residual, if any, is the first of two; its orbit is not taken where the
    unit of the prior is below ``narrowest``.
    """

    orbits: Orbits
    bounds: Counts
    shares: Array
    anchors: Array
    rss: float
    narrowest: float


def moments_moves(
    data: Moments, prior: ElasticNetPrior, inverse: Array, sigma: float, tau: float
) -> MomentsMoves:
    """Shares of coef with tau, the residual with sigma where columns are many, sigma and tau."""
    p = len(data.xty)
    centre = inverse @ data.xty
    rss = max(data.yty - float(centre @ data.xty), 0.0)
    groups, shares, anchors = [], [], []
    if prior.scale.learnt:
        for share, rank in prior_shares(data.gram, inverse, prior, sigma, tau):
            groups.append([orbit(prior, 1.0, rank, tau=1, coef=1, whole=False)])
            shares.append(share)
    # elsewhere sigma mixes without
    if prior.noise.learnt and data.dof < CROWDED * p:
        groups.append([residual_orbit(prior, data.dof, p, rss)])
        anchors.append(centre)
    if prior.noise.learnt or prior.scale.learnt:
        groups.append(scale_orbits(prior, data.dof))
        anchors.append(np.zeros(p))
    moves = stack([one for group in groups for one in group])
    bounds = np.cumsum([0, *(len(group) for group in groups)], dtype=np.int64)
    return MomentsMoves(
        moves,
        bounds,
        np.array(shares).reshape(-1, p, p),
        np.array(anchors).reshape(-1, p),
        rss,
        narrowest_unit(prior, centre),
    )


def narrowest_unit(prior: ElasticNetPrior, reach: Array) -> float:
    """Unit of the prior below which it pins the orbit of the residual, on which coef goes far.

    There it could go a millionth of ``reach`` (p,) at most, and would be rounded to the last digit
    of that.
    """
    return float((1e-6 * abs(reach) / prior_widths(prior, 0.0)).max())


def prior_shares(
    gram: Array, inverse: Array, prior: ElasticNetPrior, sigma: float, tau: float
) -> list[tuple[Array, float]]:
    """Projections W (p, p) of coef on what tau governs, and their ranks.

    Columns S whose prior is not much wider than least squares would have them go with tau; the
    others make up for it in the fit: W coef = (b_S, -G_RR^- G_RS b_S), whose rank is |S|. W W = W
    makes coef -> (I - W) coef + e^t W coef a group.
    """
    p = len(gram)
    unit = prior.unit(sigma, tau)
    tightness = sigma * np.sqrt(np.diag(inverse)) / (unit * prior_widths(prior))
    sets = {tuple(tightness > bound) for bound in TIGHT}
    shares = []
    # none or all of coef goes with tau in the orbits that every kernel takes
    for tight in (np.array(members) for members in sorted(sets) if 0 < sum(members) < p):
        share = np.zeros((p, p))
        share[tight, tight] = 1.0
        free = gram[np.ix_(~tight, ~tight)]
        across = gram[np.ix_(~tight, tight)]
        share[np.ix_(~tight, tight)] = -np.linalg.lstsq(free, across, rcond=None)[0]
        shares.append((share, float(tight.sum())))
    return shares


@inner()
def move_on_moments(
    data: Moments,
    moves: MomentsMoves,
    prior: ElasticNetPrior,
    state: State,
    moving: Array,
    image: Array,
) -> None:
    """Move sigma, tau and coef along each orbit of each group, in place.

    ``moving`` and ``image`` (p,) are written over.
    """
    coef, sums, xty = state.coef, state.sums, data.xty
    p = coef.shape[0]
    for group in range(moves.bounds.shape[0] - 1):
        whole = group - moves.shares.shape[0]
        if whole < 0:
            multiply(moves.shares[group], coef, moving)
        else:
            if whole + 2 == moves.anchors.shape[0] and unit_now(prior, state) < moves.narrowest:
                continue
            for j in range(p):
                moving[j] = coef[j] - moves.anchors[whole, j]
        for j in range(p):
            coef[j] -= moving[j]
        multiply(data.gram, moving, image)
        m1, m2 = 0.0, 0.0
        for j in range(p):
            m1 += coef[j] * image[j] - moving[j] * xty[j]
            m2 += moving[j] * image[j]
        # the misfit counts only where nothing is fixed
        sums[MISFIT] = max(data.yty + 2.0 * m1 + m2, moves.rss)
        sums[M1] = m1
        sums[M2] = m2
        fill_prior_sums(prior, state, coef, moving)
        factor = 1.0
        for k in range(moves.bounds[group], moves.bounds[group + 1]):
            factor = move_along(moves.orbits, k, prior, state, coef, moving)
        for j in range(p):
            coef[j] += factor * moving[j]
