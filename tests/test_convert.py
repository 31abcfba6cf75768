"""``convert``: its result, the facts it takes from the data, and what it refuses."""

import numpy as np
import pytest
from scipy import sparse

import priormap
from conventional_data import assert_same, regression
from priormap import Gaussian, PriormapError, Regression, convert
from priormap.conventions import DataFacts, facts as facts_module, penalty_of
from priormap.conventions.facts import weighted_spread

# the result


def test_one_number_is_a_number():
    prior = convert(4.0, "sklearn.Ridge", "priormap.Gaussian", sigma=3.0)
    assert float(prior) == 1.5
    assert dict(prior) == {"scale": 1.5}
    assert len(prior) == 1
    assert Gaussian(**prior) == Gaussian(1.5)
    assert repr(prior) == "priormap.Gaussian: scale=1.5; objective b ~ Normal(0, scale^2)"
    with pytest.raises(KeyError, match="there are scale"):
        prior["sigma"]


def test_more_numbers_are_not_one():
    data, on_sd = regression(), regression(standardize=True)
    enet = convert(0.1, "glmnet", "sklearn.ElasticNet", data=on_sd, alpha=0.5)
    with pytest.raises(PriormapError, match=r"more than one number: alpha=0\.104"):
        float(enet)
    assert "sklearn.ElasticNet on X / sd(x): alpha=" in repr(enet)
    lasso = convert(0.1, "glmnet", "sklearn.ElasticNet", data=on_sd)
    assert dict(lasso) == {"alpha": pytest.approx(0.1), "l1_ratio": 1.0}
    assert float(convert(lasso, "sklearn.ElasticNet", "glmnet", data=on_sd)) == pytest.approx(0.1)
    with pytest.raises(PriormapError, match="penalty_factor"):
        float(convert(0.1, "sklearn.Lasso", "glmnet", data=data))
    per_column = convert(0.1, "glmnet", "priormap.Laplace", data=data)
    assert per_column["scale"].shape == (4,)
    with pytest.raises(PriormapError, match="by name"):
        float(per_column)


def test_notes_say_what_the_numbers_do_not():
    notes = convert(1.0, "sklearn.LogisticRegression", "celer.LogisticRegression", l1_ratio=1).notes
    assert notes == ("celer.LogisticRegression fits no intercept",)
    notes = convert(1.0, "statsmodels.OLS.fit_regularized", "sklearn.Lasso", n=10).notes
    assert notes == ("statsmodels.OLS.fit_regularized penalises the intercept at its defaults",)
    data = regression(intercept=False)
    notes = convert(1.0, "statsmodels.OLS.fit_regularized", "sklearn.Lasso", data=data).notes
    assert notes == ()


def test_the_share_of_l1_by_its_common_name():
    call = (0.1, "glmnet(standardize=FALSE)", "penalty")
    by_own = convert(*call, n=10, response_sd=2, alpha=0.3)
    by_common = convert(*call, n=10, response_sd=2, l1_ratio=0.3)
    assert dict(by_own) == dict(by_common)


def test_without_a_penalty_the_share_is_the_default():
    nothing = convert({}, "penalty", "sklearn.ElasticNet", n=10)
    assert dict(nothing) == {"alpha": 0.0, "l1_ratio": 0.5}
    assert float(convert(0.0, "sklearn.Ridge", "priormap.Gaussian", sigma=1.0)) == np.inf
    assert float(convert(np.inf, "priormap.Gaussian", "sklearn.LogisticRegression")) == np.inf
    assert float(convert(np.inf, "priormap.Laplace", "sklearn.Lasso", n=5, sigma=1.0)) == 0


def test_learnt_precisions_name_their_own_noise():
    own = {"alpha_": 0.25, "lambda_": 4.0}
    assert float(convert(own, "sklearn.BayesianRidge", "priormap.Gaussian")) == 0.5
    assert float(convert(own, "sklearn.BayesianRidge", "sklearn.Ridge", data=regression())) == 16
    assert dict(convert(16.0, "sklearn.Ridge", "sklearn.BayesianRidge", sigma=2.0)) == own


# facts of the data


def test_nothing_is_asked_for_that_does_not_matter():
    lasso = convert(0.1, "glmnet", "sklearn.Lasso", n=5, column_sd=[2.0])  # not sd(y)
    assert float(lasso) == pytest.approx(0.2)
    assert float(convert(0.2, "sklearn.Lasso", "glmnet", n=5, column_sd=[2.0])) == 0.1
    assert dict(convert({}, "penalty", "glmnet")) == {"lambda_": 0.0, "alpha": 1.0}


