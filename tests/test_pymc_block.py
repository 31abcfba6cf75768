"""Our coefficients inside a PyMC model of one's own, and any likelihood on our linear predictor."""

import itertools

import numpy as np
import pytest
from scipy import stats

from logistic_prior import Logistic
from priormap import (
    Cauchy,
    ElasticNet,
    Flat,
    Gaussian,
    HalfCauchy,
    HalfNormal,
    Horseshoe,
    Jeffreys,
    Laplace,
    NormalGamma,
    PriormapError,
    Regression,
    SpikeAndSlab,
    StudentT,
    log_posterior,
    pymc_model,
    pymc_prior,
)
from priormap.posterior.pymc.inference import quiet_pymc
from priormap.posterior.pymc.variables import load_pymc
from priormap.priors import PRIORS

pm = load_pymc()
WITH_A_DENSITY = {
    "gaussian": Gaussian(0.7),
    "laplace": Laplace([0.3, 1.0, 20.0]),
    "partly flat": Laplace([0.5, np.inf, 2.0]),
    "flat": Gaussian(np.inf),
    "elastic net": ElasticNet(0.8, [1.5, 0.4, 2.0]),
    "student t": StudentT(4, 0.5),
    "cauchy": Cauchy(0.5),
    "learnt": Gaussian(HalfCauchy(0.6)),
    "learnt, per column": Laplace([0.3, 1.0, 9.0], hyperprior=HalfNormal(0.8)),
    "without a variable": Logistic(0.4),
    "no prior": Flat(),
}
MADE_OF_OTHERS = {
    "horseshoe": Horseshoe(0.3),
    "regularised": Horseshoe(0.3, slab_scale=1.0),
    "normal-gamma": NormalGamma(0.4, 0.6),
}


def rows(n=12, seed=0):
    """A shifted and rescaled design: a missing shift or scale cannot hide."""
    rng = np.random.default_rng(seed)
    X = rng.normal(5.0, 1.0, (n, 3)) * np.geomspace(0.1, 10.0, 3)
    return X, 3.0 + X @ rng.normal(size=3) + rng.normal(size=n)


def in_units_of_noise(prior):
    """The same prior, scaled by the noise."""
    return prior if isinstance(prior, Flat) else prior._changed(scaled_by_noise=True)


def own_model(data, prior, name="coef", dim="feature"):
    """Linear regression as a user of PyMC writes it, with our prior as a block."""
    with pm.Model() as model:
        sigma = pm.HalfNormal("noise", 2.0)
        coef = pymc_prior(prior, data, name, sigma=sigma, dim=dim)
        mean = pm.Flat("intercept") + pm.math.dot(data.X, coef)
        pm.Normal("y", mean, sigma, observed=data.y)
    return model


def test_every_prior_of_the_register_is_tried():
    tried = {type(prior) for prior in (WITH_A_DENSITY | MADE_OF_OTHERS).values()}
    # R2D2 is what its data make of it: tests/test_r2d2.py
    assert {kind.__name__ for kind in set(PRIORS) - tried} == {"R2D2", "SpikeAndSlab"}


@pytest.mark.parametrize(
    ("kind", "by_noise", "standardize"),
    [(kind, k % 2 == 1, k % 3 > 0) for k, kind in enumerate([*WITH_A_DENSITY] * 2)],
)
def test_the_log_density_of_ones_own_model_is_ours(kind, by_noise, standardize):
    data = Regression(*rows(), sigma=HalfNormal(2.0), standardize=standardize)
    prior = in_units_of_noise(WITH_A_DENSITY[kind]) if by_noise else WITH_A_DENSITY[kind]
    model = own_model(data, prior, "effect")
    density = model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    rng = np.random.default_rng(1)
    for _ in range(3):
        coef, (sigma, scale) = rng.normal(0, 2, 3), rng.uniform(0.3, 4.0, 2)
        at = {"effect": coef, "intercept": np.array(1.5), "noise_log__": np.log(sigma)}
        learnt = prior.hyperprior is not None
        at |= {"effect_scale_log__": np.log(scale)} if learnt else {}
        ours = log_posterior(
            data, prior, coef=coef, intercept=1.5, sigma=sigma, scale=scale if learnt else None
        )
        assert float(density(at)) == pytest.approx(ours, rel=1e-12, abs=1e-8)


