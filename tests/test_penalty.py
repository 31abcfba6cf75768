"""The canonical pair (l1, l2): the hub that priors and libraries map to."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from priormap import (
    ElasticNet,
    Gaussian,
    HalfNormal,
    Laplace,
    Penalty,
    PriormapError,
    Regression,
    log_posterior,
)
from priormap.model import Model


@pytest.fixture
def data(rng):
    X = rng.normal(size=(15, 3)) * [1.0, 7.0, 0.2]
    return Regression(X, X @ [1.0, 0.0, -2.0] + rng.normal(size=15), sigma=1.3)


@pytest.mark.parametrize("in_noise", [False, True])
@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("prior", [Gaussian, Laplace, ElasticNet])
def test_penalised_loss_is_the_log_posterior_times_minus_sigma_squared(
    data, rng, prior, standardize, in_noise
):
    data = Regression(data.X, data.y, data.sigma, standardize=standardize)
    prior = prior([0.5, 2.0, np.inf], scaled_by_noise=in_noise)
    penalty = Penalty.from_prior(prior, data, data.sigma)

    def loss(coef, intercept):
        residual = data.y - intercept - data.X @ coef
        return 0.5 * residual @ residual + penalty.value(coef)

    points = [(rng.normal(size=3), rng.normal()) for _ in range(4)]
    losses = np.array([loss(*point) for point in points])
    densities = np.array([log_posterior(data, prior, *point) for point in points])
    np.testing.assert_allclose(
        np.diff(losses), -(data.sigma**2) * np.diff(densities), rtol=1e-10, atol=1e-10
    )


def test_formulas_by_hand(data):
    assert Penalty.from_prior(Laplace(0.5), data, 2.0).l1.tolist() == [8.0] * 3
    assert Penalty.from_prior(Gaussian(0.5), data, 2.0).l2.tolist() == [16.0] * 3
    assert Penalty.from_prior(Laplace(0.5, True), data, 2.0).l1.tolist() == [4.0] * 3
    assert Penalty.from_prior(Gaussian(0.5, True), data, 2.0).l2.tolist() == [4.0] * 3
    for in_noise in (False, True):
        both = Penalty.from_prior(ElasticNet(0.5, 4.0, in_noise), data, 2.0)
        assert both.l1.tolist() == [4.0 if in_noise else 8.0] * 3
        assert both.l2.tolist() == [1 / 16 if in_noise else 0.25] * 3
    flat = Penalty.from_prior(Laplace([1.0, np.inf, 1.0]), data, 2.0)
    assert flat.l1[1] == 0
    assert not flat.l2.any()


@given(alpha=st.floats(1e-6, 1e6), sigma=st.floats(1e-3, 1e3))
def test_it_agrees_with_the_conversions_of_the_priors(alpha, sigma):
    data = Regression([[0.0], [1.0], [2.0], [4.0]], [1.0, 0.0, 2.0, 1.0], sigma=sigma)
    ridge = Penalty.from_prior(Gaussian.from_ridge(alpha, sigma), data, sigma)
    lasso = Penalty.from_prior(Laplace.from_lasso(alpha, sigma, data.n_rows), data, sigma)
    net = Penalty.from_prior(ElasticNet.from_elastic_net(alpha, 0.25, sigma, 4), data, sigma)
    assert net.l1[0] == pytest.approx(alpha, rel=1e-14)
    assert net.l2[0] == pytest.approx(3 * alpha, rel=1e-14)
    assert ridge.l2[0] == pytest.approx(alpha, rel=1e-14)
    assert lasso.l1[0] == pytest.approx(data.n_rows * alpha, rel=1e-14)


def test_priors_of_columns_in_the_callers_units(data):
    standard = Regression(data.X, data.y, data.sigma, standardize=True)
    sd = data.column_sd
    net = Model(standard, ElasticNet(0.5, [1.0, 2.0, np.inf])).column_prior
    np.testing.assert_allclose(net.l1_scale, 0.5 / sd)
    np.testing.assert_allclose(net.l2_scale, [1.0 / sd[0], 2.0 / sd[1], np.inf])
    np.testing.assert_allclose(Model(standard, Laplace(2.0)).column_prior.scale, 2.0 / sd)
    learnt = ElasticNet(0.5, hyperprior=HalfNormal(1.0), scaled_by_noise=True)
    assert Model(data, learnt).relative == ElasticNet([0.5] * 3, [1.0] * 3, scaled_by_noise=True)
    with pytest.raises(PriormapError, match="is learnt"):
        _ = Model(data, learnt).column_prior
    with pytest.raises(PriormapError, match="l2_scale has 2 entries but X has 3 columns"):
        Model(data, ElasticNet(1.0, [1.0, 2.0]))


def test_value_is_the_formula(rng):
    l1, l2, coef = rng.uniform(size=4), rng.uniform(size=4), rng.normal(size=4)
    expected = sum(a * abs(b) + c * b * b / 2 for a, c, b in zip(l1, l2, coef, strict=True))
    assert Penalty(l1, l2).value(coef) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("l1", "l2", "words"),
    [
        ([1.0], [1.0, 2.0], ["l1", "l2", "(1,)", "(2,)"]),
        (1.0, 1.0, ["l1", "vectors"]),
        ([-1.0], [0.0], ["l1", "-1.0"]),
        ([0.0], [np.nan], ["l2", "finite"]),
        ([0.0], [np.inf], ["l2", "finite"]),
        (["1"], [0.0], ["l1", "text"]),
    ],
)
def test_bad_penalties(l1, l2, words):
    with pytest.raises(PriormapError) as caught:
        Penalty(l1, l2)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("sigma", [0.0, -1.0, np.nan, "1", True])
def test_bad_sigma(data, sigma):
    with pytest.raises(PriormapError, match="sigma must be a positive finite number"):
        Penalty.from_prior(Gaussian(1.0), data, sigma)
