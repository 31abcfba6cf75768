"""The spike-and-slab prior against enumeration of all models, quadrature and its definition."""

import itertools
import os
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import priormap as pmap
from priormap.cli import run

FULL = bool(os.environ.get("PRIORMAP_FULL"))
LOG_SIGMA = np.linspace(-2.5, 2.5, 81)
LOG_SCALE = np.linspace(-7, 4, 81)


def make(n=25, p=7, sigma=1.0, seed=0, **options):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    X[:, 1] = X[:, 0] + 0.1 * rng.normal(size=n)  # two columns that carry the same news
    y = X[:, 0] + 0.4 * X[:, 2] + rng.normal(size=n)
    return pmap.Regression(X, y, sigma=sigma, **options)


def enumerated(data, inclusion, scale, *, by_noise=False, density=None):
    """Inclusion probabilities and posterior means over all models, on grids of the unknowns."""
    centre = int(data.intercept)
    X = data.X - centre * data.X.mean(axis=0)
    u = data.y - centre * data.y.mean()
    n, p = data.n_rows - centre, data.n_features
    sigmas = [data.noise.sd] if data.noise.is_known else np.exp(LOG_SIGMA)
    scales = [scale] if density is None else np.exp(LOG_SCALE)
    logs, means, models = [], [], []
    for model in itertools.product([False, True], repeat=p):
        which = np.flatnonzero(model)
        Z = X[:, which]
        prior = len(which) * np.log(inclusion) + (p - len(which)) * np.log1p(-inclusion)
        for sigma, t in itertools.product(sigmas, scales):
            sd = t * (sigma if by_noise else 1.0)
            A = Z.T @ Z / sigma**2 + np.eye(len(which)) / sd**2
            r = Z.T @ u / sigma**2
            mean = np.linalg.solve(A, r)
            log = 0.5 * r @ mean - 0.5 * np.linalg.slogdet(A)[1] - len(which) * np.log(sd)
            log += prior - n * np.log(sigma) - 0.5 * u @ u / sigma**2
            log += 0.0 if data.noise.is_known else data.noise.logpdf(sigma) + np.log(sigma)
            log += 0.0 if density is None else density.logpdf(t) + np.log(t)
            whole = np.zeros(p)
            whole[which] = mean
            logs.append(log)
            means.append(whole)
            models.append(model)
    weights = np.exp(np.array(logs) - np.max(logs))
    weights /= weights.sum()
    return weights @ np.array(models, dtype=float), weights @ np.array(means)


def check(data, prior, expected, draws=3000):
    tree = pmap.sample(data, prior, draws=draws, random_seed=1)
    drawn = tree["posterior"]["coef"].to_numpy()
    np.testing.assert_allclose((drawn != 0).mean(axis=(0, 1)), expected[0], atol=0.03)
    np.testing.assert_allclose(drawn.mean(axis=(0, 1)), expected[1], atol=0.03)
    return tree


@pytest.mark.parametrize("intercept", [True, False])
def test_every_model_known_noise(intercept):
    data = make(intercept=intercept)
    tree = check(data, pmap.SpikeAndSlab(0.3, pmap.Gaussian(0.8)), enumerated(data, 0.3, 0.8))
    assert tree.attrs["kernel"] == "inclusion"
    counts = tree["sample_stats"]["n_included"]
    np.testing.assert_array_equal(counts, (tree["posterior"]["coef"] != 0).sum("feature"))


@pytest.mark.parametrize("by_noise", [True, False])
def test_every_model_unknown_noise(by_noise):
    data = make(p=5, sigma=None)
    prior = pmap.SpikeAndSlab(0.3, pmap.Gaussian(0.8, scaled_by_noise=by_noise))
    check(data, prior, enumerated(data, 0.3, 0.8, by_noise=by_noise))


def test_every_model_learnt_scale():
    data, density = make(p=4), pmap.HalfNormal(1.0)
    prior = pmap.SpikeAndSlab(0.4, pmap.Gaussian(density))
    check(data, prior, enumerated(data, 0.4, 1.0, density=density))


def test_more_columns_than_rows():
    data = make(n=6, p=9)
    check(data, pmap.SpikeAndSlab(0.2, pmap.Gaussian(0.8)), enumerated(data, 0.2, 0.8))


