"""Figures in the axes, the words and the sizes of a caller."""

import inspect
import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import stats

import priormap as pmap
from priormap import plots

PRIORS = {"ridge": pmap.Gaussian(0.5), "lasso": pmap.Laplace(0.05)}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(40, 4))
    y = X @ [1.0, 0.4, 0.0, -0.2] + rng.normal(size=40)
    return pmap.Regression(X, y, sigma=1.0, names=["age", "dose", "sex", "bmi"])


@pytest.fixture(scope="module")
def table(data):
    return pmap.contrast(data, PRIORS, random_seed=1)


@pytest.fixture(scope="module")
def found(data):
    return pmap.prior_sensitivity(data, pmap.Laplace(0.3), random_seed=1)


@pytest.fixture(scope="module")
def calls(data, table, found):
    """Every figure that names columns, and how many panels it has."""
    return {
        "geometry": (lambda **o: plots.plot_geometry(data, PRIORS, ("age", "dose"), **o), (2, 2)),
        "panel": (
            lambda **o: plots.plot_geometry_panel(data, PRIORS["lasso"], ("age", "dose"), **o),
            (1, 1),
        ),
        "path": (lambda **o: plots.plot_path(data, pmap.Laplace(), draws=0, **o), (1, 1)),
        "shrinkage": (lambda **o: plots.plot_coefficient_shrinkage(table, **o), (1, 1)),
        "contrast": (lambda **o: plots.plot_contrast(table, **o), (1, 1)),
        "marginals": (lambda **o: plots.plot_posterior_vs_map(table, **o), (1, 1)),
        "joint": (lambda **o: plots.plot_joint(table, ("age", "dose"), prior="lasso", **o), (1, 1)),
        "sensitivity": (lambda **o: plots.plot_sensitivity(found, **o), (1, 1)),
    }


NAMED = (
    "geometry",
    "panel",
    "path",
    "shrinkage",
    "contrast",
    "marginals",
    "joint",
    "sensitivity",
)


def words(drawn):
    figure = np.ravel(np.asarray(drawn, dtype=object))[0].figure
    figure.draw_without_rendering()
    axes = figure.axes
    texts = [text.get_text() for ax in axes for text in (*ax.texts, *ax.get_yticklabels())]
    return texts + [label for ax in axes for label in (ax.get_xlabel(), ax.get_ylabel())]


def test_every_figure_takes_both_words_for_where_to_draw():
    names = [name for name in plots.__all__ if name.startswith("plot_")]
    assert len(names) > 14
    for name in names:
        assert {"ax", "axes"} <= set(inspect.signature(getattr(plots, name)).parameters), name


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("word", ["ax", "axes"])
def test_a_figure_is_drawn_where_either_word_says(calls, name, word):
    draw, shape = calls[name]
    given = Figure(figsize=(12, 4)).subplots(*shape)
    drawn = draw(**{word: given})
    assert list(np.ravel(np.asarray(drawn, dtype=object))) == list(np.ravel(given))


def test_both_words_at_once_are_refused():
    one, other = Figure().subplots(2)
    with pytest.raises(pmap.PriormapError, match="ax and axes both say where to draw"):
        plots.plot_shrinkage(ax=one, axes=other)
    assert plots.plot_shrinkage(axes=Figure().subplots(1, 1, squeeze=False)).lines


@pytest.mark.parametrize("name", NAMED)
def test_columns_and_units_are_called_what_the_caller_says(calls, name):
    draw, shape = calls[name]
    given = Figure(figsize=(12, 8)).subplots(*shape)
    said = " ".join(words(draw(ax=given, labels={"age": "Years"}, units="mg")))
    assert "Years" in said
    assert "age" not in said
    assert "mg" in said
    again = " ".join(words(draw(ax=Figure(figsize=(12, 8)).subplots(*shape))))
    assert "Years" not in again, "words of one call stay in it"


def test_captions_call_columns_and_units_what_the_figure_does(data, table, found):
    given = {"labels": {"age": "Years"}, "units": "mg"}
    pair = ("age", "dose")
    captions = {
        "geometry": plots.geometry_caption(data, PRIORS, pair, **given),
        "contrast": plots.contrast_caption(table, **given),
        "shrinkage": plots.coefficient_shrinkage_caption(table, **given),
        "marginals": plots.posterior_vs_map_caption(table, **given),
        "joint": plots.joint_caption(table, pair, prior="lasso", **given),
        "path": plots.path_caption(data, PRIORS["lasso"], draws=20, **given),
        "sensitivity": plots.sensitivity_caption(found, **given),
    }
    for name, said in captions.items():
        assert not re.search(r"\bage\b", said), name
        assert ("mg" in said) == (name != "sensitivity"), name
        assert ("Years" in said) == (name not in {"contrast", "shrinkage"}), name
    assert "of age" in plots.posterior_vs_map_caption(table), "words of one call stay in it"
    with pytest.raises(pmap.PriormapError, match="labels has 'wage', which is no column"):
        plots.contrast_caption(table, labels={"wage": "Wage"})


