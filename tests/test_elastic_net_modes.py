"""Modes and paths under the elastic net prior: by definition, and against scikit-learn."""

import warnings

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet as PenalisedNet, enet_path

from priormap import (
    ElasticNet,
    Gaussian,
    HalfNormal,
    Laplace,
    Penalty,
    PriormapError,
    Regression,
    audit,
    find_map,
    map_path,
)

SIGMA = 1.5
DESIGNS = {  # rows, columns, correlation of neighbours
    "narrow": (80, 6, 0.3),
    "collinear": (150, 40, 0.95),
    "square": (60, 60, 0.5),
    "wide": (50, 150, 0.6),
    "very wide": (40, 300, 0.2),
    "tall with many columns": (600, 130, 0.8),
}


def rows_of(n, p, rho):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(n, p))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    X = X * rng.uniform(0.5, 3, size=p) + rng.normal(size=p)
    coef = np.where(rng.random(p) < min(0.4, 20 / p), rng.normal(size=p) * 2, 0.0)
    return X, 3.0 + X @ coef + rng.normal(size=n)


@pytest.fixture(params=DESIGNS, ids=str)
def rows(request):
    return rows_of(*DESIGNS[request.param])


def scale_of(X, y, share):
    """l1_scale whose l1 is `share` of the least that sets every coefficient to zero."""
    return SIGMA**2 / (share * np.abs((X - X.mean(0)).T @ (y - y.mean())).max())


def violation(X, y, penalty, coef):
    """Optimality conditions from their definition, on the rows, as correlations."""
    centred, response = X - X.mean(0), y - y.mean()
    pull = centred.T @ (response - centred @ coef) - penalty.l2 * coef
    away = np.abs(pull - penalty.l1 * np.sign(coef))
    away = np.where(coef == 0, np.maximum(np.abs(pull) - penalty.l1, 0), away)
    return np.max(away / np.linalg.norm(centred, axis=0)) / np.linalg.norm(response)


@pytest.mark.parametrize("l2_scale", [0.01, 0.5, 100.0])
@pytest.mark.parametrize("share", [0.5, 0.1, 0.01])
def test_mode_meets_its_optimality_conditions(rows, share, l2_scale):
    X, y = rows
    data, prior = Regression(X, y, sigma=SIGMA), ElasticNet(scale_of(X, y, share), l2_scale)
    fit = find_map(data, prior)
    assert violation(X, y, Penalty.from_prior(prior, data, SIGMA), fit.coef) < 1e-13
    assert fit.certificate.is_mode
    assert fit.certificate.is_unique
    assert fit.certificate.relative_gap < 1e-13


@pytest.mark.parametrize("share", [0.5, 0.02])
def test_columns_may_lack_either_part_of_the_penalty(rows, share):
    X, y = rows
    p, rng = X.shape[1], np.random.default_rng(1)
    l1_scale = scale_of(X, y, share) * rng.uniform(0.5, 2.0, p)
    l2_scale = rng.uniform(0.1, 3.0, p)
    kind = np.arange(p) % 5
    l1_scale[kind == 1], l2_scale[kind == 2] = np.inf, np.inf  # a Gaussian, a Laplace prior
    l1_scale[:2], l2_scale[:2] = np.inf, np.inf  # and none
    data, prior = Regression(X, y, sigma=SIGMA), ElasticNet(l1_scale, l2_scale)
    fit = find_map(data, prior)
    assert violation(X, y, Penalty.from_prior(prior, data, SIGMA), fit.coef) < 1e-12
    assert fit.certificate.is_mode


def polished(X, y, coef, l1, l2):
    """Solve the linear system of an elastic net's support, apart from priormap's own code."""
    support = coef != 0
    centred = (X - X.mean(0))[:, support]
    k = int(support.sum())
    q, r = np.linalg.qr(np.vstack([centred, np.sqrt(l2) * np.eye(k)]))
    target = q[: len(y)].T @ (y - y.mean())
    half = np.linalg.solve(r.T, l1 * np.sign(coef[support]))
    result = np.zeros_like(coef)
    result[support] = np.linalg.solve(r, target - half)
    return result


@pytest.mark.parametrize("l1_ratio", [0.9, 0.3])
def test_mode_is_scikit_learns_elastic_net(rows, l1_ratio):
    X, y = rows
    n = len(y)
    largest = np.abs((X - X.mean(0)).T @ (y - y.mean())).max() / n
    alpha = 0.05 * largest / l1_ratio
    prior = ElasticNet.from_elastic_net(alpha, l1_ratio, SIGMA, n)
    fit = find_map(Regression(X, y, sigma=SIGMA), prior)
    other = PenalisedNet(alpha=alpha, l1_ratio=l1_ratio, tol=1e-13, max_iter=10**6).fit(X, y)
    exact = polished(X, y, other.coef_, n * alpha * l1_ratio, n * alpha * (1 - l1_ratio))
    assert np.array_equal(fit.support, other.coef_ != 0)
    assert np.abs(fit.coef - exact).max() <= 1e-10 * np.abs(exact).max()
    assert np.abs(fit.coef - other.coef_).max() <= 1e-6 * np.abs(exact).max()
    assert fit.intercept == pytest.approx(y.mean() - X.mean(0) @ exact, rel=1e-9)


