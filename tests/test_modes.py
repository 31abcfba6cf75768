"""The mode for known noise: optimality from definitions, against others, and its invariances."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import LinearConstraint, minimize
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso, Ridge

from priormap import (
    Gaussian,
    Laplace,
    Penalty,
    PriormapError,
    PriormapWarning,
    Regression,
    audit,
    find_map,
)
from priormap.mode.solve import minimise
from priormap.model.optimality import duality_gap, is_unique_minimiser
from priormap.model.problem import UnitProblem

SIGMA = 1.5


def correlated(n, p, rho, seed):
    """Rows of a stationary AR(1) process along the columns, and a sparse truth."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    coef = np.where(rng.random(p) < min(0.3, 20 / p), rng.normal(size=p) * 2, 0.0)
    return X, 3.0 + X @ coef + rng.normal(size=n)


DESIGNS = {
    "narrow": (80, 6, 0.3),
    "correlated": (150, 40, 0.95),
    "square": (60, 60, 0.5),
    "wide": (50, 300, 0.6),
    "very wide": (40, 1500, 0.2),
    "tall with many columns": (700, 170, 0.8),
}


@pytest.fixture(params=DESIGNS, ids=str)
def design(request):
    return correlated(*DESIGNS[request.param], seed=11)


def lasso_scale(X, y, share=0.1):
    """Scale whose penalty is `share` of the one that sets every coefficient to zero."""
    largest = np.abs((X - X.mean(0)).T @ (y - y.mean())).max()
    return SIGMA**2 / (share * largest)


def kkt_violation(X, y, penalty, fit):
    """Optimality conditions from their definition, on the rows, as correlations."""
    residual = y - fit.intercept - X @ fit.coef
    pull = (X - X.mean(0)).T @ residual - penalty.l2 * fit.coef
    at_zero = np.maximum(np.abs(pull) - penalty.l1, 0)
    violation = np.where(fit.coef == 0, at_zero, np.abs(pull - penalty.l1 * np.sign(fit.coef)))
    lengths = np.linalg.norm(X - X.mean(0), axis=0) * np.linalg.norm(y - y.mean())
    return np.max(violation / lengths), abs(residual.mean())


@pytest.mark.parametrize("share", [0.5, 0.1, 0.02])
def test_laplace_mode_meets_its_optimality_conditions(design, share):
    X, y = design
    data = Regression(X, y, sigma=SIGMA)
    prior = Laplace(lasso_scale(X, y, share))
    fit = find_map(data, prior)
    violation, mean_residual = kkt_violation(X, y, Penalty.from_prior(prior, data, SIGMA), fit)
    assert violation < 1e-12
    assert mean_residual < 1e-12
    assert fit.certificate.is_mode
    assert fit.certificate.relative_gap < 1e-12
    assert fit.certificate.kkt_residual < 1e-12
    assert fit.certificate.is_unique


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_gaussian_mode_meets_its_optimality_conditions(design, scale):
    X, y = design
    data = Regression(X, y, sigma=SIGMA)
    fit = find_map(data, Gaussian(scale))
    violation, _ = kkt_violation(X, y, Penalty.from_prior(Gaussian(scale), data, SIGMA), fit)
    assert violation < 1e-12
    assert fit.certificate.relative_gap < 1e-12
    assert fit.certificate.is_unique


def test_laplace_mode_is_the_lasso(design):
    X, y = design
    scale = lasso_scale(X, y)
    fit = find_map(Regression(X, y, sigma=SIGMA), Laplace(scale))
    alpha = Laplace(scale).to_lasso(SIGMA, len(y))
    lasso = Lasso(alpha=alpha, tol=1e-13, max_iter=10**6).fit(X, y)
    assert np.array_equal(lasso.coef_ != 0, fit.support)
    polished = polish(X, y, lasso.coef_, alpha * len(y))
    assert np.abs(fit.coef - polished).max() <= 1e-10 * np.abs(polished).max()
    assert np.abs(fit.coef - lasso.coef_).max() <= 1e-6 * np.abs(polished).max()


