"""Log marginal likelihood: against densities written out, against quadrature, and its units."""

import warnings

import numpy as np
import pytest
import xarray as xr
from scipy import integrate, linalg, stats
from scipy.special import logsumexp

from logistic_prior import Logistic
from priormap import (
    ElasticNet,
    Gaussian,
    HalfNormal,
    HalfStudentT,
    InverseGamma,
    Jeffreys,
    Laplace,
    Regression,
    sample,
)
from priormap.criteria import sampled_curves
from priormap.criteria.evidence_integration import anchor
from priormap.criteria.gaussian_curves import (
    GaussianCurves,
    conjugate_evidence,
    evidence_over_sigma,
    noise_mass,
)
from priormap.criteria.leave_one_out import loo_exact, totals
from priormap.criteria.posterior_runs import PulledTerms, prior_terms, sample_quietly
from priormap.criteria.sampled_curves import SampledCurves
from priormap.criteria.scale_family import ScaleFamily
from priormap.model.model import Model

SCALES = np.array([1e-3, 0.1, 0.7, 4.0, 1e3])
RELATIVE = np.array([0.5, 1.0, 3.0])


def problem(rng, n=12, p=3, shift=5.0):
    X = shift + rng.normal(size=(n, p)) @ (np.eye(p) + 0.3 * rng.normal(size=(p, p)))
    return X, 2.0 + X[:, 0] - 0.5 * X[:, -1] + rng.normal(size=n)


def contrasts(n, intercept):
    return linalg.null_space(np.ones((1, n))).T if intercept else np.eye(n)


def covariance(X, scale, relative, intercept, standardize):
    """Contrasts, and prior covariance of ``X b`` in their space."""
    Q = contrasts(len(X), intercept)
    sd = scale * relative / (X.std(axis=0) if standardize else 1.0)
    return Q, Q @ (X * sd**2) @ X.T @ Q.T


def curves(data, prior):
    return GaussianCurves.of(ScaleFamily.of(data, prior))


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("shape", [(12, 3), (4, 3), (6, 9)])
def test_gaussian_evidence_is_the_normal_density_of_contrasts(rng, intercept, standardize, shape):
    X, y = problem(rng, *shape)
    relative = np.resize(RELATIVE, shape[1])
    data = Regression(X, y, sigma=0.8, intercept=intercept, standardize=standardize)
    found = curves(data, Gaussian(relative)).log_evidence(SCALES[:4], 0.8)
    for scale, value in zip(SCALES, found, strict=False):
        Q, signal = covariance(X, scale, relative, intercept, standardize)
        total = signal + 0.8**2 * np.eye(len(Q))
        direct = stats.multivariate_normal(np.zeros(len(Q)), total).logpdf(Q @ y)
        np.testing.assert_allclose(value, direct, rtol=1e-10)


def test_evidence_scaled_by_noise_is_a_t_density(rng):
    X, y = problem(rng)
    noise = InverseGamma(3.0, 2.0)
    data = Regression(X, y, sigma=noise)
    found, _ = evidence_over_sigma(curves(data, Gaussian(RELATIVE, True)), SCALES, noise)
    for scale, value in zip(SCALES[:4], found, strict=False):
        Q, signal = covariance(X, scale, RELATIVE, True, False)
        shape = noise.scale / noise.shape * (signal + np.eye(len(Q)))
        direct = stats.multivariate_t(np.zeros(len(Q)), shape, df=2 * noise.shape).logpdf(Q @ y)
        np.testing.assert_allclose(value, direct, rtol=1e-10)


@pytest.mark.parametrize("noise", [InverseGamma(3.0, 2.0), Jeffreys()])
def test_the_conjugate_form_is_what_the_quadrature_finds(rng, noise):
    X, y = problem(rng)
    model = curves(Regression(X, y, sigma=noise), Gaussian(RELATIVE, True))
    by_quadrature = noise_mass(model, SCALES, noise).log_z
    np.testing.assert_allclose(conjugate_evidence(model, SCALES, noise), by_quadrature, rtol=1e-10)


