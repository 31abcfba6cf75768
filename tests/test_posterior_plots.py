"""Figures of a posterior: what is drawn is what was computed, and exact zeros look different."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy import integrate

import priormap
from priormap import ElasticNet, Gaussian, HalfCauchy, Laplace, PriormapError, Regression, contrast
from priormap.plots import (
    LOOKS,
    contrast_caption,
    contrast_table,
    joint_caption,
    joint_contours_table,
    joint_points_table,
    joint_table,
    plot_contrast,
    plot_joint,
    plot_posterior_vs_map,
    posterior_vs_map_caption,
    posterior_vs_map_points_table,
    posterior_vs_map_table,
)

PRIORS = {"ridge": Gaussian(0.5), "lasso": Laplace(0.12)}


def correlated(n=50, p=5, sigma=0.8, **options):
    """Columns of different means, sds and meanings; y far from zero."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=(n, p)) + 0.8 * rng.normal(size=(n, 1))
    coef = np.resize([0.9, 0.0, -0.4, 0.1, 0.0], p)
    y = X @ coef + rng.normal(0.0, 0.8, n)
    units = np.resize([1.0, 4.0, 0.5, 2.0, 1.5], p)
    names = [f"c{j}" for j in range(p)]
    return Regression(3 + X * units, 20 + y, sigma=sigma, names=names, **options)


@pytest.fixture(scope="module")
def table():
    return contrast(correlated(), PRIORS, random_seed=3)


@pytest.fixture(scope="module")
def two():
    """Two columns and a known sigma: nothing is left to integrate out; a mode on a kink."""
    table = contrast(correlated(p=2), {"lasso": Laplace(0.06)}, random_seed=4)
    assert (table.modes["lasso"].coef == 0).tolist() == [False, True]
    return table


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture(autouse=True)
def _close_pyplot_figures():
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def lines(ax, label):
    return [line for line in ax.get_lines() if line.get_label() == label]


def is_hollow(line):
    return to_hex(line.get_markerfacecolor()) == "#ffffff"


def legend_labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


# densities


@pytest.mark.parametrize(
    "prior", [Laplace(0.1), Gaussian(0.2), Laplace(np.inf), ElasticNet(0.1, 0.2)]
)
def test_the_density_of_one_coefficient_is_likelihood_times_prior(prior):
    data = correlated(p=1)
    drawn = posterior_vs_map_table(contrast(data, {"one": prior}, random_seed=1))
    x, y = data.X[:, 0] - data.X[:, 0].mean(), data.y - data.y.mean()
    sd, best = data.sigma / np.linalg.norm(x), x @ y / (x @ x)

    def unnormalised(b):
        return np.exp(-0.5 * ((b - best) / sd) ** 2 - prior.penalty(b))

    edges = (best - 12 * sd, 0.0, best + 12 * sd)
    mass = sum(integrate.quad(unnormalised, *ends)[0] for ends in (edges[:2], edges[1:]))
    coef = drawn["effect"].to_numpy() / data.column_sd[0]
    expected = unnormalised(coef) / mass / data.column_sd[0]
    np.testing.assert_allclose(drawn["density"], expected, rtol=1e-8)


def test_the_density_of_two_coefficients_is_the_posterior(two):
    """Against the log posterior, intercept at its best: it is normal given the rest."""
    fit = two.modes["lasso"]
    drawn = joint_table(two, ("c0", "c1"))
    cells = drawn[drawn["density"] > 1e-6 * drawn["density"].max()].iloc[::97]
    logs = [
        priormap.log_posterior(
            fit.data, fit.prior, b, float(fit.data.y.mean() - fit.data.X.mean(axis=0) @ b)
        )
        for b in cells[["x", "y"]].to_numpy()
    ]
    shift = np.log(cells["density"]) - logs
    np.testing.assert_allclose(shift, shift.iloc[0], atol=1e-9)
    grid = drawn.pivot(index="y", columns="x", values="density")
    assert np.trapezoid(np.trapezoid(grid, grid.columns), grid.index) == pytest.approx(1, abs=5e-3)