def polish(X, y, coef, l1):
    """Solve the linear system of a lasso's support by QR, apart from priormap's own code."""
    support = coef != 0
    centred = (X - X.mean(0))[:, support]
    q, r = np.linalg.qr(centred)
    half = np.linalg.solve(r.T, l1 * np.sign(coef[support]))
    result = np.zeros_like(coef)
    result[support] = np.linalg.solve(r, q.T @ (y - y.mean()) - half)
    return result


def test_gaussian_mode_is_ridge(design):
    X, y = design
    fit = find_map(Regression(X, y, sigma=SIGMA), Gaussian(0.7))
    ridge = Ridge(alpha=Gaussian(0.7).to_ridge(SIGMA), solver="svd").fit(X, y)
    assert np.abs(fit.coef - ridge.coef_).max() <= 1e-10 * np.abs(ridge.coef_).max()
    assert fit.intercept == pytest.approx(ridge.intercept_, rel=1e-10)


@pytest.mark.parametrize("prior", [Gaussian(0.5), Laplace(0.02)], ids=repr)
class TestInvariance:
    """The model has no favourite units, order or sign; neither has the mode."""

    X, y = correlated(90, 12, 0.7, seed=3)

    def mode(self, X, y, prior, sigma=SIGMA):
        return find_map(Regression(X, y, sigma=sigma), prior).coef

    @pytest.mark.parametrize("factor", [1e-3, 1e3])
    def test_rescaled_columns(self, prior, factor):
        rescaled = type(prior)(prior.scale / factor)
        expected = self.mode(self.X, self.y, prior) / factor
        np.testing.assert_allclose(
            self.mode(self.X * factor, self.y, rescaled), expected, rtol=1e-11, atol=0
        )

    @pytest.mark.parametrize("factor", [1e-3, 1e3])
    def test_rescaled_response(self, prior, factor):
        rescaled = type(prior)(prior.scale * factor)
        expected = self.mode(self.X, self.y, prior) * factor
        found = self.mode(self.X, self.y * factor, rescaled, SIGMA * factor)
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=0)

    def test_shifts_move_only_the_intercept(self, prior):
        shifted = self.mode(self.X + 1e3 * np.arange(12), self.y - 1e3, prior)
        np.testing.assert_allclose(shifted, self.mode(self.X, self.y, prior), rtol=1e-9, atol=0)

    def test_permutation(self, prior):
        order = np.random.default_rng(0).permutation(12)
        permuted = self.mode(self.X[:, order], self.y, prior)
        np.testing.assert_allclose(
            permuted, self.mode(self.X, self.y, prior)[order], rtol=1e-11, atol=0
        )

    def test_sign_flips(self, prior):
        signs = np.where(np.arange(12) % 2, 1.0, -1.0)
        flipped = self.mode(self.X * signs, self.y, prior)
        np.testing.assert_allclose(
            flipped, self.mode(self.X, self.y, prior) * signs, rtol=1e-11, atol=0
        )

    def test_row_order_and_memory_order(self, prior):
        expected = self.mode(self.X, self.y, prior)
        found = self.mode(np.asfortranarray(self.X[::-1]), self.y[::-1], prior)
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=0)


def test_one_column_is_the_shrinkage_rule():
    rng = np.random.default_rng(5)
    x = rng.normal(size=30)
    x = (x - x.mean()) / np.linalg.norm(x - x.mean())
    for target in (-3.0, 0.2, 2.5):
        y = target * x + 7.0
        for prior in (Gaussian(0.8), Laplace(0.9)):
            fit = find_map(Regression(x[:, None], y, sigma=1.0), prior)
            assert fit.coef[0] == pytest.approx(float(prior.shrink(target, sd=1.0)), abs=1e-13)


