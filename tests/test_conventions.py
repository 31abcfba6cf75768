"""Conventions: round trips through the hub, units, the table, and what is refused."""

import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

import priormap
from priormap import Gaussian, Laplace, Penalty, PriormapError, Regression, convert
from priormap.conventions import DataFacts, list_conventions, numbers_of, penalty_of
from priormap.conventions import facts as facts_module
from priormap.conventions.catalogue import CONVENTIONS
from priormap.conventions.weighted_spread import weighted_spread

HERE = Path(__file__).parent
TRANSLATABLE = [name for name, one in CONVENTIONS.items() if not one.no_prior]


def regression(seed=0, intercept=True, standardize=False, n=30, p=4, sigma=1.7):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * rng.uniform(0.1, 10, p) + rng.normal(size=p)
    return Regression(
        X, 5 + rng.normal(size=n), sigma=sigma, intercept=intercept, standardize=standardize
    )


def random_numbers(convention, rng, p, sigma, *, factors):
    """Every parameter of a convention at some value in its range."""
    numbers = {name: float(np.exp(rng.normal())) for name in convention.strengths}
    if convention.mixing:
        numbers[convention.mixing] = float(rng.uniform(0.1, 0.9))
    if convention.precision:
        numbers[convention.precision] = sigma**-2
    if convention.factors and factors:
        numbers[convention.factors] = rng.uniform(0.2, 2.0, p)
    return numbers


def normalised(convention, numbers):
    """Penalty factors as they come back, which only matter up to a common factor."""
    if convention.factors not in numbers:
        return numbers
    factors = np.asarray(numbers[convention.factors])
    strength = convention.strengths[0]
    scale = 1.0 if convention.factors_sum else factors.mean()
    return {
        **numbers,
        strength: numbers[strength] * scale,
        convention.factors: factors / factors.mean(),
    }


def assert_same(found, wanted):
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12, err_msg=name)


# round trips


@settings(max_examples=50)
@given(
    seed=st.integers(0, 10**6),
    intercept=st.booleans(),
    standardize=st.booleans(),
    weighted=st.booleans(),
    factors=st.booleans(),
)
def test_round_trips_are_the_identity(seed, intercept, standardize, weighted, factors):
    rng = np.random.default_rng(seed)
    data = regression(seed, intercept, standardize)
    options = {"data": data, "sample_weight": rng.uniform(0, 2, 30) if weighted else None}
    pairs = 0
    for source in rng.choice(TRANSLATABLE, 3, replace=False):
        one = CONVENTIONS[source]
        numbers = random_numbers(one, rng, 4, data.sigma, factors=factors)
        for target in TRANSLATABLE:
            try:
                there = convert(numbers, source, target, **options)
            except PriormapError as refusal:
                assert_refusal_is_right(str(refusal), one, CONVENTIONS[target], weighted)
                continue
            back = convert(there, target, source, **options)
            assert_same(dict(back), normalised(one, numbers))
            pairs += 1
    assert pairs or weighted  # three of the libraries may take no weights


def assert_refusal_is_right(refusal, one, other, weighted):
    """Every refusal of a pair has one of these reasons, and really so."""
    if "takes no sample weights" in refusal:
        assert weighted
        assert "none" in {one.weights, other.weights}
    elif "likelihoods, whose fits" in refusal:
        assert one.likelihood != other.likelihood
    elif " part, which this penalty has" in refusal:
        assert (one.l1 and not other.l1) or (one.l2 and not other.l2)
    else:
        assert re.search(r"has one \w+ for all columns", refusal)
        assert not other.per_column or other.mixing


def test_on_standardised_columns_one_strength_is_one_everywhere():
    data = regression(standardize=True)
    for source in ("sklearn.Ridge", "sklearn.Lasso", "sklearn.ElasticNet"):
        one, targets = CONVENTIONS[source], 0
        for name, other in CONVENTIONS.items():
            wanted = (other.l1 or not one.l1) and (other.l2 or not one.l2)
            if wanted and other.likelihood == "gaussian" and not other.no_prior:
                found = convert(0.3, source, name, data=data)
                assert not any(map(np.ndim, found.values())), name
                targets += 1
        assert targets > 10


@given(st.integers(0, 10**6))
def test_constant_columns_do_not_count(seed):
    rng = np.random.default_rng(seed)
    X = np.c_[rng.normal(size=(20, 2)) * [1, 7], np.full(20, 3.0)]
    with pytest.warns(priormap.PriormapWarning, match="constant"):
        facts = DataFacts(Regression(X, rng.normal(size=20), sigma=1.0))
    penalty = penalty_of("sklearn.Lasso", 0.3, facts)
    found = penalty_of("glmnet", numbers_of("glmnet", penalty, facts), facts)
    np.testing.assert_allclose(found.l1[:2], penalty.l1[:2], rtol=1e-12)
    lasso = numbers_of("sklearn.Lasso", Penalty([6.0, 6.0, 1.0], np.zeros(3)), facts)
    assert_same(lasso, {"alpha": 0.3})
    assert numbers_of("sklearn.Ridge", Penalty([0, 0, 1.0], [2.0, 2.0, 2.0]), facts)["alpha"] == 2


