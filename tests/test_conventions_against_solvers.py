"""Every convention marked as checked: its library, given our numbers, finds our minimum."""

import os

import numpy as np
import pytest
from sklearn import linear_model

from optimality import PRIORS, assert_minimum, certificate, converted, table, violation
from priormap import Penalty, Regression, convert
from priormap.conventions import DataFacts, numbers_of, penalty_of

# scikit-learn

TIGHT = {"tol": 1e-14, "max_iter": 100_000}
SQUARES = {
    "sklearn.Ridge": ("ridge", lambda: linear_model.Ridge(solver="svd")),
    "sklearn.Lasso": ("lasso", lambda: linear_model.Lasso(**TIGHT)),
    "sklearn.LassoLars": ("lasso", lambda: linear_model.LassoLars(eps=1e-16)),
    "sklearn.ElasticNet": ("elastic net", lambda: linear_model.ElasticNet(**TIGHT)),
    "sklearn.TweedieRegressor(power=0)": (
        "ridge",
        lambda: linear_model.TweedieRegressor(power=0, solver="newton-cholesky", tol=1e-12),
    ),
}


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", SQUARES)
def test_scikit_learn_squares(name, weighted, intercept):
    prior, make = SQUARES[name]
    X, y, weights = table()
    weighted = weighted and name != "sklearn.LassoLars"  # which takes no weights
    options = {"sample_weight": weights} if weighted else {}
    numbers = converted(prior, name, X, y, intercept=intercept, **options)
    model = make().set_params(fit_intercept=intercept, **numbers).fit(X, y, **options)
    w = weights if weighted else None
    assert_minimum(1e-9, X, y, model.coef_, numbers.penalty, w, intercept)


def test_negative_control_another_number_is_no_minimum():
    X, y, _ = table()
    numbers = converted("lasso", "sklearn.Lasso", X, y)
    model = linear_model.Lasso(**TIGHT, alpha=1.001 * float(numbers)).fit(X, y)
    assert certificate(X, y, model.coef_, numbers.penalty).kkt_residual > 1e-6


@pytest.mark.parametrize("weighted", [False, True])
def test_bayesian_ridge_at_its_own_precisions(weighted):
    X, y, weights = table()
    w = weights if weighted else None
    model = linear_model.BayesianRidge().fit(X, y, w)
    own = {"alpha_": model.alpha_, "lambda_": model.lambda_}
    penalty = penalty_of("sklearn.BayesianRidge", own, DataFacts(Regression(X, y), w))
    assert_minimum(1e-9, X, y, model.coef_, penalty, w)
    prior = convert(own, "sklearn.BayesianRidge", "priormap.Gaussian")
    assert float(prior) == pytest.approx(model.lambda_**-0.5, rel=1e-12)


