"""Data, priors and optimality conditions for tests that ask other libraries for our minimum."""

import numpy as np

from priormap import Penalty, Regression, convert
from priormap.mode.certify import certify
from priormap.model.problem import UnitProblem

SIGMA = 1.3
PRIORS = {
    "ridge": ("priormap.Gaussian", {"scale": 0.6}),
    "lasso": ("priormap.Laplace", {"scale": 0.15}),
    "elastic net": ("priormap.ElasticNet", {"l1_scale": 0.3, "l2_scale": 0.8}),
}


def table(seed=0, n=60, p=5):
    """Correlated columns of different scales, none of them centred, and a response."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) @ (np.eye(p) + 0.4) * rng.uniform(0.5, 2.0, p) + rng.normal(size=p)
    y = 3.0 + X @ (rng.normal(size=p) * (rng.random(p) < 0.6)) + SIGMA * rng.normal(size=n)
    return X, y, rng.uniform(0.1, 3.0, n)


def certificate(X, y, coef, penalty, weights=None, intercept=True):
    """Certificate of coefficients; weighted rows are multiplied by the root of their weight."""
    if weights is not None:
        centre = (np.average(X, 0, weights), np.average(y, weights=weights))
        root = np.sqrt(weights)
        X, y = X - centre[0] * intercept, y - centre[1] * intercept
        X, y, intercept = X * root[:, None], y * root, False
    data = Regression(X, y, sigma=1.0, intercept=intercept)
    p = data.n_features
    penalty = Penalty(np.broadcast_to(penalty.l1, p), np.broadcast_to(penalty.l2, p))
    problem = UnitProblem.of(data, penalty)
    unit = problem.from_user(np.asarray(coef, dtype=float))
    return certify(problem, unit, names=data.names, tolerance=1e-9, exact=True)


def assert_minimum(tolerance, *arguments, **options):
    found = certificate(*arguments, **options)
    assert found.kkt_residual < tolerance, found.verdict
    assert found.relative_gap < tolerance, found.verdict


def violation(X, slope, coef, penalty):
    """Largest violation of 0 in ``-X' slope + l1 sign(b) + l2 b``, relative to the data's pull."""
    gradient = X.T @ slope - penalty.l2 * coef
    beyond = np.where(
        coef != 0, np.abs(gradient - penalty.l1 * np.sign(coef)), np.abs(gradient) - penalty.l1
    )
    return beyond.clip(0).max() / np.abs(X.T @ slope).max()


def converted(prior, target, X, y, *, intercept=True, **options):
    source, numbers = PRIORS[prior]
    data = Regression(X, y, sigma=SIGMA, intercept=intercept)
    return convert(numbers, source, target, data=data, **options)
