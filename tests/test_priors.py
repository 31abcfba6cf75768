"""The two priors against the definitions of everything they claim."""

import copy
import dataclasses
import itertools
import pickle

import mpmath
import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import integrate, optimize, stats

from priormap import Gaussian, Laplace, PriormapError

PRIORS = [Gaussian(0.7), Gaussian(3.0), Laplace(0.7), Laplace(3.0)]
both = pytest.mark.parametrize("family", [Gaussian, Laplace])
every = pytest.mark.parametrize("prior", PRIORS, ids=repr)

scales = st.floats(1e-3, 1e3)
sds = st.floats(1e-2, 1e2)
observations = st.floats(-50, 50)


# densities


@every
def test_density_integrates_to_one(prior):
    half = integrate.quad(lambda b: np.exp(prior.logpdf(b)), 0, np.inf, epsabs=0, epsrel=1e-11)[0]
    assert 2 * half == pytest.approx(1, abs=1e-10)


@every
def test_density_is_scipys(prior):
    family = stats.norm if isinstance(prior, Gaussian) else stats.laplace
    b = np.linspace(-9, 9, 37)
    np.testing.assert_allclose(prior.logpdf(b), family(0, prior.scale).logpdf(b), rtol=1e-14)


@every
def test_penalty_is_the_drop_of_the_log_density(prior):
    b = np.linspace(-9, 9, 37)
    np.testing.assert_allclose(prior.penalty(b), prior.logpdf(0.0) - prior.logpdf(b), atol=1e-13)
    assert prior.penalty(0.0) == 0


@every
def test_pull_is_the_derivative_of_the_penalty(prior):
    b, h = np.array([-7.0, -2.0, -0.3, 0.2, 1.0, 5.0]), 1e-5
    slope = (prior.penalty(b + h) - prior.penalty(b - h)) / (2 * h)
    np.testing.assert_allclose(prior.pull(b), slope, rtol=1e-8, atol=1e-9)
    np.testing.assert_array_equal(prior.pull_range(b)[0], prior.pull(b))
    np.testing.assert_array_equal(prior.pull_range(b)[1], prior.pull(b))


@every
def test_pull_range_at_zero_is_the_subdifferential(prior):
    low, high = prior.pull_range(0.0)
    for b in (-2.0, -1e-3, 1e-3, 2.0):  # a convex function lies above each of its tangents
        assert prior.penalty(b) >= max(low * b, high * b)
    assert low <= prior.pull(0.0) <= high
    kink = 0.0 if isinstance(prior, Gaussian) else 1 / prior.scale
    assert (low, high) == (-kink, kink)


def test_the_two_weights_of_the_classic_question():
    # one step of 0.001 from w: how much more one loss falls than the other (w**2 against |w|)
    squares, absolute = Gaussian(np.sqrt(0.5)), Laplace(1.0)
    drop = lambda prior, w: float(prior.penalty(w) - prior.penalty(w - 0.001))  # noqa: E731
    assert drop(squares, 15) / drop(absolute, 15) == pytest.approx(29.999, rel=1e-10)
    assert drop(absolute, 0.02) / drop(squares, 0.02) == pytest.approx(1 / 0.039, rel=1e-10)
    assert squares.pull(0.5) == pytest.approx(absolute.pull(0.5))
    assert Gaussian(1.0).pull(1.0) == absolute.pull(1.0)


# one observed coefficient: the mode


@every
@pytest.mark.parametrize("z", [-6.0, -1.0, -0.05, 0.0, 0.4, 2.0, 9.0])
def test_shrink_is_the_minimiser(prior, z):
    def loss(b):
        return (z - b) ** 2 / (2 * 1.3**2) + prior.penalty(b)

    low, high = min(z, 0.0) - 1, max(z, 0.0) + 1
    found = optimize.minimize_scalar(loss, (low, high), (low, high), method="bounded").x
    mode = prior.shrink(z, 1.3)
    assert mode == pytest.approx(found, abs=1e-5)
    assert loss(mode) <= loss(found) + 1e-14