def test_a_scale_per_column_equals_rescaled_columns():
    X, y = correlated(70, 5, 0.4, seed=8)
    scales = np.array([0.01, 0.1, 1.0, 10.0, np.inf])
    for family in (Gaussian, Laplace):
        fit = find_map(Regression(X, y, sigma=SIGMA), family(scales))
        finite = np.where(np.isinf(scales), 1e7, scales)
        rescaled = find_map(Regression(X * finite, y, sigma=SIGMA), family(1.0)).coef * finite
        np.testing.assert_allclose(fit.coef, rescaled, rtol=1e-5, atol=1e-12)
        assert fit.certificate.is_mode
        assert fit.coef[-1] != 0


def test_standardising_is_a_prior_in_column_sds():
    X, y = correlated(70, 5, 0.4, seed=8)
    X = X * [1, 10, 100, 1000, 1e4] + 50.0
    for family in (Gaussian, Laplace):
        fit = find_map(Regression(X, y, sigma=SIGMA, standardize=True), family(0.3))
        by_hand = find_map(Regression(X, y, sigma=SIGMA), family(0.3 / X.std(0)))
        np.testing.assert_allclose(fit.coef, by_hand.coef, rtol=1e-11)


def test_noise_scaled_priors_are_priors_in_units_of_sigma():
    X, y = correlated(70, 5, 0.4, seed=8)
    data = Regression(X, y, sigma=SIGMA)
    for family in (Gaussian, Laplace):
        scaled = find_map(data, family(0.2, scaled_by_noise=True))
        plain = find_map(data, family(0.2 * SIGMA))
        np.testing.assert_allclose(scaled.coef, plain.coef, rtol=1e-13)


def test_without_an_intercept_nothing_is_centred():
    X, y = correlated(70, 5, 0.4, seed=8)
    X = X + 1.0
    data = Regression(X, y, sigma=SIGMA, intercept=False)
    ridge = Ridge(alpha=SIGMA**2, fit_intercept=False, solver="svd").fit(X, y)
    fit = find_map(data, Gaussian(1.0))
    np.testing.assert_allclose(fit.coef, ridge.coef_, rtol=1e-11)
    assert fit.intercept == 0.0


def test_strong_prior_gives_exact_zeros_and_weak_prior_least_squares():
    X, y = correlated(80, 6, 0.3, seed=2)
    data = Regression(X, y, sigma=SIGMA)
    assert (find_map(data, Laplace(1e-9)).coef == 0).all()
    design = np.column_stack([np.ones(len(y)), X])
    least_squares = np.linalg.lstsq(design, y, rcond=None)[0][1:]
    for prior in (Gaussian(np.inf), Laplace(np.inf)):
        np.testing.assert_allclose(find_map(data, prior).coef, least_squares, rtol=1e-11)


@pytest.mark.parametrize("exponent", [-150, -80, 80, 150])
def test_extreme_units_of_a_column(exponent):
    X, y = correlated(60, 4, 0.3, seed=4)
    factor = np.array([1.0, 10.0**exponent, 1.0, 1.0])
    plain = find_map(Regression(X, y, sigma=SIGMA), Laplace(np.full(4, 0.05)))
    scaled = find_map(Regression(X * factor, y, sigma=SIGMA), Laplace(0.05 / factor))
    np.testing.assert_allclose(scaled.coef * factor, plain.coef, rtol=1e-10)


def test_units_beyond_floats_are_refused_with_the_remedy():
    X, y = correlated(60, 4, 0.3, seed=4)
    with pytest.raises(PriormapError, match="rescale the column"):
        Regression(X * [1, 1e170, 1, 1], y, sigma=1.0)


