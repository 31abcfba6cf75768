"""`compare_priors` against definitions: densities of rows left out, evidence, calibration."""

import inspect
import json
import warnings

import arviz_stats
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

import priormap as pmap
from priormap import plots
from priormap.cli import run
from priormap.criteria.bridge_sampling import bridge_sampling
from priormap.criteria.held_out import crps_of_draws
from priormap.criteria.stacking import stacking_weights
from priormap.model import Model


def one_column(n=15, seed=0, **options):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 1))
    return pmap.Regression(x, 0.6 * x[:, 0] + rng.normal(size=n), intercept=False, **options)


NODES, WEIGHTS = np.polynomial.legendre.leggauss(400)


def log_evidence(data, prior, sigma):
    """Of one column, no intercept and known noise: by quadrature on either side of zero."""
    x, y = data.X[:, 0], data.y
    peak, width = x @ y / (x @ x), sigma / np.sqrt(x @ x)
    rest = -0.5 * ((y - peak * x) ** 2).sum() / sigma**2
    total = 0.0
    for low, high in [(min(peak - 12 * width, 0.0), 0.0), (0.0, max(peak + 12 * width, 0.0))]:
        b = 0.5 * (low + high) + 0.5 * (high - low) * NODES
        fit = np.exp(-0.5 * ((b - peak) / width) ** 2 + prior.logpdf(b))
        total += 0.5 * (high - low) * (fit @ WEIGHTS)
    return rest - len(y) * np.log(sigma * np.sqrt(2 * np.pi)) + np.log(total)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(60, 4)) * [1.0, 10.0, 0.1, 1.0] + 3.0
    return pmap.Regression(X, X @ [1.0, 0.05, 0.0, 0.0] + rng.normal(size=60), standardize=True)


@pytest.fixture(scope="module")
def found(data):
    priors = {
        "ridge": pmap.Gaussian(0.5),
        "lasso": pmap.Laplace(0.4),
        "learnt": pmap.Laplace(pmap.HalfCauchy(1.0)),
        "tight": pmap.Gaussian(0.01),
    }
    return pmap.compare_priors(data, priors, random_seed=3)


# leave-one-out


@pytest.mark.parametrize("intercept", [True, False])
def test_rows_left_out_are_exact_under_a_gaussian_prior(intercept):
    """From the definition: the normal density of y_i given the others."""
    rng = np.random.default_rng(1)
    X, t, sigma = rng.normal(size=(12, 3)), 0.7, 0.9
    y = X @ [1.0, 0.0, -1.0] + rng.normal(size=12)
    data = pmap.Regression(X, y, sigma=sigma, intercept=intercept)
    found = pmap.compare_priors(data, {"ridge": pmap.Gaussian(t)}, draws=200, random_seed=0)
    cover = t**2 * X @ X.T + sigma**2 * np.eye(12) + (1e7 if intercept else 0.0)
    precision = np.linalg.inv(cover)
    variance = 1 / np.diag(precision)
    mean = y - variance * (precision @ y)
    expected = stats.norm(mean, np.sqrt(variance)).logpdf(y)
    np.testing.assert_allclose(found.densities["ridge"], expected, rtol=1e-5)
    assert np.isnan(found.table.loc["ridge", "khat"])


def test_rows_left_out_of_a_laplace_posterior():
    data, prior = one_column(sigma=1.0), pmap.Laplace(0.3)
    found = pmap.compare_priors(data, {"lasso": prior}, draws=4000, random_seed=2)
    whole = log_evidence(data, prior, 1.0)
    for i in range(data.n_rows):
        others = np.delete(np.arange(data.n_rows), i)
        part = pmap.Regression(data.X[others], data.y[others], sigma=1.0, intercept=False)
        expected = whole - log_evidence(part, prior, 1.0)
        assert found.densities["lasso"][i] == pytest.approx(expected, abs=0.02)
    elpd = found.densities["lasso"].sum()
    assert found.table.loc["lasso", "elpd"] == pytest.approx(elpd)


