"""Student t, Cauchy, horseshoe and normal-gamma priors: closed forms, quadrature, chains."""

import os

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import integrate, stats

import priormap as pmap
from priormap import plots
from priormap.cli import run
from priormap.model import Model
from priormap.posterior.local_variances import draw_scale_mixture
from priormap.priors import ScaleMixture
from priormap.priors.slices import slice_step

PRIORS = [
    pmap.StudentT(4, 0.7),
    pmap.StudentT(1.5, 0.7),
    pmap.Cauchy(0.7),
    pmap.Horseshoe(0.7),
    pmap.NormalGamma(0.3, 0.7),
    pmap.NormalGamma(0.5, 0.7),
    pmap.NormalGamma(0.8, 0.7),
    pmap.NormalGamma(2.5, 0.7),
]
FULL = bool(os.environ.get("PRIORMAP_FULL"))
LOGS = np.linspace(-120.0, 80.0, 40_001)  # of |b|: densities are smooth in it, spikes or not
SIZES = np.exp(LOGS)


def average(values):
    """Trapezoidal rule over both signs in log size."""
    return np.trapezoid(values * SIZES, LOGS)


def density(prior, b):
    with np.errstate(under="ignore"):
        return np.exp(prior.logpdf(b))


# one coefficient


@pytest.mark.parametrize("prior", PRIORS, ids=repr)
class TestOneCoefficient:
    def test_the_density_integrates_to_one(self, prior):
        assert 2 * average(density(prior, SIZES)) == pytest.approx(1, abs=1e-12)

    def test_it_is_the_mixture_it_says(self, prior):
        """``int Normal(b; 0, s**2 v) p(v) dv`` by quadrature in the quantiles of v."""
        b = np.array([0.05, 0.7, 4.0])
        x = np.linspace(-40, 40, 4001)
        below, above = 1 / (1 + np.exp(-x)), 1 / (1 + np.exp(x))
        v = prior.variance_quantile(below, above, *prior.law)
        weights = below * above * (x[1] - x[0])
        mixed = (stats.norm(0, 0.7 * np.sqrt(v)).pdf(b[:, None]) * weights).sum(axis=1)
        np.testing.assert_allclose(mixed, density(prior, b), rtol=1e-9)

    def test_interval_and_probability(self, prior):
        for mass in (0.1, 0.5, 0.95):
            half = prior.interval(mass)
            inside = 2 * average(np.where(half > SIZES, density(prior, SIZES), 0.0))
            assert inside == pytest.approx(mass, abs=1e-3)
            assert prior.probability(half) == pytest.approx(mass, abs=1e-9)

    def test_pull_is_the_slope_of_the_penalty(self, prior):
        b = np.array([1e-3, 0.5, 5.0, 60.0])
        step = 1e-4 * b
        slope = (prior.penalty(b + step) - prior.penalty(b - step)) / (2 * step)
        np.testing.assert_allclose(prior.pull(b), slope, rtol=1e-5)
        np.testing.assert_allclose(prior.pull(-b), -prior.pull(b))
        assert prior.pull(0.0) == 0
        drop = prior.logpdf(0.5) - prior.logpdf(b)
        np.testing.assert_allclose(prior.penalty(b) - prior.penalty(0.5), drop, atol=1e-12)

    def test_posterior_mean(self, prior):
        z = np.array([0.0, 0.5, 3.0, 12.0])
        means = []
        for one in z:
            up, down = (
                density(prior, SIZES) * stats.norm(one, 1).pdf(sign * SIZES) for sign in (1, -1)
            )
            means.append(average((up - down) * SIZES) / average(up + down))
        np.testing.assert_allclose(prior.posterior_mean(z, 1.0), means, rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(prior.posterior_mean(-z, 1.0), -prior.posterior_mean(z, 1.0))
        np.testing.assert_allclose(prior.posterior_mean(z, 0.0), z)

    def test_draws_are_its_own(self, prior):
        drawn = np.abs(prior.rvs(20_000, np.random.default_rng(1)))
        points = np.array([prior.probability(q) for q in np.quantile(drawn, [0.1, 0.5, 0.9])])
        np.testing.assert_allclose(points, [0.1, 0.5, 0.9], atol=0.015)

    def test_units(self, prior):
        b = np.array([0.1, 2.0])
        wide = prior.stretched(8.0)
        np.testing.assert_allclose(wide.logpdf(8 * b), prior.logpdf(b) - np.log(8), rtol=1e-12)
        np.testing.assert_allclose(wide.posterior_mean(8 * b, 8.0), 8 * prior.posterior_mean(b, 1))
        vector = prior.with_scale([0.7, 5.6])
        np.testing.assert_allclose(vector.logpdf(b)[0], prior.logpdf(b)[0])
        np.testing.assert_allclose(vector.logpdf(b)[1], wide.logpdf(b)[1])
        np.testing.assert_allclose(vector.interval(0.5), [prior.interval(0.5), wide.interval(0.5)])
        flat = prior.with_scale(np.inf)
        assert flat.is_flat
        assert flat.logpdf(3.0) == 0
        assert flat.posterior_mean(3.0, 1.0) == 3
        assert flat.sd == np.inf

    def test_far_out_nothing_breaks(self, prior):
        for b in (1e-300, 1e-160, 1e160, 1e300):
            assert not np.isnan(prior.logpdf(b))
            assert np.isfinite(prior.pull(b)) or prior.is_unbounded
            assert 0 <= prior.probability(b) <= 1
        assert np.isfinite(prior.posterior_mean(700.0, 1.0))

    def test_repr_makes_it_again(self, prior):
        assert eval(repr(prior), vars(pmap)) == prior
        learnt = type(prior)(**{**prior.parameters, prior.scales[0]: pmap.HalfCauchy(2.0)})
        assert eval(repr(learnt), vars(pmap)) == learnt
        assert learnt.hyperprior == pmap.HalfCauchy(2.0)


def test_members_are_those_of_other_libraries():
    b = np.linspace(-5, 5, 11)
    np.testing.assert_allclose(
        pmap.StudentT(4, 0.7).logpdf(b), stats.t(4, scale=0.7).logpdf(b), rtol=1e-13
    )
    np.testing.assert_allclose(
        pmap.Cauchy(0.7).logpdf(b), stats.cauchy(scale=0.7).logpdf(b), rtol=1e-13
    )
    np.testing.assert_allclose(pmap.StudentT(1, 0.7).logpdf(b), pmap.Cauchy(0.7).logpdf(b))
    laplace, gamma = pmap.Laplace(0.7), pmap.NormalGamma(1, 0.7)
    np.testing.assert_allclose(gamma.logpdf(b), laplace.logpdf(b), atol=1e-13)
    np.testing.assert_allclose(gamma.pull(b), laplace.pull(b), atol=1e-13)
    np.testing.assert_allclose(
        gamma.posterior_mean(b, 1.0), laplace.posterior_mean(b, 1.0), atol=1e-13
    )
    assert gamma.sd == pytest.approx(laplace.sd)
    assert pmap.StudentT(4, 0.7).sd == pytest.approx(stats.t(4, scale=0.7).std())


def test_the_shape_that_gives_the_horseshoe_its_name():
    """Carvalho, Polson and Scott (2010): the share shrunk away is Beta(1/2, 1/2) at tau = sd."""
    u = np.linspace(0.001, 0.999, 999)
    shrunk = 1 / (1 + pmap.Horseshoe(1.0).variance_quantile(u, 1 - u))
    np.testing.assert_allclose(shrunk, stats.beta(0.5, 0.5).ppf(1 - u), rtol=1e-9)


def test_a_scale_from_the_number_of_relevant_coefficients():
    prior = pmap.Horseshoe.from_relevant(5, features=105, n=400)
    assert prior == pmap.Horseshoe(5 / 100 / 20, scaled_by_noise=True)
    with pytest.raises(pmap.PriormapError, match="relevant"):
        pmap.Horseshoe.from_relevant(10, features=10, n=100)


def test_the_jump_of_a_penalty_that_is_not_convex():
    """The highest mode of one observation, against a fine grid."""
    prior, b = pmap.Cauchy(0.1), np.linspace(-8, 8, 1_600_001)
    for z in (0.5, 2.0, 3.0, 4.0, 7.0):
        best = b[np.argmin(0.5 * (z - b) ** 2 + prior.penalty(b))]
        assert prior.shrink(z, 1.0) == pytest.approx(best, abs=2e-5)
    with pytest.raises(pmap.PriormapError, match="unbounded at zero"):
        pmap.Horseshoe(1.0).shrink(1.0, 1.0)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: pmap.StudentT(0.0), "df"),
        (lambda: pmap.NormalGamma(-1.0), "shape"),
        (lambda: pmap.Horseshoe(-1.0), "global_scale"),
        (lambda: pmap.StudentT(3, scale=[1.0, 0.0]), "scale"),
        (lambda: pmap.Cauchy(pmap.HalfCauchy(1), hyperprior=pmap.HalfCauchy(1)), "hyperprior"),
    ],
)
def test_bad_parameters(make, said):
    with pytest.raises(pmap.PriormapError, match=said):
        make()


