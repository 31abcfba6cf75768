"""Modes of any PyMC model: ours and scikit-learn's where those exist, perturbed where not."""

import warnings

import numpy as np
import pymc as pm
import pytest
import sklearn
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

from priormap import (
    ElasticNet,
    HalfNormal,
    Laplace,
    PriormapError,
    PymcMode,
    Regression,
    find_map,
    pymc_model,
    pymc_prior,
)
from priormap.mode.kinks import minimise_with_kinks


def theirs_of(model):
    """Where pm.find_MAP stops; newer PyMC announces another kind of result."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return pm.find_MAP(model=model, progressbar=False)


def rows(n=60, p=8, seed=3):
    """Shifted columns of very different scales, two of which matter."""
    rng = np.random.default_rng(seed)
    X = (2.0 + rng.normal(size=(n, p))) * np.geomspace(0.05, 20.0, p)
    return X, 40.0 + X[:, 3] - 0.5 * X[:, 5] + 2.0 * rng.normal(size=n)


def by_hand(X, y, sigma, scale=0.1, name="coef"):
    """A regression as one writes it in PyMC."""
    with pm.Model(coords={"column": [f"c{j}" for j in range(X.shape[1])]}) as model:
        noise = pm.HalfNormal("sigma", 3.0) if sigma is None else sigma
        coef = pm.Laplace(name, 0.0, scale, dims="column")
        mean = pm.Flat("intercept") + pm.math.dot(pm.Data("X", X), coef)
        pm.Normal("y", mean, noise, observed=y)
    return model


def log_density(model, point):
    """Of the variables as written, by PyMC, at values in the caller's units."""
    values = {}
    for variable in model.free_RVs:
        value, transform = model.rvs_to_values[variable], model.rvs_to_transforms[variable]
        x = np.asarray(point[variable.name], dtype=float)
        moved = x if transform is None else transform.forward(x, *variable.owner.inputs).eval()
        values[value.name] = moved
    return float(model.compile_logp(jacobian=False)(values))


def is_highest_nearby(model, mode, sizes=(1e-3, 1e-2), seed=0):
    """Whether no point near the mode is higher: along each coordinate, and at random."""
    rng = np.random.default_rng(seed)
    logp = model.compile_logp(jacobian=False)
    best, start = mode.log_density, {}
    for variable in model.free_RVs:
        value, transform = model.rvs_to_values[variable], model.rvs_to_transforms[variable]
        x = mode[variable.name]
        moved = x if transform is None else transform.forward(x, *variable.owner.inputs).eval()
        start[value.name] = np.asarray(moved, dtype=float)
    assert float(logp(start)) == pytest.approx(best, abs=1e-8)
    tries = []
    for size in sizes:
        for name, x in start.items():
            for place in np.ndindex(*x.shape):
                for way in (-size, size):
                    changed = x.copy()
                    changed[place] += way
                    tries.append(start | {name: changed})
        tries += [{k: x + size * rng.normal(size=x.shape) for k, x in start.items()}] * 20
    return max(float(logp(one)) for one in tries) <= best + 1e-10


@pytest.mark.parametrize("sigma", [2.0, None])
def test_gaussian_noise_by_hand_equals_our_exact_mode(sigma):
    X, y = rows()
    exact = find_map(Regression(X, y, sigma=sigma or HalfNormal(3.0)), Laplace(0.1))
    mode = find_map(by_hand(X, y, sigma))
    np.testing.assert_allclose(mode["coef"], exact.coef, rtol=1e-8, atol=1e-10)
    np.testing.assert_array_equal(mode["coef"] == 0, exact.coef == 0)
    np.testing.assert_array_equal(mode.zeros["coef"], exact.coef == 0)
    assert 0 < (exact.coef == 0).sum() < X.shape[1]
    assert float(mode["intercept"]) == pytest.approx(exact.intercept, rel=1e-8)
    if sigma is None:
        assert float(mode["sigma"]) == pytest.approx(exact.sigma, rel=1e-8)
    assert mode.certificate.grade == "stationary"
    assert mode.certificate.kkt_residual < 1e-8
    assert mode.certificate.is_local_mode


def test_find_map_of_pymc_misses_every_zero_of_the_same_model():
    X, y = rows()
    model = by_hand(X, y, 2.0)
    theirs = theirs_of(model)
    ours = find_map(model)
    assert ours.zeros["coef"].any()
    assert not (theirs["coef"][ours.zeros["coef"]] == 0).any()
    assert ours.log_density > float(model.compile_logp(jacobian=False)(theirs))


@pytest.mark.parametrize(
    "prior",
    [Laplace(0.1), ElasticNet(0.1, 0.5), Laplace([0.1] * 4 + [np.inf] * 4)],
    ids=["laplace", "elastic net", "partly flat"],
)
def test_models_of_ours_have_our_exact_mode(prior):
    X, y = rows()
    data = Regression(X, y, sigma=2.0, standardize=True)
    exact, mode = find_map(data, prior), find_map(pymc_model(data, prior))
    np.testing.assert_allclose(mode["coef"], exact.coef, rtol=1e-8, atol=1e-10)
    np.testing.assert_array_equal(mode["coef"] == 0, exact.coef == 0)
    assert mode.log_density == pytest.approx(exact.log_posterior, abs=1e-8)
    assert tuple(mode.point["coef"].coords["feature"].values) == data.names


