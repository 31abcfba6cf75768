"""Least squares from the moments: numpy's, and NaN where the data do not determine it."""

import warnings

import numpy as np
import pytest

from priormap import PriormapWarning, Regression
from priormap.model.least_squares import least_squares


def regression(X, y, intercept=True):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PriormapWarning)
        return Regression(X, y, sigma=1.0, intercept=intercept)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("noise", [1.0, 1e-9])
def test_it_is_that_of_numpy_to_the_last_digits(intercept, noise):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 4)) * [1.0, 10.0, 0.1, 3.0] + [5.0, 0.0, -1.0, 2.0]
    y = X @ [1.0, -0.2, 3.0, 0.0] + noise * rng.normal(size=50) + 7
    A = np.column_stack([X, np.ones(50)]) if intercept else X
    wanted, rss, *_ = np.linalg.lstsq(A, y, rcond=None)
    found = least_squares(regression(X, y, intercept))
    np.testing.assert_allclose(found.coef, wanted[:4], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found.rss, rss[0], rtol=1e-5 if noise < 1 else 1e-12)
    assert found.dof == 46 - intercept
    assert found.sd == np.sqrt(found.rss / found.dof)


def test_collinear_columns_leave_the_residuals():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(30, 3))
    y = rng.normal(size=30)
    both = least_squares(regression(np.column_stack([X, X[:, 0] - X[:, 1]]), y))
    alone = least_squares(regression(X, y))
    assert np.isnan(both.coef).all()
    np.testing.assert_allclose(both.rss, alone.rss, rtol=1e-12)


def test_a_constant_column_has_none_and_changes_nothing():
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(30, 3)), rng.normal(size=30)
    X[:, 1] = 4.0
    found = least_squares(regression(X, y))
    np.testing.assert_allclose(found.coef[[0, 2]], least_squares(regression(X[:, ::2], y)).coef)
    assert np.isnan(found.coef[1])


def test_so_many_columns_fit_any_response():
    rng = np.random.default_rng(3)
    found = least_squares(regression(rng.normal(size=(5, 4)), rng.normal(size=5)))
    assert np.isnan([*found.coef, found.rss, found.sd]).all()
    assert found.dof == 0
