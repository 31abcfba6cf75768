"""Certificates where the prior is all but flat, or the rows say nothing: no false word."""

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from priormap import (
    ElasticNet,
    Gaussian,
    Laplace,
    Penalty,
    PriormapError,
    PriormapWarning,
    Regression,
    audit,
    explain,
    find_map,
)
from priormap.priors.densities import HalfNormal, InverseGamma

FAMILIES = {
    "gaussian": Gaussian,
    "laplace": Laplace,
    "elastic net": lambda scale: ElasticNet(scale, scale),
}
SCALES = [1e6, 1e8, 1e10, 1e12, 1e15, 1e20, 1e100, 1e155, 1e300]
EXACT = "the mode fits y exactly"


def table(n=40, p=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    return X, X @ np.resize([1.0, -2.0, 0.5], p) + 0.3 * rng.standard_normal(n)


def least_squares(X, y):
    return np.linalg.lstsq(X - X.mean(0), y - y.mean(), rcond=None)[0]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("sigma", [0.3, None], ids=["known", "unknown"])
def test_the_flat_limit_is_least_squares_and_is_certified(family, scale, sigma):
    X, y = table()
    data, prior = Regression(X, y, sigma), FAMILIES[family](scale)
    fit = find_map(data, prior)  # a warning would fail the test
    assert fit.certificate.is_mode
    assert fit.certificate.is_unique
    np.testing.assert_allclose(fit.coef, least_squares(X, y), rtol=1e-5 if scale < 1e8 else 1e-7)
    assert audit(data, prior, fit.coef, sigma=fit.sigma).is_mode
    if sigma is None:
        flat = find_map(data, Gaussian(np.inf))
        assert fit.sigma == pytest.approx(flat.sigma, rel=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("size", [1e-3, 1.0])
def test_negative_control_nothing_else_is_the_mode_in_the_flat_limit(family, scale, size):
    X, y = table()
    data, prior = Regression(X, y, 0.3), FAMILIES[family](scale)
    for j in range(3):
        other = least_squares(X, y)
        other[j] += size
        assert not audit(data, prior, other).is_mode


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("scale", [1e8, 1e12, 1e30])
def test_where_rows_cannot_tell_a_weak_penalty_decides(family, scale):
    X, y = table(p=1)
    prior = FAMILIES[family](scale)
    with pytest.warns(PriormapWarning, match="only the prior can"):
        data = Regression(np.hstack([X, 2 * X]), y, 0.3)
    b = least_squares(X, y)[0]
    # least squares has b0 + 2 b1 = b: ridge minimises b0**2 + b1**2, the lasso |b0| + |b1|
    right = {"gaussian": [0.2 * b, 0.4 * b]}.get(family, [0.0, 0.5 * b])
    assert audit(data, prior, right).is_mode
    for wrong in ([b, 0.0], [1.1 * b, -0.05 * b], [0.5 * b, 0.25 * b]):
        verdict = audit(data, prior, wrong)
        assert not verdict.is_mode
        assert "weak prior" in str(verdict)
        assert verdict.penalty_gap > 0.01


@pytest.mark.parametrize("scale", [1e3, 1e9, 1e40])
def test_a_weak_lasso_of_more_columns_than_rows_is_unique_and_certified(scale):
    X, y = table(6, 15, seed=3)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", EXACT, PriormapWarning)
        fit = find_map(Regression(X, y, 0.3), Laplace(scale))
    assert fit.certificate.is_mode
    assert fit.certificate.is_unique
    assert fit.support.sum() == 5


# data that say nothing


@pytest.mark.parametrize("prior", [Laplace(1.0), Gaussian(1.0), ElasticNet(1.0, 2.0)], ids=repr)
@pytest.mark.parametrize("units", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("X", [np.zeros((5, 1)), np.full((5, 1), 3.0)], ids=["zero", "constant"])
@pytest.mark.parametrize("coef", [1.0, -1e-9])
def test_a_column_without_variation_has_its_mode_at_zero(prior, units, X, coef):
    with pytest.warns(PriormapWarning, match="is constant"):
        data = Regression(X, units * np.array([1.0, 2.0, 3.0, 4.0, 5.5]), sigma=units)
    prior = prior.stretched(units)
    assert not audit(data, prior, [coef * units]).is_mode
    assert audit(data, prior, [0.0]).is_mode
    assert audit(data, Gaussian(np.inf), [coef * units]).is_mode  # anything serves


@pytest.mark.parametrize("prior", [Laplace(1.0), Gaussian(1.0), ElasticNet(1.0, 2.0)], ids=repr)
@pytest.mark.parametrize("sigma", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("coef", [1e-20, 1.0])
def test_a_constant_response_has_its_mode_at_zero(prior, sigma, coef):
    X, _ = table()
    with pytest.warns(PriormapWarning, match="y is constant"):
        data = Regression(X, np.full(40, 7.0), sigma=sigma)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        verdict = audit(data, prior, [coef, 0.0, 0.0])
    assert not verdict.is_mode
    assert "twelve digits" not in str(verdict)
    assert audit(data, prior, [0.0, 0.0, 0.0]).is_mode


# scales beyond floats


@pytest.mark.parametrize("scale", [1e-320, 1e-310])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("verb", ["find_map", "audit", "from_prior"])
def test_a_scale_beyond_floats_is_named_with_its_remedy(family, scale, verb):
    X, y = table()
    data, prior = Regression(X, y, 1.0), FAMILIES[family](scale)
    verbs = {
        "find_map": lambda: find_map(data, prior),
        "audit": lambda: audit(data, prior, np.zeros(3)),
        "from_prior": lambda: Penalty.from_prior(prior, data, 1.0),
    }
    with pytest.raises(PriormapError, match=rf"scale={scale:g}.*give a larger \w*scale"):
        verbs[verb]()


@pytest.mark.parametrize("scale", [1e-10, 1e-100, 1e-150, 1e-300])
@pytest.mark.parametrize("sigma", [0.3, None], ids=["known", "unknown"])
def test_a_tiny_scale_holds_a_laplace_mode_at_zero(scale, sigma):
    X, y = table()
    data = Regression(X, y, sigma)
    fit = find_map(data, Laplace(scale))
    assert fit.certificate.is_mode
    assert not fit.support.any()


# exact fits


@pytest.mark.parametrize("alpha", [1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14])
@pytest.mark.parametrize("units", [1e-6, 1.0, 1e6])
def test_a_ridge_that_fits_exactly_is_the_mode_of_its_own_penalty(alpha, units):
    rng = np.random.default_rng(1)
    Z, z = rng.standard_normal((10, 40)), units * rng.standard_normal(10)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        warnings.simplefilter("ignore", UserWarning)
        explained = explain(Ridge(alpha, solver="svd").fit(Z, z), Z, z)
    assert explained.certificate.is_mode
    assert "not the mode" not in str(explained)


def test_another_exact_fit_is_not_the_ridge():
    rng = np.random.default_rng(1)
    Z, z = rng.standard_normal((10, 40)), rng.standard_normal(10)
    few = np.zeros(40)
    few[:10] = LinearRegression().fit(Z[:, :10], z).coef_
    for alpha in (1e-2, 1e-6, 1e-10, 1e-14):
        data, penalty = Regression(Z, z, 1.0), Penalty(np.zeros(40), np.full(40, alpha))
        assert not audit(data, penalty, few).is_mode


@pytest.mark.parametrize("tolerance", [1e-3, 1e-5, 1e-7])
def test_no_penalty_is_denied_and_affirmed_at_once(tolerance):
    X, y = table(60, 8, seed=5)
    loose = Ridge(alpha=3.0, solver="lsqr", tol=tolerance).fit(X, y)
    verdict = explain(loose, X, y).verdict
    if "This is the mode" not in verdict:
        assert "of the given penalty." not in verdict
        assert "That is alpha=3." not in verdict


# unknown noise


@pytest.mark.parametrize("prior", [Laplace, Gaussian])
def test_flat_columns_that_fit_y_leave_no_joint_mode_beside_dear_ones(prior):
    X, _ = table(12, 3)
    y = 2 * X[:, 0] + 1
    dear = prior([np.inf, 1.0, 1.0], scaled_by_noise=True)
    with pytest.raises(PriormapError, match="one column with a flat prior can fit the 12 values"):
        find_map(Regression(X, y), dear)
    with pytest.warns(PriormapWarning, match=EXACT):
        fit = find_map(Regression(X, y, InverseGamma(2.0, 1.0)), dear)  # vanishes at zero
    assert fit.certificate.is_mode
    dear = prior([1.0, 1.0, 1.0], scaled_by_noise=True)  # and so does the density, of all dear
    assert find_map(Regression(X, y), dear).certificate.is_mode


@pytest.mark.parametrize("scale", [1e20, 1e200, 1e-30])
def test_no_exact_fit_is_claimed_where_there_is_none(scale):
    X, y = table()
    for noise in (None, HalfNormal(1.0), InverseGamma(2.0, 1.0)):
        assert find_map(Regression(X, y, noise), Laplace(scale)).certificate.is_mode
