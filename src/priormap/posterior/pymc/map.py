"""An exhibit: the mode as PyMC's general-purpose optimiser finds it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from priormap.arrays import Floats
from priormap.data.regression import Regression
from priormap.posterior.pymc.model import Likelihood, load_pymc, pymc_model, quiet_pymc
from priormap.priors import Prior


@dataclass(frozen=True, eq=False)
class PymcMap:
    """A point that `pymc.find_MAP` stopped at. No certificate comes with it.

    Attributes
    ----------
    coef : array of shape (p,)
        In units of X.
    intercept, sigma : float
        In units of y; the intercept is zero where `data` has none.
    """

    coef: Floats
    intercept: float
    sigma: float


def pymc_find_map(data: Regression, prior: Prior, likelihood: Likelihood = "rows") -> PymcMap:
    """Mode of the density of (intercept, coef, sigma) by `pymc.find_MAP` at its defaults.

    It climbs by gradients (L-BFGS-B), for which the kink of a Laplace or elastic net prior is
    invisible: a
    coefficient whose mode is zero ends near zero, and never on it but by chance.

    Parameters
    ----------
    data : Regression
    prior : Gaussian, Laplace or ElasticNet
    likelihood : {"rows", "moments"}
        See `pymc_model`.

    Returns
    -------
    PymcMap

    Raises
    ------
    PriormapError
        If the model cannot be built (see `pymc_model`).
    """
    model = pymc_model(data, prior, likelihood)
    with quiet_pymc():
        point = load_pymc().find_MAP(model=model, progressbar=False)
    known = isinstance(data.sigma, float)
    return PymcMap(
        coef=np.asarray(point["coef"], dtype=float),
        intercept=float(point["intercept"]) if data.intercept else 0.0,
        sigma=float(data.sigma if known else point["sigma"]),  # type: ignore[arg-type]
    )
