"""Conventions: round trips through the hub, units, the table, and what is refused."""

import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.optimize import lsq_linear

import priormap
from conventional_data import assert_same, regression
from priormap import ElasticNet, Gaussian, Laplace, Penalty, PriormapError, Regression, convert
from priormap.conventions import (
    DataFacts,
    list_conventions,
    numbers_of,
    penalty_of,
    scikit_learn_alpha,
    scikit_learn_call,
)
from priormap.conventions.catalogue import CONVENTIONS

HERE = Path(__file__).parent
TRANSLATABLE = [name for name, one in CONVENTIONS.items() if not one.no_prior]


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
    elif "without an intercept is" in refusal:
        assert one.without_intercept or other.without_intercept
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


@pytest.mark.parametrize("by_noise", [False, True])
@pytest.mark.parametrize("prior", [Gaussian(0.3), Laplace(0.7), ElasticNet(0.4, 1.5)])
def test_the_call_of_a_prior_is_that_of_the_records_and_of_the_prior(prior, by_noise):
    prior, data = replace(prior, scaled_by_noise=by_noise), regression(sigma=1.7)
    call = scikit_learn_call(prior, 1.7, data.n_rows)
    penalty = Penalty.from_prior(prior, data, 1.7)
    numbers = numbers_of(f"sklearn.{call.estimator}", penalty, DataFacts(data))
    own = {
        "Ridge": lambda: (prior.to_ridge(1.7), np.nan),
        "Lasso": lambda: (prior.to_lasso(1.7, data.n_rows), np.nan),
        "ElasticNet": lambda: prior.to_elastic_net(1.7, data.n_rows),
    }[call.estimator]()
    np.testing.assert_allclose(call[1:], own, rtol=1e-15)
    np.testing.assert_allclose(call[1:], [*numbers.values(), np.nan][:2], rtol=1e-14)


def test_one_alpha_for_each_scale_of_a_vector():
    scales = np.array([0.1, 1.0, 3.0])
    alphas = [scikit_learn_alpha(Laplace(scale), 2.0, 50) for scale in scales.tolist()]
    np.testing.assert_allclose(scikit_learn_alpha(Laplace(scales), 2.0, 50), alphas, rtol=1e-15)
    assert scikit_learn_call(ElasticNet(np.inf, np.inf), 1.0, 5)[1:] == (0.0, 1.0)
    for whole, part in (((0.5, np.inf), Laplace(0.5)), ((np.inf, 0.5), Gaussian(0.5))):
        found, wanted = (scikit_learn_call(p, 2.0, 50) for p in (ElasticNet(*whole), part))
        assert found[:2] == wanted[:2]
    with pytest.raises(PriormapError, match="sigma must be a positive finite number"):
        scikit_learn_alpha(Gaussian(1.0), 0.0, 5)


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
    ("rstanarm.normal(autoscale=TRUE)", 2.5): (0, (SIGMA / (2.5 * 4.0 / SD)) ** 2),
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


@pytest.mark.parametrize("wd", [1.0, 0.1])
def test_the_decay_of_adamw_is_a_box_and_no_penalty(wd):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 3))
    y = X @ [2.0, 0.3, -3.0] + 0.1 * rng.normal(size=N)
    b = m = v = np.zeros(3)
    for t in range(1, 20_001):
        rate = 0.05 * (1 - t / 20_001)
        gradient = 2 / N * X.T @ (X @ b - y)
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        step = (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        b = (1 - rate * wd) * b - rate * step
    in_box = lsq_linear(X, y, (-1 / wd, 1 / wd)).x
    np.testing.assert_allclose(b, in_box, atol=1e-3)
    assert (np.abs(in_box).max() > 0.999 / wd) == (wd == 1.0)


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
