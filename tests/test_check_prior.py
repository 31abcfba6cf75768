"""Prior and posterior predictive checks, against closed forms, exact refits and calibration."""

import json

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import stats

import priormap as pm
from priormap import plots
from priormap.cli import run
from priormap.criteria.prior_conflict import (
    coefficient_probabilities,
    fit_probability,
    prior_conflict,
)
from priormap.tables.predictive_check import simultaneous_band, uniformity


def orthogonal(n=64, p=4, sigma=1.0, size=1.0, seed=0):
    """Columns of length sqrt(n) that are orthogonal to each other and to the intercept."""
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(np.column_stack([np.ones(n), rng.normal(size=(n, p))]))[0][:, 1:]
    X = Q * np.sqrt(n)
    y = X @ (size * rng.normal(size=p)) + sigma * rng.normal(size=n)
    return pm.Regression(X, y, sigma=sigma)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(50, 3))
    return pm.Regression(X, 4 + X @ [1.5, -0.5, 0.0] + rng.normal(size=50), sigma=1.0)


@pytest.fixture(scope="module")
def found(data):
    priors = {"ridge": pm.Gaussian(1.0), "narrow": pm.Laplace(0.01)}
    return pm.check_prior(data, priors, random_seed=1)


@pytest.mark.parametrize("scale", [0.05, 0.4, 2.0])
def test_the_probability_of_a_fit_is_the_closed_form(scale):
    """``|X bhat|**2`` is ``(n scale**2 + sigma**2)`` times chi-squared in an orthogonal design."""
    data = orthogonal()
    bhat = data.X.T @ (data.y - data.y.mean()) / 64
    exact = stats.chi2.sf(64 * bhat @ bhat / (64 * scale**2 + 1), 4)
    p_value, fits = fit_probability(data, pm.Gaussian(scale))
    assert p_value == pytest.approx(exact, abs=4 * np.sqrt(0.25 / fits * 20))
    each, p_values = coefficient_probabilities(data, pm.Gaussian(scale))
    assert each == pytest.approx(bhat)
    wanted = 2 * stats.norm.sf(np.abs(bhat), scale=np.sqrt(scale**2 + 1 / 64))
    assert p_values == pytest.approx(wanted, abs=0.02)


@pytest.mark.parametrize("unit", [1e-140, 1e140])
def test_units_do_not_matter(unit):
    one, other = orthogonal(), orthogonal()
    other = pm.Regression(one.X, one.y * unit, sigma=unit)
    assert fit_probability(other, pm.Laplace(0.3 * unit)) == fit_probability(one, pm.Laplace(0.3))


@pytest.mark.parametrize("prior", [pm.Gaussian(0.5), pm.Horseshoe(0.1), pm.Laplace(0.3, True)])
def test_p_values_are_uniform_where_data_come_from_the_prior(prior):
    """Calibration, with a control: data of another scale."""

    def p_value(seed, scale):
        rng = np.random.default_rng(seed)
        data = orthogonal(seed=1)
        y = data.X @ (scale * prior.rvs(4, rng)) + rng.normal(size=64)
        return fit_probability(pm.Regression(data.X, y, sigma=1.0), prior)[0]

    right, wrong = ([p_value(seed, scale) for seed in range(80)] for scale in (1.0, 5.0))
    assert stats.kstest(right, "uniform").pvalue > 1e-3
    assert stats.kstest(wrong, "uniform").pvalue < 1e-3


def test_the_conflict_is_said_in_one_line_with_its_meaning():
    data = orthogonal(size=2.0)
    narrow, fair, wide = (prior_conflict(data, pm.Gaussian(s)) for s in (0.01, 2.0, 1e6))
    assert narrow.sentence.startswith("prior and data contradict each other: a least-squares fit")
    assert "below 5e-06, so that coefficients are larger than it expects" in narrow.sentence
    assert "times as wide" in narrow.sentence
    assert fair.sentence.startswith("prior and data do not contradict")
    assert wide.is_conflict
    assert "smaller than it expects" in wide.sentence
    assert "times narrower" in wide.sentence
    for one in (narrow, fair, wide):
        assert "\n" not in one.sentence
    flat = prior_conflict(data, pm.Gaussian(np.inf))
    assert np.isnan(flat.p_value)
    assert "an improper prior expects no fit" in flat.sentence


def test_loo_pit_is_that_of_exact_refits(data, found):
    pit = found.pit_of("ridge")
    for i in range(0, 50, 7):
        keep = np.arange(50) != i
        X = np.column_stack([np.ones(49), data.X[keep]])
        precision = X.T @ X + np.diag([0, 1.0, 1, 1])
        mean = np.linalg.solve(precision, X.T @ data.y[keep])
        x = np.concatenate([[1.0], data.X[i]])
        sd = np.sqrt(1 + x @ np.linalg.solve(precision, x))
        assert pit[i] == pytest.approx(stats.norm.cdf(data.y[i], x @ mean, sd), abs=0.01)


def test_the_band_holds_so_many_uniform_samples():
    rng = np.random.default_rng(5)
    points, low, high = simultaneous_band(80)
    inside = 0
    for _ in range(400):
        shares = np.searchsorted(np.sort(rng.random(80)), points, side="right") / 80
        inside += bool(((shares >= low) & (shares <= high)).all())
    assert inside / 400 == pytest.approx(0.95, abs=4 * np.sqrt(0.05 * 0.95 / 400))
    assert uniformity(rng.random(80)) > 0.01
    assert uniformity(rng.random(80) ** 3) == 0.0


