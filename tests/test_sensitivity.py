"""Sensitivity to the strength of the prior: slopes, reweighting, and how far it carries."""

import arviz_stats
import numpy as np
import pytest

from priormap import (
    ElasticNet,
    Gaussian,
    HalfCauchy,
    HalfNormal,
    Laplace,
    PriormapError,
    Regression,
    find_map,
    prior_sensitivity,
    sample,
)
from priormap.criteria import pareto_smoothing
from priormap.criteria.pareto_smoothing import smoothed_log_weights
from priormap.criteria.power_scaling import mode_slope


@pytest.fixture
def data(rng):
    X = 3.0 + rng.normal(size=(40, 5)) * [1, 2, 0.5, 1, 1]
    y = X @ [1.0, -0.5, 0.0, 0.1, 0.0] + rng.normal(size=40)
    return Regression(X, y, sigma=1.0, standardize=True)


PRIORS = [Gaussian([0.2, 0.4, 0.4, 0.2, 0.2]), Laplace(0.15), ElasticNet(0.2, 0.4)]


@pytest.mark.parametrize("prior", PRIORS)
def test_the_slope_of_the_mode_is_that_of_its_path(data, prior):
    step = 1e-5
    above, below = (
        find_map(data, prior.power_scaled(np.exp(sign * step))).coef for sign in (1, -1)
    )
    found = mode_slope(find_map(data, prior))
    np.testing.assert_allclose(found, (above - below) / (2 * step), rtol=1e-5, atol=1e-9)
    if not isinstance(prior, Gaussian):
        zeros = find_map(data, prior).coef == 0
        assert zeros.any()
        assert (found[zeros] == 0).all()


def test_the_slope_of_the_mode_with_every_column_at_zero(data):
    assert (mode_slope(find_map(data, Laplace(1e-4))) == 0).all()


def test_the_slope_of_the_posterior_mean_under_a_gaussian_prior_is_that_of_the_mode(data):
    """Mean and mode are one there, so that the covariance estimates a known number."""
    table = prior_sensitivity(data, PRIORS[0], random_seed=1).coefficients
    off = (table["mean_slope"] - table["mode_slope"]) / table["mean_slope_error"]
    assert off.abs().max() < 4
    assert (table["mean_slope"] / table["mean_slope_error"]).abs().max() > 20


@pytest.mark.parametrize(
    ("prior", "sigma"), [(Laplace(0.2), 1.0), (Laplace(0.2, True), HalfNormal(2.0))]
)
def test_the_reweighted_posterior_is_that_of_a_fresh_run(data, prior, sigma):
    data = Regression(data.X, data.y, sigma=sigma, standardize=True)
    powers = [0.6, 1.6]
    found = prior_sensitivity(data, prior, powers, random_seed=1)
    assert found.powers["reliable"].all()
    wrong = found.path[found.path["power"] == 1.0]
    gaps = []
    for power in powers:
        fresh = sample(data, prior.power_scaled(power), draws=2000, random_seed=2)["posterior"]
        part = found.path[found.path["power"] == power]
        mean = fresh["coef"].mean(("chain", "draw")).to_numpy()
        error = arviz_stats.mcse(fresh)["coef"].to_numpy()
        both = np.hypot(part["mean_error"], error)
        assert (np.abs(part["mean"] - mean) < 4.5 * both).all()
        gaps.append(np.abs(wrong["mean"].to_numpy() - mean) / both)
        ends = fresh["coef"].quantile([0.025, 0.975], ("chain", "draw")).to_numpy()
        sd = fresh["coef"].std(("chain", "draw")).to_numpy()
        ess = found.powers.set_index("power").loc[power, "ess"] / 4000
        ess *= arviz_stats.ess(found.posterior, method="tail")["coef"].to_numpy()
        allowed = 4.5 * np.sqrt(0.025 * 0.975 / ess) / 0.058 * sd  # the density there, if normal
        assert (np.abs(part["low"] - ends[0]) < allowed).all()
        assert (np.abs(part["high"] - ends[1]) < allowed).all()
        assert (allowed < 1.2 * sd).all()
    assert np.max(gaps) > 8  # negative control: the unweighted means would be caught


def test_the_path_holds_the_exact_modes(data):
    found = prior_sensitivity(data, Laplace(0.2), [0.5, 2.0], random_seed=1)
    part = found.path[found.path["power"] == 2.0]
    np.testing.assert_array_equal(part["mode"], find_map(data, Laplace(0.1)).coef)
    assert found.powers["scale"].tolist() == [0.4, 0.2, 0.1]