@both
@given(z=observations, scale=scales, sd=sds)
def test_no_neighbour_beats_the_mode(family, z, scale, sd):
    prior = family(scale)
    mode = float(prior.shrink(z, sd))
    # stationarity: the pull of the data is one of the pulls of the prior
    low, high = prior.pull_range(mode)
    slack = 1e-12 * (1 + abs(z) / sd**2)
    assert low - slack <= (z - mode) / sd**2 <= high + slack
    assert abs(mode) <= abs(z)
    assert mode * z >= 0


def test_dead_zone_is_exact_and_closed():
    prior = Laplace(2.0)
    edge = 1.5**2 / 2.0
    inside = np.array([-edge, -edge / 2, 0.0, edge / 2, edge])
    np.testing.assert_array_equal(prior.shrink(inside, 1.5), 0.0)
    assert prior.shrink(np.nextafter(edge, 9), 1.5) > 0
    assert np.all(Gaussian(2.0).shrink(inside[inside != 0], 1.5) != 0)


# one observed coefficient: the posterior mean


def exact_mean(scale, z, sd):
    """Posterior mean under a Laplace prior, in 60 digits, from its definition."""
    with mpmath.workdps(60):
        s, z, sd = mpmath.mpf(scale), mpmath.mpf(z), mpmath.mpf(sd)
        threshold = sd**2 / s

        def side(sign):  # log mass and first moment of the part on one side of zero
            m = (sign * z - threshold) / sd
            tail = mpmath.erfc(-m / mpmath.sqrt(2)) / 2
            log_mass = mpmath.log(tail) + m**2 / 2
            density = mpmath.exp(-(m**2) / 2) / mpmath.sqrt(2 * mpmath.pi)
            return log_mass, sign * sd * (m + density / tail)

        (log_right, right), (log_left, left) = side(1), side(-1)
        odds = mpmath.exp(log_left - log_right)
        return float((right + odds * left) / (1 + odds))


def posterior_size(scale, sd):
    return min(scale, sd)


@pytest.mark.parametrize("sd", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("z", [-4.0, -0.5, 0.1, 1.0, 6.0])
@every
def test_posterior_mean_is_the_integral(prior, z, sd):
    def unnormalised(b):
        return np.exp(-((z - b) ** 2) / (2 * sd**2) - prior.penalty(b))

    def integral(f):
        cuts = sorted({z - 12 * sd, min(z, 0.0), 0.0, max(z, 0.0), z + 12 * sd})
        return sum(
            integrate.quad(f, a, b, epsabs=0, epsrel=1e-12, limit=200)[0]
            for a, b in itertools.pairwise(cuts)
        )

    mean = integral(lambda b: b * unnormalised(b)) / integral(unnormalised)
    assert prior.posterior_mean(z, sd) == pytest.approx(mean, abs=1e-9)


@pytest.mark.parametrize("scale", [1e-8, 1e-3, 0.02, 0.1, 0.22, 0.3, 1.0, 30.0, 1e6])
def test_posterior_mean_keeps_its_digits(scale):
    edge = 1 / scale  # the threshold for sd = 1: both sides of it, and both tails
    z = np.array([1e-12, 1e-7, 1e-3, 0.3, 1.0, 7.0, 40.0, 300.0])
    z = np.concatenate([z, edge + np.array([-60.0, -30, -5, -1, 0, 1, 5, 30])])
    for value in z:
        exact = exact_mean(scale, value, 1.0)
        allowed = 1e-13 * max(abs(exact), posterior_size(scale, 1.0)) + 4e-16 * abs(value)
        assert abs(Laplace(scale).posterior_mean(value, 1.0) - exact) <= allowed, value


@given(z=observations, scale=scales, sd=sds)
def test_posterior_mean_keeps_its_digits_anywhere(z, scale, sd):
    exact = exact_mean(scale, z, sd)
    allowed = 1e-13 * max(abs(exact), posterior_size(scale, sd)) + 4e-16 * abs(z)
    assert abs(Laplace(scale).posterior_mean(z, sd) - exact) <= allowed


@every
@pytest.mark.parametrize("z", [-3.0, 0.4, 2.5])
def test_posterior_mean_follows_the_marginal_density(prior, z):
    """E[b | z] = z + sd**2 d/dz log m(z), with m the density of z itself, up to a factor."""
    sd, h = 0.8, 1e-3

    def log_marginal(z):
        def joint(b):
            return np.exp(-((z - b) ** 2) / (2 * sd**2) - prior.penalty(b))

        cuts = sorted({-60.0, z - 9 * sd, 0.0, z, z + 9 * sd, 60.0})
        return np.log(
            sum(
                integrate.quad(joint, a, b, epsabs=1e-14, epsrel=1e-12, limit=100)[0]
                for a, b in itertools.pairwise(cuts)
            )
        )

    steps = np.array([-2.0, -1.0, 1.0, 2.0])
    slope = np.array([1.0, -8.0, 8.0, -1.0]) @ [log_marginal(z + k * h) for k in steps] / (12 * h)
    assert prior.posterior_mean(z, sd) == pytest.approx(z + sd**2 * slope, abs=1e-8)


@both
@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1.0, 1e9])
def test_posterior_mean_is_zero_at_zero_only(family, scale):
    z = np.array([1e-30, 1e-17, 1e-9, 1e-3, 1.0, 50.0, 1e9])
    mean = family(scale).posterior_mean(np.concatenate([-z, [0.0], z]), 1.0)
    assert mean[len(z)] == 0
    assert np.all(mean[len(z) + 1 :] > 0)
    np.testing.assert_array_equal(mean[: len(z)], -mean[len(z) + 1 :])
    assert np.all(np.diff(mean[len(z) :]) > 0)


