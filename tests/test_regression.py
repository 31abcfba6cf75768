"""The data: what comes in, what is kept, what does not matter."""

import dataclasses
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy import sparse

from priormap import (
    Gaussian,
    HalfNormal,
    HalfStudentT,
    InverseGamma,
    Jeffreys,
    Laplace,
    PriormapWarning,
    Regression,
    log_posterior,
)


@pytest.fixture
def rows(rng):
    X = rng.normal(size=(20, 3)) * [1.0, 10.0, 0.1] + [0.0, 50.0, -3.0]
    return X, X @ [0.5, -2.0, 0.0] + rng.normal(size=20)


# what is kept


def test_names_shapes_and_options(rows):
    X, y = rows
    data = Regression(X, y, 2)
    assert (data.n_rows, data.n_features) == (20, 3)
    assert data.names == ("x0", "x1", "x2")
    assert data.sigma == 2.0
    assert isinstance(data.sigma, float)
    assert Regression(X, y, 1.0, names=["a", "b", "c"]).names == ("a", "b", "c")
    assert Regression(X, y, 1.0, names=iter("abc")).names == ("a", "b", "c")
    assert Regression(pd.DataFrame(X, columns=[10, "b", "c"]), y).names == ("10", "b", "c")
    assert Regression(pd.DataFrame(X, columns=list("abc")), y, names=list("xyz")).names == (
        ("x", "y", "z")
    )


def test_sigma_left_out_is_a_weak_prior_in_units_of_y(rows):
    X, y = rows
    assert Regression(X, y).sigma == HalfStudentT(4, float(np.std(y)))
    assert Regression(X, 10 * y).sigma.scale == pytest.approx(10 * np.std(y), rel=1e-14)


@pytest.mark.parametrize(
    "noise", [HalfNormal(1.0), HalfStudentT(1, 2.0), InverseGamma(1.0, 1.0), Jeffreys()]
)
def test_noise_priors_are_kept(rows, noise):
    assert Regression(*rows, noise).sigma is noise


def test_it_shows_itself(rows):
    X, y = rows
    assert repr(Regression(X, y, 2)) == "Regression(20 rows, 3 columns, sigma=2)"
    assert repr(Regression(X[:, :1], y, HalfNormal(1), intercept=False, standardize=True)) == (
        "Regression(20 rows, 1 column, sigma=HalfNormal(scale=1.0), "
        "intercept=False, standardize=True)"
    )


def test_it_is_frozen(rows):
    data = Regression(*rows, 1.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.sigma = 2.0
    with pytest.raises(ValueError, match="read-only"):
        data.X[0, 0] = 1.0
    rows[0][0, 0] = 7.0  # the caller's own array stays writeable


def test_it_makes_no_copy_of_float_rows(rows):
    assert np.shares_memory(Regression(*rows, 1.0).X, rows[0])


def test_moments_are_made_once(rows):
    data = Regression(*rows, 1.0)
    assert data.moments is data.moments


def test_it_survives_pickling(rows):
    data = Regression(*rows, HalfNormal(1.0), standardize=True)
    twin = pickle.loads(pickle.dumps(data))
    np.testing.assert_array_equal(twin.X, data.X)
    np.testing.assert_array_equal(twin.moments.xtx, data.moments.xtx)
    assert (twin.names, twin.sigma, twin.standardize) == (data.names, data.sigma, True)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("shift", [0.0, 1e8])
def test_column_sd_is_about_the_mean_with_or_without_intercept(rows, intercept, shift):
    X, y = rows[0] + shift, rows[1]
    data = Regression(X, y, 1.0, intercept=intercept)
    np.testing.assert_allclose(data.column_sd, X.std(axis=0), rtol=1e-12)


# what may come in as y


def test_one_column_of_y_is_a_vector(rows):
    X, y = rows
    plain = Regression(X, y, 1.0)
    forms = (
        y[:, None],
        pd.Series(y),
        pd.DataFrame({"y": y}),
        y.tolist(),
        pd.Series(y, dtype="Float64"),
    )
    for form in forms:
        data = Regression(X, form, 1.0)
        assert data.y.shape == (20,)
        np.testing.assert_array_equal(data.y, y)
        np.testing.assert_array_equal(data.moments.xty, plain.moments.xty)


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "Int64", "boolean"])
def test_number_types_of_y(rows, dtype):
    above = rows[1] > np.median(rows[1])
    y = pd.Series(above).astype(dtype)
    data = Regression(rows[0], y, 1.0)
    assert data.y.dtype == float
    np.testing.assert_array_equal(data.y, above)


