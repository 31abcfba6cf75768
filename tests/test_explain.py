"""`explain`: the prior that a fitted estimator's penalty is, from definitions first."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, sparse, stats
from sklearn import linear_model
from sklearn.base import clone
from sklearn.linear_model import (
    BayesianRidge,
    ElasticNetCV,
    Lasso,
    LassoCV,
    LassoLars,
    LassoLarsCV,
    LassoLarsIC,
    LinearRegression,
    LogisticRegression,
    MultiTaskLasso,
    Ridge,
    RidgeClassifier,
    RidgeCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from priormap import (
    ElasticNet,
    Gaussian,
    Laplace,
    Penalty,
    PriormapError,
    PriormapWarning,
    Regression,
    explain,
    explain_penalty,
    find_map,
    log_posterior,
    sample,
)
from priormap.auditing.prior_of_penalty import prior_of
from priormap.data import moments
from priormap.model.prior_predictive import PriorR2, prior_r2

N, P = 70, 5
TIGHT = {"tol": 1e-14, "max_iter": 1_000_000}
ESTIMATORS = {
    "Ridge": Ridge(alpha=3.0, solver="svd"),
    "RidgeCV": RidgeCV(alphas=[1.0, 10.0]),
    "Lasso": Lasso(alpha=0.4, **TIGHT),
    "LassoCV": LassoCV(cv=3, **TIGHT),
    "LassoLars": LassoLars(alpha=0.4),
    "LassoLarsCV": LassoLarsCV(cv=3),
    "LassoLarsIC": LassoLarsIC(),
    "ElasticNet": linear_model.ElasticNet(alpha=0.4, l1_ratio=0.7, **TIGHT),
    "ElasticNetCV": ElasticNetCV(cv=3, l1_ratio=[0.3, 0.7], **TIGHT),
    "BayesianRidge": BayesianRidge(),
    "LinearRegression": LinearRegression(),
}
UNWEIGHTED = {"LassoLars", "LassoLarsCV", "LassoLarsIC"}
FAMILY = dict.fromkeys(ESTIMATORS, "Laplace") | {
    "Ridge": "Gaussian",
    "RidgeCV": "Gaussian",
    "BayesianRidge": "Gaussian",
    "ElasticNet": "ElasticNet",
    "ElasticNetCV": "ElasticNet",
    "LinearRegression": "flat",
}


def problem(seed=0, scale=1.0, shift=3.0):
    """Columns of different sizes and means; their units and those of y may be changed."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, P)) @ (np.eye(P) + 0.2) * np.geomspace(0.5, 4, P)
    y = X @ np.array([2.0, -1.0, 0.0, 0.5, 0.0]) + 1.5 * rng.normal(size=N)
    return scale * X + shift, y + 2 * shift


WEIGHTS = np.random.default_rng(1).exponential(size=N) * (np.arange(N) % 7 != 0)