@pytest.mark.parametrize("noise", [HalfNormal(1.5), HalfStudentT(4, 2.0)])
@pytest.mark.parametrize("scaled", [True, False])
def test_unknown_noise_is_integrated_over(rng, noise, scaled):
    X, y = problem(rng)
    found, error = evidence_over_sigma(
        curves(Regression(X, y, sigma=noise), Gaussian(RELATIVE, scaled)), np.array([0.7]), noise
    )
    Q, signal = covariance(X, 0.7, RELATIVE, True, False)
    values, vectors = np.linalg.eigh(signal)
    along = vectors.T @ (Q @ y)

    def joint(sigma):
        variance = sigma**2 + values * (sigma**2 if scaled else 1.0)
        return np.exp(stats.norm.logpdf(along, 0, np.sqrt(variance)).sum() + noise.logpdf(sigma))

    direct = integrate.quad(joint, 0, 12, epsabs=0, epsrel=1e-11, points=[0.5, 1, 2], limit=200)[0]
    np.testing.assert_allclose(found, np.log(direct), rtol=1e-9)
    assert error < 1e-9


def test_it_is_the_evidence_that_sample_reports(rng):
    X, y = problem(rng, 40)
    data = Regression(X, y, standardize=True)
    tree = sample(data, Gaussian(0.6), draws=10, random_seed=1)
    found, _ = evidence_over_sigma(curves(data, "gaussian"), np.array([0.6]), data.sigma)
    np.testing.assert_allclose(found[0], tree.attrs["log_evidence"], rtol=1e-10)


def test_units_of_y_and_X_change_only_a_constant(rng):
    X, y = problem(rng)
    here = curves(Regression(X, y, sigma=0.8), "gaussian").log_evidence(SCALES, 0.8)
    there = curves(Regression(X * 1e-3, y * 1e5, sigma=8e4), "gaussian")
    moved = there.log_evidence(SCALES * 1e8, 8e4)
    np.testing.assert_allclose(moved, here - (len(y) - 1) * np.log(1e5), rtol=1e-10)


def test_degrees_of_freedom_and_gcv_are_those_of_the_hat_matrix(rng):
    X, y = problem(rng)
    model = curves(Regression(X, y, sigma=0.8), Gaussian(RELATIVE))
    centred, n = X - X.mean(axis=0), len(y)
    for scale in SCALES:
        inverse = np.linalg.inv(centred.T @ centred + np.diag((0.8 / (scale * RELATIVE)) ** 2))
        hat = centred @ inverse @ centred.T
        mu = model.mu(scale, 0.8)
        np.testing.assert_allclose(model.spectrum.degrees_of_freedom(mu), np.trace(hat), rtol=1e-9)
        residual = y - y.mean() - hat @ y
        gcv = n * residual @ residual / (n - 1 - np.trace(hat)) ** 2
        np.testing.assert_allclose(model.gcv(mu), gcv, rtol=1e-9)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("sigma", [0.8, HalfNormal(1.5)])
@pytest.mark.parametrize("scaled", [True, False])
def test_leave_one_out_is_the_ratio_of_two_evidences(rng, intercept, sigma, scaled):
    """p(y_i | others) = p(all) / p(others), with a flat intercept of density one."""
    X, y = problem(rng, 9)
    prior = Gaussian(RELATIVE, scaled)

    def log_density(rows):
        data = Regression(X[rows], y[rows], sigma=sigma, intercept=intercept)
        model, constant = curves(data, prior), -0.5 * np.log(len(rows)) if intercept else 0.0
        if isinstance(sigma, float):
            return model.log_evidence(0.7, sigma) + constant
        return evidence_over_sigma(model, np.array([0.7]), sigma)[0][0] + constant

    everyone = np.arange(len(y))
    ratios = [log_density(everyone) - log_density(np.delete(everyone, i)) for i in everyone]
    data = Regression(X, y, sigma=sigma, intercept=intercept)
    elpd, se = totals(loo_exact(curves(data, prior), np.array([0.7]), everyone), len(y))
    np.testing.assert_allclose(elpd[0], np.sum(ratios), rtol=1e-7)
    np.testing.assert_allclose(se[0], np.std(ratios, ddof=1) * np.sqrt(len(y)), rtol=1e-7)


@pytest.mark.parametrize("shape", [(40, 5), (12, 20)])
def test_many_scales_at_once_are_those_one_by_one(rng, shape):
    X, y = problem(rng, *shape)
    model, rows = curves(Regression(X, y, sigma=0.8), "gaussian"), np.arange(len(y))
    many = np.geomspace(1e-3, 100, 1000)
    found = loo_exact(model, many, rows)
    few = slice(3, None, 90)
    direct = loo_exact(model, many[few], rows)
    np.testing.assert_allclose(found[:, few], direct, rtol=1e-8)
    for one, other in zip(totals(found, len(y)), totals(direct, len(y)), strict=True):
        np.testing.assert_allclose(one[few], other, rtol=1e-7)