def test_the_contours_hold_the_mass_that_they_say(two, table):
    from priormap.tables.contours import MASSES, density_levels

    for contrasted, prior in ((two, "lasso"), (table, "lasso"), (table, "ridge")):
        drawn = joint_table(contrasted, ("c0", "c1"), prior=prior)
        grid = drawn.pivot(index="y", columns="x", values="density")
        draws = contrasted.posteriors[prior]["posterior"]["coef"].to_numpy()[..., :2].reshape(-1, 2)
        column = np.abs(grid.columns.to_numpy() - draws[:, [0]]).argmin(axis=1)
        row = np.abs(grid.index.to_numpy() - draws[:, [1]]).argmin(axis=1)
        for mass, level in zip(MASSES, density_levels(grid.to_numpy()), strict=True):
            inside = (grid.to_numpy()[row, column] >= level).mean()
            # half of the draws count as independent; five standard errors, and half a cell
            assert inside == pytest.approx(mass, abs=5 * np.sqrt(mass * (1 - mass) / 2000) + 0.005)


@pytest.mark.parametrize(
    ("options", "prior"),
    [
        ({}, Laplace(0.1)),
        ({"sigma": None}, Laplace(0.15, scaled_by_noise=True)),
        ({"sigma": None}, Laplace(HalfCauchy(0.5))),
        ({"standardize": True}, Laplace([0.1, 0.2, 0.3, 0.1, 0.5])),
        ({"sigma": None}, Gaussian(HalfCauchy(0.5))),
        ({"intercept": False}, Gaussian(0.3)),
        ({"sigma": None}, ElasticNet(0.2, 0.4)),
        ({}, ElasticNet(1.0, 2.0, hyperprior=HalfCauchy(0.2))),
    ],
    ids=str,
)
def test_the_density_is_that_of_the_draws(options, prior):
    """Distribution functions at five quantiles, within five standard errors."""
    data = correlated(**options)
    table = contrast(data, {"one": prior}, random_seed=5)
    drawn = posterior_vs_map_table(table, data.names)
    assert drawn["exact_given_rest"].all()
    for j, name in enumerate(data.names):
        part = drawn[drawn["feature"] == name]
        cdf = integrate.cumulative_trapezoid(part["density"], part["effect"], initial=0)
        assert cdf[-1] == pytest.approx(1, abs=5e-3)
        effects = table.posteriors["one"]["posterior"]["coef"].to_numpy()[..., j].ravel()
        effects = effects * data.column_sd[j]
        for level in (0.05, 0.25, 0.5, 0.75, 0.95):
            at = np.interp(np.quantile(effects, level), part["effect"], cdf)
            # 800: the fewest effective draws that the sampler does not warn of, twice over
            assert at == pytest.approx(level, abs=5 * np.sqrt(level * (1 - level) / 800))


def test_the_kink_at_zero_is_kept_and_smoothed_draws_lose_it(two):
    """The log density's slope falls by 2 / scale at zero."""
    from scipy.stats import gaussian_kde

    sd, scale = two.modes["lasso"].data.column_sd[1], 0.06
    drawn = posterior_vs_map_table(two, ["c1"])
    coef, density = drawn["effect"].to_numpy() / sd, drawn["density"].to_numpy() * sd
    at = int(np.flatnonzero(coef == 0)[0])

    def fall(density):
        slopes = np.diff(np.log(density[at - 1 : at + 2])) / np.diff(coef[at - 1 : at + 2])
        return slopes[0] - slopes[1]

    assert fall(density) == pytest.approx(2 / scale, rel=0.1)
    draws = two.posteriors["lasso"]["posterior"]["coef"].to_numpy()[..., 1].ravel()
    assert fall(gaussian_kde(draws)(coef)) < 0.5 * 2 / scale


