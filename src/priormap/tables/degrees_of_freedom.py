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

which is known up to its sum over a grid. Where prior and noise lie so far apart that fits of the
draws are all rounding, the same number is p less the covariance of the coefficients with their
pull to zero, by parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import logsumexp

from priormap.arrays import Floats
from priormap.criteria.posterior_runs import terms_of
from priormap.model.model import Model
from priormap.model.penalty import Penalty
from priormap.model.spectrum import Spectrum
from priormap.priors import PenaltyParts

if TYPE_CHECKING:
    import xarray as xr

_MOST_NODES = 400  # along one axis
_MOST_WEIGHTS = 1 << 22  # of draws to nodes; beyond, draws are thinned
_BLOCK = 1 << 22  # numbers in a block of fits
_BEYOND = 4.0  # steps from the outermost draws to the ends of the grid
_NEGLIGIBLE = 1e-9  # share of the posterior
_EPS = float(np.finfo(float).eps)
_LOST = 1e-3  # of sigma**2: what rounding may leave in squared fits
_WIDEST = 1e100  # prior sd of a unit column; a wider one shrinks no less, and can be squared


def posterior_degrees_of_freedom(model: Model, tree: xr.DataTree) -> float:
    """``E tr cov(X b | sigma, scale) / sigma**2`` over the posterior, the intercept left out.

    Parameters
    ----------
    model : Model
    tree : DataTree
        Its draws, from `priormap.sample`.

    Returns
    -------
    float
        Under a convex penalty at most the rank of X, ``min(p, n - 1)`` with an intercept
        (Brascamp and Lieb 1976, theorem 4.1); what Monte Carlo error adds to that is cut off.

    Examples
    --------
    >>> from priormap import Gaussian, Regression, sample
    >>> data = Regression([[-1.0], [1.0]], [0.0, 1.0], sigma=1.0)
    >>> tree = sample(data, Gaussian(1.0), random_seed=0)
    >>> round(posterior_degrees_of_freedom(Model(data, Gaussian(1.0)), tree), 9)
    0.666666667
    """
    draws = _Draws.of(model, tree)
    if model.prior.is_normal:
        return _trace_of_hat_matrices(model, draws)
    found = _covariance(model, draws.coef, _values(model, draws))
    return min(found, _rank(model)) if isinstance(model.prior, PenaltyParts) else found


class _Draws(NamedTuple):
    """Draws end to end: shapes (m, p), (m,), (m,) or None, (m,)."""

    coef: Floats
    sigma: Floats
    scale: Floats | None
    misfit: Floats  # residual sum of squares over sigma**2

    @classmethod
    def of(cls, model: Model, tree: xr.DataTree) -> _Draws:
        """What is held in a tree; the misfit from the log densities, which lose no digits."""
        posterior, noise = tree["posterior"], model.noise
        coef = posterior["coef"].transpose("chain", "draw", "feature").to_numpy()
        if noise.is_known:
            sigma = np.full(coef.shape[:2], noise.sd)
        else:
            sigma = posterior["sigma"].to_numpy()
        likelihood = tree["sample_stats"]["lp"].to_numpy()
        for name, values in tree["log_prior"].data_vars.items():
            likelihood = (
                likelihood - (values.sum("feature") if name == "coef" else values).to_numpy()
            )
        misfit = -2 * (likelihood + model.data.n_rows * np.log(sigma * np.sqrt(2 * np.pi)))
        scale = posterior["scale"].to_numpy().ravel() if "scale" in posterior else None
        flat = coef.reshape(-1, coef.shape[-1])
        return cls(flat, sigma.ravel(), scale, np.maximum(misfit, 0.0).ravel())

    def every(self, step: int) -> _Draws:
        """Return some of the draws."""
        scale = None if self.scale is None else self.scale[::step]
        return _Draws(self.coef[::step], self.sigma[::step], scale, self.misfit[::step])


def _rank(model: Model) -> int:
    return min(int((model.columns.x_norm > 0).sum()), model.dof)


def _trace_of_hat_matrices(model: Model, draws: _Draws) -> float:
    """Average trace of ``X (X'X + l2)^-1 X'`` under a prior that is normal given its scale."""
    sd = np.asarray(model.unit_prior.sd)
    spectrum = Spectrum.of(model.columns, np.where(sd < np.inf, np.minimum(sd, _WIDEST), sd))
    noise = draws.sigma / (draws.sigma if model.prior.scaled_by_noise else model.unit_y)
    mu, counts = np.unique(
        noise / (1.0 if draws.scale is None else draws.scale), return_counts=True
    )
    with np.errstate(over="ignore"):
        return float(np.average(spectrum.parameters(mu**2), weights=counts))


class _Values(NamedTuple):
    """Values of sigma and of the factor of the prior's scales, and which draws belong to each."""

    sigma: Floats  # (k,)
    factor: Floats  # (k,)
    weights: Floats  # (k, m); over all values they sum to 1
    step: int  # every so many draws have weights