class TestCertifiedLeastSquares:
    """scale=inf against values certified elsewhere or exact by construction."""

    def test_longley(self):
        """NIST StRD Longley: certified values of the six slopes and the intercept."""
        fit = find_map(Regression(LONGLEY[:, :6], LONGLEY[:, 6], sigma=1.0), Gaussian(np.inf))
        certified = [
            15.0618722713733,
            -0.358191792925910e-01,
            -2.02022980381683,
            -1.03322686717359,
            -0.511041056535807e-01,
            1829.15146461355,
        ]
        np.testing.assert_allclose(fit.coef, certified, rtol=1e-10)
        assert fit.intercept == pytest.approx(-3482258.63459582, rel=1e-10)

    @pytest.mark.parametrize("base", [Fraction(1), Fraction(1, 10)], ids=["Wampler1", "Wampler2"])
    def test_wampler_polynomials(self, base):
        """NIST StRD Wampler 1 and 2: y is a polynomial of degree 5 with known coefficients."""
        x = [Fraction(k) for k in range(21)]
        y = [float(sum(base**k * value**k for k in range(6))) for value in x]
        X = np.array([[float(value**k) for k in range(1, 6)] for value in x])
        with pytest.warns(PriormapWarning, match="fits y exactly"):
            fit = find_map(Regression(X, y, sigma=1.0), Gaussian(np.inf))
        np.testing.assert_allclose(fit.coef, [float(base**k) for k in range(1, 6)], rtol=1e-8)

    def test_polynomial_of_degree_ten(self):
        """A design like NIST StRD Filip (condition 3e9 after scaling) against rational numbers."""
        rng = np.random.default_rng(0)
        x = np.round(np.sort(rng.uniform(-9, -3, 82)), 6)
        X = np.stack([x**k for k in range(1, 11)], axis=1)
        y = np.round(np.sin(x) + 0.01 * rng.normal(size=82), 4)
        fit = find_map(Regression(X, y, sigma=1.0), Gaussian(np.inf))
        exact = rational_least_squares(X, y)
        np.testing.assert_allclose(fit.coef, exact[1:], rtol=3e-6)

    def test_trend_with_a_mean_of_a_billion(self):
        rng = np.random.default_rng(1)
        X = np.column_stack([np.arange(100.0), rng.normal(size=100)]) + 1e9
        y = 3 * (X[:, 0] - 1e9) + rng.normal(size=100)
        fit = find_map(Regression(X, y, sigma=1.0), Gaussian(np.inf))
        np.testing.assert_allclose(fit.coef, rational_least_squares(X, y)[1:], rtol=1e-11)


def rational_least_squares(X, y):
    """Least squares with intercept, exactly, in rational arithmetic."""
    rows = [[Fraction(1), *map(Fraction, row)] for row in X.tolist()]
    target = list(map(Fraction, y.tolist()))
    p = len(rows[0])
    system = [
        [sum(r[i] * r[j] for r in rows) for j in range(p)]
        + [sum(r[i] * t for r, t in zip(rows, target, strict=True))]
        for i in range(p)
    ]
    for i in range(p):
        for k in range(i + 1, p):
            factor = system[k][i] / system[i][i]
            system[k] = [a - factor * b for a, b in zip(system[k], system[i], strict=True)]
    solution = [Fraction(0)] * p
    for i in reversed(range(p)):
        known = sum(system[i][j] * solution[j] for j in range(i + 1, p))
        solution[i] = (system[i][p] - known) / system[i][i]
    return np.array([float(value) for value in solution])


def test_laplace_mode_of_an_ill_conditioned_polynomial():
    x = np.linspace(-1, 1, 60)
    X = np.stack([(x + 3) ** k for k in range(1, 11)], axis=1)
    y = np.sin(3 * x) + 0.05 * np.random.default_rng(2).normal(size=60)
    data = Regression(X, y, sigma=0.05, standardize=True)
    for scale in (0.01, 1.0, 100.0):
        fit = find_map(data, Laplace(scale))
        assert fit.certificate.is_mode
        assert fit.certificate.kkt_residual < 1e-12
        assert fit.certificate.relative_gap < 1e-8


