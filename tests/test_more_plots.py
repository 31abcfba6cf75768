"""Figures of shrinkage by coefficient, of what a prior predicts, and of how many count."""

import sys

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy import stats

from priormap import (
    ElasticNet,
    Gaussian,
    HalfCauchy,
    HalfNormal,
    Jeffreys,
    Laplace,
    PriormapError,
    PriormapWarning,
    Regression,
    contrast,
)
from priormap.model.prior_predictive import PriorPredictive, prior_r2
from priormap.plots import (
    LOOKS,
    coefficient_shrinkage_caption,
    coefficient_shrinkage_table,
    nonzero_counts_caption,
    nonzero_counts_points_table,
    nonzero_counts_table,
    plot_coefficient_shrinkage,
    plot_geometry,
    plot_nonzero_counts,
    plot_path,
    plot_prior_predictive,
    prior_predictive_caption,
    prior_predictive_points_table,
    prior_predictive_table,
)
from priormap.plots.marks import spread_apart
from priormap.plots.predictive import PriorPredictive as PriorPredictiveFigure

PRIORS = {"ridge": Gaussian(0.5), "lasso": Laplace(0.12)}


def correlated(n=50, p=5, sigma=0.8, **options):
    rng = np.random.default_rng(7)
    X = rng.normal(size=(n, p)) + 0.8 * rng.normal(size=(n, 1))
    y = X @ np.resize([0.9, 0.0, -0.4, 0.1, 0.0], p) + rng.normal(0.0, 0.8, n)
    X = 3 + X * np.resize([1.0, 4.0, 0.5, 2.0, 1.5], p)
    return Regression(X, 20 + y, sigma=sigma, names=[f"c{j}" for j in range(p)], **options)


@pytest.fixture(scope="module")
def table():
    return contrast(correlated(), PRIORS, random_seed=3)


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture(autouse=True)
def _close_pyplot_figures():
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def drawn(ax, label):
    (line,) = [line for line in ax.get_lines() if line.get_label() == label]
    return line


# coefficients against least squares


def test_modes_and_means_stand_at_their_least_squares(table, ax):
    plot_coefficient_shrinkage(table, ax=ax)
    data = table.modes["lasso"].data
    X = np.column_stack([np.ones(50), data.X])
    free = np.linalg.lstsq(X, data.y, rcond=None)[0][1:] * data.column_sd
    order = np.argsort(free)
    for prior, fit in table.modes.items():
        full, hollow = drawn(ax, f"mode {prior}"), drawn(ax, f"mode {prior}, exactly 0")
        assert len(hollow.get_xdata()) == (fit.coef == 0).sum()
        assert not np.any(hollow.get_ydata())
        assert to_hex(hollow.get_markerfacecolor()) == "#ffffff"
        points = np.concatenate([full.get_xydata(), hollow.get_xydata()])
        points = points[np.argsort(points[:, 0])]
        np.testing.assert_allclose(points[:, 0], free[order], rtol=1e-9)
        np.testing.assert_allclose(points[:, 1], (fit.coef * data.column_sd)[order], atol=1e-12)
        mean = table.posteriors[prior]["posterior"]["coef"].to_numpy().mean(axis=(0, 1))
        points = drawn(ax, f"mean {prior}").get_xydata()
        points = points[np.argsort(points[:, 0])]
        np.testing.assert_allclose(points[:, 1], (mean * data.column_sd)[order], rtol=1e-12)
    diagonal = drawn(ax, "no shrinkage").get_xydata()
    np.testing.assert_array_equal(diagonal[:, 0], diagonal[:, 1])


def test_names_stand_over_their_columns_and_apart(table, ax):
    plot_coefficient_shrinkage(table, ax=ax)
    rows = coefficient_shrinkage_table(table).drop_duplicates("feature")
    low, high = ax.get_xlim()
    for note in ax.texts:
        free = rows.set_index("feature")["least_squares"][note.get_text()]
        assert note.xy[0] == pytest.approx((free - low) / (high - low))
    at = [note.get_position()[0] for note in sorted(ax.texts, key=lambda note: note.xy[0])]
    assert np.diff(at).min() > 0.0419


