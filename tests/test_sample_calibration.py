"""Simulation-based calibration: the truth ranks uniformly among posterior draws.

Parameters are drawn from the prior, data from the parameters, and draws from the posterior of
the data; each parameter's rank among its draws is then uniform (Talts et al., 2018, "Validating
Bayesian inference algorithms with simulation-based calibration", arXiv:1804.06788).
"""

import os

import numpy as np
import pytest
from scipy import stats

from priormap import ElasticNet, Gaussian, Laplace, Regression
from priormap.model import Model
from priormap.posterior.gaussian import draw_independent
from priormap.posterior.kernels import draw_mixture
from priormap.priors.densities import HalfNormal, InverseGamma

REPLICATIONS = 2000 if os.environ.get("PRIORMAP_FULL") else 240
KEPT, BINS = 39, 10  # 40 possible ranks, four to a bin
THIN, TUNE = 10, 200  # of Markov chains
SMALLEST = 1e-5  # p-value of a chi-square test: about 20 tests fail once in 5,000 runs

CASES = {
    "gaussian": (Gaussian(0.7), HalfNormal(1.5), "exact", (20, 3)),
    "gaussian, learnt scale": (Gaussian(HalfNormal(1.0)), 1.3, "exact", (20, 3)),
    "gaussian, wide, by noise": (
        *(Gaussian(HalfNormal(1.0), scaled_by_noise=True), InverseGamma(4.0, 3.0)),
        *("exact", (6, 8)),
    ),
    "laplace": (Laplace(0.7), HalfNormal(1.5), "exact", (20, 3)),
    "laplace, learnt scale": (Laplace(HalfNormal(1.0)), HalfNormal(1.5), "exact", (20, 3)),
    "laplace, by noise": (
        *(Laplace(0.7, scaled_by_noise=True), InverseGamma(4.0, 3.0)),
        *("gibbs", (20, 3)),
    ),
    "elastic net": (ElasticNet(0.7, 0.9), HalfNormal(1.5), "exact", (20, 3)),
    "elastic net, wide, learnt": (
        *(ElasticNet(0.7, 0.9, hyperprior=HalfNormal(1.0)), InverseGamma(4.0, 3.0)),
        *("exact", (6, 8)),
    ),
    "laplace, wide": (Laplace(0.7), InverseGamma(4.0, 3.0), "exact", (6, 8)),
}


def noise_draw(noise, rng):
    if isinstance(noise, float):
        return noise
    if isinstance(noise, InverseGamma):
        return np.sqrt(noise.scale / rng.gamma(noise.shape))
    return noise.scale * abs(rng.standard_normal())


def ranks(prior, noise, method, shape, inflation=1.0, seed=1):
    """Ranks of the truths of every parameter, one row for each replication."""
    rng, rows = np.random.default_rng(seed), []
    X = rng.standard_normal(shape) @ (np.eye(shape[1]) + 0.3) + 2.0
    dear = (
        prior.hyperprior is not None
        and isinstance(prior, Gaussian)
        and not isinstance(noise, float)
    )
    for replication in range(REPLICATIONS // 4 if dear else REPLICATIONS):  # a plane each
        sigma = noise_draw(noise, rng)
        learnt = prior.hyperprior is not None
        scale = noise_draw(prior.hyperprior, rng) if learnt else 1.0
        unit = scale * (sigma if prior.scaled_by_noise else 1.0)
        coef = prior.stretched(unit).rvs(shape[1], rng)
        y = 4.0 + X @ coef + inflation * sigma * rng.standard_normal(shape[0])
        data = Regression(X, y, sigma=noise)
        if isinstance(prior, Gaussian):
            drawn, thin = draw_independent(Model(data, prior), 1, KEPT, rng), 1
        else:
            stream = np.random.SeedSequence([seed, replication])
            drawn = draw_mixture(Model(data, prior), method, 1, KEPT * THIN, TUNE, stream, None)
            thin = THIN
        truths = {"first": coef[0], "last": coef[-1], "size": np.abs(coef).sum()}
        values = {
            "first": drawn.coef[0, ::thin, 0],
            "last": drawn.coef[0, ::thin, -1],
            "size": np.abs(drawn.coef[0, ::thin]).sum(axis=1),
        }
        if drawn.sigma is not None:
            truths["sigma"], values["sigma"] = sigma, drawn.sigma[0, ::thin]
        if learnt:
            truths["scale"], values["scale"] = scale, drawn.scale[0, ::thin]
        rows.append({name: int((values[name] < truth).sum()) for name, truth in truths.items()})
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def p_value(rank):
    counts = np.bincount(rank * BINS // (KEPT + 1), minlength=BINS)
    return stats.chisquare(counts).pvalue


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_ranks_of_the_truth_are_uniform(case):
    for name, rank in ranks(*CASES[case]).items():
        assert p_value(rank) > SMALLEST, name


@pytest.mark.slow
@pytest.mark.parametrize("case", ["gaussian", "laplace"])
def test_noise_30_percent_larger_than_told_is_caught(case):
    assert p_value(ranks(*CASES[case], inflation=1.3)["sigma"]) < SMALLEST / 1000
