r"""How much of y a prior expects the columns to explain, before it has seen y.

.. math:: R^2 = \frac{\operatorname{var}(X b)}{\operatorname{var}(X b) + \sigma^2},
    \qquad b \sim \text{prior}

with the variance over the rows of the data (about zero without an intercept). Under a flat
prior it is 1: whatever the noise, nearly every b drowns it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from priormap.arrays import Floats, Indices
from priormap.data.regression import Regression
from priormap.model.penalty import column_prior
from priormap.model.spectrum import Spectrum
from priormap.priors import ElasticNet, Gaussian, Laplace, Prior

_SEED = 20070611
_DRAWS, _DRAWS_OF_WIDE_DATA = 4000, 1000
_BLOCK = 100  # draws whose fitted values are kept at a time, for wide data
_LEVELS = (0.025, 0.5, 0.975)


@dataclass(frozen=True)
class PriorR2:
    """Median and central 95 % interval of the prior predictive R^2."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"median {self.median:.3g}, 95 % interval {self.low:.3g} to {self.high:.3g}"


def prior_r2(data: Regression, prior: Prior, sigma: float) -> PriorR2:
    """Distribution of R^2 under `prior`, by independent draws with a fixed seed.

    Under a Gaussian prior ``n var(X b)`` is a sum of squares of independent normals, one for
    each eigenvalue of the prior's covariance of X b; other priors draw b itself.
    """
    live = np.flatnonzero(data.unit.x_norm > 0)  # a constant column explains nothing
    if prior.scaled_by_noise:
        prior = prior.stretched(sigma)
    prior = _on_columns(column_prior(prior, data), live, data.n_features)
    if not live.size:
        return PriorR2(0.0, 0.0, 0.0)
    if prior.is_flat.any():
        return PriorR2(1.0, 1.0, 1.0)
    rng = np.random.default_rng(_SEED)
    if isinstance(prior, Gaussian):
        explained = _of_gaussian(data, prior, live, rng)
    else:
        explained = _of_draws(data, prior, live, rng)
    share = explained / (explained + data.n_rows * sigma**2)
    low, median, high = np.quantile(share, _LEVELS).tolist()
    return PriorR2(median, low, high)


def _on_columns(prior: Prior, columns: Indices, p: int) -> Prior:
    """Prior of some of p coefficients."""
    if len(columns) == p or not (np.ndim(prior.l1_scale) or np.ndim(prior.l2_scale)):
        return prior
    l1_scale = np.broadcast_to(prior.l1_scale, p)[columns]
    l2_scale = np.broadcast_to(prior.l2_scale, p)[columns]
    if isinstance(prior, ElasticNet):
        return ElasticNet(l1_scale, l2_scale)
    return Gaussian(l2_scale) if isinstance(prior, Gaussian) else Laplace(l1_scale)


def _of_gaussian(
    data: Regression, prior: Gaussian, live: Indices, rng: np.random.Generator
) -> Floats:
    weights = np.zeros(data.n_features)
    weights[live] = prior.scale * data.unit.x_norm[live]
    eigenvalues = Spectrum.of(data.unit, weights).eigenvalues
    return np.asarray(rng.standard_normal((_DRAWS, len(eigenvalues))) ** 2 @ eigenvalues)


def _of_draws(data: Regression, prior: Prior, live: Indices, rng: np.random.Generator) -> Floats:
    """``n var(X b)`` of draws of b, through the cross products where they are cheap."""
    unit, p = data.unit, len(live)
    all_live = p == data.n_features
    if unit.has_cheap_gram:
        coefs = prior.rvs((_DRAWS, p), rng) * unit.x_norm[live]
        gram = unit.gram if all_live else unit.gram[np.ix_(live, live)]
        return np.asarray(np.einsum("kj,kj->k", coefs @ gram, coefs))
    X = data.X if all_live else data.X[:, live]
    parts = []
    for _ in range(0, _DRAWS_OF_WIDE_DATA, _BLOCK):
        fitted = X @ prior.rvs((_BLOCK, p), rng).T
        if data.intercept:
            fitted -= fitted.mean(axis=0)
        parts.append(np.einsum("ik,ik->k", fitted, fitted))
    return np.concatenate(parts)