def test_columns_that_the_others_determine_are_smoothed_and_the_caption_says_so():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(60, 2))
    X = np.column_stack([x, x[:, 0] + 1e-3 * rng.normal(size=60)])
    data = Regression(X, x[:, 0] + 0.05 * rng.normal(size=60), sigma=0.05)
    table = contrast(data, {"l": Laplace(1.0)}, random_seed=1)
    drawn = posterior_vs_map_table(table, ["x0", "x1"])
    assert drawn.groupby("feature")["exact_given_rest"].first().to_dict() == {
        "x0": False,
        "x1": True,
    }
    assert "almost determine x0: for these the draws are smoothed" in posterior_vs_map_caption(
        table, ["x0", "x1"]
    )
    assert "the draws are smoothed" in joint_caption(table, ("x0", "x1"))
    pair = joint_table(table, ("x0", "x2"))
    assert pair["exact_given_rest"].all(), "the two determine each other, the rest neither"


# marginals


def test_spikes_stand_at_the_modes_and_zeros_are_hollow(table, ax):
    names = table.modes["lasso"].data.names
    plot_posterior_vs_map(table, names, ax=ax)
    sd = table.modes["lasso"].data.column_sd
    assert (table.modes["lasso"].coef == 0).any()
    for prior, fit in table.modes.items():
        spikes = lines(ax, f"mode {prior}")
        assert [spike.get_xdata()[1] for spike in spikes] == (fit.coef * sd).tolist()
        assert [spike.get_xdata()[0] for spike in spikes] == (fit.coef * sd).tolist()
        assert [spike.get_ydata()[0] for spike in spikes] == [-j for j in range(len(names))]
        assert [is_hollow(spike) for spike in spikes] == (fit.coef == 0).tolist()
        means = table.posteriors[prior]["posterior"]["coef"].to_numpy().mean(axis=(0, 1))
        drawn = [mark.get_xdata()[0] for mark in lines(ax, f"mean {prior}")]
        np.testing.assert_allclose(drawn, means * sd, rtol=1e-12)
        fits = [mark.get_xdata()[0] for mark in lines(ax, f"penalised fit {prior}")]
        np.testing.assert_allclose(fits, fit.coef * sd, atol=1e-9)
    X = np.column_stack([np.ones(50), table.modes["lasso"].data.X])
    best = np.linalg.lstsq(X, table.modes["lasso"].data.y, rcond=None)[0][1:] * sd
    drawn = [line.get_xdata()[0] for line in lines(ax, "least squares")]
    np.testing.assert_allclose(drawn, best, rtol=1e-9)


def test_densities_are_drawn_row_by_row_in_the_looks_of_their_families(table, ax):
    plot_posterior_vs_map(table, ["c1", "c0"], ax=ax)
    drawn = posterior_vs_map_table(table, ["c1", "c0"])
    for row, feature in enumerate(("c1", "c0")):
        part = drawn[drawn["feature"] == feature]
        for prior, kind in (("ridge", "Gaussian"), ("lasso", "Laplace")):
            line = lines(ax, f"density {prior}")[row]
            rows = part[part["prior"] == prior]
            np.testing.assert_array_equal(line.get_xdata(), rows["effect"])
            height = line.get_ydata() + row
            np.testing.assert_allclose(
                height / rows["density"], height.max() / rows["density"].max(), rtol=1e-6
            )
            assert line.get_color() == LOOKS[kind].color
            assert line.get_linestyle() == LOOKS[kind].linestyle
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["c1", "c0"]