@pytest.mark.parametrize("kind", MADE_OF_OTHERS)
def test_coefficients_that_are_made_of_others_have_our_prior(kind):
    """Given half of them, and so the noise and units: probabilities of sizes are those of ours."""
    X, y = rows()
    data, prior = Regression(X, y, standardize=True), in_units_of_noise(MADE_OF_OTHERS[kind])
    with pm.Model() as model:
        coef = pymc_prior(prior, data, sigma=pm.Data("noise", 2.5))
    draws = pm.draw(coef, 4000, mode="FAST_COMPILE", random_seed=5)
    sizes = np.abs(draws) * X.std(axis=0) / 2.5
    for size, column in itertools.product((0.05, 0.3, 2.0), range(3)):
        share, exact = (sizes[:, column] <= size).mean(), prior.probability(size)
        assert abs(share - exact) < 5 * np.sqrt(exact * (1 - exact) / len(sizes))
    assert model.named_vars_to_dims["coef"] == ("feature",)


def test_two_blocks_in_one_model_keep_apart():
    X, y = rows()
    one, other = Regression(X, y, names=["a", "b", "c"]), Regression(X[:, :2], y)
    with pm.Model() as model:
        pymc_prior(Horseshoe(HalfCauchy(1.0)), one)
        pymc_prior(Horseshoe(HalfCauchy(1.0)), other, "more", dim="others")
        pymc_prior(Laplace(2.0), one, "again")
    assert {variable.name for variable in model.free_RVs} == {
        *("local_scale", "standardised", "scale"),
        *("more_local_scale", "more_standardised", "more_scale"),
        "again",
    }
    assert model.coords == {"feature": ("a", "b", "c"), "others": ("x0", "x1")}


def test_a_known_noise_of_the_data_serves_where_none_is_given():
    X, y = rows()
    with pm.Model():
        known = pymc_prior(Gaussian(0.5, scaled_by_noise=True), Regression(X, y, sigma=3.0))
        given = pymc_prior(Gaussian(0.5, scaled_by_noise=True), Regression(X, y), "b", sigma=3.0)
        plain = pymc_prior(Gaussian(1.5), Regression(X, y), "c", sigma=99.0)
    at = np.array([0.3, -2.0, 1.0])
    for coef in (known, given, plain):
        np.testing.assert_allclose(
            pm.logp(coef, at).eval(mode="FAST_COMPILE"), stats.norm.logpdf(at, 0, 1.5)
        )


def test_refusals():
    data = Regression(*rows())
    with pytest.raises(PriormapError, match=r"call it inside of `with pm.Model\(\):`"):
        pymc_prior(Gaussian(1.0), data)
    cases = [
        ({"prior": SpikeAndSlab(0.1)}, r"no variable of PyMC; use .* such as Horseshoe\(\.\.\.\)"),
        ({"prior": Gaussian(1.0, scaled_by_noise=True)}, "give sigma=, the noise of your model"),
        ({"prior": Gaussian(1.0, scaled_by_noise=True), "sigma": -1.0}, "sigma must be a positive"),
        ({"prior": Gaussian([1.0, 2.0])}, "scale has 2 entries but X has 3 columns"),
        ({"name": ""}, "name must be a name, got ''"),
        ({"dim": "cities"}, "dimension 'cities' with other coordinates .*; give another dim"),
        ({"dim": "chain"}, "PyMC refuses name='coef' with dim='chain', because: .*; give others"),
        ({"name": "taken"}, "PyMC refuses name='taken' .* already exists; give others"),
        ({"prior": "lasso"}, "prior must be Gaussian"),
    ]
    for arguments, sentence in cases:
        with pm.Model(coords={"cities": ["Graz"]}):
            pm.Normal("taken")
            with pytest.raises(PriormapError, match=sentence):
                pymc_prior(**({"prior": Gaussian(1.0), "data": data} | arguments))


# any likelihood on our linear predictor


