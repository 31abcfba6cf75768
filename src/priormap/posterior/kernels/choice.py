"""Which kernel suits the data: decided by conditioning, never by a clock."""

from __future__ import annotations

from typing import Literal

import numpy as np

from priormap.posterior.kernels.compiled import Array
from priormap.posterior.kernels.problem import (
    CURVED,
    ElasticNetPrior,
    Moments,
    Rows,
)

Kernel = Literal["hamiltonian", "mixture", "alternating", "coordinate", "mixture_rows"]


def expected_crossings(
    inverse_diagonal: Array, prior: ElasticNetPrior, sigma: float, tau: float
) -> float:
    """Sign changes per Hamiltonian trajectory, ``sum_j 0.75 k_j + 0.6``.

    ``k_j = sigma sqrt((X'X)^{-1}_jj) / scale_j`` compares the sd of least squares with the
    prior scale. A coefficient crosses zero p_j(0) E|v_j| times per unit of time (Rice); with
    the likelihood centred at zero p_j(0) is about (k_j + 0.8) / (2 sd_j), E|v_j| = 0.8 sd_j, and
    a trajectory lasts 0.5 or 0.65 pi on average.
    """
    unit = prior.unit(sigma, tau)
    sd = sigma * np.sqrt(inverse_diagonal)
    return float(np.sum(0.75 * sd * prior.rate / unit + 0.6))


def worthwhile_crossings(n_features: int) -> float:
    """So many crossings, O(p) each, cost what a draw with an O(p^3 / 3) factorisation costs.

    Measured with p from 10 to 100.
    """
    return 20.0 + n_features**2 / 15.0


def choose_kernel(data: Moments | Rows, prior: ElasticNetPrior, sigma: float, tau: float) -> Kernel:
    """Cheapest exact kernel for these data, without looking at a clock.

    Rows (p > n): ``alternating``. Moments: ``hamiltonian`` where a trajectory is expected to make
    fewer crossings than `worthwhile_crossings`; otherwise ``mixture``, and always where X'X is
    nearly singular or a curvature is left that `absorb_curvature` could not add to X'X, whose
    unit the dynamics take.
    """
    if isinstance(data, Rows):
        return "alternating"
    if prior.hyper[CURVED]:
        return "mixture"
    p = len(data.xty)
    values, vectors = np.linalg.eigh(data.gram)
    if values[0] <= values[-1] * p * 1e-12:
        return "mixture"
    inverse_diagonal = (vectors**2 / values).sum(axis=1)
    crossings = expected_crossings(inverse_diagonal, prior, sigma, tau)
    return "hamiltonian" if crossings < worthwhile_crossings(p) else "mixture"


def blocked_share(data: Rows, prior: ElasticNetPrior, sigma: float, tau: float) -> float:
    """How often the alternating kernel adds a scale-mixture step to its coordinate sweeps.

    A column of squared length q and prior variance v is nearly free of the others where
    q v / sigma^2 is small, and moves by steps of about 1 / (1 + q v / sigma^2) of its range where
    the likelihood ties it to others. So: in every draw where that ratio exceeds 4 for any column.
    Otherwise the step, whose cost grows with r^2 p, is taken often enough to cost no more than
    the sweeps, in 25 of r draws.
    """
    unit = prior.unit(sigma, tau)
    lengths = (data.columns**2).sum(axis=1)
    freedom = lengths * (unit / sigma) ** 2
    tied = freedom > 4.0 * (0.5 * prior.rate**2 + prior.curvature)
    return 1.0 if tied.any() else min(1.0, 25.0 / max(len(data.target), 1))