# chains


def test_slices_keep_a_density():
    rng = np.random.default_rng(0)
    x = rng.normal(size=4000)
    for _ in range(5):
        x = slice_step(lambda v: -0.5 * v**2, x, rng)
    assert stats.kstest(x, "norm").pvalue > 1e-3
    assert stats.kstest(1.2 * x, "norm").pvalue < 1e-3


def small(sigma, n=8, intercept=True):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 1))
    return pmap.Regression(x, x[:, 0] + rng.normal(size=n), sigma=sigma, intercept=intercept)


def exact_cdf(data, prior):
    """Posterior of the coefficient of one column, sigma and scale integrated out on grids."""
    ends = np.log(1e-8), np.log(200.0)
    logs = np.linspace(*ends, 601)
    b = np.concatenate([-np.exp(logs[::-1]), np.exp(logs)])
    weights = np.abs(b)
    x, y = data.X[:, 0] - data.unit.x_mean[0], data.y - data.unit.y_mean
    rss = ((y[:, None] - np.outer(x, b)) ** 2).sum(axis=0)
    n = data.n_rows - int(data.intercept)
    log_sigma = [np.log(data.noise.sd)] if data.noise.is_known else np.linspace(-2, 2.5, 40)
    log_scale = [0.0] if prior.hyperprior is None else np.linspace(-8, 5, 40)
    total = np.zeros(len(b))
    for u in log_sigma:
        for t in log_scale:
            at = prior if prior.hyperprior is None else prior.stretched(np.exp(t))
            logs = at.given_noise(np.exp(u)).logpdf(b) - n * u - 0.5 * rss * np.exp(-2 * u)
            logs += data.noise.logpdf(np.exp(u)) + u
            if prior.hyperprior is not None:
                logs += prior.hyperprior.logpdf(np.exp(t)) + t
            total += np.exp(logs)
    cdf = np.cumsum(total * weights)
    return lambda q: np.interp(q, b, cdf / cdf[-1])