def _covariance(model: Model, coef: Floats, values: _Values) -> float:
    """``tr cov(X b | value) / sigma**2``, averaged over the values.

    With the fits f and weights v of one value ``sum_i v_i |f_i|**2 - |sum_i v_i f_i|**2`` over
    ``1 - sum_i v_i**2`` is the average of ``|f_i - f_j|**2 / 2`` over pairs of draws.
    """
    columns, coef = model.columns, coef[:: values.step]
    lengths = (coef - coef.mean(axis=0)) * columns.x_norm
    squares, mass = columns.squared_lengths(lengths), values.weights.sum(axis=1)
    kept = np.flatnonzero(mass > _NEGLIGIBLE * mass.sum())
    rounding = _EPS * columns.p * float(np.abs(lengths).max(initial=0.0)) ** 2
    rounding += (_EPS * float(np.abs(coef * columns.x_norm).max(initial=0.0))) ** 2
    is_lost = rounding > _LOST * values.sigma[kept] ** 2
    is_lost &= isinstance(model.prior, PenaltyParts)
    found = []
    for block in np.array_split(np.arange(len(kept)), 1 + kept.size * sum(coef.shape) // _BLOCK):
        nodes = kept[block]
        share = values.weights[nodes] / mass[nodes, None]
        pairs = np.maximum(1 - (share**2).sum(axis=1), _NEGLIGIBLE)
        spread = share @ squares - columns.squared_lengths(share @ lengths)
        ratio = spread / pairs / values.sigma[nodes] ** 2
        if is_lost[block].any():
            by_parts = columns.p - _pulled(model, coef, values.factor[nodes], share) / pairs
            ratio = np.where(is_lost[block], by_parts.clip(0, _rank(model)), ratio)
        found.append(ratio)
    return float(np.average(np.concatenate(found), weights=mass[kept]))


def _pulled(model: Model, coef: Floats, factor: Floats, share: Floats) -> Floats:
    """Covariance of the coefficients with their pull to zero, summed, for each value."""
    rates, mean = Penalty.of_columns(model.relative, 1.0), share @ coef
    with np.errstate(over="ignore", invalid="ignore"):
        l1 = (share @ np.abs(coef) - mean * (share @ np.sign(coef))) @ rates.l1
        l2 = (share @ (coef * np.sqrt(rates.l2)) ** 2).sum(axis=1) - mean**2 @ rates.l2
        return np.asarray(l1 / factor + l2 / factor**2)


def _values(model: Model, draws: _Draws) -> _Values:
    """Nodes of sigma and of the factor of the prior's scales, as far as they are unknown."""
    by_noise, bound = model.prior.scaled_by_noise, int((~model.is_flat).sum())
    sigma, factor = draws.sigma[:1], None
    if not model.noise.is_known:
        sigma = _nodes(draws.sigma, model.data.n_rows + bound * (by_noise and draws.scale is None))
    if draws.scale is not None:
        factor = _nodes(draws.scale * draws.sigma if by_noise else draws.scale, bound)
    size = sigma.size * (1 if factor is None else factor.size)
    step = 1 + len(draws.coef) * size // _MOST_WEIGHTS
    some = draws.every(step)
    logs = np.zeros((sigma.size, size // sigma.size, len(some.coef)))
    if not model.noise.is_known:
        logs += _log_density_of_noise(model, some, sigma)[:, None]
    if factor is not None:
        logs += _log_prior(model, some.coef, factor)
        logs += _log_density_of_scale(model, sigma, factor)[..., None]
    elif by_noise:
        logs += _log_prior(model, some.coef, sigma)[:, None]
    flat = logs.reshape(size, -1)
    weights = np.exp(flat - logsumexp(flat, axis=0))
    own = sigma if by_noise else np.ones_like(sigma)
    factors = own if factor is None else np.tile(factor, sigma.size)
    return _Values(np.repeat(sigma, size // sigma.size), factors, weights, step)


def _nodes(values: Floats, dimensions: int) -> Floats:
    """Grid over the draws of a scale, by the sd of its log where so many squares speak of it."""
    logs = np.log(np.maximum(values, np.finfo(float).tiny))
    step = 1 / np.sqrt(2 * max(dimensions, 1))
    low, high = logs.min() - _BEYOND * step, logs.max() + _BEYOND * step
    return np.asarray(
        np.exp(np.linspace(low, high, min(2 + int((high - low) / step), _MOST_NODES)))
    )


def _log_density_of_noise(model: Model, draws: _Draws, sigma: Floats) -> Floats:
    """Likelihood of each draw's coefficients times the density of ``log sigma``, (k, m)."""
    own = model.noise.logpdf(sigma) - (model.data.n_rows - 1) * np.log(sigma)
    return np.asarray(own[:, None] - 0.5 * draws.misfit * (draws.sigma / sigma[:, None]) ** 2)


def _log_prior(model: Model, coef: Floats, factor: Floats) -> Floats:
    """Log prior of each draw's coefficients with all scales times each factor, (l, m)."""
    terms = terms_of(model.relative, coef)
    bound = int((~model.is_flat).sum())
    return np.stack([-terms.exponent(f) - bound * np.log(f) for f in factor.tolist()])


def _log_density_of_scale(model: Model, sigma: Floats, factor: Floats) -> Floats:
    """Density of the log of a learnt scale, from the factor that it gives the prior, (k, l)."""
    assert model.prior.hyperprior is not None
    scale = factor / (sigma if model.prior.scaled_by_noise else np.ones_like(sigma))[:, None]
    return np.asarray(model.prior.hyperprior.logpdf(scale) + np.log(scale))
