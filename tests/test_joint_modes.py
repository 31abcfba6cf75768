"""Joint modes of (intercept, coef, sigma) against brute force, and refusals."""

import numpy as np
import pytest
from scipy.optimize import brentq

from priormap import (
    ElasticNet,
    Gaussian,
    HalfNormal,
    HalfStudentT,
    InverseGamma,
    Jeffreys,
    Laplace,
    PriormapError,
    Regression,
    find_map,
    log_posterior,
    map_path,
)

NOISES = [
    None,
    HalfNormal(2.0),
    HalfStudentT(1, 3.0),
    HalfStudentT(4, 0.5),
    InverseGamma(2.0, 3.0),
    Jeffreys(),
]
PRIORS = [
    Gaussian(0.7),
    Laplace(0.3),
    ElasticNet(0.3, 0.7),
    ElasticNet(0.2, 0.4, scaled_by_noise=True),
    Gaussian(0.4, scaled_by_noise=True),
    Laplace(0.2, scaled_by_noise=True),
    Laplace(np.array([0.1, 0.3, 1.0, np.inf])),
    Gaussian(np.array([0.1, 0.3, 1.0, np.inf]), scaled_by_noise=True),
    ElasticNet(np.array([0.1, 0.3, np.inf, np.inf]), np.array([1.0, np.inf, 2.0, np.inf])),
]
RNG = np.random.default_rng(12)
X = RNG.normal(size=(40, 4)) @ np.diag([1.0, 2.0, 0.5, 1.0]) + 3.0
Y = 10.0 + X @ [1.5, 0.0, -1.0, 0.3] + RNG.normal(size=40)


def profile(data, prior, sigmas):
    """Highest log density at each sigma, by the mode for known sigma."""
    heights = []
    for sigma in sigmas:
        fit = find_map(Regression(data.X, data.y, sigma=float(sigma)), prior)
        heights.append(log_posterior(data, prior, fit.coef, fit.intercept, float(sigma)))
    return np.array(heights)


@pytest.mark.parametrize("prior", PRIORS, ids=repr)
@pytest.mark.parametrize("noise", NOISES, ids=repr)
def test_joint_mode_tops_the_profile(noise, prior):
    data = Regression(X, Y, sigma=noise)
    fit = find_map(data, prior)
    around = fit.sigma * np.geomspace(0.2, 5.0, 41)
    assert profile(data, prior, around).max() <= fit.log_posterior + 1e-9
    close = profile(data, prior, fit.sigma * np.array([1 - 1e-4, 1 + 1e-4]))
    assert (close < fit.log_posterior).all()
    assert abs(close[1] - close[0]) < 1e-9  # the top is flat to first order
    assert fit.certificate.is_mode
    assert fit.certificate.sigma_residual < 1e-11
    assert fit.certificate.relative_gap < 1e-12


@pytest.mark.parametrize("prior", PRIORS[:6], ids=repr)
def test_no_point_nearby_is_higher(prior):
    data = Regression(X, Y, sigma=HalfStudentT(4, 2.0))
    fit = find_map(data, prior)
    rng = np.random.default_rng(0)
    for _ in range(300):
        size = 10 ** rng.uniform(-6, 0)
        coef = fit.coef + size * rng.normal(size=4) * (rng.random(4) < 0.5)
        intercept = fit.intercept + size * rng.normal()
        sigma = fit.sigma * np.exp(size * rng.normal())
        # the density is compared with rounding of its own value allowed
        assert log_posterior(data, prior, coef, intercept, sigma) <= fit.log_posterior + 1e-10


def test_units_of_y_change_units_only():
    def in_both(scale):
        return ElasticNet(scale, 2 * scale)

    for factor in (1e-3, 1e3):
        for family in (Gaussian, Laplace, in_both):
            plain = find_map(Regression(X, Y, sigma=HalfNormal(1.0)), family(0.5))
            scaled = find_map(
                Regression(X, Y * factor, sigma=HalfNormal(factor)), family(0.5 * factor)
            )
            assert scaled.sigma == pytest.approx(plain.sigma * factor, rel=1e-11)
            np.testing.assert_allclose(scaled.coef, plain.coef * factor, rtol=1e-10)


class TestSeveralModes:
    """Priors that are not scaled by the noise can make the joint density bimodal."""

    rng = np.random.default_rng(3)
    X = rng.normal(size=(10, 3))
    y = X @ [5.0, -4.0, 3.0] + 0.3 * rng.normal(size=10)

    @pytest.mark.parametrize(
        "prior",
        [Gaussian(0.8), Laplace(0.316), Laplace(0.501), ElasticNet(1.0, 1.0)],
        ids=repr,
    )
    def test_every_local_maximum_is_found(self, prior):
        data = Regression(self.X, self.y, sigma=Jeffreys())
        fit = find_map(data, prior)
        grid = np.geomspace(0.05, 30, 400)
        heights = profile(data, prior, grid)
        inner = heights[1:-1]
        tops = np.flatnonzero((inner > heights[:-2]) & (inner > heights[2:])) + 1
        found = sorted([fit.sigma, *(mode.sigma for mode in fit.other_modes)])
        assert len(found) == len(tops) >= 2
        np.testing.assert_allclose(found, grid[tops], rtol=0.02)
        assert fit.log_posterior >= heights.max() - 1e-12
        best_of_others = max(mode.log_posterior for mode in fit.other_modes)
        assert best_of_others < fit.log_posterior
        second = profile(data, prior, [fit.other_modes[0].sigma])[0]
        assert fit.other_modes[0].log_posterior == pytest.approx(second, abs=1e-9)
        assert "another, lower mode" in repr(fit)

    def test_noise_scaled_priors_have_one_mode(self):
        data = Regression(self.X, self.y, sigma=Jeffreys())
        for scale in np.geomspace(0.01, 100, 15):
            for family in (Gaussian, Laplace, ElasticNet):
                fit = find_map(data, family(float(scale), scaled_by_noise=True))
                assert fit.other_modes == ()


