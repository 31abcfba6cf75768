"""Where chains start: around a fit that stands in for the posterior."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from priormap.posterior.kernels.compiled import Array, seed_words
from priormap.posterior.kernels.problem import (
    BY_NOISE,
    PROPER,
    ElasticNetPrior,
    Moments,
    Rows,
    State,
    log_density,
    prior_widths,
    rows_from_moments,
    state,
)

GRID = np.geomspace(1e-3, 1e3, 61)
EVERYWHERE = np.geomspace(1e-40, 1e40, 201)
ODDS = 20.0  # drop of a log density, from which a prior is at odds with a start


class Typical(NamedTuple):
    """Rough values of the unknowns; sigma and tau as given where they are known."""

    coef: Array
    sigma: float
    tau: float


def typical(
    data: Moments | Rows, prior: ElasticNetPrior, sigma: float = 1.0, tau: float = 1.0
) -> Typical:
    """Centre of the chains; ``sigma`` and ``tau`` count where they are known.

    A look near the scale of the data will do, unless the prior is at odds with what is found
    there: then wherever the evidence is, if that is more probable.
    """
    if isinstance(data, Rows):
        near = by_evidence(data, prior, sigma, tau)
    else:
        near = by_ridge(data, prior, sigma, tau)
    if at_odds(prior, near) <= ODDS:
        return near
    rows = data if isinstance(data, Rows) else rows_from_moments(data)
    far = by_evidence(rows, prior, sigma, tau, everywhere=True)
    gain = log_likelihood(rows, far) - at_odds(prior, far)
    gain -= log_likelihood(rows, near) - at_odds(prior, near)
    return near if gain <= ODDS else far


def at_odds(prior: ElasticNetPrior, at: Typical) -> float:
    """By how much the log prior of coef / unit, log sigma and log tau is below what is usual."""
    unit = prior.unit(at.sigma, at.tau)
    scaled = at.coef / unit
    drop = float(prior.rate @ abs(scaled) + 0.5 * prior.curvature @ scaled**2)
    drop = max(drop - ODDS * prior.hyper[PROPER], 0.0)
    for density, x in ((prior.noise, at.sigma), (prior.scale, at.tau)):
        if density.learnt:
            grid = np.append(EVERYWHERE, x)
            values = log_density(density, grid) + np.log(grid)
            drop += float(values.max() - values[-1])
    return drop


def log_likelihood(rows: Rows, at: Typical) -> float:
    """Log likelihood, up to a constant."""
    residual = rows.target - at.coef @ rows.columns
    misfit = (rows.rss + residual @ residual) / at.sigma**2
    return float(-0.5 * misfit - rows.dof * np.log(at.sigma))


def by_ridge(data: Moments, prior: ElasticNetPrior, sigma: float, tau: float) -> Typical:
    """Ridge fit penalised by a tenth of the mean diagonal of X'X; sigma and tau given that."""
    p = len(data.xty)
    ridge = 0.1 * np.trace(data.gram) / p
    if ridge == 0.0:  # every column is constant
        ridge = 1.0
    coef: Array = np.linalg.solve(data.gram + ridge * np.eye(p), data.xty)
    misfit = max(float(data.yty - 2.0 * coef @ data.xty + coef @ data.gram @ coef), 1e-12)
    if prior.noise.learnt:
        # an exact fit leaves the noise to its prior, if that has a mass of its own
        sigmas = math.sqrt((misfit + 2.0 * prior.noise.inverse) / data.dof) * GRID
        density = -0.5 * misfit / sigmas**2 - (data.dof - 1.0) * np.log(sigmas)
        sigma = highest(sigmas, density + log_density(prior.noise, sigmas))
    if prior.scale.learnt:
        lasso, square = float(prior.rate @ abs(coef)), float(prior.curvature @ coef**2)
        proper, unit = prior.hyper[PROPER], sigma if prior.hyper[BY_NOISE] else 1.0
        taus = max((lasso + math.sqrt(square)) / (proper * unit), 1e-12) * GRID
        density = -lasso / (unit * taus) - 0.5 * square / (unit * taus) ** 2
        density -= (proper - 1.0) * np.log(taus)
        tau = highest(taus, density + log_density(prior.scale, taus))
    return Typical(coef, sigma, tau)


def by_evidence(
    data: Rows, prior: ElasticNetPrior, sigma: float, tau: float, everywhere: bool = False
) -> Typical:
    """Posterior mean under the Gaussian prior of equal variance, sigma and tau by its evidence.

    With variances tau^2 V the rows are Normal(0, sigma^2 I + tau^2 R V R'), diagonal in the
    eigenvectors of R V R', so every pair of a grid costs O(r). ``everywhere`` looks far from the
    scale of the data too, for the mass of log sigma and log tau.
    """
    variance = prior_widths(prior, 0.0 if everywhere else 1e-4) ** 2
    by_noise = prior.hyper[BY_NOISE] > 0
    power, basis = np.linalg.eigh((data.columns.T * variance) @ data.columns)
    power = np.maximum(power, 0.0)
    target = basis.T @ data.target
    size = math.sqrt((data.rss + target @ target) / data.dof) or 1.0
    sigmas = size * (EVERYWHERE if everywhere else GRID[:35])
    sigmas = sigmas if prior.noise.learnt else np.array([sigma])
    ratio = (1.0 if by_noise else size) / (math.sqrt(power.mean()) if power.any() else 1.0)
    taus = ratio * (EVERYWHERE if everywhere else GRID)
    taus = taus if prior.scale.learnt else np.array([tau])
    of_tau = log_density(prior.scale, taus) + np.log(taus) * everywhere
    of_sigmas = log_density(prior.noise, sigmas) + np.log(sigmas) * everywhere
    best = -math.inf
    for s, of_sigma in zip(sigmas, of_sigmas, strict=True):
        total = s * s + (taus * (s if by_noise else 1.0))[:, None] ** 2 * power
        density = of_sigma + of_tau - 0.5 * (np.log(total) + target**2 / total).sum(axis=1)
        density -= 0.5 * data.rss / s**2 + (data.dof - len(target)) * np.log(s)
        if density.max() > best:
            best, sigma, tau = density.max(), float(s), highest(taus, density)
    unit = prior.unit(sigma, tau)
    weights = basis @ (target / (sigma**2 + unit**2 * power))
    coef = unit**2 * variance * (data.columns @ weights)
    return Typical(coef, sigma, tau)


def highest(x: Array, density: Array) -> float:
    """Where a density is highest."""
    return float(x[density.argmax()])


def start_state(
    around: Typical, prior: ElasticNetPrior, seed: int | np.random.SeedSequence
) -> State:
    """Dispersed start."""
    words = seed_words(seed, 8)
    rng = np.random.default_rng(words[4:])
    coef, sigma, tau = around
    if prior.noise.learnt:
        sigma *= math.exp(rng.uniform(-0.5, 0.5))
    if prior.scale.learnt:
        tau *= math.exp(rng.uniform(-0.5, 0.5))
    return state(coef * rng.uniform(0.5, 1.5, len(coef)), sigma, tau, words[:4])