def test_the_default_shows_the_strongest_and_zeros_and_counts_the_rest(ax):
    table = contrast(correlated(p=8), {"lasso": Laplace(0.04)}, random_seed=3)
    plot_posterior_vs_map(table, ax=ax)
    shown = [tick.get_text() for tick in ax.get_yticklabels()]
    rows = table.coefficients.set_index("feature")
    assert len(shown) == 4
    assert rows["is_zero"][shown].sum() >= 2
    size = rows["mean"].abs() * table.modes["lasso"].data.column_sd
    assert shown == size[shown].sort_values(ascending=False).index.tolist()
    assert size.idxmax() in shown
    assert "(4 of 8 columns; 4 left out)" in ax.get_xlabel()
    assert "Shown are 4 of 8 columns; 4 left out." in posterior_vs_map_caption(table)
    assert "mode exactly 0" in legend_labels(ax)


def test_captions_of_marginals_state_what_is_zero(table):
    zero = table.modes["lasso"].names[int(np.flatnonzero(table.modes["lasso"].coef == 0)[0])]
    caption = posterior_vs_map_caption(table, zero)
    points = posterior_vs_map_points_table(table, zero).set_index("prior")
    assert points["is_zero"].to_dict() == {"ridge": False, "lasso": True}
    expected = (
        f"{zero} under lasso is exactly 0; its posterior mean is {points['mean']['lasso']:.3g}."
    )
    assert expected in caption
    assert "No mode shown is exactly zero" in posterior_vs_map_caption(table, "c0")


# forest


def test_the_forest_has_the_intervals_means_and_modes_of_the_table(table, ax):
    plot_contrast(table, ax=ax)
    shown = [tick.get_text() for tick in ax.get_yticklabels()]
    sd = dict(zip(table.modes["lasso"].names, table.modes["lasso"].data.column_sd, strict=True))
    for prior in PRIORS:
        rows = table.coefficients[table.coefficients["prior"] == prior].set_index("feature")
        rows = rows.loc[shown]
        scale = np.array([sd[name] for name in shown])
        ends = np.array([line.get_xdata() for line in lines(ax, f"interval {prior}")])
        np.testing.assert_allclose(ends[:, 0], rows["hdi_low"] * scale, rtol=1e-12)
        np.testing.assert_allclose(ends[:, 1], rows["hdi_high"] * scale, rtol=1e-12)
        (means,) = lines(ax, f"mean {prior}")
        np.testing.assert_allclose(means.get_xdata(), rows["mean"] * scale, rtol=1e-12)
        (full,), (hollow,) = lines(ax, f"mode {prior}"), lines(ax, f"mode {prior}, exactly 0")
        zero = rows["is_zero"].to_numpy()
        np.testing.assert_allclose(full.get_xdata(), (rows["mode"] * scale)[~zero], rtol=1e-12)
        assert (np.asarray(hollow.get_xdata()) == 0).all()
        assert len(hollow.get_xdata()) == zero.sum()
        assert not is_hollow(full)
        assert is_hollow(hollow)
        at = np.array([line.get_ydata()[0] for line in lines(ax, f"interval {prior}")])
        np.testing.assert_array_equal(hollow.get_ydata(), at[zero])
        assert (np.round(at) == np.arange(len(shown))).all(), "each in the row of its column"


def test_the_forest_is_capped_and_its_caption_counts(ax):
    data = correlated(n=60, p=14)
    table = contrast(data, PRIORS, draws=500, hdi_prob=0.8, random_seed=3)
    plot_contrast(table, ax=ax)
    assert len(ax.get_yticklabels()) == 12
    assert "(12 of 14 columns; 2 left out)" in ax.get_xlabel()
    rows = contrast_table(table)
    zeros = rows[(rows["prior"] == "lasso") & rows["is_zero"]]
    caption = contrast_caption(table)
    assert f"lasso: {len(zeros)} of 12 modes are exactly 0 (hollow)" in caption
    assert "80% of the draws" in caption
    assert "ridge: 0 of 12 modes are exactly 0 (hollow)." in caption


# two coefficients


