"""Data for tests of conventions, and equality to twelve digits."""

import numpy as np

from priormap import Regression


def regression(seed=0, intercept=True, standardize=False, n=30, p=4, sigma=1.7):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * rng.uniform(0.1, 10, p) + rng.normal(size=p)
    return Regression(
        X, 5 + rng.normal(size=n), sigma=sigma, intercept=intercept, standardize=standardize
    )


def assert_same(found, wanted):
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12, err_msg=name)