def test_posterior_mean_is_smooth_where_its_formulas_meet():
    # the linear form next to zero hands over to the mixture at 1e-8 of the posterior's scale
    for scale in (1e-4, 1.0, 1e4):
        seam = 1e-8 * max(1.0, 1 / scale)
        below, above = Laplace(scale).posterior_mean(seam * np.array([1 - 1e-9, 1 + 1e-9]), 1.0)
        assert above - below == pytest.approx(0, abs=1e-15 * posterior_size(scale, 1.0))


@both
def test_no_noise_and_no_prior_leave_the_observation(family):
    z = np.array([-3.0, 0.0, 0.2, 8.0])
    for method in ("shrink", "posterior_mean"):
        np.testing.assert_array_equal(getattr(family(2.0), method)(z, 0.0), z)
        np.testing.assert_allclose(
            getattr(family(np.inf), method)(z, 1.5), z, rtol=1e-15, atol=1e-15
        )


def test_no_noise_leaves_ridge_in_noise_units_its_factor():
    assert Gaussian(2.0, scaled_by_noise=True).shrink(5.0, 0.0) == 4.0


# draws and moments


@every
def test_draws_have_the_density(prior, rng):
    draws = prior.rvs(4000, rng)
    family = stats.norm if isinstance(prior, Gaussian) else stats.laplace
    assert stats.kstest(draws, family(0, prior.scale).cdf).pvalue > 1e-3
    # negative control: a scale that is 25 % off must be seen
    assert stats.kstest(draws, family(0, 1.25 * prior.scale).cdf).pvalue < 1e-3


@every
def test_sd_is_that_of_the_density_and_of_the_draws(prior, rng):
    half = integrate.quad(lambda b: b**2 * np.exp(prior.logpdf(b)), 0, np.inf, epsabs=1e-12)[0]
    assert prior.sd == pytest.approx(np.sqrt(2 * half), rel=1e-9)
    n = 20_000
    squares = prior.rvs(n, rng) ** 2
    error = squares.std() / np.sqrt(n)
    assert abs(squares.mean() - prior.sd**2) < 4 * error


@both
def test_draws_of_a_vector_of_scales(family, rng):
    draws = family([0.1, 10.0]).rvs((2000, 2), rng)
    assert draws.shape == (2000, 2)
    assert draws[:, 0].std() < 1 < draws[:, 1].std()


@both
def test_flat_prior(family, rng):
    flat = family(np.inf)
    np.testing.assert_array_equal(flat.logpdf([-5.0, 0.0, 5.0]), 0.0)
    np.testing.assert_array_equal(flat.pull([-5.0, 5.0]), 0.0)
    assert flat.is_flat.all()
    with pytest.raises(PriormapError, match="improper"):
        flat.rvs(3, rng)


