r"""The log posterior density that every route of priormap shares, with all its constants."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from priormap.checks import positive_number, real_number, short
from priormap.data.coefficients import Coefficients, as_coefficients
from priormap.data.regression import Regression, check_data
from priormap.errors import PriormapError
from priormap.model.model import Model
from priormap.model.penalty import prior_of_columns
from priormap.priors import Prior, check_prior


def log_posterior(
    data: Regression,
    prior: Prior,
    coef: Coefficients,
    intercept: float,
    sigma: float | None = None,
    scale: float | None = None,
) -> float:
    r"""Log density of the data and of (intercept, coef, sigma, scale), not normalised over them.

    .. math::

        -n \log(\sigma \sqrt{2\pi}) - \frac{\lVert y - a - X b\rVert^2}{2\sigma^2}
        + \sum_j \log p(b_j \mid \sigma, s) + \log p(\sigma) + \log p(s)

    Of another family than Gaussian the first line is the log probability of y at its linear
    predictors. The intercept's flat prior counts as density one, and so does a coefficient's
    flat prior. It is a density of sigma and of the scale s themselves (no Jacobian for their
    logs or squares), where they are unknown.

    Parameters
    ----------
    data : Regression
    prior : Gaussian, Laplace or ElasticNet
    coef : array of shape (p,), Series or mapping
        Coefficients in units of X; named ones are aligned with the columns.
    intercept : float
        Zero if `data` has no intercept.
    sigma : float, optional
        Noise standard deviation; may be left out where `data` knows it.
    scale : float, optional
        The prior's scale, where it is learnt (see `Laplace`).

    Returns
    -------
    float

    Raises
    ------
    PriormapError
        If `coef` has the wrong length or is not finite, if an intercept is given to data that
        have none, or if `sigma` or `scale` is missing, not asked for, or not positive.

    Examples
    --------
    >>> from priormap import Gaussian, Regression
    >>> data = Regression([[0.0], [2.0]], [0.0, 2.0], sigma=1.0)
    >>> round(log_posterior(data, Gaussian(1.0), coef=[1.0], intercept=0.0), 6)
    -3.256816
    """
    check_data(data, any_likelihood=True)
    coef = as_coefficients(coef, data.names)
    intercept = real_number("intercept", intercept)
    if not np.isfinite(intercept):
        raise PriormapError(f"intercept must be finite, got {short(intercept)}")
    if intercept != 0 and not data.intercept:
        raise PriormapError(
            f"these data have no intercept, so it must be 0, got {short(intercept)}"
        )
    if sigma is not None and not data.likelihood.has_sigma:
        raise PriormapError(
            f"{data.likelihood.response} has no sigma; leave sigma={short(sigma)} out"
        )
    noise = data.noise.at(sigma)
    known_prior, log_scale = _at_scale(prior_of_columns(prior, data), scale)
    with np.errstate(over="ignore", invalid="ignore"):
        log_rows = data.likelihood.logpdf(data.y, intercept + data.X @ coef, noise)
        log_likelihood, log_sigma = float(log_rows.sum()), float(data.noise.logpdf(noise))
        total = log_likelihood + log_prior(data, known_prior, coef, noise) + log_sigma + log_scale
    if np.isnan(total):
        raise PriormapError("coef is so large that X coef overflows; give it per unit of X")
    return total


def _at_scale(prior: Prior, scale: float | None) -> tuple[Prior, float]:
    """Return the prior at one value of its learnt scale, and the log density of that value."""
    check_prior(prior)
    if prior.hyperprior is None:
        if scale is not None:
            raise PriormapError(f"{prior!r} has a known scale; leave scale={scale!r} out")
        return prior, 0.0
    if scale is None:
        raise PriormapError(f"the scale of {prior!r} is learnt; say at which scale")
    value = positive_number("scale", scale)
    return prior.stretched(value), float(prior.hyperprior.logpdf(value))


def log_prior(data: Regression, prior: Prior, coef: ArrayLike, sigma: float) -> float:
    """Log density of `coef` under `prior` given sigma, in the caller's units."""
    return float(np.sum(Model(data, prior, True).given_noise(sigma).logpdf_together(coef)))
