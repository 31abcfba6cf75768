"""What may be believed about sigma, against definitions and against scipy."""

import re

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import integrate, stats

from priormap import HalfNormal, HalfStudentT, InverseGamma, Jeffreys, PriormapError
from priormap.data.noise import Noise
from priormap.priors.densities import DENSITIES, ProperDensity, listed_densities

PROPER = [
    HalfNormal(0.3),
    HalfNormal(40.0),
    HalfStudentT(1, 2.0),
    HalfStudentT(4, 0.5),
    HalfStudentT(2.5, 1e3),
    InverseGamma(1.5, 0.2),
    InverseGamma(3.0, 50.0),
]
proper = pytest.mark.parametrize("noise", PROPER, ids=repr)


def reference(noise):
    """The distribution of sigma, by scipy: logpdf and cdf."""
    match noise:
        case HalfNormal():
            law = stats.halfnorm(scale=noise.scale)
            return law.logpdf, law.cdf
        case HalfStudentT():
            law = stats.t(noise.df, scale=noise.scale)
            return lambda s: np.log(2) + law.logpdf(s), lambda s: 2 * law.cdf(s) - 1
        case InverseGamma():
            law = stats.invgamma(noise.shape, scale=noise.scale)
            return lambda s: law.logpdf(s**2) + np.log(2 * s), lambda s: law.cdf(s**2)


@proper
def test_density_integrates_to_one(noise):
    def in_log_sigma(t):
        return np.exp(noise.logpdf(np.exp(t)) + t)

    centre = np.log(noise.scale) / (2 if isinstance(noise, InverseGamma) else 1)
    mass = integrate.quad(in_log_sigma, centre - 45, centre + 45, limit=400, points=[centre])[0]
    assert mass == pytest.approx(1, abs=1e-9)


@proper
def test_density_is_scipys(noise):
    sigma = np.geomspace(1e-2, 1e3, 31)
    np.testing.assert_allclose(noise.logpdf(sigma), reference(noise)[0](sigma), rtol=1e-12)


def test_half_cauchy_and_many_degrees_of_freedom():
    sigma = np.array([0.0, 0.5, 3.0, 100.0])
    np.testing.assert_allclose(
        HalfStudentT(1, 2.0).logpdf(sigma), stats.halfcauchy(scale=2.0).logpdf(sigma), rtol=1e-13
    )
    near = sigma[:3]  # at df = 1e12 the two densities differ by less than 1e-10
    np.testing.assert_allclose(
        HalfStudentT(1e12, 2.0).logpdf(near), HalfNormal(2.0).logpdf(near), atol=1e-9
    )


def test_jeffreys_is_flat_in_log_sigma():
    sigma = np.array([1e-3, 1.0, 1e3])
    np.testing.assert_allclose(Jeffreys().logpdf(sigma) + np.log(sigma), np.log(2), rtol=1e-14)
    assert not hasattr(Jeffreys(), "rvs")  # improper: no draws


@pytest.mark.parametrize("noise", [*PROPER, Jeffreys()], ids=repr)
@given(log_sigma=st.floats(-4, 5))
def test_log_slope_is_the_logarithmic_derivative(noise, log_sigma):
    h = 1e-4
    steps = np.exp(log_sigma + h * np.array([-2, -1, 1, 2]))
    slope = -np.array([1.0, -8.0, 8.0, -1.0]) @ noise.logpdf(steps) / (12 * h)
    numerator, denominator = noise.log_slope()
    v = np.exp(2 * log_sigma)
    value = np.polynomial.polynomial.polyval(v, numerator) / np.polynomial.polynomial.polyval(
        v, denominator
    )
    size = max(1.0, abs(value), abs(float(noise.logpdf(np.exp(log_sigma)))))
    assert value == pytest.approx(slope, abs=2e-10 * size)


@proper
def test_draws_have_the_density(noise, rng):
    draws, cdf = noise.rvs(4000, rng), reference(noise)[1]
    assert draws.shape == (4000,)
    assert stats.kstest(draws, cdf).pvalue > 1e-3
    # negative control: sigma that is 15 % too large must be seen
    assert stats.kstest(1.15 * draws, cdf).pvalue < 1e-3


@pytest.mark.parametrize("noise", [*PROPER, Jeffreys()], ids=repr)
def test_density_at_the_ends(noise):
    assert noise.logpdf(-1.0) == -np.inf
    assert np.isnan(noise.logpdf(np.nan))
    values = noise.logpdf([0.0, 1e-200, 1e-3, 1e200])
    assert values.shape == (4,)
    assert not np.isnan(values).any()
    assert np.isfinite(noise.logpdf(1e-3)) or isinstance(noise, InverseGamma)


def test_heavy_tails_survive_where_squares_overflow():
    # far out p(sigma) falls as sigma**-(df + 1)
    drop = HalfStudentT(4, 1.0).logpdf(1e100) - HalfStudentT(4, 1.0).logpdf(1e200)
    assert drop == pytest.approx(5 * 100 * np.log(10), rel=1e-12)


def test_noise_priors_are_values():
    assert HalfNormal(2) == HalfNormal(2.0)
    assert len({HalfStudentT(4, 1), HalfStudentT(4.0, 1.0), InverseGamma(4, 1)}) == 2
    assert repr(InverseGamma(2, 3)) == "InverseGamma(shape=2.0, scale=3.0)"


def test_densities_are_listed_in_a_sentence():
    """All of them for sigma, those that can be drawn from for a scale."""
    names = [kind.__name__ for kind in DENSITIES]
    assert re.findall(r"\w+(?=\(...\))", listed_densities()) == names
    proper = [kind.__name__ for kind in DENSITIES if issubclass(kind, ProperDensity)]
    assert re.findall(r"\w+(?=\(...\))", listed_densities(ProperDensity)) == proper
    assert listed_densities().count(" or ") == 1


@pytest.mark.parametrize(
    "sigma", [None, [1.0], {"half": 1}, object()], ids=["none", "list", "dict", "object"]
)
def test_what_is_neither_a_number_nor_a_density_is_refused_with_both(sigma):
    with pytest.raises(PriormapError, match=r"sigma must be .* finite number"):
        Noise.of(sigma)
    if sigma is not None:
        with pytest.raises(PriormapError, match=r"or a density \(.*HalfNormal\(...\)"):
            Noise.of(sigma)


def test_known_noise_has_no_density_at_any_sigma():
    assert Noise(1.5).logpdf([0.5, 1.5]).tolist() == [0.0, 0.0]
    np.testing.assert_array_equal(Noise(1.5).rvs(3, np.random.default_rng(0)), [1.5, 1.5, 1.5])


def test_an_array_of_one_number_is_that_number():
    assert Noise.of(np.array(2.0)).sd == 2.0
    with pytest.raises(PriormapError, match="sigma must be"):
        Noise.of(np.array([1.0, 2.0]))
