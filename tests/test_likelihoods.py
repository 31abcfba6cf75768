"""Every likelihood against the definitions of what it claims."""

import numpy as np
import pytest
from scipy import integrate, stats

from priormap.likelihoods import LIKELIHOODS, Gaussian

every = pytest.mark.parametrize(
    "likelihood", [kind() for kind in LIKELIHOODS], ids=lambda k: k.name
)


@every
def test_slope_and_curvature_are_derivatives_of_the_loss(likelihood):
    y, eta, sigma, h = np.array([-1.0, 0.3, 2.0]), np.array([0.5, 0.3, -4.0]), 1.7, 1e-4
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
def test_draws_have_the_mean_of_the_inverse_link(likelihood, rng):
    eta = np.full(40_000, 0.7)
    draws = likelihood.rvs(eta, 1.5, rng)
    se = draws.std() / np.sqrt(len(draws))
    assert abs(draws.mean() - likelihood.mean(eta)[0]) < 4 * se
    # negative control: a predictor that is off by a twentieth must be seen
    assert abs(draws.mean() - likelihood.mean(1.05 * eta)[0]) > 4 * se
