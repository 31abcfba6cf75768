"""The general search and quadrature against the closed forms of the families that have them."""

import numpy as np
import pytest

from priormap import ElasticNet, Gaussian, Laplace
from priormap.priors.one_observation import mean_by_quadrature, mode_by_search

PRIORS = [Gaussian(0.7), Laplace(0.7), Laplace(0.02), Laplace(30.0), ElasticNet(0.5, 2.0)]
Z = np.array([-40.0, -3.0, -0.4, 0.0, 1e-3, 0.2, 1.0, 5.0, 300.0])
every = pytest.mark.parametrize("prior", PRIORS, ids=repr)


@every
@pytest.mark.parametrize("sd", [0.3, 1.0, 4.0])
def test_the_search_finds_the_mode(prior, sd):
    mode = mode_by_search(prior, Z, sd)
    np.testing.assert_allclose(mode, prior.shrink(Z, sd), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(mode == 0, prior.shrink(Z, sd) == 0)


@every
@pytest.mark.parametrize("sd", [0.3, 1.0, 4.0])
def test_the_quadrature_gives_the_mean(prior, sd):
    np.testing.assert_allclose(
        mean_by_quadrature(prior, Z, sd), prior.posterior_mean(Z, sd), rtol=1e-9, atol=1e-12
    )


def test_both_take_one_scale_for_each_coefficient():
    prior = Laplace([0.1, 2.0])
    z = np.array([[1.0, 1.0], [3.0, -0.2]])
    np.testing.assert_allclose(mode_by_search(prior, z, 1.0), prior.shrink(z, 1.0), atol=1e-12)
    np.testing.assert_allclose(
        mean_by_quadrature(prior, z, 1.0), prior.posterior_mean(z, 1.0), rtol=1e-9
    )
