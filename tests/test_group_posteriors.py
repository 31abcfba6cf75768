"""Posteriors under priors of groups: densities, marginals, NUTS, calibration and the verbs."""

import itertools
import os

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import priormap as pmap
from priormap.model import Model
from priormap.posterior.local_variances import draw_scale_mixture

FACTORS = {"first": ["a", "b", "c"], "second": ["d", "e"]}
FAMILIES = {
    "laplace": lambda scale, **more: pmap.Laplace(scale, groups=FACTORS, **more),
    "laplace by size": lambda scale, **more: pmap.Laplace(
        scale, groups=FACTORS, by_size=True, **more
    ),
    "horseshoe": lambda scale, **more: pmap.Horseshoe(scale, groups=FACTORS, **more),
}
NAMES = tuple("abcdef")


def table(seed=0, n=40):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 6)) + rng.normal(size=(n, 1))
    y = X[:, :3] @ [1.0, -0.5, 0.3] + rng.normal(size=n)
    return pd.DataFrame(X, columns=list(NAMES)).assign(y=y)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_density_is_the_mixture_of_normals(family):
    prior = FAMILIES[family](0.7).for_columns(NAMES)
    b = np.array([0.3, -0.2, 0.9, 1e-3, 0.02, -4.0])
    for k, group in enumerate(([0, 1, 2], [3, 4], [5])):
        square, m = float(np.sum((b[group] / 0.7) ** 2)), len(group)

        def integrand(log_v, k=k, square=square, m=m):
            v = np.exp(log_v)
            if family == "horseshoe":
                law = v**-0.5 / (1 + v) / np.pi
            else:
                weight = np.sqrt(m) if prior.by_size else 1.0
                law = stats.gamma((m + 1) / 2, scale=2 / weight**2).pdf(v)
            return v * law * (2 * np.pi * v * 0.49) ** (-m / 2) * np.exp(-square / v / 2)

        points = np.linspace(-60, 60, 25)
        expected = sum(
            integrate.quad(integrand, low, high, epsabs=0)[0]
            for low, high in itertools.pairwise(points)
        )
        assert prior.logpdf(b)[k] == pytest.approx(np.log(expected), abs=1e-7)
    assert prior.logpdf_together(b).sum() == pytest.approx(prior.logpdf(b).sum())
    step = 1e-6 * np.eye(6)
    slope = [-(prior.logpdf(b + s).sum() - prior.logpdf(b - s).sum()) / 2e-6 for s in step]
    assert prior.pull(b) == pytest.approx(slope, rel=1e-5, abs=1e-6)
    moved = prior.penalty(2 * b).sum() - prior.penalty(b).sum()
    assert moved == pytest.approx(prior.logpdf(b).sum() - prior.logpdf(2 * b).sum())


@pytest.mark.parametrize("family", FAMILIES)
def test_draws_have_the_marginals(family):
    prior = FAMILIES[family](0.7).for_columns(NAMES)
    drawn = prior.rvs((20_000, 6), random_state=0)
    for j in range(6):
        one = drawn[:, j]
        half = prior.interval(0.5)[j]
        assert np.mean(np.abs(one) < half) == pytest.approx(0.5, abs=0.015)
        assert np.mean(np.abs(one) < 0.4) == pytest.approx(prior.probability(0.4)[j], abs=0.015)
    if family != "horseshoe":
        assert drawn.std(axis=0) == pytest.approx(prior.sd, rel=0.05)
        alone = pmap.Laplace(0.7)
        assert prior.sd[5] == pytest.approx(alone.sd)
        assert prior.interval(0.9)[5] == pytest.approx(alone.interval(0.9), rel=1e-6)
        some = prior.on_columns(np.array([1, 4, 5])).rvs((20_000, 3), random_state=1)
        assert np.abs(some).mean(axis=0) == pytest.approx(
            np.abs(drawn[:, [1, 4, 5]]).mean(axis=0), rel=0.5
        )


@pytest.mark.parametrize("family", FAMILIES)
def test_variances_given_norms_keep_their_law(family):
    """Draw variances, then coefficients, then variances anew: their law is what it was."""
    prior, rng = FAMILIES[family](1.0).for_columns(NAMES), np.random.default_rng(0)
    first = prior._fresh((4000, 3), rng)
    coef = np.sqrt(first)[:, prior.variance_of] * rng.standard_normal((4000, 6))
    second = prior.draw_variances(coef, first, rng)
    for k in range(3):
        assert stats.ks_2samp(np.log(first[:, k]), np.log(second[:, k])).pvalue > 1e-4
    at_zero = prior.draw_variances(np.zeros((5, 6)), first[:5], rng)
    assert np.isfinite(at_zero).all()
    assert (at_zero > 0).all()


