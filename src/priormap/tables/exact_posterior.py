"""Posterior of a few coefficients where it is normal, so that no draws are needed."""

from __future__ import annotations

from typing import Any

import numpy as np

from priormap.model.model import Model
from priormap.posterior.gaussian import gaussian_posterior
from priormap.tables.posterior_contrast import Contrast

_MOST = 1000  # columns: their covariance has that many squared
_COLLINEAR = 1e12  # condition from which a covariance has lost its digits


def normal_posterior(table: Contrast, prior: str, which: list[int]) -> Any:
    """Return the frozen scipy normal of these coefficients; None where it is another.

    It is normal under a Gaussian prior of known scale with known sigma.
    """
    from scipy.stats import multivariate_normal

    data, believed = table.data, table.priors[prior]
    is_normal = believed.is_normal and believed.hyperprior is None and data.noise.is_known
    if not is_normal or data.n_features > _MOST:
        return None
    exact = gaussian_posterior(Model(data, believed))
    unit = data.unit.in_callers_units(np.ones(data.n_features))[which]
    cov = exact.cov[np.ix_(which, which)] * unit[:, None] * unit
    size = np.sqrt(np.diag(cov))
    if not (np.isfinite(cov).all() and (size > 0).all()):
        return None
    if np.linalg.cond(cov / size[:, None] / size) > _COLLINEAR:
        return None
    return multivariate_normal(exact.mean[which] * unit, cov, allow_singular=True)