@pytest.mark.parametrize(
    "index",
    [range(20, 0, -1), list("abcdefghijklmnopqrst"), [0] * 20, pd.date_range("2020", periods=20)],
)
def test_any_index_that_agrees(rows, index):
    X, y = pd.DataFrame(rows[0], index=index), pd.Series(rows[1], index=index)
    np.testing.assert_array_equal(Regression(X, y, 1.0).X, rows[0])
    np.testing.assert_array_equal(Regression(X, rows[1], 1.0).y, rows[1])


def test_wide_data(rng):
    X, y = rng.normal(size=(5, 40)), rng.normal(size=5)
    data = Regression(X, y, 1.0)
    assert data.moments.xtx.shape == (40, 40)
    assert np.linalg.matrix_rank(data.moments.xtx) == 4


# tables and files


@pytest.fixture
def table(rows):
    frame = pd.DataFrame(rows[0], columns=["age", "bmi", "map"])
    frame.insert(1, "target", rows[1])
    return frame


def test_from_frame(table, rows):
    data = Regression.from_frame(table, "target", sigma=1.5, standardize=True)
    assert data.names == ("age", "bmi", "map")
    assert (data.sigma, data.standardize) == (1.5, True)
    np.testing.assert_array_equal(data.X, rows[0])
    np.testing.assert_array_equal(data.y, rows[1])


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_from_files(table, rows, tmp_path, kind):
    path = tmp_path / f"rows.{kind}"
    if kind == "csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path)
    read = getattr(Regression, f"from_{kind}")
    for form in (path, str(path)):
        data = read(form, "target", sigma=1.0, intercept=False)
        assert data.names == ("age", "bmi", "map")
        assert data.intercept is False
        np.testing.assert_array_equal(data.X, rows[0])  # floats survive a CSV to the last digit
        np.testing.assert_array_equal(data.y, rows[1])


@pytest.mark.parametrize(
    "text",
    [
        "a,y\n0,1\n1,2\n2,5\n",
        "a, y\n0, 1\n1, 2\n2, 5\n",
        "\ufeffa,y\n0,1\n1,2\n2,5",
        '"a","y"\r\n0,1\r\n1,2\r\n2,5\r\n',
        "y,a\n1,0\n2,1\n\n5,2\n",
    ],
)
def test_csv_dialects(tmp_path, text):
    path = tmp_path / "rows.csv"
    path.write_bytes(text.encode())
    data = Regression.from_csv(path, "y", sigma=1.0)
    assert data.names == ("a",)
    np.testing.assert_array_equal(data.X[:, 0], [0, 1, 2])
    np.testing.assert_array_equal(data.y, [1, 2, 5])


# what does not matter: the log posterior of the same belief in other words


def dense(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(15, 3))
    return X, rng.normal(size=15), rng.normal(size=3), rng.normal()


changes = given(seed=st.integers(0, 10**6), change=st.floats(1e-3, 1e3), shift=st.floats(-1e3, 1e3))


@changes
def test_shifting_columns_moves_only_the_intercept(seed, change, shift):
    X, y, coef, intercept = dense(seed)
    prior = Laplace([0.5, 1.0, 2.0])
    one = log_posterior(Regression(X, y, 1.0), prior, coef, intercept)
    moved = log_posterior(
        Regression(X + shift, y, 1.0), prior, coef, intercept - shift * coef.sum()
    )
    assert moved == pytest.approx(one, rel=1e-9)
    np.testing.assert_allclose(
        Regression(X + shift, y, 1.0).moments.xtx, Regression(X, y, 1.0).moments.xtx, atol=1e-10
    )


@changes
def test_rescaling_a_column_rescales_its_coefficient(seed, change, shift):
    X, y, coef, intercept = dense(seed)
    units = np.array([1.0, change, 1.0])
    for family in (Gaussian, Laplace):
        one = log_posterior(Regression(X, y, 1.0), family([0.5, 1.0, 2.0]), coef, intercept)
        other = log_posterior(
            Regression(X * units, y, 1.0), family([0.5, 1.0, 2.0] / units), coef / units, intercept
        )
        assert other == pytest.approx(one + np.log(change), rel=1e-10, abs=1e-9)


