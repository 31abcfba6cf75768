"""The moves of sigma and tau for kernels on moments."""

from __future__ import annotations

import numpy as np

from priormap.posterior.kernels.cholesky import multiply
from priormap.posterior.kernels.compiled import Array, Words, inner
from priormap.posterior.kernels.problem import (
    BY_NOISE,
    NOISE,
    ElasticNetPrior,
    Moments,
    prior_widths,
)
from priormap.posterior.kernels.scale_moves import (
    move_scales,
    residual_sigma_line,
    share_tau_line,
    slice_factor,
)

CROWDED = 4.0  # rows to a column, below which the misfit alone says little about sigma
TIGHT = (0.2, 0.7)  # sd of least squares over that of the prior, from where tau governs a column


@inner()
def move_on_moments(
    gram: Array,
    xty: Array,
    yty: float,
    dof: float,
    anchor: Array | None,
    rss: float,
    shares: Array,
    ranks: Array,
    rate: Array,
    curvature: Array,
    hyper: Array,
    learns: float | None,
    coef: Array,
    scales: Array,
    rng: Words,
    offset: Array,
    image: Array,
    trace: Array,
    i: int,
) -> None:
    """Scale (coef - anchor, sigma), shares of coef with tau, then ``move_scales``, in place.

    ``offset`` and ``image`` are scratch.
    """
    p = coef.shape[0]
    if anchor is not None:
        for j in range(p):
            offset[j] = coef[j] - anchor[j]
        line = residual_sigma_line(
            hyper, learns, scales, dof, float(p), rss, curvature, anchor, offset
        )
        factor = slice_factor(rng, line, hyper, rate, anchor, offset)
        scales[0] *= factor
        if line.tau < 0.0:
            scales[1] /= factor
        for j in range(p):
            coef[j] = anchor[j] + factor * offset[j]
    if learns is not None:
        for k in range(ranks.shape[0]):
            move_share(
                gram, xty, shares[k], ranks[k], rate, curvature, hyper, coef, scales, rng, offset,
                image,
            )  # fmt: skip
    multiply(gram, coef, image)
    fit, power = 0.0, 0.0
    for j in range(p):
        fit += coef[j] * xty[j]
        power += coef[j] * image[j]
    misfit = max(yty - 2.0 * fit + power, rss)
    move_scales(
        misfit, fit, power, dof, rate, curvature, hyper, learns, coef, scales, rng, trace, i
    )


def sigma_anchor(data: Moments, prior: ElasticNetPrior, centre: Array) -> Array | None:
    """Least squares if (coef - centre, sigma) should move together, or None.

    They should where columns are many; elsewhere sigma mixes without, and numba compiles less.
    """
    crowded = data.dof < CROWDED * len(centre)
    return centre if crowded and prior.hyper[NOISE] > 0 else None


def prior_shares(
    gram: Array, inverse: Array, prior: ElasticNetPrior, sigma: float, tau: float
) -> tuple[Array, Array]:
    """Projections W (m, p, p) of coef on what tau governs, and their ranks (m,).

    Columns S whose prior is not much wider than least squares would have them go with tau; the
    others make up for it in the fit: W coef = (b_S, -G_RR^- G_RS b_S), whose rank is |S|. None
    where tau is known.
    """
    p = len(gram)
    unit = tau * sigma if prior.hyper[BY_NOISE] else tau
    tightness = sigma * np.sqrt(np.diag(inverse)) / (unit * prior_widths(prior))
    sets = [tightness > bound for bound in TIGHT] if prior.learns else []
    shares = np.zeros((len(sets), p, p))
    for share, of in zip(shares, sets, strict=True):
        share[of, of] = 1.0
        free = gram[np.ix_(~of, ~of)]
        share[np.ix_(~of, of)] = -np.linalg.lstsq(free, gram[np.ix_(~of, of)], rcond=None)[0]
    return shares, np.array([float(of.sum()) for of in sets])


@inner()
def move_share(
    gram: Array,
    xty: Array,
    share: Array,
    rank: float,
    rate: Array,
    curvature: Array,
    hyper: Array,
    coef: Array,
    scales: Array,
    rng: Words,
    moving: Array,
    image: Array,
) -> None:
    """(W coef, tau) -> e^t (W coef, tau) for a projection W, in place.

    W W = W makes coef -> (I - W) coef + e^t W coef a group, of Jacobian e^{rank t}.
    """
    p = coef.shape[0]
    multiply(share, coef, moving)
    multiply(gram, moving, image)
    fit, power = 0.0, 0.0
    for j in range(p):
        coef[j] -= moving[j]
        fit += moving[j] * xty[j] - coef[j] * image[j]
        power += moving[j] * image[j]
    line = share_tau_line(hyper, scales, rank, fit, power, curvature, coef, moving)
    factor = slice_factor(rng, line, hyper, rate, coef, moving)
    scales[1] *= factor
    for j in range(p):
        coef[j] += factor * moving[j]
