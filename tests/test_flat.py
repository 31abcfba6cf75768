"""The flat prior: a member like others, least squares its mode, and nothing that it cannot give."""

import numpy as np
import pytest

import priormap as pmap
from priormap import plots
from priormap.cli import run
from priormap.cli.choices import _unit

FLAT = pmap.Flat()


def make(sigma=None, p=3, n=25):
    rng = np.random.default_rng(1)
    X = rng.normal(3.0, 2.0, size=(n, p))
    y = 1.0 + X @ np.linspace(2, 0, p) + rng.normal(size=n)
    return pmap.Regression(X, y, sigma=sigma, standardize=True)


def test_one_coefficient():
    b = np.array([-3.0, 0.0, 1e300])
    for answer in (FLAT.logpdf, FLAT.penalty, FLAT.pull):
        np.testing.assert_array_equal(answer(b), np.zeros(3))
    np.testing.assert_array_equal(FLAT.shrink(b, 2.0), b)
    np.testing.assert_array_equal(FLAT.posterior_mean(b, 2.0), b)
    assert FLAT.sd == FLAT.spread == FLAT.interval(0.5) == np.inf
    assert FLAT.probability(7.0) == FLAT.dead_zone(1.0) == 0
    assert FLAT.is_flat
    assert FLAT == pmap.Flat() == FLAT.stretched([2.0, 3.0]).on_columns([0]) != pmap.Laplace()
    assert eval(repr(FLAT), vars(pmap)) == FLAT
    assert FLAT.parameters == {}


@pytest.mark.parametrize("sigma", [0.7, None], ids=["known", "unknown"])
def test_the_mode_is_least_squares(sigma):
    data = make(sigma)
    fit = pmap.find_map(data, FLAT)
    assert fit.certificate.is_mode
    design = np.column_stack([np.ones(25), data.X])
    expected = np.linalg.lstsq(design, data.y, rcond=None)[0]
    np.testing.assert_allclose([fit.intercept, *fit.coef], expected, rtol=1e-10)
    audit = pmap.audit(data, FLAT, expected[1:], **({} if sigma else {"sigma": 1.0}))
    assert audit.is_mode
    compared = pmap.compare_map(data, {"flat": FLAT})
    assert "LinearRegression() equals the Flat MAP" in repr(compared)


@pytest.mark.parametrize("sigma", [0.7, None], ids=["known", "unknown"])
def test_the_posterior_is_that_of_infinite_scales(sigma):
    data = make(sigma)
    ours, theirs = (
        pmap.sample(data, prior, random_seed=1)["posterior"] for prior in (FLAT, pmap.Laplace(1e9))
    )
    spread = theirs["coef"].std(("chain", "draw"))
    apart = (ours["coef"].mean(("chain", "draw")) - theirs["coef"].mean(("chain", "draw"))) / spread
    assert abs(apart).max() < 0.1
    np.testing.assert_allclose(ours["coef"].std(("chain", "draw")), spread, rtol=0.06)
    assert pmap.pymc_model(data, FLAT)["coef"] is not None


def test_a_direction_without_data_is_improper():
    data = pmap.Regression(np.vander([1.0, 2.0, 3.0], 5)[:, :4], [1.0, 2.0, 4.0], sigma=1.0)
    with pytest.raises(pmap.PriormapError, match="improper: 4 columns have a flat prior"):
        pmap.sample(data, FLAT)


def test_where_a_proper_prior_is_needed_it_is_refused():
    data, rng = make(1.0), np.random.default_rng(0)
    with pytest.raises(pmap.PriormapError, match=r"Flat\(\) is flat, and so improper.* no draws"):
        FLAT.rvs(3, rng)
    with pytest.raises(pmap.PriormapError, match="flat and predicts nothing"):
        plots.plot_prior_predictive(data, {"flat": FLAT})
    for draw in (plots.plot_prior_shapes, plots.plot_pull):
        with pytest.raises(pmap.PriormapError, match="flat and has no shape to draw"):
            draw({"flat": FLAT})
    for verb in (FLAT.with_scale, FLAT.with_hyperprior, lambda one: pmap.map_path(data, FLAT)):
        with pytest.raises(pmap.PriormapError, match="no scale to give, choose or learn"):
            verb(pmap.HalfCauchy(1.0) if verb == FLAT.with_hyperprior else 2.0)
    with pytest.raises(pmap.PriormapError, match="no scale to choose"):
        pmap.choose_scale(data, "flat")
    found = pmap.compare_priors(data, {"flat": FLAT, "lasso": pmap.Laplace(0.5)}, draws=300)
    assert np.isnan(found.table.loc["flat", "log_evidence"])
    assert any("improper" in note for note in found.notes)


def test_on_the_command_line(capsys):
    assert run(["compare", "--prior", "flat"]) == 0
    assert "LinearRegression" in capsys.readouterr().out
    assert run(["compare", "--prior", "flat", "--prior", "laplace", "--scale", "3"]) == 0
    assert run(["compare", "--prior", "flat", "--scale", "3"]) == 2
    assert "no scale" in capsys.readouterr().err
    few = ["--draws", "200", "--seed", "1"]
    assert run(["contrast", "--prior", "flat", "--prior", "laplace", *few]) == 0
    assert run(["rank", "--prior", "flat", "--prior", "horseshoe", "--scale", "learn", *few]) == 0


def test_the_name_that_people_type():
    with pytest.raises(AttributeError, match="did you mean Gaussian"):
        _ = pmap.Normal


@pytest.mark.parametrize(
    ("word", "prior"),
    [
        ("student_t(df=4)", pmap.StudentT(4.0)),
        ("r2d2(mean_r2=0.3, precision=5)", pmap.R2D2(0.3, 5.0)),
        ("spike_and_slab(inclusion=0.1)", pmap.SpikeAndSlab(0.1)),
        ("horseshoe(global_scale=0.1,slab_scale=2)", pmap.Horseshoe(0.1, slab_scale=2.0)),
    ],
)
def test_numbers_in_brackets(word, prior):
    assert _unit(word) == prior


@pytest.mark.parametrize("word", ["student_t(dof=4)", "student_t(df=many)", "r2d2(mean_r2=1)"])
def test_bad_numbers_in_brackets(word, capsys):
    assert run(["rank", "--prior", word]) == 2
    assert capsys.readouterr().err.count("\n") == 1