# by Monte Carlo along the scale


def sampled(data, family, low, high, draws=1000):
    return SampledCurves(
        ScaleFamily.of(data, family), low, high, draws, 4, np.random.SeedSequence(4)
    ).evidence()


def log_sum_over_grid(data, prior, scale, half_width=12.0, points=1601):
    """Log evidence of one or two columns by the trapezoidal rule over coefficients."""
    Q = contrasts(data.n_rows, data.intercept)
    X, y, p = Q @ data.X, Q @ data.y, data.n_features
    axis = np.linspace(-half_width, half_width, points)
    axis = np.unique(np.append(axis, 0.0))
    width = np.gradient(axis)
    b = np.stack(np.meshgrid(*[axis] * p, indexing="ij"), axis=-1).reshape(-1, p)
    log_width = np.log(np.stack(np.meshgrid(*[width] * p, indexing="ij"), axis=-1)).sum(axis=-1)
    moments = (y @ y - 2 * b @ (X.T @ y) + np.einsum("ij,jk,ik->i", b, X.T @ X, b)) / data.sigma**2
    density = prior.stretched(scale).logpdf(b).sum(axis=1) - 0.5 * moments
    constant = -len(y) * np.log(data.sigma * np.sqrt(2 * np.pi))
    return constant + logsumexp(density + log_width.ravel())


@pytest.mark.parametrize("prior", [Laplace([0.5, 2.0]), ElasticNet(0.7, 1.5, True)])
def test_what_the_pull_tells_is_what_the_penalty_tells(rng, prior):
    data = small_problem(rng, 2)
    tree, _ = sample_quietly(data, prior, 50, 2, 1)
    model = Model(data, prior)
    own = prior_terms(model, tree)
    general = PulledTerms(model.column_prior, tree["posterior"]["coef"].to_numpy())
    for scale in (0.5, 2.0):
        for name in ("exponent", "virial", "virial_slope"):
            found, wanted = (getattr(terms, name)(scale) for terms in (general, own))
            np.testing.assert_allclose(found, wanted, rtol=1e-7)


def small_problem(rng, p):
    X = rng.normal(size=(15, p))
    X[:, -1] += X[:, 0] * (p > 1)
    return Regression(X, X[:, 0] * 1.5 + rng.normal(size=15), sigma=1.0)


@pytest.mark.parametrize("p", [1, 2])
def test_laplace_evidence_agrees_with_quadrature(rng, p):
    data = small_problem(rng, p)
    curve = sampled(data, "laplace", 0.03, 3.0)
    for scale in (0.05, 0.3, 1.0, 3.0):
        direct = log_sum_over_grid(data, Laplace(1.0), scale)
        assert curve.error(scale) < 0.05
        assert abs(curve.at(scale) - direct) < 4 * curve.error(scale) + 5e-3


def test_elastic_net_evidence_agrees_with_quadrature(rng):
    data, prior = small_problem(rng, 1), ElasticNet(1.0, 0.8)
    curve = sampled(data, prior, 0.05, 3.0)
    for scale in (0.1, 1.0, 3.0):
        direct = log_sum_over_grid(data, prior, scale)
        assert abs(curve.at(scale) - direct) < 4 * curve.error(scale) + 5e-3


def draws_of_one_column(data, prior, draws, chains, seed):
    """Independent draws of the posterior of one coefficient, by its distribution on a grid."""
    x, y = data.X[:, 0] - data.X.mean(), data.y - data.y.mean()
    grid = np.linspace(-12, 12, 40_001)
    log_density = prior.logpdf(grid) - 0.5 * ((y @ y) - 2 * grid * (x @ y) + grid**2 * (x @ x))
    share = np.exp(log_density - log_density.max())
    cdf = np.cumsum(share) / share.sum()
    coef = np.interp(np.random.default_rng(seed).uniform(size=(chains, draws, 1)), cdf, grid)
    posterior = xr.Dataset({"coef": (("chain", "draw", "feature"), coef)})
    return xr.DataTree.from_dict({"posterior": posterior}), ""