def test_spread_moves_only_what_would_touch():
    apart = spread_apart(np.array([0.1, 0.5, 0.51, 0.9]), 0.05)
    np.testing.assert_allclose(apart, [0.1, 0.48, 0.53, 0.9])


def test_the_shrinkage_caption_compares_lengths(table):
    rows = coefficient_shrinkage_table(table)
    part = rows[rows["prior"] == "lasso"]
    size = np.linalg.norm(part["mode"]) / np.linalg.norm(part["least_squares"])
    zeros = int(part["is_zero"].sum())
    expected = f"lasso: the modes are {size:.0%} as long as least squares, {zeros} of them exactly"
    assert expected in coefficient_shrinkage_caption(table)
    many = contrast(correlated(n=60, p=14), PRIORS, random_seed=3)
    assert "Shown are 12 of 14 columns; 2 left out." in coefficient_shrinkage_caption(many)
    shown = plot_coefficient_shrinkage(many, ax=Figure().subplots())
    assert "(12 of 14 columns; 2 left out)" in shown.get_xlabel()


def test_wide_data_have_no_least_squares_to_compare_with(ax):
    wide = contrast(correlated(n=12, p=20), {"lasso": Laplace(0.1)}, random_seed=6)
    with pytest.raises(PriormapError, match=r"do not determine least squares .* plot_contrast"):
        plot_coefficient_shrinkage(wide, ax=ax)


# what a prior predicts


@pytest.mark.parametrize(
    ("prior", "cdf"),
    [
        (Gaussian(0.6), lambda size: stats.halfnorm(scale=0.6).cdf(size)),
        (Laplace(0.6), lambda size: stats.expon(scale=0.6).cdf(size)),
        (Gaussian(0.6, scaled_by_noise=True), lambda size: stats.halfnorm(scale=0.48).cdf(size)),
        (Laplace(HalfNormal(0.6)), None),
    ],
    ids=["Gaussian", "Laplace", "in units of the noise", "learnt"],
)
def test_one_column_predicts_what_its_prior_says(prior, cdf):
    """The size is ``|b| sd(x)``, and R squared a function of it."""
    data = correlated(p=1)
    unit, sigma = data.column_sd[0], data.sigma
    if cdf is None:  # |b| / s is exponential given s, which is half-normal

        def cdf(size):
            s = np.linspace(1e-4, 4, 4001)
            return np.trapezoid(
                stats.halfnorm(scale=0.6).pdf(s) * -np.expm1(-np.ravel(size)[:, None] / s), s
            )

    points = prior_predictive_points_table(data, {"one": prior}).set_index("quantity")
    r2 = points.loc["r2", ["low", "median", "high"]].to_numpy(dtype=float)
    sizes = points.loc["size", ["low", "median", "high"]].to_numpy(dtype=float)
    levels = np.array([0.025, 0.5, 0.975])
    error = 5 * np.sqrt(levels * (1 - levels) / 10_000)
    assert (
        np.abs(cdf(sizes / unit) - levels) < error + 2e-3 * (prior.hyperprior is not None)
    ).all()
    np.testing.assert_allclose(r2, sizes**2 / (sizes**2 + sigma**2), rtol=1e-3)
    table = prior_predictive_table(data, {"one": prior})
    for quantity in ("r2", "size"):
        part = table[table["quantity"] == quantity]
        part = part[(part["value"] > 0) & (part["value"] < 1)] if quantity == "r2" else part
        value, said = part["value"].to_numpy(), part["share"].to_numpy()
        size = value if quantity == "size" else sigma * np.sqrt(value / (1 - value))
        np.testing.assert_allclose(cdf(size / unit), said, atol=0.025)  # of 10000 draws


def test_the_size_on_few_rows_divides_by_their_number():
    """On three rows n - 1 for n would make it a factor ``sqrt(3 / 2)`` larger."""
    x = np.array([0.0, 1.0, 5.0])
    data = Regression(x[:, None], x, sigma=2.0)
    drawn = PriorPredictive.of(data, Gaussian(0.6))
    assert stats.kstest(drawn.size, stats.halfnorm(scale=0.6 * np.std(x)).cdf).pvalue > 1e-4
    r2 = (0.6 * stats.halfnorm.median() * np.std(x)) ** 2
    r2 = r2 / (r2 + 2.0**2)
    assert prior_r2(data, Gaussian(0.6), 2.0).median == pytest.approx(r2, rel=0.04)
    assert np.isclose(r2 * 1.5, prior_r2(data, Gaussian(0.6 * 1.5**0.5), 2.0).median, rtol=0.3)


