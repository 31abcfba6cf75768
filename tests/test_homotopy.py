"""The exact lasso path: optimality at every knot and between, degenerate designs, wide data."""

import numpy as np
import pytest
from sklearn.linear_model import lars_path

from priormap.mode.lasso.homotopy import follow_path, lasso_path
from priormap.mode.lasso.homotopy_kernel import BROKEN, COMPLETE, TOO_MANY_KNOTS
from priormap.mode.lasso.wide_homotopy import wide_lasso_path

KKT = 1e-13


def design(n, p, rho=0.0, seed=0, n_true=5):
    """Unit columns with AR(rho) correlation and a unit response with a sparse truth."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 3.0
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    truth = np.zeros(p)
    truth[rng.permutation(p)[:n_true]] = rng.standard_normal(min(n_true, p))
    y = X @ truth + rng.standard_normal(n) - 7.0
    X -= X.mean(axis=0)
    y -= y.mean()
    return X / np.linalg.norm(X, axis=0), y / np.linalg.norm(y)


def path_of(Z, u, weights=None, lam_min=0.0, max_knots=100_000):
    weights = np.ones(Z.shape[1]) if weights is None else weights
    return lasso_path(Z.T @ Z, Z.T @ u, weights, lam_min, max_knots)


def kkt_residual(Z, u, weights, lams, coefs):
    """Largest violation of the optimality conditions over all rows of coefs."""
    pull = (u - coefs @ Z.T) @ Z
    bound = lams[:, None] * weights
    active = np.abs(pull - np.sign(coefs) * bound)
    return float(np.where(coefs != 0, active, np.abs(pull) - bound).max(initial=0.0))


def assert_exact(Z, u, weights, lams, coefs, tol=KKT):
    assert (np.diff(lams) < 0).all()
    assert np.isfinite(coefs).all()
    assert kkt_residual(Z, u, weights, lams, coefs) <= tol
    middle = (lams[1:] + lams[:-1]) / 2
    assert kkt_residual(Z, u, weights, middle, (coefs[1:] + coefs[:-1]) / 2) <= tol


def at(lams, grid_lams, coefs):
    """Coefficients at other lams, by interpolation between knots."""
    return np.stack([np.interp(lams, grid_lams[::-1], c[::-1]) for c in coefs.T], axis=1)


def departures(coefs):
    """(knot, column) pairs where an active coefficient becomes zero."""
    return np.argwhere((coefs[:-1] != 0) & (coefs[1:] == 0))


@pytest.mark.parametrize(
    ("n", "p", "rho"),
    [(50, 1, 0.0), (60, 10, 0.5), (200, 80, 0.9), (30, 100, 0.5), (300, 300, 0.6)],
)
def test_every_knot_and_every_midpoint_is_optimal(n, p, rho):
    Z, u = design(n, p, rho)
    lams, coefs, status, _ = path_of(Z, u)
    assert status == COMPLETE
    assert lams[-1] == 0.0
    assert lams[0] == pytest.approx(np.abs(Z.T @ u).max(), rel=1e-15)
    assert not coefs[0].any()
    assert_exact(Z, u, np.ones(p), lams, coefs)


def test_negative_control_a_disturbed_path_is_not_optimal():
    Z, u = design(60, 10, 0.5)
    lams, coefs, *_ = path_of(Z, u)
    coefs[4] *= 1 + 1e-9
    assert kkt_residual(Z, u, np.ones(10), lams, coefs) > KKT


def test_errors_do_not_travel_along_a_long_path():
    Z, u = design(800, 700, 0.8, n_true=100)
    lams, coefs, status, _ = path_of(Z, u, lam_min=1e-5)
    assert status == COMPLETE
    assert len(lams) > 1000
    assert len(departures(coefs)) > 100
    assert_exact(Z, u, np.ones(700), lams, coefs)


@pytest.mark.parametrize(("n", "p", "rho"), [(80, 12, 0.0), (80, 40, 0.7), (25, 60, 0.3)])
def test_knots_agree_with_scikit_learn(n, p, rho):
    Z, u = design(n, p, rho, seed=3)
    lam_min = 0.01 * np.abs(Z.T @ u).max()
    lams, coefs, *_ = path_of(Z, u, lam_min=lam_min)
    alphas, _, theirs = lars_path(Z, u, method="lasso", alpha_min=lam_min / n)
    np.testing.assert_allclose(alphas * n, lams, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(theirs.T, coefs, atol=1e-9)


def test_weights_are_a_rescaling_of_columns():
    Z, u = design(80, 15, 0.5, seed=4)
    weights = np.geomspace(0.2, 5.0, 15)[np.random.default_rng(1).permutation(15)]
    lam_min = 0.01 * np.max(np.abs(Z.T @ u) / weights)
    lams, coefs, *_ = path_of(Z, u, weights, lam_min)
    alphas, _, theirs = lars_path(Z / weights, u, method="lasso", alpha_min=lam_min / 80)
    np.testing.assert_allclose(alphas * 80, lams, rtol=1e-9)
    np.testing.assert_allclose(theirs.T / weights, coefs, atol=1e-9)


def test_weights_of_very_different_size():
    Z, u = design(60, 8, 0.5, seed=5)
    weights = np.array([1e-6, 1e6, 1.0, 1e3, 1e-3, 1.0, 1e-6, 1e6])
    lams, coefs, status, _ = path_of(Z, u, weights)
    assert status == COMPLETE
    assert_exact(Z, u, weights, lams, coefs)
    np.testing.assert_allclose(coefs[-1], np.linalg.lstsq(Z, u, rcond=None)[0], atol=1e-12)


def test_unpenalised_columns_are_least_squares_throughout():
    Z, u = design(60, 12, 0.6, seed=6)
    weights = np.ones(12)
    weights[[2, 7]] = 0.0
    lams, coefs, status, _ = path_of(Z, u, weights)
    assert status == COMPLETE
    first = np.zeros(12)
    first[[2, 7]] = np.linalg.lstsq(Z[:, [2, 7]], u, rcond=None)[0]
    np.testing.assert_allclose(coefs[0], first, atol=1e-14)
    assert_exact(Z, u, weights, lams, coefs)


def test_only_unpenalised_columns_is_one_knot():
    Z, u = design(30, 3)
    lams, coefs, status, _ = path_of(Z, u, np.zeros(3), lam_min=0.25)
    assert lams.tolist() == [0.25]
    assert status == COMPLETE
    np.testing.assert_allclose(coefs[0], np.linalg.lstsq(Z, u, rcond=None)[0], atol=1e-14)


def test_orthogonal_columns_soft_threshold():
    rng = np.random.default_rng(7)
    Z = np.linalg.qr(rng.standard_normal((40, 9)))[0]
    u = rng.standard_normal(40)
    u /= np.linalg.norm(u)
    weights = rng.uniform(0.5, 2.0, 9)
    lams, coefs, *_ = lasso_path(np.eye(9), Z.T @ u, weights, 0.0, 100)
    c = Z.T @ u
    np.testing.assert_allclose(lams, np.append(np.sort(np.abs(c) / weights)[::-1], 0.0), rtol=1e-14)
    threshold = np.sign(c) * np.maximum(np.abs(c) - lams[:, None] * weights, 0.0)
    np.testing.assert_allclose(coefs, threshold, atol=1e-15)


def test_columns_that_tie_join_at_one_knot():
    c = np.array([0.5, -0.5, 0.25, 0.5])
    lams, coefs, *_ = lasso_path(np.eye(4), c, np.ones(4), 0.0, 100)
    np.testing.assert_array_equal(lams, [0.5, 0.25, 0.0])
    np.testing.assert_allclose(coefs[-1], c, atol=1e-16)


def test_permuting_and_flipping_columns():
    Z, u = design(50, 30, 0.7, seed=8)
    rng = np.random.default_rng(8)
    order, flip = rng.permutation(30), rng.choice([-1.0, 1.0], 30)
    lams, coefs, *_ = path_of(Z, u)
    lams2, coefs2, *_ = path_of((Z * flip)[:, order], u)
    np.testing.assert_allclose(lams2, lams, atol=1e-13)
    np.testing.assert_allclose(coefs2, (coefs * flip)[:, order], atol=1e-11)


def test_columns_leave_and_come_back():
    Z, u = design(200, 80, 0.9)
    _, coefs, *_ = path_of(Z, u)
    left = departures(coefs)
    assert len(left) > 0
    assert any(coefs[knot + 2 :, column].any() for knot, column in left)


def test_duplicated_and_collinear_columns():
    Z, u = design(60, 10, 0.5, seed=9)
    mixed = Z[:, 0] - 2 * Z[:, 3]
    Z = np.column_stack([Z, Z[:, 2], -Z[:, 4], mixed / np.linalg.norm(mixed), np.zeros(60)])
    lams, coefs, status, n_skipped = path_of(Z, u)
    assert status == COMPLETE
    assert n_skipped > 0
    assert not coefs[:, -1].any()
    assert_exact(Z, u, np.ones(14), lams, coefs)


@pytest.mark.parametrize("seed", [*range(30), 956])
def test_small_integer_designs_full_of_ties(seed):
    rng = np.random.default_rng(seed)
    n, p = rng.integers(2, 12), rng.integers(1, 25)
    Z = rng.integers(-1, 2, (n, p)).astype(float)
    norm = np.linalg.norm(Z, axis=0)
    Z /= np.where(norm > 0, norm, 1.0)
    u = rng.integers(-2, 3, n).astype(float)
    u /= np.linalg.norm(u) or 1.0
    weights = rng.choice([0.0, 0.5, 1.0, 1.0, 2.0], p)
    lams, coefs, status, _ = path_of(Z, u, weights)
    assert status == COMPLETE
    assert len(lams) <= 20 * (p + 1)
    assert_exact(Z, u, weights, lams, coefs)


@pytest.mark.parametrize("distance", [1e-2, 1e-4, 1e-5])
def test_nearly_collinear_columns(distance):
    Z, u = design(40, 8, 0.3, seed=15)
    near = Z[:, [0]] + distance * np.random.default_rng(15).standard_normal((40, 6)) / np.sqrt(40)
    Z = np.column_stack([Z, near / np.linalg.norm(near, axis=0)])
    lams, coefs, status, _ = path_of(Z, u)
    assert status == COMPLETE
    assert_exact(Z, u, np.ones(14), lams, coefs, KKT * np.abs(coefs).sum(axis=1).max())


def test_more_columns_than_rank_reaches_a_perfect_fit():
    Z, u = design(20, 50, 0.3, seed=10)
    lams, coefs, status, _ = path_of(Z, u)
    assert status == COMPLETE
    assert_exact(Z, u, np.ones(50), lams, coefs)
    np.testing.assert_allclose(Z @ coefs[-1], u, atol=1e-12)
    assert np.count_nonzero(coefs[-1]) <= 19


def test_nothing_to_explain_is_one_knot():
    Z, _ = design(20, 4)
    lams, coefs, status, _ = lasso_path(Z.T @ Z, np.zeros(4), np.ones(4), 0.0, 10)
    assert lams.tolist() == [0.0]
    assert not coefs.any()
    assert status == COMPLETE


def test_path_may_end_above_its_first_knot():
    Z, u = design(20, 4)
    lams, coefs, status, _ = path_of(Z, u, lam_min=2.0)
    assert lams.tolist() == [2.0]
    assert not coefs.any()
    assert status == COMPLETE


def test_no_columns():
    lams, coefs, status, _ = lasso_path(np.empty((0, 0)), np.empty(0), np.empty(0), 0.5, 10)
    assert lams.tolist() == [0.5]
    assert coefs.shape == (1, 0)
    assert status == COMPLETE


def test_max_knots_keeps_the_beginning():
    Z, u = design(60, 30, 0.5)
    lams, coefs, *_ = path_of(Z, u)
    some, few, status, _ = path_of(Z, u, max_knots=7)
    assert status == TOO_MANY_KNOTS
    np.testing.assert_array_equal(some, lams[:7])
    np.testing.assert_array_equal(few, coefs[:7])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("where", range(3))
def test_numbers_that_are_not_finite_break_the_path_openly(bad, where):
    inputs = [np.eye(3), np.array([0.5, 0.3, 0.1]), np.ones(3)]
    inputs[where][..., 1] = bad
    lams, coefs, status, _ = lasso_path(*inputs, 0.0, 10)
    assert status == BROKEN
    assert len(lams) == len(coefs) == 0


@pytest.mark.parametrize("knot", [0, 5, 40])
def test_path_goes_on_from_any_knot(knot):
    Z, u = design(100, 60, 0.9, seed=11)
    weights = np.ones(60)
    weights[3] = 0.0
    gram, xty = Z.T @ Z, Z.T @ u
    lams, coefs, *_ = lasso_path(gram, xty, weights, 0.0, 10_000)
    rest, later, status, _ = follow_path(
        gram, xty, weights, lams[knot], np.sign(coefs[knot]), 0.0, 10_000
    )
    assert status == COMPLETE
    np.testing.assert_allclose(later, at(rest, lams, coefs), atol=1e-11)
    assert_exact(Z, u, weights, rest, later)


def wide(Z, u, weights, lam_min, **options):
    return wide_lasso_path(
        lambda which: Z[:, which], lambda v: Z.T @ v, Z.T @ u, weights, lam_min, **options
    )


@pytest.mark.parametrize(("n", "p", "rho"), [(40, 600, 0.0), (40, 400, 0.8), (50, 20, 0.5)])
def test_wide_path_is_the_full_path(n, p, rho):
    Z, u = design(n, p, rho, seed=12)
    weights = np.random.default_rng(12).uniform(0.5, 2.0, p)
    weights[[1, 5]] = 0.0
    penalised = weights > 0
    lam_min = 0.01 * np.max(np.abs(Z.T @ u)[penalised] / weights[penalised])
    lams, coefs, *_ = path_of(Z, u, weights, lam_min)
    path = wide(Z, u, weights, lam_min)
    assert path.status == COMPLETE
    assert path.lams[-1] == lam_min
    assert len(path.lams) >= len(lams)
    assert_exact(Z, u, weights, path.lams, path.expand(p))
    np.testing.assert_allclose(path.expand(p), at(path.lams, lams, coefs), atol=1e-10)
    np.testing.assert_array_equal(path.support, np.flatnonzero(path.expand(p).any(axis=0)))


def test_wide_path_with_duplicates_down_to_zero():
    Z, u = design(15, 150, 0.5, seed=13)
    Z = np.column_stack([Z, Z[:, :75], np.zeros(15)])
    path = wide(Z, u, np.ones(226), 0.0)
    assert path.status == COMPLETE
    assert_exact(Z, u, np.ones(226), path.lams, path.expand(226))


def test_wide_path_stops_at_max_knots_and_breaks_openly():
    Z, u = design(30, 300, seed=14)
    whole = wide(Z, u, np.ones(300), 0.001)
    path = wide(Z, u, np.ones(300), 0.001, max_knots=20)
    assert path.status == TOO_MANY_KNOTS
    np.testing.assert_array_equal(path.lams, whole.lams[:20])
    Z[0, 17] = np.nan
    assert wide(Z, u, np.ones(300), 0.001).status == BROKEN


def test_wide_path_of_nothing():
    Z, _ = design(10, 40)
    path = wide(Z, np.zeros(10), np.ones(40), 0.0)
    assert path.status == COMPLETE
    assert path.lams.tolist() == [0.0]
    assert path.expand(40).shape == (1, 40)
