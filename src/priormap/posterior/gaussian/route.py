"""The exact route for Gaussian priors: independent draws, and the evidence with them."""

from __future__ import annotations

import numpy as np

from priormap.data.regression import Regression
from priormap.model.penalty import relative_scale
from priormap.model.spectrum import Spectrum
from priormap.posterior.draws import Draws, intercepts
from priormap.posterior.gaussian.posterior import GaussianPosterior
from priormap.priors import Gaussian


def gaussian_posterior(data: Regression, prior: Gaussian) -> GaussianPosterior:
    """Posterior of the unit coefficients, of sigma in units of ``|y|``, and of the scale."""
    columns = data.unit
    unit_y = columns.y_norm or 1.0
    norm = columns.divisor
    scale = relative_scale(prior, data) * norm / (1.0 if prior.scaled_by_noise else unit_y)
    spectrum = Spectrum.precise(columns, scale)
    noise = data.sigma
    if isinstance(noise, float):
        sigma: float | object = noise / unit_y
    else:
        sigma = _in_units(noise.logpdf, unit_y)
    tau = 1.0 if prior.hyperprior is None else prior.hyperprior.logpdf
    return GaussianPosterior.of(spectrum, sigma, tau, prior.scaled_by_noise)  # type: ignore[arg-type]


def draw_gaussian(
    data: Regression, prior: Gaussian, chains: int, draws: int, rng: np.random.Generator
) -> Draws:
    """Independent draws, dealt to chains."""
    posterior = gaussian_posterior(data, prior)
    drawn = posterior.sample(chains * draws, rng)
    unit_y = data.unit.y_norm or 1.0
    coef = drawn.coef.reshape(chains, draws, data.n_features)
    coef *= data.unit.coef_units
    sigma = (drawn.sigma * unit_y).reshape(chains, draws)
    return Draws(
        coef=coef,
        intercept=intercepts(data, coef, sigma, rng),
        sigma=None if isinstance(data.sigma, float) else sigma,
        scale=None if prior.hyperprior is None else drawn.tau.reshape(chains, draws),
        centred_rss=drawn.rss.reshape(chains, draws) * unit_y**2,
        attributes={
            "log_evidence": posterior.log_evidence + _units_of_evidence(data, prior),
            "log_evidence_error": posterior.log_evidence_error,
        },
    )


def _units_of_evidence(data: Regression, prior: Gaussian) -> float:
    """Log of the change of units of the response and of the unpenalised columns."""
    columns = data.unit
    flat = np.isinf(relative_scale(prior, data)) & (columns.x_norm > 0)
    dof = data.n_rows - data.intercept - int(flat.sum())
    log_y = np.log(columns.y_norm) if columns.y_norm > 0 else 0.0
    return float(-dof * log_y - np.log(columns.x_norm[flat]).sum())


def _in_units(logpdf: object, unit: float) -> object:
    """Density of sigma / unit."""
    return lambda sigma: logpdf(np.asarray(sigma) * unit) + np.log(unit)  # type: ignore[operator]
