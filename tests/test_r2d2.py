"""The R2-D2 prior: what it says of R squared, its marginal law, and its chains."""

import os

import numpy as np
import pytest
from scipy import special, stats

import priormap as pmap
from priormap.cli import run
from priormap.model import Model
from priormap.model.prior_predictive import PriorPredictive

FULL = bool(os.environ.get("PRIORMAP_FULL"))
PRIOR = pmap.R2D2(0.4, 5.0, features=4)


def make(sigma=None, p=4, n=40, **options):
    rng = np.random.default_rng(3)
    X = rng.normal(2.0, 1.0, size=(n, p)) * 10.0 ** np.arange(p)
    y = 5 + X[:, 0] - 0.05 * X[:, 1] + rng.normal(size=n)
    return pmap.Regression(X, y, sigma=sigma, **options)


def test_the_marginal_density_is_that_of_beta_prime_variances():
    """Of which the horseshoe is the member with shapes 1/2 and 1/2."""
    k, b = PRIOR.law
    assert (k, b) == pytest.approx((0.5, 3.0))
    at = np.array([1e-3, 0.1, 1.0, 8.0])
    height = special.gamma(b + 0.5) / np.sqrt(2 * np.pi) / special.beta(k, b)
    expected = height * special.hyperu(b + 0.5, 1.5 - k, at**2 / 2)
    np.testing.assert_allclose(np.exp(PRIOR.logpdf(at)), expected, rtol=1e-7)
    horseshoe = pmap.R2D2(0.5, 1.0, features=1)
    np.testing.assert_allclose(horseshoe.logpdf(at), pmap.Horseshoe(1.0).logpdf(at), atol=1e-8)
    np.testing.assert_allclose(horseshoe.pull(at), pmap.Horseshoe(1.0).pull(at), rtol=1e-6)
    log_v = np.linspace(-90, 40, 4001)
    weights = stats.betaprime(k, b).pdf(np.exp(log_v)) * np.exp(log_v)
    v = np.exp(log_v)
    for z in (0.5, 4.0):
        theirs = pmap.Horseshoe(1.0).posterior_mean(z, 1.0)
        assert horseshoe.posterior_mean(z, 1.0) == pytest.approx(theirs, rel=1e-9)
        given = weights * stats.norm(0, np.sqrt(1 + v)).pdf(z)
        expected = given @ (z * v / (1 + v)) / given.sum()
        assert PRIOR.posterior_mean(z, 1.0) == pytest.approx(expected, rel=1e-8)
    assert PRIOR.sd == pytest.approx(np.sqrt(stats.betaprime(k, b).mean()))
    assert PRIOR.probability(PRIOR.interval(0.7)) == pytest.approx(0.7)


def test_what_it_says_of_r2():
    """Beside its definition: a Beta R squared, shared by a Dirichlet law; whatever the units."""
    rng = np.random.default_rng(1)
    r2, phi = rng.beta(2.0, 3.0, (20_000, 1)), rng.dirichlet(np.full(4, 0.5), 20_000)
    defined = rng.normal(size=(20_000, 4)) * np.sqrt(phi * r2 / (1 - r2))
    drawn = PRIOR.rvs((20_000, 4), rng)
    pair = [(one**2).sum(axis=1) for one in (defined, drawn)]
    assert stats.ks_2samp(*pair).pvalue > 1e-3
    assert (
        stats.ks_2samp(pair[0], (PRIOR.rvs((20_000, 4), rng) ** 2).sum(axis=1) * 1.2).pvalue < 1e-3
    )
    b = PRIOR.rvs((20_000, 4), np.random.default_rng(0))
    marginal = [PRIOR.probability(q) for q in np.quantile(np.abs(b[:, 0]), [0.2, 0.5, 0.9])]
    np.testing.assert_allclose(marginal, [0.2, 0.5, 0.9], atol=0.012)
    data = make(sigma=2.0)
    explained = PriorPredictive.of(data, pmap.R2D2(0.4, 5.0)).r2
    scaled = make(sigma=2.0, standardize=True)
    again = PriorPredictive.of(scaled, pmap.R2D2(0.4, 5.0)).r2
    np.testing.assert_allclose(np.quantile(explained, [0.2, 0.8]), np.quantile(again, [0.2, 0.8]))