@pytest.mark.parametrize("kind", ["dense", "sparse", "far"])
def test_weighted_spread(kind):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 200)) * rng.uniform(1, 9, 200) + (1e6 if kind == "far" else 1.0)
    w = rng.uniform(size=3000) * (rng.random(3000) < 0.7)
    X[w > 0, 3] = 5.0  # constant where it counts
    if kind == "sparse":
        X = X * (rng.random(X.shape) < 0.2)
        X[:, 3] = 5.0
    mean = np.average(X, 0, w)
    sd = np.sqrt(np.average((X - mean) ** 2, 0, w))
    found = weighted_spread(sparse.csc_array(X) if kind == "sparse" else X, w)
    np.testing.assert_allclose(found[0], mean, rtol=1e-13)
    np.testing.assert_allclose(np.delete(found[1], 3), np.delete(sd, 3), rtol=1e-9)
    assert found[1][3] == 0


def test_facts_by_hand_are_those_of_the_data():
    data = regression()
    by_hand = {"n": 30, "column_sd": data.X.std(0), "response_sd": data.y.std()}
    for source, target in (("glmnet", "priormap.Laplace"), ("glmnet", "r.monomvn.blasso")):
        one = convert(0.1, source, target, data=data)
        other = convert(0.1, source, target, sigma=data.sigma, **by_hand)
        assert_same(dict(one), dict(other))


def test_weights_of_one_and_scaled_weights():
    data, w = regression(), np.random.default_rng(0).uniform(0.5, 2, 30)
    one = convert(0.1, "glmnet", "penalty", data=data)
    same = convert(0.1, "glmnet", "penalty", data=data, sample_weight=np.ones(30))
    assert_same(dict(one), dict(same))
    for name in ("glmnet", "sklearn.Lasso"):  # normalised: twice the weight is twice the penalty
        once = penalty_of(name, 0.1, DataFacts(data, w))
        twice = penalty_of(name, 0.1, DataFacts(data, 2 * w))
        np.testing.assert_allclose(twice.l1, 2 * once.l1, rtol=1e-13)


def test_weighted_facts_cost_one_pass(monkeypatch):
    passes = []

    def counted(X, weights):
        passes.append(X.shape[1])
        return weighted_spread(X, weights)

    monkeypatch.setattr(facts_module, "weighted_spread", counted)
    data = regression()
    convert(0.1, "glmnet", "glmnet.gaussian()", data=data, sample_weight=np.ones(30), alpha=0.5)
    assert passes.count(4) == 1
    passes.clear()
    convert(0.1, "sklearn.Ridge", "priormap.Gaussian", data=data, sample_weight=np.ones(30))
    assert passes == []


# what is refused

