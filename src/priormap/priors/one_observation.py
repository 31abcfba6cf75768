r"""Mode and posterior mean of one observed coefficient, for families without closed forms.

The coefficient was observed as ``z`` with normal noise of standard deviation ``sd``:

.. math:: \log p(b \mid z) = \log p(b) - \frac{(z - b)^2}{2\,\mathrm{sd}^2} + \text{const}.

A family hands these functions itself, and answers `shrink` and `posterior_mean` in one line each.
"""

from __future__ import annotations

import numpy as np

from priormap.arrays import Floats, Indices
from priormap.priors.base import Prior

_GRID = np.linspace(0.0, 1.0, 129) ** 2  # of the way from zero to z, finer near zero
_HALVINGS = 80
_TAILS = (4, 5, 6, 8, 10, 12, 15)
_MASSES = (0.05, 0.2, 0.4, 0.6, 0.8, 0.9, 0.96, 0.99, 0.999, *(1 - 10.0**-k for k in _TAILS))
_SDS = np.arange(-9.0, 10.0)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)


def mode_by_search(prior: Prior, z: Floats, sd: float) -> Floats:
    """Most probable coefficient, between zero and z: exactly zero in the prior's dead zone.

    The best cell of a grid, then halvings of the slope: the highest mode of a penalty that is
    not convex, too.
    """
    z, zero = np.broadcast_arrays(z, prior.pull(0.0))
    size = np.abs(z)
    b = size * _GRID.reshape(-1, *(1,) * size.ndim)
    loss = 0.5 * ((size - b) / sd) ** 2 + prior.penalty(b)
    best = np.argmin(loss, axis=0)

    def cell(k: Indices) -> Floats:
        return np.asarray(np.take_along_axis(b, np.clip(k, 0, len(_GRID) - 1)[None], axis=0)[0])

    low, high = cell(best - 1), cell(best + 1)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        falls = prior.pull(middle) < (size - middle) / sd**2
        low, high = np.where(falls, middle, low), np.where(falls, high, middle)
    dead = (best <= 1) & (prior.pull_range(zero)[1] >= size / sd**2)
    return np.where(dead, 0.0, np.sign(z) * 0.5 * (low + high))


def mean_by_quadrature(prior: Prior, z: Floats, sd: float) -> Floats:
    """Posterior mean by Gauss-Legendre panels around zero, the observation and the mode."""
    z, _ = np.broadcast_arrays(z, prior.pull(0.0))
    mode = mode_by_search(prior, z, sd)
    sizes = [np.broadcast_to(prior.interval(mass), z.shape) for mass in _MASSES]
    ends = [np.zeros(z.shape), *sizes, *(-size for size in sizes)]
    ends += [centre + k * sd for centre in (z, mode) for k in _SDS]
    edges = np.sort(np.stack(ends), axis=0)
    centre, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * (edges[1:] - edges[:-1])
    along = (1,) * centre.ndim
    b = centre + half * _NODES.reshape(-1, *along)
    log_f = prior.logpdf(b) - 0.5 * ((z - b) / sd) ** 2
    f = np.exp(log_f - log_f.max(axis=(0, 1))) * half * _WEIGHTS.reshape(-1, *along)
    return np.asarray((f * b).sum(axis=(0, 1)) / f.sum(axis=(0, 1)))
