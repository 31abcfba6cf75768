"""The prior that a penalty is at some noise, and the interval that holds 95 % of it."""

from __future__ import annotations

import numpy as np
from scipy import special

from priormap.arrays import Floats
from priormap.model.penalty import Penalty
from priormap.priors import ElasticNet, Gaussian, Laplace, Prior

_ONE = 1e-12  # relative spread of scales that are one scale
_SHARP = 1e3  # l2_scale over l1_scale: from here on a Laplace prior is the better start
_NEWTON_STEPS = 3


def prior_of(penalty: Penalty, sigma: float, per: Floats | float = 1.0) -> Prior:
    r"""Prior whose mode under noise `sigma` has this penalty.

    ``l1_scale = sigma**2 / l1`` and ``l2_scale = sigma / sqrt(l2)``, times `per`, what the
    prior's coefficients are times those of the penalty; one number where all columns agree.
    """
    with np.errstate(divide="ignore"):
        l1_scale = _one(sigma**2 / penalty.l1 * per)
        l2_scale = _one(sigma / np.sqrt(penalty.l2) * per)
    if not penalty.l1.any():
        return Gaussian(l2_scale)
    if not penalty.l2.any():
        return Laplace(l1_scale)
    return ElasticNet(l1_scale, l2_scale)


def half_width(prior: Prior, mass: float = 0.95) -> Floats:
    r"""Size that a coefficient stays within with probability `mass` before the data.

    Gaussian: ``scale * sqrt(2) * erfinv(mass)``; Laplace: ``-scale * log(1 - mass)``; elastic
    net: the size is a normal of mean ``-t**2 / s`` and sd ``t`` cut to the positive side, so
    that the tail ``Phi(-q / t - t / s) / Phi(-t / s)`` is ``1 - mass``. Infinite where flat.
    """
    if isinstance(prior, Gaussian):
        return np.asarray(prior.scale * np.sqrt(2) * special.erfinv(mass))
    if isinstance(prior, Laplace):
        return np.asarray(-prior.scale * np.log1p(-mass))
    s, t = np.broadcast_arrays(np.asarray(prior.l1_scale), np.asarray(prior.l2_scale))
    log_tail, has_bend = np.log1p(-mass), np.isfinite(t)
    t = np.where(has_bend, t, 1.0)
    ratio = np.where(has_bend, t / s, 0.0)
    laplace = -s * log_tail
    normal = -t * (special.ndtri_exp(special.log_ndtr(-ratio) + log_tail) + ratio)
    q = np.where(has_bend, np.where(ratio < _SHARP, normal, laplace), 0.0)
    for _ in range(_NEWTON_STEPS):  # digits that cancel where t is many times s
        beyond = special.erfcx((q / t + ratio) / np.sqrt(2))
        missing = np.log(beyond / special.erfcx(ratio / np.sqrt(2))) - log_tail
        missing -= q / s + 0.5 * (q / t) ** 2
        q = q + missing * t * beyond * np.sqrt(np.pi / 2)
    return np.where(has_bend, q, laplace)


def _one(scale: Floats) -> float | Floats:
    """The one number that all scales are, or the scales."""
    first = scale.flat[0]
    if (scale == first).all() or (np.isfinite(scale).all() and np.ptp(scale) <= _ONE * first):
        return float(first)
    return scale
