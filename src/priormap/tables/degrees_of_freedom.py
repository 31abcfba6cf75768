r"""Effective degrees of freedom of a posterior, never mixed over values of sigma.

Given sigma, and the prior's scale where that is learnt, the posterior mean of the fit moves with
y by ``cov(X b | sigma, scale) / sigma**2``. The trace of that, averaged over the posterior of the
two, is what a posterior uses up; under a normal prior it is the trace of a hat matrix. (All draws
together would count how far the fit moves *between* values of sigma too; over sigma**2 that has
no mean where sigma may be near zero, and exceeds the number of columns.)

Of other priors the covariance at each value comes from all draws: draw i belongs to it with the
probability that its own coefficients give it,

.. math::

    p(\sigma, \tau \mid b_i, y) \propto \sigma^{-\nu} e^{-|y - X b_i|^2 / 2 \sigma^2}
    p(b_i \mid \sigma, \tau) p(\sigma) p(\tau),

which is known up to its sum over a grid.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from priormap.arrays import Floats
from priormap.criteria.posterior_runs import PenaltyTerms, PriorTerms, PulledTerms
from priormap.data.unit_columns import UnitColumns
from priormap.model.model import Model
from priormap.model.penalty import Penalty
from priormap.model.spectrum import Spectrum
from priormap.posterior.draws import centred_rss
from priormap.priors import PenaltyParts

_MOST_NODES = 400  # along one axis
_MOST_WEIGHTS = 1 << 22  # of draws to nodes; beyond, draws are thinned
_BLOCK = 1 << 22  # numbers in a block of fits
_BEYOND = 4.0  # steps from the outermost draws to the ends of the grid
_NEGLIGIBLE = 1e-9  # share of the posterior


def posterior_degrees_of_freedom(
    model: Model, coef: Floats, sigma: Floats, scale: Floats | None
) -> float:
    """``E tr cov(X b | sigma, scale) / sigma**2`` over the posterior, the intercept left out.

    Parameters
    ----------
    model : Model
    coef : array of shape (m, p)
        Draws.
    sigma : array of shape (m,)
        Sigma of each draw, the known one where it is known.
    scale : array of shape (m,) or None
        Learnt factor of the prior's scales.

    Returns
    -------
    float
        Under a convex penalty at most the rank of X, ``min(p, n - 1)`` with an intercept
        (Brascamp and Lieb 1976, theorem 4.1); what Monte Carlo error adds to that is cut off.

    Examples
    --------
    >>> from priormap import Gaussian, Regression
    >>> model = Model(Regression([[-1.0], [1.0]], [0.0, 1.0], sigma=1.0), Gaussian(1.0))
    >>> round(posterior_degrees_of_freedom(model, np.zeros((1, 1)), np.ones(1), None), 9)
    0.666666667
    """
    if model.prior.is_normal:
        return _trace_of_hat_matrices(model, sigma, scale)
    found = _values(model, coef, sigma, scale).covariance(model.columns, coef)
    if not isinstance(model.prior, PenaltyParts):
        return found
    return float(min(found, (model.columns.x_norm > 0).sum(), model.dof))


def _trace_of_hat_matrices(model: Model, sigma: Floats, scale: Floats | None) -> float:
    """Average trace of ``X (X'X + l2)^-1 X'`` under a prior that is normal given its scale."""
    spectrum = Spectrum.of(model.columns, np.asarray(model.unit_prior.sd))
    noise = np.ones_like(sigma) if model.prior.scaled_by_noise else sigma / model.unit_y
    mu, counts = np.unique(noise / (1.0 if scale is None else scale), return_counts=True)
    with np.errstate(over="ignore"):
        return float(np.average(spectrum.parameters(mu**2), weights=counts))


class _Values(NamedTuple):
    """Values of sigma (and the scale), and how far each draw belongs to each of them."""

    sigma: Floats  # (k,)
    weights: Floats  # (k, m); over all values they sum to 1
    step: int  # every so many draws have weights

    def covariance(self, columns: UnitColumns, coef: Floats) -> float:
        """``tr cov(X b | value) / sigma**2``, averaged over the values.

        With the fits f and weights v of one value ``sum_i v_i |f_i|**2 - |sum_i v_i f_i|**2``
        over ``1 - sum_i v_i**2`` is the average of ``|f_i - f_j|**2 / 2`` over pairs of draws.
        """
        lengths = (coef - coef.mean(axis=0))[:: self.step] * columns.x_norm
        squares, mass = columns.squared_lengths(lengths), self.weights.sum(axis=1)
        kept = np.flatnonzero(mass > _NEGLIGIBLE * mass.sum())
        found = []
        for block in np.array_split(kept, 1 + len(kept) * sum(lengths.shape) // _BLOCK):
            share = self.weights[block] / mass[block, None]
            spread = share @ squares - columns.squared_lengths(share @ lengths)
            pairs = np.maximum(1 - (share**2).sum(axis=1), _NEGLIGIBLE)
            found.append(spread / pairs / self.sigma[block] ** 2)
        return float(np.average(np.concatenate(found), weights=mass[kept]))


def _values(model: Model, coef: Floats, sigma: Floats, scale: Floats | None) -> _Values:
    """Nodes of sigma and of the factor of the prior's scales, as far as they are unknown."""
    by_noise, bound = model.prior.scaled_by_noise, int((~model.is_flat).sum())
    nodes, factor = sigma[:1], None
    if not model.noise.is_known:
        nodes = _nodes(sigma, model.dof + bound * (by_noise and scale is None))
    if scale is not None:
        factor = _nodes(scale * sigma if by_noise else scale, bound)
    size = nodes.size * (1 if factor is None else factor.size)
    step = 1 + len(coef) * size // _MOST_WEIGHTS
    coef = coef[::step]
    logs = np.zeros((nodes.size, 1 if factor is None else factor.size, len(coef)))
    if not model.noise.is_known:
        logs += _log_density_of_noise(model, coef, nodes)[:, None]
    if factor is not None:
        logs += _log_prior(model, coef, factor)
        logs += _log_density_of_scale(model, nodes, factor)[..., None]
    elif by_noise:
        logs += _log_prior(model, coef, nodes)[:, None]
    flat = logs.reshape(size, len(coef))
    weights = np.exp(flat - logsumexp(flat, axis=0))
    return _Values(np.repeat(nodes, size // nodes.size), weights, step)


def _nodes(values: Floats, dimensions: int) -> Floats:
    """Grid over the draws of a scale, by the sd of its log where so many squares speak of it."""
    logs = np.log(np.maximum(values, np.finfo(float).tiny))
    step = 1 / np.sqrt(2 * max(dimensions, 1))
    low, high = logs.min() - _BEYOND * step, logs.max() + _BEYOND * step
    return np.asarray(
        np.exp(np.linspace(low, high, min(2 + int((high - low) / step), _MOST_NODES)))
    )


def _log_density_of_noise(model: Model, coef: Floats, sigma: Floats) -> Floats:
    """Likelihood of each draw's coefficients times the density of ``log sigma``, (k, m)."""
    rss = centred_rss(model.data, coef)
    own = model.noise.logpdf(sigma) - (model.dof - 1) * np.log(sigma)
    return np.asarray(own[:, None] - 0.5 * rss / sigma[:, None] ** 2)


def _log_prior(model: Model, coef: Floats, factor: Floats) -> Floats:
    """Log prior of each draw's coefficients with all scales times each factor, (l, m)."""
    prior = model.relative
    terms: PriorTerms = PulledTerms(prior, coef)
    if isinstance(prior, PenaltyParts):
        rates = Penalty.of_columns(prior, 1.0)
        terms = PenaltyTerms(np.abs(coef) @ rates.l1, coef**2 @ rates.l2)
    bound = int((~model.is_flat).sum())
    return np.stack([-terms.exponent(f) - bound * np.log(f) for f in factor.tolist()])


def _log_density_of_scale(model: Model, sigma: Floats, factor: Floats) -> Floats:
    """Density of the log of a learnt scale, from the factor that it gives the prior, (k, l)."""
    assert model.prior.hyperprior is not None
    scale = factor / (sigma if model.prior.scaled_by_noise else np.ones_like(sigma))[:, None]
    return np.asarray(model.prior.hyperprior.logpdf(scale) + np.log(scale))
