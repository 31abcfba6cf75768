"""Coefficients that a solver kept within limits, and priors with a scale for each column."""

import numpy as np
import pytest
from scipy.optimize import lsq_linear
from sklearn.linear_model import ARDRegression, ElasticNet, Lasso, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from priormap import Gaussian, Laplace, Penalty, Regression, audit, explain, find_map

TIGHT = {"tol": 1e-14, "max_iter": 1_000_000}
N, P = 80, 7
TRUE = np.array([2.0, -1.5, 0.8, -0.7, 0.0, 1.0, 3.0])


def rows(seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, P)) @ (np.eye(P) + 0.2) + 1.0
    return X, X @ TRUE + rng.normal(size=N)


def boxed_ridge(X, y, l2, low, high):
    """Ridge within a box, by bounded least squares on centred and stacked rows."""
    Z, u = X - X.mean(axis=0), y - y.mean()
    stacked = np.vstack([Z, np.sqrt(l2) * np.eye(P)])
    found = lsq_linear(stacked, np.r_[u, np.zeros(P)], (low, high), method="bvls", tol=1e-14)
    return found.x


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("sklearn.Lasso", Lasso(0.05, positive=True, **TIGHT)),
        ("sklearn.ElasticNet", ElasticNet(0.05, positive=True, **TIGHT)),
        ("sklearn.Lasso", Lasso(0.05, positive=True)),
        ("sklearn.Ridge", Ridge(0.05, positive=True)),
    ],
    ids=str,
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_positive_fit_is_recognised(name, model, seed):
    X, y = rows(seed)
    certificate = audit(Regression(X, y), name, model.fit(X, y), alpha=0.05)
    limits = certificate.shortfall.limits
    assert (certificate.grade, certificate.is_mode) == ("mode of another penalty", False)
    assert (limits.low, limits.high) == (0.0, np.inf)
    assert {"x1", "x3"} <= set(limits.at_low)
    assert limits.is_proven == (getattr(model, "tol", 1) == 1e-14)
    assert "among coefficients of at least 0" in str(certificate)
    assert certificate.to_dict()["limits"]["at_low"] == limits.at_low


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (-0.5, np.inf), (-np.inf, 0.7), (0.0, 1.2)])
@pytest.mark.parametrize("units", [1.0, 1e-20, 1e20])
def test_limits_are_found_in_any_units(low, high, units):
    X, y = rows(3)
    coef = boxed_ridge(X, y, 2.0, low, high)
    data = Regression(X, units * y)
    certificate = audit(data, Penalty(np.zeros(P), np.full(P, 2.0)), units * coef)
    limits = certificate.shortfall.limits
    assert certificate.grade == "mode of another penalty"
    for limit, found, names in (
        (low, limits.low, limits.at_low),
        (high, limits.high, limits.at_high),
    ):
        assert found == pytest.approx(units * limit) if names else not np.isfinite(found)
        assert set(names) == {f"x{j}" for j in np.flatnonzero(np.isclose(coef, limit, atol=1e-12))}


@pytest.mark.parametrize("prior", [Laplace(0.3), Gaussian(0.4)], ids=str)
def test_negative_control_what_no_limits_explain(prior):
    X, y = rows(4)
    data = Regression(X, y, sigma=1.0)
    mode = find_map(data, prior).coef
    rng = np.random.default_rng(5)
    for coef in (
        mode.clip(0),
        mode.clip(-0.5, 0.5),
        mode * rng.uniform(0.3, 2, P),
        rng.normal(size=P),
    ):
        certificate = audit(data, prior, coef)
        assert certificate.shortfall.limits is None
        assert certificate.grade == "another point"


def test_a_solver_that_stopped_early_is_not_at_a_limit():
    rng = np.random.default_rng(6)
    for seed in range(30):
        X, y = rows(seed)
        for p in (2, 3, P):
            model = Lasso(0.05, tol=10 ** rng.uniform(-6, -1)).fit(X[:, :p], y)
            certificate = explain(model, X[:, :p], y).certificate
            assert certificate.grade in {"mode", "mode to digits"}


# a scale for each column


@pytest.mark.parametrize("scaler", [None, StandardScaler()])
@pytest.mark.parametrize("intercept", [True, False])
def test_an_ard_regression_is_a_gaussian_prior_per_column(scaler, intercept):
    X, y = rows(7)
    y = y + 0.6 * X[:, 4]  # no column is pruned
    model = ARDRegression(fit_intercept=intercept)
    whole = (make_pipeline(scaler, model) if scaler else model).fit(X, y)
    explanation = explain(whole, X, y)
    assert explanation.family == "Gaussian"
    assert explanation.sigma == pytest.approx(model.alpha_**-0.5, rel=1e-14)
    unit = scaler.scale_ if scaler else 1.0
    np.testing.assert_allclose(explanation.prior_sd, model.lambda_**-0.5 / unit, rtol=1e-10)
    assert explanation.certificate.is_mode
    np.testing.assert_allclose(find_map(*explanation).coef, explanation.coef, rtol=1e-6, atol=1e-9)
    assert "ARDRegression(lambda_=[7 numbers], alpha_=" in repr(explanation)
    by_numbers = {"lambda_": model.lambda_, "alpha_": model.alpha_}
    if scaler is None:
        data = Regression(X, y, intercept=intercept)
        judged = audit(data, "sklearn.ARDRegression", model, **by_numbers)
        assert judged.to_dict() == explanation.certificate.to_dict()


def test_a_column_that_ard_pruned_is_the_mode_to_digits_only():
    X, y = rows(8)
    model = ARDRegression(threshold_lambda=50.0).fit(X, y)
    assert (model.coef_ == 0).any()
    explanation = explain(model, X, y)
    assert explanation.certificate.grade == "mode to digits"
    assert "reaches threshold_lambda is set to zero" in repr(explanation)
