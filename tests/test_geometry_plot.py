"""The geometry figure: true tangency, exact posteriors, and artists at the computed points."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from scipy import integrate, sparse, stats

from priormap import ElasticNet, Gaussian, HalfCauchy, Laplace, PriormapError, Regression, sample
from priormap.plots import (
    LOOKS,
    geometry_caption,
    geometry_density_table,
    geometry_points_table,
    geometry_table,
    plot_geometry,
    plot_geometry_panel,
)
from priormap.tables.contours import prior_contour
from priormap.tables.two_columns import chosen_pair, two_columns

PRIORS = {"ridge": Gaussian(0.3), "lasso": Laplace(0.04)}


def correlated(n=60, p=4, sigma=0.8, seed=11, **options):
    """Columns of different means and sds; y far from zero; sigma large enough to shrink."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + 0.7 * rng.normal(size=(n, 1))
    y = X @ np.resize([0.9, 0.3, -0.3, 0.1], p) + rng.normal(0.0, 0.8, n)
    names = [f"c{j}" for j in range(p)]
    return Regression(
        2 + X * np.resize([1.0, 1.5, 0.8, 1.2], p), 9 + y, sigma, names=names, **options
    )


def loss_of(data, pair):
    """Loss on two columns and the intercept, from the rows, in the units of the figure."""
    X = data.X[:, [data.names.index(name) for name in pair]]
    X = X - X.mean(axis=0) if data.intercept else X
    y = data.y - data.y.mean() if data.intercept else data.y
    unit = X.std(axis=0) if data.standardize else np.ones(2)

    def loss(points):
        return 0.5 * ((y - (points / unit) @ X.T) ** 2).sum(axis=-1)

    def gradient(point):
        return -(X / unit).T @ (y - X @ (point / unit))

    return loss, gradient


def weights(prior):
    return np.full(2, 1 / prior.l1_scale), np.full(2, prior.l2_scale**-2.0)


def curve(table, kind, through=1.0):
    rows = table[(table["kind"] == kind) & (table["through"] == through)]
    return rows[["x", "y"]].to_numpy()


def at(points, point):
    return points.set_index("point").loc[point, ["x", "y"]].to_numpy(dtype=float)


def drawn(ax, label):
    (line,) = [line for line in ax.get_lines() if line.get_label() == label]
    return line