class TestPerfectFits:
    """Where a perfect fit exists the joint density is unbounded at sigma = 0."""

    rng = np.random.default_rng(1)
    X = rng.normal(size=(12, 20))
    y = rng.normal(size=12)

    @pytest.mark.parametrize("noise", [None, HalfNormal(1.0), HalfStudentT(1, 1.0), Jeffreys()])
    @pytest.mark.parametrize("family", [Gaussian, Laplace, ElasticNet])
    @pytest.mark.parametrize("p", [11, 12, 20])
    def test_more_columns_than_rows_are_refused(self, noise, family, p):
        data = Regression(self.X[:, :p], self.y, sigma=noise)
        with pytest.raises(PriormapError, match=r"no mode; fix sigma .* or sample"):
            find_map(data, family(1.0))

    @pytest.mark.parametrize("family", [Gaussian, Laplace, ElasticNet])
    def test_exactly_linear_data_are_refused(self, family):
        y = 1.0 + self.X[:, :3] @ [1.0, 2.0, 3.0]
        with pytest.raises(PriormapError, match="no mode"):
            find_map(Regression(self.X[:, :3], y), family(1.0))

    @pytest.mark.parametrize("prior", [Gaussian(1.0), Laplace(1.0), ElasticNet()], ids=repr)
    def test_an_inverse_gamma_noise_prior_keeps_sigma_from_zero(self, prior):
        data = Regression(self.X, self.y, sigma=InverseGamma(2.0, 0.5))
        fit = find_map(data, prior)
        around = profile(data, prior, fit.sigma * np.geomspace(0.05, 20, 41))
        assert around.max() <= fit.log_posterior + 1e-9

    @pytest.mark.parametrize("family", [Gaussian, Laplace, ElasticNet])
    def test_a_prior_scaled_by_the_noise_has_a_mode(self, family):
        data = Regression(self.X, self.y, sigma=Jeffreys())
        prior = family(0.5, scaled_by_noise=True)
        fit = find_map(data, prior)
        around = profile(data, prior, fit.sigma * np.geomspace(0.05, 20, 41))
        assert around.max() <= fit.log_posterior + 1e-9
        assert fit.sigma > 1e-3

    def test_known_sigma_works(self):
        fit = find_map(Regression(self.X, self.y, sigma=0.5), Laplace(0.5))
        assert fit.certificate.is_mode


@pytest.mark.parametrize("scaled_by_noise", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_a_joint_mode_at_a_knot_of_the_path_is_found(seed, scaled_by_noise):
    # there the root of the slope belongs to two segments of the path, or by rounding to none
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(30, 4))
    y = X @ [1.0, -0.5, 0.2, 0.0] + rng.normal(size=30)
    noise = HalfNormal(1.0)
    at_sigma_one = map_path(Regression(X, y, sigma=1.0), Laplace())
    data = Regression(X, y, sigma=noise)
    power = 1 if scaled_by_noise else 2

    def miss(log_scale, knot):
        fit = find_map(data, Laplace(np.exp(log_scale), scaled_by_noise=scaled_by_noise))
        return log_scale - power * np.log(fit.sigma) - np.log(knot)

    n_found = 0
    for knot, coef in zip(at_sigma_one.scales[1:-1], at_sigma_one.coef[1:-1], strict=True):
        log_scale = brentq(miss, -12, 12, args=(knot,), xtol=1e-13)
        if abs(miss(log_scale, knot)) > 1e-9:
            continue  # the highest of several modes jumps over this knot
        n_found += 1
        scale = np.exp(log_scale)
        for nearby in scale * (1 + np.linspace(-4e-15, 4e-15, 21)):
            fit = find_map(data, Laplace(nearby, scaled_by_noise=scaled_by_noise))
            assert fit.certificate.is_mode
            assert fit.coef == pytest.approx(coef, abs=1e-8)
    assert n_found >= 2


def test_the_joint_mode_of_an_elastic_net_is_found_in_tiny_units():
    """The noise prior's numbers then leave the range of floats in the caller's units."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=(30, 4))
    y = X @ [2.0, 0.0, -1.0, 0.0] + rng.normal(size=30)
    plain = find_map(Regression(X, y, sigma=InverseGamma(2.0, 1.0)), ElasticNet(0.2, 0.5))
    tiny = find_map(
        Regression(X, 1e-100 * y, sigma=InverseGamma(2.0, 1e-200)), ElasticNet(2e-101, 5e-101)
    )
    assert tiny.sigma == pytest.approx(1e-100 * plain.sigma, rel=1e-10)
    np.testing.assert_allclose(tiny.coef, 1e-100 * plain.coef, rtol=1e-9)