def test_likelihood_and_prior_touch_at_the_mode(two):
    """No point of the prior's contour fits better, and none of the ellipse is likelier a priori."""
    fit = two.modes["lasso"]
    curves = joint_contours_table(two, ("c0", "c1"))
    parts = {name: part[["x", "y"]].to_numpy() for name, part in curves.groupby("contour")}
    X, y = fit.data.X - fit.data.X.mean(axis=0), fit.data.y - fit.data.y.mean()

    def misfit(coefs):
        return ((y - coefs @ X.T) ** 2).sum(axis=-1)

    ellipse, diamond = parts["likelihood through mode"], parts["prior through mode"]
    np.testing.assert_allclose(ellipse[0], fit.coef, atol=1e-12)
    np.testing.assert_allclose(misfit(ellipse), misfit(fit.coef), rtol=1e-10)
    size = np.abs(diamond).sum(axis=1)
    np.testing.assert_allclose(size, np.abs(fit.coef).sum(), rtol=1e-12)
    edges = np.concatenate([np.linspace(a, b, 200) for a, b in pairwise(diamond)])
    assert misfit(edges).min() >= misfit(fit.coef) * (1 - 1e-12)
    assert np.abs(ellipse).sum(axis=1).min() >= np.abs(fit.coef).sum() * (1 - 1e-12)
    half = np.abs(parts["prior half-way to mode"]).sum(axis=1)
    np.testing.assert_allclose(half, np.abs(fit.coef).sum() / 2, rtol=1e-12)
    points = joint_points_table(two, ("c0", "c1")).set_index("point")
    mean = points.loc["mean", ["x", "y"]].to_numpy(dtype=float)
    edges *= np.abs(mean).sum() / np.abs(fit.coef).sum()
    assert misfit(edges).min() < misfit(mean), "at the mean they cross"


def test_likelihood_and_an_elastic_net_touch_at_the_mode():
    prior = ElasticNet(0.08, 0.3)
    table = contrast(correlated(p=2), {"net": prior}, random_seed=4)
    fit = table.modes["net"]
    curves = joint_contours_table(table, ("c0", "c1"))
    ball = curves[curves["contour"] == "prior through mode"][["x", "y"]].to_numpy()
    np.testing.assert_allclose(prior.penalty(ball).sum(axis=1), prior.penalty(fit.coef).sum())
    X, y = fit.data.X - fit.data.X.mean(axis=0), fit.data.y - fit.data.y.mean()
    misfit = ((y - ball @ X.T) ** 2).sum(axis=1)
    assert misfit.min() >= ((y - X @ fit.coef) ** 2).sum() * (1 - 1e-12)
    assert plot_joint(table, ("c0", "c1"), ax=Figure().subplots()).lines


def test_half_of_the_likelihood_is_inside_its_inner_ellipse(table):
    fit = table.modes["ridge"]
    curves = joint_contours_table(table, ("c2", "c4"), prior="ridge")
    ellipse = curves[curves["contour"] == "likelihood, 50 %"][["x", "y"]].to_numpy()
    X = fit.data.X - fit.data.X.mean(axis=0)
    covariance = (fit.sigma**2 * np.linalg.inv(X.T @ X))[np.ix_([2, 4], [2, 4])]
    free = joint_points_table(table, ("c2", "c4"), prior="ridge").set_index("point")
    away = ellipse - free.loc["least squares", ["x", "y"]].to_numpy(dtype=float)
    distance = np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away)
    np.testing.assert_allclose(1 - np.exp(-distance / 2), 0.5, rtol=1e-8)