# conversions


@given(alpha=st.floats(1e-100, 1e100), sigma=st.floats(1e-20, 1e20))
def test_ridge_round_trip(alpha, sigma):
    assert Gaussian.from_ridge(alpha, sigma).to_ridge(sigma) == pytest.approx(alpha, rel=1e-15)


@given(alpha=st.floats(1e-100, 1e100), sigma=st.floats(1e-20, 1e20), n=st.integers(1, 10**9))
def test_lasso_round_trip(alpha, sigma, n):
    assert Laplace.from_lasso(alpha, sigma, n).to_lasso(sigma, n) == pytest.approx(alpha, rel=1e-15)


def test_conversions_by_hand():
    assert Gaussian.from_ridge(alpha=4.0, sigma=3.0).scale == 1.5
    assert Laplace.from_lasso(alpha=0.5, sigma=3.0, n=6).scale == 3.0
    assert Gaussian.from_ridge(0, 3.0) == Gaussian(np.inf)
    assert Laplace.from_lasso(0, 3.0, 6) == Laplace(np.inf)
    assert Gaussian(np.inf).to_ridge(3.0) == 0
    assert Laplace(np.inf).to_lasso(3.0, 6) == 0
    np.testing.assert_array_equal(Gaussian([1.0, 3.0]).to_ridge(3.0), [9.0, 1.0])


@both
def test_priors_in_noise_units_are_the_priors_they_say(family):
    in_noise, plain, sigma = family(0.5, scaled_by_noise=True), family(0.5 * 1.7), 1.7
    z = np.linspace(-4, 4, 9)
    for method in ("shrink", "posterior_mean"):
        np.testing.assert_allclose(
            getattr(in_noise, method)(z, sigma), getattr(plain, method)(z, sigma), rtol=1e-14
        )
    convert = (
        (lambda prior: prior.to_ridge(sigma))
        if family is Gaussian
        else (lambda prior: prior.to_lasso(sigma, 10))
    )
    assert convert(in_noise) == pytest.approx(convert(plain), rel=1e-14)


# values


@both
def test_a_vector_of_scales_is_one_prior_per_column(family):
    scales, z = [0.5, 1.0, np.inf], np.array([[1.0, -2.0, 3.0], [0.1, 0.2, 0.3]])
    vector = family(scales)
    for method in ("logpdf", "penalty", "pull"):
        columns = [getattr(family(s), method)(z[:, j]) for j, s in enumerate(scales)]
        np.testing.assert_array_equal(getattr(vector, method)(z), np.column_stack(columns))
    for method in ("shrink", "posterior_mean"):
        columns = [getattr(family(s), method)(z[:, j], 0.7) for j, s in enumerate(scales)]
        np.testing.assert_array_equal(getattr(vector, method)(z, 0.7), np.column_stack(columns))


@both
def test_priors_are_values(family):
    prior = family([1.0, 2.0])
    for twin in (
        family(np.array([1.0, 2.0])),
        copy.deepcopy(prior),
        pickle.loads(pickle.dumps(prior)),
    ):
        assert twin == prior
        assert hash(twin) == hash(prior)
    assert prior != family([1.0, 3.0])
    assert prior != family(1.0)
    assert family(1.0) != family(1.0, scaled_by_noise=True)
    assert Gaussian(1.0) != Laplace(1.0)
    assert {family(1.0), family(1)} == {family(1.0)}


@both
def test_priors_do_not_change(family):
    scales = np.array([1.0, 2.0])
    prior = family(scales)
    scales[0] = 5.0
    assert prior.scale[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        prior.scale[0] = 5.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        prior.scale = 2.0


def test_priors_show_themselves():
    assert repr(Gaussian(2)) == "Gaussian(scale=2)"
    assert repr(Laplace([1.0, 0.5], scaled_by_noise=True)) == (
        "Laplace(scale=[1. , 0.5], scaled_by_noise=True)"
    )
    assert eval(repr(Laplace(0.25)), {"Laplace": Laplace}) == Laplace(0.25)