# the mode of the prior is the fit


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("scaler", [None, StandardScaler(), MinMaxScaler((-1, 2)), MaxAbsScaler()])
def test_the_mode_under_the_prior_is_the_fit(name, scaler):
    X, y = problem()
    model = clone(ESTIMATORS[name])
    fitted = (make_pipeline(clone(scaler), model) if scaler else model).fit(X, y)
    explanation = explain(fitted, X, y)
    data, prior = explanation
    family = FAMILY[name] if getattr(model, "alpha_", 1.0) else "flat"
    assert explanation.family == family
    assert explanation.certificate.is_mode
    again = find_map(data, prior)
    np.testing.assert_allclose(again.coef, explanation.coef, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(
        explanation.intercept + X @ explanation.coef, fitted.predict(X), rtol=1e-9
    )
    assert again.intercept == pytest.approx(explanation.intercept, rel=1e-6)
    assert data.standardize == (isinstance(scaler, StandardScaler) and family != "flat")
    if data.standardize or scaler is None:
        assert np.ndim(prior.l1_scale) == np.ndim(prior.l2_scale) == 0


@pytest.mark.parametrize("name", sorted(ESTIMATORS.keys() - UNWEIGHTED))
@pytest.mark.parametrize("scaler", [None, StandardScaler()])
@pytest.mark.parametrize("intercept", [True, False])
def test_sample_weights_count(name, scaler, intercept):
    X, y = problem(2)
    model = clone(ESTIMATORS[name]).set_params(fit_intercept=intercept)
    whole = make_pipeline(clone(scaler), model) if scaler else model
    step = {f"{whole.steps[-1][0]}__sample_weight": WEIGHTS} if scaler else {}
    whole.fit(X, y, **(step or {"sample_weight": WEIGHTS}))
    explanation = explain(whole, X, y, sample_weight=WEIGHTS)
    assert explanation.certificate.is_mode
    assert explanation.data.n_rows == np.count_nonzero(WEIGHTS)
    fit = find_map(*explanation)
    np.testing.assert_allclose(fit.coef, explanation.coef, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(
        explanation.intercept + X @ explanation.coef, whole.predict(X), rtol=1e-9
    )
    # negative control: without the weights it is another problem
    if name != "RidgeCV" and explanation.coef.any():
        assert not explain(whole, X, y).certificate.is_mode


@pytest.mark.parametrize("factor", [1e-3, 7.0])
@pytest.mark.parametrize("name", ["Ridge", "Lasso", "ElasticNet"])
def test_only_ridge_cares_for_the_size_of_weights(name, factor):
    X, y = problem(3)
    model = clone(ESTIMATORS[name]).fit(X, y, sample_weight=WEIGHTS)
    once = explain(model, X, y, sample_weight=WEIGHTS)
    if name == "Ridge":
        model.set_params(alpha=3.0 * factor)
    again = explain(model, X, y, sample_weight=factor * WEIGHTS)
    assert again.certificate.is_mode
    assert again.sigma == pytest.approx(once.sigma * np.sqrt(factor), rel=1e-12)
    np.testing.assert_allclose(again.prior_sd, once.prior_sd, rtol=1e-10)
    assert again.r2.median == pytest.approx(once.r2.median, rel=1e-9)


def test_the_weighted_rows_have_the_weighted_likelihood():
    X, y = problem(4)
    model = Ridge(alpha=3.0).fit(X, y, sample_weight=WEIGHTS)
    data, prior = explain(model, X, y, sigma=1.7, sample_weight=WEIGHTS)

    def direct(coef):
        w = WEIGHTS
        residual = y - X @ coef
        residual = residual - w @ residual / w.sum()
        return -0.5 * (w @ residual**2) / 1.7**2 + float(prior.logpdf(coef).sum())

    one, two = np.random.default_rng(0).normal(size=(2, P))
    ours = [log_posterior(data, prior, coef, 0.0) for coef in (one, two)]
    assert ours[0] - ours[1] == pytest.approx(direct(one) - direct(two), rel=1e-12)


@pytest.mark.parametrize("kind", [StandardScaler, MinMaxScaler, RobustScaler])
def test_a_scaler_that_shifts_columns_matters_without_an_intercept(kind):
    X, y = problem(5)
    model = make_pipeline(kind(), Ridge(alpha=3.0, fit_intercept=False, solver="svd")).fit(X, y)
    explanation = explain(model, X, y)
    assert explanation.certificate.is_mode
    np.testing.assert_allclose(
        explanation.intercept + X @ explanation.coef, model.predict(X), rtol=1e-10
    )


# the numbers


@pytest.mark.parametrize("sigma", [0.5, 2.0])
def test_scales_are_those_of_the_definition(sigma):
    X, y = problem(6)
    factor = X.std(0)
    for name, expected in {
        "Ridge": Gaussian(sigma / np.sqrt(3.0)),
        "Lasso": Laplace(sigma**2 / (N * 0.4)),
        "ElasticNet": ElasticNet.from_elastic_net(0.4, 0.7, sigma, N),
    }.items():
        alone = explain(clone(ESTIMATORS[name]).fit(X, y), X, y, sigma=sigma)
        behind = make_pipeline(StandardScaler(), clone(ESTIMATORS[name])).fit(X, y)
        behind = explain(behind, X, y, sigma=sigma)
        for explanation, unit in ((alone, 1.0), (behind, 1 / factor)):
            assert explanation.sigma_origin == "as given"
            np.testing.assert_allclose(explanation.prior.l1_scale, expected.l1_scale, rtol=1e-12)
            np.testing.assert_allclose(explanation.prior.l2_scale, expected.l2_scale, rtol=1e-12)
            np.testing.assert_allclose(explanation.prior_sd, expected.sd * unit, rtol=1e-12)


def test_changing_units_changes_units_and_nothing_else():
    X, y = problem(7, shift=0.0)
    once = explain(Lasso(alpha=0.4, **TIGHT).fit(X, y), X, y)
    wide = explain(Lasso(alpha=0.4 * 30 * 5, **TIGHT).fit(30 * X + 9, 5 * y), 30 * X + 9, 5 * y)
    assert wide.sigma == pytest.approx(5 * once.sigma, rel=1e-9)
    np.testing.assert_allclose(wide.prior_sd, once.prior_sd * 5 / 30, rtol=1e-9)
    np.testing.assert_allclose(
        wide.half_width * wide.column_sd, 5 * once.half_width * once.column_sd
    )
    assert wide.r2.median == pytest.approx(once.r2.median, rel=1e-9)
    assert wide.r2.low == pytest.approx(once.r2.low, rel=1e-9)


@pytest.mark.parametrize(("n", "p"), [(40, 6), (20, 60), (30, 200)])
def test_the_noise_is_the_residual_sd_with_the_trace_of_the_hat_matrix(n, p):
    rng = np.random.default_rng(8)
    X = rng.normal(size=(n, p)) + 1.0
    y = X[:, :3] @ [1.0, 2.0, -1.0] + rng.normal(size=n)
    ridge = Ridge(alpha=9.0, solver="svd").fit(X, y)
    net = linear_model.ElasticNet(alpha=0.5, l1_ratio=0.5, **TIGHT).fit(X, y)
    lasso = Lasso(alpha=0.3, **TIGHT).fit(X, y)
    for model, l2, used in (
        (ridge, 9.0, np.arange(p)),
        (net, n * 0.25, np.flatnonzero(net.coef_)),
        (lasso, 0.0, np.flatnonzero(lasso.coef_)),
    ):
        Z = X[:, used] - X[:, used].mean(0)
        hat = Z @ np.linalg.solve(Z.T @ Z + l2 * np.eye(len(used)), Z.T)
        parameters = 1 + np.trace(hat)
        rss = ((y - model.predict(X)) ** 2).sum()
        explanation = explain(model, X, y)
        assert explanation.sigma == pytest.approx(np.sqrt(rss / (n - parameters)), rel=1e-7)
        assert f"with {parameters:.4g} effective parameters" in explanation.sigma_origin


def test_the_noise_of_bayesian_ridge_is_its_own():
    X, y = problem(9)
    model = BayesianRidge().fit(X, y)
    explanation = explain(model, X, y)
    assert explanation.sigma == pytest.approx(model.alpha_**-0.5, rel=1e-14)
    assert explanation.prior.scale == pytest.approx(model.lambda_**-0.5, rel=1e-12)
    assert "learnt" in explanation.sigma_origin
    assert explain(model, X, y, sigma=2.0).sigma == 2.0


def test_where_residuals_tell_no_noise_the_spread_of_y_stands_in():
    rng = np.random.default_rng(10)
    X, y = rng.normal(size=(8, 12)), rng.normal(size=8)
    explanation = explain(Ridge(alpha=1e-9).fit(X, y), X, y)
    assert explanation.sigma == pytest.approx(np.std(y))
    assert "too few of 8 rows" in explanation.sigma_origin
    exact = explain(LinearRegression().fit(X[:, :2], X[:, 0]), X[:, :2], X[:, 0])
    assert exact.sigma == pytest.approx(np.std(X[:, 0]))
    assert "the fit is exact" in exact.sigma_origin


PRIORS = [
    Gaussian(0.7),
    Laplace(0.7),
    *(ElasticNet(1.0, t) for t in (1e-3, 0.5, 3.0, 100.0, 900.0, 1e4, 1e9)),
    ElasticNet(np.inf, 2.0),
    ElasticNet(2.0, np.inf),
]


@pytest.mark.parametrize("prior", PRIORS, ids=str)
def test_the_interval_holds_95_percent_of_the_density(prior):
    width = float(prior.interval(0.95))
    mass, _ = integrate.quad(
        lambda b: np.exp(prior.logpdf(b)), 0, width, epsabs=1e-13, epsrel=1e-13, limit=200
    )
    assert 2 * mass == pytest.approx(0.95, rel=1e-9)


def test_a_flat_prior_has_no_interval():
    assert Gaussian(np.inf).interval(0.95) == Laplace(np.inf).interval(0.95) == np.inf
    assert ElasticNet(np.inf, np.inf).interval(0.95) == np.inf
    mixed = ElasticNet([1.0, np.inf], [np.inf, np.inf]).interval(0.95)
    assert mixed[0] == pytest.approx(np.log(20))
    assert mixed[1] == np.inf


def test_the_prior_of_a_penalty_gives_the_penalty_back():
    X, y = problem(11)
    data = Regression(X, y, sigma=1.3)
    rng = np.random.default_rng(0)
    for l1, l2 in ((1, 0), (0, 1), (1, 1)):
        one = Penalty(l1 * rng.exponential(size=P), l2 * rng.exponential(size=P))
        back = Penalty.from_prior(prior_of(one, 1.3), data, 1.3)
        np.testing.assert_allclose(back.l1, one.l1, rtol=1e-14)
        np.testing.assert_allclose(back.l2, one.l2, rtol=1e-14)


def test_prior_r2_of_one_column_has_a_closed_form():
    X, y = problem(12)
    data, scale, sigma = Regression(X[:, :1], y, sigma=1.1), 0.8, 1.1
    explained = X[:, 0].var() * scale**2
    found = prior_r2(data, Gaussian(scale), sigma)
    for level, value in ((0.025, found.low), (0.5, found.median), (0.975, found.high)):
        # compare as probabilities: the error of a quantile of 4000 draws there
        at = stats.chi2(1).cdf(value / (1 - value) * sigma**2 / explained)
        assert abs(at - level) < 4 * np.sqrt(level * (1 - level) / 4000)
    wrong = prior_r2(data, Gaussian(1.3 * scale), sigma).median
    at = stats.chi2(1).cdf(wrong / (1 - wrong) * sigma**2 / explained)
    assert abs(at - 0.5) > 4 * np.sqrt(0.25 / 4000)  # negative control


@pytest.mark.parametrize("shape", [(60, 4), (15, 150)])
@pytest.mark.parametrize("prior", [Gaussian(0.3), Laplace(0.3), ElasticNet(0.3, 0.4)])
@pytest.mark.parametrize("intercept", [True, False])
def test_prior_r2_is_that_of_simulated_fits(shape, prior, intercept):
    rng = np.random.default_rng(13)
    X = rng.normal(size=shape) @ np.diag(rng.exponential(size=shape[1])) + 1.0
    data = Regression(X, rng.normal(size=shape[0]), sigma=2.0, intercept=intercept)
    fitted = X @ prior.rvs((5_000, shape[1]), rng).T
    explained = fitted.var(axis=0) if intercept else (fitted**2).mean(axis=0)
    share = np.sort(explained / (explained + 4.0))
    found = prior_r2(data, prior, 2.0)
    for level, value in ((0.025, found.low), (0.5, found.median), (0.975, found.high)):
        at = np.searchsorted(share, value) / len(share)
        assert abs(at - level) < 4.5 * np.sqrt(level * (1 - level) * (1 / 1000 + 1 / 5_000))


def test_prior_r2_of_a_flat_prior_is_one():
    X, y = problem(14)
    assert explain(LinearRegression().fit(X, y), X, y).r2 == PriorR2(1.0, 1.0, 1.0)


# the certificate of its own coefficients


def test_a_solver_that_stopped_early_is_told():
    X, y = problem(15)
    explanation = explain(Lasso(alpha=0.4, tol=1e-2).fit(X, y), X, y)
    assert not explanation.certificate.is_mode
    assert "stopped early" in explanation.verdict
    assert explanation.elsewhere == ""


@pytest.mark.parametrize("name", ["Ridge", "Lasso", "ElasticNet"])
def test_an_alpha_that_was_changed_after_the_fit_is_found(name):
    X, y = problem(16)
    for scaler in ([], [StandardScaler()]):
        model = clone(ESTIMATORS[name])
        fitted = make_pipeline(*scaler, model).fit(X, y)
        was = model.alpha
        model.set_params(alpha=0.05)
        explanation = explain(fitted, X, y)
        assert explanation.elsewhere.startswith(f"alpha={was:g}")
        assert f"That is alpha={was:g}" in repr(explanation)


# what comes out


def test_the_explanation_shows_itself():
    X, y = problem(17)
    frame = pd.DataFrame(X, columns=list("abcde"))
    explanation = explain(Lasso(alpha=0.4, **TIGHT).fit(frame, y), frame, y)
    table = explanation.to_frame()
    assert list(table.index) == list("abcde")
    np.testing.assert_allclose(table["scale"], explanation.prior.scale)
    np.testing.assert_allclose(table["prior_sd"], explanation.prior.scale * np.sqrt(2))
    np.testing.assert_allclose(table["high_per_sd"], table["high"] * X.std(0))
    np.testing.assert_allclose(table["coef_in_prior_sd"] * table["prior_sd"], table["coef"])
    text = repr(explanation)
    for piece in ("Lasso(alpha=0.4)", "Laplace(scale=", "effective parameters", "R^2", "sd(y)"):
        assert piece in text
    assert "<table" in explanation._repr_html_()
    net = explain(clone(ESTIMATORS["ElasticNet"]).fit(frame, y), frame, y)
    assert {"l1_scale", "l2_scale"} <= set(net.to_frame())
    assert "it is flat" in repr(explain(Ridge(alpha=0).fit(X, y), X, y))
    many = np.random.default_rng(0).normal(size=(40, 25))
    assert "... 5 more" in repr(explain(Ridge().fit(many, many[:, 0]), many, many[:, 0]))


def test_it_reads_the_data_once_and_copies_nothing(monkeypatch):
    X, y = problem(18)
    X = np.asfortranarray(X)
    passes = []
    once = moments.moments_of
    monkeypatch.setattr(
        "priormap.data.unit_columns.moments_of", lambda *a: passes.append(1) or once(*a)
    )
    model = make_pipeline(StandardScaler(), Ridge(alpha=3.0)).fit(X, y)
    explanation = explain(model, X, y)
    assert len(passes) == 1
    assert np.shares_memory(explanation.data.X, X)
    find_map(*explanation)
    assert len(passes) == 1


def test_sparse_columns():
    X, y = problem(19)
    X = sparse.csr_array(X * (X > 3))
    model = Ridge(alpha=3.0, solver="sparse_cg", tol=1e-14).fit(X, y)
    explanation = explain(model, X, y)
    assert explanation.certificate.is_mode
    behind = make_pipeline(StandardScaler(with_mean=False), Lasso(alpha=0.4, **TIGHT)).fit(X, y)
    assert explain(behind, X, y).certificate.is_mode
    model.set_params(fit_intercept=False).fit(X, y, sample_weight=WEIGHTS)
    assert explain(model, X, y, sample_weight=WEIGHTS).certificate.kkt_residual < 1e-8


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("scaler", [None, StandardScaler()], ids=["as they are", "standardised"])
def test_an_explained_elastic_net_is_sampled(weights, scaler):
    X, y = problem(22)
    model = linear_model.ElasticNet(alpha=0.1, l1_ratio=0.5, **TIGHT)
    whole = make_pipeline(scaler, model) if scaler else model
    step = {"elasticnet__sample_weight" if scaler else "sample_weight": weights}
    explanation = explain(whole.fit(X, y, **step), X, y, sample_weight=weights)
    assert isinstance(explanation.prior, ElasticNet)
    posterior = sample(explanation.data, explanation.prior, draws=1000, random_seed=4).posterior
    coef = posterior["coef"].stack(draw_of_all=("chain", "draw")).to_numpy()
    # the same posterior from the definitions: draws under its Gaussian part, weighted by the rest
    w = np.ones(N) if weights is None else weights
    Z, r = X - w @ X / w.sum(), y - w @ y / w.sum()
    prior, noise = explanation.prior_per_unit, explanation.sigma**2
    precision = Z.T * w @ Z / noise + np.diag(np.ones(P) / np.square(prior.l2_scale))
    covariance = np.linalg.inv(precision)
    centre = covariance @ Z.T @ (w * r) / noise
    smooth = np.random.default_rng(5).multivariate_normal(centre, covariance, size=200_000)
    log_weight = -np.abs(smooth) @ (np.ones(P) / prior.l1_scale)
    share = np.exp(log_weight - log_weight.max())
    share /= share.sum()
    wanted, spread = share @ smooth, np.sqrt(share @ smooth**2 - (share @ smooth) ** 2)
    assert 1 / (share @ share) > 20_000  # enough of them count
    error = spread / np.sqrt(2000)  # of 4,000 draws, half of them effective
    np.testing.assert_allclose((coef.mean(axis=1) - wanted) / error, 0, atol=4.5)
    np.testing.assert_allclose(coef.std(axis=1), spread, rtol=0.08)
    # negative control: the Laplace part moves the mean
    assert np.abs((wanted - centre) / error).max() > 10


# by numbers


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_numbers_alone_explain_the_same(weights):
    X, y = problem(20)
    data = Regression(X, y)
    for name, call, numbers in (
        ("Ridge", "sklearn.Ridge", {"alpha": 3.0}),
        ("Lasso", "sklearn.Lasso", {"alpha": 0.4}),
        ("ElasticNet", "sklearn.ElasticNet", {"alpha": 0.4, "l1_ratio": 0.7}),
    ):
        model = clone(ESTIMATORS[name]).fit(X, y, sample_weight=weights)
        by_fit = explain(model, X, y, sample_weight=weights)
        by_numbers = explain_penalty(call, data=data, sample_weight=weights, **numbers)
        assert by_numbers.sigma == pytest.approx(by_fit.sigma, rel=1e-8)
        np.testing.assert_allclose(by_numbers.prior_sd, by_fit.prior_sd, rtol=1e-8)
        np.testing.assert_allclose(by_numbers.coef, by_fit.coef, rtol=1e-6, atol=1e-9)
        assert by_numbers.certificate.is_mode
        np.testing.assert_allclose(find_map(*by_numbers).coef, by_numbers.coef, rtol=1e-9)


def test_glmnet_by_numbers_is_one_prior_of_standardised_columns():
    X, y = problem(21)
    data = Regression(X, y, sigma=1.2)
    explanation = explain_penalty("glmnet", lambda_=0.2, data=data)
    assert explanation.data.standardize
    assert explanation.prior.scale == pytest.approx(1.2**2 / (N * 0.2), rel=1e-12)
    assert explanation.sigma_origin == "as the data know it"
    np.testing.assert_allclose(find_map(*explanation).coef, explanation.coef, rtol=1e-9)


def test_numbers_that_name_the_noise():
    X, y = problem(22)
    model = BayesianRidge().fit(X, y)
    numbers = {"alpha_": model.alpha_, "lambda_": model.lambda_}
    explanation = explain_penalty(
        "sklearn.BayesianRidge", data=Regression(X, y), coef=model, **numbers
    )
    assert explanation.sigma == pytest.approx(model.alpha_**-0.5, rel=1e-14)
    assert explanation.certificate.is_mode


def test_coefficients_of_another_alpha_name_it():
    X, y = problem(23)
    model = Lasso(alpha=0.8, **TIGHT).fit(X, y)
    explanation = explain_penalty("sklearn.Lasso", data=Regression(X, y), coef=model, alpha=0.4)
    assert explanation.elsewhere == "alpha=0.8"
    assert explanation.certificate.shortfall.other.slip == "2"


def test_a_number_left_out_is_the_default_of_the_library():
    X, y = problem(24)
    shown = [
        explain_penalty("sklearn.Ridge", data=Regression(X, y), **numbers).call
        for numbers in ({}, {"alpha": None}, {"alpha": 1.0})
    ]
    assert shown == ["sklearn.Ridge()", "sklearn.Ridge()", "sklearn.Ridge(alpha=1)"]


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("n", [N, 4], ids=["tall", "wide"])
def test_a_constant_column_changes_no_belief(alpha, n):
    X, y = (part[:n] for part in problem(25))
    numbers = {"lambda_": 0.2, "alpha": alpha, "sigma": 1.0}
    with pytest.warns(PriormapWarning, match="is constant"):
        data = Regression(np.insert(X, 1, 3.0, axis=1), y)
    explanation = explain_penalty("glmnet", data=data, **numbers)
    without = explain_penalty("glmnet", data=Regression(X, y), **numbers)
    assert explanation.prior_sd[1] == np.inf  # glmnet does not penalise it
    assert explanation.r2.median == pytest.approx(without.r2.median, rel=1e-10)
    kept = explanation.to_frame().drop(index="x1").drop(columns="coef_in_prior_sd")
    wanted = without.to_frame().drop(columns="coef_in_prior_sd")
    np.testing.assert_allclose(kept, wanted, rtol=1e-9, atol=1e-10)
    assert explanation.to_frame().loc["x1", "high_per_sd"] == 0


def test_a_penalised_intercept_is_noted():
    X, y = problem(24)
    explanation = explain_penalty(
        "statsmodels.OLS.fit_regularized", data=Regression(X, y), alpha=0.1
    )
    assert "penalises its intercept" in repr(explanation)


# refusals


X0, Y0 = problem()
NAMED = pd.DataFrame(X0, columns=list("abcde"))


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Ridge(), "Ridge has no coef_: it is not fitted"),
        (make_pipeline(StandardScaler(), Ridge()), "Ridge has no coef_: it is not fitted"),
        (StandardScaler().fit(X0), "StandardScaler has no coef_: it is not fitted, or not linear"),
        (np.zeros(3), "must be a fitted linear model"),
        (Ridge, "must be a fitted linear model, got the class Ridge"),
        (make_pipeline("passthrough"), "the Pipeline has no model"),
        (LogisticRegression().fit(X0, Y0 > 6), "LogisticRegression is not one of the linear"),
        (RidgeClassifier().fit(X0, Y0 > 6), "RidgeClassifier is not one of the linear"),
        (linear_model.HuberRegressor().fit(X0, Y0), "HuberRegressor is not one of the linear"),
        (MultiTaskLasso().fit(X0, np.c_[Y0, Y0]), "several responses"),
        (Ridge().fit(X0, np.c_[Y0, Y0]), "several responses"),
        (Lasso(positive=True).fit(X0, Y0), r"Lasso\(positive=True\) keeps its coefficients"),
        (LinearRegression(positive=True).fit(X0, Y0), r"LinearRegression\(positive=True\)"),
        (Ridge().fit(X0[:, :3], Y0), "fitted on 3 columns but X has 5"),
        (Ridge().fit(NAMED.rename(columns={"a": "z"}), Y0), "X has no column 'z'"),
        (Ridge().fit(NAMED[list("bacde")], Y0), "in another order"),
        (make_pipeline(StandardScaler(), Ridge()).fit(NAMED[list("bacde")], Y0), "another order"),
    ],
)
def test_estimators_that_cannot_be_explained_are_refused(model, reason):
    with pytest.raises(PriormapError, match=reason):
        explain(model, NAMED, Y0)


