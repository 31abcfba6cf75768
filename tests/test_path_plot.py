"""The path figure: modes, knots, bands and both axes are those that were computed."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import integrate, stats
from sklearn import linear_model
from sklearn.linear_model import Lasso, Ridge

from priormap import (
    ElasticNet,
    Gaussian,
    HalfCauchy,
    Laplace,
    PriormapError,
    Regression,
    find_map,
    map_path,
    sample,
)
from priormap.plots import (
    path_caption,
    path_knots_table,
    path_posterior_table,
    path_table,
    plot_path,
)


def correlated(n=50, p=6, sigma=0.8, **options):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(n, p)) + 0.6 * rng.normal(size=(n, 1))
    y = X @ np.resize([0.9, -0.5, 0.3, 0.0, 0.1], p) + rng.normal(0.0, 0.8, n)
    X = 3 + X * np.resize([1.0, 2.0, 0.5], p)
    return Regression(X, 20 + y, sigma, names=[f"c{j}" for j in range(p)], **options)


@pytest.fixture
def ax():
    return Figure().subplots()


def drawn(ax, label):
    (line,) = [line for line in ax.get_lines() if line.get_label() == label]
    return line.get_xydata()


def band(ax, feature):
    (area,) = [area for area in ax.collections if area.get_label() == f"band {feature}"]
    return area.get_paths()[0].vertices


@pytest.mark.parametrize("prior", [Laplace(), Gaussian()], ids=str)
@pytest.mark.parametrize("standardize", [False, True])
def test_lines_are_modes_in_effects(prior, standardize, ax):
    data = correlated(standardize=standardize)
    plot_path(data, prior, ["c0", "c2"], ax=ax)
    scales = drawn(ax, "mode c0")[:, 0]
    for k in range(0, len(scales), 60):
        expected = find_map(data, prior.with_scale(float(scales[k]))).coef * data.column_sd
        found = [drawn(ax, f"mode {name}")[k, 1] for name in data.names]
        np.testing.assert_allclose(found, expected, atol=1e-9)
    assert ax.get_xscale() == "log"
    assert ax.get_xlim() == pytest.approx((scales[0], scales[-1]))


def test_the_axis_runs_from_nothing_to_nearly_least_squares():
    data = correlated()
    X = np.column_stack([np.ones(50), data.X])
    free = np.linalg.lstsq(X, data.y, rcond=None)[0][1:] * data.column_sd
    for prior in (Laplace(), Gaussian()):
        table = path_table(data, prior).pivot(index="feature", columns="scale", values="mode")
        table = table.loc[list(data.names)].to_numpy()
        assert np.linalg.norm(table[:, 0]) < 0.05 * np.linalg.norm(free)
        assert np.linalg.norm(table[:, -1] - free) < 0.1 * np.linalg.norm(free)
    assert not path_table(data, Laplace()).query("scale == scale.min()")["mode"].any()


def test_knots_and_the_places_where_coefficients_leave_zero_are_marked(ax):
    data = correlated()
    plot_path(data, Laplace(), ax=ax)
    low, high = ax.get_xlim()
    knots = map_path(data, Laplace()).scales
    knots = knots[(knots >= low) & (knots <= high)]
    assert len(knots) >= 6
    np.testing.assert_array_equal(drawn(ax, "knots")[:, 0], knots)
    left = 0
    for j, name in enumerate(data.names):
        marks = [line for line in ax.get_lines() if line.get_label() == f"{name} leaves zero"]
        for mark in marks:
            (scale,), (height,) = mark.get_xdata(), mark.get_ydata()
            assert height == 0
            coefs = [find_map(data, Laplace(scale * by)).coef[j] for by in (1 - 1e-6, 1 + 1e-6)]
            assert coefs[0] == 0
            assert coefs[1] != 0
            left += 1
    assert left == len(data.names)
    events = path_knots_table(data, Laplace())
    assert (events["event"] == "leaves zero").sum() == left


def test_the_support_of_an_elastic_net_changes_where_it_is_marked(ax):
    data, prior = correlated(standardize=True), ElasticNet(0.5, 1.5)
    plot_path(data, prior, "c0", draws=100, ax=ax)
    events = path_knots_table(data, prior, "c0", draws=100)
    assert set(events["feature"]) == set(data.names)
    for row in events.to_dict("records"):
        j = data.names.index(row["feature"])
        around = [row["scale"] * by for by in (1 - 1e-7, 1 + 1e-7)]
        live = [find_map(data, prior.with_scale(scale)).coef[j] != 0 for scale in around]
        assert live == [row["event"] != "leaves zero", row["event"] == "leaves zero"]
    np.testing.assert_array_equal(drawn(ax, "knots")[:, 0], np.unique(events["scale"]))
    assert ax.get_xlabel() == "multiple of the prior scales"
    (top,) = ax.child_axes
    z = data.X / data.column_sd
    scale, label = top.get_xticks()[1], top.get_xticklabels()[1].get_text()
    ratio = prior.with_scale(scale).to_elastic_net(data.sigma, 50)[1]
    fit = linear_model.ElasticNet(alpha=float(label), l1_ratio=ratio, tol=1e-12, max_iter=10**6)
    mode = find_map(data, prior.with_scale(scale)).coef * data.column_sd
    # alpha is a power of the scale between two points of the table only nearly
    np.testing.assert_allclose(fit.fit(z, data.y).coef_, mode, atol=1e-5)


def test_a_coefficient_that_returns_to_zero_is_told():
    rng = np.random.default_rng(0)
    for _ in range(60):
        X = rng.normal(size=(12, 3)) + 1.5 * rng.normal(size=(12, 1))
        data = Regression(X, rng.normal(size=12), sigma=1.0)
        events = path_knots_table(data, Laplace())
        returning = events[events["event"] == "returns to zero"]
        if len(returning):
            break
    assert len(returning)
    row = returning.iloc[0]
    j = data.names.index(row["feature"])
    coefs = [find_map(data, Laplace(row["scale"] * by)).coef[j] for by in (1 - 1e-7, 1 + 1e-7)]
    assert coefs[0] != 0
    assert coefs[1] == 0


def test_a_gaussian_band_is_exact(ax):
    data = correlated(standardize=True)
    plot_path(data, Gaussian(), "c1", mass=0.8, ax=ax)
    z = (data.X - data.X.mean(axis=0)) / data.X.std(axis=0)
    for scale, drawn_mean in drawn(ax, "mean c1")[::5]:
        cov = np.linalg.inv(z.T @ z / data.sigma**2 + np.eye(6) / scale**2)
        mean = (cov @ z.T @ (data.y - data.y.mean()))[1] / data.sigma**2
        half = stats.norm.ppf(0.9) * np.sqrt(cov[1, 1])
        assert drawn_mean == pytest.approx(mean, rel=1e-8)
        at = band(ax, "c1")
        ends = np.unique(at[np.isclose(at[:, 0], scale), 1])
        np.testing.assert_allclose(ends[[0, -1]], [mean - half, mean + half], rtol=1e-8)


def test_a_laplace_band_holds_its_mass_of_the_density(ax):
    """One column: the posterior is known up to one integral."""
    data = correlated(p=1)
    plot_path(data, Laplace(), mass=0.9, draws=1000, ax=ax)
    x, y, sd = data.X[:, 0] - data.X.mean(), data.y - data.y.mean(), data.column_sd[0]
    for scale, mean in drawn(ax, "mean c0")[::7]:
        best, spread = x @ y / (x @ x), data.sigma / np.linalg.norm(x)

        def density(b, scale=scale, best=best, spread=spread):
            return np.exp(-0.5 * ((b - best) / spread) ** 2 - np.abs(b) / scale)

        grid = np.linspace(best - 12 * spread, best + 12 * spread, 20001)
        cdf = integrate.cumulative_trapezoid(density(grid), grid, initial=0)
        cdf /= cdf[-1]
        at = band(ax, "c0")
        ends = np.unique(at[np.isclose(at[:, 0], scale), 1])[[0, -1]]
        # 1000: a quarter of the draws count as independent; five standard errors
        below = np.interp(ends / sd, grid, cdf)
        np.testing.assert_allclose(below, [0.05, 0.95], atol=5 * np.sqrt(0.05 * 0.95 / 1000))
        expected = np.trapezoid(grid * density(grid), grid) / np.trapezoid(density(grid), grid)
        assert mean / sd == pytest.approx(expected, abs=5 * spread / np.sqrt(1000))


def test_with_unknown_noise_the_bands_are_those_of_the_draws():
    data = correlated(n=30, p=3, sigma=None)
    table = path_posterior_table(data, Gaussian(), "c1", draws=400, random_seed=3)
    row = table.iloc[7]
    prior = Gaussian(float(row["scale"]))
    coef = sample(data, prior, 400, random_seed=3)["posterior"]["coef"].to_numpy()[..., 1]
    effect = coef.ravel() * data.column_sd[1]
    assert row["mean"] == pytest.approx(effect.mean())
    np.testing.assert_allclose([row["low"], row["high"]], np.quantile(effect, [0.05, 0.95]))


@pytest.mark.parametrize(("prior", "estimator"), [(Gaussian(), Ridge), (Laplace(), Lasso)])
@pytest.mark.parametrize("standardize", [False, True])
def test_the_top_axis_is_the_alpha_of_scikit_learn(prior, estimator, standardize, ax):
    data = correlated(standardize=standardize)
    plot_path(data, prior, ax=ax)
    (top,) = ax.child_axes
    X = data.X / data.column_sd if standardize else data.X
    ticks = list(zip(top.get_xticks(), top.get_xticklabels(), strict=True))
    assert len(ticks) >= 2
    for scale, label in ticks:
        options = {"tol": 1e-12, "max_iter": 10**6} if estimator is Lasso else {}
        fit = estimator(alpha=float(label.get_text()), **options).fit(X, data.y)
        mode = find_map(data, prior.with_scale(float(scale))).coef
        mode = mode * data.column_sd if standardize else mode
        np.testing.assert_allclose(fit.coef_, mode, atol=1e-6)
    assert estimator.__name__ in top.get_xlabel()
    assert ("standardised columns" in top.get_xlabel()) == standardize


def test_relative_scales_are_multiples_and_have_no_one_alpha(ax):
    data = correlated(p=3)
    prior = Laplace([1.0, 0.1, 2.0], scaled_by_noise=True)
    plot_path(data, prior, ax=ax)
    assert ax.get_xlabel() == "multiple of the prior scales (in noise sd)"
    assert not ax.child_axes
    scale, effect = drawn(ax, "mode c1")[150]
    there = Laplace(prior.scale * scale, scaled_by_noise=True)
    assert effect == pytest.approx(find_map(data, there).coef[1] * data.column_sd[1], abs=1e-9)


def test_a_learnt_scale_is_replaced_by_those_of_the_axis():
    data = correlated(p=3)
    learnt, known = path_table(data, Laplace(HalfCauchy(1.0))), path_table(data, Laplace())
    np.testing.assert_array_equal(learnt["mode"], known["mode"])


def test_the_strongest_are_named_and_the_rest_are_grey_or_left_out(ax):
    data = correlated(n=90, p=48)
    plot_path(data, Laplace(), draws=100, ax=ax)
    table = path_table(data, Laplace(), draws=100)
    chosen = table.loc[table["is_chosen"], "feature"].unique()
    assert len(chosen) == 3
    assert {text.get_text() for text in ax.texts} == set(chosen)
    assert table["feature"].nunique() == 40
    caption = path_caption(data, Laplace(), draws=100)
    assert "37 other columns are grey. 8 of 48 columns are left out." in caption
    size = table.assign(size=table["mode"].abs()).groupby("feature")["size"].mean()
    assert set(size.nlargest(2).index) <= set(chosen)


def test_without_draws_there_are_modes_only(ax):
    data = correlated()
    plot_path(data, Laplace(), draws=0, ax=ax)
    assert not [line for line in ax.get_lines() if str(line.get_label()).startswith("mean")]
    assert not ax.collections
    assert "posterior mean" not in [text.get_text() for text in ax.get_legend().get_texts()]
    assert "posterior" not in path_caption(data, Laplace(), draws=0)
    assert path_posterior_table(data, Laplace(), draws=0).empty


def test_more_columns_than_rows_have_a_path_too(ax):
    data = correlated(n=20, p=25)
    plot_path(data, Laplace(), draws=100, ax=ax)
    low, high = ax.get_xlim()
    assert high / low == pytest.approx(10**3.5, rel=1e-6)


def test_the_caption_states_where_coefficients_leave_zero():
    data = correlated()
    events = path_knots_table(data, Laplace(), "c0").set_index("feature")
    caption = path_caption(data, Laplace(), "c0")
    assert f"c0 leaves zero at {events.loc['c0', 'scale']:.4g}." in caption
    last = path_posterior_table(data, Laplace(), "c0").iloc[-1]
    assert f"the mean of c0 is {last['mean']:.3g} [{last['low']:.3g}, " in caption
    assert "from 2000 draws at each of 31 scales" in caption
    assert "bands, exact." in path_caption(data, Gaussian(), "c0")


def test_the_same_seed_gives_the_same_band_and_another_one_another():
    data = correlated(p=2)
    again = correlated(p=2)
    one, two = path_posterior_table(data, Laplace()), path_posterior_table(again, Laplace())
    np.testing.assert_array_equal(one["low"], two["low"])
    other = path_posterior_table(data, Laplace(), random_seed=1)
    assert (one["low"] != other["low"]).any()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda d, ax: plot_path(d, Laplace(), "zz", ax=ax), "'zz', which is no column"),
        (lambda d, ax: plot_path(d, Laplace(), ["c0", "c0"], ax=ax), "names a column twice"),
        (lambda d, ax: plot_path(d, 3, ax=ax), "prior must be Gaussian"),
        (lambda d, ax: plot_path(d.X, Laplace(), ax=ax), "data must be a Regression"),
        (lambda d, ax: plot_path(d, Laplace(), mass=1.0, ax=ax), "mass must lie between 0 and 1"),
        (
            lambda d, ax: plot_path(d, Laplace(), draws=-1, ax=ax),
            "draws must be a positive integer",
        ),
        (lambda d, ax: plot_path(d, Laplace(), ax=1), "ax must be a matplotlib Axes, got int"),
        (lambda d, ax: plot_path(d, Laplace([1.0, 2.0]), ax=ax), "2 entries but X has 6 columns"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, sentence, ax):
    with pytest.raises(PriormapError, match=sentence) as refusal:
        call(correlated(), ax)
    assert "\n" not in str(refusal.value)


@pytest.mark.filterwarnings("ignore:y is constant")
def test_data_without_a_path_are_refused(ax):
    flat = Regression(np.arange(5.0)[:, None], np.ones(5), sigma=1.0)
    with pytest.raises(PriormapError, match="the path has nothing to show"):
        plot_path(flat, Laplace(), ax=ax)


@pytest.mark.parametrize("scaled_by_noise", [False, True])
def test_with_unknown_noise_coefficients_leave_zero_at_the_knots(scaled_by_noise):
    data = correlated(sigma=None)
    prior = Laplace(scaled_by_noise=scaled_by_noise)
    knots = path_knots_table(data, prior)
    assert set(knots["feature"]) == set(data.names)
    for knot in knots.to_dict("records"):
        j = data.names.index(knot["feature"])
        below, above = (
            find_map(data, Laplace(knot["scale"] * step, scaled_by_noise=scaled_by_noise)).coef[j]
            for step in (1 - 1e-7, 1 + 1e-7)
        )
        assert (below == 0) != (above == 0)
        assert (below == 0) == (knot["event"] == "leaves zero")


@pytest.mark.parametrize("table", [path_table, path_posterior_table, path_knots_table])
@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ({"mass": -3}, "mass must be a positive finite number, got -3"),
        ({"mass": 1.0}, "mass must lie between 0 and 1, got 1.0"),
        ({"draws": "x"}, "draws must be a positive integer, got 'x'"),
        ({"draws": -1}, "draws must be a positive integer, got -1"),
        ({"random_seed": 0.5}, "random_seed must be an integer from 0"),
        ({"features": "zz"}, "'zz', which is no column"),
    ],
)
def test_every_table_of_the_path_checks_every_argument(table, option, sentence):
    data = Regression(np.eye(4)[:, :3], [3.0, 0.5, -3.0, -0.5], sigma=1.0)
    with pytest.raises(PriormapError, match=sentence) as refusal:
        table(data, Laplace(), **option)
    assert "\n" not in str(refusal.value)
