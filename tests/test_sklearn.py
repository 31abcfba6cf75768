"""The estimators are scikit-learn's in every respect, and their numbers are ours."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.linear_model import BayesianRidge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import priormap as pmap
from priormap.sklearn import BayesianLinear

X, Y = load_diabetes(return_X_y=True, as_frame=True)


def exact_fits(estimator):
    """A check whose y is a column of X: with sigma unknown that has neither mode nor posterior."""
    if estimator.sigma is not None:
        return {}
    return {"check_regressors_no_decision_function": "sigma piles up at zero, which is refused"}


@pytest.mark.filterwarnings("ignore::priormap.PriormapWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(
    [
        BayesianLinear(),
        BayesianLinear(pmap.Laplace(1.0), sigma=1.0),
        BayesianLinear(pmap.Laplace(1.0), point="mean", draws=50, chains=1, random_state=0),
    ],
    expected_failed_checks=exact_fits,
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("prior", [pmap.Gaussian(10.0), pmap.Laplace(4.0)])
@pytest.mark.parametrize("sigma", [54.0, None])
def test_the_mode_is_ours(prior, sigma):
    fitted = BayesianLinear(prior, sigma=sigma, standardize=True).fit(X, Y)
    data = pmap.Regression(X, Y, sigma, standardize=True)
    mode = pmap.find_map(data, prior)
    np.testing.assert_array_equal(fitted.coef_, mode.coef)
    assert fitted.intercept_ == mode.intercept
    assert fitted.sigma_ == mode.sigma
    assert fitted.certificate_.is_mode
    np.testing.assert_allclose(fitted.predict(X), mode.predict(X))
    assert fitted.score(X, Y) == pytest.approx(
        np.corrcoef(fitted.predict(X), Y)[0, 1] ** 2, abs=0.02
    )


def test_mean_and_median_are_of_the_posterior():
    options = {"sigma": 54.0, "standardize": True, "random_state": 1}
    mean = BayesianLinear(pmap.Laplace(4.0), point="mean", **options).fit(X, Y)
    median = BayesianLinear(pmap.Laplace(4.0), point="median", **options).fit(X, Y)
    draws = mean.posterior_["posterior"]["coef"].to_numpy().reshape(-1, 10)
    np.testing.assert_allclose(mean.coef_, draws.mean(axis=0))
    np.testing.assert_allclose(median.coef_, np.median(draws, axis=0))
    assert not (mean.coef_ == 0).any()
    assert not hasattr(mean, "certificate_")
    assert mean.sigma_ == 54.0


def test_standard_deviations_of_predictions():
    """Under a Gaussian prior exactly those of the closed form, which BayesianRidge has too."""
    ridge = BayesianRidge().fit(X, Y)
    prior, sigma = pmap.Gaussian(ridge.lambda_**-0.5), ridge.alpha_**-0.5
    ours = BayesianLinear(prior, sigma=sigma).fit(X, Y)
    _, sd = ours.predict(X[:5], return_std=True)
    _, theirs = ridge.predict(X[:5], return_std=True)
    # theirs has no uncertainty of the intercept, sigma**2 / n
    np.testing.assert_allclose(sd**2, theirs**2 + sigma**2 / len(Y), rtol=1e-6)
    lasso = BayesianLinear(pmap.Laplace(4.0), sigma=54.0, standardize=True, random_state=1)
    mean, sd = lasso.fit(X, Y).predict(X[:5], return_std=True)
    np.testing.assert_allclose(mean, lasso.predict(X[:5]))
    assert ((sd > 52) & (sd < 58)).all()


def test_draws_are_made_when_asked_for_only():
    fitted = BayesianLinear(pmap.Laplace(4.0), sigma=54.0, draws=50).fit(X, Y)
    assert "_drawn" not in vars(fitted)
    with pytest.warns(pmap.PriormapWarning):
        assert fitted.posterior_["posterior"].sizes["draw"] == 50
    first = fitted.posterior_
    assert fitted.posterior_ is first
    fitted.fit(X, Y)
    assert "_drawn" not in vars(fitted)


def test_names_of_columns():
    fitted = BayesianLinear(sigma=54.0).fit(X, Y)
    assert fitted.feature_names_in_.tolist() == X.columns.tolist()
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(X[X.columns[::-1]])


def test_in_pipelines_and_searches():
    frame = X.assign(site=np.resize(["a", "b", "c"], len(X)))
    columns = make_column_transformer(
        (StandardScaler(), X.columns.tolist()), (OneHotEncoder(drop="first"), ["site"])
    )
    pipe = make_pipeline(columns, BayesianLinear(sigma=54.0)).set_output(transform="pandas")
    columns.set_output(transform="default")
    assert pipe.fit(frame, Y).score(frame, Y) > 0.4
    scales = [pmap.Laplace(s) for s in (0.01, 1.0, 10.0)]
    search = GridSearchCV(BayesianLinear(sigma=54.0, standardize=True), {"prior": scales}, cv=3)
    assert search.fit(X, Y).best_params_["prior"] in scales[1:]


def test_copies():
    fitted = BayesianLinear(pmap.Laplace(4.0), sigma=54.0).fit(X, Y)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
    assert clone(fitted).get_params()["prior"] == pmap.Laplace(4.0)
    assert "Laplace(scale=4)" in repr(fitted)


def test_refusals():
    with pytest.raises(pmap.PriormapError, match="point must be one of mode, mean, median"):
        BayesianLinear(point="max").fit(X, Y)
    with pytest.raises(pmap.PriormapError, match="sigma"):
        BayesianLinear(sigma=-1.0).fit(X, Y)
    with pytest.raises(pmap.PriormapError, match="prior"):
        BayesianLinear("laplace").fit(X, Y)
    with pytest.raises(pmap.PriormapError, match="mode"):
        BayesianLinear(pmap.Horseshoe(0.1), sigma=1.0).fit(X, Y)


def test_priormap_loads_without_it():
    loaded = "import sys, priormap; priormap.find_map; print('priormap.sklearn' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