def test_the_evidence_of_a_prior_without_a_mode_agrees_with_quadrature(rng, monkeypatch):
    monkeypatch.setattr(sampled_curves, "sample_quietly", draws_of_one_column)
    data = small_problem(rng, 1)
    curve = sampled(data, Logistic, 0.03, 3.0)
    for scale in (0.05, 0.3, 1.0, 3.0):
        direct = log_sum_over_grid(data, Logistic(1.0), scale)
        assert curve.error(scale) < 0.05
        assert abs(curve.at(scale) - direct) < 4 * curve.error(scale) + 5e-3


@pytest.mark.parametrize("scaled", [True, False])
def test_integrated_gaussian_evidence_agrees_with_the_exact_one(rng, scaled):
    """The route for families without closed forms, where there is one; sigma is unknown."""
    X, y = problem(rng, 30)
    data = Regression(X, y, sigma=HalfNormal(2.0))
    curve = sampled(data, Gaussian(RELATIVE, scaled), 0.02, 3.0)
    exact = evidence_over_sigma(
        curves(data, Gaussian(RELATIVE, scaled)), np.array([0.05, 0.4, 3.0]), data.sigma
    )[0]
    found, error = curve.at([0.05, 0.4, 3.0]), curve.error([0.05, 0.4, 3.0])
    assert (np.abs(found - exact) < 4 * error + 5e-3).all()


@pytest.fixture(scope="module")
def orthogonal():
    """Eight orthogonal columns, and the exact Laplace evidence: a product of integrals."""
    rng = np.random.default_rng(5)
    X = linalg.qr(rng.normal(size=(50, 9)) - 0.0, mode="economic")[0]
    X = linalg.qr((X - X.mean(axis=0))[:, :8], mode="economic")[0] * np.sqrt(50)
    y = X @ [2.0, -1.0, 0.5, 0.3, 0, 0, 0, 0] + rng.normal(size=50)
    data = Regression(X, y, sigma=1.0)

    def exact(scale):
        along = X.T @ (y - y.mean())
        null = curves(data, "gaussian").log_evidence(1e-9, 1.0)
        parts = [
            integrate.quad(
                lambda b, a=a: np.exp(b * a - 25 * b**2 - np.abs(b) / scale) / (2 * scale),
                *(a / 50 - 3, a / 50 + 3),
                points=[0.0, a / 50],
                epsabs=0,
                epsrel=1e-10,
                limit=200,
            )[0]
            for a in along
        ]
        return float(null + np.log(parts).sum())

    return data, exact


def test_laplace_evidence_agrees_with_the_product_of_an_orthogonal_design(orthogonal):
    data, exact = orthogonal
    curve = sampled(data, "laplace", 0.01, 3.0)
    for scale in (0.02, 0.1, 0.4, 2.0):
        assert abs(curve.at(scale) - exact(scale)) < 4 * curve.error(scale) + 5e-3
    best, error = curve.maximiser()
    around = np.exp(np.log(best) + np.linspace(-0.1, 0.1, 41))
    assert abs(np.log(around[np.argmax([exact(s) for s in around])] / best)) < 4 * error + 0.01


def test_negative_control_a_wrong_evidence_is_seen(orthogonal):
    data, exact = orthogonal
    curve = sampled(data, "laplace", 0.01, 3.0, draws=250)
    one_column_too_many = curve.at(2.0) - np.log(2.0 / curve.start.scale)
    assert abs(one_column_too_many - exact(2.0)) > 10 * curve.error(2.0)


def test_the_anchor_is_exact_to_its_error(orthogonal):
    data, exact = orthogonal
    found = anchor(ScaleFamily.of(data, "laplace"), 1.0, 20_000, np.random.default_rng(2))
    assert found.error < 0.01
    assert abs(found.log_evidence - exact(found.scale)) < 4 * found.error


def test_the_flat_limit_is_that_of_the_gaussian_prior(orthogonal):
    """At large scales only the priors' heights at zero differ."""
    data, _ = orthogonal
    wide, p = 200.0, data.n_features
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        curve = sampled(data, "laplace", 0.1, wide)
    flat = curves(data, "gaussian").log_evidence(1e5, 1.0) + p * np.log(1e5 * np.sqrt(2 * np.pi))
    found = curve.at(wide) + p * np.log(2 * wide)
    assert abs(found - flat) < 4 * curve.error(wide) + 0.1  # sum |b| / s is not yet zero
