"""Scales to look at: from all shrunk away to all let free, the same range for every family."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from priormap.arrays import Floats
from priormap.criteria.family import ScaleFamily
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.errors import PriormapError

_POINTS = 100
_SHRUNK, _FREE = 0.01, 0.95  # effective degrees of freedom over the rank, at the two ends
_WIDER = 10.0  # times the size of the coefficients: the largest scale, where data are plenty


def default_scales(family: ScaleFamily, curves: GaussianCurves) -> Floats:
    """Geometric grid in the scale, chosen by prior standard deviation.

    It starts where a Gaussian prior of that sd leaves 1 % of the degrees of freedom, or below
    the smallest scale at which a lasso is not all zero, and ends where 95 % are left, or at
    ten times the root mean square coefficient there, whichever is wider.
    """
    spectrum, columns = curves.spectrum, family.data.unit
    d = spectrum.eigenvalues
    noise = 1.0 if family.prior.scaled_by_noise else family.sigma
    norm = np.exp(curves.log_norm)

    def share_left(log_mu: float) -> float:
        return float(curves.spectrum.degrees_of_freedom(np.exp(np.array(log_mu)))) / len(d)

    ends = np.log(d.min()) - 40, np.log(d.max()) + 40
    log_mu = [brentq(lambda x, s=share: share_left(x) - s, *ends) for share in (_SHRUNK, _FREE)]
    low, high = noise * np.exp(-0.5 * np.array(log_mu)) / norm
    coef = spectrum.coef_at(np.exp(np.array(log_mu[1])))  # unit coefficients, where all are free
    weights = family.relative_sd * columns.x_norm
    live = weights > 0
    sizes = columns.y_norm * coef[live] / weights[live] / (family.sigma / noise)
    high = max(high, _WIDER * float(np.sqrt(np.mean(sizes**2))))
    rates = family.rates.l1[live]
    if rates.any():
        pulls = columns.y_norm * np.abs(columns.xty[live]) * columns.x_norm[live] / rates
        low = min(low, noise * family.sigma / max(float(pulls.max()), 1e-300))
    return np.geomspace(low, high, _POINTS)


def checked_scales(scales: ArrayLike) -> Floats:
    """Rising positive finite numbers, at least two of them."""
    values = np.asarray(scales, dtype=float)
    if values.ndim != 1 or len(values) < 2:
        raise PriormapError(
            f"scales must be a vector of at least 2 numbers, got an array of shape {values.shape}"
        )
    bad = ~((values > 0) & np.isfinite(values))
    if bad.any():
        raise PriormapError(
            f"scales must be positive and finite (inf is flat: no prior), got {values[bad][0]}"
        )
    if len(np.unique(values)) < len(values):
        raise PriormapError("scales names a scale twice; give different numbers")
    return np.sort(values)