def legend_labels(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


# tangency


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize(
    ("prior", "zeros"),
    [(Gaussian(0.1), 0), (Laplace(0.03), 0), (Laplace(0.014), 1), (ElasticNet(0.014, 0.3), 1)],
)
def test_the_gradient_at_the_solution_is_normal_to_the_ball(prior, zeros, standardize):
    data, pair = correlated(standardize=standardize), ("c0", "c1")
    mode = at(geometry_points_table(data, prior, pair), "mode")
    assert (mode == 0).sum() == zeros
    force = -loss_of(data, pair)[1](mode) / data.sigma**2
    live = mode != 0
    np.testing.assert_allclose(force[live], prior.pull(mode)[live], rtol=1e-9)
    low, high = prior.pull_range(np.zeros(2))
    assert (np.abs(force) < 0.98 * high)[~live].all(), "well inside the normal cone"
    assert (low == -high).all()


@pytest.mark.parametrize(
    "prior", [Gaussian(0.1), Laplace(0.03), Laplace(0.014), ElasticNet(0.02, 0.3)]
)
def test_the_drawn_curves_touch_at_the_drawn_solution_and_do_not_cross(prior):
    data, pair = correlated(standardize=True), ("c0", "c1")
    ax = plot_geometry_panel(data, prior, pair, ax=Figure().subplots())
    mode = drawn(ax, "mode").get_xydata()[0]
    ellipse, ball = drawn(ax, "loss 1").get_xydata(), drawn(ax, "penalty 1").get_xydata()
    np.testing.assert_allclose(ellipse[0], mode, atol=1e-12)
    loss, _ = loss_of(data, pair)
    np.testing.assert_allclose(loss(ellipse), loss(mode), rtol=1e-10)
    np.testing.assert_allclose(prior.penalty(ball).sum(axis=1), prior.penalty(mode).sum())
    assert loss(ball).min() >= loss(mode) * (1 - 1e-12), "the ball has no smaller loss"
    assert prior.penalty(ellipse).sum(axis=1).min() >= prior.penalty(mode).sum() * (1 - 1e-12)
    # negative control: the ball through another point of the ellipse crosses it
    through = prior_contour(*weights(prior), ellipse[40])
    assert loss(np.transpose(through)).min() < loss(mode) * (1 - 1e-6)


def test_the_corner_of_the_ball_is_the_solution_when_one_is_zero():
    data = correlated(standardize=True)
    ax = plot_geometry_panel(data, Laplace(0.016), ("c0", "c1"), ax=Figure().subplots())
    ball, mode = drawn(ax, "penalty 1").get_xydata(), drawn(ax, "mode")
    assert np.abs(ball - mode.get_xydata()).max(axis=1).min() < 1e-12
    assert to_hex(mode.get_markerfacecolor()) == "#ffffff"
    assert ball[:, 0].max() == pytest.approx(mode.get_xdata()[0], rel=1e-12)


def test_rings_are_shares_of_the_way_from_least_squares():
    data, pair = correlated(), ("c0", "c2")
    table = geometry_table(data, Laplace(0.02), pair)
    points = geometry_points_table(data, Laplace(0.02), pair)
    free, mode = at(points, "least squares"), at(points, "mode")
    X = np.column_stack([np.ones(60), data.X[:, [0, 2]]])
    np.testing.assert_allclose(free, np.linalg.lstsq(X, data.y, rcond=None)[0][1:], rtol=1e-10)
    loss, _ = loss_of(data, pair)
    for share in (1.0, 2 / 3, 1 / 3):
        rise = loss(curve(table, "loss", share)) - loss(free)
        np.testing.assert_allclose(rise, share**2 * (loss(mode) - loss(free)), rtol=1e-7)
    half = np.abs(curve(table, "penalty", 0.5)).sum(axis=1)
    np.testing.assert_allclose(half, np.abs(mode).sum() / 2, rtol=1e-12)


# the Bayesian view


@pytest.mark.parametrize(
    "prior", [Gaussian(0.2), Laplace(0.05), Laplace(0.004), ElasticNet(0.05, 0.1)]
)
def test_mean_and_median_are_integrals_of_likelihood_times_prior(prior):
    data, pair = correlated(n=25), ("c0", "c1")
    loss, _ = loss_of(data, pair)
    points = geometry_points_table(data, prior, pair)
    mode, mean, median = (at(points, kind) for kind in ("mode", "mean", "median"))
    problem = two_columns(data, prior, pair)[type(prior).__name__]
    low, high = problem.posterior.quantile(1e-12), problem.posterior.quantile(1 - 1e-12)
    base = loss(mode) / data.sigma**2 + prior.penalty(mode).sum()

    def nodes(a, b):
        pieces = [(a, 0.0), (0.0, b)] if a < 0 < b else [(a, b)]
        x, w = np.polynomial.legendre.leggauss(160)
        return (
            np.concatenate([(hi - lo) / 2 * x + (hi + lo) / 2 for lo, hi in pieces]),
            np.concatenate([(hi - lo) / 2 * w for lo, hi in pieces]),
        )

    (x, wx), (y, wy) = nodes(low[0], high[0]), nodes(low[1], high[1])
    grid = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)
    density = np.exp(base - loss(grid) / data.sigma**2 - prior.penalty(grid).sum(axis=-1))
    mass = wx @ density @ wy
    expected = [(wx * x) @ density @ wy / mass, wx @ density @ (wy * y) / mass]
    sd = np.sqrt(
        [
            ((x - expected[0]) ** 2 * wx) @ density @ wy / mass,
            wx @ density @ (wy * (y - expected[1]) ** 2) / mass,
        ]
    )
    np.testing.assert_allclose((mean - expected) / sd, 0, atol=1e-5)
    table = geometry_density_table(data, prior, pair)
    inside = table["density"] > 1e-8 * table["density"].max()
    rows = table[inside].iloc[::211]
    logs = base - loss(rows[["x", "y"]].to_numpy()) / data.sigma**2
    logs = logs - prior.penalty(rows[["x", "y"]].to_numpy()).sum(axis=1) - np.log(mass)
    np.testing.assert_allclose(np.log(rows["density"]), logs, atol=2e-5)
    for k, (along, weights) in enumerate(((x, wx), (y, wy))):
        marginal = density @ wy if k == 0 else wx @ density
        below = along <= median[k]
        share = (weights * marginal)[below].sum() / (weights * marginal).sum()
        assert share == pytest.approx(0.5, abs=0.04), "up to one node of this quadrature"


def test_the_exact_posterior_is_that_of_the_sampler():
    data = correlated(n=40, p=2)
    tree = sample(data, Laplace(0.05), draws=2000, random_seed=3)
    draws = tree["posterior"]["coef"].to_numpy().reshape(-1, 2)
    points = geometry_points_table(data, Laplace(0.05), ("c0", "c1"))
    error = 5 / np.sqrt(2000)  # a quarter of the draws count as independent
    sd = draws.std(axis=0)
    assert (np.abs(draws.mean(axis=0) - at(points, "mean")) < error * sd).all()
    below = (draws < at(points, "median")).mean(axis=0)
    np.testing.assert_allclose(below, 0.5, atol=error * 0.5)
    problem = two_columns(data, Laplace(0.05), ("c0", "c1"))["Laplace"]
    for level in (0.05, 0.9):
        below = (draws < problem.posterior.quantile(level)).mean(axis=0)
        np.testing.assert_allclose(below, level, atol=error * np.sqrt(level * (1 - level)))