def test_mode_and_mean_are_marked_and_the_kink_is_hollow(two, table, ax):
    plot_joint(two, ("c0", "c1"), ax=ax)
    fit = two.modes["lasso"]
    (mode,), (mean,) = lines(ax, "mode"), lines(ax, "mean")
    np.testing.assert_array_equal(mode.get_xydata()[0], fit.coef)
    assert is_hollow(mode)
    draws = two.posteriors["lasso"]["posterior"]["coef"].to_numpy()
    np.testing.assert_allclose(mean.get_xydata()[0], draws.mean(axis=(0, 1)), rtol=1e-12)
    assert mean.get_ydata()[0] != 0
    assert "exactly 0 in c1, where the prior has its kink; the mean is not" in joint_caption(
        two, ("c0", "c1")
    )
    (through,) = lines(ax, "prior through mode")
    assert through.get_color() == LOOKS["Laplace"].color
    other = plot_joint(table, ["c0", "c1"], prior="ridge", ax=Figure().subplots())
    assert not is_hollow(lines(other, "mode")[0])
    assert "mode" in legend_labels(other)
    assert "prior (ridge)" in legend_labels(other)


def test_wide_data_have_no_least_squares_and_the_figures_say_so(ax):
    table = contrast(correlated(n=12, p=20), {"lasso": Laplace(0.1)}, random_seed=6)
    pair = tuple(table.coefficients.nlargest(2, "sd")["feature"])
    points = joint_points_table(table, pair)
    assert points["point"].tolist() == ["mode", "mean"]
    assert "likelihood" not in legend_labels(plot_joint(table, pair, ax=ax))
    assert "their likelihood has no peak" in joint_caption(table, pair)
    marginals = plot_posterior_vs_map(table, ax=Figure().subplots())
    assert "least squares" not in legend_labels(marginals)
    assert not lines(marginals, "least squares")


def test_a_flat_prior_has_no_contour_and_at_the_origin_the_mean_has_it(ax):
    flat = contrast(correlated(), {"flat": Gaussian(np.inf)}, draws=200, random_seed=1)
    assert set(joint_contours_table(flat, ("c0", "c1"))["contour"]) <= {
        "likelihood through mode",  # within rounding of least squares
        "likelihood, 50 %",
    }
    plot_joint(flat, ("c0", "c1"), ax=ax)
    strong = contrast(correlated(), {"lasso": Laplace(0.001)}, random_seed=1)
    assert not strong.modes["lasso"].coef.any()
    names = set(joint_contours_table(strong, ("c0", "c1"))["contour"])
    assert {"prior through mean", "prior half-way to mean"} < names
    assert "prior through mode" not in names


# style


DRAWN = {
    "marginals": lambda table, ax: plot_posterior_vs_map(table, ax=ax),
    "forest": lambda table, ax: plot_contrast(table, ax=ax),
    "joint": lambda table, ax: plot_joint(table, ("c0", "c1"), prior="lasso", ax=ax),
}


@pytest.mark.parametrize("name", DRAWN)
def test_style_stays_inside_and_no_text_leaves_the_figure(name, table, ax):
    matplotlib.rcParams["backend"]  # resolved once, by whoever asks first
    before = dict(matplotlib.rcParams)
    assert DRAWN[name](table, ax) is ax
    own = DRAWN[name](table, None)
    assert dict(matplotlib.rcParams) == before
    figure = own.figure
    assert figure.get_size_inches()[0] == 3.4
    figure.canvas.draw()
    shown = [*own.texts, own.xaxis.label, own.yaxis.label, *own.get_legend().get_texts()]
    for text in filter(Text.get_text, (*shown, *own.get_yticklabels())):
        box = text.get_window_extent()
        assert min(box.x0, box.y0) >= 0, text
        assert box.x1 <= figure.bbox.width, text
        assert box.y1 <= figure.bbox.height, text


