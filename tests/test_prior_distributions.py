"""Density, distribution function and quantiles of every prior, against scipy and quadrature."""

import itertools

import numpy as np
import pytest
from scipy import integrate, stats

from logistic_prior import Logistic
from priormap import (
    Cauchy,
    ElasticNet,
    Gaussian,
    HalfCauchy,
    Horseshoe,
    Laplace,
    NormalGamma,
    PriormapError,
    SpikeAndSlab,
    StudentT,
)

PRIORS = [
    *(Gaussian(0.7), Laplace(1.3), ElasticNet(0.8, 1.5), ElasticNet(np.inf, 2.0)),
    *(StudentT(4, 0.5), Cauchy(2.0), Horseshoe(0.3), NormalGamma(0.3, 1.0), NormalGamma(2.5, 0.4)),
    Logistic(0.6),
]
SCIPYS = [
    (Gaussian(0.7), stats.norm(scale=0.7)),
    (Laplace(1.3), stats.laplace(scale=1.3)),
    (StudentT(4, 0.5), stats.t(4, scale=0.5)),
    (Cauchy(2.0), stats.cauchy(scale=2.0)),
    (Logistic(0.6), stats.logistic(scale=0.6)),
]
POINTS = np.array([-40.0, -3.0, -0.2, 0.0, 1e-6, 0.4, 2.0, 9.0])
LEVELS = np.array([1e-6, 0.02, 0.3, 0.5, 0.64, 0.9, 1 - 1e-6])


@pytest.mark.parametrize(("prior", "frozen"), SCIPYS)
def test_distributions_are_those_of_scipy(prior, frozen):
    np.testing.assert_allclose(prior.pdf(POINTS), frozen.pdf(POINTS), rtol=1e-12)
    np.testing.assert_allclose(prior.cdf(POINTS), frozen.cdf(POINTS), atol=1e-10)
    np.testing.assert_allclose(prior.ppf(LEVELS), frozen.ppf(LEVELS), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("prior", PRIORS, ids=repr)
def test_the_distribution_function_is_the_integral_of_the_density(prior):
    edges = np.array([1e-3, 0.05, 0.3, 1.0, 4.0])
    steps = [
        integrate.quad(prior.pdf, low, high, epsabs=1e-13, epsrel=1e-12, limit=200)[0]
        for low, high in itertools.pairwise(edges)
    ]
    np.testing.assert_allclose(np.diff(prior.cdf(edges)), steps, atol=1e-10)
    np.testing.assert_allclose(prior.cdf(-edges), 1 - prior.cdf(edges), atol=1e-15)
    assert prior.cdf(-np.inf) == 0
    assert prior.cdf(np.inf) == 1


@pytest.mark.parametrize("prior", PRIORS, ids=repr)
def test_quantiles_undo_the_distribution_function(prior):
    np.testing.assert_allclose(prior.cdf(prior.ppf(LEVELS)), LEVELS, atol=1e-10)
    assert prior.ppf([0.0, 1.0]).tolist() == [-np.inf, np.inf]
    draws = prior.rvs(2000, random_state=1)
    assert stats.kstest(draws, prior.cdf).pvalue > 1e-3
    assert stats.kstest(1.7 * draws, prior.cdf).pvalue < 1e-3  # negative control


@pytest.mark.parametrize("slab", [Gaussian(2.0), Laplace(0.5), Horseshoe(0.3)], ids=repr)
def test_a_point_mass_is_a_step_of_the_distribution_function(slab):
    prior = SpikeAndSlab(0.3, slab)
    assert prior.pdf(0.0) == pytest.approx(0.7)
    assert prior.pdf(1.2) == pytest.approx(0.3 * slab.pdf(1.2))
    np.testing.assert_allclose(prior.cdf([-1e-300, 0.0]), [0.15, 0.85], atol=1e-10)
    points = np.array([-3.0, -0.1, 0.2, 5.0])
    expected = 0.3 * slab.cdf(points) + 0.7 * (points > 0)
    np.testing.assert_allclose(prior.cdf(points), expected, atol=1e-12)
    levels = np.array([0.01, 0.1, 0.149, 0.151, 0.5, 0.849, 0.851, 0.97])
    quantiles = prior.ppf(levels)
    assert (quantiles[3:6] == 0).all()
    outer = [0, 1, 2, 6, 7]
    np.testing.assert_allclose(prior.cdf(quantiles[outer]), levels[outer], atol=1e-10)


@pytest.mark.parametrize("family", [Gaussian, Laplace, Cauchy, Horseshoe])
def test_vectors_of_scales_have_a_distribution_for_each(family):
    scales = [0.3, 2.0, 50.0]
    together, apart = family(scales), [family(scale) for scale in scales]
    for ask, values in (("pdf", POINTS), ("cdf", POINTS), ("ppf", LEVELS)):
        grid = np.repeat(values[:, None], 3, axis=1)
        expected = np.stack([getattr(prior, ask)(values) for prior in apart], axis=1)
        np.testing.assert_allclose(getattr(together, ask)(grid), expected, rtol=1e-12)
        np.testing.assert_allclose(getattr(together, ask)(values[:, None]), expected, rtol=1e-12)
        assert getattr(together, ask)(values[1]).shape == (3,)
        assert np.shape(apart[0].ppf(0.3)) == ()


def test_what_has_no_distribution_is_refused():
    cases = [
        (Gaussian(np.inf), "improper: it has no distribution"),
        (Laplace([1.0, np.inf]), "improper"),
        (Gaussian(HalfCauchy(1.0)), "learnt"),
    ]
    for prior, sentence in cases:
        for ask in (prior.cdf, prior.ppf):
            with pytest.raises(PriormapError, match=sentence):
                ask(0.3)
    for level in (-0.1, 1.1, np.nan):
        with pytest.raises(PriormapError, match="q must lie between 0 and 1"):
            Gaussian(1.0).ppf([0.5, level])
