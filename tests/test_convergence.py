"""Convergence diagnostics of many parameters at once: those of arviz_stats, one at a time."""

from types import SimpleNamespace

import numpy as np
import pytest
from arviz_stats.base import array_stats

from priormap import Laplace, Regression, contrast, prior_sensitivity, sample
from priormap.cli import run
from priormap.errors import PriormapWarning
from priormap.posterior.convergence import (
    Convergence,
    ess_of_means,
    rhat_in_words,
    troubles,
    warn_of_bad_diagnostics,
)
from priormap.report.sections import about_diagnostics

AXES = {"chain_axis": 0, "draw_axis": 1}


def autoregressive(shape, correlation, seed=0):
    draws = np.random.default_rng(seed).standard_normal(shape)
    for t in range(1, shape[1]):
        draws[:, t] += correlation * draws[:, t - 1]
    return draws


def tied():
    return np.round(autoregressive((4, 200, 12), 0.5))


def apart():
    """Chains around means of their own."""
    return autoregressive((4, 300, 5), 0.3) + np.arange(4.0)[:, None, None]


def wide_and_narrow():
    """Chains of one mean and different spread, which only folding sees."""
    return autoregressive((3, 400, 4), 0.2) * np.array([1.0, 3.0, 0.1])[:, None, None]


def heavy():
    return np.random.default_rng(1).standard_cauchy((4, 250, 6))


def partly_constant():
    draws = autoregressive((4, 100, 4), 0.5)
    draws[:, :, 1] = 3.0
    draws[0, :, 2] = -1.0  # one chain is stuck
    draws[:, :, 3] = (draws[:, :, 3] > 1.5).astype(float)
    return draws


