"""Figures of one coefficient with an elastic net prior in them."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from priormap import ElasticNet, Gaussian, HalfNormal, Laplace, PriormapError
from priormap.plots import (
    LOOKS,
    dead_zone_edge,
    plot_prior_shapes,
    plot_pull,
    plot_shrinkage,
    prior_shapes_caption,
    prior_shapes_table,
    pull_caption,
    shrinkage_caption,
    shrinkage_table,
)

NET = ElasticNet(0.5, 1.0)
ALL = [Gaussian(1.0), Laplace(0.5), NET]
NAME = "ElasticNet, scales 0.5 and 1"


def line_of(ax, label):
    (line,) = (line for line in ax.get_lines() if line.get_label() == label)
    return line


def test_shapes_are_densities_with_one_standard_deviation():
    upper, lower = plot_prior_shapes(ALL, axes=Figure().subplots(2))
    line = line_of(upper, NAME)
    assert line.get_color() == LOOKS["ElasticNet"].color
    x, density = line.get_data()
    np.testing.assert_allclose(density, NET.sd * np.exp(NET.logpdf(x * NET.sd)), rtol=1e-13)
    np.testing.assert_allclose(line_of(lower, NAME).get_ydata(), -np.log(density), atol=1e-12)
    assert "two branches of a parabola that meet in a corner" in prior_shapes_caption(ALL)


def test_elastic_nets_of_two_ratios_have_two_shapes_and_of_one_ratio_one():
    nets = {"even": ElasticNet(1.0, 1.0), "mostly L1": ElasticNet(1.0, 4.0)}
    table = prior_shapes_table(nets)
    even, other = (table[(table.prior == name) & (table.coef == 0)] for name in nets)
    assert other["density"].item() > even["density"].item()
    with pytest.raises(PriormapError, match="makes all ElasticNet priors the same curve"):
        plot_prior_shapes([ElasticNet(1.0, 2.0), ElasticNet(2.0, 4.0)])


def test_pull_is_drawn_with_its_interval_once():
    ax = plot_pull(ALL, ax=Figure().subplots())
    x, pull = line_of(ax, NAME).get_data()
    np.testing.assert_array_equal(pull[:2], [0.0, 2.0])
    np.testing.assert_allclose(pull[2:], 2.0 + x[2:], rtol=1e-14)
    notes = [text.get_text() for text in ax.texts]
    assert notes.count("at 0: any in\n[−2, 2]") == 1
    assert f"At 0 the pull of {NAME} is any number from -2 to 2." in pull_caption(ALL)


@pytest.mark.parametrize("by_noise", [False, True])
def test_the_dead_zone_ends_where_the_mode_leaves_zero(by_noise):
    prior, sd = ElasticNet(0.3, 0.8, scaled_by_noise=by_noise), 0.7
    edge = dead_zone_edge(prior, sd)
    assert prior.shrink(edge, sd) == 0
    assert prior.shrink(np.nextafter(edge, 9), sd) > 0
    table = shrinkage_table(prior, sd)
    np.testing.assert_array_equal(table["mode"] == 0, table.z.abs() <= edge)
    np.testing.assert_array_equal(table["mean"] == 0, table.z == 0)
    assert dead_zone_edge(ElasticNet(np.inf, 1.0)) == 0


def test_shrinkage_draws_mode_and_mean():
    ax = plot_shrinkage(ALL, ax=Figure().subplots())
    z, mode = line_of(ax, f"{NAME}: mode").get_data()
    np.testing.assert_array_equal(mode, NET.shrink(z, 1.0))
    np.testing.assert_array_equal(
        line_of(ax, f"{NAME}: mean").get_ydata(), NET.posterior_mean(z, 1.0)
    )
    assert "dead zone: mode = 0\nfor |z| ≤ 2" in [text.get_text() for text in ax.texts]
    assert f"{NAME}: the mode is exactly 0 for |z| <= 2;" in shrinkage_caption(ALL)
    limit = plot_shrinkage({"n": ElasticNet(np.inf, 1.0)}, ax=Figure().subplots())
    assert line_of(limit, "n: mode and mean")


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        (ElasticNet([1.0, 2.0], 1.0), "has 2 scales .* give ElasticNet.l1_scale"),
        (ElasticNet(hyperprior=HalfNormal(1.0)), "learns its scale .* give ElasticNet.l1_scale"),
        (ElasticNet(np.inf, np.inf), "is flat"),
    ],
)
def test_priors_without_one_shape_are_refused(prior, message):
    with pytest.raises(PriormapError, match=message):
        plot_pull(prior)