LEARNT = [
    pmap.StudentT(3, pmap.HalfCauchy(1.0)),
    pmap.Horseshoe(pmap.HalfNormal(1.0)),
    pmap.NormalGamma(0.5, pmap.InverseGamma(2.0, 1.0)),
]
BY_NOISE = [pmap.Horseshoe(0.5, scaled_by_noise=True), pmap.StudentT(3, 0.5, scaled_by_noise=True)]


@pytest.mark.parametrize("sigma", [1.0, None], ids=["known", "unknown"])
@pytest.mark.parametrize("prior", [*PRIORS[1::2], *LEARNT, *BY_NOISE], ids=repr)
def test_chains_against_quadrature(prior, sigma):
    data = small(sigma)
    tree = pmap.sample(data, prior, draws=1000, chains=4, random_seed=1)
    assert tree.attrs["kernel"] == "local_variances"
    drawn = tree["posterior"]["coef"].to_numpy()[..., 0]
    cdf = exact_cdf(data, prior)
    shares = cdf(np.quantile(drawn, [0.1, 0.3, 0.5, 0.7, 0.9]))
    error = 5 * 0.5 / np.sqrt(min(tree.attrs["min_ess_bulk"], 2000))
    np.testing.assert_allclose(shares, [0.1, 0.3, 0.5, 0.7, 0.9], atol=error)