class TestModesThatAreSets:
    rng = np.random.default_rng(9)
    X = rng.normal(size=(60, 4))
    y = X @ [3.0, 0.0, -2.0, 1.0] + rng.normal(size=60)

    def test_duplicate_columns_share_a_coefficient(self):
        doubled = np.column_stack([self.X, self.X[:, 0]])
        prior = Laplace(lasso_scale(self.X, self.y, 0.05))
        alone = find_map(Regression(self.X, self.y, sigma=SIGMA), prior)
        assert alone.coef[0] != 0
        with pytest.warns(PriormapWarning, match="linear combination"):
            data = Regression(doubled, self.y, sigma=SIGMA)
        with pytest.warns(PriormapWarning, match="not unique"):
            fit = find_map(data, prior)
        assert not fit.certificate.is_unique
        assert "several modes" in fit.certificate.verdict
        assert fit.certificate.is_mode
        assert fit.coef[0] + fit.coef[4] == pytest.approx(alone.coef[0], rel=1e-11)
        # any split with the same signs is a mode too, and one with other signs is not
        split = fit.coef.copy()
        split[[0, 4]] = 0.3 * alone.coef[0], 0.7 * alone.coef[0]
        assert audit(data, prior, split).is_mode
        split[[0, 4]] = 2 * alone.coef[0], -alone.coef[0]
        assert not audit(data, prior, split).is_mode

    def test_a_duplicate_that_stays_at_zero_leaves_the_mode_unique(self):
        rng = np.random.default_rng(1)
        X = rng.normal(size=(50, 3))
        y = 5 * X[:, 0] + 0.1 * rng.normal(size=50)
        with pytest.warns(PriormapWarning, match="linear combination"):
            data = Regression(np.column_stack([X, X[:, 2]]), y, sigma=1.0)
        fit = find_map(data, Laplace(0.02))
        assert fit.coef[2] == fit.coef[3] == 0
        assert fit.certificate.is_unique

    def test_a_gaussian_prior_shares_equally(self):
        with pytest.warns(PriormapWarning, match="linear combination"):
            data = Regression(np.column_stack([self.X, self.X[:, 0]]), self.y, sigma=SIGMA)
        fit = find_map(data, Gaussian(1.0))
        assert fit.certificate.is_unique
        assert fit.coef[0] == pytest.approx(fit.coef[4], rel=1e-9)

    def test_flat_prior_with_more_columns_than_rows(self):
        X, y = correlated(20, 30, 0.2, seed=1)
        with pytest.warns(PriormapWarning, match="not unique"):
            fit = find_map(Regression(X, y, sigma=1.0), Gaussian(np.inf))
        assert np.abs(y - fit.intercept - X @ fit.coef).max() < 1e-10


def test_certificate_bounds_how_far_a_vector_is_from_the_mode():
    X, y = correlated(80, 10, 0.5, seed=6)
    data = Regression(X, y, sigma=SIGMA)
    rng = np.random.default_rng(0)
    for prior in (Gaussian(0.3), Laplace(0.05), Laplace(np.array([0.05] * 9 + [np.inf]))):
        penalty = Penalty.from_prior(prior, data, SIGMA)
        best = find_map(data, prior)
        floor = objective(X, y, penalty, best.coef)
        for size in (1e-8, 1e-4, 1e-1, 1.0):
            other = best.coef + size * rng.normal(size=10)
            certificate = audit(data, prior, other)
            excess = objective(X, y, penalty, other) / floor - 1
            assert certificate.relative_gap >= excess / (1 + excess) - 1e-12
            assert not certificate.is_mode
            assert certificate.objective == pytest.approx(objective(X, y, penalty, other))


def objective(X, y, penalty, coef):
    residual = y - y.mean() - (X - X.mean(0)) @ coef
    return 0.5 * residual @ residual + penalty.value(coef)


def unit_problem(rng, n, p, l1, l2):
    """A canonical problem beside its unit columns and response, as plain arrays."""
    X = rng.normal(size=(n, p)) @ (np.eye(p) + 0.3)
    y = X[:, 0] + rng.normal(size=n)
    columns = Regression(X, y, sigma=1.0).unit
    Z, u = X - X.mean(0), y - y.mean()
    Z, u = Z / np.linalg.norm(Z, axis=0), u / np.linalg.norm(u)
    return UnitProblem(columns, np.resize(l1, p), np.resize(l2, p)), Z, u