@pytest.mark.parametrize("slab", [pmap.Laplace(0.6), pmap.StudentT(4, 0.6)], ids=repr)
def test_other_slabs_by_quadrature(slab):
    """One column: the inclusion probability is that of one observation."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(9, 1))
    y = 0.7 * x[:, 0] + rng.normal(size=9)
    data = pmap.Regression(x, y, sigma=1.0, intercept=False)
    prior = pmap.SpikeAndSlab(0.5, slab)
    z, sd = float(x[:, 0] @ y / (x[:, 0] @ x[:, 0])), float(1 / np.sqrt(x[:, 0] @ x[:, 0]))
    expected = prior.posterior_inclusion(z, sd), prior.posterior_mean(z, sd)
    check(data, prior, ([float(expected[0])], [float(expected[1])]))


@pytest.mark.parametrize(
    "slab", [pmap.Gaussian(2.0), pmap.Laplace(2.0), pmap.Cauchy(2.0)], ids=repr
)
def test_one_observation_by_quadrature(slab):
    prior, b = pmap.SpikeAndSlab(0.1, slab), np.linspace(-400, 400, 4_000_001)
    for z in (0.5, 3.0):
        joint = np.exp(slab.logpdf(b)) * stats.norm(z, 0.8).pdf(b) * (b[1] - b[0])
        inside, outside = 0.1 * joint.sum(), 0.9 * stats.norm(0, 0.8).pdf(z)
        expected = inside / (inside + outside)
        assert prior.posterior_inclusion(z, 0.8) == pytest.approx(expected, rel=1e-4)
        mean = 0.1 * (joint * b).sum() / (inside + outside)
        assert prior.posterior_mean(z, 0.8) == pytest.approx(mean, rel=1e-4)


def test_what_one_coefficient_may_be():
    prior = pmap.SpikeAndSlab(0.25, pmap.Gaussian(2.0))
    assert prior.probability(0.0) == 0.75
    assert prior.interval(0.7) == 0
    assert prior.probability(prior.interval(0.9)) == pytest.approx(0.9)
    assert prior.sd == pytest.approx(1.0)
    assert float(prior.logpdf(0.0)) == pytest.approx(np.log(0.75))
    assert float(prior.logpdf(1.0)) == pytest.approx(np.log(0.25) + stats.norm(0, 2).logpdf(1))
    drawn = prior.rvs(20_000, np.random.default_rng(0))
    assert (drawn != 0).mean() == pytest.approx(0.25, abs=0.015)
    assert drawn.std() == pytest.approx(1.0, rel=0.05)
    assert eval(repr(prior), vars(pmap)) == prior
    assert prior != pmap.SpikeAndSlab(0.25, pmap.Laplace(2.0))
    assert prior.stretched(3.0) == pmap.SpikeAndSlab(0.25, pmap.Gaussian(6.0))
    assert prior.with_scale([1.0, 2.0]).slab == pmap.Gaussian([1.0, 2.0])
    assert prior.with_hyperprior(pmap.HalfCauchy(1)).hyperprior == pmap.HalfCauchy(1)


@pytest.mark.parametrize(
    ("make_it", "said"),
    [
        (lambda: pmap.SpikeAndSlab(0.0), "inclusion"),
        (lambda: pmap.SpikeAndSlab(1.2), "inclusion"),
        (lambda: pmap.SpikeAndSlab("half"), "inclusion"),
        (lambda: pmap.SpikeAndSlab(0.5, slab=2.0), "slab"),
        (lambda: pmap.SpikeAndSlab(0.5, slab=pmap.Gaussian(np.inf)), "infinite scale"),
    ],
)
def test_bad_parameters(make_it, said):
    with pytest.raises(pmap.PriormapError, match=said):
        make_it()


def test_what_it_refuses():
    data, prior = make(), pmap.SpikeAndSlab(0.3)
    with pytest.raises(pmap.PriormapError, match="average of models"):
        pmap.find_map(data, prior)
    with pytest.raises(pmap.PriormapError, match="point mass at zero"):
        pmap.sample(data, prior, method="nuts")
    with pytest.raises(pmap.PriormapError, match="point mass at zero"):
        pmap.pymc_model(data, prior)
    with pytest.raises(pmap.PriormapError, match="no rule of shrinkage"):
        prior.shrink(1.0, 1.0)


@pytest.mark.filterwarnings("ignore:these draws are not to be trusted yet")
@pytest.mark.parametrize("size", [1e-8, 1e8])
def test_prior_and_data_far_apart(size):
    data = make(sigma=None)
    prior = pmap.SpikeAndSlab(0.3, pmap.Gaussian(size))
    drawn = pmap.sample(data, prior, draws=200, tune=200, random_seed=1)["posterior"]["coef"]
    assert np.isfinite(drawn).all()
    if size > 1:  # Lindley: what is believed to be huge or zero is zero
        assert (drawn != 0).mean() < 0.2


@pytest.mark.filterwarnings("ignore:these draws are not to be trusted yet")
def test_calibration():
    """Ranks of the truth, zeros drawn at random among ties, are uniform."""
    prior, ranks = pmap.SpikeAndSlab(0.5, pmap.Gaussian(1.0)), []
    for seed in range(300 if FULL else 60):
        rng = np.random.default_rng(seed)
        X, b = rng.normal(size=(12, 2)), prior.rvs(2, rng)
        data = pmap.Regression(X, X @ b + rng.normal(size=12), sigma=1.0, intercept=False)
        tree = pmap.sample(data, prior, draws=200, tune=100, chains=2, random_seed=seed)
        drawn = tree["posterior"]["coef"].to_numpy()[:, ::4].reshape(-1, 2)
        below, ties = (drawn < b).mean(axis=0), (drawn == b).mean(axis=0)
        ranks += (below + ties * rng.random(2)).tolist()
    assert stats.kstest(ranks, "uniform").pvalue > 1e-3


def test_compared_and_on_the_command_line(tmp_path, capsys):
    rng = np.random.default_rng(7)
    X = pd.DataFrame(rng.normal(size=(50, 4)), columns=list("abcd"))
    frame = X.assign(y=X @ [2.0, 0.0, 0.0, 0.0] + rng.normal(size=50))
    data = pmap.Regression.from_frame(frame, target="y")
    priors = {"spike": pmap.SpikeAndSlab(0.3), "lasso": pmap.Laplace(0.5)}
    found = pmap.compare_priors(data, priors, draws=400, random_seed=0)
    assert np.isfinite(found.table.loc["spike", "log_evidence"])  # a sum over all 16 models
    assert found.table.loc["spike", "log_evidence_se"] < 1e-6
    table = pmap.contrast(data, priors, draws=400, random_seed=0)
    assert table.summary.loc["spike", "draws_with_zero"] > 1000
    path = tmp_path / "data.csv"
    frame.to_csv(path, index=False)
    given = [str(path), "--target", "y", "--draws", "200", "--seed", "1"]
    assert run(["rank", *given, "--prior", "spike_and_slab", "--scale", "1"]) == 0
    assert "spike_and_slab" in capsys.readouterr().out


# an unknown probability of inclusion, and every model


def beta_binomial(data, a, b, sd):
    """Probability of every model under one unknown probability, and of every column."""
    p, models = data.n_features, []
    X, y = data.X - data.X.mean(axis=0), data.y - data.y.mean()
    for model in itertools.product([0, 1], repeat=p):
        which, k = np.flatnonzero(model), sum(model)
        A = X[:, which].T @ X[:, which] / data.noise.sd**2 + np.eye(k) / sd**2
        r = X[:, which].T @ y / data.noise.sd**2
        log = 0.5 * r @ np.linalg.solve(A, r) - 0.5 * np.linalg.slogdet(A)[1] - k * np.log(sd)
        models.append((log + special.betaln(a + k, b + p - k), model))
    weights = np.exp([log - max(models)[0] for log, _ in models])
    weights /= weights.sum()
    return dict(zip([model for _, model in models], weights, strict=True))


def test_an_unknown_inclusion_against_every_model():
    data, prior = make(sigma=1.0), pmap.SpikeAndSlab(pmap.Beta(1.0, 4.0), pmap.Gaussian(0.8))
    expected = beta_binomial(data, 1.0, 4.0, 0.8)
    found = pmap.enumerate_models(data, prior)
    for model, probability in zip(found.included, found.probability, strict=True):
        assert probability == pytest.approx(expected[tuple(model.astype(int))], rel=1e-9)
    assert found.probability[0] == found.probability.max()
    drawn = pmap.sample(data, prior, draws=3000, random_seed=1)["posterior"]["coef"].to_numpy()
    share = (drawn != 0).mean(axis=(0, 1))
    np.testing.assert_allclose(share, found.inclusion, atol=0.03)
    wrong = pmap.enumerate_models(data, pmap.SpikeAndSlab(0.9, prior.slab)).inclusion
    assert np.abs(share - wrong).max() > 0.1  # the check can fail


@pytest.mark.parametrize("by_noise", [True, False])
@pytest.mark.parametrize("sigma", [1.0, None], ids=["known", "unknown"])
def test_every_model_by_two_codes(by_noise, sigma):
    data = make(p=4, sigma=sigma)
    prior = pmap.SpikeAndSlab(0.3, pmap.Gaussian(0.8, scaled_by_noise=by_noise))
    expected = enumerated(data, 0.3, 0.8, by_noise=by_noise)[0]
    found = pmap.enumerate_models(data, prior)
    np.testing.assert_allclose(found.inclusion, expected, atol=1e-3)
    assert found.to_frame()["probability"].sum() == pytest.approx(1)
    assert "16 models" in repr(found)


def test_a_beta_is_its_mean_where_a_number_is_asked_for():
    prior = pmap.SpikeAndSlab(pmap.Beta(1, 3), pmap.Gaussian(2.0))
    assert prior.probability(0.0) == 0.75
    assert prior.posterior_mean(1.0, 1.0) == pmap.SpikeAndSlab(0.25, prior.slab).posterior_mean(
        1, 1
    )
    assert eval(repr(prior), vars(pmap)) == prior != pmap.SpikeAndSlab(0.25, prior.slab)
    assert pickle.loads(pickle.dumps(prior)) == prior
    drawn = prior.rvs((20_000, 5), np.random.default_rng(0)) != 0
    counts = np.bincount(drawn.sum(axis=1), minlength=6) / 20_000
    np.testing.assert_allclose(counts, stats.betabinom(5, 1, 3).pmf(range(6)), atol=0.012)
    coef = np.array([[0.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    together = prior.logpdf_together(coef).sum(axis=1)
    expected = [
        special.betaln(1 + k, 3 + 3 - k) - special.betaln(1, 3) + k * stats.norm(0, 2).logpdf(1)
        for k in (1, 3)
    ]
    np.testing.assert_allclose(together, expected)


@pytest.mark.parametrize(
    ("make_it", "said"),
    [
        (lambda: pmap.Beta(0, 1), "a must be"),
        (lambda: pmap.Beta(1, "many"), "b must be"),
        (lambda: pmap.enumerate_models(make(n=30, p=16), pmap.SpikeAndSlab(0.5)), "at most 15"),
        (lambda: pmap.enumerate_models(make(), pmap.Laplace()), "no point mass"),
        (
            lambda: pmap.enumerate_models(make(), pmap.SpikeAndSlab(0.5, pmap.Cauchy())),
            "Gaussian slab of known scale",
        ),
    ],
)
def test_what_is_not_enumerated(make_it, said):
    with pytest.raises(pmap.PriormapError, match=said):
        make_it()


@pytest.mark.filterwarnings("ignore:these draws are not to be trusted yet")
def test_calibration_with_an_unknown_inclusion():
    """Ranks are uniform, zeros in random order; not so where more columns are believed in."""
    prior, ranks, wrong = pmap.SpikeAndSlab(pmap.Beta(1, 2), pmap.Gaussian(1.0)), [], []
    other = pmap.SpikeAndSlab(pmap.Beta(60, 1), pmap.Gaussian(1.0))
    for seed in range(300 if FULL else 60):
        rng = np.random.default_rng(seed)
        X, b = rng.normal(size=(12, 3)), prior.rvs(3, rng)
        y = X @ b + rng.normal(size=12)
        data = pmap.Regression(X, y, sigma=1.0, intercept=False)
        for told, found in ((prior, ranks), (other, wrong)):
            tree = pmap.sample(data, told, draws=200, tune=100, chains=2, random_seed=seed)
            size = np.abs(tree["posterior"]["coef"].to_numpy()[:, ::4]).sum(axis=-1).ravel()
            truth = np.abs(b).sum()
            below, ties = (size < truth).mean(), (size == truth).mean()
            found.append(below + ties * rng.random())
    assert stats.kstest(ranks, "uniform").pvalue > 1e-3
    assert stats.kstest(wrong, "uniform").pvalue < 1e-3
