"""The elastic net prior against its definition, its two limits and scikit-learn's words."""

import copy
import itertools
import pickle

import mpmath
import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import integrate, stats

from priormap import ElasticNet, Gaussian, HalfCauchy, Laplace, PriormapError

PRIORS = [ElasticNet(0.7, 3.0), ElasticNet(2.0, 0.8), ElasticNet(1.0, 1.0), ElasticNet(0.1, 5.0)]
every = pytest.mark.parametrize("prior", PRIORS, ids=repr)
RATIOS = 10.0 ** np.arange(-8, 9)  # of t to s
COEFS = np.array([-40.0, -3.0, -0.2, 0.0, 1e-6, 0.5, 2.0, 15.0])


def exact_log_z(s, t):
    with mpmath.workdps(60):
        s, t = mpmath.mpf(s), mpmath.mpf(t)
        x = t / s / mpmath.sqrt(2)
        # erfc underflows nowhere in mpmath, but its product with exp needs the digits of x**2
        with mpmath.workdps(60 + int(max(0, mpmath.log10(1 + x**2)))):
            if x < 1e5:
                erfcx = mpmath.exp(x**2) * mpmath.erfc(x)
            else:
                erfcx = sum(
                    (-1) ** k * mpmath.fac2(2 * k - 1) / (2 * x**2) ** k for k in range(8)
                ) / (x * mpmath.sqrt(mpmath.pi))
            return mpmath.log(t * mpmath.sqrt(2 * mpmath.pi) * erfcx)


def exact_moments(s, t, z=0, sd=None):
    """Mean and mean square of exp(-|b|/s - b**2/(2 t**2) - (b - z)**2/(2 sd**2)), 60 digits."""
    with mpmath.workdps(60):
        s, t, z = mpmath.mpf(s), mpmath.mpf(t), mpmath.mpf(z)
        precision = t**-2 + (0 if sd is None else mpmath.mpf(sd) ** -2)
        pull = 0 if sd is None else z / mpmath.mpf(sd) ** 2
        root = mpmath.sqrt(1 / precision)

        def side(sign):
            m = (sign * pull - 1 / s) * root  # Normal(m, 1) in units of root, cut to positive
            tail = mpmath.erfc(-m / mpmath.sqrt(2)) / 2
            mills = mpmath.exp(-(m**2) / 2) / mpmath.sqrt(2 * mpmath.pi) / tail
            mean = m + mills
            return mpmath.log(tail) + m**2 / 2, sign * root * mean, root**2 * (1 + m * mean)

        (right, mean_r, square_r), (left, mean_l, square_l) = side(1), side(-1)
        odds = mpmath.exp(left - right)
        return (mean_r + odds * mean_l) / (1 + odds), (square_r + odds * square_l) / (1 + odds)


# density


@every
def test_density_integrates_to_one(prior):
    half = integrate.quad(lambda b: np.exp(prior.logpdf(b)), 0, np.inf, epsabs=0, epsrel=1e-11)[0]
    assert 2 * half == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("s", [1e-200, 1e-3, 1.0, 1e200])
def test_constant_keeps_its_digits(s, ratio):
    exact = -exact_log_z(s, s * ratio)
    found = ElasticNet(s, s * ratio).logpdf(0.0)
    assert abs(float(found - exact)) <= 1e-15 * max(abs(float(exact)), 20)


@every
def test_log_density_is_the_product_of_its_factors(prior):
    product = Laplace(prior.l1_scale).logpdf(COEFS) + Gaussian(prior.l2_scale).logpdf(COEFS)
    offset = prior.logpdf(COEFS) - product
    np.testing.assert_allclose(offset, offset[0], atol=1e-12)


@every
def test_penalty_pull_and_their_range(prior):
    b, h = np.array([-7.0, -2.0, -0.3, 0.2, 1.0, 5.0]), 1e-5
    np.testing.assert_allclose(prior.penalty(b), prior.logpdf(0.0) - prior.logpdf(b), atol=1e-11)
    slope = (prior.penalty(b + h) - prior.penalty(b - h)) / (2 * h)
    np.testing.assert_allclose(prior.pull(b), slope, rtol=1e-8, atol=1e-8)
    for end in prior.pull_range(b):
        np.testing.assert_array_equal(end, prior.pull(b))
    assert prior.pull_range(0.0) == (-1 / prior.l1_scale, 1 / prior.l1_scale)
    assert prior.pull(0.0) == 0