PENALTIES = {
    "lasso": ([0.3, 0.1], [0.0]),
    "ridge": ([0.0], [0.5, 0.02]),
    "elastic net": ([0.2, 0.05], [0.1, 2.0]),
    "one of each": ([0.2, 0.0, 0.1], [0.0, 0.3, 0.4]),
    "some flat": ([0.2, 0.1, 0.0, 0.0], [0.0, 0.3, 0.2, 0.0]),
}


def dual_objective(problem, Z, u, theta):
    """``u'theta - |theta|**2 / 2`` less the conjugate of the penalty, minus infinity outside."""
    beyond = np.maximum(np.abs(Z.T @ theta) - problem.l1, 0.0)
    if (beyond[problem.l2 == 0] > 1e-9).any():
        return -np.inf
    curved = problem.l2 > 0
    conjugate = beyond[curved] ** 2 / (2 * problem.l2[curved])
    return u @ theta - 0.5 * theta @ theta - conjugate.sum()


@pytest.mark.parametrize("shape", [(40, 8), (12, 20)], ids=["narrow", "wide"])
@pytest.mark.parametrize("kind", PENALTIES)
def test_gap_is_objective_less_dual_objective_on_the_rows(kind, shape):
    """At the residual off the flat columns, scaled until its pulls are within their bounds."""
    rng = np.random.default_rng(3)
    problem, Z, u = unit_problem(rng, *shape, *PENALTIES[kind])
    bound = (problem.l2 == 0) & (problem.l1 > 0)
    flat = Z[:, (problem.l1 == 0) & (problem.l2 == 0)]
    for size in (0.0, 1e-3, 0.1, 1.0, 30.0):
        coef = size * rng.normal(size=shape[1]) * (rng.random(shape[1]) < 0.7)
        residual = u - Z @ coef
        theta = residual - flat @ np.linalg.lstsq(flat, residual, rcond=None)[0]
        pulls = np.abs(Z.T @ theta)[bound] / problem.l1[bound]
        dual = dual_objective(problem, Z, u, theta / pulls.max(initial=1.0))
        primal = 0.5 * residual @ residual + problem.l1 @ np.abs(coef)
        primal += 0.5 * problem.l2 @ coef**2
        gap = duality_gap(problem, coef, Z.T @ residual, float(residual @ residual)).size
        assert gap == pytest.approx(primal - dual, rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("kind", PENALTIES)
def test_gap_reaches_down_to_a_dual_optimum_found_by_another_solver(kind):
    """Strong duality: the largest dual value is the smallest objective, and no gap is smaller."""
    rng = np.random.default_rng(4)
    problem, Z, u = unit_problem(rng, 9, 4, *PENALTIES[kind])
    curved, flat = problem.l2 > 0, (problem.l1 == 0) & (problem.l2 == 0)
    bound = (problem.l1 > 0) & ~curved

    def loss(theta):
        beyond = np.maximum(np.abs(Z.T @ theta) - problem.l1, 0.0)[curved]
        return 0.5 * theta @ theta - u @ theta + (beyond**2 / (2 * problem.l2[curved])).sum()

    limits = [
        LinearConstraint(Z[:, bound].T, -problem.l1[bound], problem.l1[bound]),
        LinearConstraint(Z[:, flat].T, 0.0, 0.0),
    ]
    found = minimize(
        loss,
        np.zeros(9),
        constraints=[limit for limit in limits if len(limit.A)],
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    best, _ = minimise(problem)
    gradient, rss = problem.gradient(best)
    assert problem.value(best, rss) == pytest.approx(-found.fun, abs=1e-8)
    assert duality_gap(problem, best, gradient, rss).size < 1e-12
    for size in (0.01, 0.1, 1.0):
        coef = best + size * rng.normal(size=4)
        gradient, rss = problem.gradient(coef)
        above = problem.value(coef, rss) + found.fun
        assert above - 1e-8 <= duality_gap(problem, coef, gradient, rss).size


# Columns a, b and their sum c over two, of which c alone is in use, and a residual that pulls all
# of them in full: moving c's coefficient over to a and b costs nothing if both may enter on that
# side. (Only how the sides compare can matter: what holds for a direction holds for its reverse.)
@pytest.mark.parametrize("overall", [1.0, -1.0])
@pytest.mark.parametrize("pulls", [(1.0, 1.0), (1.0, -1.0)])
@pytest.mark.parametrize("share", [(0.5, 0.5), (1.0, -2.0)])
def test_uniqueness_where_zeros_have_their_full_pull(share, pulls, overall):
    pulls = overall * np.array(pulls)
    a, b = np.random.default_rng(5).normal(size=(2, 30))
    X = np.column_stack([a - a.mean(), b - b.mean()])
    residual = np.linalg.lstsq(X.T, pulls, rcond=None)[0]
    X = np.column_stack([X, X @ share])
    coef = np.array([0.0, 0.0, 2.0 * np.sign(X[:, 2] @ residual)])
    y = X @ coef + residual
    with pytest.warns(PriormapWarning, match="linear combination"):
        columns = Regression(X, y, sigma=1.0).unit
    gradient = X.T @ residual / columns.x_norm / columns.y_norm
    problem = UnitProblem(columns, np.abs(gradient), np.zeros(3))
    unit = problem.from_user(coef)
    move = 0.1 * coef[2] * np.array([*share, -1.0])  # leaves the fit as it is
    penalties = np.abs(X.T @ residual) @ np.abs([coef, coef + move]).T
    is_free = bool(np.isclose(*penalties))
    assert is_free == (np.sign(share) * np.sign(coef[2]) == np.sign(pulls)).all()
    assert is_unique_minimiser(problem, unit, gradient) is not is_free


@pytest.mark.parametrize("copy", [1.0, -1.0])
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_zero_coefficients_of_a_column_and_its_copy_are_unique(copy, side):
    """At the smallest penalty that keeps both at zero: any move costs a penalty and fits alike."""
    x = np.random.default_rng(5).normal(size=30)
    with pytest.warns(PriormapWarning, match="linear combination"):
        columns = Regression(np.column_stack([x, copy * x]), side * x, sigma=1.0).unit
    problem = UnitProblem(columns, np.abs(columns.xty), np.zeros(2))
    assert is_unique_minimiser(problem, np.zeros(2), columns.xty)


def test_audit_agrees_with_find_map_and_names_the_worst_column():
    X, y = correlated(80, 4, 0.2, seed=6)
    data = Regression(X, y, sigma=SIGMA, names=["a", "b", "c", "d"])
    fit = find_map(data, Laplace(0.05))
    assert audit(data, Laplace(0.05), fit.coef).is_mode
    wrong = fit.coef + np.array([0, 0, 0.5, 0])
    certificate = audit(data, Laplace(0.05), wrong)
    assert certificate.worst_column == "c"
    assert "not the mode" in str(certificate)


def test_constant_response_and_constant_column():
    X, y = correlated(40, 3, 0.2, seed=6)
    with pytest.warns(PriormapWarning, match="y is constant"):
        data = Regression(X, np.full(40, 2.5), sigma=1.0)
    for prior in (Gaussian(1.0), Laplace(1.0)):
        fit = find_map(data, prior)
        assert (fit.coef == 0).all()
        assert fit.intercept == 2.5
        assert fit.certificate.is_mode
    with pytest.warns(PriormapWarning, match="constant"):
        data = Regression(np.column_stack([X, np.ones(40)]), y, sigma=1.0)
    fit = find_map(data, Laplace(0.1))
    assert fit.coef[3] == 0
    without = find_map(Regression(X, y, sigma=1.0), Laplace(0.1))
    np.testing.assert_allclose(fit.coef[:3], without.coef, rtol=1e-12)


@pytest.mark.parametrize("intercept", [True, False])
def test_an_exact_gradient_is_taken_from_the_rows(intercept):
    """Bit for bit, where the one from cross products differs in its last digits."""
    X, y = correlated(80, 6, 0.9, seed=2)
    columns = Regression(X, y, sigma=1.0, intercept=intercept).unit
    problem = UnitProblem(columns, np.zeros(6), np.ones(6))
    coef = np.linspace(-1.0, 2.0, 6)
    residual = columns.residual(coef)
    gradient, rss = problem.gradient(coef, exact=True)
    np.testing.assert_array_equal(gradient, columns.correlate(residual))
    assert rss == residual @ residual
    fast, fast_rss = problem.gradient(coef)
    np.testing.assert_allclose(fast, gradient, rtol=1e-10)
    assert fast_rss == pytest.approx(rss, rel=1e-12)
    assert not np.array_equal(fast, gradient)


def test_sparse_input_gives_the_same_modes():
    from scipy import sparse

    rng = np.random.default_rng(0)
    for n, p in ((60, 8), (40, 200)):
        X = sparse.random_array((n, p), density=0.3, rng=rng, format="csr")
        y = np.asarray(X @ rng.normal(size=p)).ravel() + rng.normal(size=n)
        for prior in (Gaussian(0.5), Laplace(0.1)):
            thin = find_map(Regression(X, y, sigma=1.0), prior)
            dense = find_map(Regression(X.toarray(), y, sigma=1.0), prior)
            np.testing.assert_allclose(thin.coef, dense.coef, rtol=1e-9, atol=1e-13)


def test_diabetes_zeros_equal_those_of_the_lasso():
    X, y = load_diabetes(return_X_y=True)
    fit = find_map(Regression(X, y, sigma=54.0), Laplace.from_lasso(0.1, 54.0, 442))
    lasso = Lasso(alpha=0.1, tol=1e-14, max_iter=10**6).fit(X, y)
    assert np.array_equal(fit.coef == 0, lasso.coef_ == 0)
    assert (fit.coef == 0).any()
    np.testing.assert_allclose(fit.coef, lasso.coef_, rtol=1e-8)


def test_result_speaks():
    X, y = correlated(80, 4, 0.2, seed=6)
    fit = find_map(Regression(X, y, sigma=SIGMA), Laplace(0.05))
    assert "This is the mode" in repr(fit)
    assert "<table" in fit._repr_html_()
    frame = fit.to_frame()
    assert list(frame.columns) == ["coef", "is_zero"]
    np.testing.assert_array_equal(frame["coef"], fit.coef)
    assert list(frame.index) == list(fit.names)
    assert fit.to_dict()["coef"] == dict(zip(fit.names, fit.coef.tolist(), strict=True))
    np.testing.assert_allclose(fit.predict(X), fit.intercept + X @ fit.coef)
    with pytest.raises(PriormapError, match="4 coefficients"):
        fit.predict(X[:, :2])


# NIST StRD Longley: deflator, GNP, unemployed, armed forces, population, year; employed
LONGLEY = np.array(
    [
        [83.0, 234289, 2356, 1590, 107608, 1947, 60323],
        [88.5, 259426, 2325, 1456, 108632, 1948, 61122],
        [88.2, 258054, 3682, 1616, 109773, 1949, 60171],
        [89.5, 284599, 3351, 1650, 110929, 1950, 61187],
        [96.2, 328975, 2099, 3099, 112075, 1951, 63221],
        [98.1, 346999, 1932, 3594, 113270, 1952, 63639],
        [99.0, 365385, 1870, 3547, 115094, 1953, 64989],
        [100.0, 363112, 3578, 3350, 116219, 1954, 63761],
        [101.2, 397469, 2904, 3048, 117388, 1955, 66019],
        [104.6, 419180, 2822, 2857, 118734, 1956, 67857],
        [108.4, 442769, 2936, 2798, 120445, 1957, 68169],
        [110.8, 444546, 4681, 2637, 121950, 1958, 66513],
        [112.6, 482704, 3813, 2552, 123366, 1959, 68655],
        [114.2, 502601, 3931, 2514, 125368, 1960, 69564],
        [115.7, 518173, 4806, 2572, 127852, 1961, 69331],
        [116.9, 554894, 4007, 2827, 130081, 1962, 70551],
    ]
)
