r"""Evidence under a spike and slab: a sum over which columns belong, coefficients integrated out.

Under a normal slab the evidence of each model, columns S of prior sds t, is known at every sigma:
with eigenvalues ``d_k`` of ``T Z_S'Z_S T`` and ``a_k`` of ``T Z_S'u`` along them

.. math::

    \log p(u \mid S, \sigma) = -\tfrac{\nu}{2} \log(2 \pi \sigma^2)
        - \tfrac12 \sum_k \log(1 + d_k / \sigma^2)
        - \frac{1}{2 \sigma^2} \Bigl(|u|^2 - \sum_k \frac{a_k^2}{d_k + \sigma^2}\Bigr).

Of few columns all models are summed. Of more, those which one half of the draws visits, whose
share of the posterior the other half tells (George and McCulloch 1997, section 4.5, eq. 20).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import logsumexp

from priormap.arrays import Bools, Floats
from priormap.criteria.bridge_sampling import Evidence, effective_draws
from priormap.criteria.gaussian_curves import over_sigma
from priormap.model.model import Model
from priormap.priors import PointMass

if TYPE_CHECKING:
    import xarray as xr


MOST_COLUMNS = 15  # of which all models are summed
_MOST_MODELS = 1 << 15  # summed of those that draws visit
_LEAST_SHARE = 0.05  # of the posterior, that the models of one half of the draws hold
_BLOCK = 1 << 20  # numbers at once


class _OfOneSize(NamedTuple):
    """Models of k columns: eigenvalues and squares along them, (m, k), and log prior, (m,)."""

    eigenvalues: Floats
    squares: Floats
    log_prior: float


def sums_all_models(model: Model) -> bool:
    """Whether there are few enough of them."""
    return int(np.count_nonzero(model.columns.x_norm)) <= MOST_COLUMNS


def evidence_of_models(model: Model, tree: xr.DataTree | None) -> Evidence:
    """Sum over all models, or over those that draws visit, or the reason why there is none."""
    prior = model.prior
    assert isinstance(prior, PointMass)
    if prior.hyperprior is not None or prior.mixture is not None:
        what = "a learnt scale" if prior.hyperprior is not None else "a slab that is not normal"
        return _none(f"the models of a spike and slab with {what} have no closed form")
    live = np.flatnonzero(model.columns.x_norm > 0)
    if sums_all_models(model):
        places = np.arange(1 << len(live))[:, None] >> np.arange(len(live)) & 1
        return Evidence(*log_evidence_of(model, places.astype(bool)))
    assert tree is not None
    belongs = tree["posterior"]["coef"].transpose("chain", "draw", "feature").to_numpy() != 0
    belongs = belongs[..., live]
    half = belongs.shape[1] // 2
    visited = np.unique(belongs[:, :half].reshape(-1, len(live)), axis=0)
    if len(visited) > _MOST_MODELS:
        return _none(f"half of the draws visit {len(visited)} models")
    known = {row.tobytes() for row in visited}
    again = np.array([[row.tobytes() in known for row in chain[half:]] for chain in belongs])
    found = float(again.mean())
    if found < _LEAST_SHARE:
        return _none(f"half of the draws visit models that hold {found:.1%} of the other half")
    value, error = log_evidence_of(model, visited)
    independent = effective_draws(again.astype(float)) if found < 1 else np.inf
    return Evidence(value - np.log(found), float(np.hypot(error, _error(found, independent))))


def _error(share: float, independent: float) -> float:
    """Standard error of the log of a share."""
    return float(np.sqrt((1 - share) / share / independent))


def _none(why: str) -> Evidence:
    return Evidence(np.nan, np.nan, why)


def log_evidence_of(model: Model, belongs: Bools) -> tuple[float, float]:
    """Log of the prior probability of models times their evidence, summed, and its error.

    Parameters
    ----------
    model : Model
        Its prior has a normal slab of known scale.
    belongs : array of shape (m, q)
        Which of the q columns that vary belong to each model.
    """
    sizes, columns = _by_size(model, belongs), model.columns
    squares = 1.0 if columns.y_norm > 0 else 0.0
    by_noise = model.prior.scaled_by_noise

    def log_likelihood(log_sigma: Floats) -> Floats:
        """In units of ``|y|``, for sigmas of any shape."""
        variance = np.exp(2 * log_sigma.ravel())
        unit = np.ones_like(variance) if by_noise else variance
        total = np.full(variance.shape, -np.inf)
        for one in sizes:
            total = np.logaddexp(total, _summed(one, variance, unit, squares))
        constant = -0.5 * model.dof * (np.log(2 * np.pi * variance))
        return np.asarray((total + constant).reshape(log_sigma.shape))

    units = model.dof * np.log(model.unit_y)
    noise = model.unit_noise
    if noise.density is None:
        return float(log_likelihood(np.log(np.array([noise.sd])))[0]) - units, 0.0
    centre = np.array([-0.5 * np.log(model.dof)])
    mass = over_sigma(log_likelihood, noise.density, centre, model.dof)
    return float(mass.log_z[0]) - units, mass.error


def _by_size(model: Model, belongs: Bools) -> list[_OfOneSize]:
    prior, columns = model.unit_prior, model.columns
    assert isinstance(prior, PointMass)
    live = np.flatnonzero(columns.x_norm > 0)
    scale = np.broadcast_to(prior.scale, columns.p)[live]
    gram = columns.gram[np.ix_(live, live)] * scale * scale[:, None]
    pull = columns.xty[live] * scale
    log_in, log_out = np.log(prior.inclusion), np.log1p(-prior.inclusion)
    found, counts = [], belongs.sum(axis=1)
    for k in np.unique(counts).tolist():
        of_size = belongs[counts == k]
        which = np.nonzero(of_size)[1].reshape(len(of_size), k)
        step = max(1, _BLOCK // max(k * k, 1))
        parts = [which[start : start + step] for start in range(0, len(which), step)]
        eigen = [np.linalg.eigh(gram[one[:, :, None], one[:, None, :]]) for one in parts]
        along = [
            np.einsum("mjk,mj->mk", vectors, pull[one]) ** 2
            for one, (_, vectors) in zip(parts, eigen, strict=True)
        ]
        values = np.concatenate([values for values, _ in eigen]).clip(0)
        log_prior = k * log_in + (len(live) - k) * log_out
        found.append(_OfOneSize(values, np.concatenate(along), log_prior))
    return found


def _summed(one: _OfOneSize, variance: Floats, unit: Floats, squares: float) -> Floats:
    """Log sum over models of one size at each variance; `unit` is 1 for a prior scaled by it."""
    total = np.full(variance.shape, -np.inf)
    step = max(1, _BLOCK // max(one.eigenvalues.shape[1] * len(variance), 1))
    for start in range(0, len(one.eigenvalues), step):
        d = one.eigenvalues[start : start + step, :, None]
        a = one.squares[start : start + step, :, None]
        half_log_det = 0.5 * np.log1p(d / unit).sum(axis=1)
        left = squares - (a / (d + unit)).sum(axis=1)
        logs = one.log_prior - half_log_det - 0.5 * left / variance
        total = np.logaddexp(total, logsumexp(logs, axis=0))
    return total