def test_logistic_regression_equals_scikit_learn():
    X, y = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(0)) / X.std(0)
    with pm.Model() as model:
        coef = pm.Laplace("coef", 0.0, 0.1, shape=X.shape[1])
        eta = pm.Flat("intercept") + pm.math.dot(X, coef)
        pm.Bernoulli("y", logit_p=eta, observed=y)
    mode = find_map(model)
    l1 = {"l1_ratio": 1.0}
    if tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 8):
        l1["penalty"] = "elasticnet"
    options = {"C": 0.1, "solver": "saga", "tol": 1e-12, "max_iter": 100_000}
    theirs = LogisticRegression(**l1, **options).fit(X, y)
    np.testing.assert_array_equal(mode["coef"] == 0, theirs.coef_[0] == 0)
    np.testing.assert_allclose(mode["coef"], theirs.coef_[0], atol=1e-7)
    assert float(mode["intercept"]) == pytest.approx(theirs.intercept_[0], abs=1e-7)
    assert 10 < mode.zeros["coef"].sum() < 30


def test_a_hierarchy_of_counts_is_highest_nearby():
    rng = np.random.default_rng(5)
    X, group = rng.normal(size=(80, 6)), rng.integers(0, 4, 80)
    counts = rng.poisson(np.exp(1 + 0.5 * X[:, 0] + 0.3 * (group - 1.5)))
    with pm.Model(coords={"group": list("abcd")}) as model:
        spread = pm.Gamma("spread", 3.0, 4.0)
        scale = pm.InverseGamma("scale", 4.0, 1.0)
        coef = pm.Laplace("coef", 0.0, scale, shape=6)
        level = pm.Normal("level", 0.0, spread, dims="group")
        share = pm.Beta("share", 2.0, 5.0)
        eta = level[group] + pm.math.dot(X, coef) + share
        pm.Poisson("y", pm.math.exp(eta), observed=counts)
    mode = find_map(model)
    assert mode.certificate.is_local_mode
    assert mode.certificate.kkt_residual < 1e-8
    assert mode.zeros["coef"].any()
    assert not mode.zeros["coef"].all()
    assert is_highest_nearby(model, mode)
    assert list(mode.point["level"].coords["group"].values) == list("abcd")
    assert "level[b]" in repr(mode)


def test_centres_that_are_variables_and_numbers():
    """A level, and steps away from it of which most are exactly none."""
    y = np.array([1.0, 1.1, 0.9, 1.0, 3.0, 1.2])
    with pm.Model() as model:
        centre = pm.Laplace("centre", 0.5, 1.0)
        level = pm.Laplace("level", centre, 0.3, shape=6)
        pm.Normal("y", level, 0.4, observed=y)
    mode = find_map(model)
    at = mode["level"] == mode["centre"]
    assert 3 <= at.sum() < 6
    np.testing.assert_array_equal(at, mode.zeros["level"])
    steps = np.linspace(-0.01, 0.01, 5)
    point = {"centre": mode["centre"], "level": mode["level"]}
    for shift in steps:  # all that sits in the centre moves with it
        moved = point | {"centre": point["centre"] + shift}
        moved["level"] = np.where(at, moved["centre"], point["level"])
        assert log_density(model, moved) <= mode.log_density + 1e-10
    for j in range(6):
        for shift in steps:
            level = point["level"] + shift * np.eye(6)[j]
            assert log_density(model, point | {"level": level}) <= mode.log_density + 1e-10


def test_a_block_of_ours_in_a_model_of_ones_own():
    X, _ = rows()
    counts = np.random.default_rng(0).poisson(3.0, len(X))
    data = Regression(X, counts, standardize=True)
    with pm.Model() as model:
        coef = pymc_prior(ElasticNet(0.05, 0.5), data)
        eta = pm.Normal("level", 0, 3) + pm.math.dot(X - X.mean(0), coef)
        pm.NegativeBinomial("y", mu=pm.math.exp(eta), alpha=pm.Exponential("a", 1), observed=counts)
    mode = find_map(model)
    assert mode.zeros["coef"].any()
    assert mode.certificate.is_stationary
    assert is_highest_nearby(model, mode)


def test_new_data_give_a_new_mode():
    X, y = rows()
    model = by_hand(X, y, 2.0)
    before = find_map(model)["coef"]
    with model:
        pm.set_data({"X": 2 * X})
    after = find_map(model)["coef"]
    exact = find_map(Regression(2 * X, y, sigma=2.0), Laplace(0.1)).coef
    np.testing.assert_allclose(after, exact, rtol=1e-8, atol=1e-10)
    assert np.abs(after - before).max() > 0.1


