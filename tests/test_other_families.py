"""Yes/no responses and counts: modes against other programs, and what every verb says of them."""

import inspect
import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from scipy import sparse, special
from sklearn import linear_model

import priormap as pmap
from priormap import Flat, Gaussian, Horseshoe, Laplace, PriormapError, Regression, find_map

mpl.use("Agg")

FAMILIES = ("bernoulli", "poisson")


def design(n=120, p=6, seed=1, correlation=0.5):
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n, 1))
    X = np.sqrt(1 - correlation) * rng.standard_normal((n, p)) + np.sqrt(correlation) * shared
    return X * np.geomspace(0.3, 3, p) + 1.0


def responses(X, family, shift=0.0, seed=2):
    rng = np.random.default_rng(seed)
    eta = shift + 0.8 * (X[:, 0] - X[:, 0].mean()) / X[:, 0].std() - 0.3 * (X[:, 1] - 1)
    if family == "poisson":
        return rng.poisson(np.exp(0.5 * eta)).astype(float)
    return (rng.random(len(X)) < special.expit(eta)).astype(float)


def data_of(family, **options):
    X = design(**options)
    return Regression(X, responses(X, family), family=family)


# ------------------------------------------------------------------------------- the data


def test_yes_and_no_are_coded_with_the_reference_in_words():
    frame = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "sick": ["yes", "no", "yes", "no"]})
    data = Regression.from_frame(frame, "sick", family="bernoulli")
    assert data.y.tolist() == [1, 0, 1, 0]
    assert data.levels == ("no", "yes")
    assert "no is the reference, so that the probability is that of yes" in str(data.blocks()[1])
    other = Regression.from_frame(frame, "sick", family="bernoulli", event="no")
    assert other.y.tolist() == [0, 1, 0, 1]
    kind = pd.CategoricalDtype(["yes", "no"])
    ordered = Regression(frame[["x"]], frame["sick"].astype(kind), family="binomial")
    assert ordered.levels == ("yes", "no")
    for y in ([True, False, True, False], np.array(["b", "a", "b", "a"]), frame["sick"] == "yes"):
        assert Regression(frame[["x"]], y, family="logistic").y.tolist() == [1, 0, 1, 0]
    assert Regression(frame[["x"]], [2, 1, 2, 1], family="bernoulli", event=2).y.sum() == 2
    iris = Regression(frame[["x"]], list("abca"), family="bernoulli", event="a")
    assert iris.levels == ("not a", "a")