def test_ard_regression_at_its_own_precisions():
    X, y, _ = table()
    model = linear_model.ARDRegression(threshold_lambda=1e300).fit(X, y)
    own = {"alpha_": model.alpha_, "lambda_": model.lambda_}
    penalty = penalty_of("sklearn.ARDRegression", own, DataFacts(Regression(X, y)))
    assert_minimum(1e-8, X, y, model.coef_, penalty, None)
    prior = convert(own, "sklearn.ARDRegression", "priormap.Gaussian", data=Regression(X, y))
    np.testing.assert_allclose(prior["scale"], model.lambda_**-0.5, rtol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_stochastic_gradients_come_near(weighted):
    X, y, weights = table(n=200)
    X, w = (X - X.mean(0)) / X.std(0), weights if weighted else None
    numbers = converted("elastic net", "sklearn.SGDRegressor", X, y, sample_weight=w)
    model = linear_model.SGDRegressor(
        penalty="elasticnet", **numbers, eta0=0.05, power_t=0.6, tol=None, max_iter=2000,
        random_state=0,
    ).fit(X, y, sample_weight=w)  # fmt: skip
    assert_minimum(1e-3, X, y, model.coef_, numbers.penalty, w)


# other likelihoods: the optimality conditions, written out


def logistic_slope(model, X, y):
    return y - 1 / (1 + np.exp(-np.ravel(model.decision_function(X))))


def classes(y):
    return (y > np.median(y)).astype(float)


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("weighted", [False, True])
def test_logistic_regression(prior, weighted):
    X, y, weights = table()
    y, w = classes(y), weights if weighted else np.ones(len(y))
    source, numbers = PRIORS[prior]
    numbers = convert(numbers, source, "sklearn.LogisticRegression")
    solver = {"solver": "newton-cholesky", "tol": 1e-12}
    if prior != "ridge":
        solver = {"solver": "saga", "tol": 1e-10, "max_iter": 200_000, "random_state": 0}
    model = linear_model.LogisticRegression(**numbers, **solver).fit(X, y, w)
    slope = w * logistic_slope(model, X, y)
    assert abs(slope.sum()) < 1e-6 * w.sum()  # the intercept is free
    assert violation(X, slope, model.coef_[0], numbers.penalty) < 1e-7


def test_liblinear_penalises_its_intercept():
    X, y, _ = table()
    y = classes(y)
    numbers = convert(1.0, "priormap.Gaussian", "sklearn.LogisticRegression(solver='liblinear')")
    model = linear_model.LogisticRegression(
        **numbers, solver="liblinear", tol=1e-12, max_iter=10_000
    ).fit(X, y)
    slope = logistic_slope(model, X, y)
    everything = np.c_[X, np.ones(len(y))]
    coef = np.r_[model.coef_[0], model.intercept_]
    assert violation(everything, slope, coef, Penalty(np.zeros(6), np.ones(6))) < 1e-5


COUNTS = {
    "sklearn.PoissonRegressor": (linear_model.PoissonRegressor, lambda y, mu: y - mu),
    "sklearn.GammaRegressor": (linear_model.GammaRegressor, lambda y, mu: y / mu - 1),
}


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("weighted", [False, True])
def test_counts_and_durations(name, weighted):
    make, slope_of = COUNTS[name]
    X, y, weights = table()
    y = np.ceil(np.exp(y / 4))
    w = weights if weighted else None
    numbers = convert(
        0.5, "priormap.Gaussian", name, data=Regression(X, y, sigma=2.0), sample_weight=w
    )
    model = make(**numbers, solver="newton-cholesky", tol=1e-10).fit(X, y, w)
    slope = slope_of(y, model.predict(X)) * (1.0 if w is None else w)
    assert violation(X, slope, model.coef_, numbers.penalty) < 1e-8


def test_logistic_stochastic_gradients_come_near():
    X, y, _ = table(n=200)
    X, y = (X - X.mean(0)) / X.std(0), classes(y)
    name = "sklearn.SGDClassifier(loss='log_loss')"
    numbers = convert(0.5, "priormap.Gaussian", name, n=200)
    model = linear_model.SGDClassifier(
        loss="log_loss", **numbers, learning_rate="invscaling", eta0=0.5, power_t=0.6,
        tol=None, max_iter=1000, random_state=0,
    ).fit(X, y)  # fmt: skip
    assert violation(X, logistic_slope(model, X, y), model.coef_[0], numbers.penalty) < 5e-3


# celer, skglm, statsmodels, XGBoost, adelie


@pytest.mark.parametrize("name", ["celer.Lasso", "celer.ElasticNet"])
@pytest.mark.parametrize("factors", [False, True])
def test_celer(name, factors):
    celer = pytest.importorskip("celer", reason="celer is not installed")
    X, y, _ = table()
    penalty = converted("lasso" if name == "celer.Lasso" else "elastic net", name, X, y).penalty
    if factors:
        strength = np.array([0.5, 1.0, 2.0, 1.5, 1.0])
        penalty = Penalty(penalty.l1 * strength, penalty.l2 * strength)
    numbers = numbers_of(name, penalty, DataFacts(Regression(X, y)))
    assert ("weights" in numbers) == factors
    model = getattr(celer, name.split(".")[1])(**numbers, tol=1e-14, max_iter=200).fit(X, y)
    assert_minimum(1e-9, X, y, model.coef_, penalty)


def test_celer_logistic_regression():
    celer = pytest.importorskip("celer", reason="celer is not installed")
    X, y, _ = table()
    y = classes(y)
    numbers = convert(0.3, "priormap.Laplace", "celer.LogisticRegression")
    model = celer.LogisticRegression(**numbers, tol=1e-12).fit(X, 2 * y - 1)
    slope = y - 1 / (1 + np.exp(-X @ model.coef_[0]))
    assert violation(X, slope, model.coef_[0], numbers.penalty) < 1e-7


compiles_long = pytest.mark.skipif(
    not os.environ.get("PRIORMAP_FULL"), reason="skglm compiles for a minute; PRIORMAP_FULL=1 runs"
)


@compiles_long
@pytest.mark.parametrize(
    ("name", "prior"),
    [("Lasso", "lasso"), ("WeightedLasso", "lasso"), ("ElasticNet", "elastic net")],
)
def test_skglm(name, prior):
    skglm = pytest.importorskip("skglm", reason="skglm is not installed")
    X, y, _ = table()
    penalty = converted(prior, f"skglm.{name}", X, y).penalty
    if name == "WeightedLasso":
        penalty = Penalty(penalty.l1 * [0.5, 1.0, 2.0, 1.5, 1.0], penalty.l2)
    numbers = numbers_of(f"skglm.{name}", penalty, DataFacts(Regression(X, y)))
    model = getattr(skglm, name)(**numbers, tol=1e-13, max_iter=500).fit(X, y)
    assert_minimum(1e-9, X, y, model.coef_, penalty)


@compiles_long
@pytest.mark.filterwarnings("ignore::numba.NumbaPerformanceWarning")  # its own, on compiling
def test_skglm_logistic_regression():
    skglm = pytest.importorskip("skglm", reason="skglm is not installed")
    X, y, _ = table()
    y = classes(y)
    numbers = convert(0.3, "priormap.Laplace", "skglm.SparseLogisticRegression", n=len(y))
    model = skglm.SparseLogisticRegression(**numbers, tol=1e-10, max_iter=500).fit(X, y)
    slope = logistic_slope(model, X, y)
    assert violation(X, slope, np.ravel(model.coef_), numbers.penalty) < 1e-7


@pytest.mark.parametrize("prior", ["lasso", "elastic net"])
@pytest.mark.parametrize("weighted", [False, True])
def test_statsmodels_squares(prior, weighted):
    api = pytest.importorskip("statsmodels.api", reason="statsmodels is not installed")
    X, y, weights = table()
    model, w = (api.WLS, weights) if weighted else (api.OLS, None)
    name = f"statsmodels.{model.__name__}.fit_regularized"
    numbers = converted(prior, name, X, y, sample_weight=w)
    free = np.r_[0.0, np.full(5, numbers["alpha"])]  # as the note says
    options = {"weights": w} if weighted else {}
    fit = model(y, api.add_constant(X), **options).fit_regularized(
        alpha=free, L1_wt=numbers["L1_wt"], cnvrg_tol=1e-13, maxiter=10_000, zero_tol=1e-14
    )
    assert_minimum(1e-6, X, y, fit.params[1:], numbers.penalty, w)


def test_statsmodels_logit():
    api = pytest.importorskip("statsmodels.api", reason="statsmodels is not installed")
    X, y, _ = table()
    y = classes(y)
    numbers = convert(0.3, "priormap.Laplace", "statsmodels.Logit.fit_regularized")
    fit = api.Logit(y, api.add_constant(X)).fit_regularized(
        alpha=np.r_[0.0, np.full(5, numbers["alpha"])], disp=0, acc=1e-12, maxiter=10_000
    )
    slope = y - fit.predict()
    coef = np.where(np.abs(fit.params[1:]) < 1e-6, 0.0, fit.params[1:])
    assert violation(X, slope, coef, numbers.penalty) < 1e-5


@pytest.mark.filterwarnings("ignore:.*`booster=gblinear` is deprecated:UserWarning")
@pytest.mark.parametrize("weighted", [False, True])
def test_xgboost(weighted):
    xgboost = pytest.importorskip("xgboost", reason="xgboost is not installed")
    X, y, weights = table()
    X, y = X - X.mean(0), y - y.mean()  # single precision
    w = weights if weighted else None
    numbers = converted("elastic net", "xgboost.gblinear", X, y, sample_weight=w)
    model = xgboost.XGBRegressor(
        booster="gblinear", updater="coord_descent", feature_selector="cyclic", n_estimators=1000,
        learning_rate=1.0, base_score=0.0, n_jobs=1, **numbers,
    ).fit(X, y, sample_weight=w)  # fmt: skip
    assert_minimum(1e-4, X, y, model.coef_, numbers.penalty, w)


@pytest.mark.parametrize("weighted", [False, True])
def test_adelie(weighted):
    adelie = pytest.importorskip("adelie", reason="adelie is not installed")
    X, y, weights = table()
    w = weights if weighted else None
    numbers = converted("elastic net", "adelie.grpnet", X, y, sample_weight=w)
    glm = adelie.glm.gaussian(y, weights=None if w is None else w / w.sum())
    state = adelie.grpnet(
        np.asfortranarray(X), glm, alpha=numbers["alpha"], lmda_path=[numbers["lmda"]],
        tol=1e-16, progress_bar=False, early_exit=False,
    )  # fmt: skip
    assert_minimum(1e-8, X, y, state.betas.toarray()[-1], numbers.penalty, w)