def test_a_prior_object_and_its_convention_agree():
    for standardize, scaled in product((False, True), (False, True)):
        data = regression(standardize=standardize)
        for prior in (Gaussian([1, 2, 3, 4.0], scaled), Laplace(0.7, scaled)):
            name = f"priormap.{type(prior).__name__}" + "(scaled_by_noise=True)" * scaled
            found = penalty_of(name, prior.scale, DataFacts(data))
            wanted = Penalty.from_prior(prior, data, data.sigma)
            np.testing.assert_allclose(found.l1, wanted.l1, rtol=1e-14)
            np.testing.assert_allclose(found.l2, wanted.l2, rtol=1e-14)


# what was only read, as it was read

N, SD, LENGTH, SIGMA = 30, np.array([0.5, 2.0]), np.array([0.5, 2.0]) * 30**0.5, 1.5
UNBIASED = (30 / 29) ** 0.5
FACTS = DataFacts(n=N, column_sd=SD, response_sd=4.0, sigma=SIGMA)
READ = {
    ("matlab.lasso", 0.1): (N * 0.1 * SD, 0),
    ("matlab.lasso(Standardize=false)", 0.1): (N * 0.1, 0),
    ("torch.weight_decay", 0.1): (0, N * 0.1 / 2),
    ("vowpal_wabbit.bfgs", 0.1): (0, 0.05),
    ("r.monomvn.blasso", 9.0): (3.0 * SIGMA * LENGTH, 0),
    ("r.bayesreg", 9.0): (0, LENGTH**2 / 9),
    ("bambi.autoscale", 2.5): (0, (SIGMA / (2.5 * 4.0 / SD)) ** 2),
    ("spark.ml.LinearRegression", 0.1): (0, N * 0.1 * (SD * UNBIASED) ** 2 / (4.0 * UNBIASED)),
}


@pytest.mark.parametrize(("name", "value"), READ)
def test_conventions_of_one_number(name, value):
    l1, l2 = READ[name, value]
    penalty = penalty_of(name, value, FACTS)
    np.testing.assert_allclose(penalty.l1, np.broadcast_to(l1, 2), rtol=1e-14)
    np.testing.assert_allclose(penalty.l2, np.broadcast_to(l2, 2), rtol=1e-14)


@pytest.mark.parametrize(
    ("name", "l1", "l2"),
    [
        ("keras.regularizers", N * 0.1 / 2, N * 0.3),
        ("vowpal_wabbit.sgd", N * 0.1 / 2, N * 0.3 / 2),
        ("r.penalized", 0.1, 0.3),
        ("xgboost.gblinear", N * 0.1, N * 0.3),
    ],
)
def test_conventions_of_two_strengths(name, l1, l2):
    numbers = dict(zip(CONVENTIONS[name].strengths, (0.1, 0.3), strict=True))
    penalty = penalty_of(name, numbers, FACTS)
    np.testing.assert_allclose([penalty.l1, penalty.l2], [[l1] * 2, [l2] * 2], rtol=1e-14)


def test_the_decay_of_torch_has_its_fixed_point_there():
    rng = np.random.default_rng(0)
    X, y, wd = rng.normal(size=(N, 2)), rng.normal(size=N), 0.1
    b = np.zeros(2)
    for _ in range(2000):  # torch.optim.SGD: the decay is added to the gradient of the loss
        b -= 0.1 * (2 / N * X.T @ (X @ b - y) + wd * b)
    data = Regression(X, y, sigma=1.0, intercept=False)
    prior = convert(wd, "torch.weight_decay", "priormap.Gaussian", data=data)
    np.testing.assert_allclose(priormap.find_map(data, Gaussian(**prior)).coef, b, rtol=1e-12)


# units

# power of the unit of y in the strength, on standardised columns
UNIT_OF_Y = {
    "sklearn.Ridge": 0, "sklearn.Lasso": 1, "glmnet": 1, "glmnet.gaussian()": None,
    "MASS.lm.ridge": 0, "priormap.Gaussian": 1, "priormap.Laplace": 1, "bambi.autoscale": 0,
    "priormap.Gaussian(scaled_by_noise=True)": 0, "priormap.Laplace(scaled_by_noise=True)": 0,
    "r.monomvn.blasso": 0, "r.bayesreg": 0, "matlab.lasso": None, "torch.weight_decay": 0,
    "spark.ml.LinearRegression": 1, "sklearn.TweedieRegressor(power=0)": 0,
}  # fmt: skip


UNIT_CASES = [
    (name, power, f"priormap.{family}")
    for name, power in UNIT_OF_Y.items()
    for family, term in (("Laplace", CONVENTIONS[name].l1), ("Gaussian", CONVENTIONS[name].l2))
    if term is not None
]