def test_a_gaussian_posterior_is_normal():
    data = correlated(standardize=True)
    problem = two_columns(data, Gaussian(0.4), ("c0", "c3"))["Gaussian"]
    posterior = problem.posterior
    covariance = np.linalg.inv(posterior.precision)
    for point in (posterior.mean, posterior.median):
        np.testing.assert_allclose(point, problem.mode, atol=1e-6)
    x = problem.mode[0] + np.linspace(-0.3, 0.3, 5)
    y = problem.mode[1] + np.linspace(-0.2, 0.2, 4)
    expected = stats.multivariate_normal(problem.mode, covariance).pdf(
        np.stack(np.meshgrid(x, y), axis=-1)
    )
    np.testing.assert_allclose(posterior.density(x, y), expected, rtol=1e-5)


def test_the_density_integrates_to_one():
    table = geometry_density_table(correlated(), PRIORS, ("c0", "c1"))
    for _, part in table.groupby("prior"):
        grid = part.pivot(index="y", columns="x", values="density")
        mass = integrate.trapezoid(integrate.trapezoid(grid, grid.columns), grid.index)
        assert mass == pytest.approx(1, abs=3e-3)


# what is drawn


def test_each_row_is_a_prior_and_each_column_a_view():
    figure = Figure(layout="constrained")
    axes = plot_geometry(correlated(), PRIORS, ("c0", "c1"), axes=figure.subplots(2, 2))
    points = geometry_points_table(correlated(), PRIORS, ("c0", "c1"))
    for row, (name, kind) in zip(axes, (("ridge", "Gaussian"), ("lasso", "Laplace")), strict=True):
        part = points[points["prior"] == name]
        assert [ax.get_title() for ax in row] == [f"{name}: penalty", f"{name}: posterior"]
        for ax, shown in zip(row, (("least squares", "mode"), tuple(part["point"])), strict=True):
            for point in shown:
                np.testing.assert_array_equal(drawn(ax, point).get_xydata()[0], at(part, point))
            ball = drawn(ax, "penalty 1")
            assert ball.get_color() == LOOKS[kind].color
            assert drawn(ax, "loss 1").get_color() == LOOKS["likelihood"].color
        box = drawn(row[0], "closer view").get_xydata()
        limits = np.transpose([row[1].get_xlim(), row[1].get_ylim()])
        np.testing.assert_allclose([box.min(axis=0), box.max(axis=0)], limits)
    assert {"loss, likelihood", "ridge", "lasso", "posterior", "posterior mean"} <= set(
        legend_labels(figure)
    )


def test_the_default_halves_the_first_column_and_leaves_the_other_out():
    data = correlated(standardize=True)
    points = geometry_points_table(data)
    lasso, ridge = (points[points["prior"] == name] for name in ("lasso", "ridge"))
    first = data.names.index(points["x_feature"].iloc[0])
    z = (data.X - data.X.mean(axis=0)) / data.X.std(axis=0)
    alone = z.T @ (data.y - data.y.mean()) / data.n_rows
    assert first == np.argmax(np.abs(alone))
    np.testing.assert_allclose(at(lasso, "mode"), [alone[first] / 2, 0], rtol=1e-10)
    assert (at(ridge, "mode") != 0).all()
    assert "exactly 0 in " + points["y_feature"].iloc[0] in geometry_caption(data)


def test_the_caption_states_the_points():
    data = correlated()
    caption = geometry_caption(data, PRIORS, ("c0", "c1"))
    points = geometry_points_table(data, PRIORS, ("c0", "c1"))
    for name in PRIORS:
        for kind in ("mode", "mean", "median"):
            x, y = at(points[points["prior"] == name], kind)
            assert f"({x:.3g}, {y:.3g})" in caption
    assert "Regression on c0 and c1 alone, sigma 0.8 (as given)" in caption
    unknown = geometry_caption(correlated(sigma=None), PRIORS, ("c0", "c1"))
    X = np.column_stack([np.ones(60), data.X[:, :2]])
    left = np.linalg.lstsq(X, data.y, rcond=None)[1][0]
    assert f"sigma {np.sqrt(left / 57):.4g} (that of their least squares)" in unknown


