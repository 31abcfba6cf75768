"""The shared log posterior against scipy.stats, constants included."""

import numpy as np
import pytest
from scipy import integrate, sparse, stats

from priormap import (
    ElasticNet,
    Gaussian,
    HalfNormal,
    HalfStudentT,
    InverseGamma,
    Laplace,
    PriormapError,
    Regression,
    log_posterior,
)

COEF, INTERCEPT = np.array([0.5, -2.0, 0.0]), 1.5


@pytest.fixture
def rows(rng):
    X = rng.normal(size=(12, 3)) * [1.0, 10.0, 0.1] + [0.0, 50.0, -3.0]
    return X, X @ COEF + INTERCEPT + rng.normal(size=12)


@pytest.mark.parametrize("in_noise", [False, True])
@pytest.mark.parametrize(("family", "law"), [(Gaussian, stats.norm), (Laplace, stats.laplace)])
def test_it_is_the_sum_of_scipys_log_densities(rows, family, law, in_noise):
    X, y = rows
    scale, sigma = np.array([0.3, 2.0, 1.0]), 0.8
    expected = (
        stats.norm(INTERCEPT + X @ COEF, sigma).logpdf(y).sum()
        + law(0, scale * (sigma if in_noise else 1)).logpdf(COEF).sum()
    )
    prior = family(scale, scaled_by_noise=in_noise)
    known, unknown = Regression(X, y, sigma), Regression(X, y, HalfStudentT(3, 2.0))
    assert log_posterior(known, prior, COEF, INTERCEPT) == pytest.approx(expected, rel=1e-13)
    expected += np.log(2) + stats.t(3, scale=2.0).logpdf(sigma)
    assert log_posterior(unknown, prior, COEF, INTERCEPT, sigma) == pytest.approx(
        expected, rel=1e-13
    )


@pytest.mark.parametrize(("family", "law"), [(Gaussian, stats.norm), (Laplace, stats.laplace)])
@pytest.mark.parametrize("intercept", [True, False])
def test_a_standardised_prior_speaks_of_standardised_columns(rows, family, law, intercept):
    X, y = rows
    data = Regression(X, y, 1.0, intercept=intercept, standardize=True)
    level = INTERCEPT if intercept else 0.0
    sd = X.std(axis=0)
    expected = (
        stats.norm(level + X @ COEF, 1.0).logpdf(y).sum()
        + (law(0, 0.5).logpdf(sd * COEF) + np.log(sd)).sum()
    )
    assert log_posterior(data, family(0.5), COEF, level) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("in_noise", [False, True])
def test_an_elastic_net_is_the_normalised_product_of_two_priors(rows, in_noise):
    X, y = rows
    s, t, sigma, factor = np.array([0.3, 2.0, 1.0]), 0.7, 0.8, 1.7
    unit = factor * X.std(axis=0) ** -1.0 * (sigma if in_noise else 1.0)

    def product(b):
        return stats.laplace(0, s * unit).logpdf(b) + stats.norm(0, t * unit).logpdf(b)

    mass = [
        2 * integrate.quad(lambda b, j=j: np.exp(product(b)[j]), 0, 40 * unit[j], epsabs=0)[0]
        for j in range(3)
    ]
    expected = (
        stats.norm(INTERCEPT + X @ COEF, sigma).logpdf(y).sum()
        + (product(COEF) - np.log(mass)).sum()
        + HalfNormal(2.0).logpdf(factor)
    )
    data = Regression(X, y, sigma, standardize=True)
    prior = ElasticNet(s, t, scaled_by_noise=in_noise, hyperprior=HalfNormal(2.0))
    found = log_posterior(data, prior, COEF, INTERCEPT, scale=factor)
    assert found == pytest.approx(expected, rel=1e-10)
    flat = log_posterior(data, ElasticNet(np.inf, np.inf), COEF, INTERCEPT)
    assert flat == log_posterior(data, Laplace(np.inf), COEF, INTERCEPT)


def test_flat_priors_count_as_one(rows):
    X, y = rows
    likelihood = stats.norm(INTERCEPT + X @ COEF, 1.0).logpdf(y).sum()
    for prior in (Gaussian(np.inf), Laplace(np.inf)):
        assert log_posterior(Regression(X, y, 1.0), prior, COEF, INTERCEPT) == pytest.approx(
            likelihood, rel=1e-13
        )


def test_it_is_a_density_of_sigma_itself(rows):
    X, y = rows
    data, prior = Regression(X, y, InverseGamma(2.0, 3.0)), Gaussian(1.0)
    at = [log_posterior(data, prior, COEF, INTERCEPT, s) for s in (0.5, 2.0)]
    flat = [log_posterior(Regression(X, y, s), prior, COEF, INTERCEPT) for s in (0.5, 2.0)]
    prior_ratio = stats.invgamma(2.0, scale=3.0).logpdf([0.25, 4.0]) + np.log([0.5, 2.0])
    np.testing.assert_allclose(np.diff(at) - np.diff(flat), np.diff(prior_ratio), rtol=1e-10)


def test_sparse_rows_have_the_same_density(rows):
    X, y = rows
    dense, thin = Regression(X, y, 1.0), Regression(sparse.csr_array(X), y, 1.0)
    assert log_posterior(thin, Laplace(1.0), COEF, INTERCEPT) == pytest.approx(
        log_posterior(dense, Laplace(1.0), COEF, INTERCEPT), rel=1e-14
    )


def test_extreme_units_do_not_overflow(rows):
    X, y = rows
    tiny = Regression(X * 1e150, y, 1.0)
    value = log_posterior(tiny, Laplace(1e-150), COEF * 1e-150, INTERCEPT)
    plain = log_posterior(Regression(X, y, 1.0), Laplace(1.0), COEF, INTERCEPT)
    assert value == pytest.approx(plain + 3 * np.log(1e150), rel=1e-12)
    huge = log_posterior(Regression(X, y * 1e150, 1e150), Laplace(1.0), COEF * 0, 0.0)
    assert np.isfinite(huge)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"coef": [1.0, 2.0]}, ["coef", "(2,)", "3 columns"]),
        ({"coef": [1.0, np.nan, 0.0]}, ["coef", "finite"]),
        ({"coef": ["a", "b", "c"]}, ["coef", "text"]),
        ({"intercept": np.inf}, ["intercept", "finite"]),
        ({"sigma": -1.0}, ["sigma", "-1.0"]),
        ({"sigma": None}, ["sigma", "unknown"]),
        ({"prior": Laplace([1.0, 2.0])}, ["scale", "2", "3 columns"]),
        ({"prior": stats.norm}, ["prior", "Gaussian", "Laplace"]),
    ],
)
def test_bad_arguments(rows, change, words):
    data = Regression(*rows, HalfNormal(1.0))
    arguments = {"prior": Laplace(1.0), "coef": COEF, "intercept": INTERCEPT, "sigma": 1.0}
    with pytest.raises(PriormapError) as caught:
        log_posterior(data, **(arguments | change))
    for word in words:
        assert word in str(caught.value)


def test_no_intercept_means_zero(rows):
    data = Regression(*rows, 1.0, intercept=False)
    with pytest.raises(PriormapError, match=r"no intercept.*got 1\.5"):
        log_posterior(data, Gaussian(1.0), COEF, INTERCEPT)
