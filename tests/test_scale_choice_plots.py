"""Figures of a chosen scale and of sensitivity: they draw their tables and say their numbers."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from priormap import (
    Laplace,
    PriormapError,
    Regression,
    choose_scale,
    plot_scale_choice,
    plot_sensitivity,
    prior_sensitivity,
)
from priormap.plots import (
    scale_choice_caption,
    scale_choice_points_table,
    scale_choice_table,
    sensitivity_caption,
    sensitivity_table,
)


@pytest.fixture(scope="module")
def choice():
    rng = np.random.default_rng(3)
    X = rng.uniform(-1.7, 1.7, size=(60, 6)) @ (np.eye(6) + 0.2)
    y = X @ [1.0, 0.5, -0.5, 0.0, 0.0, 0.2] + rng.normal(size=60)
    return choose_scale(Regression(X, y, sigma=1.0), "laplace", draws=250, random_seed=2)


@pytest.fixture
def panels(choice):
    return plot_scale_choice(choice, axes=Figure().subplots(4))


def lines(panel):
    return {line.get_label(): line for line in panel.lines}


def test_the_table_is_the_curves(choice):
    table = scale_choice_table(choice)
    cv = choice.curves["method"] == "cv"
    np.testing.assert_array_equal(table.loc[cv, "value"], choice.curves.loc[cv, "value"])
    np.testing.assert_allclose(
        table.loc[cv, "high"] - table.loc[cv, "value"], choice.curves["se"][cv]
    )
    for name in ("loo", "evidence"):
        part = table[table["method"] == name]
        assert part["value"].max() == 0
        raw = choice.curves.loc[choice.curves["method"] == name, "value"]
        np.testing.assert_allclose(np.ptp(part["value"]), np.ptp(raw))
    np.testing.assert_allclose(table["alpha"], 1 / (60 * table["scale"]))


def test_the_panels_draw_the_table(choice, panels):
    table = scale_choice_table(choice)
    for panel, name in zip(panels, ["cv", "loo", "evidence", "hyperprior"], strict=True):
        part, line = table[table["method"] == name], lines(panel)[f"{name} curve"]
        np.testing.assert_array_equal(line.get_xdata(), part["scale"])
        np.testing.assert_array_equal(line.get_ydata(), part["value"])
        assert panel.get_xscale() == "log"


def test_every_optimum_is_marked_on_its_curve_and_through_all(choice, panels):
    points = scale_choice_points_table(choice).set_index("method")
    curves = dict(zip(["cv", "loo", "evidence", "hyperprior"], panels, strict=True))
    for method, row in points.iterrows():
        for panel in panels:
            assert set(lines(panel)[f"at {method}"].get_xdata()) == {row["scale"]}
        if method == "universal":
            assert lines(panels[0])["at universal"].get_linestyle() == ":"
            continue
        marked = lines(curves[row["curve"]])[method]
        assert marked.get_xdata()[0] == row["scale"]
        assert marked.get_ydata()[0] == row["value"]
        low, high = curves[row["curve"]].get_ylim()
        assert low < row["value"] < high
    assert lines(panels[0])["cv_1se"].get_markerfacecolor() == "white"


def test_the_top_axis_is_alpha(choice, panels):
    (top,) = panels[0].child_axes
    assert top.get_xlabel() == "scikit-learn alpha (Lasso)"
    for at, text in zip(top.get_xticks(), top.get_xticklabels(), strict=True):
        np.testing.assert_allclose(choice.family.alpha(at), float(text.get_text()), rtol=1e-3)


def test_a_caption_says_the_numbers(choice):
    text = scale_choice_caption(choice)
    for row in choice.optima.itertuples():
        assert f"{row.scale:.3g} (alpha {row.alpha:.3g})" in text
    assert "the dotted line is the universal rule" in text
    assert "known noise sd" in text


def test_new_axes_have_the_house_style_and_one_curve_one_panel(choice):
    data = choice.data
    (panel,) = plot_scale_choice(choose_scale(data, "gaussian", "evidence"))
    assert panel.figure.get_size_inches()[0] == 3.4
    assert panel.child_axes[0].get_xlabel() == "scikit-learn alpha (Ridge)"


def test_what_cannot_be_drawn_is_refused(choice):
    with pytest.raises(PriormapError, match="choose_scale"):
        plot_scale_choice("laplace")
    with pytest.raises(PriormapError, match="no curve"):
        plot_scale_choice(choose_scale(choice.data, "laplace", "universal"))
    with pytest.raises(PriormapError, match="4 matplotlib Axes"):
        plot_scale_choice(choice, axes=Figure().subplots(3))


# sensitivity


@pytest.fixture(scope="module")
def sensitivity(choice):
    return prior_sensitivity(choice.data, Laplace(0.2), random_seed=1)


def test_the_figure_of_sensitivity_draws_its_table(sensitivity):
    table = sensitivity_table(sensitivity, ["x0", "x2"])
    ax = plot_sensitivity(sensitivity, ["x0", "x2"], ax=Figure().subplots())
    for name in ("x0", "x2"):
        part = table[table["feature"] == name]
        for kind in ("mode", "mean"):
            line = lines(ax)[f"{kind} {name}"]
            np.testing.assert_array_equal(line.get_xdata(), part["power"])
            np.testing.assert_array_equal(line.get_ydata(), part[kind])
    sd = sensitivity.fit.data.column_sd
    at_one = table[table["power"] == 1.0]["mode"].to_numpy()
    np.testing.assert_allclose(at_one, (sensitivity.fit.coef * sd)[[0, 2]], atol=1e-12)
    assert ax.get_xlim() == pytest.approx(sensitivity.reach)


def test_sensitivity_shows_what_moves_most_and_says_its_slopes(sensitivity):
    shown = sensitivity_table(sensitivity)["feature"].unique()
    slopes = sensitivity.coefficients.set_index("feature")
    moved = slopes["mean_slope"].abs() * sensitivity.fit.data.column_sd
    assert set(shown) == set(moved.nlargest(3).index)
    text = sensitivity_caption(sensitivity)
    for name in shown:
        assert f"{name} {slopes.loc[name, 'mode_slope']:.3g} and" in text


def test_sensitivity_refuses_what_it_cannot_show(sensitivity):
    with pytest.raises(PriormapError, match="prior_sensitivity"):
        plot_sensitivity("x0")
    with pytest.raises(PriormapError, match="no column"):
        plot_sensitivity(sensitivity, ["q"])
    with pytest.raises(PriormapError, match="empty"):
        plot_sensitivity(sensitivity, [])
