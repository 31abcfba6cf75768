"""The regularised horseshoe: its law against quadrature in two dimensions, chains, refusals."""

import os

import numpy as np
import pytest
from scipy import stats

import priormap as pmap
from priormap import plots

FULL = bool(os.environ.get("PRIORMAP_FULL"))
PRIORS = [
    pmap.Horseshoe(0.7, slab_scale=2.0, slab_df=np.inf),
    pmap.Horseshoe(0.7, slab_scale=2.0, slab_df=3.0),
    pmap.Horseshoe(0.01, slab_scale=2.0, slab_df=1.0),
]
SIZES = np.exp(np.linspace(-60.0, 25.0, 17_001))
every = pytest.mark.parametrize("prior", PRIORS, ids=repr)


def law(prior):
    """Variances in units of the coefficient, and weights: both laws on their own grids."""
    s = np.linspace(-70, 70, 1401)
    free, share = np.exp(s), np.exp(s / 2) / np.pi / (1 + np.exp(s)) * (s[1] - s[0])
    g, weight = np.ones(1), np.ones(1)
    if np.isfinite(prior.slab_df):
        t = np.linspace(-90, 15, 1051)
        gamma = stats.gamma(prior.slab_df / 2, scale=2 / prior.slab_df)
        g, weight = np.exp(-t), np.exp(gamma.logpdf(np.exp(t)) + t) * (t[1] - t[0])
    v = 1 / (1 / (prior.global_scale**2 * free[:, None]) + 1 / (prior.slab_scale**2 * g))
    return v.ravel(), (share[:, None] * weight).ravel()


def integral(values):
    return np.trapezoid(values * SIZES, np.log(SIZES))


@every
def test_the_density(prior):
    v, weights = law(prior)
    b = np.array([1e-4, 0.05, 0.7, 4.0, 12.0])
    expected = [weights @ stats.norm(0, np.sqrt(v)).pdf(one) for one in b]
    np.testing.assert_allclose(prior.logpdf(b), np.log(expected), atol=1e-8)
    np.testing.assert_array_equal(prior.logpdf(-b), prior.logpdf(b))
    assert 2 * integral(np.exp(prior.logpdf(SIZES))) == pytest.approx(1, abs=1e-8)
    assert prior.logpdf(0.0) == np.inf
    drop = prior.logpdf(0.5) - prior.logpdf(b)
    np.testing.assert_allclose(prior.penalty(b) - prior.penalty(0.5), drop, atol=1e-12)
    slope = (prior.penalty(b * 1.0001) - prior.penalty(b / 1.0001)) / (b * 1.0001 - b / 1.0001)
    np.testing.assert_allclose(prior.pull(b), slope, rtol=1e-6)


@every
def test_one_observation(prior):
    v, weights = law(prior)
    for z in (0.5, 3.0, 12.0):
        given = weights * stats.norm(0, np.sqrt(v + 1)).pdf(z)
        expected = given @ (z * v / (v + 1)) / given.sum()
        assert prior.posterior_mean(z, 1.0) == pytest.approx(expected, rel=1e-9)
    half = prior.interval(0.9)
    assert prior.probability(half) == pytest.approx(0.9, abs=1e-9)
    inside = integral(np.where(half > SIZES, np.exp(prior.logpdf(SIZES)), 0.0))
    assert 2 * inside == pytest.approx(0.9, abs=2e-3)
    assert prior.sd == pytest.approx(np.sqrt(weights @ v) if prior.slab_df > 2 else np.inf)
    with pytest.raises(pmap.PriormapError, match="unbounded at zero"):
        prior.shrink(1.0, 1.0)


@every
def test_draws_and_units(prior):
    drawn = np.abs(prior.rvs(20_000, np.random.default_rng(1)))
    points = [prior.probability(q) for q in np.quantile(drawn, [0.1, 0.5, 0.9])]
    np.testing.assert_allclose(points, [0.1, 0.5, 0.9], atol=0.015)
    wide, b = prior.stretched(8.0), np.array([0.1, 2.0])
    assert wide.slab_scale == pytest.approx(8 * prior.slab_scale)
    np.testing.assert_allclose(wide.logpdf(8 * b), prior.logpdf(b) - np.log(8), rtol=1e-12)
    two = prior.stretched([1.0, 8.0])
    np.testing.assert_allclose(two.logpdf(b), [prior.logpdf(b[0]), wide.logpdf(b[1])])
    assert two.on_columns(np.array([1])).slab_scale == wide.slab_scale
    assert prior.with_scale(0.1) == pmap.Horseshoe(0.1, slab_scale=2.0, slab_df=prior.slab_df)
    assert eval(repr(prior), {**vars(pmap), "inf": np.inf}) == prior
    for b in (1e-300, 1e-60, 1e60, 1e300):
        assert not np.isnan(prior.logpdf(b))
        assert not np.isnan(prior.pull(b))


def test_without_a_slab_it_is_the_horseshoe():
    assert pmap.Horseshoe(0.5, slab_scale=np.inf) == pmap.Horseshoe(0.5)
    assert repr(pmap.Horseshoe(0.5)) == "Horseshoe(global_scale=0.5)"
    b = np.array([1e-6, 0.1, 3.0])
    far = pmap.Horseshoe(0.5, slab_scale=1e8)
    np.testing.assert_allclose(far.logpdf(b), pmap.Horseshoe(0.5).logpdf(b), atol=1e-7)
    prior = pmap.Horseshoe.from_relevant(5, features=105, n=400, slab_scale=2.0, slab_df=6)
    assert prior == pmap.Horseshoe(0.0025, True, slab_scale=2.0, slab_df=6)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"slab_scale": -1.0}, "slab_scale"),
        ({"slab_scale": 1.0, "slab_df": 0.0}, "slab_df"),
        ({"slab_scale": 1.0, "global_scale": np.inf}, "beyond all proportion"),
        ({"slab_scale": 1.0, "global_scale": [1.0, 2.0]}, "in one ratio"),
        ({"slab_scale": 1.0, "global_scale": pmap.HalfCauchy(1.0)}, "must be known"),
    ],
)
def test_bad_parameters(options, said):
    with pytest.raises(pmap.PriormapError, match=said):
        pmap.Horseshoe(**options)