@pytest.mark.parametrize(("name", "power", "source"), UNIT_CASES)
def test_changing_units_changes_only_units(name, power, source):
    one = CONVENTIONS[name]
    data = regression(standardize=True)
    unit_y, unit_x = 100.0, np.array([1e-3, 2.0, 50.0, 1e4])
    changed = Regression(
        data.X * unit_x, data.y * unit_y, sigma=data.sigma * unit_y, standardize=True
    )
    before = convert(0.4, source, name, data=data)
    after = convert(0.4 * unit_y, source, name, data=changed)
    if power is None:  # one strength for both, and y is not divided
        power = 1 if source == "priormap.Laplace" else 0
    strength = one.strengths[0]
    assert after[strength] == pytest.approx(before[strength] * unit_y**power, rel=1e-11)
    others = {key: value for key, value in before.items() if key != strength}
    assert_same({key: value for key, value in after.items() if key != strength}, others)
    np.testing.assert_allclose(after.penalty.l1, before.penalty.l1 * unit_y * unit_x, rtol=1e-11)
    np.testing.assert_allclose(after.penalty.l2, before.penalty.l2 * unit_x**2, rtol=1e-11)


# the table


def evaluated(text, numbers, facts):
    """Value of a formula of the table."""
    symbols = {"n": 30.0, "W": 30.0, "sigma": facts.sigma, "sqrt": np.sqrt}
    for word, value in (
        ("sd(y)", facts.response_sd),
        ("sd(x)", facts.column_sd),
        ("rms(x)", facts.column_sd),
        ("norm(x)", np.sqrt(30) * np.asarray(facts.column_sd)),
    ):
        symbols[word.replace("(", "_").replace(")", "")] = value
        text = text.replace(word, word.replace("(", "_").replace(")", ""))
    return eval(text.replace("^", "**"), {}, symbols | numbers)


@pytest.mark.parametrize("name", TRANSLATABLE)
def test_the_table_says_what_is_done(name):
    one, row = CONVENTIONS[name], list_conventions().loc[name]
    numbers = random_numbers(one, np.random.default_rng(0), 2, SIGMA, factors=True)
    if one.factors_sum:
        numbers[one.factors] *= 2 / numbers[one.factors].sum()
    penalty = penalty_of(name, numbers, FACTS)
    unbiased = UNBIASED if one.unbiased_sd else 1.0  # in l1 and l2 alike
    for text, value in ((row["l1"], penalty.l1), (row["l2"], penalty.l2)):
        found = evaluated(text or "0", numbers, FACTS) * unbiased
        np.testing.assert_allclose(np.broadcast_to(found, 2), value, rtol=1e-13)


@pytest.mark.parametrize("name", TRANSLATABLE)
def test_the_prior_at_defaults_is_that_of_the_defaults(name):
    one, text = CONVENTIONS[name], list_conventions().loc[name, "at_defaults"]
    if not text:
        assert not set(one.strengths) <= one.defaults.keys()
        return
    noise = SIGMA if one.likelihood in {"gaussian", "any"} else 1.0
    facts = DataFacts(n=N, column_sd=SD, response_sd=4.0, sigma=noise)
    penalty = penalty_of(name, {}, facts)
    if text.endswith("no penalty"):
        assert not np.any([penalty.l1, penalty.l2])
        return
    _, family, scales = re.fullmatch(r"(.*): (\w+)\((.*)\)", text).groups()
    wanted = numbers_of(f"priormap.{family}", penalty, facts)
    found = dict(part.split(" = ") for part in scales.split(", "))
    assert found.keys() == wanted.keys()
    for key, formula in found.items():
        value = np.broadcast_to(evaluated(formula, {}, facts), 2)
        np.testing.assert_allclose(value, np.broadcast_to(wanted[key], 2), rtol=1e-3)


def test_the_table_has_every_convention_with_its_evidence():
    table = list_conventions()
    assert list(table.index) == list(CONVENTIONS)
    assert (table["evidence"].str.len() > 0).all()
    assert "box |b| <= 1 / weight_decay" in table.loc["torch.AdamW", "note"]
    checked = table.index[table["evidence"].str.startswith("checked against ")]
    assert len(checked) > 25
    tests = "".join(path.read_text() for path in HERE.glob("test_conventions_against_*.py"))
    families = {"statsmodels.OLS.fit_regularized", "statsmodels.WLS.fit_regularized"}
    families |= {"skglm.Lasso", "skglm.WeightedLasso", "skglm.ElasticNet", "glmnet"}
    assert [name for name in checked if f'"{name}"' not in tests and name not in families] == []


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
    "y": (lambda: convert(1, "glmnet", "penalty", n=5, column_sd=[1]), "response_sd=..."),
    "x": (lambda: convert(1, "glmnet", "penalty", n=5, response_sd=1), "or column_sd=..."),
    "n": (lambda: convert(1, "sklearn.Lasso", "penalty"), "give data=..., or n=..."),
    "sigma": (lambda: convert(1, "sklearn.Ridge", "priormap.Gaussian"), "give sigma=..."),
    "unknown sigma": (
        lambda: convert(1, "sklearn.Ridge", "priormap.Gaussian", data=regression(sigma=None)),
        "unknown in these data: give sigma",
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