@changes
def test_standardised_beliefs_do_not_depend_on_units(seed, change, shift):
    X, y, coef, intercept = dense(seed)
    units = np.array([1.0, change, 1.0])
    one = log_posterior(Regression(X, y, 1.0, standardize=True), Laplace(0.5), coef, intercept)
    other = log_posterior(
        Regression(X * units, y, 1.0, standardize=True), Laplace(0.5), coef / units, intercept
    )
    assert other == pytest.approx(one + np.log(change), rel=1e-10, abs=1e-9)


@changes
def test_rescaling_the_response_rescales_everything(seed, change, shift):
    X, y, coef, intercept = dense(seed)
    prior, scaled = Gaussian(0.5), Gaussian(0.5 * change)
    one = log_posterior(Regression(X, y, 1.3), prior, coef, intercept)
    other = log_posterior(
        Regression(X, change * y, 1.3 * change), scaled, change * coef, change * intercept
    )
    assert other == pytest.approx(one - (15 + 3) * np.log(change), rel=1e-10, abs=1e-9)


@given(seed=st.integers(0, 10**6), order=st.permutations(range(3)), sign=st.sampled_from([-1, 1]))
def test_permuting_and_flipping_columns(seed, order, sign):
    X, y, coef, intercept = dense(seed)
    order, scales, signs = list(order), np.array([0.5, 1.0, 2.0]), np.array([1, sign, 1])
    for family in (Gaussian, Laplace):
        one = log_posterior(Regression(X, y, 1.0), family(scales), coef, intercept)
        data = Regression((X * signs)[:, order], y, 1.0)
        other = log_posterior(data, family(scales[order]), (coef * signs)[order], intercept)
        assert other == pytest.approx(one, rel=1e-12)


def test_permuting_rows(rows, rng):
    order = rng.permutation(20)
    one, other = Regression(*rows, 1.0), Regression(rows[0][order], rows[1][order], 1.0)
    np.testing.assert_allclose(other.moments.xtx, one.moments.xtx, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(other.moments.xty, one.moments.xty, rtol=1e-10, atol=1e-10)


# warnings: the right answer, and a word about it


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, pd.DataFrame])
def test_a_constant_column_is_told(rows, kind):
    X = rows[0].copy()
    X[:, 1] = 0.1
    with pytest.warns(PriormapWarning, match=r"column '\w+' is constant.*mode is 0"):
        data = Regression(kind(X), rows[1], 1.0)
    assert data.unit.x_norm[1] == 0
    np.testing.assert_allclose(data.moments.xtx[1], 0, atol=1e-12)
    assert np.isfinite(log_posterior(data, Laplace(1.0), [0.0, 0.0, 0.0], 0.0))


def test_a_zero_column_without_intercept_is_told(rows):
    X = rows[0].copy()
    X[:, 1] = 0.0
    with pytest.warns(PriormapWarning, match="column 'x1' is zero"):
        Regression(X, rows[1], 1.0, intercept=False)
    X[:, 1] = 3.0  # the intercept by another name: nothing to warn of
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Regression(X, rows[1], 1.0, intercept=False)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9])
def test_a_constant_response_is_told(rows, value):
    with pytest.warns(PriormapWarning, match="y is constant"):
        data = Regression(rows[0], np.full(20, value))
    assert data.unit.y_norm == 0
    assert data.sigma == HalfStudentT(4, 1.0)
    np.testing.assert_allclose(data.unit.xty, 0)


def test_a_duplicate_column_is_told(rows):
    X = np.column_stack([rows[0], rows[0][:, 1]])
    with pytest.warns(PriormapWarning, match=r"column 'x3' is a linear combination"):
        data = Regression(X, rows[1], 1.0)
    assert data.unit.gram[1, 3] == pytest.approx(1.0, abs=1e-14)


def test_warnings_point_at_the_caller(rows):
    with pytest.warns(PriormapWarning, match="y is constant") as caught:
        Regression(rows[0], np.ones(20))
    assert caught[0].filename == __file__