@pytest.mark.parametrize("shape", [(30, 4), (6, 9)], ids=["tall", "wide"])
@pytest.mark.parametrize("sigma", [0.8, None], ids=["known", "unknown"])
def test_the_laplace_member_is_the_laplace_posterior(shape, sigma):
    """Kernels that share no code: local variances in numpy beside the compiled ones."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=shape) * [100.0] + 5
    data = pmap.Regression(X, 0.01 * X[:, 0] + rng.normal(size=shape[0]), sigma=sigma)
    pair = pmap.NormalGamma(1.0, 0.004), pmap.Laplace(0.004)
    ours, theirs = (
        pmap.sample(data, prior, draws=2000, random_seed=4)["posterior"]["coef"].to_numpy()
        for prior in pair
    )
    spread = theirs.std(axis=(0, 1))
    difference = (ours.mean(axis=(0, 1)) - theirs.mean(axis=(0, 1))) / spread
    assert np.abs(difference).max() < 0.15
    np.testing.assert_allclose(ours.std(axis=(0, 1)), spread, rtol=0.12)


def test_columns_without_a_prior_are_projected_out():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(25, 3))
    data = pmap.Regression(X, X @ [3.0, 0.5, 0.0] + rng.normal(size=25), sigma=1.0)
    flat, wide = (
        pmap.sample(data, pmap.StudentT(4, [s, 0.5, 0.5]), draws=2000, random_seed=1)
        for s in (np.inf, 1e4)
    )
    for name in ("mean", "std"):
        one, other = (
            getattr(tree["posterior"]["coef"], name)(("chain", "draw")) for tree in (flat, wide)
        )
        np.testing.assert_allclose(one, other, atol=0.03)


@pytest.mark.filterwarnings("ignore:these draws are not to be trusted yet")
@pytest.mark.parametrize("prior", PRIORS[::3], ids=repr)
@pytest.mark.parametrize("unit", [1e-8, 1e8])
@pytest.mark.parametrize("size", [1e-12, 1e12])
def test_prior_and_data_far_apart(prior, unit, size):
    rng = np.random.default_rng(6)
    X = rng.normal(size=(10, 3)) * [1.0, unit, 1.0]
    data = pmap.Regression(X, X @ [1.0, 1 / unit, 0.0] + rng.normal(size=10))
    drawn = pmap.sample(data, prior.stretched(size), draws=200, tune=200, random_seed=1)
    assert np.isfinite(drawn["posterior"]["coef"]).all()
    assert np.isfinite(drawn["posterior"]["sigma"]).all()


def test_a_seed_repeats_the_chains():
    data, prior = small(None), pmap.Horseshoe(0.3)
    one, again = (pmap.sample(data, prior, draws=500, random_seed=5) for _ in range(2))
    np.testing.assert_array_equal(one["posterior"]["coef"], again["posterior"]["coef"])


@pytest.mark.filterwarnings("ignore:these draws are not to be trusted yet")
@pytest.mark.filterwarnings("ignore:.*divergences")
@pytest.mark.parametrize(
    "prior", [pmap.Horseshoe(0.3), pmap.NormalGamma(0.5, pmap.HalfCauchy(1.0))], ids=repr
)
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
def test_calibration():
    """Ranks of the truth among draws are uniform; not so where the data are another's."""
    prior, n, ranks, wrong = pmap.Horseshoe(0.5), 12, [], []
    for seed in range(300 if FULL else 40):
        rng = np.random.default_rng(seed)
        X, b = rng.normal(size=(n, 2)), prior.rvs(2, rng)
        y = X @ b + rng.normal(size=n)
        for noise, found in ((1.0, ranks), (0.2, wrong)):
            data = pmap.Regression(X, y, sigma=noise, intercept=False)
            tree = pmap.sample(data, prior, draws=200, tune=200, chains=2, random_seed=seed)
            drawn = tree["posterior"]["coef"].to_numpy()[..., ::4, :].reshape(-1, 2)
            found += (drawn < b).mean(axis=0).tolist()
    assert stats.kstest(ranks, "uniform").pvalue > 1e-3
    assert stats.kstest(wrong, "uniform").pvalue < 1e-3