def test_draws_are_not_believed_beyond_their_reach(data):
    # k-hat is 1.3 or more at the power 0.01 and 50 at 50, whatever the draws
    found = prior_sensitivity(data, Laplace(0.05), [0.01, 1.2, 50.0, 51.0], random_seed=1)
    assert found.powers["reliable"].tolist() == [False, True, True, False, False]
    assert found.reach == (1.0, 1.2)
    assert set(found.path["power"]) == {1.0, 1.2}


def test_the_diagnostic_is_that_of_arviz_stats(data, capsys):
    found = prior_sensitivity(data, Laplace(0.2), random_seed=1)
    tree = sample(data, Laplace(0.2), random_seed=1, include="log_likelihood")
    summary = arviz_stats.psense_summary(
        tree, var_names=["coef"], prior_var_names=["coef"], round_to=12
    )
    capsys.readouterr()
    np.testing.assert_allclose(found.coefficients["prior"], summary["prior"], atol=1e-8)
    np.testing.assert_allclose(found.coefficients["likelihood"], summary["likelihood"], atol=1e-8)
    words = summary["diagnosis"].str.replace("potential ", "").tolist()
    assert found.coefficients["diagnosis"].tolist() == words


def test_it_prints_what_it_found(data):
    found = prior_sensitivity(data, Laplace(0.2), random_seed=1)
    assert "these draws tell the posterior from lambda times" in repr(found)
    assert "<table" in found._repr_html_()
    assert "&lt;" not in found._repr_html_()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prior": Laplace(HalfCauchy(1.0))}, "learnt"),
        ({"prior": Gaussian(np.inf)}, "flat"),
        ({"powers": [1.0, -1.0]}, "powers must be a list of positive numbers"),
        ({"powers": [np.inf]}, "powers must be"),
        ({"prob": 1.0}, "prob must lie between 0 and 1"),
        ({"draws": 0}, "draws must be a positive integer"),
    ],
)
def test_bad_input_is_told_in_one_sentence(data, arguments, message):
    with pytest.raises(PriormapError, match=message):
        prior_sensitivity(data, **({"prior": Laplace(1.0)} | arguments))


# the weights


def test_the_tail_is_the_published_one_rounded_up():
    """``min(S / 5, 3 sqrt(S))``: 94.9 draws of 1,000 and 189.7 of 4,000."""
    lengths = {25: 5, 100: 20, 102: 21, 225: 45, 900: 90, 1000: 95, 4000: 190, 10000: 300}
    assert {draws: pareto_smoothing.tail_length(draws) for draws in lengths} == lengths


def heavy_and_light_tails(rng, draws):
    """Log ratios whose weights have k from far below 0.5 to far above."""
    return rng.standard_t(3, size=(6, draws)) * [[0.1], [0.5], [1], [1.5], [2], [3]]


def weights_of_arviz_stats(ratios):
    from arviz_stats.base import array_stats

    logs, khat = zip(*(array_stats.psislw(-row) for row in ratios), strict=True)
    return np.array(logs), np.array(khat)


@pytest.mark.parametrize("draws", [900, 1000, 4000])
def test_smoothed_weights_are_those_of_arviz_stats_but_for_one_draw_of_the_tail(
    draws, rng, monkeypatch
):
    ratios = heavy_and_light_tails(rng, draws)
    theirs, their_khat = weights_of_arviz_stats(ratios)
    _, khat = smoothed_log_weights(ratios)
    agrees = pareto_smoothing.tail_length(draws) == int(3 * np.sqrt(draws))
    assert np.allclose(khat, their_khat, rtol=1e-6) == agrees == (draws == 900)
    np.testing.assert_allclose(khat, their_khat, atol=0.1)
    monkeypatch.setattr(pareto_smoothing, "tail_length", lambda draws: int(3 * np.sqrt(draws)))
    logs, khat = smoothed_log_weights(ratios)  # with their rule, the numbers are theirs
    np.testing.assert_allclose(logs, theirs, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(khat, their_khat, rtol=1e-6)


def test_weights_that_are_equal_or_few(rng):
    logs, khat = smoothed_log_weights(np.zeros((2, 400)))
    np.testing.assert_allclose(logs, -np.log(400))
    assert (khat < 0).all()
    logs, khat = smoothed_log_weights(rng.normal(size=(1, 10)))
    np.testing.assert_allclose(np.exp(logs).sum(), 1.0)
    assert np.isinf(khat).all()
