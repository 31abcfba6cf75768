"""The moves of sigma and tau for kernels on moments."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from priormap.posterior.kernels.cholesky import multiply
from priormap.posterior.kernels.compiled import Array, Counts, inner
from priormap.posterior.kernels.orbits import M1, M2, MISFIT, Orbits, move_along, orbit
from priormap.posterior.kernels.problem import (
    ElasticNetPrior,
    Moments,
    State,
    prior_widths,
)
from priormap.posterior.kernels.scale_moves import (
    fill_prior_sums,
    residual_orbit,
    scale_orbits,
    stack,
)

CROWDED = 4.0  # rows to a column, below which the misfit alone says little about sigma
TIGHT = (0.2, 0.7)  # sd of least squares over that of the prior, from where tau governs a column


class MomentsMoves(NamedTuple):
    """Orbits in groups with ``moving = share @ coef``, and then with ``coef - anchor``.

    Those of group k are ``bounds[k]`` to ``bounds[k + 1] - 1``; ``shares`` (s, p, p), ``anchors``
    (g - s, p). ``rss`` is the misfit of least squares. Only the last orbit of a group may move
    coef.
    """

    orbits: Orbits
    bounds: Counts
    shares: Array
    anchors: Array
    rss: float


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
        moves, bounds, np.array(shares).reshape(-1, p, p), np.array(anchors).reshape(-1, p), rss
    )


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
