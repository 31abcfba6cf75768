"""Degrees of freedom of a posterior against integrals: sigma and a learnt scale are held."""

import numpy as np
import pytest
from scipy.special import logsumexp

from priormap import (
    ElasticNet,
    Gaussian,
    Laplace,
    PriormapWarning,
    Regression,
    contrast,
    find_map,
)
from priormap.priors.densities import HalfCauchy, HalfNormal, HalfStudentT
from priormap.tables.fit_measures import mode_degrees_of_freedom

pytestmark = pytest.mark.filterwarnings("ignore::priormap.PriormapWarning")  # few draws


def wide_data(seed, n=20, p=200):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    return Regression(X, 3 * X[:, 0] + rng.normal(size=n))


def of_posterior(data, prior, draws=1000, **options):
    table = contrast(data, {"prior": prior}, draws=draws, random_seed=1, **options)
    return table.summary.loc["prior", "dof_posterior"]


@pytest.mark.parametrize("seed", range(3))
def test_more_columns_than_rows_under_a_gaussian_prior(seed):
    """Trace of the hat matrix at each sigma, times what ``y ~ N(0, sigma**2 + t**2 XX')`` says."""
    data, t = wide_data(seed), 0.2
    centre = np.linalg.svd(np.eye(20) - 1 / 20)[0][:, :19]  # contrasts that the mean leaves
    kernel, y = centre.T @ data.X @ data.X.T @ centre * t**2, centre.T @ data.y
    values, vectors = np.linalg.eigh(kernel)
    along = vectors.T @ y
    sigma = np.exp(np.linspace(np.log(1e-6), np.log(50), 20_000))
    variance = values + sigma[:, None] ** 2
    logs = -0.5 * (np.log(variance) + along**2 / variance).sum(axis=1)
    logs += HalfStudentT(4, data.y_sd).logpdf(sigma) + np.log(sigma)
    weights = np.exp(logs - logsumexp(logs))
    exact = weights @ (values / variance).sum(axis=1)
    assert of_posterior(data, Gaussian(t)) == pytest.approx(exact, abs=0.15)


@pytest.mark.parametrize(
    "prior",
    [
        Laplace(0.3),
        Laplace(0.2, scaled_by_noise=True),
        ElasticNet(0.5, 0.5),
        Gaussian(HalfNormal(1.0)),
        Laplace(HalfNormal(1.0)),
        Laplace(HalfCauchy(1.0), scaled_by_noise=True),
    ],
    ids=repr,
)
def test_never_above_the_rank(prior):
    found = of_posterior(wide_data(3, p=40), prior, draws=300)
    assert 5 < found <= 19


SIGMA, SCALE = np.exp(np.linspace(-2.2, 2.2, 40)), np.exp(np.linspace(-6, 5, 60))


def by_integration(data, prior, noise, hyperprior):
    """One column without an intercept: ``E Var(b | sigma, scale) x'x / sigma**2`` on a grid."""
    x = data.X[:, 0]
    sigma = np.array([data.sigma]) if noise is None else SIGMA
    scale = np.ones(1) if hyperprior is None else SCALE
    b = np.linspace(-3, 3, 1201)
    misfit = ((data.y[:, None] - x[:, None] * b) ** 2).sum(axis=0)
    logs = np.empty((len(sigma), len(scale)))
    ratio = np.empty_like(logs)
    for i, s in enumerate(sigma):
        for k, factor in enumerate(scale):
            at = prior.with_scale(prior.with_scale(1.0).scale * factor) if hyperprior else prior
            density = at.given_noise(s).logpdf(b) - len(x) * np.log(s) - misfit / (2 * s**2)
            mass = np.exp(density - logsumexp(density))
            ratio[i, k] = (mass @ b**2 - (mass @ b) ** 2) * (x @ x) / s**2
            logs[i, k] = logsumexp(density)
    if noise is not None:
        logs += (noise.logpdf(sigma) + np.log(sigma))[:, None]
    if hyperprior is not None:
        logs += hyperprior.logpdf(scale) + np.log(scale)
    return float((np.exp(logs - logsumexp(logs)) * ratio).sum())