@pytest.mark.parametrize("intercept", [True, False])
def test_our_own_likelihood_hung_on_mu_gives_our_density(intercept):
    data = Regression(*rows(), sigma=HalfNormal(2.0), intercept=intercept)
    prior = Laplace(0.4, scaled_by_noise=True)
    hung, whole = pymc_model(data, prior, likelihood=None), pymc_model(data, prior)
    with hung:
        pm.Normal("y", hung["mu"], hung["sigma"], observed=data.y, dims="obs_id")
    at = {"sigma_log__": 0.3, "coef": [0.3, -2.0, 1.0], "intercept_centred__": 1.5}
    at = {v.name: np.asarray(at[v.name], float) for v in whole.value_vars}
    ours, theirs = (float(m.compile_logp(mode="FAST_COMPILE")(at)) for m in (whole, hung))
    assert theirs == pytest.approx(ours, rel=1e-13)
    assert hung.named_vars_to_dims["mu"] == ("obs_id",)


def test_sigma_is_there_only_where_the_prior_is_in_units_of_it():
    data = Regression(*rows())
    assert "sigma" not in pymc_model(data, Laplace(1.0), likelihood=None)
    assert "sigma" in pymc_model(data, Laplace(1.0, scaled_by_noise=True), likelihood=None)


def test_counts_start_where_their_rate_is_a_number():
    X, _ = rows()
    y = np.arange(12.0) * 300
    model = pymc_model(Regression(X, y), Gaussian(1.0), likelihood=None)
    with model:
        pm.Poisson("y", pm.math.exp(model["mu"]), observed=y)
    start = model.initial_point()
    assert np.isfinite(model.compile_logp(mode="FAST_COMPILE")(start))
    near = pymc_model(Regression(X, y + 0.5), Gaussian(1.0), likelihood=None).initial_point()
    assert near["intercept_centred__"] == pytest.approx(y.mean() + 0.5)


@pytest.mark.slow
def test_a_bernoulli_likelihood_on_mu_samples_its_posterior():
    rng = np.random.default_rng(3)
    x = rng.normal(size=60)
    y = (rng.random(60) < 1 / (1 + np.exp(-1.5 * x))).astype(float)
    data = Regression(x[:, None], y, intercept=False, standardize=True)
    model = pymc_model(data, Laplace(0.5), likelihood=None)
    with model, quiet_pymc():
        pm.Bernoulli("y", logit_p=model["mu"], observed=y, dims="obs_id")
        tree = pm.sample(800, tune=500, chains=2, cores=1, random_seed=4, progressbar=False)
    b = np.linspace(-2, 5, 4001)
    eta = x[:, None] * b
    log_density = (y[:, None] * eta - np.logaddexp(0, eta)).sum(axis=0)
    weights = np.exp(log_density - np.abs(b) * x.std() / 0.5)
    mean = weights @ b / weights.sum()
    sd = np.sqrt(weights @ (b - mean) ** 2 / weights.sum())
    coef = tree.posterior["coef"].to_numpy()
    assert abs(coef.mean() - mean) < 5 * sd / np.sqrt(300)
    assert abs(coef.std() / sd - 1) < 5 / np.sqrt(600)


# pictures of a model, for which PyMC draws its variables


@pytest.mark.parametrize("likelihood", ["rows", "moments", None])
@pytest.mark.parametrize(
    "prior", [Gaussian(1.0), Laplace([1.0, np.inf, 2.0]), Gaussian(np.inf), Horseshoe(0.3)]
)
def test_models_can_be_pictured_though_the_intercept_is_flat(prior, likelihood):
    model = pymc_model(Regression(*rows(), sigma=Jeffreys()), prior, likelihood)
    picture = pm.model_to_mermaid(model)
    assert "coef --> intercept" in picture or "coef --> likelihood" in picture
    assert "feature (3)" in picture
    if likelihood != "moments":
        assert "obs_id (12)" in picture
    with pytest.raises(PriormapError, match=r"^(intercept|coef) has an improper prior"):
        pm.draw(model["intercept"], mode="FAST_COMPILE")


def test_models_can_be_drawn_by_graphviz():
    pytest.importorskip("graphviz")
    source = str(pm.model_to_graphviz(pymc_model(Regression(*rows()), Gaussian(1.0))))
    assert "intercept -> y" in source