def test_limits_are_ridge_and_lasso(rows):
    X, y = rows
    data, scale = Regression(X, y, sigma=SIGMA), scale_of(X, y, 0.1)
    for net, limit in (
        (ElasticNet(scale, np.inf), Laplace(scale)),
        (ElasticNet(np.inf, 0.4), Gaussian(0.4)),
    ):
        expected = find_map(data, limit)
        fit = find_map(data, net)
        np.testing.assert_array_equal(fit.coef, expected.coef)
        assert fit.log_posterior == pytest.approx(expected.log_posterior, rel=1e-13)


def test_two_equal_columns_share_their_coefficient():
    """The L2 part makes the mode unique where the lasso's is not."""
    X, y = rows_of(40, 4, 0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of columns that are collinear
        data = Regression(X[:, [0, 0, 1, 2, 3]], y + 2 * X[:, 0], sigma=SIGMA)
        fit = find_map(data, ElasticNet(1.0, 1.0))
    assert fit.certificate.is_unique
    assert fit.coef[0] == pytest.approx(fit.coef[1], rel=1e-12)
    assert fit.coef[0] != 0


def test_standardised_columns_and_noise_units():
    X, y = rows_of(60, 5, 0.4)
    sd = X.std(axis=0)
    plain = find_map(Regression(X, y, sigma=SIGMA), ElasticNet(0.1 / sd, 0.5 / sd))
    standard = Regression(X, y, sigma=SIGMA, standardize=True)
    for prior in (ElasticNet(0.1, 0.5), ElasticNet(0.1 / SIGMA, 0.5 / SIGMA, True)):
        fit = find_map(standard, prior)
        np.testing.assert_allclose(fit.coef, plain.coef, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("factor", [1e-100, 1e-3, 1e3, 1e100])
def test_units_change_units_only(factor):
    X, y = rows_of(60, 5, 0.4)
    prior = ElasticNet(0.1, 0.5)
    plain = find_map(Regression(X, y, sigma=SIGMA), prior).coef
    assert 0 < np.count_nonzero(plain) < 5
    of_columns = find_map(Regression(X * factor, y, sigma=SIGMA), prior.stretched(1 / factor))
    np.testing.assert_allclose(of_columns.coef * factor, plain, rtol=1e-11, atol=0)
    of_y = find_map(Regression(X, y * factor, sigma=SIGMA * factor), prior.stretched(factor))
    np.testing.assert_allclose(of_y.coef / factor, plain, rtol=1e-11, atol=0)


def test_a_vector_beside_the_mode_is_refused_by_the_certificate():
    X, y = rows_of(60, 5, 0.4)
    data, prior = Regression(X, y, sigma=SIGMA), ElasticNet(0.1, 0.5)
    fit = find_map(data, prior)
    assert audit(data, prior, fit.coef).is_mode
    assert not audit(data, prior, fit.coef * (1 + 1e-6)).is_mode
    assert not audit(data, ElasticNet(0.1, 0.5001), fit.coef).is_mode
    assert not audit(data, ElasticNet(0.1001, 0.5), fit.coef).is_mode


# paths


@pytest.mark.parametrize("along", ["scale", "power"])
def test_path_is_the_mode_at_every_value(rows, along):
    X, y = rows
    data, prior = Regression(X, y, sigma=SIGMA), ElasticNet(scale_of(X, y, 0.1), 0.8)
    values = np.array([0.5, 0.02, 1.0, 8.0, 3.0])
    path = map_path(data, prior, values, along=along)
    assert not path.is_knots
    for value, coef, intercept in zip(values, path.coef, path.intercept, strict=True):
        at = prior.stretched(value) if along == "scale" else prior.power_scaled(value)
        fit = find_map(data, at)
        np.testing.assert_allclose(coef, fit.coef, rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(coef == 0, fit.coef == 0)
        assert intercept == pytest.approx(fit.intercept, rel=1e-10)
    assert path.certificate(1).is_mode
    np.testing.assert_allclose(path.at(values[3]), path.coef[3], rtol=1e-12)


def test_path_along_the_power_is_enet_path():
    X, y = rows_of(*DESIGNS["collinear"])
    n, l1_ratio = len(y), 0.4
    largest = np.abs((X - X.mean(0)).T @ (y - y.mean())).max() / n / l1_ratio
    alphas, coefs, _ = enet_path(
        X - X.mean(0),
        y - y.mean(),
        l1_ratio=l1_ratio,
        alphas=np.geomspace(largest, 0.01 * largest, 12),
        tol=1e-12,
        max_iter=10**6,
    )
    prior = ElasticNet.from_elastic_net(1.0, l1_ratio, SIGMA, n)
    path = map_path(Regression(X, y, sigma=SIGMA), prior, alphas, along="power")
    assert np.abs(path.coef - coefs.T).max() < 1e-6 * np.abs(coefs).max()
    np.testing.assert_array_equal(path.n_nonzero, (coefs != 0).sum(axis=0))


@pytest.mark.parametrize("along", ["scale", "power"])
def test_default_path_goes_from_all_zero_to_a_thousandth_of_the_l1(along):
    X, y = rows_of(*DESIGNS["narrow"])
    data, prior = Regression(X, y, sigma=SIGMA), ElasticNet(0.3, 2.0)
    path = map_path(data, prior, along=along)
    assert len(path.values) == 100
    strengths = path.values if along == "power" else 1 / path.values
    assert strengths[0] / strengths[-1] == pytest.approx(1000)
    assert path.n_nonzero[0] == 0
    assert path.n_nonzero[1] > 0
    least_squares = find_map(data, Gaussian(np.inf)).coef
    assert np.abs(path.coef[-1] - least_squares).max() < 0.05 * np.abs(least_squares).max()


@pytest.mark.parametrize("prior", [Laplace(0.2), Gaussian(0.3), Laplace([0.1, 0.5, 1, 2, np.inf])])
def test_powers_of_a_prior_with_one_scale_are_scales(prior):
    X, y = rows_of(60, 5, 0.4)
    data = Regression(X, y, sigma=SIGMA)
    path = map_path(data, prior, along="power")
    assert path.is_knots == isinstance(prior, Laplace)
    assert (np.diff(path.values) < 0).all()
    for power in (0.0, 0.3, 1.0, 4.0):
        expected = find_map(data, prior.power_scaled(power)).coef
        np.testing.assert_allclose(path.at(power), expected, rtol=1e-9, atol=1e-12)
    with pytest.raises(PriormapError, match="this path is along the power of the prior"):
        _ = path.scales


def test_limits_of_the_path_have_its_shortcuts():
    X, y = rows_of(60, 5, 0.4)
    data = Regression(X, y, sigma=SIGMA)
    knots, lasso = map_path(data, ElasticNet(1.0, np.inf)), map_path(data, Laplace(1.0))
    assert knots.is_knots
    np.testing.assert_allclose(knots.scales, lasso.scales, rtol=1e-12)
    np.testing.assert_allclose(knots.coef, lasso.coef, rtol=1e-9, atol=1e-13)
    ridge = map_path(data, ElasticNet(np.inf, 1.0))
    np.testing.assert_allclose(ridge.coef, map_path(data, Gaussian(1.0)).coef, rtol=1e-9)


@pytest.mark.parametrize("along", ["scale", "power"])
def test_path_of_joint_modes(along):
    X, y = rows_of(60, 5, 0.4)
    data, prior = Regression(X, y, sigma=HalfNormal(2.0)), ElasticNet(0.3, 1.0)
    path = map_path(data, prior, [0.5, 2.0], along=along)
    at = prior.stretched(2.0) if along == "scale" else prior.power_scaled(2.0)
    fit = find_map(data, at)
    assert path.sigma[1] == fit.sigma
    np.testing.assert_array_equal(path.coef[1], fit.coef)
    np.testing.assert_array_equal(path.at(2.0), fit.coef)
    with pytest.raises(PriormapError, match=f"each prior {along} has its own joint mode"):
        map_path(data, prior, along=along)


def test_path_says_what_its_values_are():
    X, y = rows_of(60, 5, 0.4)
    path = map_path(Regression(X, y, sigma=SIGMA), ElasticNet(), [2.0, 0.5], along="power")
    assert repr(path) == "MapPath(2 powers from 0.5 to 2, ElasticNet(l1_scale=1, l2_scale=1))"
    assert path.to_frame().index.name == "power"


@pytest.mark.parametrize(
    ("values", "along", "message"),
    [
        ([-1.0], "power", "scales must be finite and not negative, got -1.0"),
        ([np.inf], "power", "scales must be finite and not negative, got inf"),
        ([], "power", "scales must be a vector of finite and not negative numbers"),
        ([0.0], "scale", r"scales must be positive, got 0\.0"),
        ([1.0], "alpha", "along must be 'scale' or 'power', got 'alpha'"),
    ],
)
def test_bad_values(values, along, message):
    X, y = rows_of(20, 3, 0.0)
    with pytest.raises(PriormapError, match=message):
        map_path(Regression(X, y, sigma=SIGMA), ElasticNet(), values, along=along)
