r"""Log marginal likelihood from the draws of one posterior, whatever its prior.

With draws of the posterior, whose density ``q`` is known up to the constant Z, and draws of a
normal density g that resembles it, Z is the fixed point of

.. math::

    Z = \frac{ \frac{1}{N_2} \sum_{g} \frac{q}{s_1 q + s_2 Z g} }
             { \frac{1}{N_1} \sum_{q} \frac{g}{s_1 q + s_2 Z g} },
    \qquad s_i = \frac{N_i}{N_1 + N_2},

the estimator of Meng and Wong (1996), "Simulating ratios of normalizing constants via a simple
identity: a theoretical exploration", Statistica Sinica 6(4), eq. 4.1, with N_1 counted as
effective draws. Its error is that of Frühwirth-Schnatter (2004), "Estimating marginal likelihoods
for mixture and Markov switching models using bridge sampling techniques", Econometrics Journal
7(1), eq. 21.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.linalg import solve_triangular

from priormap.arrays import Floats
from priormap.criteria.pareto_smoothing import log_sums
from priormap.model.model import Model
from priormap.posterior.convergence import Convergence
from priormap.posterior.draws import Draws, log_posterior_of_draws, log_priors, sigma_of

if TYPE_CHECKING:
    import xarray as xr


_FEWEST = 4  # draws for each unknown in the half that the normal density is fitted to
_STEPS, _SETTLED = 1000, 1e-10
_BOUNDED = ("sigma", "scale")  # positive: their logarithms are what is normal


class Evidence(NamedTuple):
    """Log marginal likelihood, its standard error, and why there is none."""

    value: float
    error: float
    why_not: str = ""


def bridge_sampling(model: Model, tree: xr.DataTree, seed: np.random.SeedSequence) -> Evidence:
    """Estimate from one half of the draws with a normal density fitted to the other, and back."""
    points = _coordinates(model, tree)
    half = points.shape[1] // 2
    if points.shape[0] * half < _FEWEST * points.shape[2]:
        few = f"{points[..., 0].size} draws are too few for {points.shape[2]} unknowns"
        return Evidence(np.nan, np.nan, few)
    halves = points[:, :half], points[:, half:]
    rng = np.random.default_rng(seed)
    found = [_bridge(model, *pair, rng) for pair in (halves, halves[::-1])]
    values, errors = np.array(found).T
    if not np.isfinite(values).all():
        return Evidence(np.nan, np.nan, "the draws hold densities that are not finite")
    spread = 0.5 * abs(values[0] - values[1])
    return Evidence(float(values.mean()), float(max(np.sqrt(np.mean(errors**2) / 2), spread)))


def _coordinates(model: Model, tree: xr.DataTree) -> Floats:
    """Coefficients, then logs of what is positive; shape (chains, draws, unknowns)."""
    posterior = tree["posterior"]
    parts = [posterior["coef"].transpose("chain", "draw", "feature").to_numpy()]
    parts += [np.log(posterior[n].to_numpy())[..., None] for n in _BOUNDED if n in posterior]
    return np.concatenate(parts, axis=-1)


def _log_density(model: Model, points: Floats) -> Floats:
    """Log joint density of the unknowns and y, or its n - 1 contrasts with a flat intercept."""
    p = model.data.n_features
    logs = list(np.moveaxis(points[..., p:], -1, 0))
    jacobian = np.sum(logs, axis=0) if logs else 0.0
    sigma = None if model.noise.is_known else np.exp(logs.pop(0))
    scale = None if model.prior.hyperprior is None else np.exp(logs.pop(0))
    coef, data = points[..., :p], model.data
    centre = data.unit.y_mean - coef @ data.unit.x_mean if data.intercept else None
    draws = Draws(coef, centre, sigma, scale)
    log_density = log_posterior_of_draws(data, draws, log_priors(model, draws)) + jacobian
    if data.intercept:  # normal given the rest; its root of n is left to the contrasts
        log_density += np.log(sigma_of(data, draws) * np.sqrt(2 * np.pi))
    return np.asarray(log_density)


def _bridge(
    model: Model, first: Floats, second: Floats, rng: np.random.Generator
) -> tuple[float, float]:
    """Fit to the first half, bridge with the second."""
    size = first.shape[-1]
    flat = first.reshape(-1, size)
    mean, sd = flat.mean(axis=0), np.maximum(flat.std(axis=0), np.finfo(float).tiny)
    upper = np.asarray(np.linalg.qr((flat - mean) / sd / np.sqrt(len(flat)), mode="r"))
    root = upper.T * sd[:, None]
    normal = rng.standard_normal((second.shape[0], second.shape[1], size))
    proposed = mean + normal @ root.T
    log_det = np.log(np.abs(np.diag(upper))).sum() + np.log(sd).sum()
    at_second = solve_triangular(root, (second - mean).reshape(-1, size).T, lower=True).T
    constant = log_det + 0.5 * size * np.log(2 * np.pi)
    squares = (at_second**2).sum(axis=1).reshape(second.shape[:2])
    ours = _log_density(model, second) + 0.5 * squares + constant
    theirs = _log_density(model, proposed) + 0.5 * (normal**2).sum(axis=-1) + constant
    return _fixed_point(ours, theirs)


def _fixed_point(ours: Floats, theirs: Floats) -> tuple[float, float]:
    """Log Z and its standard error from the log ratios q / g at draws of q and of g."""
    own, other = ours.ravel()[None], theirs.ravel()[None]
    shift = float(np.median(own))
    independent = effective_draws(np.minimum(ours - shift, 700.0))
    share = independent / (independent + other.size)
    a, b = np.log(share), np.log1p(-share)
    log_z = shift
    for _ in range(_STEPS):
        above = log_sums(other - np.logaddexp(a + other, b + log_z))[0] - np.log(other.size)
        below = log_sums(-np.logaddexp(a + own, b + log_z))[0] - np.log(own.size)
        previous, log_z = log_z, float(above - below)
        if abs(log_z - previous) < _SETTLED:
            break
    at_other = np.exp(other - np.logaddexp(a + other, b + log_z))
    at_own = np.exp(log_z - np.logaddexp(a + own, b + log_z))
    variance = _relative_variance(at_other, other.size) + _relative_variance(
        at_own, effective_draws(at_own.reshape(ours.shape))
    )
    return log_z, float(np.sqrt(variance))


def _relative_variance(values: Floats, size: float) -> float:
    return float(values.var() / values.mean() ** 2 / size)


def effective_draws(values: Floats) -> float:
    """How many independent draws the values of shape (chains, draws) are worth."""
    return max(float(Convergence.of(values[..., None]).ess_bulk[0]), 1.0)