def test_labels_that_name_no_column_are_refused(table):
    with pytest.raises(pmap.PriormapError, match="labels has 'wage', which is no column; choose"):
        plots.plot_contrast(table, labels={"wage": "Wage"})
    with pytest.raises(pmap.PriormapError, match="labels must be a dict"):
        plots.plot_contrast(table, labels=["Age"])
    with pytest.raises(pmap.PriormapError, match="units must be a text"):
        plots.plot_contrast(table, units=3)


@pytest.mark.parametrize("name", NAMED)
def test_texts_stay_inside_a_wide_figure(calls, name):
    draw, shape = calls[name]
    figure = Figure(figsize=(12, 4), layout="constrained")
    draw(ax=figure.subplots(*shape))
    figure.draw_without_rendering()
    box = figure.bbox
    for ax in figure.axes:
        for text in ax.texts:
            seen = text.get_window_extent()
            assert box.x0 <= seen.x0, text
            assert seen.x1 <= box.x1 + 1, text


def test_geometry_puts_no_legend_on_a_figure_of_others(data):
    figure = Figure(figsize=(12, 8), layout="constrained")
    panels = figure.subplots(2, 3)
    plots.plot_geometry(data, PRIORS, ("age", "dose"), axes=panels[:, :2])
    assert not figure.legends
    assert panels[0, 1].get_legend() is not None


def test_the_schematic_has_exact_numbers():
    points = plots.geometry_points_table().set_index(["prior", "point"])[["x", "y"]]
    np.testing.assert_allclose(points.loc[("lasso", "least squares")], [3, 1], rtol=1e-14)
    np.testing.assert_allclose(points.loc[("lasso", "mode")], [1.5, 0], rtol=1e-14, atol=0)
    np.testing.assert_allclose(points.loc[("ridge", "mode")], [2, 1], rtol=1e-14)
    assert plots.plot_geometry(axes=Figure().subplots(2, 2)).shape == (2, 2)
    assert "mode (1.5, 0), exactly 0 in x1" in plots.geometry_caption()
    other = plots.geometry_points_table(priors=pmap.Laplace(1.0)).set_index("point")
    np.testing.assert_allclose(other.loc["mode", ["x", "y"]].tolist(), [8 / 3, 2 / 3])


def test_a_mode_without_a_zero_says_where_one_begins(data):
    weak = pmap.Laplace(1.0)
    pair = ("age", "dose")
    caption = plots.geometry_caption(data, weak, pair)
    factor = float(caption.split("with no zero, which there is from ")[1].split()[0])
    below, above = (
        plots.geometry_points_table(data, weak.stretched(factor * by), pair).set_index("point")
        for by in (0.98, 1.02)
    )
    assert 0.0 in below.loc["mode", ["x", "y"]].tolist()
    assert 0.0 not in above.loc["mode", ["x", "y"]].tolist()
    assert "nor at any other scale" in plots.geometry_caption(data, pmap.Gaussian(1.0), pair)
    curves = plots.geometry_table(data, weak, pair)
    widest = curves[curves["through"] > 1]
    assert np.abs(widest[["x", "y"]]).min().min() < 1e-3 * np.abs(widest["x"]).max()


def test_a_known_normal_posterior_is_drawn_without_draws(data, table):
    X = data.X - data.X.mean(axis=0)
    cov = np.linalg.inv(X.T @ X + np.eye(4) / 0.5**2)
    mean = cov @ X.T @ (data.y - data.y.mean())
    joint = plots.joint_table(table, ("age", "bmi"), prior="ridge")
    own = stats.multivariate_normal(mean[[0, 3]], cov[np.ix_([0, 3], [0, 3])])
    np.testing.assert_allclose(joint["density"], own.pdf(joint[["x", "y"]]), rtol=1e-8)
    marginals = plots.posterior_vs_map_table(table, ["dose"])
    ridge = marginals[marginals["prior"] == "ridge"]
    alone = stats.norm(mean[1] * data.column_sd[1], np.sqrt(cov[1, 1]) * data.column_sd[1])
    np.testing.assert_allclose(ridge["density"], alone.pdf(ridge["effect"]), rtol=1e-8)


def test_a_narrow_dead_zone_has_the_axis_it_needs():
    prior = pmap.Laplace(20.0)
    edge = plots.dead_zone_edge(prior, 2.5)
    assert plots.shrinkage_table(prior, 2.5)["z"].max() == pytest.approx(4 * edge)
    assert plots.shrinkage_table()["z"].max() == 4.0


def test_a_path_of_few_columns_names_them_all(data):
    ax = plots.plot_path(data, pmap.Laplace(), draws=0, ax=Figure().subplots())
    assert {text.get_text() for text in ax.texts} == set(data.names)


def test_a_legend_covers_no_panel_above(table):
    upper, lower = Figure(figsize=(9, 7)).subplots(2)
    plots.plot_nonzero_counts(table, ax=lower)
    lower.figure.draw_without_rendering()
    legend = lower.get_legend().get_window_extent()
    assert not legend.overlaps(upper.get_window_extent())
