"""Convergence diagnostics of many parameters at once: those of arviz_stats, one at a time."""

import numpy as np
import pytest
from arviz_stats.base import array_stats

from priormap.posterior.convergence import Convergence

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
    np.testing.assert_allclose(bulk, array_stats.ess(few, method="bulk", **AXES), rtol=1e-12)
    np.testing.assert_allclose(
        tail, array_stats.ess(few, method="tail", prob=tails, **AXES), rtol=1e-12
    )
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


def test_constant_draws_have_no_r_hat_and_count_as_independent():
    found = Convergence.of(np.full((4, 100, 2), 7.0))
    np.testing.assert_array_equal(found.ess_bulk, 400.0)
    np.testing.assert_array_equal(found.ess_tail, 400.0)
    assert np.isnan(found.rhat).all()


def test_no_parameter_has_no_diagnosis():
    assert [values.shape for values in Convergence.of(np.empty((4, 10, 0)))] == [(0,)] * 3


def test_negative_control_the_comparison_sees_a_missing_fold():
    """The r-hat of ranks alone is far from arviz's where only the spread differs."""
    draws = wide_and_narrow()
    ranks = array_stats.rhat(draws, method="z_scale", **AXES)
    assert (np.abs(Convergence.of(draws).rhat / ranks - 1) > 0.01).all()