def test_statistics_are_those_of_the_predictive_distributions(data, found):
    table = found.statistics.set_index(["prior", "statistic"])
    sd = table.loc[("ridge", "sd")]
    assert sd["observed"] == pytest.approx(np.std(data.y))
    rng = np.random.default_rng(0)
    b = rng.normal(size=(20_000, 3))
    sds = np.std(b @ data.X.T + rng.normal(size=(20_000, 50)), axis=1)
    error = 4 * np.sqrt(0.25 / 1000)
    assert sd["before_p"] == pytest.approx(np.mean(sds >= sd["observed"]), abs=error)
    assert sd["before_median"] == pytest.approx(np.median(sds), rel=0.06)
    assert np.isnan(table.loc[("ridge", "mean"), "before_p"])
    assert table.loc[("ridge", "mean"), "after_p"] == pytest.approx(0.5, abs=0.07)
    assert table.loc[("narrow", "sd"), "before_p"] < 0.01


def test_without_an_intercept_the_mean_is_predicted(data):
    bare = pm.Regression(data.X, data.y, sigma=1.0, intercept=False)
    table = pm.check_prior(bare, pm.Gaussian(1.0), random_seed=1).statistics
    assert table.set_index("statistic").loc["mean", "before_p"] < 0.01  # the mean of y is 4


def test_r_squared_before_and_after(data, found):
    row = found.r2.loc["ridge"]
    assert row["before_median"] == pm.prior_says(data, pm.Gaussian(1.0)).table["r2_median"].item()
    posterior = found.posteriors["ridge"]["posterior"]["coef"].to_numpy().reshape(-1, 3)
    size = np.var(posterior @ data.X.T, axis=1)
    assert row["after_median"] == pytest.approx(np.median(size / (size + 1)))
    assert found.r2.loc["narrow", "before_high"] < 0.01


def test_a_statistic_of_ones_own(data):
    found = pm.check_prior(
        data, pm.Gaussian(1.0), statistics={"range": lambda y: np.ptp(y)}, random_seed=1
    )
    row = found.statistics.set_index("statistic").loc["range"]
    assert row["observed"] == np.ptp(data.y)
    assert 0 < row["after_p"] < 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"statistics": [np.mean]}, "statistics must be a dict"),
        ({"statistics": {"nothing": lambda y: None}}, "must return one finite number, got None"),
        ({"statistics": {"inf": lambda y: np.inf}}, "must return one finite number"),
        ({"draws": 0}, "draws must be a positive integer"),
        ({"random_seed": -1}, "random_seed|seed"),
    ],
)
def test_what_cannot_be_checked_is_refused(data, options, words):
    with pytest.raises(pm.PriormapError, match=words):
        pm.check_prior(data, pm.Gaussian(1.0), **options)
    with pytest.raises(pm.PriormapError, match="found must be what check_prior"):
        pm.plot_loo_pit(data)


def test_improper_priors_are_checked_after_the_data_only(data):
    found = pm.check_prior(
        data.with_noise(pm.Jeffreys()), {"flat": pm.Flat(), "t": pm.StudentT(4, 1.0)}, random_seed=1
    )
    assert found.statistics["before_p"].isna().all()
    assert found.statistics["after_p"].notna().all()
    assert any("improper prior predicts no data" in note for note in found.notes)


def test_the_figure_and_what_programs_read(found):
    axes = pm.plot_loo_pit(found, ax=Figure().subplots())
    lines = {line.get_label(): line.get_xydata() for line in axes.get_lines()}
    table = plots.loo_pit_table(found)
    part = table[table["prior"] == "narrow"]
    np.testing.assert_array_equal(lines["narrow"], part[["pit", "difference"]].to_numpy())
    pit = found.pit_of("ridge")
    assert part["pit"].iloc[0] == 0.0
    at = table[table["prior"] == "ridge"].iloc[10]
    assert at["difference"] == pytest.approx(np.mean(pit <= at["pit"]) - at["pit"])
    record = json.loads(json.dumps(found.to_dict()))
    assert [one["prior"] for one in record["priors"]] == ["ridge", "narrow"]
    assert record["priors"][1]["says"][0].startswith("prior and data contradict each other")
    assert "narrow: prior and data contradict" in repr(found)
    assert "calibrated" in plots.loo_pit_caption(found)


def test_verbs_say_where_a_scale_contradicts_the_data(data):
    pair = {"narrow": pm.Gaussian(0.001), "fair": pm.Gaussian(1.0)}
    for verb in (pm.contrast, pm.compare_priors):
        found = verb(data, pair, draws=300, random_seed=1)
        assert list(found.conflicts) == ["narrow"]
        assert "narrow: the scale contradicts the data by" in repr(found)
        assert "the scale contradicts the data by" in found._repr_html_()
        assert "the scale contradicts" in json.dumps(found.to_dict(), default=str)
    learnt = pm.contrast(data, {"a": pm.Gaussian(pm.HalfNormal(0.001))}, draws=300, random_seed=1)
    assert not learnt.conflicts


def test_the_command(tmp_path, capsys):
    figure = tmp_path / "pit.png"
    words = ["check", "--prior=lasso", "--scale=r2=0.5", "--seed=1", "--draws=200"]
    assert run([*words, "--figure", str(figure)]) == 0
    out = capsys.readouterr().out
    assert "before y is seen, R^2 is 0.50 in the median" in out
    assert "prior and data do not contradict each other" in out
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert run([*words, "--json=-"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["before"][0]["r2_median"] == pytest.approx(0.5, abs=1e-6)