def test_priors_with_a_scale_for_each_column_and_sparse_data_are_restricted_to_the_two():
    data = correlated()
    dense = geometry_points_table(data, Laplace([0.02, 1.0, 0.03, 2.0]), ("c2", "c0"))
    own = Regression(data.X[:, [2, 0]], data.y, 0.8, names=["c2", "c0"])
    expected = geometry_points_table(own, Laplace([0.03, 0.02]), ("c2", "c0"))
    np.testing.assert_allclose(dense[["x", "y"]], expected[["x", "y"]], rtol=1e-12)
    thin = Regression(sparse.csr_array(data.X), data.y, 0.8, names=data.names)
    again = geometry_points_table(thin, Laplace([0.02, 1.0, 0.03, 2.0]), ("c2", "c0"))
    np.testing.assert_allclose(again[["x", "y"]], dense[["x", "y"]], rtol=1e-8)


def test_a_mode_at_the_origin_has_no_ball_and_one_at_least_squares_no_ellipse():
    data = correlated()
    strong = geometry_table(data, Laplace(1e-4), ("c0", "c1"))
    assert set(strong["kind"]) == {"loss"}
    weak = geometry_table(data, Gaussian(1e9), ("c0", "c1"))
    assert set(weak["kind"]) == {"penalty"}
    for prior in (Laplace(1e-4), Gaussian(1e9)):
        for view in ("penalty", "posterior"):
            plot_geometry_panel(data, prior, ("c0", "c1"), view=view, ax=Figure().subplots())


@pytest.mark.filterwarnings("ignore:column")
def test_wide_data_choose_their_columns_as_narrow_ones_do():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60, 130))
    y = X[:, 7] + 0.3 * X[:, 90] + rng.normal(size=60)
    wide, narrow = Regression(X, y, 1.0), Regression(np.repeat(X, 9, 0), np.repeat(y, 9), 1.0)
    assert not wide.unit.has_cheap_gram
    assert narrow.unit.has_cheap_gram
    assert chosen_pair(wide) == chosen_pair(narrow)
    assert chosen_pair(wide)[0] == 7


# bad input


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda d: plot_geometry(d, PRIORS, ("c0", "zz")), "'zz', which is no column; choose from"),
        (lambda d: plot_geometry(d, PRIORS, ("c0", "c0")), "must be two different column names"),
        (lambda d: plot_geometry(d, PRIORS, "c0"), "must be two column names.* got 'c0'"),
        (lambda d: plot_geometry(d, PRIORS, 3), "must be two column names.* got 3"),
        (lambda d: plot_geometry(d, {}), "priors must be one prior or a dict.* got {}"),
        (lambda d: plot_geometry(d, {"a": 3}), "prior 'a' must be a prior, got 3"),
        (lambda d: plot_geometry(d, {1: Laplace(1.0)}), "must be named by strings"),
        (lambda d: plot_geometry(d, Laplace(np.inf)), "is flat .* give a finite scale"),
        (lambda d: plot_geometry(d, Laplace(HalfCauchy(1.0))), "learns its scale"),
        (lambda d: plot_geometry(d, Laplace([1.0, 2.0])), "has 2 entries but X has 4 columns"),
        (lambda d: plot_geometry(d.X), "data must be a Regression, got ndarray"),
        (
            lambda d: plot_geometry(d, {str(i): Laplace(1.0 + i) for i in range(5)}),
            "holds 5 priors and this figure shows at most 4",
        ),
        (lambda d: plot_geometry_panel(d, Laplace(1.0), view="loss"), "view must be 'penalty' or"),
        (lambda d: plot_geometry_panel(d, Laplace(1.0), ax=3), "ax must be a matplotlib Axes"),
        (lambda d: plot_geometry(d, PRIORS, axes=[1]), "axes must be 4 matplotlib Axes"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(PriormapError, match=sentence) as refusal:
        call(correlated())
    assert "\n" not in str(refusal.value)


@pytest.mark.filterwarnings("ignore:column")
def test_data_that_have_no_plane_are_refused_with_a_remedy():
    x = np.arange(9.0)
    with pytest.raises(PriormapError, match="the data have 1; plot_path and plot_posterior_vs_map"):
        plot_geometry(Regression(x[:, None], x**2, 1.0), Laplace(1.0))
    twice = Regression(np.column_stack([x, 2 * x, x**2]), np.sin(x), 1.0)
    with pytest.raises(PriormapError, match="'x0' and 'x1' are collinear"):
        plot_geometry(twice, Laplace(1.0), ("x0", "x1"))
    constant = Regression(np.column_stack([x, np.ones(9), x**2]), np.sin(x), 1.0)
    with pytest.raises(PriormapError, match="'x1', a constant column"):
        plot_geometry(constant, Laplace(1.0), ("x0", "x1"))
    exact = Regression(np.column_stack([x, x**2]), x + x**2)
    with pytest.raises(PriormapError, match="fit y exactly"):
        plot_geometry(exact, Laplace(1.0))