@pytest.mark.parametrize("scale", [1e-8, 0.3, 1.0, 1e8])
@pytest.mark.parametrize("distance", [np.inf, 1e14])
def test_limits_are_the_gaussian_and_the_laplace_prior(scale, distance):
    b, sd = scale * COEFS[1:-1], 0.7 * scale
    far = scale * distance
    pairs = [(ElasticNet(far, scale), Gaussian(scale)), (ElasticNet(scale, far), Laplace(scale))]
    for net, limit in pairs:
        assert net.sd == pytest.approx(limit.sd, rel=1e-12)
        for method, unit in (("logpdf", 1), ("penalty", 1), ("pull", 1 / scale)):
            expected = getattr(limit, method)(b)
            found = getattr(net, method)(b)
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * unit)
        for method in ("shrink", "posterior_mean"):
            expected = getattr(limit, method)(b, sd)
            found = getattr(net, method)(b, sd)
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13 * scale)


def test_flat_where_both_scales_are_infinite(rng):
    net = ElasticNet([np.inf, np.inf, 1.0], [np.inf, 2.0, np.inf])
    assert net.is_flat.tolist() == [True, False, False]
    assert net.logpdf([5.0, 0.0, 0.0])[0] == 0
    assert net.sd[0] == np.inf
    np.testing.assert_array_equal(net.shrink([3.0, 0.0, 0.0], 1.0), [3.0, 0.0, 0.0])
    with pytest.raises(PriormapError, match="improper"):
        net.rvs((2, 3), rng)


# one observed coefficient


@given(
    z=st.floats(-50, 50),
    s=st.floats(1e-3, 1e3),
    t=st.floats(1e-3, 1e3),
    sd=st.floats(1e-2, 1e2),
)
def test_no_neighbour_beats_the_mode(z, s, t, sd):
    prior = ElasticNet(s, t)
    mode = float(prior.shrink(z, sd))
    low, high = prior.pull_range(mode)
    slack = 1e-12 * (1 + abs(z) / sd**2 + abs(mode) / t**2)
    assert low - slack <= (z - mode) / sd**2 <= high + slack
    assert abs(mode) <= abs(z)
    assert mode == 0 or abs(z) > sd * (sd / s)
    assert mode != 0 or abs(z) <= sd * (sd / s) + 1e-300


@every
@pytest.mark.parametrize("z", [-4.0, -0.5, 0.1, 1.0, 6.0])
def test_posterior_mean_is_the_integral(prior, z):
    sd = 0.9

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


@pytest.mark.parametrize("s", [1e-6, 0.02, 0.3, 1.0, 1e4])
@pytest.mark.parametrize("t", [1e-4, 0.5, 3.0, 1e5])
def test_posterior_mean_keeps_its_digits(s, t):
    z = np.array([1e-12, 1e-7, 1e-3, 0.3, 1.0, 7.0, 40.0, 300.0])
    z = np.concatenate([z, 1 / s + np.array([-30.0, -5, -1, 0, 1, 5, 30])])
    size = min(s, t, 1.0)
    for value in z:
        exact = float(exact_moments(s, t, value, 1.0)[0])
        allowed = 2e-13 * max(abs(exact), size) + 4e-16 * abs(value) / (1 + t**-2)
        assert abs(ElasticNet(s, t).posterior_mean(value, 1.0) - exact) <= allowed, value


@every
def test_posterior_mean_is_zero_at_zero_only(prior):
    z = np.array([1e-30, 1e-9, 1e-3, 1.0, 50.0])
    mean = prior.posterior_mean(np.concatenate([-z, [0.0], z]), 1.0)
    assert mean[len(z)] == 0
    assert np.all(np.diff(mean[len(z) :]) > 0)
    np.testing.assert_array_equal(mean[: len(z)], -mean[len(z) + 1 :])


def test_scales_in_units_of_the_noise_are_the_priors_they_say():
    in_noise, plain = ElasticNet(0.5, 2.0, scaled_by_noise=True), ElasticNet(0.85, 3.4)
    z = np.linspace(-4, 4, 9)
    for method in ("shrink", "posterior_mean"):
        expected = getattr(plain, method)(z, 1.7)
        np.testing.assert_allclose(getattr(in_noise, method)(z, 1.7), expected, rtol=1e-14)
    assert in_noise.to_elastic_net(1.7, 10) == pytest.approx(plain.to_elastic_net(1.7, 10))
    np.testing.assert_array_equal(plain.posterior_mean(z, 0.0), z)
    np.testing.assert_allclose(in_noise.posterior_mean(z, 0.0), z / (1 + 0.25))


