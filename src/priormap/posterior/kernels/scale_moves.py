"""The moves of sigma and tau that all kernels share: which orbits there are, and their sums."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from priormap.posterior.kernels.compiled import Array, inner
from priormap.posterior.kernels.orbits import (
    COUNT,
    LASSO,
    R0,
    R1,
    R2,
    SHAPE,
    Orbit,
    Orbits,
    orbit,
)
from priormap.posterior.kernels.problem import BY_NOISE, PROPER, ElasticNetPrior, State


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