def test_several_columns_predict_through_their_correlations():
    """E var(X b) sums var(b_j) var(x_j), however the columns correlate."""
    data = correlated(p=4)
    for prior in (Gaussian(0.5), Laplace([0.1, 0.2, 0.3, 0.4]), ElasticNet(0.5, 0.5)):
        squares = PriorPredictive.of(data, prior).size ** 2
        expected = (np.broadcast_to(prior.sd, 4) ** 2) @ data.column_sd**2
        error = 5 * squares.std() / np.sqrt(len(squares))
        assert squares.mean() == pytest.approx(expected, abs=error)
    standard = correlated(p=4, standardize=True)
    squares = PriorPredictive.of(standard, Gaussian(0.5)).size ** 2
    assert squares.mean() == pytest.approx(1.0, abs=5 * squares.std() / 100)


@pytest.mark.parametrize("prior", [Gaussian(0.5), Laplace(0.3, scaled_by_noise=True)])
def test_a_prior_has_one_r_squared_wherever_it_is_told(prior):
    data = correlated(p=4)
    points = prior_predictive_points_table(data, prior).set_index("quantity")
    assert prior_r2(data, prior, data.sigma).median == points["median"]["r2"]


def test_the_predictive_figure_draws_each_prior_once(monkeypatch):
    drawn, of = [], PriorPredictive.of
    monkeypatch.setattr(PriorPredictive, "of", lambda *given: drawn.append(given) or of(*given))
    shown = PriorPredictiveFigure.of(correlated(p=2), PRIORS)
    shown.plot(Figure().subplots(2))
    assert "ridge" in shown.caption
    assert len(drawn) == len(PRIORS)


def test_a_constant_column_expects_nothing():
    X = np.column_stack([correlated(p=3).X, np.ones(len(correlated().X))])
    with pytest.warns(PriormapWarning, match="constant"):
        data = Regression(X, X[:, 0], sigma=1.0)
    flat_there = Gaussian([0.5, 0.5, 0.5, np.inf])
    assert 0 < prior_r2(data, flat_there, 1.0).median < 1
    assert prior_r2(data, Gaussian([0.5, np.inf, 0.5, 0.5]), 1.0).low == 1.0


def test_unknown_noise_is_drawn_from_its_prior():
    data = correlated(p=1, sigma=HalfNormal(2.0))
    points = prior_predictive_points_table(data, Gaussian(0.6)).set_index("quantity")
    # b sd(x) / sigma is a ratio of two half-normals: half-Cauchy of scale 0.6 sd(x) / 2
    ratio = 0.6 * data.column_sd[0] / 2
    odds = ratio**2  # at the median of R squared
    cdf = (
        2
        / np.pi
        * np.arctan(np.sqrt(points["median"]["r2"] / (1 - points["median"]["r2"])) / ratio)
    )
    assert cdf == pytest.approx(0.5, abs=5 * 0.5 / 100)
    assert points["median"]["r2"] == pytest.approx(odds / (1 + odds), abs=0.05)


def test_strong_priors_get_the_axis_they_need_and_the_caption_says_so():
    data = correlated()
    strong = {"a": Gaussian(0.02), "b": Gaussian(0.002)}
    upper, _ = plot_prior_predictive(data, strong, axes=Figure().subplots(2))
    points = prior_predictive_points_table(data, strong)
    right = upper.get_xlim()[1]
    assert right == 2 * points.loc[points["quantity"] == "r2", "high"].max() < 0.5
    assert upper.get_ylim() == (0, 1)
    assert f"R squared is drawn up to {right:.2g}." in prior_predictive_caption(data, strong)
    assert plot_prior_predictive(data, PRIORS, axes=Figure().subplots(2))[0].get_xlim() == (0, 1)
    assert "drawn up to" not in prior_predictive_caption(data, PRIORS)