@pytest.mark.parametrize("sigma", [1.0, None], ids=["known", "unknown"])
def test_chains_are_those_of_a_normal_gamma_of_learnt_scale(sigma):
    data = make(sigma)
    sd = data.column_sd
    twin = pmap.NormalGamma(
        0.5, 1 / sd, scaled_by_noise=True, hyperprior=pmap.InverseGamma(3.0, 0.5)
    )
    ours, theirs = (
        pmap.sample(data, prior, draws=500, random_seed=1)["posterior"]
        for prior in (pmap.R2D2(0.4, 5.0), twin)
    )
    np.testing.assert_array_equal(ours["coef"], theirs["coef"])
    assert "scale" in ours
    model = Model(data, pmap.R2D2(0.4, 5.0))
    assert repr(model.prior) == "R2D2(mean_r2=0.4, precision=5)"
    logs = [
        pmap.log_posterior(data, one, [1.0, 0.1, 0.0, 0.01], scale=0.7, intercept=5.0, sigma=s)
        for one in (pmap.R2D2(0.4, 5.0), twin)
        for s in ((None,) if sigma else (1.2,))
    ]
    assert logs[0] == pytest.approx(logs[1])
    assert pmap.pymc_model(data, pmap.R2D2(0.4, 5.0))["scale"] is not None


@pytest.mark.filterwarnings("ignore:these draws are not to be trusted yet")
def test_calibration():
    """Ranks of the truth among draws are uniform; not so where R squared is told to be tiny."""
    told = {"right": pmap.R2D2(0.5, 4.0), "wrong": pmap.R2D2(0.01, 40.0)}
    ranks = {name: [] for name in told}
    for seed in range(300 if FULL else 40):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(10, 2))
        data = pmap.Regression(X, np.zeros(10) + rng.normal(size=10), sigma=1.3)
        b = pmap.R2D2(0.5, 4.0, features=2).rvs(2, rng) * 1.3 / data.column_sd
        data = pmap.Regression(X, X @ b + 1.3 * rng.normal(size=10), sigma=1.3)
        for name, prior in told.items():
            tree = pmap.sample(data, prior, draws=200, tune=200, chains=2, random_seed=seed)
            drawn = np.abs(tree["posterior"]["coef"].to_numpy()[..., ::4, :].reshape(-1, 2))
            ranks[name] += (drawn < np.abs(b)).mean(axis=0).tolist()
    assert stats.kstest(ranks["right"], "uniform").pvalue > 1e-3
    assert stats.kstest(ranks["wrong"], "uniform").pvalue < 1e-3


@pytest.mark.parametrize("bad", [0.0, 1.0, -0.2, 1.5, "half"])
def test_an_r2_of_0_or_1_is_refused(bad):
    with pytest.raises(pmap.PriormapError, match="mean_r2"):
        pmap.R2D2(bad)


def test_what_it_refuses():
    free = pmap.R2D2(0.4, 5.0)
    with pytest.raises(pmap.PriormapError, match=r"without data give R2D2\(\.\.\., features=p\)"):
        free.logpdf(1.0)
    with pytest.raises(pmap.PriormapError, match="features=7 but X has 4 columns"):
        pmap.sample(make(), pmap.R2D2(features=7))
    with pytest.raises(pmap.PriormapError, match="precision"):
        pmap.R2D2(0.5, -1.0)
    for verb in (free.with_scale, free.with_hyperprior):
        with pytest.raises(pmap.PriormapError, match="speaks of"):
            verb(2.0)
    with pytest.raises(pmap.PriormapError, match="no exact mode"):
        pmap.find_map(make(), free)
    assert eval(repr(free), vars(pmap)) == free != PRIOR


@pytest.mark.filterwarnings("ignore:these draws are not to be trusted yet")
def test_the_verbs(capsys):
    data, priors = make(), {"r2": pmap.R2D2(0.5, 4.0), "lasso": pmap.Laplace(0.5)}
    found = pmap.compare_priors(data, priors, draws=300, random_seed=0)
    assert np.isfinite(found.table["elpd"]).all()
    assert "R2D2" in repr(pmap.contrast(data, priors, draws=300, random_seed=0).priors)
    assert run(["rank", "--prior", "r2d2", "--prior", "flat", "--draws", "200", "--seed=1"]) == 0
    assert "r2d2" in capsys.readouterr().out
