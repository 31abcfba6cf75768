"""Every likelihood against the definitions of what it claims."""

import numpy as np
import pytest
from scipy import integrate, special, stats

from priormap.likelihoods import LIKELIHOODS, Bernoulli, Gaussian, Poisson

every = pytest.mark.parametrize(
    "likelihood", [kind() for kind in LIKELIHOODS], ids=lambda k: k.name
)


@every
def test_slope_and_curvature_are_derivatives_of_the_loss(likelihood):
    y, eta, sigma, h = np.array([0.0, 1.0, 1.0]), np.array([0.5, 0.3, -4.0]), 1.7, 1e-4
    likelihood.check(y)
    loss = [-likelihood.logpdf(y, eta + step, sigma) for step in (-h, 0.0, h)]
    np.testing.assert_allclose(
        likelihood.slope(y, eta, sigma), (loss[2] - loss[0]) / (2 * h), rtol=1e-7, atol=1e-8
    )
    curved = (loss[2] - 2 * loss[1] + loss[0]) / h**2
    np.testing.assert_allclose(likelihood.curvature(y, eta, sigma), curved, rtol=1e-5)


def test_the_gaussian_integrates_to_one_and_is_scipys():
    noise = Gaussian()
    mass = integrate.quad(lambda y: np.exp(noise.logpdf(np.array(y), np.array(0.4), 1.3)), -20, 20)
    assert mass[0] == pytest.approx(1, abs=1e-10)
    y = np.linspace(-3, 5, 9)
    np.testing.assert_allclose(
        noise.logpdf(y, np.full(9, 0.4), 1.3), stats.norm(0.4, 1.3).logpdf(y), rtol=1e-13
    )


@every
def test_what_a_dual_point_loses_is_never_negative_and_zero_at_the_slope(likelihood):
    """``l(eta) + l*(slope) - eta slope``, with the conjugate by its definition on a grid."""
    y, eta, sigma = np.array([0.0, 1.0, 1.0]), np.array([0.5, 0.3, -4.0]), 1.7
    slope, zero = likelihood.slope(y, eta, sigma), np.zeros(3)
    np.testing.assert_allclose(likelihood.fenchel_young(y, eta, slope, sigma), 0, atol=1e-15)
    grid = np.linspace(-20, 20, 400_001)[:, None]
    for share in (0.5, 0.9):
        loss = -likelihood.logpdf(y, eta, sigma)
        conjugate = (grid * share * slope + likelihood.logpdf(y, grid, sigma)).max(axis=0)
        np.testing.assert_allclose(
            likelihood.fenchel_young(y, eta, share * slope, sigma),
            loss + conjugate - eta * share * slope,
            rtol=1e-5,
        )
    above = -likelihood.logpdf(y, eta, sigma) + likelihood.logpdf(y, grid, sigma).max(axis=0)
    np.testing.assert_allclose(likelihood.fenchel_young(y, eta, zero, sigma), above, rtol=1e-5)


@every
def test_losses_fall_for_ever_only_along_their_recession(likelihood):
    y, ones = np.array([0.0, 1.0]), np.ones(2)
    for side in (-1, 1):
        near, far = (likelihood.fenchel_young(y, side * at * ones, 0 * y, 1.0) for at in (20, 30))
        np.testing.assert_array_equal(far <= near, likelihood.recession(y) == side)


def test_a_slope_that_no_loss_has_is_infinite():
    y, eta = np.array([0.0, 1.0]), np.zeros(2)
    assert np.isinf(Bernoulli().fenchel_young(y, eta, np.array([-0.1, 0.1]))).all()
    assert np.isinf(Poisson().fenchel_young(y, eta, np.array([-0.1, -1.1]))).all()


def test_bernoulli_and_poisson_are_scipys():
    eta = np.linspace(-9, 9, 7)
    for y in (0.0, 1.0):
        np.testing.assert_allclose(
            Bernoulli().logpdf(np.full(7, y), eta),
            stats.bernoulli(special.expit(eta)).logpmf(y),
            rtol=1e-11,
        )
    for y in (0.0, 3.0, 1e6):
        np.testing.assert_allclose(
            Poisson().logpdf(np.full(7, y), eta), stats.poisson(np.exp(eta)).logpmf(y), rtol=1e-12
        )


@every
def test_draws_have_the_mean_of_the_inverse_link(likelihood, rng):
    eta = np.full(40_000, 0.7)
    draws = likelihood.rvs(eta, 1.5, rng)
    se = draws.std() / np.sqrt(len(draws))
    assert abs(draws.mean() - likelihood.mean(eta)[0]) < 4 * se
    # negative control: a predictor that is off by a tenth must be seen
    assert abs(draws.mean() - likelihood.mean(1.1 * eta)[0]) > 4 * se