def test_a_multitask_lasso_of_one_response_is_refused_by_its_kind():
    model = MultiTaskLasso().fit(X0, Y0[:, None])
    with pytest.raises(PriormapError, match="MultiTaskLasso is not one of the linear models"):
        explain(model, X0, Y0)


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        (np.ones(3), r"sample_weight has shape \(3,\) but there are 70 rows"),
        (-np.ones(N), "not negative, got -1"),
        (np.zeros(N), "zero in every row"),
        (np.full(N, np.nan), "must be finite"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(weights, reason):
    with pytest.raises(PriormapError, match=reason):
        explain(Ridge().fit(X0, Y0), X0, Y0, sample_weight=weights)


def test_other_arguments_that_cannot_be_used_are_refused():
    with pytest.raises(PriormapError, match="LassoLars takes no sample weights"):
        explain(LassoLars().fit(X0, Y0), X0, Y0, sample_weight=np.ones(N))
    with pytest.raises(PriormapError, match="sparse X cannot be centred by weighted means"):
        explain(Ridge().fit(X0, Y0), sparse.csr_array(X0), Y0, sample_weight=np.ones(N))
    with pytest.raises(PriormapError, match="sigma must be a positive"):
        explain(Ridge().fit(X0, Y0), X0, Y0, sigma=-1.0)
    with pytest.raises(PriormapError, match="X has 70 rows but y has 3"):
        explain(Ridge().fit(X0, Y0), X0, Y0[:3])


@pytest.mark.parametrize(
    ("convention", "numbers", "reason"),
    [
        ("sklearn.Laso", {"alpha": 1.0}, "unknown convention 'sklearn.Laso'; the nearest"),
        ("laso", {"alpha": 1.0}, "unknown convention 'laso'; the nearest are 'sklearn.Lasso'"),
        ("sklearn.Lasso", {"lam": 1.0}, "sklearn.Lasso has no 'lam'"),
        ("sklearn.Lasso", {"alpha": -1.0}, "must be finite and not negative, got -1"),
        ("torch.AdamW", {"weight_decay": 0.1}, "no equivalent prior"),
        ("sklearn.LogisticRegression", {"C": 1.0}, "penalises a binomial likelihood"),
    ],
)
def test_numbers_that_cannot_be_explained_are_refused(convention, numbers, reason):
    with pytest.raises(PriormapError, match=reason):
        explain_penalty(convention, data=Regression(X0, Y0), **numbers)
    with pytest.raises(PriormapError, match="data must be a Regression"):
        explain_penalty("sklearn.Lasso", data=X0, alpha=1.0)