def test_a_row_that_weights_cannot_leave_out_is_left_out():
    """One row far out determines the coefficient: k-hat is large, and a refit gives the value."""
    rng = np.random.default_rng(0)
    x = np.append(rng.normal(size=10) * 0.1, 30.0)[:, None]
    data = pmap.Regression(x, x[:, 0] + rng.normal(size=11), sigma=1.0, intercept=False)
    prior = pmap.Laplace(1.0)
    found = pmap.compare_priors(data, {"lasso": prior}, draws=2000, random_seed=1)
    row = found.table.loc["lasso"]
    assert row["khat"] > 0.7
    assert row["refits"] >= 1
    assert "left out exactly" in found.notes[0]
    again = pmap.compare_priors(data, {"lasso": prior}, draws=2000, random_seed=1)
    np.testing.assert_array_equal(again.densities["lasso"], found.densities["lasso"])
    part = pmap.Regression(x[:10], data.y[:10], sigma=1.0, intercept=False)
    mean = np.linspace(-40, 40, 80001)
    rest = stats.norm(part.X @ mean[None], 1.0).logpdf(part.y[:, None]).sum(axis=0)
    post = np.exp(rest + prior.logpdf(mean))
    own = stats.norm(30.0 * mean, 1.0).pdf(data.y[10])
    expected = np.log((post * own).sum() / post.sum())
    assert found.densities["lasso"][10] == pytest.approx(expected, abs=0.3)


def test_ranking_and_weights_are_those_of_arviz(data, found):
    draws = {"draws": 1000, "random_seed": 8, "include": ["log_likelihood"]}
    trees = {name: pmap.sample(data, prior, **draws) for name, prior in found.priors.items()}
    newer = "round_to" in inspect.signature(arviz_stats.compare).parameters
    unrounded = {"round_to": "none"} if newer else {}
    with warnings.catch_warnings():  # it calls pandas in a way that newer ones warn of
        warnings.simplefilter("ignore")
        theirs = arviz_stats.compare(trees, method="stacking", **unrounded)
    ours = found.table
    assert theirs.index[-1] == ours.index[-1] == "tight"
    np.testing.assert_allclose(theirs["elpd"][ours.index], ours["elpd"], atol=0.3)
    np.testing.assert_allclose(theirs["se"][ours.index], ours["elpd_se"], atol=0.3)
    assert theirs["weight"]["tight"] == pytest.approx(ours.loc["tight", "weight"], abs=0.02)


def test_stacking_is_the_best_mixture():
    logs = np.random.default_rng(0).normal(size=(200, 3)) * [1.0, 0.9, 1.1]
    weights = stacking_weights(logs)
    best = np.log(np.exp(logs) @ weights).sum()
    rng = np.random.default_rng(1)
    others = np.log(np.exp(logs) @ rng.dirichlet(np.ones(3), 2000).T).sum(axis=0)
    assert best >= others.max() - 1e-8
    np.testing.assert_allclose(stacking_weights(np.zeros((5, 2))), 0.5)


# evidence

NOISES = {"known": 0.8, "unknown": None, "inverse gamma": pmap.InverseGamma(2.0, 1.0)}


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("by_noise", [True, False])
def test_bridge_sampling_is_the_closed_form_under_a_gaussian_prior(noise, intercept, by_noise):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(20, 3)) * [1.0, 100.0, 0.01]
    y = X[:, 0] + rng.normal(size=20)
    data = pmap.Regression(X, y, sigma=NOISES[noise], intercept=intercept, standardize=intercept)
    prior = pmap.Gaussian([0.7, 0.01, 70.0] if not intercept else 0.7, scaled_by_noise=by_noise)
    tree = pmap.sample(data, prior, draws=2000, random_seed=1)
    bridged = bridge_sampling(Model(data, prior), tree, np.random.SeedSequence(1))
    assert bridged.error < 0.02
    assert abs(bridged.value - tree.attrs["log_evidence"]) < 5 * bridged.error


