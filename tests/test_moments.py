"""One pass over the rows against the naive dense formulas in long double."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import priormap.data.moments
from priormap import PriormapError, Regression


def naive(X, y, intercept=True):
    """Means, cross products and products with y of centred data, in long double."""
    X, y = np.asarray(X, dtype=np.longdouble), np.asarray(y, dtype=np.longdouble)
    x_mean, y_mean = (X.mean(axis=0), y.mean()) if intercept else (0 * X[0], 0 * y[0])
    X, y = X - x_mean, y - y_mean
    return x_mean, y_mean, X.T @ X, X.T @ y, y @ y


def relative_errors(data, X, y):
    """Largest errors of xtx, xty, yty relative to the lengths of the vectors multiplied."""
    x_mean, y_mean, xtx, xty, yty = naive(X, y, data.intercept)
    length, y_length = np.sqrt(np.diag(xtx)), np.sqrt(yty)
    m = data.moments
    assert m.n == len(y)
    return [
        float(np.abs((m.xtx - xtx) / length[:, None] / length).max()),
        float(np.abs((m.xty - xty) / length / y_length).max()),
        float(abs(m.yty - yty) / yty),
        float((np.abs(m.x_mean - x_mean) / (length + np.abs(x_mean))).max()),
        float(abs(m.y_mean - y_mean) / (y_length + abs(y_mean))),
    ]


@pytest.fixture
def rows(rng):
    n, p = 200, 4
    X = rng.normal(size=(n, p)) @ rng.normal(size=(p, p))
    return X, X @ [1.0, -2.0, 0.0, 0.5] + rng.normal(size=n)


intercepts = pytest.mark.parametrize("intercept", [True, False])


@intercepts
def test_plain(rows, intercept):
    data = Regression(*rows, 1.0, intercept=intercept)
    assert max(relative_errors(data, *rows)) < 2e-15


@pytest.mark.parametrize("shift", [-3.0, 1e5, 1e9])
def test_means_that_dwarf_the_spread(rows, shift):
    # rounding of the shifted data themselves is not an error of the sums
    X, y = rows[0] + shift, rows[1] - 7 * shift
    assert max(relative_errors(Regression(X, y, 1.0), X, y)) < 1e-14


@intercepts
def test_columns_at_opposite_ends_of_the_floats(rows, intercept):
    X, y = rows[0] * [1e-150, 1e150, 1e-75, 1.0], rows[1] * 1e-150
    assert max(relative_errors(Regression(X, y, 1.0, intercept=intercept), X, y)) < 2e-15


@pytest.mark.parametrize("trend", ["sorted", "step", "quadratic"])
def test_trends_whose_first_block_is_no_sample_of_the_rest(rng, trend, monkeypatch):
    monkeypatch.setattr(priormap.data.moments, "_BLOCK_ENTRIES", 256)  # many blocks in a small test
    n = 5000
    t = np.arange(n)
    drift = {"sorted": t, "step": 1e6 * (t >= 300), "quadratic": 1e-3 * t**2}[trend]
    X = 1e9 + rng.normal(size=(n, 2)) + np.column_stack([drift, -drift[::-1]])
    y = 1e9 + rng.normal(size=n) + t
    assert max(relative_errors(Regression(X, y, 1.0), X, y)) < 1e-13


def test_a_first_block_far_from_the_rest(rng, monkeypatch):
    # a provisional centre that is far out must not eat the digits of the other rows
    monkeypatch.setattr(priormap.data.moments, "_BLOCK_ENTRIES", 256)
    X, y = rng.normal(size=(2000, 2)), rng.normal(size=2000)
    X[:256] += [3e4, 0.0]
    assert max(relative_errors(Regression(X, y, 1.0), X, y)) < 1e-13


def test_negative_control_the_textbook_formula_loses_the_digits(rows):
    X, y = rows[0] + 1e9, rows[1]
    m = Regression(X, y, 1.0).moments
    textbook = X.T @ X - len(X) * np.outer(X.mean(axis=0), X.mean(axis=0))
    exact = naive(X, y)[2]
    assert np.abs(textbook - exact).max() > np.abs(exact).max()
    assert np.abs(m.xtx - exact).max() < 1e-13 * np.abs(exact).max()


def as_given(X, form):
    match form:
        case "fortran":
            return np.asfortranarray(X)
        case "float32":
            return X.astype(np.float32)
        case "int":
            return X.astype(int)
        case "bool":
            return X > 0
        case "read-only":
            X = X.copy()
            X.flags.writeable = False
            return X
        case "strided":
            return np.repeat(np.repeat(X, 2, axis=0), 3, axis=1)[::2, ::3]
        case "reversed":
            return X[::-1].copy()[::-1]
        case "longdouble":
            return X.astype(np.longdouble)
        case "list":
            return X.tolist()
        case "frame":
            return pd.DataFrame(X, index=np.arange(len(X))[::-1] * 7)
        case "nullable":
            return pd.DataFrame(X.astype(int)).convert_dtypes()
        case "csr":
            return sparse.csr_array(X)
        case "csc_matrix":
            return sparse.csc_matrix(X)
        case "coo int":
            return sparse.coo_array(X.astype(int))


@intercepts
@pytest.mark.parametrize(
    "form",
    [
        "fortran",
        "float32",
        "int",
        "bool",
        "read-only",
        "strided",
        "reversed",
        "longdouble",
        "list",
        "frame",
        "nullable",
        "csr",
        "csc_matrix",
        "coo int",
    ],
)
def test_every_form_of_the_same_numbers(rows, form, intercept):
    X, y = 10 * rows[0], rows[1]
    given = as_given(X, form)
    plain = given.toarray() if sparse.issparse(given) else np.array(given, dtype=float)
    before = plain.copy()
    data = Regression(given, y, 1.0, intercept=intercept)
    assert max(relative_errors(data, plain, y)) < 4e-15
    after = given.toarray() if sparse.issparse(given) else np.array(given, dtype=float)
    np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("form", ["csr", "csc_matrix"])
@pytest.mark.parametrize("shift", [1.0, 1e3, 1e9])
def test_sparse_in_name_only(rows, form, shift):
    X, y = rows[0] + [shift, 0, 0, shift], rows[1]
    data = Regression(as_given(X, form), y, 1.0)
    assert max(relative_errors(data, X, y)) < 1e-12
    np.testing.assert_allclose(data.column_sd, X.std(axis=0), rtol=1e-12)


def test_truly_sparse(rng):
    X = sparse.random_array((400, 30), density=0.02, rng=rng, format="csr")
    y = rng.normal(size=400)
    X = X[:, np.flatnonzero(X.sum(axis=0))]
    assert max(relative_errors(Regression(X, y, 1.0), X.toarray(), y)) < 4e-15


# the dimensionless form that the solvers see, with and without a Gram matrix that pays


@pytest.fixture(params=["tall", "wide"])
def shaped(request, rng):
    n, p = (300, 6) if request.param == "tall" else (40, 150)
    X = rng.normal(size=(n, p)) * np.geomspace(1e-3, 1e3, p)
    return X, X[:, 0] + rng.normal(size=n)


@intercepts
@pytest.mark.parametrize("shift", [0.0, 1e7])
@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_unit_columns(shaped, rng, intercept, shift, kind):
    X, y = shaped
    X = X + shift * X.std(axis=0) if kind == "dense" else np.where(abs(X) > X.std(axis=0), X, 0)
    data = Regression(sparse.csr_array(X) if kind == "sparse" else X, y, 1.0, intercept=intercept)
    unit = data.unit
    x_mean, y_mean, xtx, _, yty = naive(X, y, intercept)
    length = np.sqrt(np.diag(xtx))
    Z = ((X - x_mean) / length).astype(float)
    u = ((y - y_mean) / np.sqrt(yty)).astype(float)
    close = {"rtol": 0, "atol": 1e-13}
    np.testing.assert_allclose(unit.x_norm, length.astype(float), rtol=1e-13)
    assert unit.y_norm == pytest.approx(float(np.sqrt(yty)), rel=1e-14)
    np.testing.assert_allclose(unit.response, u, **close)
    np.testing.assert_allclose(unit.gram, Z.T @ Z, **close)
    np.testing.assert_allclose(unit.xty, Z.T @ u, **close)
    which = np.array([3, 0])
    np.testing.assert_allclose(unit.columns(which), Z[:, which], **close)
    coef = rng.normal(size=data.n_features) * (np.arange(data.n_features) % 2)
    loose = {"rtol": 0, "atol": 1e-12 * np.sqrt(data.n_features)}
    np.testing.assert_allclose(unit.fitted(coef), Z @ coef, **loose)
    np.testing.assert_allclose(unit.residual(coef), u - Z @ coef, **loose)
    np.testing.assert_allclose(unit.correlate(u), Z.T @ u, **close)
    both = np.column_stack([u, -u])
    np.testing.assert_allclose(unit.correlate(both), Z.T @ both, **close)


@pytest.mark.parametrize("shape", [(3000, 5), (600, 400)])
@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, -123456.789, 1e9 + 0.1, 1e-200, 1e140])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csc_array])
def test_a_constant_column_is_exactly_constant(rng, shape, value, kind):
    X, y = rng.normal(size=shape), rng.normal(size=shape[0])
    X[:, 2] = value
    with pytest.warns(UserWarning, match=r"column 'x2' is constant"):
        data = Regression(kind(X), y, 1.0)
    assert data.unit.x_norm[2] == 0
    assert data.column_sd[2] == 0
    assert np.count_nonzero(data.unit.x_norm == 0) == 1


def test_a_column_that_hardly_varies_is_not_constant(rng):
    X, y = rng.normal(size=(300, 2)), rng.normal(size=300)
    X[:, 0] = 1e9 + 1e-3 * X[:, 0]
    data = Regression(X, y, 1.0)
    assert data.column_sd[0] == pytest.approx(
        float(np.std(X[:, 0].astype(np.longdouble))), rel=1e-9
    )


@pytest.mark.parametrize("shape", [(30, 3), (30, 200)])
@pytest.mark.parametrize("scale", [1e-310, 1e-200, 1e-165, 1e165, 1e200, 1e307])
@pytest.mark.parametrize("where", ["x1", "y"])
@intercepts
def test_units_beyond_squares_are_refused_with_the_remedy(rng, shape, scale, where, intercept):
    X, y = rng.uniform(-1, 1, size=shape), rng.uniform(-1, 1, size=shape[0])
    if where == "y":
        y *= scale
    else:
        X[:, 1] *= scale
    with pytest.raises(PriormapError, match=rf"{where}.*rescale"):
        Regression(X, y, 1.0, intercept=intercept)


@pytest.mark.parametrize("where", ["x1", "y"])
def test_means_beyond_the_floats_are_refused(rng, where):
    X, y = rng.normal(size=(30, 3)), rng.normal(size=30)
    (y if where == "y" else X[:, 1])[:] = 1.5e308 * (1 + 0.1 * rng.uniform(size=30))
    with pytest.raises(PriormapError, match=rf"{where}.*rescale"):
        Regression(X, y, 1.0)