def test_a_csv_has_yes_and_no(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("x,sick\n0,yes\n1,no\n2,yes\n3,no\n")
    data = Regression.from_csv(path, "sick", family="bernoulli")
    assert data.y.tolist() == [1, 0, 1, 0]
    assert data.levels == ("no", "yes")


@pytest.mark.parametrize(
    ("y", "options", "words"),
    [
        ([1, 2, 1], {"family": "bernoulli"}, "y has values 1 and 2; code them 0 and 1, or name"),
        ([0, 1, 0.5], {"family": "bernoulli"}, "got 0.5"),
        (list("abc"), {"family": "bernoulli"}, "a yes/no response has two"),
        (list("aaa"), {"family": "bernoulli"}, "y has the level a,"),
        (["a", None, "b"], {"family": "bernoulli"}, "1 missing value"),
        ([0, 1, 1], {"family": "bernoulli", "event": 3}, "event=3 is no value of y"),
        ([0, 1, 1], {"family": "bernoulli", "sigma": 1.0}, "has no sigma"),
        ([0, 1, 1], {"family": "probit"}, "family must be one of gaussian, bernoulli, poisson"),
        ([0, 1, 1], {"family": 3}, "family must be one of"),
        ([0, 1, 1], {"event": 1}, "give that family, or leave event out"),
        ([0, 1, -1], {"family": "poisson"}, "none of them negative, got -1"),
        ([0, 1, 1.5], {"family": "poisson"}, "whole numbers (counts), got 1.5"),
        ([0, 1, 1e17], {"family": "poisson"}, "not every digit"),
        ([0, 1, np.nan], {"family": "poisson"}, "1 NaN value"),
        ([0, 1, np.nan], {"family": "bernoulli"}, "1 NaN value"),
        ([0, 1, 2], {"family": "poisson", "event": 2}, "leave event out"),
    ],
)
def test_what_y_may_not_be(y, options, words):
    with pytest.raises(PriormapError) as refused:
        Regression([[0.0], [1.0], [3.0]], y, **options)
    assert words in str(refused.value)
    assert str(refused.value).count(". ") == 0


def test_the_family_stays_with_the_data():
    data = data_of("poisson")
    assert data.with_noise(None).family == "poisson"
    part = data.on_columns([0, 2])
    assert part.family == "poisson"
    assert find_map(part, Laplace(0.1)).certificate.is_mode
    assert "family='poisson'" in repr(data)
    with pytest.raises(PriormapError, match="has no sigma"):
        data.with_noise(2.0)


def test_another_reads_the_same_names_as_other_packages():
    assert Regression([[0.0], [1.0]], [0, 1], family="Binomial").family == "bernoulli"
    assert Regression([[0.0], [1.0]], [0, 1], family="Poisson").family == "poisson"
    assert Regression([[0.0], [1.0]], [0, 1], family="normal").family == "gaussian"


# ------------------------------------------------------------------------------- modes


def newton(X, y, family, l2, steps=100):
    """Ridge mode by plain Newton steps on rows, written out once more."""
    A = np.column_stack([np.ones(len(X)), X])
    penalty = np.diag(np.r_[0.0, np.broadcast_to(l2, X.shape[1])])
    theta = np.zeros(A.shape[1])
    theta[0] = np.log(y.mean()) if family == "poisson" else special.logit(y.mean())
    for _ in range(steps):
        eta = A @ theta
        mean = np.exp(eta) if family == "poisson" else special.expit(eta)
        weight = mean if family == "poisson" else mean * (1 - mean)
        gradient = A.T @ (mean - y) + penalty @ theta
        theta = theta - np.linalg.solve(A.T @ (weight[:, None] * A) + penalty, gradient)
    return theta[1:], theta[0]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("scale", [0.1, 1.0, [0.1, 0.5, 1.0, 2.0, 3.0, 9.0]])
def test_gaussian_modes_are_those_of_plain_newton(family, scale):
    data = data_of(family)
    fit = find_map(data, Gaussian(scale))
    coef, intercept = newton(data.X, data.y, family, 1 / np.square(scale))
    np.testing.assert_allclose(fit.coef, coef, rtol=1e-10, atol=1e-12)
    assert fit.intercept == pytest.approx(intercept, rel=1e-10)
    assert fit.certificate.is_mode
    assert fit.certificate.is_unique
    assert fit.sigma == 1


@pytest.mark.parametrize("shift", [0.0, -3.0], ids=["balanced", "unbalanced"])
@pytest.mark.parametrize(
    "shape", [(120, 6, 0.5), (300, 20, 0.95), (40, 60, 0.3)], ids=["plain", "correlated", "wide"]
)
@pytest.mark.parametrize("scale", [0.3, 2.0])
def test_ridge_modes_are_scikit_learns(shape, shift, scale):
    n, p, correlation = shape
    X = design(n, p, correlation=correlation)
    y = responses(X, "bernoulli", shift)
    theirs = linear_model.LogisticRegression(
        C=scale**2, solver="newton-cholesky", tol=1e-13, max_iter=1000
    ).fit(X, y)
    fit = find_map(Regression(X, y, family="bernoulli"), Gaussian(scale))
    assert fit.certificate.is_mode
    np.testing.assert_allclose(fit.coef, theirs.coef_[0], rtol=0, atol=1e-8 * abs(fit.coef).max())
    np.testing.assert_allclose(fit.predict(X), theirs.predict_proba(X)[:, 1], atol=1e-8)


@pytest.mark.parametrize("shift", [0.0, -2.5], ids=["balanced", "unbalanced"])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("shape", [(120, 6), (40, 60)], ids=["tall", "wide"])
def test_lasso_modes_have_the_zeros_of_scikit_learn(shape, intercept, shift):
    X = design(*shape)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    y = responses(X + 1, "bernoulli", shift)
    theirs = linear_model.LogisticRegression(
        C=0.2, l1_ratio=1.0, penalty="l1", solver="saga", tol=1e-14, max_iter=300_000,
        fit_intercept=intercept,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs.fit(X, y)
    fit = find_map(Regression(X, y, family="bernoulli", intercept=intercept), Laplace(0.2))
    assert fit.certificate.is_mode
    assert ((theirs.coef_[0] == 0) == (fit.coef == 0)).all()
    assert fit.support.sum() < len(fit.coef)
    np.testing.assert_allclose(fit.coef, theirs.coef_[0], atol=1e-8)


@pytest.mark.parametrize("shape", [(120, 6), (40, 60)], ids=["tall", "wide"])
def test_poisson_ridge_modes_are_scikit_learns(shape):
    X = design(*shape)
    y = responses(X, "poisson", 1.0)
    theirs = linear_model.PoissonRegressor(
        alpha=1 / (len(y) * 0.25), solver="newton-cholesky", tol=1e-13, max_iter=1000
    ).fit(X, y)
    fit = find_map(Regression(X, y, family="poisson"), Gaussian(0.5))
    np.testing.assert_allclose(fit.coef, theirs.coef_, atol=1e-8)
    np.testing.assert_allclose(fit.predict(X), theirs.predict(X), rtol=1e-8)


def violations(fit):
    """Optimality conditions of the caller's own problem, written out once more."""
    data, prior = fit.data, fit.prior
    eta = fit.intercept + data.X @ fit.coef
    mean = np.exp(eta) if data.family == "poisson" else special.expit(eta)
    pull = data.X.T @ (data.y - mean)
    l1 = 1 / np.broadcast_to(getattr(prior, "l1_scale", np.inf), fit.coef.shape)
    l2 = 1 / np.broadcast_to(getattr(prior, "l2_scale", np.inf), fit.coef.shape) ** 2
    left = pull - l2 * fit.coef - l1 * np.sign(fit.coef)
    at_zero = np.maximum(np.abs(pull) - l1, 0)
    return np.where(fit.coef == 0, at_zero, np.abs(left)), abs((data.y - mean).sum())


PRIORS = [
    *(Laplace(0.05), Laplace(0.5), Laplace([0.01, 0.1, 1.0, 0.2, 0.2, np.inf])),
    *(pmap.ElasticNet(l1_scale=0.2, l2_scale=0.5), Flat(), Gaussian(1e3), Laplace(1e-4)),
    *(Gaussian(1e8), Laplace(1e7)),
]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("prior", PRIORS, ids=repr)
def test_modes_meet_their_conditions_in_the_callers_units(family, prior):
    fit = find_map(data_of(family), prior)
    left, of_intercept = violations(fit)
    size = np.abs(fit.data.X).sum()
    assert left.max() < 1e-13 * size
    assert of_intercept < 1e-13 * size
    assert fit.certificate.is_mode
    assert fit.certificate.relative_gap < 1e-12


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("unit", [1e-150, 1e-8, 1e8, 1e140])
def test_units_of_columns_do_not_matter(family, unit):
    data, scale = data_of(family), 0.2
    plain = find_map(data, Laplace(scale))
    fit = find_map(Regression(data.X * unit, data.y, family=family), Laplace(scale / unit))
    np.testing.assert_allclose(fit.coef * unit, plain.coef, rtol=1e-10)
    assert ((fit.coef == 0) == (plain.coef == 0)).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_sparse_columns_have_the_mode_of_dense_ones(family):
    rng = np.random.default_rng(3)
    X = sparse.random_array((150, 300), density=0.1, rng=rng, format="csc")
    y = responses(X[:, :2].toarray() + 1, family)
    fit = find_map(Regression(X, y, family=family), Laplace(0.7))
    dense = find_map(Regression(X.toarray(), y, family=family), Laplace(0.7))
    assert fit.certificate.is_mode
    assert 0 < fit.support.sum() < 300
    np.testing.assert_allclose(fit.coef, dense.coef, atol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_objective_of_a_certificate_bounds_that_of_any_other(family):
    """The gap is a bound: between the mode and a point beside it, from either side."""
    from priormap.mode.certify_rows import certify_rows
    from priormap.model import Model
    from priormap.model.row_problem import RowProblem

    data, prior = data_of(family), pmap.ElasticNet(l1_scale=0.3, l2_scale=1.0)
    model = Model(data, prior, any_likelihood=True)
    problem = RowProblem.of(data, model.penalty())
    fit = find_map(data, prior)
    best = fit.certificate.objective
    rng = np.random.default_rng(5)
    for size in (1e-6, 1e-3, 0.1):
        coef = fit.coef + size * rng.standard_normal(6)
        unit = problem.penalised.from_user(coef)
        centre = problem.best_centre(unit)
        judged = certify_rows(problem, unit, centre, tolerance=1e-9)
        excess = judged.objective - best
        assert excess > 0
        assert excess <= judged.relative_gap * judged.objective * (1 + 1e-6) + 1e-12 * best


# ------------------------------------------------------------------------------- separation


def test_separated_rows_have_no_mode_under_a_flat_prior():
    x = np.linspace(-1, 1, 10)[:, None]
    data = Regression(x, (x[:, 0] > 0).astype(float), family="bernoulli", names=["dose"])
    with pytest.raises(PriormapError, match="'dose' separates the rows"):
        find_map(data, Flat())
    for scale in (1.0, 1e3, 1e6):
        fit = find_map(data, Gaussian(scale))
        assert fit.certificate.is_mode
        left, _ = violations(fit)
        assert left.max() < 1e-10 * fit.coef[0] / scale**2 + 1e-16
        assert find_map(data, Laplace(scale)).certificate.is_mode
    y = data.y.copy()
    y[-1] = 0.0  # one row on the other side, and there is a mode
    assert find_map(Regression(x, y, family="bernoulli"), Flat()).certificate.is_mode


def test_quasi_separation_is_seen_too():
    x = np.array([[-2.0], [-1.0], [0.0], [0.0], [1.0], [2.0]])
    data = Regression(x, [0, 0, 0, 1, 1, 1], family="bernoulli")
    with pytest.raises(PriormapError, match="separates the rows"):
        find_map(data, Flat())
    counts = Regression(np.array([[0.0], [0.0], [1.0]]), [3, 2, 0], family="poisson")
    with pytest.raises(PriormapError, match="separates the rows"):
        find_map(counts, Flat())
    assert find_map(counts, Gaussian(2.0)).certificate.is_mode


@pytest.mark.parametrize(("family", "y"), [("bernoulli", 0), ("bernoulli", 1), ("poisson", 0)])
def test_one_answer_in_every_row_has_no_finite_intercept(family, y):
    X = design(10, 2)
    with pytest.raises(PriormapError, match=f"y is {y} in every row, so that the intercept"):
        find_map(Regression(X, np.full(10, y), family=family), Gaussian(1.0))
    without = Regression(X, np.full(10, y), family=family, intercept=False)
    assert find_map(without, Gaussian(1.0)).certificate.is_mode


def test_equal_counts_are_their_mean():
    fit = find_map(Regression(design(10, 2), np.full(10, 3), family="poisson"), Laplace(1.0))
    assert fit.coef.tolist() == [0, 0]
    assert fit.intercept == pytest.approx(np.log(3), rel=1e-15)


def test_a_flat_prior_needs_columns_that_rows_can_tell_apart():
    X = design(50, 2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        y = responses(X, "bernoulli")
        data = Regression(np.column_stack([X, X[:, 0]]), y, family="bernoulli")
        fit = find_map(data, Flat())
    assert not fit.certificate.is_unique
    assert any("not unique" in str(one.message) for one in caught)


# ------------------------------------------------------------------------------- paths and audits


@pytest.mark.parametrize("family", FAMILIES)
def test_a_path_has_the_modes_of_its_scales(family):
    data = data_of(family)
    path = pmap.map_path(data, Laplace())
    assert len(path.values) == 100
    for k in (0, 40, 99):
        fit = find_map(data, Laplace(path.values[k]))
        np.testing.assert_allclose(path.coef[k], fit.coef, rtol=1e-9, atol=1e-13)
        assert ((path.coef[k] == 0) == (fit.coef == 0)).all()
        assert path.intercept[k] == pytest.approx(fit.intercept, rel=1e-10)
        assert path.certificate(k).is_mode
    np.testing.assert_allclose(path.at(path.values[40]), path.coef[40], atol=1e-13)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("shape", [(120, 6), (40, 60)], ids=["tall", "wide"])
def test_a_path_begins_exactly_where_all_is_zero(family, shape):
    X = design(*shape)
    data = Regression(X, responses(X, family), family=family)
    path = pmap.map_path(data, Laplace())
    entry = 1 / np.abs(X.T @ (data.y - data.y.mean())).max()
    assert path.values[0] == pytest.approx(entry, rel=1e-12)
    assert not path.coef[0].any()
    assert np.count_nonzero(find_map(data, Laplace(entry * (1 + 1e-6))).coef) == 1
    assert not find_map(data, Laplace(entry * (1 - 1e-6))).coef.any()


def test_a_path_beside_a_column_without_a_prior():
    data, scale = data_of("bernoulli"), np.array([np.inf, 1, 1, 1, 1, 1])
    path = pmap.map_path(data, Laplace(scale))
    assert np.count_nonzero(path.coef[0]) == 1
    assert np.count_nonzero(path.coef[1]) == 2
    assert path.certificate(1).is_mode


@pytest.mark.parametrize("family", FAMILIES)
def test_paths_of_other_priors(family):
    data = data_of(family)
    net = pmap.ElasticNet(l1_scale=1.0, l2_scale=1.0)
    path = pmap.map_path(data, net, along="power")
    assert not path.coef[0].any()
    assert path.certificate(50).is_mode
    ridge = pmap.map_path(data, Gaussian(), [3.0, 0.1])
    np.testing.assert_allclose(ridge.coef[1], find_map(data, Gaussian(0.1)).coef, rtol=1e-10)
    assert np.isfinite(pmap.map_path(data, Laplace(), [np.inf, 1.0]).coef).all()
    with pytest.raises(PriormapError, match="give scales="):
        pmap.map_path(data, Gaussian())


@pytest.mark.parametrize("family", FAMILIES)
def test_an_audit_tells_the_mode_from_what_is_near_it_and_what_is_not(family):
    data = data_of(family)
    fit = find_map(data, Laplace(0.2))
    assert pmap.audit(data, Laplace(0.2), fit.coef).grade == "mode"
    assert pmap.audit(data, fit.penalty, fit.coef).grade == "mode"
    near = pmap.audit(data, Laplace(0.2), fit.coef.round(5))
    assert near.grade == "mode to digits"
    assert 3 <= near.digits <= 7
    far = pmap.audit(data, Laplace(0.2), np.zeros(6))
    assert far.grade == "another point"
    assert set(far.shortfall.zero_here) == {f"x{j}" for j in np.flatnonzero(fit.support)}
    null = find_map(data, Laplace(1e-9)).certificate.objective
    assert far.shortfall.excess == pytest.approx(null / fit.certificate.objective - 1, rel=1e-9)
    with pytest.raises(PriormapError, match="has no sigma"):
        pmap.audit(data, Laplace(0.2), fit.coef, sigma=1.0)
    with pytest.raises(PriormapError, match="overflows"):
        pmap.audit(data, Laplace(0.2), np.full(6, 1e200))


def test_scikit_learns_coefficients_are_audited():
    data = data_of("bernoulli")
    theirs = linear_model.LogisticRegression(C=1.0, tol=1e-12).fit(data.X, data.y)
    assert pmap.audit(data, Gaussian(1.0), theirs.coef_[0], tolerance=1e-5).is_mode


# ------------------------------------------------------------------------------- posteriors


def by_quadrature(data, prior):
    """Mean and sd of the one coefficient, and of the intercept, on a grid of both."""
    fit = find_map(data, prior)
    b, a = np.linspace(-6, 6, 601) + fit.coef[0], np.linspace(-8, 8, 601) + fit.intercept
    eta = a[:, None, None] + b[None, :, None] * data.X[:, 0]
    logs = data.likelihood.logpdf(data.y, eta).sum(axis=-1) + prior.logpdf(b)
    mass = np.exp(logs - logs.max())
    mass /= mass.sum()

    def moments(values, weights):
        mean = float(values @ weights)
        return mean, float(np.sqrt((values - mean) ** 2 @ weights))

    return moments(b, mass.sum(axis=0)), moments(a, mass.sum(axis=1))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("prior", [Gaussian(0.5), Laplace(0.3)], ids=repr)
def test_draws_have_the_moments_of_quadrature(family, prior):
    rng = np.random.default_rng(8)
    x = rng.standard_normal((25, 1)) + 0.5
    y = responses(np.column_stack([x, np.ones(25)]), family)
    data = Regression(x, y, family=family)
    tree = pmap.sample(data, prior, draws=2000, tune=1000, chains=2, random_seed=1)
    assert tree.attrs["method"] == "nuts"
    assert tree.attrs["family"] == family
    assert "sigma" not in tree["posterior"]
    assert "sigma" not in tree.attrs
    for name, (mean, sd) in zip(("coef", "intercept"), by_quadrature(data, prior), strict=True):
        draws = tree["posterior"][name].to_numpy().ravel()
        error = sd / np.sqrt(800)
        assert abs(draws.mean() - mean) < 4 * error
        assert abs(draws.std() / sd - 1) < 4 / np.sqrt(2 * 800)
        assert abs(draws.mean() - mean - 0.4 * sd) > 4 * error  # negative control


def test_draws_carry_the_log_posterior_and_predict():
    X = design(60, 2)
    data = Regression(X, responses(X, "bernoulli"), family="bernoulli")
    extras = ("log_likelihood", "posterior_predictive")
    options = {"draws": 500, "chains": 2, "random_seed": 1}
    tree = pmap.sample(data, Gaussian(1.0), include=extras, **options)
    coef = tree["posterior"]["coef"].to_numpy()[1, 3]
    intercept = float(tree["posterior"]["intercept"][1, 3])
    expected = pmap.log_posterior(data, Gaussian(1.0), coef, intercept)
    assert float(tree["sample_stats"]["lp"][1, 3]) == pytest.approx(expected, rel=1e-12)
    assert set(np.unique(tree["posterior_predictive"]["y"])) == {0.0, 1.0}
    rows = tree["log_likelihood"]["y"].to_numpy()[1, 3]
    assert rows.sum() == pytest.approx(expected - Gaussian(1.0).logpdf(coef).sum(), rel=1e-12)
    mean = pmap.predict(tree, X[:3], kind="mean")["predictions"]["mu"].to_numpy()[1, 3]
    np.testing.assert_allclose(mean, special.expit(intercept + X[:3] @ coef), rtol=1e-12)
    drawn = pmap.predict(tree, X[:3], data=data, random_seed=1)["predictions"]["y"]
    assert set(np.unique(drawn)) == {0.0, 1.0}
    assert "logit" in tree["posterior"]["coef"].attrs["units"]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_density_of_pymc_is_ours(family):
    data, prior = data_of(family), Laplace(0.5)
    model = pmap.pymc_model(data, prior)
    coef, intercept = np.full(6, 0.1), 0.3
    point = model.initial_point()
    point["coef"] = coef
    (name,) = set(point) - {"coef"}
    point[name] = np.asarray(intercept + data.unit.x_mean @ coef)
    found = float(model.compile_logp(jacobian=False)(point))
    assert found == pytest.approx(pmap.log_posterior(data, prior, coef, intercept), rel=1e-12)
    with pytest.raises(PriormapError, match="likelihood='moments' is for Gaussian noise"):
        pmap.pymc_model(data, prior, likelihood="moments")


@pytest.mark.parametrize("method", ["exact", "gibbs"])
def test_kernels_of_gaussian_noise_are_refused(method):
    with pytest.raises(PriormapError, match="is for Gaussian noise, and y is a yes/no response"):
        pmap.sample(data_of("bernoulli"), Laplace(1.0), method=method)


def test_an_improper_posterior_is_refused():
    x = np.linspace(-1, 1, 10)[:, None]
    data = Regression(x, (x[:, 0] > 0).astype(float), family="bernoulli")
    with pytest.raises(PriormapError, match="separates the rows"):
        pmap.sample(data, Flat())
    with pytest.raises(PriormapError, match="in every row"):
        pmap.sample(Regression(x, np.ones(10), family="bernoulli"), Gaussian(1.0))


# ------------------------------------------------------------------------------- every verb


def test_log_posterior_is_the_sum_of_its_terms():
    data = data_of("bernoulli")
    eta = 0.3 + data.X @ np.full(6, 0.1)
    expected = (data.y * eta - np.log1p(np.exp(eta))).sum() + Laplace(0.5).logpdf(0.1) * 6
    found = pmap.log_posterior(data, Laplace(0.5), np.full(6, 0.1), 0.3)
    assert found == pytest.approx(float(expected), rel=1e-13)
    with pytest.raises(PriormapError, match="has no sigma"):
        pmap.log_posterior(data, Laplace(0.5), np.zeros(6), 0.3, sigma=1.0)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_mode_is_the_highest_point(family):
    data = data_of(family)
    fit = find_map(data, Laplace(0.3))
    rng = np.random.default_rng(4)
    for size in (1e-3, 0.1):
        for _ in range(20):
            coef = fit.coef + size * rng.standard_normal(6)
            beside = pmap.log_posterior(data, Laplace(0.3), coef, fit.intercept)
            assert beside < fit.log_posterior


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "prior",
    [
        *(pmap.StudentT(3, 1.0), Horseshoe(0.1), pmap.SpikeAndSlab(0.5, Gaussian(1.0))),
        *(Gaussian(1.0, scaled_by_noise=True), Gaussian(pmap.HalfNormal(1.0))),
        Laplace(1.0, groups=[0, 0, 0, 1, 1, 1]),
    ],
    ids=repr,
)
def test_priors_without_penalty_parts_have_no_mode_here(family, prior):
    with pytest.raises(PriormapError):
        find_map(data_of(family), prior)


ONE, NAMED = Laplace(0.5), {"lasso": Laplace(0.5)}
# what every verb that takes data is asked
ASKED = {
    "audit": lambda d: pmap.audit(d, ONE, np.zeros(6)),
    "check_prior": lambda d: pmap.check_prior(d, NAMED),
    "choose_scale": lambda d: pmap.choose_scale(d, Laplace),
    "compare_evidence": lambda d: pmap.compare_evidence(d, NAMED),
    "compare_map": lambda d: pmap.compare_map(d, NAMED),
    "compare_priors": lambda d: pmap.compare_priors(d, NAMED),
    "contrast": lambda d: pmap.contrast(d, NAMED, draws=200, chains=2, random_seed=1),
    "convert": lambda d: pmap.convert(1.0, "sklearn.Ridge", "glmnet", data=d),
    "enumerate_models": lambda d: pmap.enumerate_models(d, pmap.SpikeAndSlab(0.5, Gaussian(1.0))),
    "explain": lambda d: pmap.explain(linear_model.LogisticRegression().fit(d.X, d.y), d.X, d.y),
    "explain_penalty": lambda d: pmap.explain_penalty("sklearn.Lasso", data=d, alpha=0.1),
    "find_map": lambda d: pmap.find_map(d, ONE),
    "log_posterior": lambda d: pmap.log_posterior(d, ONE, np.zeros(6), 0.0),
    "map_path": lambda d: pmap.map_path(d, ONE, [0.1, 1.0]),
    "plot_geometry": lambda d: pmap.plot_geometry(d, NAMED, ("x0", "x1")),
    "plot_path": lambda d: pmap.plot_path(d, ONE, draws=200),
    "plot_prior_predictive": lambda d: pmap.plot_prior_predictive(d, ONE),
    "posterior_moments": lambda d: pmap.posterior_moments(d, Gaussian(1.0)),
    "predict": lambda d: pmap.predict(gaussian_draws(d), d.X, data=d),
    "prior_for": lambda d: pmap.prior_for(d, Laplace, r2=0.5),
    "prior_says": lambda d: pmap.prior_says(d, ONE),
    "prior_sensitivity": lambda d: pmap.prior_sensitivity(d, ONE),
    "project": lambda d: pmap.project(d, ONE),
    "model_code": lambda d: pmap.model_code(d, ONE),
    "pymc_model": lambda d: pmap.pymc_model(d, ONE),
    "pymc_prior": lambda d: in_a_model(lambda: pmap.pymc_prior(ONE, d)),
    "sample": lambda d: pmap.sample(d, ONE, draws=500, chains=4, random_seed=1),
    "savage_dickey": lambda d: pmap.savage_dickey(d, ONE, "x0"),
    "write_report": lambda d: pmap.write_report(d, NAMED),
}
# what has an answer of its own, which other tests hold to be right
ANSWERED = {
    *("audit", "find_map", "log_posterior", "map_path"),
    *("pymc_model", "pymc_prior", "sample"),
}
# verbs of results, of priors alone and of lists
WITHOUT_DATA = {
    *("list_conventions", "prediction_table", "to_inference_data", "plot_evidence", "pool"),
    *("plot_coefficient_shrinkage", "plot_compare", "plot_contrast", "plot_joint"),
    *("plot_loo_pit", "plot_nonzero_counts", "plot_posterior_vs_map", "plot_prior_shapes"),
    *("plot_projection", "plot_pull", "plot_scale_choice", "plot_sensitivity", "plot_shrinkage"),
    *("plot_shrinkage_profile", "plot_stability"),
}


def gaussian_draws(data):
    plain = Regression(data.X, data.y, sigma=1.0)
    return pmap.sample(plain, Gaussian(1.0), draws=50, random_seed=1)


def in_a_model(call):
    import pymc

    with pymc.Model():
        return call()


def test_the_sweep_asks_every_public_verb():
    verbs = {name for name in pmap.__all__ if inspect.isfunction(getattr(pmap, name))}
    assert verbs == ASKED.keys() | WITHOUT_DATA


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("verb", sorted(ASKED.keys() - ANSWERED))
def test_what_does_not_apply_is_refused_in_one_sentence(verb, family):
    with pytest.raises(PriormapError) as refused:
        ASKED[verb](data_of(family))
    said = str(refused.value)
    assert "\n" not in said
    assert ". " not in said


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("verb", sorted(ANSWERED))
def test_what_applies_is_answered(verb, family):
    assert ASKED[verb](data_of(family)) is not None