def test_long_names_are_shortened_to_fit():
    data = correlated(p=2)
    names = [f"a rather long name of a column {j}" for j in range(2)]
    data = Regression(data.X, data.y, sigma=0.8, names=names)
    table = contrast(data, {"a prior of an even longer name": Gaussian(0.5)}, random_seed=1)
    figures = [plot_contrast(table), plot_posterior_vs_map(table), plot_joint(table, names)]
    for own in figures:
        own.figure.canvas.draw()
        shown = (*own.get_yticklabels(), own.yaxis.label, *own.get_legend().get_texts())
        for text in filter(Text.get_text, shown):
            box = text.get_window_extent()
            assert box.x0 >= 0, text
            assert box.x1 <= own.figure.bbox.width, text
    for label, name in zip(figures[0].get_yticklabels(), names, strict=True):
        start, end = label.get_text().split("…")
        assert len(label.get_text()) == 14
        assert name.startswith(start)
        assert name.endswith(end)
        assert abs(len(start) - len(end)) <= 1


def test_figures_of_priors_do_not_wait_for_the_samplers():
    code = "import sys, priormap.plots; print('priormap.posterior' in sys.modules)"
    root = str(Path(priormap.__file__).parents[1])
    run = [sys.executable, "-c", code]
    done = subprocess.run(
        run, capture_output=True, text=True, check=True, env={"PYTHONPATH": root, "PATH": ""}
    )
    assert done.stdout.strip() == "False"
    assert {"plot_joint", "plot_contrast"} <= set(dir(priormap.plots))
    with pytest.raises(AttributeError, match="no attribute 'plot_everything'"):
        priormap.plots.plot_everything  # noqa: B018


# bad input


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda t: plot_posterior_vs_map({"lasso": 1}), "table must be what contrast.* got dict"),
        (lambda t: plot_contrast(t.summary), "table must be what contrast.* got DataFrame"),
        (lambda t: plot_joint(None, ("c0", "c1")), "table must be what contrast.* got NoneType"),
        (lambda t: plot_posterior_vs_map(t, ["c9"]), "'c9', which is no column; choose from: c0"),
        (lambda t: plot_contrast(t, ["c0", "c0"]), "names a column twice: c0 and c0"),
        (lambda t: plot_contrast(t, []), "features is empty; name at least one"),
        (lambda t: plot_contrast(t, 3), "features must be a list of column names, got 3"),
        (lambda t: plot_joint(t, ("c0",), prior="lasso"), "must be two column names.*got .'c0',"),
        (lambda t: plot_joint(t, "c0", prior="lasso"), "must be two column names.*got 'c0'"),
        (lambda t: plot_joint(t, ("c0", "c1", "c2")), "must be two column names"),
        (lambda t: plot_joint(t, ("c0", "zz"), prior="lasso"), "'zz', which is no column"),
        (lambda t: plot_joint(t, ("c0", "c0"), prior="lasso"), "names a column twice"),
        (lambda t: plot_joint(t, ("c0", "c1")), "prior must be one of 'ridge', 'lasso', got None"),
        (lambda t: plot_joint(t, ("c0", "c1"), prior="l2"), "prior must be one of .* got 'l2'"),
        (lambda t: plot_contrast(t, ax="here"), "ax must be a matplotlib Axes, got str"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, sentence, table):
    with pytest.raises(PriormapError, match=sentence) as refusal:
        call(table)
    assert "\n" not in str(refusal.value)


@pytest.mark.filterwarnings("ignore:column 'x1' is constant")
def test_constant_columns_are_never_shown(ax):
    X = np.column_stack([np.arange(9.0), np.ones(9)])
    table = contrast(
        Regression(X, np.arange(9.0) ** 2, sigma=3.0),
        {"lasso": Laplace(1.0)},
        random_seed=1,
    )
    plot_contrast(table, ax=ax)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["x0"]
    with pytest.raises(PriormapError, match="'x1', a constant column, which moves nothing"):
        plot_contrast(table, ["x1"], ax=ax)


def test_a_figure_has_a_last_row():
    data = correlated(n=90, p=45)
    table = contrast(data, {"ridge": Gaussian(0.5)}, draws=100, random_seed=1)
    with pytest.raises(PriormapError, match="names 45 columns and a figure shows at most 40"):
        plot_contrast(table, data.names)