@pytest.mark.parametrize("prior", [pmap.Laplace(0.3), pmap.ElasticNet(0.5, 0.5)], ids=repr)
def test_bridge_sampling_is_quadrature_in_one_dimension(prior):
    data = one_column(sigma=1.0)
    tree = pmap.sample(data, prior, draws=2000, random_seed=1)
    found = bridge_sampling(Model(data, prior), tree, np.random.SeedSequence(0))
    assert found.value == pytest.approx(log_evidence(data, prior, 1.0), abs=5 * found.error)
    assert 0 < found.error < 0.02


def test_evidence_of_a_learnt_scale_averages_that_of_known_ones():
    data, density = one_column(sigma=1.0), pmap.HalfNormal(1.0)
    prior = pmap.Laplace(density)
    tree = pmap.sample(data, prior, draws=4000, random_seed=1)
    found = bridge_sampling(Model(data, prior), tree, np.random.SeedSequence(0))
    logs = np.linspace(-6, 2, 200)
    values = [log_evidence(data, pmap.Laplace(s), 1.0) for s in np.exp(logs)]
    weights = np.exp(values - np.max(values) + density.logpdf(np.exp(logs)) + logs)
    expected = np.max(values) + np.log(weights.sum() * (logs[1] - logs[0]))
    assert found.value == pytest.approx(expected, abs=5 * found.error)


def test_a_flat_prior_has_no_evidence(data):
    found = pmap.compare_priors(data, {"flat": pmap.Gaussian(np.inf)}, draws=200, random_seed=0)
    assert np.isnan(found.table.loc["flat", "log_evidence"])
    assert "improper" in found.notes[0]
    assert np.isfinite(found.table.loc["flat", "elpd"])


# held-out folds


def test_the_score_of_a_normal_prediction():
    """Gneiting and Raftery (2007), the closed form of a normal distribution."""
    draws = np.sort(np.random.default_rng(0).normal(size=(2, 200_000)), axis=1)
    y = np.array([0.3, -1.5])
    z = stats.norm
    expected = y * (2 * z.cdf(y) - 1) + 2 * z.pdf(y) - 1 / np.sqrt(np.pi)
    np.testing.assert_allclose(crps_of_draws(draws, y), expected, atol=0.01)


