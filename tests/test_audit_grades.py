"""The grades of a verdict: the mode, the mode to some digits, that of another penalty, a point."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet, Lasso, LassoCV, Ridge

from priormap import (
    ElasticNet as ElasticNetPrior,
    Gaussian,
    Laplace,
    Penalty,
    Regression,
    audit,
    explain,
    find_map,
)
from priormap.cli import run

N = 60
PRIORS = [Laplace(0.05), Gaussian(0.3), ElasticNetPrior(0.05, 0.4)]


def diabetes():
    return load_diabetes(return_X_y=True, scaled=False)


def graded():
    """Columns from a millionth to a million."""
    size = np.geomspace(1e-6, 1e6, 7)
    rng = np.random.default_rng(1)
    Z = rng.normal(size=(80, 7)) @ (np.eye(7) + 0.2)
    return Z * size, Z @ [1.0, 2.0, 0.0, 0.0, 0.5, -1.0, 0.1] + rng.normal(size=80)


def wide():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(50, 120)) + 0.5
    return X, X[:, :5].sum(axis=1) + rng.normal(size=50)


def quiet_fit(model, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y)


def distance_to(mode, coef, X):
    """Largest difference of an effect in sd(x) * coef, over the largest effect."""
    sd = X.std(axis=0)
    return np.abs((coef - mode) * sd).max() / np.abs(mode * sd).max()


@pytest.mark.parametrize("rows", [diabetes, graded, wide])
@pytest.mark.parametrize("model", [Lasso(0.1), ElasticNet(0.1), Ridge(1.0), LassoCV(cv=3)], ids=str)
def test_a_fit_at_default_settings_is_the_mode_or_the_mode_to_digits(rows, model):
    X, y = rows()
    certificate = explain(quiet_fit(model, X, y), X, y).certificate
    assert certificate.grade in {"mode", "mode to digits"}
    assert certificate.is_mode == (certificate.grade == "mode")
    if certificate.digits is not None:
        assert f"This is the mode to {certificate.digits} digit" in certificate.verdict
        assert "the solver stopped early" in certificate.verdict
        mode = certificate.shortfall.mode
        relative = distance_to(mode, model.coef_, X)
        assert certificate.shortfall.coef_distance == pytest.approx(relative, rel=1e-6, abs=1e-14)
        assert 10.0**-certificate.digits >= relative > 10.0 ** -(certificate.digits + 1)


@pytest.mark.parametrize("units", [(1.0, 1.0), (1e-9, 1e9), (1e80, 1e-3)])
@pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-6, 1e-8])
def test_digits_have_no_units(tol, units):
    X, y = wide()
    x_unit, y_unit = units
    alpha = 0.1 * x_unit * y_unit
    coef = quiet_fit(Lasso(0.1, tol=tol), X, y).coef_ * y_unit / x_unit
    data = Regression(X * x_unit, y * y_unit)
    penalty = Penalty(np.full(120, 50 * alpha), np.zeros(120))
    found = audit(data, penalty, coef)
    once = audit(
        Regression(X, y), Penalty(np.full(120, 5.0), np.zeros(120)), coef * x_unit / y_unit
    )
    assert (found.grade, found.digits) == (once.grade, once.digits)
    assert found.grade == "mode to digits"


@pytest.mark.parametrize("prior", PRIORS, ids=str)
@pytest.mark.parametrize("size", [1e-2, 1e-4, 1e-7])
def test_a_tolerance_asks_for_digits(prior, size):
    X, y = wide()
    data = Regression(X[:, :6], y, sigma=1.0)
    mode = find_map(data, prior).coef
    coef = mode * (1 + size * np.array([1, -1, 0.5, 1, 0, 0]))
    for tolerance, passes in ((size / 3, False), (3 * size, True), (1e-9, False)):
        certificate = audit(data, prior, coef, tolerance=tolerance)
        assert certificate.is_mode == passes
        assert certificate.grade == "mode to digits"
        assert ("within the tolerance of" in certificate.verdict) == passes
        assert not certificate.is_proven


@pytest.mark.parametrize("prior", PRIORS, ids=str)
def test_negative_control_a_loose_tolerance_does_not_let_wrong_digits_pass(prior):
    """Columns nearly alike: the objective hardly changes, and no digit holds."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=N)
    X = np.column_stack([x, x + 1e-4 * rng.normal(size=N), rng.normal(size=N)])
    data = Regression(X, X @ [3.0, 3.0, 1.0] + rng.normal(size=N), sigma=1.0)
    coef = find_map(data, prior).coef * [1.5, 0.5, 1.0]
    certificate = audit(data, prior, coef, tolerance=1e-2)
    assert not certificate.is_mode
    assert certificate.digits == 0
    assert "no digit of its coefficients is sure" in certificate.verdict or (
        certificate.grade != "mode to digits"
    )