CASES = {
    "independent": lambda: autoregressive((4, 1000, 7), 0.0),
    "slow": lambda: autoregressive((4, 1000, 7), 0.97),
    "alternating": lambda: autoregressive((4, 1000, 7), -0.9),
    "random walk": lambda: autoregressive((4, 999, 5), 1.0),
    "odd": lambda: autoregressive((3, 101, 9), 0.8),
    "one chain": lambda: autoregressive((1, 500, 4), 0.5),
    "four draws": lambda: autoregressive((4, 4, 60), 0.5),
    "five draws": lambda: autoregressive((4, 5, 60), 0.5),
    "seven draws": lambda: autoregressive((2, 7, 60), 0.3),
    "one chain of nine": lambda: autoregressive((1, 9, 60), 0.3),
    "blocks": lambda: autoregressive((2, 50, 3000), 0.4),
    "ties": tied,
    "apart": apart,
    "wide and narrow": wide_and_narrow,
    "heavy tails": heavy,
    "constant": partly_constant,
}


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning:arviz_stats")  # constant draws
@pytest.mark.parametrize("case", CASES)
def test_the_numbers_are_those_of_arviz_stats(case):
    draws = CASES[case]()
    step = max(1, draws.shape[-1] // 60)  # arviz_stats takes its time
    bulk, tail, rhat = (values[::step] for values in Convergence.of(draws))
    few, tails = draws[..., ::step], (0.05, 0.95)
    varies = np.ptp(few, axis=(0, 1)) > 0  # of other draws arviz counts all
    theirs = (
        array_stats.ess(few, method="bulk", **AXES),
        array_stats.ess(few, method="tail", prob=tails, **AXES),
    )
    for ours, size in zip((bulk, tail), theirs, strict=True):
        np.testing.assert_allclose(ours, np.where(varies, size, 0.0), rtol=1e-12)
    if len(draws) > 1:
        np.testing.assert_allclose(rhat, array_stats.rhat(few, **AXES), rtol=1e-12)


def test_r_hat_of_one_chain_compares_its_halves():
    draws = autoregressive((1, 400, 3), 0.5)
    assert (Convergence.of(draws).rhat < 1.05).all()
    drift = np.linspace(0.0, 12.0, 400)[:, None]
    assert (Convergence.of(draws + drift).rhat > 1.5).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_draw_that_is_no_finite_number_is_nan_and_spoils_no_other_parameter(bad):
    draws = autoregressive((4, 100, 3), 0.2)
    clean = Convergence.of(draws)
    draws[2, 17, 1] = bad
    for values, before in zip(Convergence.of(draws), clean, strict=True):
        assert np.isnan(values[1])
        np.testing.assert_array_equal(values[[0, 2]], before[[0, 2]])


@pytest.mark.parametrize("chains", [1, 4])
@pytest.mark.parametrize("value", [7.0, 0.0, -1e-300, 1e300])
def test_draws_that_are_all_equal_are_worth_nothing_and_have_no_r_hat(value, chains):
    draws = autoregressive((chains, 100, 3), 0.2)
    draws[..., 1] = value
    found = Convergence.of(draws)
    assert found.ess_bulk[1] == found.ess_tail[1] == ess_of_means(draws)[1] == 0.0
    assert np.isnan(found.rhat[1])
    clean = Convergence.of(draws[..., [0, 2]])
    for values, before in zip(found, clean, strict=True):
        np.testing.assert_array_equal(values[[0, 2]], before)


@pytest.mark.parametrize("unit", [1e-250, 1e-30, 1.0, 1e30, 1e300])
def test_sizes_do_not_depend_on_units(unit):
    draws = autoregressive((4, 200, 3), 0.5)
    sizes = Convergence.of(draws * unit)
    np.testing.assert_allclose(sizes, Convergence.of(draws), rtol=1e-9)
    np.testing.assert_allclose(ess_of_means(draws * unit), ess_of_means(draws), rtol=1e-9)


def test_the_size_for_means_is_that_of_arviz_stats():
    draws = autoregressive((4, 301, 6), 0.8)
    theirs = array_stats.ess(draws, method="mean", **AXES)
    np.testing.assert_allclose(ess_of_means(draws), theirs, rtol=1e-12)
    draws[1, 3, 2] = np.nan
    assert (ess_of_means(draws) == 0).tolist() == [False, False, True, False, False, False]


GOOD = {"min_ess_bulk": 900.0, "min_ess_tail": 800.0, "max_rhat": 1.002}


class TestWords:
    def test_good_draws_and_independent_ones_have_no_trouble(self):
        assert troubles(GOOD) == troubles({}) == []
        assert rhat_in_words(GOOD) == "1.0020"

    @pytest.mark.parametrize(
        ("found", "said"),
        [
            ({"max_rhat": np.nan, "stuck": "sigma"}, "draws of sigma are constant or not finite"),
            ({"max_rhat": np.inf}, "infinite: chains stand still"),
            ({"max_rhat": 1.0101}, "up to 1.010 (should be below 1.01)"),
            ({"min_ess_tail": 12.0}, "an effective sample size is 12 (should be 400)"),
            ({"min_ess_tail": np.nan}, "an effective sample size is 0 (should be 400)"),
            ({"n_divergences": 3}, "3 transitions diverged"),
        ],
    )
    def test_a_failure_is_said_in_words(self, found, said):
        [sentence] = troubles(GOOD | found)
        assert said in sentence
        assert "nan" not in sentence
        with pytest.warns(PriormapWarning, match="not to be trusted yet") as caught:
            warn_of_bad_diagnostics(GOOD | found)
        assert sentence in str(caught[0].message)


def small():
    X = np.random.default_rng(0).standard_normal((20, 2))
    return Regression(X, X[:, 0] + np.random.default_rng(1).standard_normal(20))


def hold(monkeypatch, name, value):
    """Let the kernels return draws in which one quantity stands still."""
    from dataclasses import replace

    from priormap.posterior import kernels

    whole = kernels.draw_mixture

    def stuck(*arguments):
        drawn = whole(*arguments)
        held = getattr(drawn, name).copy()
        (held[..., -1] if held.ndim == 3 else held)[...] = value
        return replace(drawn, **{name: held})

    monkeypatch.setattr(kernels, "draw_mixture", stuck)


@pytest.mark.parametrize("chains", [1, 2])
@pytest.mark.parametrize(("name", "value"), [("sigma", 2.0), ("coef", 0.0), ("coef", np.nan)])
def test_a_learnt_quantity_that_stands_still_is_never_trusted(monkeypatch, chains, name, value):
    hold(monkeypatch, name, value)
    with pytest.warns(PriormapWarning, match=f"draws of {name} are constant or not finite"):
        tree = sample(small(), Laplace(1.0), 1000, chains=chains, random_seed=1)
    assert tree.attrs["min_ess_bulk"] == tree.attrs["min_ess_tail"] == 0.0
    assert not tree.attrs["max_rhat"] <= 1.01
    assert tree.attrs["stuck"] == name


def test_one_chain_is_judged_by_its_halves(monkeypatch):
    tree = sample(small(), Laplace(1.0), 2000, chains=1, random_seed=1)
    assert 0.99 < tree.attrs["max_rhat"] < 1.01
    hold(monkeypatch, "sigma", np.linspace(1.0, 2.0, 2000))
    with pytest.warns(PriormapWarning, match=r"r-hat is up to [1-9]"):
        tree = sample(small(), Laplace(1.0), 2000, chains=1, random_seed=1)
    assert tree.attrs["max_rhat"] > 1.5


@pytest.mark.filterwarnings("ignore:these draws are not to be trusted:UserWarning")
def test_command_and_report_say_it_in_words(monkeypatch, capsys, tmp_path):
    hold(monkeypatch, "sigma", 2.0)
    words = "not defined: draws of sigma are constant or not finite"
    table = contrast(small(), {"lasso": Laplace(1.0)}, draws=200, random_seed=1)
    _, doubts, numbers = about_diagnostics(SimpleNamespace(table=table))
    assert f"r-hat is {words}" in doubts.sentences[0]
    assert ["largest r-hat", words] in [[str(cell) for cell in row] for row in numbers.rows]
    csv = tmp_path / "rows.csv"
    table = np.column_stack([small().X, small().y])
    np.savetxt(csv, table, delimiter=",", header="a,b,y", comments="")
    assert run(["sample", str(csv), "--target", "y", "-o", str(tmp_path / "draws.nc")]) == 0
    said = capsys.readouterr()
    assert f"largest r-hat {words}" in said.out
    assert f"r-hat is {words}" in said.err
    assert "nan" not in said.out + said.err


@pytest.mark.filterwarnings("ignore:these draws are not to be trusted:UserWarning")
@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")  # of power scaling
def test_a_coefficient_that_stands_still_has_no_monte_carlo_error(monkeypatch):
    hold(monkeypatch, "coef", 0.25)
    table = prior_sensitivity(small(), Laplace(1.0), draws=200, random_seed=1)
    assert np.isnan(table.coefficients["mean_slope_error"].iloc[1])
    assert np.isfinite(table.coefficients["mean_slope_error"].iloc[0])


def test_no_parameter_has_no_diagnosis():
    assert [values.shape for values in Convergence.of(np.empty((4, 10, 0)))] == [(0,)] * 3


def test_negative_control_the_comparison_sees_a_missing_fold():
    """The r-hat of ranks alone is far from arviz's where only the spread differs."""
    draws = wide_and_narrow()
    ranks = array_stats.rhat(draws, method="z_scale", **AXES)
    assert (np.abs(Convergence.of(draws).rhat / ranks - 1) > 0.01).all()