def test_the_predictive_figure_draws_its_tables():
    data = correlated()
    panels = plot_prior_predictive(data, PRIORS, axes=Figure().subplots(2))
    table, points = (
        prior_predictive_table(data, PRIORS),
        prior_predictive_points_table(data, PRIORS),
    )
    for ax, quantity in zip(panels, ("r2", "size"), strict=True):
        for name, kind in (("ridge", "Gaussian"), ("lasso", "Laplace")):
            part = table[(table["prior"] == name) & (table["quantity"] == quantity)]
            line = drawn(ax, name)
            np.testing.assert_array_equal(line.get_xdata(), part["value"])
            np.testing.assert_array_equal(line.get_ydata(), part["share"])
            assert line.get_color() == LOOKS[kind].color
            row = points[(points["prior"] == name) & (points["quantity"] == quantity)]
            assert drawn(ax, f"median {name}").get_xdata()[0] == row["median"].iloc[0]
    assert drawn(panels[1], "sd of y").get_xdata()[0] == pytest.approx(np.std(data.y))
    assert panels[1].get_xscale() == "log"
    caption = prior_predictive_caption(data, PRIORS)
    ridge = points[(points["prior"] == "ridge") & (points["quantity"] == "r2")].iloc[0]
    assert f"ridge: R squared {ridge['median']:.2g} [{ridge['low']:.2g}, " in caption


# how many count


def test_bars_and_pins_count_the_same_in_the_draws_and_in_the_mode(table, ax):
    plot_nonzero_counts(table, ax=ax)
    data = table.modes["lasso"].data
    region = 0.1 * np.std(data.y) / data.column_sd
    for prior, fit in table.modes.items():
        coef = table.posteriors[prior]["posterior"]["coef"].to_numpy().reshape(-1, 5)
        counts = (np.abs(coef) > region).sum(axis=1)
        (bars,) = [box for box in ax.containers if box.get_label() == f"posterior {prior}"]
        for bar in bars:
            at = round(bar.get_x() + bar.get_width() / 2)
            assert bar.get_height() == pytest.approx((counts == at).mean())
        assert sum(bar.get_height() for bar in bars) == pytest.approx(1)
        pin = drawn(ax, f"mode {prior}").get_xdata()
        assert pin.tolist() == [(np.abs(fit.coef) > region).sum()] * 2
        assert drawn(ax, f"mean {prior}").get_xdata()[0] == pytest.approx(counts.mean())
    points = nonzero_counts_points_table(table).set_index("prior")
    expected = 5 - table.summary["expected_in_rope"]
    np.testing.assert_allclose(points["mean"], expected[list(PRIORS)])


def test_the_caption_of_the_counts_states_the_region(table):
    wide = contrast(correlated(), {"lasso": Laplace(0.12)}, rope=0.25, random_seed=3)
    assert "changes y by more than 0.25 of its own" in nonzero_counts_caption(wide)
    caption = nonzero_counts_caption(table)
    count = int((table.modes["lasso"].coef != 0).sum())
    outside = int(nonzero_counts_points_table(table).set_index("prior")["mode_outside"]["lasso"])
    assert f"lasso: {outside} in the mode, in which {count} are not exactly zero" in caption
    assert nonzero_counts_table(table).groupby("prior")["share"].sum().to_numpy() == pytest.approx(
        1
    )


# style and bad input

DRAWN = {
    "geometry": lambda t: plot_geometry(t.modes["lasso"].data, PRIORS, ("c0", "c2")),
    "path": lambda t: plot_path(t.modes["lasso"].data, Laplace(), draws=100),
    "shrinkage": lambda t: plot_coefficient_shrinkage(t),
    "predictive": lambda t: plot_prior_predictive(t.modes["lasso"].data, PRIORS),
    "counts": lambda t: plot_nonzero_counts(t),
}


