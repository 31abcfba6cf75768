"""One number per column or row that comes with labels is read by them, or refused."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import sparse
from sklearn.linear_model import Ridge

import priormap as pmap
from priormap import (
    ElasticNet,
    Gaussian,
    HalfCauchy,
    Laplace,
    Penalty,
    PriormapError,
    Regression,
    audit,
    convert,
    explain,
    explain_penalty,
    find_map,
    log_posterior,
)

NAMES = list("abc")
SCALE = pd.Series({"c": 3.0, "b": 0.01, "a": 1.0})
IN_ORDER = [1.0, 0.01, 3.0]
KINDS = {
    "Series": SCALE,
    "mapping": SCALE.to_dict(),
    "DataArray": xr.DataArray(SCALE.to_numpy(), dims="f", coords={"f": list("cba")}),
}


def frame(n=40):
    rng = np.random.default_rng(0)
    rows = [f"r{i}" for i in range(n)]
    table = pd.DataFrame(rng.normal(size=(n, 3)), columns=NAMES, index=rows)
    return table, 2 * table["a"] + table["b"] + rng.normal(size=n)


X, Y = frame()
KNOWN, UNKNOWN = Regression(X, Y, 1.0), Regression(X, Y)
WEIGHTS = pd.Series(np.random.default_rng(1).uniform(0.5, 2, len(X)), index=X.index)


def coefs(tree):
    return tree["posterior"]["coef"].to_numpy()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", [Gaussian, Laplace])
class TestScales:
    def test_modes_and_paths(self, family, kind):
        named, plain = family(KINDS[kind]), family(IN_ORDER)
        for data in (KNOWN, UNKNOWN):
            np.testing.assert_array_equal(find_map(data, named).coef, find_map(data, plain).coef)
        one, other = (pmap.map_path(KNOWN, prior, [0.5, 2.0]).coef for prior in (named, plain))
        np.testing.assert_array_equal(one, other)

    @pytest.mark.filterwarnings("ignore::priormap.PriormapWarning")  # few draws
    def test_draws(self, family, kind):
        options = {"draws": 50, "chains": 1, "random_seed": 1}
        one, other = (
            pmap.sample(KNOWN, prior, **options)
            for prior in (family(KINDS[kind]), family(IN_ORDER))
        )
        np.testing.assert_array_equal(coefs(one), coefs(other))

    def test_standardised_columns(self, family, kind):
        data = Regression(3 * X, Y, 1.0, standardize=True)
        one, other = (find_map(data, family(s)).coef for s in (KINDS[kind], IN_ORDER))
        np.testing.assert_array_equal(one, other)

    @pytest.mark.filterwarnings("ignore::priormap.PriormapWarning")
    def test_a_relative_scale_of_a_learnt_one(self, family, kind):
        options = {"draws": 50, "chains": 1, "random_seed": 1}
        one, other = (
            pmap.sample(UNKNOWN, family(s, hyperprior=HalfCauchy(1.0)), **options)
            for s in (KINDS[kind], IN_ORDER)
        )
        np.testing.assert_array_equal(coefs(one), coefs(other))


@pytest.mark.filterwarnings("ignore::priormap.PriormapWarning")
def test_tables_and_criteria_of_a_named_scale():
    named, plain = Laplace(SCALE), Laplace(IN_ORDER)
    for verb, options in [
        (pmap.compare_map, {}),
        (pmap.contrast, {"draws": 100, "random_seed": 1}),
    ]:
        one, other = (verb(KNOWN, {"p": prior}, **options).coefficients for prior in (named, plain))
        pd.testing.assert_frame_equal(one, other)
    one, other = (
        pmap.choose_scale(KNOWN, prior, "cv", scales=[0.1, 1.0], random_seed=1).to_dict()
        for prior in (named, plain)
    )
    assert str(one) == str(other)  # NaN and all


@pytest.mark.parametrize(
    ("named", "plain"),
    [
        (Laplace(SCALE), Laplace(IN_ORDER)),
        (Gaussian(SCALE, scaled_by_noise=True), Gaussian(IN_ORDER, scaled_by_noise=True)),
        (ElasticNet(SCALE, SCALE[::-1]), ElasticNet(IN_ORDER, IN_ORDER)),
    ],
    ids=["laplace", "gaussian", "elastic net"],
)
@pytest.mark.filterwarnings("ignore::priormap.PriormapWarning")
class TestDerivedPriors:
    """What is made of a prior with names keeps them, or is in the order of the columns."""

    def test_powers(self, named, plain):
        one, other = (pmap.map_path(KNOWN, p, [0.5, 2.0], along="power") for p in (named, plain))
        np.testing.assert_array_equal(one.coef, other.coef)
        one, other = (
            pmap.prior_sensitivity(KNOWN, p, draws=200, random_seed=1) for p in (named, plain)
        )
        pd.testing.assert_frame_equal(one.coefficients, other.coefficients)
        pd.testing.assert_frame_equal(one.path, other.path)

    def test_other_penalties(self, named, plain):
        coef = find_map(KNOWN, plain.stretched(2.0)).coef  # of another strength
        one, other = (audit(KNOWN, prior, coef).shortfall.other for prior in (named, plain))
        assert one.prior == other.prior


def test_the_model_for_pymc_has_the_scales_in_order():
    pytest.importorskip("pymc")
    priors = (ElasticNet(SCALE, SCALE[::-1]), ElasticNet(IN_ORDER, IN_ORDER))
    one, other = (pmap.pymc_model(KNOWN, prior) for prior in priors)
    point = {name: np.full_like(x, 0.3) for name, x in one.initial_point().items()}
    assert one.compile_logp()(point) == pytest.approx(other.compile_logp()(point))


@pytest.mark.filterwarnings("ignore::priormap.PriormapWarning")
def test_a_report_has_the_numbers_in_order(tmp_path):
    one, other = (
        pmap.write_report(KNOWN, {"p": Laplace(scale)}, tmp_path / name, draws=200, random_seed=1)
        .read_text()
        .splitlines()
        for name, scale in (("named.md", SCALE), ("plain.md", IN_ORDER))
    )
    moved = [line for line in one if line not in other and line.startswith("|")]
    assert [line for line in moved if "'c': 3" not in line] == []  # what shows the prior itself


def test_two_scales_are_met_by_name():
    prior = ElasticNet(SCALE, SCALE[::-1])
    np.testing.assert_array_equal(
        find_map(KNOWN, prior).coef, find_map(KNOWN, ElasticNet(IN_ORDER, IN_ORDER)).coef
    )
    with pytest.raises(PriormapError, match="l2_scale has no names of columns"):
        ElasticNet(SCALE, [1.0, 2.0, 3.0])
    with pytest.raises(PriormapError, match="l2_scale has an entry 'd'"):
        ElasticNet(SCALE, {"a": 1.0, "b": 1.0, "d": 1.0})


def test_a_prior_keeps_the_names_of_its_scales():
    prior = Laplace(SCALE)
    assert repr(prior) == "Laplace(scale={'c': 3, 'b': 0.01, 'a': 1})"
    assert eval(repr(prior)) == prior == pickle.loads(pickle.dumps(prior)) == copy.deepcopy(prior)
    assert prior != Laplace(SCALE.to_numpy())
    assert prior.on_columns([0, 2]) == Laplace({"c": 3.0, "a": 1.0})
    assert prior.with_scale(2.0) == Laplace(2.0)
    assert prior.stretched(2.0) == Laplace(2 * SCALE)
    assert Laplace(2.0).stretched(SCALE) == Laplace(2 * SCALE)
    doubled = prior.stretched({"a": 2.0, "b": 1.0, "c": 1.0}).for_columns(tuple("abc"))
    assert doubled == Laplace([2.0, 0.01, 3.0])
    coef = pd.Series({"a": 1.0, "b": 0.0, "c": -2.0})
    for question in (prior.logpdf, prior.penalty, prior.pull):
        np.testing.assert_array_equal(
            question(coef), getattr(Laplace(IN_ORDER), question.__name__)(coef.to_numpy())
        )
    many = Gaussian({f"z{j}": 1.0 for j in range(9)})
    assert (
        repr(many) == "Gaussian(scale={'z0': 1, 'z1': 1, 'z2': 1, ..., 'z6': 1, 'z7': 1, 'z8': 1})"
    )


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        ({"a": 1.0, "b": 1.0}, "no entry for column 'c'"),
        ({"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0}, "an entry 'd', which is not a column of X"),
        (pd.Series([1.0] * 4, index=list("abca")), "2 entries for 'a'"),
        (pd.Series([1.0, 2.0, 3.0]), "an entry '0', which is not a column of X"),
    ],
)
@pytest.mark.parametrize("verb", [find_map, pmap.sample, pmap.map_path, pmap.pymc_model])
def test_names_that_do_not_match_are_refused(verb, scale, said):
    with pytest.raises(PriormapError, match=said):
        verb(KNOWN, Laplace(scale))


def test_columns_without_names_are_met_by_position():
    data = Regression(X.to_numpy(), Y.to_numpy(), 1.0)
    plain = find_map(data, Laplace(IN_ORDER)).coef
    for scale in (pd.Series(IN_ORDER), pd.Series(IN_ORDER, index=["x0", "x1", "x2"])[::-1]):
        np.testing.assert_array_equal(find_map(data, Laplace(scale)).coef, plain)
    with pytest.raises(PriormapError, match="which is not a column of X"):
        find_map(data, Laplace(SCALE))


def test_coefficients_by_name():
    mode = find_map(KNOWN, Laplace(0.1))
    named = mode.to_frame()["coef"][::-1]
    expected = log_posterior(KNOWN, Laplace(0.1), mode.coef, mode.intercept)
    array = xr.DataArray(named.to_numpy(), dims="f", coords={"f": list("cba")})
    for coef in (named, named.to_dict(), array):
        assert log_posterior(KNOWN, Laplace(0.1), coef, mode.intercept) == expected
        assert audit(KNOWN, Laplace(0.1), coef).is_mode
    with pytest.raises(PriormapError, match="coef has an entry 'd'"):
        log_posterior(KNOWN, Laplace(0.1), named.rename({"a": "d"}), 0.0)


def test_penalties_by_name():
    plain = Penalty(l1=IN_ORDER, l2=IN_ORDER)
    for named in (Penalty(SCALE, SCALE[::-1]), Penalty(SCALE.to_dict(), SCALE)):
        coef = [0.5, -1.0, 2.0]
        assert audit(KNOWN, named, coef).objective == audit(KNOWN, plain, coef).objective
        by_name = pd.Series({"b": -1.0, "a": 0.5, "c": 2.0})
        assert named.value(by_name) == pytest.approx(plain.value(coef))
        numbers = convert(
            {"l1": SCALE, "l2": SCALE[::-1]}, "penalty", "priormap.ElasticNet", data=KNOWN
        )
        for key, values in convert(
            {"l1": IN_ORDER, "l2": IN_ORDER}, "penalty", "priormap.ElasticNet", data=KNOWN
        ).items():
            np.testing.assert_array_equal(numbers[key], values)
    with pytest.raises(PriormapError, match="one of l1 and l2 names its columns"):
        Penalty(SCALE, IN_ORDER)
    with pytest.raises(PriormapError, match="no entry for column 'c'"):
        audit(KNOWN, Penalty({"a": 1.0, "b": 1.0}, {"b": 1.0, "a": 1.0}), [0.0, 0.0, 0.0])


def test_penalty_factors_by_name():
    options = {"lambda_": 0.1, "data": KNOWN, "sigma": 1.0}
    named = explain_penalty("glmnet", penalty_factor=SCALE, **options)
    plain = explain_penalty("glmnet", penalty_factor=IN_ORDER, **options)
    np.testing.assert_array_equal(named.coef, plain.coef)
    facts = {"n": 10, "sigma": 1.0, "response_sd": 1.0}
    route = (0.1, "glmnet", "priormap.Laplace")
    sd = {"a": 1.0, "b": 2.0, "c": 3.0}
    named = convert(*route, penalty_factor=SCALE, column_sd=sd, **facts)
    plain = convert(*route, penalty_factor=IN_ORDER, column_sd=[1.0, 2.0, 3.0], **facts)
    np.testing.assert_array_equal(named["scale"], plain["scale"])
    with pytest.raises(PriormapError, match="no others to meet them with"):
        convert(*route, penalty_factor=SCALE, **facts)


class TestRows:
    def test_new_rows_in_any_order_of_columns(self):
        mode = find_map(KNOWN, Gaussian(1.0))
        expected = mode.intercept + X.to_numpy() @ mode.coef
        turned = X[["c", "a", "b"]]
        array = xr.DataArray(turned.to_numpy(), dims=("r", "k"), coords={"k": list("cab")})
        for rows in (X, turned, array, X.to_numpy(), sparse.csr_array(X.to_numpy())):
            np.testing.assert_allclose(mode.predict(rows), expected)
        assert mode.predict(np.empty((0, 3))).shape == (0,)

    @pytest.mark.parametrize(
        ("rows", "said"),
        [
            (X[["a", "b"]], "no column 'c', which the fit has"),
            (X.assign(z=1.0), "a column 'z', which the fit has not"),
            (X[["a", "b", "c", "a"]], "2 entries for 'a'"),
            (X.to_numpy()[:, :2], "but the fit has 3 coefficients"),
            (X.assign(b=np.nan), "'b' of X has 40 NaN values"),
            (X.assign(b="1"), "'b' of X holds numbers written as text"),
            (np.full((2, 3), np.inf), "column 'a' of X has 2 infinite values"),
            ([1.0, 2.0, 3.0], "2 dimensions"),
        ],
    )
    def test_other_columns_are_refused(self, rows, said):
        with pytest.raises(PriormapError, match=said):
            find_map(KNOWN, Gaussian(1.0)).predict(rows)

    def test_a_fit_without_names_takes_columns_without_names(self):
        mode = find_map(Regression(X.to_numpy(), Y.to_numpy(), 1.0), Gaussian(1.0))
        expected = mode.predict(X.to_numpy())
        np.testing.assert_array_equal(mode.predict(pd.DataFrame(X.to_numpy())), expected)
        with pytest.raises(PriormapError, match="a column 'a', which the fit has not"):
            mode.predict(X)

    def test_weights_are_met_with_rows_by_label(self):
        estimator = Ridge(1.0).fit(X, Y, WEIGHTS)
        for weights in (WEIGHTS, WEIGHTS[::-1], WEIGHTS.to_numpy()):
            assert explain(estimator, X, Y, sample_weight=weights).certificate.is_mode
            of_penalty = explain_penalty(
                "sklearn.Ridge", alpha=1.0, data=KNOWN, sample_weight=weights
            )
            np.testing.assert_allclose(of_penalty.coef, estimator.coef_)
        plain = X.to_numpy(), Y.to_numpy()
        turned = WEIGHTS.reset_index(drop=True)[::-1]
        assert explain(estimator, *plain, sample_weight=turned).certificate.is_mode

    @pytest.mark.parametrize(
        "weights",
        [
            WEIGHTS.reset_index(drop=True),
            WEIGHTS.rename({"r3": "r99"}),
            WEIGHTS.rename({"r3": "r4"}),
        ],
    )
    def test_weights_of_other_rows_are_refused(self, weights):
        with pytest.raises(PriormapError, match="other row labels than the data"):
            explain_penalty("sklearn.Ridge", alpha=1.0, data=KNOWN, sample_weight=weights)
        with pytest.raises(PriormapError, match="other row labels than the data"):
            explain(Ridge(1.0).fit(X, Y), X, Y, sample_weight=weights)

    def test_rows_of_X_and_y_are_the_same(self):
        array = xr.DataArray(X.to_numpy(), dims=("r", "k"), coords={"r": list(X.index), "k": NAMES})
        assert Regression(array, Y, 1.0).names == tuple(NAMES)
        np.testing.assert_array_equal(Regression(array, Y, 1.0).X, X)
        for rows in (X, array):
            with pytest.raises(PriormapError, match="different indices"):
                Regression(rows, Y[::-1])