DATA = regression()
REFUSED = {
    "unknown": (lambda: convert(1, "sklearn.lasso", "glmnet"), "nearest are 'sklearn.Lasso'"),
    "unknown target": (lambda: convert(1, "sklearn.Lasso", "glment"), "nearest are 'glmnet'"),
    "not a name": (lambda: convert(1, 3, "glmnet"), "unknown convention 3; list_conventions"),
    "negative": (lambda: convert(-1, "sklearn.Ridge", "penalty"), "not negative, got -1"),
    "NaN": (lambda: convert(np.nan, "sklearn.Ridge", "penalty"), "got nan"),
    "infinite": (lambda: convert(np.inf, "sklearn.Ridge", "penalty"), "finite and not neg"),
    "text": (lambda: convert("1", "sklearn.Ridge", "penalty"), "alpha of sklearn.Ridge holds"),
    "flag": (lambda: convert(True, "sklearn.Ridge", "penalty"), "must be a number, got True"),
    "vector": (lambda: convert([1, 2], "sklearn.Ridge", "penalty"), "must be a number"),
    "zero C": (lambda: convert(0, "sklearn.LogisticRegression", "penalty"), "positive, got 0"),
    "share": (lambda: convert(1, "glmnet", "penalty", alpha=1.5), "between 0 and 1, got 1.5"),
    "no share": (lambda: convert(1, "sklearn.Ridge", "penalty", l1_ratio=1), "no share of l1"),
    "parameter": (lambda: convert(1, "sklearn.Ridge", "penalty", C=1), "no 'C'; it has alpha"),
    "twice": (lambda: convert({"alpha": 1}, "sklearn.Lasso", "penalty", alpha=2), "given twice"),
    "which": (lambda: convert(1, "xgboost.gblinear", "penalty"), "reg_alpha and reg_lambda"),
    "nothing": (lambda: convert({}, "glmnet", "penalty"), "needs lambda_, which has no default"),
    "factors": (
        lambda: convert(1, "glmnet", "penalty", data=DATA, penalty_factor=[1, 2]),
        "2 entries for 4 columns",
    ),
    "zero factors": (
        lambda: convert(1, "glmnet", "penalty", data=DATA, penalty_factor=[0, 0, 0, 0]),
        "zero in every column",
    ),
    "one factor": (lambda: convert(1, "celer.Lasso", "penalty", weights=2), "a vector"),
    "no prior": (lambda: convert(0.01, "torch.AdamW", "sklearn.Ridge"), "no equivalent prior: its"),
    "to no prior": (lambda: convert(1, "sklearn.Ridge", "torch.AdamW"), "no equivalent prior"),
    "ridge to lasso": (lambda: convert(1, "sklearn.Ridge", "sklearn.Lasso", n=5), r"no l2 \(ridge"),
    "lasso to ridge": (lambda: convert(1, "sklearn.Lasso", "sklearn.Ridge", n=5), r"no l1 \(lasso"),
    "columns": (
        lambda: convert(1, "glmnet", "sklearn.Lasso", data=DATA),
        "one alpha for all columns, but this penalty needs .* for 'x",
    ),
    "share of columns": (
        lambda: convert(1, "glmnet", "sklearn.ElasticNet", data=DATA, alpha=0.5),
        "one l1_ratio for all columns",
    ),
    "likelihoods": (
        lambda: convert(1, "sklearn.LogisticRegression", "sklearn.Ridge"),
        "binomial and sklearn.Ridge for gaussian",
    ),
    "noise of classes": (
        lambda: convert(1, "sklearn.LogisticRegression", "priormap.Gaussian", sigma=2),
        "binomial likelihood has no noise sd, got sigma=2",
    ),
    "y": (
        lambda: convert(1, "glmnet", "penalty", n=5, column_sd=[1], alpha=0),
        "give data, or response_sd",
    ),
    "x": (lambda: convert(1, "glmnet", "penalty", n=5, response_sd=1), "give data, or column_sd"),
    "n": (lambda: convert(1, "sklearn.Lasso", "penalty"), "give data, or n"),
    "sigma": (lambda: convert(1, "sklearn.Ridge", "priormap.Gaussian"), "noise sd: give sigma"),
    "unknown sigma": (
        lambda: convert(1, "sklearn.Ridge", "priormap.Gaussian", data=regression(sigma=None)),
        "unknown in these data: give sigma",
    ),
    "no intercept": (
        lambda: convert(1, "matlab.lasso", "penalty", data=regression(intercept=False)),
        r"is matlab.lasso\(Standardize=false\); name that one",
    ),
    "both": (lambda: convert(1, "sklearn.Lasso", "penalty", data=DATA, n=3), "its own n"),
    "data": (lambda: convert(1, "sklearn.Lasso", "penalty", data=DATA.X), "got ndarray"),
    "sd": (lambda: convert(1, "glmnet", "penalty", column_sd=[-1.0]), "column_sd must be"),
    "weights": (
        lambda: convert(1, "sklearn.Lasso", "penalty", data=DATA, sample_weight=[1, 2]),
        r"shape \(2,\) but there are 30 rows",
    ),
    "negative weight": (
        lambda: convert(1, "sklearn.Lasso", "penalty", sample_weight=[1, -1]),
        "not negative, got -1.0 in row 1",
    ),
    "no weight": (
        lambda: convert(1, "sklearn.Lasso", "penalty", sample_weight=[0, 0]),
        "zero in every row",
    ),
    "unweighted library": (
        lambda: convert(1, "sklearn.Lasso", "celer.Lasso", sample_weight=[1, 2]),
        "celer.Lasso takes no sample weights",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_sentence(case):
    call, sentence = REFUSED[case]
    with pytest.raises(PriormapError, match=sentence) as refusal:
        call()
    assert "\n" not in str(refusal.value)


def test_a_constant_response_cannot_be_divided_by():
    with pytest.warns(priormap.PriormapWarning, match="constant"):
        data = Regression([[1.0], [2.0], [4.0]], [1.0, 1.0, 1.0])
    with pytest.raises(PriormapError, match="y is constant"):
        convert(1.0, "glmnet", "penalty", data=data, alpha=0.5)
