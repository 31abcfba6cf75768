"""The prior that a penalty is at some noise, and the interval that holds 95 % of it."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

from priormap.penalty import Penalty
from priormap.priors import ElasticNet, Gaussian, Laplace, Prior

__all__ = ["half_width", "prior_of"]

Floats: TypeAlias = NDArray[np.float64]
_ONE = 1e-12  # relative spread of scales that are one scale
_SHARP = 1e5  # l2_scale over l1_scale from which on an elastic net is a Laplace prior here


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
    is_laplace = t >= _SHARP * s  # also where t is infinite; where s is too, both are flat
    ratio = np.where(is_laplace, 0.0, np.divide(t, s, out=np.zeros(s.shape), where=~is_laplace))
    tail = special.log_ndtr(-ratio) + np.log1p(-mass)
    smooth = -np.where(is_laplace, 1.0, t) * (special.ndtri_exp(tail) + ratio)
    return np.where(is_laplace, -s * np.log1p(-mass), smooth)


def _one(scale: Floats) -> float | Floats:
    """The one number that all scales are, or the scales."""
    first = scale.flat[0]
    if (scale == first).all() or (np.isfinite(scale).all() and np.ptp(scale) <= _ONE * first):
        return float(first)
    return scale