def test_what_is_proven_is_proven_at_every_tolerance_and_no_tolerance_proves_anything():
    X, y = wide()
    data = Regression(X[:, :6], y, sigma=1.0)
    coef = find_map(data, PRIORS[0]).coef
    for tolerance in (1e-15, 1e-9, 0.5):
        certificate = audit(data, PRIORS[0], coef, tolerance=tolerance)
        assert (certificate.grade, certificate.digits) == ("mode", None)
        off = audit(data, PRIORS[0], coef * (1 + 1e-6), tolerance=tolerance)
        assert off.grade == "mode to digits"
        assert not replace(off, shortfall=None).is_mode


def test_a_zero_mode_is_not_reached_by_small_effects_of_dear_coefficients():
    X, y = wide()
    data = Regression(X[:, :4] * 1e-100, y, sigma=1.0)
    certificate = audit(data, Laplace(1.0), np.ones(4), tolerance=1e-3)
    assert (certificate.is_mode, certificate.grade) == (False, "another point")


@pytest.mark.parametrize("intercept", [True, False])
def test_other_points_are_not_near(intercept):
    X, y = diabetes()
    data = Regression(X, y, intercept=intercept)
    rng = np.random.default_rng(4)
    mode = audit(data, Penalty(np.full(10, 40.0), np.zeros(10)), np.zeros(10)).shortfall.mode
    for coef in (mode * rng.choice([0.5, 2.0], size=10), rng.normal(size=10), -mode):
        certificate = audit(data, Penalty(np.full(10, 40.0), np.zeros(10)), coef)
        assert certificate.grade == "another point"
        assert certificate.tone == "strong bad"


def test_an_exact_fit_has_digits_too():
    X = np.random.default_rng(5).normal(size=(20, 3))
    data = Regression(X, X @ [1.0, 2.0, 3.0], sigma=1.0, intercept=False)
    certificate = audit(data, Gaussian(np.inf), [1.0, 2.0, 3.00001])
    assert (certificate.grade, certificate.digits) == ("mode to digits", 5)
    assert audit(data, Gaussian(np.inf), [1.0, 2.0, 3.00001], tolerance=1e-5).is_mode


def test_an_elastic_net_of_two_coefficients_that_stopped_early_is_no_other_penalty():
    """Two coefficients are the exact mode of some pair of strengths, which tells nothing."""
    X, y = wide()
    model = quiet_fit(ElasticNet(0.2, tol=1e-3), X[:, :2], y)
    certificate = explain(model, X[:, :2], y).certificate
    assert certificate.grade == "mode to digits"


def test_one_coefficient_under_a_weak_penalty_is_the_mode_to_its_digits():
    """Its sixth digit is worth a large share of the penalty, which one condition cannot tell."""
    X, y = wide()
    data = Regression(X[:, :1], y)
    weak = Penalty([0.0], [1e-6 * np.square(X[:, 0]).sum()])
    mode = audit(data, weak, [0.0]).shortfall.mode
    certificate = audit(data, weak, mode * (1 + 3e-6))
    assert (certificate.grade, certificate.digits) == ("mode to digits", 5)


@pytest.fixture
def files(tmp_path):
    X, y = wide()
    frame = pd.DataFrame(X[:, :8], columns=list("abcdefgh"))
    frame.assign(y=y).to_csv(tmp_path / "data.csv", index=False)

    def write(coef):
        place = tmp_path / "coefs.csv"
        pd.DataFrame({"feature": frame.columns, "coef": coef}).to_csv(place, index=False)
        return [str(place), str(tmp_path / "data.csv"), "--target", "y", "--as", "sklearn.Lasso"]

    return frame.to_numpy(), y, write


def test_exit_codes_tell_the_grades_apart(files, capsys):
    X, y, write = files
    tight = quiet_fit(Lasso(0.1, tol=1e-15, max_iter=10**6), X, y).coef_
    loose = tight * (1 + 1e-5 * np.linspace(-1, 1, 8))
    for coef, options, code in (
        (tight, ["--alpha", "0.1"], 0),
        (tight, ["--alpha", "0.05"], 1),
        (loose, ["--alpha", "0.1"], 3),
        (loose, ["--alpha", "0.1", "--tolerance", "1e-4"], 0),
        (loose, ["--alpha", "0.1", "--tolerance", "1e-7"], 3),
        (tight[::-1], ["--alpha", "0.1"], 4),
        (tight, ["--alpha", "0.1", "--tolerance", "-1"], 2),
    ):
        assert run(["audit", *write(coef), *options]) == code
    shown = capsys.readouterr()
    assert "This is the mode to 5 digits, within the tolerance of 0.0001: " in shown.out
    assert "tolerance must be a positive finite number, got -1.0" in shown.err