def test_intervals_cover_as_often_as_they_say():
    """Data from the model itself: predictive intervals hold their mass."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(2000, 3))
    data = pmap.Regression(X, X @ [0.5, -0.5, 0.0] + rng.normal(size=2000))
    found = pmap.compare_priors(
        data, {"ridge": pmap.Gaussian(0.5)}, draws=200, prob=0.8, random_seed=0
    )
    row = found.table.loc["ridge"]
    assert row["coverage"] == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / 2000))
    assert row["width"] == pytest.approx(2 * stats.norm.ppf(0.9), rel=0.05)
    assert row["rmse_mean"] == pytest.approx(1, abs=0.07)
    assert row["crps"] == pytest.approx(1 / np.sqrt(np.pi), rel=0.07)


def test_errors_of_the_mode_are_those_of_refits(data):
    folds = [(np.arange(30), np.arange(30, 60)), (np.arange(30, 60), np.arange(30))]
    prior, known = pmap.Laplace(0.4), data.with_noise(1.0)
    found = pmap.compare_priors(known, {"lasso": prior}, folds=folds, draws=200, random_seed=0)
    column_scale = 0.4 / data.column_sd  # the prior of the whole data's standardised columns
    squares = []
    for train, test in folds:
        part = pmap.Regression(data.X[train], data.y[train], sigma=1.0)
        fit = pmap.find_map(part, pmap.Laplace(column_scale))
        squares.append((data.y[test] - fit.predict(data.X[test])) ** 2)
    expected = np.sqrt(np.mean(squares))
    assert found.table.loc["lasso", "rmse_mode"] == pytest.approx(expected)


# the result


def test_the_table(data, found):
    table = found.table
    assert table["elpd"].is_monotonic_decreasing
    assert table["elpd_diff"].iloc[0] == 0
    difference = found.densities["tight"] - found.densities[table.index[0]]
    assert table.loc["tight", "elpd_diff"] == pytest.approx(difference.sum())
    assert table.loc["tight", "diff_se"] == pytest.approx(np.sqrt(60) * difference.std(ddof=1))
    assert table["weight"].sum() == pytest.approx(1)
    assert table.loc["tight", "zeros"] == 0
    assert table.loc["lasso", "zeros"] == (pmap.find_map(data, pmap.Laplace(0.4)).coef == 0).sum()
    assert table.loc["tight", "parameters"] < 2 < table.loc["ridge", "parameters"] < 7
    assert 0 <= table.loc["tight", "relevant"] < table.loc["ridge", "relevant"] <= 4
    again = pmap.compare_priors(data, {"ridge": pmap.Gaussian(0.5)}, random_seed=3)
    assert again.table.loc["ridge", "elpd"] == table.loc["ridge", "elpd"]
    json.dumps(found.to_dict(), default=float)


def test_the_sentence_says_what_is_decided(data, found):
    assert "not told apart" in found.sentence
    assert "tight has" in found.sentence
    assert found.is_decided
    alike = {"a": pmap.Gaussian(0.5), "b": pmap.Gaussian(0.51)}
    near = pmap.compare_priors(data, alike, draws=200, random_seed=0)
    assert near.sentence.startswith("These data do not tell the priors apart")
    assert not near.is_decided
    assert near.sentence in repr(near)


def test_figure(found):
    axes = plots.plot_compare(found, ax=Figure().subplots())
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == list(found.table.index)
    table = plots.compare_table(found)
    np.testing.assert_allclose(table["difference"], found.table["elpd_diff"])
    np.testing.assert_allclose(table["high"] - table["low"], 4 * found.table["diff_se"].to_numpy())
    assert found.sentence in plots.compare_caption(found)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"draws": 0}, "draws"),
        ({"folds": 1}, "folds"),
        ({"prob": 1.0}, "prob"),
        ({"rope": -1.0}, "rope"),
        ({"chains": 1.5}, "chains"),
    ],
)
def test_bad_options(data, options, said):
    with pytest.raises(pmap.PriormapError, match=said):
        pmap.compare_priors(data, {"ridge": pmap.Gaussian(1.0)}, **options)


def test_bad_arguments(data):
    for priors in ({}, pmap.Gaussian(1.0), {"a": "ridge"}, {1: pmap.Gaussian(1.0)}):
        with pytest.raises(pmap.PriormapError):
            pmap.compare_priors(data, priors)
    with pytest.raises(pmap.PriormapError, match="compare_priors"):
        plots.plot_compare("ridge")


def test_command_line(tmp_path, capsys):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2))
    frame = pd.DataFrame(X, columns=["a", "b"]).assign(y=X @ [2.0, 0.0] + rng.normal(size=40))
    path = tmp_path / "data.csv"
    frame.to_csv(path, index=False)
    given = ["rank", str(path), "--target", "y", "--draws", "200", "--seed", "1"]
    picture = tmp_path / "rank.svg"
    places = ["--json", str(tmp_path / "r.json"), "--csv", str(tmp_path / "r.csv")]
    assert run([*given, *places, "--figure", str(picture)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    found = json.loads((tmp_path / "r.json").read_text())
    assert found["sentence"] in said
    assert {row["prior"] for row in found["priors"]} == {"gaussian", "laplace"}
    assert pd.read_csv(tmp_path / "r.csv")["prior"].tolist() == [
        row["prior"] for row in found["priors"]
    ]
    assert picture.read_text().startswith("<?xml")
    assert run([*given, "--figure", str(picture)]) == 2
    assert "--figure" in capsys.readouterr().err