CALIBRATED = {
    "horseshoe, by noise": pmap.Horseshoe(pmap.HalfNormal(1.0), scaled_by_noise=True),
    "student t": pmap.StudentT(3, pmap.HalfNormal(1.0)),
    "normal-gamma": pmap.NormalGamma(0.4, pmap.HalfNormal(1.0)),
}


@pytest.mark.filterwarnings("ignore:these draws are not to be trusted yet")
@pytest.mark.parametrize(("shape", "factor"), [((14, 3), 2), ((5, 7), 8)], ids=["tall", "wide"])
@pytest.mark.parametrize("name", CALIBRATED)
def test_calibration_with_sigma_and_the_scale_unknown(name, shape, factor):
    """And noise that is larger by a factor than its law says is caught."""
    prior, noise, (n, p) = CALIBRATED[name], pmap.HalfNormal(1.5), shape
    ranks, wrong = [], []
    for seed in range(600 if FULL else 50):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=shape) @ (np.eye(p) + 0.3)
        sigma, scale = (float(one.rvs(1, rng)[0]) for one in (noise, prior.hyperprior))
        unit = scale * (sigma if prior.scaled_by_noise else 1.0)
        b, error = prior.stretched(unit).rvs(p, rng), rng.normal(size=n)
        truth = np.array([b[0], np.abs(b).sum(), sigma, scale])
        for inflation, found in ((1.0, ranks), (factor, wrong)):
            data = pmap.Regression(X, X @ b + inflation * sigma * error, noise, intercept=False)
            model = Model(data, prior)
            stream = np.random.SeedSequence([seed, n])
            drawn = draw_scale_mixture(model, "gibbs", 1, 400, 200, stream, None)
            coef = drawn.coef[0, ::4]
            parts = (coef[:, 0], np.abs(coef).sum(axis=1), drawn.sigma[0, ::4], drawn.scale[0, ::4])
            found.append((np.stack(parts, axis=1) < truth).mean(axis=0))
    for place in np.transpose(ranks):
        assert stats.kstest(place, "uniform").pvalue > 1e-4
    assert stats.kstest(np.transpose(wrong)[2], "uniform").pvalue < 1e-4


# the verbs


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(7)
    X = pd.DataFrame(rng.normal(size=(50, 4)), columns=list("abcd"))
    return X.assign(y=X @ [2.0, 0.5, 0.0, 0.0] + rng.normal(size=50))


def test_an_exact_mode_is_refused_with_the_reason(table):
    data = pmap.Regression.from_frame(table, target="y")
    for prior in PRIORS:
        if prior.no_mode:
            with pytest.raises(pmap.PriormapError, match="no exact mode"):
                pmap.find_map(data, prior)
        assert prior.is_unbounded == bool(prior.no_mode)
        assert isinstance(prior, ScaleMixture)
        assert Model(data, prior).unit_prior.parameters


