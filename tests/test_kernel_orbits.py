"""The moves of sigma and tau: the table of an orbit against the log posterior along it."""

import numpy as np
import pytest
from numba import njit

from kernel_reference import elastic_net_prior, log_density, numbers
from priormap.posterior import kernels as pk
from priormap.posterior.kernels.compiled import seed_words
from priormap.posterior.kernels.orbits import log_density_along, move_along, orbit
from priormap.posterior.kernels.scale_moves import fill_prior_sums, residual_orbit, stack

DENSITIES = {
    "half_normal": ("half_normal", 1.5),
    "half_student_t": ("half_student_t", 4.0, 0.8),
    "inverse_gamma": ("inverse_gamma", 2.0, 0.5),
}
P, DOF = 4, 9.0


@njit
def move(orbits, prior, state, fixed, moving):
    fill_prior_sums(prior, state, fixed, moving)
    return move_along(orbits, 0, prior, state, fixed, moving)


@njit
def along(t, line, rate, fixed, moving):
    return log_density_along(t, line, rate, fixed, moving)


def log_posterior(data, prior, densities, coef, sigma, tau, dof=DOF):
    unit = tau * sigma if prior.hyper[3] else tau
    misfit = data.yty - 2 * coef @ data.xty + coef @ data.gram @ coef
    value = -dof * np.log(sigma) - misfit / (2 * sigma**2)
    value -= prior.rate @ abs(coef) / unit + prior.curvature @ coef**2 / (2 * unit**2)
    value -= np.count_nonzero(prior.rate + prior.curvature) * np.log(unit)
    noise, scale = densities
    return value + log_density(noise, np.float64(sigma)) + log_density(scale, np.float64(tau))


@pytest.mark.parametrize("curved", [False, True])
@pytest.mark.parametrize("by_noise", [False, True])
@pytest.mark.parametrize("names", [tuple(DENSITIES)[:2], tuple(DENSITIES)[1:]])
@pytest.mark.parametrize("moved", ["sigma", "tau", "coef, tau", "share, tau", "residual, sigma"])
def test_an_orbit_is_the_posterior_along_it(moved, names, by_noise, curved):
    rng = np.random.default_rng(5)
    X, coef = rng.standard_normal((9, P)), rng.standard_normal(P)
    y = X @ rng.standard_normal(P) + rng.standard_normal(9)
    data = pk.moments(X.T @ X, X.T @ y, y @ y, DOF)
    densities = [DENSITIES[name] for name in names]
    prior = elastic_net_prior(
        np.array([0.5, 1.0, np.inf, 2.0]),
        *(numbers(density) for density in densities),
        by_noise=by_noise,
        l2_scale=np.array([1.0, np.inf, np.inf, 0.5]) if curved else np.inf,
    )
    sigma, tau = 0.9, 0.6
    moving, rank, powers = np.zeros(P), 0, (0, 0)
    match moved:
        case "sigma":
            path, powers = orbit(prior, 1.0, -DOF, sigma=1), (1, 0)
        case "tau":
            path, powers = orbit(prior, 1.0, 0.0, tau=1), (0, 1)
        case "coef, tau":
            path, powers = orbit(prior, 1.0, P, tau=1, coef=1), (0, 1)
            moving, rank = coef, P
        case "share, tau":
            path, powers = orbit(prior, 1.0, 2.0, tau=1, coef=1, whole=False), (0, 1)
            moving, rank = coef * [1, 0, 1, 0], 2
        case "residual, sigma":
            centre = np.linalg.solve(data.gram, data.xty)
            rss = float(data.yty - centre @ data.xty)
            path, powers = residual_orbit(prior, DOF, P, rss), (1, -1 if by_noise else 0)
            moving, rank = coef - centre, P
    fixed = coef - moving
    state = pk.state(coef, sigma, tau, seed_words(1))
    state.sums[:3] = (
        data.yty - 2 * coef @ data.xty + coef @ data.gram @ coef,
        fixed @ data.gram @ moving - moving @ data.xty,
        moving @ data.gram @ moving,
    )
    factor = move(stack([path]), prior, state, fixed, moving)

    def exact(t):
        scales = sigma * np.exp(powers[0] * t), tau * np.exp(powers[1] * t)
        there = fixed + np.exp(t) * moving
        return log_posterior(data, prior, densities, there, *scales) + t * (rank + sum(powers))

    drawn = np.log(state.scales / [sigma, tau])
    step = drawn[0] or drawn[1]
    assert step != 0.0
    assert np.allclose(drawn, step * np.array(powers) * powers[np.flatnonzero(powers)[0]])
    assert np.isclose(factor, np.exp(abs(powers[0] or powers[1]) * step) if rank else 1.0)
    for t in (-1.1, -0.2, 0.4, 1.3):
        ours = [along(s, state.line, prior.rate, fixed, moving) for s in (t, 0.0)]
        assert np.isclose(ours[0] - ours[1], exact(t) - exact(0.0), rtol=1e-11, atol=1e-11)


def test_an_orbit_without_powers_is_not_taken():
    prior = elastic_net_prior(np.ones(P), numbers(("half_normal", 1.0)))
    path = orbit(prior, 1.0, -DOF, sigma=1)
    path.powers[:] = 0.0
    state = pk.state(np.ones(P), 1.0, 1.0, seed_words(1))
    words = state.rng.copy()
    assert move(stack([path]), prior, state, state.coef, state.coef) == 1.0
    assert np.array_equal(state.rng, words)
    assert np.array_equal(state.scales, [1.0, 1.0])