def assert_inside(figure, panels):
    figure.canvas.draw()
    legends = [*figure.legends, *(ax.get_legend() for ax in panels if ax.get_legend())]
    shown = [text for legend in legends for text in legend.get_texts()]
    boxes = [legend.get_window_extent() for legend in legends]
    for ax in panels:
        shown += [*ax.texts, ax.xaxis.label, ax.yaxis.label, ax.title, ax.get_children()[0]]
        shown += [ax._left_title] if hasattr(ax, "_left_title") else []
        tops = [top for top in ax.child_axes if top.xaxis.label.get_text()]
        shown += [top.xaxis.label for top in tops]
        boxes += [ax.get_window_extent(), *(top.xaxis.label.get_window_extent() for top in tops)]
    for text in shown:
        if isinstance(text, Text) and text.get_text():
            box = text.get_window_extent()
            assert min(box.x0, box.y0) >= 0, text
            assert box.x1 <= figure.bbox.width + 0.5, text
            assert box.y1 <= figure.bbox.height + 0.5, text
            assert text.get_size() >= 6.6, text
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i]), "legends cover nothing"


@pytest.mark.parametrize("name", DRAWN)
def test_figures_are_one_column_wide_and_no_text_leaves_them(name, table):
    panels = list(np.ravel(DRAWN[name](table)))
    figure = panels[0].figure
    assert figure.get_size_inches()[0] == 3.4
    assert_inside(figure, panels)


@pytest.mark.parametrize("name", DRAWN)
def test_long_names_stay_inside(name):
    data = correlated(p=3)
    names = [f"a rather long name of a column {j}" for j in range(3)]
    data = Regression(data.X, data.y, sigma=0.8, names=names)
    priors = {"a prior of an even longer name": Gaussian(0.5), "another one of them": Laplace(0.1)}
    table = contrast(data, priors, random_seed=1)
    make = {
        "geometry": lambda: plot_geometry(data, priors),
        "path": lambda: plot_path(data, Laplace(), draws=100),
        "shrinkage": lambda: plot_coefficient_shrinkage(table),
        "predictive": lambda: plot_prior_predictive(data, priors),
        "counts": lambda: plot_nonzero_counts(table),
    }
    panels = list(np.ravel(make[name]()))
    assert_inside(panels[0].figure, panels)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda t: plot_nonzero_counts(3), "table must be what contrast.* got int"),
        (lambda t: plot_nonzero_counts(t, ax=3), "ax must be a matplotlib Axes, got int"),
        (lambda t: plot_coefficient_shrinkage(t, "zz"), "'zz', which is no column"),
        (lambda t: plot_coefficient_shrinkage(None), "table must be what contrast"),
        (lambda t: plot_prior_predictive(3, Laplace(1.0)), "data must be a Regression, got int"),
        (lambda t: plot_prior_predictive(correlated(), {}), "priors must be one prior or a dict"),
        (lambda t: plot_prior_predictive(correlated(), {1: Laplace(1.0)}), "named by strings"),
        (lambda t: plot_prior_predictive(correlated(), {"a": 1}), "prior must be Gaussian"),
        (lambda t: plot_prior_predictive(correlated(), Laplace(np.inf)), "is flat .* predicts"),
        (
            lambda t: plot_prior_predictive(correlated(sigma=Jeffreys()), Laplace(1.0)),
            "Jeffreys prior, which is improper",
        ),
        (
            lambda t: plot_prior_predictive(correlated(), Laplace([1.0, 2.0])),
            "2 entries but X has 5 columns",
        ),
        (lambda t: plot_prior_predictive(correlated(), Laplace(1.0), axes=3), "2 matplotlib Axes"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, sentence, table):
    with pytest.raises(PriormapError, match=sentence) as refusal:
        call(table)
    assert "\n" not in str(refusal.value)


def test_a_learnt_scale_with_heavy_tails_is_drawn():
    panels = plot_prior_predictive(
        correlated(), Laplace(HalfCauchy(0.1)), axes=Figure().subplots(2)
    )
    low, high = panels[1].get_xlim()
    assert high / low > 100


@pytest.mark.filterwarnings("ignore:column")
def test_constant_columns_predict_nothing():
    data = Regression(np.ones((5, 1)), np.arange(5.0), sigma=1.0)
    with pytest.raises(PriormapError, match="no column varies"):
        plot_prior_predictive(data, Laplace(1.0))