def test_compared_with_the_classical_priors(table):
    data = pmap.Regression.from_frame(table, target="y", sigma=1.0)
    priors = {"lasso": pmap.Laplace(0.5), "horseshoe": pmap.Horseshoe(0.3), "t": pmap.Cauchy(0.3)}
    found = pmap.compare_priors(data, priors, draws=500, random_seed=0)
    assert np.isfinite(found.table["log_evidence"]).all()
    assert np.isnan(found.table.loc["horseshoe", "zeros"])
    assert not found.is_decided


def test_evidence_of_a_horseshoe_is_quadrature():
    data, prior = small(1.0, intercept=False), pmap.Horseshoe(0.5)
    found = pmap.compare_priors(data, {"h": prior}, draws=1500, folds=2, random_seed=0).table

    def joint(b):
        return density(prior, b) * np.exp(stats.norm(data.X[:, 0] * b, 1.0).logpdf(data.y).sum())

    parts = [integrate.quad(joint, *ends, limit=200)[0] for ends in ((-8, 0), (0, 1), (1, 8))]
    error = 5 * found.loc["h", "log_evidence_se"]
    assert found.loc["h", "log_evidence"] == pytest.approx(np.log(sum(parts)), abs=error)
    assert error < 0.3


def test_figures(table):
    named = {"horseshoe": pmap.Horseshoe(0.5), "t": pmap.StudentT(3, 0.5), "lasso": pmap.Laplace(1)}
    assert len(plots.plot_prior_shapes(named)[0].lines) >= 3
    curves = plots.shrinkage_table(named)
    assert curves[curves["prior"] == "horseshoe"]["mode"].isna().all()
    assert np.isfinite(curves["mean"]).all()
    assert "horseshoe" in plots.shrinkage_caption(named)
    assert plots.plot_pull(named, ax=Figure().subplots()).lines
    data = pmap.Regression.from_frame(table, target="y")
    assert "horseshoe" in plots.prior_predictive_caption(data, named)


@pytest.mark.filterwarnings("ignore:these draws are not to be trusted yet")
def test_figures_of_a_posterior(table, tmp_path):
    """Where a density is unbounded at zero, the figures smooth the draws."""
    data = pmap.Regression.from_frame(table, target="y")
    priors = {"horseshoe": pmap.Horseshoe(0.3), "spike": pmap.SpikeAndSlab(0.5)}
    found = pmap.contrast(data, priors, draws=200, random_seed=0)
    density = plots.joint_table(found, ("a", "b"), prior="horseshoe")
    assert np.isfinite(density["density"]).all()
    assert not density["exact_given_rest"].any()
    with pytest.warns(pmap.PriormapWarning, match="is left out"):
        written = plots.write_figures(tmp_path / "figures", table=found)
    names = {path.name for path in written}
    assert {"joint-horseshoe.png", "joint-spike.png", "posterior-vs-map.png"} <= names


@pytest.mark.filterwarnings("ignore:these draws are not to be trusted yet")
def test_draws_that_are_all_zero_have_no_density(table):
    data = pmap.Regression.from_frame(table, target="y")
    priors = {"spike": pmap.SpikeAndSlab(1e-9)}
    found = pmap.contrast(data, priors, draws=200, random_seed=0)
    with pytest.raises(pmap.PriormapError, match="all draws of d are one number"):
        plots.posterior_vs_map_table(found, "d")


@pytest.mark.parametrize("word", ["horseshoe", "student_t", "cauchy", "normal_gamma"])
def test_command_line(table, word, tmp_path, capsys):
    path = tmp_path / "table.csv"
    table.to_csv(path, index=False)
    given = [str(path), "--target", "y", "--prior", word, "--draws", "200", "--seed", "1"]
    assert run(["contrast", *given]) == 0
    said = capsys.readouterr().out
    has_mode = word in {"student_t", "cauchy"}
    assert ("the mode has 0 of 4" if has_mode else "no exact mode") in said
    assert run(["rank", *given, "--prior", "laplace"]) == 0
    assert word in capsys.readouterr().out
    assert run(["compare", str(path), "--target", "y", "--prior", word]) == 2