# moments and draws


@pytest.mark.parametrize("ratio", RATIOS)
def test_sd_keeps_its_digits(ratio):
    exact = float(mpmath.sqrt(exact_moments(1, ratio)[1])) if ratio < 1e4 else np.sqrt(2.0)
    allowed = 1e-13 if ratio < 1e4 else 6 / ratio**2 + 1e-13
    assert ElasticNet(1.0, ratio).sd == pytest.approx(exact, rel=allowed)
    assert ElasticNet(1e-150, 1e-150 * ratio).sd == pytest.approx(1e-150 * exact, rel=allowed)


@pytest.mark.parametrize("prior", [ElasticNet(1.0, t) for t in (1e-4, 0.5, 0.81, 3.0, 1e6)])
def test_draws_have_the_density(prior, rng):
    draws = prior.rvs(4000, rng)
    s, t = prior.l1_scale, prior.l2_scale
    size = stats.truncnorm(t / s, np.inf, loc=-(t**2) / s, scale=t) if t < 1e3 else stats.expon()
    assert stats.kstest(np.abs(draws), size.cdf).pvalue > 1e-3
    assert stats.binomtest(int((draws > 0).sum()), 4000).pvalue > 1e-3
    # negative control: a scale that is 10 % off must be seen
    assert stats.kstest(1.1 * np.abs(draws), size.cdf).pvalue < 1e-3


def test_draws_of_a_vector_of_scales(rng):
    draws = ElasticNet([0.1, np.inf], [np.inf, 10.0]).rvs((2000, 2), rng)
    assert draws.shape == (2000, 2)
    assert draws[:, 0].std() < 1 < draws[:, 1].std()


# values


@given(
    alpha=st.floats(1e-100, 1e100),
    ratio=st.floats(1e-6, 1 - 1e-6),
    sigma=st.floats(1e-20, 1e20),
    n=st.integers(1, 10**9),
)
def test_round_trip_through_scikit_learns_words(alpha, ratio, sigma, n):
    prior = ElasticNet.from_elastic_net(alpha, ratio, sigma, n)
    assert prior.to_elastic_net(sigma, n) == pytest.approx((alpha, ratio), rel=1e-12)


def test_conversions_by_hand():
    prior = ElasticNet.from_elastic_net(alpha=0.5, l1_ratio=0.25, sigma=3.0, n=6)
    assert (prior.l1_scale, prior.l2_scale) == (12.0, 2.0)
    assert ElasticNet.from_elastic_net(2.0, 1.0, 3.0, 6) == ElasticNet(0.75, np.inf)
    assert ElasticNet.from_elastic_net(2.0, 0.0, 3.0, 3).l1_scale == np.inf
    assert ElasticNet.from_elastic_net(0, 0.5, 3.0, 6) == ElasticNet(np.inf, np.inf)
    assert ElasticNet(np.inf, np.inf).to_elastic_net(3.0, 6) == (0.0, 1.0)
    alpha, ratio = ElasticNet([1.0, 2.0], np.inf).to_elastic_net(2.0, 4)
    np.testing.assert_array_equal(alpha, [1.0, 0.5])
    np.testing.assert_array_equal(ratio, [1.0, 1.0])


def test_vectors_of_scales_are_one_prior_per_column():
    s, t = [0.5, 1.0, np.inf, np.inf], [2.0, np.inf, 3.0, np.inf]
    z = np.array([[1.0, -2.0, 3.0, 4.0], [0.1, 0.2, 0.3, 0.4]])
    vector, each = ElasticNet(s, t), [ElasticNet(*pair) for pair in zip(s, t, strict=True)]
    for method, *sd in (("logpdf",), ("pull",), ("shrink", 0.7), ("posterior_mean", 0.7)):
        columns = [getattr(prior, method)(z[:, j], *sd) for j, prior in enumerate(each)]
        np.testing.assert_array_equal(getattr(vector, method)(z, *sd), np.column_stack(columns))


