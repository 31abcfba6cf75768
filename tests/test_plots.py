"""Figures: what is drawn is what is computed, in one style that never leaks."""

import math
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import pairwise

import matplotlib
import matplotlib.image
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from scipy import integrate, stats

from priormap import Gaussian, HalfNormal, Laplace, PriormapError
from priormap.plots import (
    LOOKS,
    crossover,
    dead_zone_edge,
    house_style,
    plot_prior_shapes,
    plot_pull,
    plot_shrinkage,
    prior_shapes_caption,
    prior_shapes_table,
    pull_caption,
    pull_steps_table,
    pull_table,
    save_figure,
    shrinkage_caption,
    shrinkage_table,
    write_figures,
)

PLOTS = {
    "prior_shapes": lambda axes: plot_prior_shapes(axes=axes),
    "pull": lambda axes: plot_pull(ax=axes),
    "shrinkage": lambda axes: plot_shrinkage(ax=axes),
}


def lines_by_label(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def texts(ax):
    return [text.get_text() for text in ax.texts]


def luminance(color):
    """Relative luminance of a colour, from 0 to 1."""
    rgb = np.asarray(to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def lightness(color):
    """CIE L* of a colour: what is left of it in greyscale."""
    level = luminance(color)
    return 116 * np.cbrt(level) - 16 if level > 0.008856 else 903.3 * level


@pytest.fixture
def new_axes():
    def make(rows=1):
        return Figure().subplots(rows)

    return make


@pytest.fixture(autouse=True)
def _close_pyplot_figures():
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


# prior shapes


def test_matched_shapes_are_the_densities_of_variance_one():
    table = prior_shapes_table([Gaussian(3.0), Laplace(0.2)], match="sd")
    gaussian, laplace = (table[table.family == f] for f in ("Gaussian", "Laplace"))
    np.testing.assert_allclose(gaussian.density, stats.norm.pdf(gaussian.coef), rtol=1e-13)
    expected = stats.laplace.pdf(laplace.coef, scale=1 / math.sqrt(2))
    np.testing.assert_allclose(laplace.density, expected, rtol=1e-13)


def test_shapes_as_given_integrate_to_the_mass_inside_the_figure():
    priors = {"wide": Gaussian(2.0), "narrow": Laplace(0.01)}
    table = prior_shapes_table(priors, match="given")
    for name, mass in (("wide", 1 - 2 * stats.norm.sf(4)), ("narrow", 1.0)):
        part = table[table.prior == name]
        assert np.trapezoid(part.density, part.coef) == pytest.approx(mass, abs=2e-3)
        np.testing.assert_allclose(part.neg_log_density, -priors[name].logpdf(part.coef))
        assert (part.coef == 0).sum() == 1


@pytest.mark.parametrize("match", ["sd", "given"])
def test_prior_shapes_draws_its_table(match, new_axes):
    priors = {"a": Gaussian(2.0), "b": Laplace(0.5)}
    table = prior_shapes_table(priors, match=match)
    upper, lower = plot_prior_shapes(priors, match=match, axes=new_axes(2))
    for ax, column in ((upper, "density"), (lower, "neg_log_density")):
        for name, line in lines_by_label(ax).items():
            part = table[table.prior == name]
            np.testing.assert_array_equal(line.get_xdata(), part.coef)
            np.testing.assert_array_equal(line.get_ydata(), part[column])
            assert line.get_color() == LOOKS[part.family.iloc[0]].color


def test_shapes_caption_states_the_density_ratios():
    at_zero = stats.laplace.pdf(0, scale=math.sqrt(0.5)) / stats.norm.pdf(0)
    at_four = stats.laplace.pdf(4, scale=math.sqrt(0.5)) / stats.norm.pdf(4)
    caption = prior_shapes_caption()
    assert f"{at_zero:.3g} times that of Gaussian at 0" in caption
    assert f"{at_four:.3g} times at 4" in caption
    assert "parabola" not in prior_shapes_caption(Laplace(1.0))


def test_members_of_one_family_share_its_hue_but_not_its_lightness(new_axes):
    priors = [Gaussian(1.0), Gaussian(2.0), Gaussian(3.0)]
    upper, _ = plot_prior_shapes(priors, match="given", axes=new_axes(2))
    colors = [line.get_color() for line in upper.get_lines()]
    assert colors[0] == LOOKS["Gaussian"].color
    assert np.diff([lightness(color) for color in colors]).min() > 5
    assert {line.get_linestyle() for line in upper.get_lines()} == {"-"}


def test_units_are_on_the_axes(new_axes):
    by_noise = Laplace(1.0, scaled_by_noise=True)
    upper, lower = plot_prior_shapes(by_noise, match="given", axes=new_axes(2))
    assert upper.get_ylabel() == "density (per noise sd)"
    assert lower.get_xlabel() == "coefficient (noise sd)"
    assert lower.get_ylabel() == "− log density (nats)"
    assert plot_pull(by_noise, ax=new_axes()).get_xlabel() == "weight w (noise sd)"


# pull


@pytest.mark.parametrize(
    ("written", "l2", "at_15", "at_0_02", "equal"),
    [
        ("w^2", lambda w: w**2, 29.999, 1 / 0.039, 0.5),
        ("w^2/2", lambda w: w**2 / 2, 14.9995, 1 / 0.0195, 1.0),
    ],
)
def test_pull_states_the_factors_of_the_classic_question(
    written, l2, at_15, at_0_02, equal, new_axes
):
    falls = pull_steps_table(written=written).pivot(index="weight", columns="prior", values="fall")
    name = next(column for column in falls.columns if column != "|w|")
    for weight in (15.0, 0.02):
        assert falls["|w|"][weight] == pytest.approx(0.001, rel=1e-11)
        assert falls[name][weight] == pytest.approx(l2(weight) - l2(weight - 0.001), rel=1e-9)
    assert falls[name][15.0] / falls["|w|"][15.0] == pytest.approx(at_15, rel=1e-9)
    assert falls["|w|"][0.02] / falls[name][0.02] == pytest.approx(at_0_02, rel=1e-9)

    ax = plot_pull(written=written, ax=new_axes())
    notes = "\n".join(texts(ax))
    assert f"w = 15, step 0.001:\n{name} falls {at_15:.6g}\ntimes as much as |w|" in notes
    assert f"w = 0.02, step 0.001:\n|w| falls {at_0_02:.6g}\ntimes as much as {name}" in notes
    assert f"equal at {equal:g}" in notes
    assert any(
        line.get_xydata() == pytest.approx(np.array([[equal, 1.0]])) for line in ax.get_lines()
    ), "the crossover is marked"
    caption = pull_caption(written=written)
    assert f"{name} falls {at_15:.6g} times as much as |w|" in caption
    assert f"equal at w = {equal:g}." in caption


def test_the_factors_follow_the_step_and_the_weights(new_axes):
    ax = plot_pull(weights=(3.0, 0.1), step=0.1, ax=new_axes())
    notes = "\n".join(texts(ax))
    assert f"w = 3, step 0.1:\nw² falls {(3**2 - 2.9**2) / 0.1:.6g}" in notes
    assert "w = 0.1, step 0.1:\n|w| falls 10\n" in notes


def test_pull_draws_the_derivative_with_the_interval_at_zero(new_axes):
    ax = plot_pull(ax=new_axes())
    lines = lines_by_label(ax)
    l1, l2 = lines["|w| (Laplace prior)"].get_xydata(), lines["w² (Gaussian prior)"].get_xydata()
    np.testing.assert_array_equal(l1[:2], [[0.0, 0.0], [0.0, 1.0]])
    np.testing.assert_array_equal(l1[2:, 1], 1.0)
    np.testing.assert_allclose(l2[:, 1], 2 * l2[:, 0], rtol=1e-14)
    assert "at 0: any in\n[−1, 1]" in texts(ax)
    for weight in (15.0, 0.02):
        marks = [line.get_xydata() for line in ax.get_lines() if line.get_marker() == "o"]
        drawn = {tuple(row) for line in marks for row in line.round(12) if row[0] == weight}
        assert drawn == {(weight, 1.0), (weight, 2 * weight)}


def test_both_weights_and_zero_are_far_apart_on_the_pull_axis(new_axes):
    ax = plot_pull(ax=new_axes())
    points = [(weight, 1.0) for weight in (0.0, 0.02, 15.0)]
    x = ax.transAxes.inverted().transform(ax.transData.transform(points))[:, 0]
    assert 0 < x[0] < 0.25 < x[1] < 0.5 < 0.8 < x[2] < 1


def test_the_gaussian_pull_is_a_straight_line_across_the_change_of_scale(new_axes):
    ax = plot_pull(ax=new_axes())
    line = lines_by_label(ax)["w² (Gaussian prior)"]
    x, y = ax.transData.transform(line.get_xydata()).T
    np.testing.assert_allclose(y, np.interp(x, x[[0, -1]], y[[0, -1]]), atol=1e-6 * np.ptp(y))


def test_crossover_is_where_the_pulls_agree():
    gaussian, laplace = Gaussian(0.7), Laplace(2.5)
    weight = crossover(gaussian, laplace)
    assert float(gaussian.pull(weight)) == pytest.approx(float(laplace.pull(weight)), rel=1e-14)


def test_one_prior_or_three_are_drawn_without_a_comparison(new_axes):
    for priors in (Laplace(0.5), [Laplace(1.0), Laplace(2.0), Gaussian(1.0)]):
        notes = texts(plot_pull(priors, ax=new_axes()))
        assert not any("times" in note or "equal" in note for note in notes)


def test_pull_table_brackets_the_derivative_of_the_penalty():
    prior = Gaussian(0.3)
    table = pull_table({"g": prior})
    w, h = table.weight.to_numpy(), 1e-4
    slope = (prior.penalty(w + h) - prior.penalty(w - h)) / (2 * h)
    np.testing.assert_allclose(table.pull_low, slope, rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(table.pull_low, table.pull_high)


# shrinkage


@pytest.mark.parametrize("sd", [1.0, 0.2])
def test_shrinkage_draws_its_table_and_the_dead_zone(sd, new_axes):
    priors = {"ridge": Gaussian(0.8), "lasso": Laplace(0.5)}
    table = shrinkage_table(priors, sd)
    ax = plot_shrinkage(priors, sd, ax=new_axes())
    lines = lines_by_label(ax)
    assert "ridge: mean" not in lines
    for label, name, column, style in (
        ("ridge: mode and mean", "ridge", "mode", "-"),
        ("lasso: mode", "lasso", "mode", "-"),
        ("lasso: mean", "lasso", "mean", "--"),
    ):
        part = table[table.prior == name]
        np.testing.assert_array_equal(lines[label].get_xdata(), part.z)
        np.testing.assert_array_equal(lines[label].get_ydata(), part[column])
        assert lines[label].get_linestyle() == style
    edge = sd**2 / 0.5
    (band,) = ax.patches
    assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx((-edge, edge))
    assert to_hex(band.get_facecolor()) == LOOKS["Laplace"].color
    assert f"dead zone: mode = 0\nfor |z| ≤ {edge:.4g}" in texts(ax)
    assert f"exactly 0 for |z| <= {edge:.4g};" in shrinkage_caption(priors, sd)
    identity = lines["no shrinkage"].get_xydata()
    np.testing.assert_array_equal(identity[:, 0], identity[:, 1])


def test_the_mode_is_zero_in_the_dead_zone_only_and_the_mean_at_zero_only():
    prior, sd = Laplace(0.4), 0.9
    table, edge = shrinkage_table(prior, sd), dead_zone_edge(prior, sd)
    assert set(table.z[table.z.abs() == edge]) == {-edge, edge}
    np.testing.assert_array_equal(table["mode"] == 0, table.z.abs() <= edge)
    np.testing.assert_array_equal(table["mean"] == 0, table.z == 0)


def test_the_posterior_mean_in_the_caption_is_that_of_the_density():
    prior, sd = Laplace(0.5), 1.0
    edge = dead_zone_edge(prior, sd)

    def density(b):
        return math.exp(-0.5 * (b - edge) ** 2 - abs(b) / 0.5)

    mass, mean = (
        sum(
            integrate.quad(lambda b, k=k: b**k * density(b), *ends)[0] for ends in ((-9, 0), (0, 9))
        )
        for k in (0, 1)
    )
    assert f"and {mean / mass:.3g} at the edge" in shrinkage_caption(prior, sd)


def test_dead_zone_of_a_prior_in_units_of_the_noise():
    prior = Laplace(0.5, scaled_by_noise=True)
    edge = dead_zone_edge(prior, sd=3.0)
    assert edge == pytest.approx(6.0)
    assert float(prior.shrink(edge * (1 - 1e-12), 3.0)) == 0
    assert float(prior.shrink(edge * (1 + 1e-9), 3.0)) > 0


def test_the_flat_prior_does_not_shrink():
    table = shrinkage_table([Gaussian(np.inf), Laplace(np.inf)])
    np.testing.assert_array_equal(table["mode"], table.z)
    np.testing.assert_allclose(table["mean"], table.z, atol=1e-12)


# style


def test_every_look_has_its_own_luminance_and_priors_their_own_line():
    levels = sorted(lightness(look.color) for look in LOOKS.values())
    assert np.diff(levels).min() > 5
    families = ("Gaussian", "Laplace", "ElasticNet", "StudentT", "Cauchy", "Horseshoe")
    priors = [LOOKS[name] for name in (*families, "SpikeAndSlab", "NormalGamma")]
    assert len({look.linestyle for look in priors}) == 8
    assert np.diff([lightness(look.color) for look in priors[:3]]).min() > 8


def test_words_in_the_ink_of_a_look_can_be_read():
    def contrast_to_white(color):
        return 1.05 / (luminance(color) + 0.05)

    assert contrast_to_white("#767676") == pytest.approx(4.54, abs=0.005)  # of WCAG
    for look in LOOKS.values():
        assert contrast_to_white(look.ink) >= 4.5
        assert look.ink == look.color or contrast_to_white(look.color) < 4.5


def test_the_cycle_of_the_style_sheet_is_the_looks():
    with house_style():
        cycle = list(matplotlib.rcParams["axes.prop_cycle"])
    order = (
        "Gaussian",
        "Laplace",
        "ElasticNet",
        "penalised fit",
        "least squares",
        "likelihood",
        "posterior",
    )
    drawn = [("#" + entry["color"].lstrip("#"), entry["linestyle"]) for entry in cycle]
    assert drawn == [(LOOKS[name].color, LOOKS[name].linestyle) for name in order]


@pytest.mark.parametrize("name", PLOTS)
def test_style_stays_inside_and_given_axes_keep_theirs(name, new_axes, tmp_path):
    rows = 2 if name == "prior_shapes" else 1
    matplotlib.rcParams["backend"]  # resolved once, by whoever asks first
    before = dict(matplotlib.rcParams)
    given = new_axes(rows)
    size = np.ravel(given)[0].xaxis.label.get_size()
    drawn = PLOTS[name](given)
    save_figure(drawn, tmp_path / "figure.pdf")
    assert all(a is b for a, b in zip(np.ravel(drawn), np.ravel(given), strict=True))
    assert np.ravel(given)[0].xaxis.label.get_size() == size
    own = np.ravel(PLOTS[name](None))
    assert own[0].figure.get_size_inches()[0] == 3.4
    assert own[-1].xaxis.label.get_size() == 8
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("name", PLOTS)
def test_no_text_leaves_a_one_column_figure(name):
    axes = np.ravel(PLOTS[name](None))
    figure = axes[0].figure
    figure.canvas.draw()
    width, height = figure.bbox.width, figure.bbox.height
    shown = [text for ax in axes for text in (*ax.texts, ax.xaxis.label, ax.yaxis.label)]
    shown += [text for ax in axes if ax.get_legend() for text in ax.get_legend().get_texts()]
    for text in shown:
        box = text.get_window_extent()
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= width, text
        assert box.y1 <= height, text


@pytest.mark.parametrize("written", ["w^2", "w^2/2"])
def test_notes_on_the_pull_figure_touch_neither_each_other_nor_a_curve(written):
    ax = plot_pull(written=written)
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    for line in ax.get_legend_handles_labels()[0]:
        points = ax.transData.transform(line.get_xydata())
        dense = np.concatenate([np.linspace(a, b, 20) for a, b in pairwise(points)])
        assert not any(box.contains(*point) for box in boxes for point in dense)


# files


@pytest.mark.parametrize(
    ("format", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_figures_are_written_whole_and_the_same_every_time(format, start, tmp_path):
    first = write_figures(tmp_path / "new" / "folder", format)
    second = write_figures(tmp_path / "again", format=format)
    names = [
        f"{name}.{format}" for name in ("prior-shapes", "pull", "shrinkage", "shrinkage-profile")
    ]
    names.append("captions.txt")
    assert [path.name for path in first] == names
    assert sorted(path.name for path in first[0].parent.iterdir()) == sorted(names)
    for a, b in zip(first, second, strict=True):
        assert a.read_bytes().startswith(start if a.suffix != ".txt" else b"prior-shapes.")
        assert a.read_bytes() == b.read_bytes()


def test_nothing_is_cut_off_at_the_border_of_a_written_figure(tmp_path):
    for path in write_figures(tmp_path)[:-1]:
        image = matplotlib.image.imread(path)[..., :3]
        for border in (image[0], image[-1], image[:, 0], image[:, -1]):
            assert (border == 1).all(), path.name
        assert image.min() < 0.1, "and yet something is drawn"
        assert image.shape[1] == 3.4 * 300


def test_vector_files_embed_their_glyphs_and_keep_the_caption(tmp_path, new_axes):
    drawn, caption = plot_pull(ax=new_axes()), pull_caption()
    svg = save_figure(drawn, tmp_path / "pull.svg", caption=caption).read_text(encoding="utf-8")
    tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(svg).iter()}
    assert "text" not in tags  # glyphs are paths: no font is needed to read them
    assert "29.999 times as much" in svg
    pdf = save_figure(drawn, tmp_path / "pull.pdf", caption=caption).read_bytes()
    assert b"/CIDFontType2" in pdf  # TrueType; /Type3 is what journals refuse
    assert b"/Type3" not in pdf


def test_writing_figures_opens_no_pyplot(tmp_path):
    code = (
        "import sys, priormap.plots as plots\n"
        "plots.write_figures(sys.argv[1])\n"
        "heavy = {'matplotlib.pyplot', 'pymc', 'arviz', 'sklearn', 'numba'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_interrupted_write_leaves_neither_part_nor_damage(tmp_path, monkeypatch, new_axes):
    old = tmp_path / "figure.png"
    old.write_bytes(b"old")

    def fail(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(PriormapError, match=r"No space left on device.*choose a folder"):
        save_figure(plot_shrinkage(ax=new_axes()), old)
    assert old.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["figure.png"]


# bad input


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: plot_prior_shapes([]), "priors is empty; give at least one"),
        (lambda: plot_prior_shapes("gaussian"), "priors must be a list of priors"),
        (lambda: plot_prior_shapes(3.0), "priors must be a list of priors .* got 3.0"),
        (lambda: plot_prior_shapes(["lasso"]), "must hold Gaussian, .* or SpikeAndSlab priors"),
        (lambda: plot_prior_shapes({1: Laplace(1.0)}), "priors must be named by strings"),
        (lambda: plot_prior_shapes(Gaussian([1.0, 2.0])), "has 2 scales and a figure shows one"),
        (lambda: plot_shrinkage(Laplace(HalfNormal(1.0))), "learns its scale .* give Laplace"),
        (lambda: plot_prior_shapes(Gaussian(np.inf)), "is flat .* give a finite scale"),
        (lambda: plot_pull(Laplace(np.inf)), "is flat .* give a finite scale"),
        (lambda: plot_shrinkage([Laplace(1.0), Laplace(1.0)]), "two priors that read 'Laplace,"),
        (lambda: plot_prior_shapes(match="variance"), "match must be 'sd' or 'given'"),
        (
            lambda: plot_prior_shapes([Laplace(1.0), Laplace(2.0)]),
            "makes all Laplace priors the same curve; use match='given'",
        ),
        (
            lambda: plot_pull([Laplace(1.0), Gaussian(1.0, scaled_by_noise=True)]),
            "priors mixes scales in units of the noise",
        ),
        (lambda: plot_pull(written="w**2"), "written must be 'w\\^2' or 'w\\^2/2'"),
        (lambda: plot_pull(Laplace(1.0), written="w^2"), "drop it, or drop priors"),
        (lambda: plot_pull(weights=(0.0, 1.0)), "weights must be a positive finite number, got 0"),
        (lambda: plot_pull(weights=()), "weights must be a tuple of positive numbers"),
        (lambda: plot_pull(weights=2.0), "weights must be a tuple of positive numbers"),
        (lambda: plot_pull(step=0.1), "step must not exceed the smallest of weights, 0.02"),
        (lambda: plot_pull(step=-1.0), "step must be a positive finite number"),
        (lambda: plot_shrinkage(sd=0.0), "sd must be a positive finite number"),
        (lambda: plot_shrinkage(ax="here"), "ax must be a matplotlib Axes, got str"),
        (lambda: plot_prior_shapes(axes=[1, 2, 3]), "axes must be 2 matplotlib Axes"),
        (lambda: save_figure("figure", "x.png"), "drawn must be a matplotlib Figure or Axes"),
        (lambda: save_figure(Figure(), "x.bmp"), "format must be png, svg or pdf, got 'bmp'"),
        (lambda: save_figure(Figure(), "x"), "format must be png, svg or pdf, got ''"),
        (lambda: save_figure(Figure(), "nowhere/x.png"), "cannot write .*choose a folder"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(PriormapError, match=sentence) as refusal:
        call()
    assert "\n" not in str(refusal.value)


def test_nothing_is_written_when_the_format_is_unknown_or_the_folder_cannot_be(
    tmp_path, monkeypatch
):
    with pytest.raises(PriormapError, match="format must be png, svg or pdf, got 'gif'"):
        write_figures(tmp_path / "a", "gif")
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(PriormapError, match="is a file; name another"):
        write_figures(file / "b")
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(PriormapError, match="no permission to write"):
        write_figures(tmp_path / "c")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
