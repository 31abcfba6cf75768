"""The route for normal priors: independent draws, and the evidence with them."""

from __future__ import annotations

import numpy as np

from priormap.model import Model
from priormap.model.spectrum import Spectrum
from priormap.posterior.draws import Draws, intercepts
from priormap.posterior.gaussian.posterior import GaussianPosterior


def gaussian_posterior(model: Model) -> GaussianPosterior:
    """Posterior of the unit coefficients, of sigma in units of ``|y|``, and of the scale."""
    prior, noise = model.prior, model.unit_noise
    spectrum = Spectrum.precise(model.columns, np.asarray(model.unit_prior.sd))
    sigma = noise.sd if noise.density is None else noise.density.logpdf
    tau = 1.0 if prior.hyperprior is None else prior.hyperprior.logpdf
    return GaussianPosterior.of(spectrum, sigma, tau, prior.scaled_by_noise)


def draw_independent(model: Model, chains: int, draws: int, rng: np.random.Generator) -> Draws:
    """Independent draws, dealt to chains."""
    posterior = gaussian_posterior(model)
    drawn = posterior.sample(chains * draws, rng)
    coef = drawn.coef.reshape(chains, draws, model.data.n_features)
    coef *= model.columns.coef_units
    sigma = (drawn.sigma * model.unit_y).reshape(chains, draws)
    return Draws(
        coef=coef,
        intercept=intercepts(model.data, coef, sigma, rng),
        sigma=None if model.noise.is_known else sigma,
        scale=None if model.prior.hyperprior is None else drawn.tau.reshape(chains, draws),
        centred_rss=drawn.rss.reshape(chains, draws) * model.unit_y**2,
        attributes={
            "log_evidence": posterior.log_evidence + _units_of_evidence(model),
            "log_evidence_error": posterior.log_evidence_error,
        },
    )


def _units_of_evidence(model: Model) -> float:
    """Log of the change of units of the response and of the unpenalised columns."""
    norms = model.columns.x_norm[model.is_flat & (model.columns.x_norm > 0)]
    return float(-(model.dof - len(norms)) * np.log(model.unit_y) - np.log(norms).sum())
