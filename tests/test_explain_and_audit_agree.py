"""`explain` and `audit` of the same call: one verdict, the same numbers, by every spelling."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    BayesianRidge,
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    LassoLars,
    Ridge,
    RidgeCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from priormap import (
    Gaussian,
    Laplace,
    Penalty,
    PriormapError,
    Regression,
    audit,
    explain,
    explain_penalty,
    find_map,
)

TIGHT = {"tol": 1e-15, "max_iter": 1_000_000}
ESTIMATORS = {
    "sklearn.Ridge": (Ridge(3.0), Ridge(3.0, solver="lsqr"), RidgeCV([1.0, 10.0])),
    "sklearn.Lasso": (Lasso(0.4), Lasso(0.4, tol=1e-2), Lasso(0.4, **TIGHT), LassoCV(cv=3)),
    "sklearn.LassoLars": (LassoLars(0.4),),
    "sklearn.ElasticNet": (ElasticNet(0.4, l1_ratio=0.7), ElasticNetCV(cv=3, l1_ratio=0.5)),
    "sklearn.BayesianRidge": (BayesianRidge(),),
}
CASES = [(name, model) for name, models in ESTIMATORS.items() for model in models]


def rows(seed=0, n=70, p=6):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) @ (np.eye(p) + 0.3) * np.geomspace(0.5, 4, p) + 2.0
    return X, X @ np.array([2.0, -1.5, 0.0, 0.0, 0.5, 0.0]) + 1.3 * rng.normal(size=n) + 7.0


def quiet_fit(model, X, y, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return clone(model).fit(X, y, **options)


def numbers_of(name, model):
    own = {"alpha": getattr(model, "alpha_", getattr(model, "alpha", None))}
    if name == "sklearn.ElasticNet":
        own["l1_ratio"] = getattr(model, "l1_ratio_", model.l1_ratio)
    if name == "sklearn.BayesianRidge":
        own = {"alpha_": model.alpha_, "lambda_": model.lambda_}
    return own


def same(one, other):
    assert one.to_dict() == other.to_dict()
    assert one.tone == other.tone


@pytest.mark.parametrize("tolerance", [1e-9, 1e-3])
@pytest.mark.parametrize(("name", "model"), CASES, ids=str)
def test_every_way_to_ask_gives_one_verdict(name, model, tolerance):
    X, y = rows()
    fitted, data = quiet_fit(model, X, y), Regression(X, y)
    by_fit = explain(fitted, X, y)
    numbers = numbers_of(name, fitted)
    by_numbers = explain_penalty(name, data=data, coef=fitted, tolerance=tolerance, **numbers)
    judged = audit(data, name, fitted, tolerance=tolerance, **numbers)
    same(judged, by_numbers.certificate)
    assert by_numbers.sigma == by_fit.sigma
    np.testing.assert_array_equal(by_numbers.prior_sd, by_fit.prior_sd)
    if tolerance == 1e-9:
        same(judged, by_fit.certificate)
        assert by_fit.verdict == by_numbers.verdict == str(judged)
    # by the prior, at its noise: the same grade and digits, and the numbers but for rounding
    by_prior = audit(by_fit.data, by_fit.prior, fitted, tolerance=tolerance)
    assert (by_prior.grade, by_prior.digits) == (judged.grade, judged.digits)
    assert by_prior.is_mode == judged.is_mode
    assert by_prior.objective == pytest.approx(judged.objective, rel=1e-12)


@pytest.mark.parametrize("sigma", [None, 0.5, 7.0])
@pytest.mark.parametrize("known", [None, 2.0])
def test_the_noise_changes_no_verdict_on_a_penalty(sigma, known):
    X, y = rows(1)
    fitted, data = Lasso(0.4).fit(X, y), Regression(X, y, sigma=known)
    judged = audit(data, "sklearn.Lasso", fitted, alpha=0.4, sigma=sigma)
    same(judged, explain(fitted, X, y, sigma=sigma).certificate)
    by_numbers = explain_penalty("sklearn.Lasso", data=data, coef=fitted, alpha=0.4, sigma=sigma)
    same(judged, by_numbers.certificate)


@pytest.mark.parametrize("model", [Ridge(3.0), Lasso(0.4), ElasticNet(0.4)], ids=str)
def test_weights_and_scalers_are_handled_alike(model):
    X, y = rows(2)
    w = np.random.default_rng(3).exponential(size=len(y))
    name, data = f"sklearn.{type(model).__name__}", Regression(X, y)
    fitted = quiet_fit(model, X, y, sample_weight=w)
    judged = audit(data, name, fitted, sample_weight=w, **numbers_of(name, fitted))
    same(judged, explain(fitted, X, y, sample_weight=w).certificate)
    behind = make_pipeline(StandardScaler(), clone(model)).fit(X, y)
    scaled = Regression(X, y, standardize=True)
    judged = audit(scaled, name, behind, **numbers_of(name, behind[-1]))
    by_fit = explain(behind, X, y).certificate
    assert (judged.grade, judged.digits) == (by_fit.grade, by_fit.digits)


def test_another_strength_is_said_in_the_numbers_of_the_call():
    X, y = rows(4)
    fitted = quiet_fit(Lasso(0.8, **TIGHT), X, y)
    judged = audit(Regression(X, y), "sklearn.Lasso", fitted, alpha=0.4)
    assert judged.grade == "mode of another penalty"
    assert str(judged).endswith("of the given penalty times 2. That is alpha=0.8.")
    assert judged.shortfall.other.call == "alpha=0.8"


# an intercept that is penalised too


@pytest.mark.parametrize("numbers", [{"alpha": 0.02, "L1_wt": 1.0}, {"alpha": 0.3, "L1_wt": 0.4}])
@pytest.mark.parametrize("shift", [0.0, 1e4])
def test_statsmodels_is_judged_by_its_own_convention(numbers, shift):
    api = pytest.importorskip("statsmodels.api", reason="statsmodels is not installed")
    X, y = rows(5)
    frame, y = pd.DataFrame(X, columns=list("abcdef")), y + shift
    model = api.OLS(y, api.add_constant(frame))
    result = model.fit_regularized(**numbers, cnvrg_tol=1e-13, maxiter=100_000)
    name = "statsmodels.OLS.fit_regularized"
    explanation = explain_penalty(
        name, data=Regression(frame, y), coef=result.params, tolerance=1e-6, **numbers
    )
    assert explanation.certificate.is_mode
    assert explanation.intercept == pytest.approx(result.params["const"], rel=1e-4)
    assert "penalises its intercept too, and so these coefficients are judged" in repr(explanation)
    # negative control: by a library that leaves it free, or with another alpha
    alpha, share = numbers["alpha"], numbers["L1_wt"]
    data = Regression(frame, y)
    free = {"alpha": alpha, "l1_ratio": share}
    free = audit(data, "sklearn.ElasticNet", result.params, tolerance=1e-6, **free)
    assert not free.is_mode
    double = audit(data, name, result.params, tolerance=1e-6, **{**numbers, "alpha": 2 * alpha})
    assert not double.is_mode


@pytest.mark.parametrize("weights", [False, True])
def test_the_best_penalised_intercept_is_that_of_the_definition(weights):
    X, y = rows(6)
    n, p = X.shape
    w = np.random.default_rng(7).exponential(size=n) if weights else np.ones(n)
    wide, root = np.column_stack([np.ones(n), X]), np.sqrt(w)
    rooted = Regression(wide * root[:, None], root * y, sigma=1.0, intercept=False)
    l1 = 0.3 * w.sum()
    mode = audit(rooted, Penalty(np.full(p + 1, l1), np.zeros(p + 1)), np.zeros(p + 1))
    intercept, *coef = mode.shortfall.mode
    name = f"statsmodels.{'WLS' if weights else 'OLS'}.fit_regularized"
    explanation = explain_penalty(
        name, data=Regression(X, y), coef=coef, sample_weight=w if weights else None, alpha=0.3
    )
    assert explanation.certificate.grade == "mode"
    assert explanation.intercept == pytest.approx(intercept, rel=1e-9)


def test_a_free_intercept_of_such_a_library_is_the_mode_as_well():
    X, y = rows(8)
    data = Regression(X, y)
    free = find_map(data.with_noise(1.0), Laplace(1 / (70 * 0.3))).coef
    explanation = explain_penalty(
        "statsmodels.OLS.fit_regularized", data=data, coef=free, alpha=0.3
    )
    assert explanation.certificate.grade == "mode"
    assert "here it is free" in repr(explanation)


# penalty factors


FACTORS = {"age": 0.0, "sex": 1.0, "bmi": 2.5, "bp": 1.0}


def named():
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    return X[list(FACTORS)], y


def test_penalty_factors_of_a_prior_are_met_by_name():
    X, y = named()
    data, factor = Regression(X, y, sigma=55.0), pd.Series(FACTORS)
    for prior in (Laplace(0.4), Gaussian(0.4)):
        penalty = Penalty.from_prior(prior, data, 55.0)
        weighted = Penalty(factor.to_numpy() * penalty.l1, factor.to_numpy() * penalty.l2)
        mode = audit(data, weighted, np.zeros(4)).shortfall.mode
        for given in (FACTORS, factor[::-1], factor.to_numpy()):
            assert audit(data, prior, mode, penalty_factor=given).grade == "mode"
            assert audit(data, penalty, mode, penalty_factor=given).grade == "mode"
        assert audit(data, prior, mode).grade != "mode"


@pytest.mark.parametrize("scale", [1.0, 7.0])
def test_penalty_factors_of_glmnet_are_rescaled_as_it_does(scale):
    X, y = named()
    data = Regression(X, y)
    factor = np.array(list(FACTORS.values()))
    ours = 4 * factor / factor.sum() * len(y) * 5.0 * X.std(ddof=0).to_numpy()
    mode = audit(data, Penalty(ours, np.zeros(4)), np.zeros(4)).shortfall.mode
    shuffled = scale * pd.Series(FACTORS)[::-1]
    assert audit(data, "glmnet", mode, lambda_=5.0, penalty_factor=shuffled).grade == "mode"
    assert audit(data, "glmnet", mode, lambda_=5.0).grade != "mode"
    by_numbers = explain_penalty(
        "glmnet", data=data, coef=mode, lambda_=5.0, penalty_factor=shuffled
    )
    assert by_numbers.certificate.is_mode
    weights = 4 * X.std(ddof=0).to_numpy() * factor / factor.sum()
    celer = audit(data, "celer.Lasso", mode, alpha=5.0, penalty_factor=weights)
    assert celer.grade == "mode"


@pytest.mark.parametrize(
    ("prior", "options", "reason"),
    [
        (Laplace(1.0), {"penalty_factor": [1.0, 2.0]}, r"penalty_factor has shape \(2,\)"),
        (Laplace(1.0), {"penalty_factor": [1.0, 1.0, 1.0, -1.0]}, "finite and not negative"),
        (Laplace(1.0), {"penalty_factor": {"age": 1.0}}, "no entry for column 'sex'"),
        (Laplace(1.0), {"penalty_factor": {**FACTORS, "s9": 1.0}}, "an entry 's9'"),
        (Laplace(1.0), {"tolerence": 1.0}, "did you mean tolerance"),
        (Laplace(1.0), {"sample_weight": np.ones(442)}, "goes with the call of a library"),
        ("sklearn.Lasso", {"penalty_factor": FACTORS}, "sklearn.Lasso has no 'penalty_factor'"),
        ("sklearn.Laso", {"alpha": 1.0}, "unknown convention"),
        ("glmnet", {}, "glmnet needs lambda_"),
    ],
)
def test_calls_that_cannot_be_judged_are_refused(prior, options, reason):
    X, y = named()
    with pytest.raises(PriormapError, match=reason):
        audit(Regression(X, y, sigma=1.0), prior, np.zeros(4), **options)