@pytest.mark.filterwarnings("ignore::priormap.PriormapWarning")
@pytest.mark.parametrize("sigma", [1.0, pmap.HalfNormal(2.0)])
@pytest.mark.parametrize("by_noise", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_lp_is_the_log_posterior(family, by_noise, sigma):
    data = pmap.Regression.from_frame(table(), target="y", sigma=sigma, standardize=True)
    prior = FAMILIES[family](pmap.HalfNormal(1.0), scaled_by_noise=by_noise)
    tree = pmap.sample(data, prior, 100, chains=1, tune=100, random_seed=0)
    one = tree["posterior"].isel(chain=0, draw=50)
    expected = pmap.log_posterior(
        *(data, prior, one["coef"].to_numpy(), float(one["intercept"])),
        **{name: float(one[name]) for name in ("sigma", "scale") if name in one},
    )
    assert float(tree["sample_stats"]["lp"][0, 50]) == pytest.approx(expected)


@pytest.mark.parametrize("sigma", [1.0, None])
def test_groups_of_one_column_are_the_prior_of_one(sigma):
    data = pmap.Regression.from_frame(table(), target="y", sigma=sigma)
    for kind in (pmap.Laplace, pmap.Horseshoe):
        own = pmap.sample(data, kind(0.2, groups=list(NAMES)), 4000, random_seed=0)
        one = pmap.sample(data, kind(0.2), 4000, random_seed=1)
        for name in ("mean", "std"):
            first, second = (
                getattr(t["posterior"]["coef"], name)(("chain", "draw")) for t in (own, one)
            )
            assert first.to_numpy() == pytest.approx(second.to_numpy(), abs=0.02)


def ranks(prior, noise, shape, inflation=1.0, replications=240, kept=39, thin=8):
    """Ranks of the truth among thinned draws of its posterior."""
    rng, rows = np.random.default_rng(3), []
    X = rng.standard_normal(shape)
    names = tuple(f"x{j}" for j in range(shape[1]))
    settled = prior.for_columns(names)
    for replication in range(replications):
        sigma = noise if isinstance(noise, float) else float(noise.rvs(1, rng)[0])
        scale = 1.0 if prior.hyperprior is None else float(prior.hyperprior.rvs(1, rng)[0])
        unit = scale * (sigma if prior.scaled_by_noise else 1.0)
        coef = settled.stretched(unit).rvs(shape[1], rng)
        y = 4.0 + X @ coef + inflation * sigma * rng.standard_normal(shape[0])
        model = Model(pmap.Regression(X, y, sigma=noise), prior)
        stream = np.random.SeedSequence([5, replication])
        drawn = draw_scale_mixture(model, "exact", 1, kept * thin, 200, stream, None)
        found = {"first": (coef[0], drawn.coef[0, ::thin, 0])}
        found["norm"] = (
            np.linalg.norm(coef[:3]),
            np.linalg.norm(drawn.coef[0, ::thin, :3], axis=1),
        )
        if drawn.sigma is not None:
            found["sigma"] = (sigma, drawn.sigma[0, ::thin])
        if drawn.scale is not None:
            found["scale"] = (scale, drawn.scale[0, ::thin])
        rows.append({name: int((values < truth).sum()) for name, (truth, values) in found.items()})
    counts = {
        name: np.bincount([row[name] * 10 // (kept + 1) for row in rows], minlength=10)
        for name in rows[0]
    }
    return {name: stats.chisquare(count).pvalue for name, count in counts.items()}


TWO = {"g": ["x0", "x1", "x2"]}
CASES = {
    "laplace": (pmap.Laplace(0.7, groups=TWO, by_size=True), pmap.HalfNormal(1.5), (20, 5)),
    "laplace, wide, learnt": (
        *(pmap.Laplace(pmap.HalfNormal(1.0), groups=TWO), pmap.InverseGamma(4.0, 3.0)),
        (4, 6),
    ),
    "horseshoe, by noise": (pmap.Horseshoe(0.5, True, groups=TWO), pmap.HalfNormal(1.5), (20, 5)),
    "horseshoe, learnt": (pmap.Horseshoe(pmap.HalfNormal(1.0), groups=TWO), 1.3, (15, 4)),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_ranks_of_the_truth_are_uniform(case):
    replications = 240 if os.environ.get("PRIORMAP_FULL") == "1" else 80
    assert min(ranks(*CASES[case], replications=replications).values()) > 1e-5


@pytest.mark.slow
def test_noise_larger_than_told_is_caught():
    assert ranks(*CASES["laplace"], inflation=1.5)["sigma"] < 1e-8


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:these draws are not to be trusted")  # NUTS on a horseshoe
@pytest.mark.parametrize("family", ["laplace", "horseshoe"])
def test_nuts_is_a_witness(family):
    data = pmap.Regression.from_frame(table(), target="y", sigma=pmap.HalfNormal(2.0))
    prior = FAMILIES[family](0.1 if family == "horseshoe" else 0.3)
    ours = pmap.sample(data, prior, 4000, random_seed=0)["posterior"]
    theirs = pmap.sample(
        *(data, prior, 1000), method="nuts", random_seed=0, target_accept=0.95, chains=2
    )["posterior"]
    for name in ("mean", "std"):
        own, other = (getattr(one["coef"], name)(("chain", "draw")) for one in (ours, theirs))
        assert own.to_numpy() == pytest.approx(other.to_numpy(), abs=0.025)
    assert float(ours["sigma"].mean()) == pytest.approx(float(theirs["sigma"].mean()), abs=0.02)


def test_the_pymc_model_has_our_density():
    data = pmap.Regression.from_frame(
        table(), target="y", sigma=pmap.HalfNormal(2.0), standardize=True
    )
    prior = pmap.Laplace(0.3, True, groups=FACTORS, by_size=True)
    logp = pmap.pymc_model(data, prior).compile_logp(jacobian=False)
    b, a, sigma = np.array([0.3, -0.2, 0.9, 0.0, 0.0, -4.0]), 0.2, 1.3
    centred = a + data.unit.x_mean @ b
    found = logp({"coef": b, "intercept_centred__": centred, "sigma_log__": np.log(sigma)})
    assert float(found) == pytest.approx(pmap.log_posterior(data, prior, b, a, sigma))


@pytest.mark.filterwarnings("ignore::priormap.PriormapWarning")
@pytest.mark.parametrize("family", FAMILIES)
def test_verbs_take_priors_of_groups(family):
    data = pmap.Regression.from_frame(table(), target="y", sigma=1.0)
    pair = {"groups": FAMILIES[family](0.1), "ridge": pmap.Gaussian(0.5)}
    table_ = pmap.contrast(data, pair, draws=300, random_seed=0)
    text = str(table_) + table_._repr_html_()
    assert "groups" in text
    if family != "horseshoe":
        assert 0 < table_.summary.loc["groups", "dof_mode"] < 6
    found = pmap.compare_priors(data, pair, draws=300, random_seed=0, folds=3)
    assert np.isfinite(found.table.loc["groups", ["elpd", "log_evidence"]].to_numpy(float)).all()
    tree = pmap.sample(data, pair["groups"], 100, random_seed=0, include=["prior"])
    assert tree["prior"]["coef"].shape == (4, 100, 6)


@pytest.mark.filterwarnings("ignore::priormap.PriormapWarning")
def test_degrees_of_freedom_of_a_group_lasso_are_the_divergence_of_its_fit():
    frame, step = table(), 1e-5
    data = pmap.Regression.from_frame(frame, target="y", sigma=1.0)
    prior = pmap.Laplace(0.05, groups=FACTORS)
    X = frame[list(NAMES)].to_numpy()

    def fit(y):
        one = pmap.find_map(pmap.Regression(frame[list(NAMES)], y, sigma=1.0), prior)
        return one.intercept + X @ one.coef

    y = frame["y"].to_numpy()
    slopes = [
        (fit(y + step * e)[i] - fit(y - step * e)[i]) / (2 * step)
        for i, e in enumerate(np.eye(len(y)))
    ]
    found = pmap.contrast(data, {"g": prior}, draws=100, random_seed=0).summary["dof_mode"].item()
    assert found == pytest.approx(sum(slopes) - 1, abs=1e-4)


def test_a_path_over_groups_is_the_mode_at_every_scale():
    data = pmap.Regression.from_frame(table(), target="y", sigma=1.0)
    prior = pmap.Laplace(1.0, groups=FACTORS)
    path = pmap.map_path(data, prior, [0.02, 0.3])
    for scale, coef in zip(path.values, path.coef, strict=True):
        one = pmap.find_map(data, pmap.Laplace(float(scale), groups=FACTORS))
        assert coef == pytest.approx(one.coef, abs=1e-12)
    assert path.certificate(0).is_mode