@pytest.mark.parametrize("noise", [None, HalfNormal(1.0)], ids=["known", "unknown"])
@pytest.mark.parametrize("hyperprior", [None, HalfCauchy(0.5)], ids=["fixed", "learnt"])
@pytest.mark.parametrize("scaled", [False, True], ids=["", "by noise"])
@pytest.mark.parametrize("family", [Gaussian, Laplace])
def test_one_column_by_integration(family, scaled, hyperprior, noise):
    rng = np.random.default_rng(4)
    x = rng.standard_normal(8)
    y = 0.5 * x + rng.standard_normal(8)
    data = Regression(x[:, None], y, noise or 1.0, intercept=False)
    prior = family(hyperprior or 0.3, scaled_by_noise=scaled)
    exact = by_integration(data, prior, noise, hyperprior)
    assert of_posterior(data, prior, draws=5000) == pytest.approx(exact, rel=0.04)


def test_the_spread_between_values_of_sigma_is_left_out():
    """Where few rows leave two beliefs about sigma, the fit differs between them, not within."""
    rng = np.random.default_rng(1)
    x = np.linspace(-1, 1, 6)
    data = Regression(x[:, None], 2 * x + 0.02 * rng.standard_normal(6), HalfCauchy(1.0))
    assert of_posterior(data, Laplace(0.05), draws=4000) <= 1


@pytest.mark.parametrize("intercept", [True, False])
def test_a_mode_uses_no_more_than_the_rows_have(intercept):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(6, 10))
    data = Regression(X, rng.normal(size=6), 1.0, intercept=intercept)
    fit = find_map(data, Laplace(1e6))
    assert mode_degrees_of_freedom(fit) <= 6 - intercept
    scale = np.full(10, 0.5)
    scale[:2] = np.inf
    twins = Regression(X[:, [0, 0, *range(2, 10)]], data.y, 1.0, intercept=intercept)
    with pytest.warns(PriormapWarning, match="not unique"):
        fit = find_map(twins, Gaussian(scale))
    Z = twins.X - intercept * twins.X.mean(axis=0)
    inverse = np.linalg.pinv(Z.T @ Z + np.diag(np.where(np.isinf(scale), 0.0, 4.0)))
    assert mode_degrees_of_freedom(fit) == pytest.approx(np.trace(Z @ inverse @ Z.T))


@pytest.mark.parametrize(
    ("n", "p", "scale", "sigma"),
    [(8, 12, 1e9, None), (20, 3, 1.0, 1e-100)],
)
def test_all_that_there_are_where_fits_of_draws_are_rounding(n, p, scale, sigma):
    """A prior that wide leaves the rows alone to speak."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p))
    data = Regression(X, 3 * X[:, 0] + rng.normal(size=n), sigma)
    found = of_posterior(data, Laplace(scale), draws=500)
    assert found == pytest.approx(min(p, n - 1), rel=0.1)
    assert found <= min(p, n - 1)


@pytest.mark.parametrize("noise", [1.0, HalfNormal(1.0)], ids=["known", "unknown"])
def test_by_parts_it_is_the_same(noise, monkeypatch):
    rng = np.random.default_rng(4)
    X = rng.standard_normal((12, 3))
    data = Regression(X, X[:, 0] + rng.standard_normal(12), noise)
    prior = ElasticNet(0.3, 0.5)
    direct = of_posterior(data, prior, draws=4000)
    monkeypatch.setattr("priormap.tables.degrees_of_freedom._LOST", 0.0)
    by_parts = of_posterior(data, prior, draws=4000)
    assert by_parts != direct
    assert by_parts == pytest.approx(direct, rel=0.05)