def mean_and_sd(data, prior):
    """Of the coefficient of one column, sigma integrated out on a grid."""
    b = np.concatenate([-SIZES[::-1], SIZES])
    weights = np.gradient(b)
    rss = ((data.y[:, None] - np.outer(data.X[:, 0], b)) ** 2).sum(axis=0)
    total = np.zeros(len(b))
    for u in [np.log(data.noise.sd)] if data.noise.is_known else np.linspace(-2, 2.5, 60):
        logs = prior.given_noise(np.exp(u)).logpdf(b) - data.n_rows * u
        logs += data.noise.logpdf(np.exp(u)) + u - 0.5 * rss * np.exp(-2 * u)
        total += np.exp(logs)
    total *= weights / (total @ weights)
    mean = total @ b
    return mean, np.sqrt(total @ b**2 - mean**2)


@pytest.mark.parametrize("sigma", [1.0, None], ids=["known", "unknown"])
@pytest.mark.parametrize("by_noise", [False, True])
@pytest.mark.parametrize("prior", PRIORS[:2], ids=repr)
def test_chains_against_quadrature(prior, by_noise, sigma):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 1))
    data = pmap.Regression(x, 3 * x[:, 0] + rng.normal(size=8), sigma=sigma, intercept=False)
    prior = pmap.Horseshoe(**{**prior.parameters, "scaled_by_noise": by_noise})
    tree = pmap.sample(data, prior, draws=1500, random_seed=1)
    assert tree.attrs["kernel"] == "local_variances"
    drawn = tree["posterior"]["coef"].to_numpy()
    mean, sd = mean_and_sd(data, prior)
    assert drawn.mean() == pytest.approx(mean, abs=5 * sd / np.sqrt(tree.attrs["min_ess_bulk"]))
    assert drawn.std() == pytest.approx(sd, rel=0.12)


@pytest.mark.filterwarnings("ignore:.*divergences")
@pytest.mark.filterwarnings("ignore:these draws are not to be trusted yet")
@pytest.mark.parametrize("prior", PRIORS[:2], ids=repr)
def test_nuts_is_a_witness(prior):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(40, 3))
    data = pmap.Regression(X, X @ [2.0, 0.0, 0.0] + rng.normal(size=40), sigma=1.0)
    ours = pmap.sample(data, prior, draws=1000, random_seed=5)
    options = {"draws": 500, "tune": 500, "chains": 2, "cores": 1, "target_accept": 0.9}
    nuts = pmap.sample(data, prior, method="nuts", random_seed=5, **options)
    found, expected = (tree["posterior"]["coef"].to_numpy().reshape(-1, 3) for tree in (ours, nuts))
    np.testing.assert_allclose(found.mean(axis=0), expected.mean(axis=0), atol=0.04)
    np.testing.assert_allclose(found.std(axis=0), expected.std(axis=0), rtol=0.15)


@pytest.mark.filterwarnings("ignore:these draws are not to be trusted yet")
@pytest.mark.parametrize("noise", [1.0, pmap.HalfNormal(1.5)], ids=repr)
def test_calibration(noise):
    """Ranks of the truth among draws are uniform; not so under a prior 20 times narrower."""
    prior, ranks, wrong = pmap.Horseshoe(1.0, slab_scale=0.4, slab_df=4), [], []
    other = prior.stretched(0.05)
    for seed in range(300 if FULL else 40):
        rng = np.random.default_rng(seed)
        X, b = rng.normal(size=(6, 2)), prior.rvs(2, rng)
        sigma = noise if isinstance(noise, float) else float(noise.rvs(1, rng)[0])
        y = X @ b + sigma * rng.normal(size=6)
        data = pmap.Regression(X, y, sigma=noise, intercept=False)
        for told, found in ((prior, ranks), (other, wrong)):
            tree = pmap.sample(data, told, draws=200, tune=200, chains=2, random_seed=seed)
            drawn = np.abs(tree["posterior"]["coef"].to_numpy()[..., ::4, :].reshape(-1, 2))
            found += (drawn < np.abs(b)).mean(axis=0).tolist()
    assert stats.kstest(ranks, "uniform").pvalue > 1e-3
    assert stats.kstest(wrong, "uniform").pvalue < 1e-3


def test_the_verbs():
    rng = np.random.default_rng(7)
    X = rng.normal(size=(50, 4))
    data = pmap.Regression(X, X @ [2.0, 0.5, 0.0, 0.0] + rng.normal(size=50), standardize=True)
    priors = {"slab": PRIORS[1], "lasso": pmap.Laplace(0.5)}
    found = pmap.compare_priors(data, priors, draws=400, random_seed=0)
    assert np.isfinite(found.table["elpd"]).all()
    assert "unbounded at zero" in repr(pmap.contrast(data, priors, draws=300, random_seed=0))
    with pytest.raises(pmap.PriormapError, match="no exact mode"):
        pmap.find_map(data, PRIORS[0])
    for draw in (plots.plot_prior_shapes, plots.plot_shrinkage):
        draw(priors)
    assert plots.plot_prior_predictive(data, priors) is not None


def test_a_slab_makes_another_prior():
    assert pmap.Horseshoe(0.7) != PRIORS[0] != PRIORS[1] != pmap.Horseshoe(0.7)
