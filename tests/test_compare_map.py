"""Modes beside penalised fits: equal by definition, and unequal where they must be."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet as PenalisedNet, Lasso, Ridge

import priormap.tables.penalised_fit as penalised_fit_module
from priormap import (
    ElasticNet,
    Gaussian,
    HalfNormal,
    Laplace,
    Penalty,
    PriormapError,
    PriormapWarning,
    Regression,
    audit,
    compare_map,
)
from priormap.auditing import judging

PRIORS = {"ridge": Gaussian(0.3), "lasso": Laplace(0.02)}


def correlated(n, p, rho=0.9, seed=0):
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(n, p))
    X = noise.copy()
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * noise[:, j]
    truth = np.zeros(p)
    truth[:4] = [3.0, -2.0, 1.0, 0.5][:p]
    return X, X @ truth + rng.normal(size=n)


def diabetes():
    return load_diabetes(return_X_y=True, scaled=False)


def shifted(factor):
    X, y = correlated(60, 6)
    return factor * X + 7 * factor, y + 100


def sparse_columns():
    rng = np.random.default_rng(1)
    X = sparse.random_array((120, 10), density=0.3, rng=rng)
    return X, X @ np.arange(10.0) + rng.normal(size=120)


def frozen(array):
    array = np.asfortranarray(array)
    array.flags.writeable = False
    return array


DESIGNS = {
    "diabetes": diabetes,
    "correlated": lambda: correlated(80, 12),
    "wide": lambda: correlated(30, 90),
    "thousandth": lambda: shifted(1e-3),
    "thousandfold": lambda: shifted(1e3),
    "sparse": sparse_columns,
    "read-only": lambda: tuple(map(frozen, correlated(40, 5))),
}


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("design", DESIGNS)
def test_equal_to_ten_digits_with_the_same_zeros(design, standardize):
    X, y = DESIGNS[design]()
    sigma = float(np.std(y)) / 2
    data = Regression(X, y, sigma=sigma, standardize=standardize)
    unit = 1.0 if standardize else data.column_sd
    scale = sigma / np.sqrt(data.n_features) / np.median(unit)
    table = compare_map(data, {"ridge": Gaussian(scale), "lasso": Laplace(scale / 2)})
    assert table.agrees
    assert (table.summary["relative_difference"] <= 1e-10).all()
    assert (table.summary["digits"] >= 10).all()
    assert table.summary[["is_mode_map", "is_mode_penalised", "converged_penalised"]].all(axis=None)
    lasso = table.coefficients[table.coefficients["prior"] == "lasso"]
    assert (lasso["is_zero_map"] == lasso["is_zero_penalised"]).all()
    assert table.summary.loc["lasso", "zeros_map"] == lasso["is_zero_map"].sum()


SCALES = {
    "per column": np.geomspace(0.05, 2.0, 5),
    "some flat": np.array([np.inf, 0.1, 0.02, np.inf, 0.1]),
    "flat": np.inf,
}


@pytest.mark.parametrize("by_noise", [False, True])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("scale", SCALES)
def test_equal_for_every_kind_of_scale(scale, intercept, by_noise):
    X, y = correlated(50, 5)
    scales = SCALES[scale]
    for standardize in (False, True):
        data = Regression(X, y + 3, sigma=0.8, intercept=intercept, standardize=standardize)
        priors = {"ridge": Gaussian(scales, by_noise), "lasso": Laplace(scales, by_noise)}
        table = compare_map(data, priors)
        assert table.agrees, str(table)
        np.testing.assert_allclose(
            table.summary["intercept_penalised"], table.summary["intercept_map"], atol=1e-9
        )


def test_a_flat_prior_is_least_squares():
    X, y = correlated(50, 4)
    table = compare_map(Regression(X, y, sigma=1.0), {"flat": Gaussian(np.inf)})
    design = np.column_stack([np.ones(50), X])
    expected = np.linalg.lstsq(design, y, rcond=None)[0]
    np.testing.assert_allclose(table.coefficients["map"], expected[1:], rtol=1e-11)
    np.testing.assert_allclose(table.coefficients["penalised"], expected[1:], rtol=1e-11)
    assert table.summary.loc["flat", "call"] == "LinearRegression()"


def test_alpha_is_the_one_that_people_type():
    X, y = correlated(50, 4)
    sigma, scale = 1.3, 0.2
    table = compare_map(Regression(X, y, sigma=sigma), {"r": Gaussian(scale), "l": Laplace(scale)})
    alphas = {"r": sigma**2 / scale**2, "l": sigma**2 / (50 * scale)}
    np.testing.assert_allclose(table.summary["alpha"], list(alphas.values()), rtol=1e-15)
    for name, estimator in (("r", Ridge(alphas["r"])), ("l", Lasso(alphas["l"], tol=1e-14))):
        rows = table.coefficients[table.coefficients["prior"] == name]
        np.testing.assert_allclose(rows["map"], estimator.fit(X, y).coef_, rtol=1e-11)


def test_standardised_means_columns_divided_by_their_sd():
    X, y = diabetes()
    sd = X.std(axis=0)
    table = compare_map(Regression(X, y, sigma=50.0, standardize=True), {"l": Laplace(5.0)})
    expected = (
        Lasso(50.0**2 / (len(y) * 5.0), tol=1e-14, max_iter=100_000).fit(X / sd, y).coef_ / sd
    )
    np.testing.assert_allclose(table.coefficients["map"], expected, rtol=1e-10, atol=0)


def test_the_objective_is_that_of_its_definition():
    X, y = correlated(40, 3)
    data = Regression(X, y, sigma=1.0)
    table = compare_map(data, PRIORS)
    for name, prior in PRIORS.items():
        row, fit = table.summary.loc[name], table.modes[name]
        residual = (
            y
            - row["intercept_penalised"]
            - X @ table.coefficients.query("prior == @name")["penalised"].to_numpy()
        )
        penalty = Penalty.from_prior(prior, data, 1.0).value(fit.coef)
        expected = 0.5 * residual @ residual + penalty
        assert row["objective_penalised"] == pytest.approx(expected, rel=1e-12)
        assert row["objective_map"] <= row["objective_default"] * (1 + 1e-14)


def test_unknown_noise_converts_at_the_joint_mode():
    X, y = correlated(60, 4)
    data = Regression(X, y, sigma=HalfNormal(2.0))
    table = compare_map(data, PRIORS)
    assert table.agrees
    sigma = table.summary["sigma"]
    assert sigma.nunique() == 2
    expected = sigma["lasso"] ** 2 / (60 * 0.02)
    assert table.summary.loc["lasso", "alpha"] == pytest.approx(expected, rel=1e-14)


def test_the_default_tolerance_is_judged_not_trusted():
    X, y = diabetes()
    data = Regression(X, y, sigma=54.0, standardize=True)
    row = compare_map(data, {"lasso": Laplace(12.0)}).summary.loc["lasso"]
    assert row["is_mode_penalised"]
    assert not row["is_mode_default"]
    assert 1e-6 < row["relative_difference_default"] < 1e-1
    assert row["gap_default"] > 1e-6


def test_differences_do_not_depend_on_units():
    X, y = diabetes()
    units = np.geomspace(1e-6, 1e6, 10)
    scale = np.full(10, 2.0)
    rows = [
        compare_map(Regression(X * unit, y, sigma=54.0), {"l": Laplace(scale / unit)}).summary
        for unit in (np.ones(10), units)
    ]
    first, second = (float(row["relative_difference_default"].iloc[0]) for row in rows)
    assert second == pytest.approx(first, rel=1e-6)


def test_tidy_tables():
    X, y = correlated(40, 3)
    table = compare_map(Regression(X, y, sigma=1.0, names=["a", "b", "c"]), PRIORS)
    rows = table.coefficients
    assert rows["prior"].tolist() == ["ridge"] * 3 + ["lasso"] * 3
    assert rows["feature"].tolist() == ["a", "b", "c"] * 2
    np.testing.assert_array_equal(rows["difference"], rows["penalised"] - rows["map"])
    difference = rows["penalised_default"] - rows["map"]
    np.testing.assert_array_equal(rows["difference_default"], difference)
    assert table.summary.index.tolist() == ["ridge", "lasso"]
    assert table.summary["agrees"].dtype == bool
    assert table.summary["alpha"].dtype == float
    assert not np.signbit(rows.loc[rows["is_zero_penalised"], "penalised"]).any()


def test_it_reads_as_sentences():
    X, y = correlated(40, 3)
    table = compare_map(Regression(X, y, sigma=1.0), PRIORS)
    lines = repr(table).splitlines()
    assert lines[0].startswith("ridge: Ridge(alpha=11.1111) equals the Gaussian MAP to 1")
    assert "same zeros (" in lines[1]
    assert "<table" in table._repr_html_()
    assert set(table.certificates["lasso"]) == {"map", "penalised", "default"}


def test_duplicated_columns_are_both_modes():
    X, y = correlated(50, 3)
    with pytest.warns(PriormapWarning):
        table = compare_map(
            Regression(np.column_stack([X, X[:, 0]]), y, sigma=1.0), {"lasso": Laplace(1.0)}
        )
    assert table.agrees
    assert not table.summary.loc["lasso", "is_unique"]
    assert "both modes" in table.summary.loc["lasso", "verdict"]


def test_find_map_is_an_exhibit():
    X, y = correlated(60, 6)
    data = Regression(X, y, sigma=1.0)
    table = compare_map(data, {"lasso": Laplace(0.03)}, find_map=True)
    row = table.summary.loc["lasso"]
    assert table.agrees  # which speaks of the penalised fit
    assert row["zeros_map"] > 0
    assert row["zeros_find_map"] == 0
    assert not row["is_mode_find_map"]
    assert 1e-12 < row["relative_difference_find_map"] < 1
    difference = table.coefficients["find_map"] - table.coefficients["map"]
    np.testing.assert_array_equal(table.coefficients["difference_find_map"], difference)
    assert "find_map" in table.certificates["lasso"]


def test_the_mode_is_found_once(monkeypatch):
    X, y = diabetes()
    data = Regression(X, y, sigma=54.0)
    apart = audit(data, Laplace(1.0), Lasso(alpha=54**2 / 442).fit(X, y))
    monkeypatch.setattr(judging, "minimise", None)  # what would find it again
    shared = compare_map(data, {"lasso": Laplace(1.0)}).certificates["lasso"]["default"]
    assert not shared.is_mode
    assert shared.verdict == apart.verdict
    np.testing.assert_allclose(shared.shortfall.mode, apart.shortfall.mode, rtol=1e-10)


# where they differ


def test_a_wrong_conversion_is_seen(monkeypatch):
    right = penalised_fit_module.scikit_learn_call
    monkeypatch.setattr(
        penalised_fit_module, "scikit_learn_call", lambda *given: right(*given)._replace(alpha=0.1)
    )
    X, y = correlated(40, 3)
    table = compare_map(Regression(X, y, sigma=1.0), PRIORS)
    assert not table.agrees
    assert not table.summary[["agrees", "is_mode_penalised"]].any(axis=None)
    assert "differs from the Laplace MAP" in repr(table)


def test_no_convergence_is_reported_not_warned(monkeypatch):
    monkeypatch.setattr(penalised_fit_module, "_MAX_ITER", 2)
    X, y = diabetes()
    data = Regression(X, y, sigma=54.0, standardize=True)
    table = compare_map(data, {"lasso": Laplace(12.0)})
    assert not table.agrees
    assert not table.summary.loc["lasso", "converged_penalised"]
    assert "did not converge" in repr(table)


def test_a_failing_estimator_is_a_difference(monkeypatch):
    def fail(*_):
        raise ValueError("no")

    monkeypatch.setattr(Lasso, "fit", fail)
    X, y = correlated(40, 3)
    table = compare_map(Regression(X, y, sigma=1.0), {"lasso": Laplace(0.1)})
    assert not table.agrees
    assert table.summary.loc["lasso", "relative_difference"] == np.inf
    assert table.coefficients["penalised"].isna().all()


def test_the_tolerance_decides():
    X, y = correlated(40, 3)
    data = Regression(X, y, sigma=1.0)
    with pytest.raises(PriormapError, match="tolerance must be a positive"):
        compare_map(data, PRIORS, tolerance=0)
    assert not compare_map(data, {"l": Laplace(0.02)}, tolerance=1e-300).agrees


@pytest.mark.parametrize(
    ("priors", "sentence"),
    [
        ([Gaussian(1.0)], "priors must be a dict"),
        ({}, "priors must be a dict"),
        ({1: Gaussian(1.0)}, "named by strings, got the name 1"),
        ({"a": "gaussian"}, "prior must be Gaussian"),
        ({"a": Gaussian([1.0, 2.0])}, "scale has 2 entries but X has 3 columns"),
    ],
)
def test_bad_priors(priors, sentence):
    X, y = correlated(40, 3)
    with pytest.raises(PriormapError, match=sentence):
        compare_map(Regression(X, y, sigma=1.0), priors)


def test_frames_keep_their_names():
    X, y = correlated(40, 2)
    frame = pd.DataFrame(X, columns=["age", "weight"], index=range(7, 47))
    data = Regression(frame, pd.Series(y, index=frame.index), sigma=1.0)
    assert compare_map(data, PRIORS).coefficients["feature"].unique().tolist() == ["age", "weight"]


# elastic nets


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("design", DESIGNS)
def test_elastic_nets_are_equal_to_ten_digits(design, standardize):
    X, y = DESIGNS[design]()
    sigma = float(np.std(y)) / 2
    data = Regression(X, y, sigma=sigma, standardize=standardize)
    unit = 1.0 if standardize else data.column_sd
    scale = sigma / np.sqrt(data.n_features) / np.median(unit)
    table = compare_map(data, {"net": ElasticNet(scale / 2, scale)})
    row = table.summary.loc["net"]
    assert table.agrees, str(table)
    assert row["relative_difference"] <= 1e-10
    assert row[["is_mode_map", "is_mode_penalised", "converged_penalised", "same_zeros"]].all()
    assert row["call"].startswith("ElasticNet(alpha=")


NETS = {
    "one ratio": (np.geomspace(0.05, 2.0, 5), 2 * np.geomspace(0.05, 2.0, 5)),
    "one ratio, some flat": ([np.inf, 0.1, 0.02, np.inf, 0.1], [np.inf, 1.0, 0.2, np.inf, 1.0]),
    "many ratios": (0.05, [0.1, 0.3, 1.0, 2.0, 0.2]),
    "parts and flat": ([0.05, 0.1, np.inf, np.inf, 0.1], [1.0, np.inf, 0.5, np.inf, 0.1]),
    "only L1": (0.05, np.inf),
    "only L2": (np.inf, [0.1, 0.3, 1.0, 2.0, 0.2]),
    "flat": (np.inf, np.inf),
}


@pytest.mark.parametrize("by_noise", [False, True])
@pytest.mark.parametrize("name", NETS)
def test_elastic_nets_are_equal_for_every_kind_of_scale(name, by_noise):
    X, y = correlated(50, 5)
    for standardize, intercept in ((False, True), (True, False)):
        data = Regression(X, y + 3, sigma=0.8, intercept=intercept, standardize=standardize)
        table = compare_map(data, {"net": ElasticNet(*NETS[name], by_noise)})
        assert table.agrees, str(table)
        np.testing.assert_allclose(
            table.summary["intercept_penalised"], table.summary["intercept_map"], atol=1e-9
        )


def test_the_call_of_an_elastic_net_is_the_one_that_people_type():
    X, y = correlated(50, 4)
    n, sigma, s, t = 50, 1.3, 0.05, 0.4
    table = compare_map(Regression(X, y, sigma=sigma), {"net": ElasticNet(s, t), "l": Laplace(s)})
    l1, l2 = sigma**2 / s, sigma**2 / t**2
    row = table.summary.loc["net"]
    assert row["alpha"] == pytest.approx((l1 + l2) / n, rel=1e-14)
    assert row["l1_ratio"] == pytest.approx(l1 / (l1 + l2), rel=1e-14)
    assert np.isnan(table.summary.loc["l", "l1_ratio"])
    assert (row["l1_scale"], row["l2_scale"]) == (s, t)
    assert np.isnan(row["scale"])
    text = f"ElasticNet(alpha={row['alpha']:.6g}, l1_ratio={row['l1_ratio']:.6g}) equals the"
    assert row["verdict"].startswith(text)
    net = PenalisedNet(row["alpha"], l1_ratio=row["l1_ratio"], tol=1e-14).fit(X, y)
    ours = table.coefficients.query("prior == 'net'")["map"]
    np.testing.assert_allclose(ours, net.coef_, rtol=1e-10, atol=1e-13)
    assert row["objective_map"] <= row["objective_default"] * (1 + 1e-14)