def test_a_deterministic_and_a_start():
    X, y = rows()
    with pm.Model() as model:
        raw = pm.Laplace("raw", 0.0, 1.0, shape=X.shape[1])
        coef = pm.Deterministic("coef", 0.1 * raw)
        pm.Normal("y", pm.Flat("a") + pm.math.dot(X, coef), 2.0, observed=y)
    mode = find_map(model)
    np.testing.assert_allclose(mode["coef"], 0.1 * mode["raw"])
    again = find_map(model, start={"raw": np.full(X.shape[1], 3.0), "a": -10.0})
    np.testing.assert_allclose(again["raw"], mode["raw"], atol=1e-9)
    np.testing.assert_array_equal(again.zeros["raw"], mode.zeros["raw"])


def test_a_model_without_laplace_is_said_and_solved():
    with pm.Model() as model:
        mu = pm.Normal("mu", 0.0, 1.0)
        pm.Normal("y", mu, 1.0, observed=[1.0, 2.0])
    mode = find_map(model)
    assert float(mode["mu"]) == pytest.approx(1.0, abs=1e-10)
    assert float(theirs_of(model)["mu"]) == pytest.approx(1.0, abs=1e-4)
    assert "this is the point that pm.find_MAP looks for" in repr(mode)
    assert not mode.zeros


def test_the_result_says_everything():
    X, y = rows()
    mode = find_map(by_hand(X, y, 2.0))
    assert isinstance(mode, PymcMode)
    assert mode.point["coef"].dims == ("column",)
    count = int(mode.zeros["coef"].sum())
    assert f"{count} of 8 elements of coef exactly at their centre" in repr(mode)
    told = mode.to_dict()
    assert told["point"]["coef"] == mode["coef"].tolist()
    assert told["certificate"]["grade"] == "stationary"
    with pytest.raises(PriormapError, match="no variable 'beta'; there are"):
        mode["beta"]


def hidden(add):
    with pm.Model() as model:
        b = pm.Laplace("b", 0.0, 1.0)
        add(b)
    return model


REFUSED = {
    "'k' is discrete": lambda b: pm.Poisson("k", 3.0),
    "'penalty' has an absolute value": lambda b: pm.Potential("penalty", -pm.math.abs(b)),
    "'y' has an absolute value": lambda b: pm.Laplace("y", b, 1.0, observed=[1.0, 2.0]),
    "'flat' has an absolute value": lambda b: pm.Potential(
        "flat", -pm.math.abs(pm.Normal("n", 0, 1))
    ),
    "no gradient": lambda b: pm.Potential("step", undefined()(b)),
}


def undefined():
    from pytensor import tensor as pt
    from pytensor.compile.ops import wrap_py

    return wrap_py(itypes=[pt.dscalar], otypes=[pt.dscalar])(lambda x: np.asarray(-(x**2)))


@pytest.mark.parametrize("reason", REFUSED)
def test_what_has_no_exact_mode_is_refused_with_the_reason(reason):
    with pytest.raises(PriormapError, match=reason) as caught:
        find_map(hidden(REFUSED[reason]))
    assert "\n" not in str(caught.value)


def test_a_scale_that_sends_the_density_to_infinity_is_refused():
    with pm.Model() as model:
        scale = pm.HalfNormal("scale", 1.0)
        pm.Laplace("b", 0.0, scale, shape=5)
    with pytest.raises(PriormapError, match="it grows as scale goes to the edge of its range"):
        find_map(model)


def test_arguments_that_do_not_belong_together():
    X, y = rows()
    data, model = Regression(X, y, sigma=1.0), by_hand(X, y, 1.0)
    with pytest.raises(PriormapError, match="a PyMC model has its own priors"):
        find_map(model, Laplace(1.0))
    with pytest.raises(PriormapError, match="prior is missing"):
        find_map(data)
    with pytest.raises(PriormapError, match="start is for a PyMC model"):
        find_map(data, Laplace(1.0), start={})
    with pytest.raises(PriormapError, match="start names 'beta'"):
        find_map(model, start={"beta": 1.0})
    with pytest.raises(PriormapError, match="no free variable"):
        find_map(pm.Model())


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_the_minimiser_against_a_closed_form(size):
    """Soft thresholding, with a smooth coordinate beside it and weights that depend on it."""
    target = np.array([3.0, 0.5, -2.0]) * size

    def evaluate(t):
        b, u = t[:3] / size, t[3]
        weight = np.exp(u) * np.ones(3)
        value = 0.5 * ((b - target / size) ** 2).sum() + (weight * np.abs(b)).sum() + u**2 / 2
        slope = np.append((b - target / size + weight * np.sign(b)) / size, 0.0)
        slope[3] = (weight * np.abs(b)).sum() + u
        return value, slope, np.append(weight / size, 0.0)

    found = minimise_with_kinks(evaluate, np.zeros(4), 1e-10)
    weight = np.exp(found.theta[3])
    soft = np.sign(target) * np.maximum(np.abs(target) - weight * size, 0)
    np.testing.assert_allclose(found.theta[:3], soft, rtol=1e-9)
    assert found.violations.max() < 1e-10
    assert found.lowest_curvature > 0