def test_priors_are_values():
    prior = ElasticNet([1.0, 2.0], 3.0)
    for twin in (copy.deepcopy(prior), pickle.loads(pickle.dumps(prior))):
        assert twin == prior
        assert hash(twin) == hash(prior)
    assert prior != ElasticNet(3.0, [1.0, 2.0])
    assert ElasticNet(1.0, np.inf) != Laplace(1.0)
    assert ElasticNet(hyperprior=HalfCauchy(1.0)) != ElasticNet()
    assert eval(repr(ElasticNet(0.25, 2)), {"ElasticNet": ElasticNet}) == ElasticNet(0.25, 2.0)
    assert repr(ElasticNet(1, [1.0, 0.5], True, HalfCauchy(1.0))) == (
        "ElasticNet(l1_scale=1, l2_scale=[1. , 0.5], scaled_by_noise=True, "
        "hyperprior=HalfCauchy(scale=1.0))"
    )


def test_with_scale_stretches_both_scales():
    prior = ElasticNet(0.5, 2.0, scaled_by_noise=True, hyperprior=HalfCauchy(1.0))
    assert prior.with_scale(3.0) == ElasticNet(1.5, 6.0, scaled_by_noise=True)
    assert ElasticNet(0.5, 2.0).stretched([1.0, 2.0]) == ElasticNet([0.5, 1.0], [2.0, 4.0])
    assert Laplace(2.0).stretched(3.0) == Laplace(6.0)
    assert Gaussian([1.0, 2.0]).stretched(3.0) == Gaussian([3.0, 6.0])
    b = np.array([0.3, -2.0])
    stretched, plain = ElasticNet(0.5, 2.0).stretched(3.0), ElasticNet(0.5, 2.0)
    np.testing.assert_allclose(stretched.logpdf(3 * b), plain.logpdf(b) - np.log(3), rtol=1e-14)


@pytest.mark.parametrize(
    "prior", [Gaussian(0.7), Laplace([0.3, 2.0]), ElasticNet(0.5, 2.0, scaled_by_noise=True)]
)
def test_a_power_of_a_prior_is_a_multiple_of_its_penalty(prior):
    b = np.array([0.3, -2.0])
    powered = prior.power_scaled(2.5)
    assert type(powered) is type(prior)
    assert powered.scaled_by_noise == prior.scaled_by_noise
    np.testing.assert_allclose(powered.penalty(b), 2.5 * prior.penalty(b), rtol=1e-14)
    assert prior.power_scaled(1) == prior
    assert prior.power_scaled(0).is_flat.all()
    with pytest.raises(PriormapError, match="power must be a positive finite number, got -1"):
        prior.power_scaled(-1)


def test_a_learnt_factor_has_no_density_until_it_is_known():
    prior = ElasticNet(hyperprior=HalfCauchy(1.0))
    assert prior.scale == 1
    for ask in (
        lambda: prior.known_scale,
        lambda: prior.sd,
        lambda: prior.logpdf(1.0),
        lambda: prior.pull(1.0),
        lambda: prior.shrink(1.0, 1.0),
        lambda: prior.to_elastic_net(1.0, 3),
        lambda: prior.power_scaled(2.0),
    ):
        with pytest.raises(PriormapError, match="is learnt"):
            ask()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1.0,), "l1_scale must be a positive number, got -1.0"),
        ((1.0, 0.0), "l2_scale must be a positive number, got 0.0"),
        ((1.0, np.nan), "l2_scale must be a positive number, got nan"),
        (([1.0, -2.0],), "l1_scale must be positive in every column, got -2.0 in column 1"),
        (([[1.0]],), r"l1_scale must be a positive number or a vector .* shape \(1, 1\)"),
        (([1.0, 2.0], [1.0, 2.0, 3.0]), "l1_scale has 2 entries and l2_scale 3"),
        ((HalfCauchy(1.0),), r"l1_scale must be numbers, got .*; hyperprior="),
        ((1.0, 1.0, "yes"), "scaled_by_noise must be True or False"),
        ((1.0, 1.0, False, 2.0), "hyperprior must be HalfCauchy"),
    ],
)
def test_bad_scales(arguments, message):
    with pytest.raises(PriormapError, match=message):
        ElasticNet(*arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1.0, 0.5, 1.0, 5), "alpha must be a positive finite number"),
        ((1.0, 1.5, 1.0, 5), "l1_ratio must lie between 0 and 1, got 1.5"),
        ((1.0, np.nan, 1.0, 5), "l1_ratio must lie between 0 and 1, got nan"),
        ((1.0, 0.5, 0.0, 5), "sigma must be a positive finite number"),
        ((1.0, 0.5, 1.0, 0), "n must be a positive finite number"),
    ],
)
def test_bad_penalties(arguments, message):
    with pytest.raises(PriormapError, match=message):
        ElasticNet.from_elastic_net(*arguments)
