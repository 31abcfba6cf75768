"""Judge vectors from anywhere: is it the mode, or how far off is it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from priormap.errors import PriormapError, positive_number
from priormap.mode.certificate import TOLERANCE, Certificate, certify
from priormap.mode.problem import UnitProblem
from priormap.penalty import Penalty
from priormap.priors import Prior
from priormap.regression import Regression

__all__ = ["audit"]


def audit(
    data: Regression,
    prior: Prior,
    coef: ArrayLike,
    *,
    sigma: float | None = None,
    tolerance: float = TOLERANCE,
) -> Certificate:
    """Judge a coefficient vector from anywhere: is it the mode, or how far off is it.

    The intercept is taken as the best one for `coef`.

    Parameters
    ----------
    data : Regression
    prior : Gaussian or Laplace
    coef : array of shape (p,)
        Coefficients in units of X, from any program.
    sigma : float, optional
        Noise standard deviation at which to judge; needed where `data` does not know it.
    tolerance : float
        Relative duality gap and KKT residual that still count as the mode.

    Returns
    -------
    Certificate

    Raises
    ------
    PriormapError
        If `coef` has the wrong shape or is not finite, or sigma is missing.

    Examples
    --------
    >>> from priormap import Gaussian, Regression, audit
    >>> data = Regression([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0], sigma=1.0)
    >>> audit(data, Gaussian(1.0), coef=[2 / 3]).is_mode
    True
    >>> print(audit(data, Gaussian(1.0), coef=[1.0]))  # doctest: +NORMALIZE_WHITESPACE
    This is not the mode: the objective could be up to 100 % lower, and the optimality
    conditions fail by 5.0e-01, most at 'x0'.
    """
    values = np.asarray(coef, dtype=float)
    if values.shape != (data.n_features,):
        raise PriormapError(
            f"coef has shape {values.shape} but X has {data.n_features} columns; "
            "give one number per column"
        )
    if not np.isfinite(values).all():
        j = int(np.argmin(np.isfinite(values)))
        raise PriormapError(f"coef of {data.names[j]!r} is {values[j]}; give finite numbers")
    if sigma is None and not isinstance(data.sigma, float):
        raise PriormapError("sigma is unknown in these data; say at which sigma to judge")
    noise = positive_number("sigma", data.sigma if sigma is None else sigma)
    problem = UnitProblem.of(data, Penalty.from_prior(prior, data, noise))
    return certify(
        problem, problem.from_user(values), names=data.names, tolerance=tolerance, exact=True
    )
