"""The Laplace kernels against closed forms, quadrature, each other, and the joint distribution."""


import numpy as np
import pytest
from kernel_reference import one_coefficient, two_coefficients
from scipy import stats

from priormap.posterior import kernels as pk
from priormap.posterior.kernels import densities as de
from priormap.posterior.kernels.coordinate import mills
from priormap.posterior.kernels.random import uniform

KERNELS = ["hamiltonian", "mixture", "coordinate", "mixture_rows"]
FIXED = pk.Density(de.FIXED)


def simulate(kernel, data, prior, draws=2000, tune=200, chains=2, sigma=1.0, tau=1.0, seed=1, **kw):
    sampler = pk.prepare(kernel, data)
    runs = []
    for chain in range(chains):
        state = pk.start_state(data, prior, 1000 * seed + chain, sigma, tau)
        runs.append(pk.run_chain(sampler, prior, state, draws, tune, **kw))
    return np.stack([r.coef for r in runs]), np.stack([r.trace for r in runs])


def z_score(draws, exact):
    """Distance of the mean of ``draws`` (chains, draws) from ``exact`` in Monte Carlo errors."""
    from arviz_stats.base import array_stats

    error = array_stats.mcse(draws, chain_axis=0, draw_axis=1, method="mean")
    return float((draws.mean() - exact) / error)


def regression(rng, n, p, rho=0.6, sigma=1.0, shift=0.7):
    X = rng.standard_normal((n, p))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    y = X @ (shift * rng.standard_normal(p)) + sigma * rng.standard_normal(n)
    return X - X.mean(axis=0), y - y.mean()


def as_moments(X, y, dof=None):
    return pk.moments(X.T @ X, X.T @ y, y @ y, len(y) - 1 if dof is None else dof)


def test_generator_is_xoshiro256_plus_plus():
    # first outputs for the state (1, 2, 3, 4), from the definition: rotl(5, 23) + 1, ...
    rng = np.array([1, 2, 3, 4], dtype=np.uint64)
    words = [41943041, 58720359, 3588806011781223, 3591011842654386]
    with np.errstate(over="ignore"):
        drawn = [uniform.py_func(rng) for _ in words]
    assert drawn == [((word >> 11) + 0.5) / 2.0**53 for word in words]


def test_mills_ratio_everywhere():
    x = np.concatenate([-np.geomspace(1e-3, 1e6, 60), np.linspace(0.0, 30.0, 31)])
    expected = np.exp(stats.norm.logcdf(x) - stats.norm.logpdf(x)) * np.sqrt(2 / np.pi)
    assert np.allclose([mills.py_func(v) for v in x], expected, rtol=1e-9)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("xty", [0.0, 3.0, -40.0])
def test_one_coefficient(kernel, xty):
    data = pk.moments(np.array([[9.0]]), np.array([xty]), xty**2 / 9 + 5.0, 20.0)
    prior = pk.laplace_prior(np.array([0.4]), FIXED)
    coef, _ = simulate(kernel, data, prior, sigma=0.8, draws=4000)
    mean, sd, positive = one_coefficient(9.0, xty, 0.8, 0.4)
    b = coef[:, :, 0]
    assert abs(z_score(b, mean)) < 4
    assert abs(z_score((b - mean) ** 2, sd**2)) < 4
    if 1e-3 < positive < 1 - 1e-3:
        assert abs(z_score((b > 0).astype(float), positive)) < 4


@pytest.mark.parametrize("kernel", KERNELS)
def test_orthogonal_columns_are_independent_mixtures(kernel):
    gram = np.array([4.0, 25.0, 1.0, 100.0])
    xty = np.array([1.0, -5.0, 2.0, 90.0])
    scale = np.array([0.3, 0.5, 2.0, 0.1])
    data = pk.moments(np.diag(gram), xty, (xty**2 / gram).sum() + 3.0, 30.0)
    coef, _ = simulate(kernel, data, pk.laplace_prior(scale, FIXED), sigma=0.7, draws=4000)
    for j in range(4):
        mean, sd, _ = one_coefficient(gram[j], xty[j], 0.7, scale[j])
        assert abs(z_score(coef[:, :, j], mean)) < 4
        assert abs(z_score((coef[:, :, j] - mean) ** 2, sd**2)) < 4


CASES = {
    "sigma known": (FIXED, FIXED, False),
    "half normal": (pk.Density(de.HALF_NORMAL, 1.5), FIXED, False),
    "half t, by noise": (pk.Density(de.HALF_STUDENT_T, 4.0, 1.0), FIXED, True),
    "jeffreys, by noise, tau inverse gamma": (
        pk.Density(de.JEFFREYS),
        pk.Density(de.INVERSE_GAMMA, 2.0, 0.5),
        True,
    ),
    "inverse gamma, tau half cauchy": (
        pk.Density(de.INVERSE_GAMMA, 3.0, 2.0),
        pk.Density(de.HALF_STUDENT_T, 1.0, 0.5),
        False,
    ),
}


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_two_coefficients_against_quadrature(case, flat):
    noise, scale, by_noise = CASES[case]
    X, y = regression(np.random.default_rng(3), 12, 2, rho=0.8)
    data = as_moments(X, y)
    relative = np.array([0.4, np.inf if flat else 0.8])
    sigmas = np.array([0.9]) if noise == FIXED else np.geomspace(0.35, 4.5, 40)
    taus = np.array([1.0]) if scale == FIXED else np.geomspace(1e-4, 300.0, 70)
    count = 200 if scale == FIXED else 80
    exact = two_coefficients(data, relative, noise, scale, by_noise, sigmas, taus, count)
    prior = pk.laplace_prior(relative, noise, scale, by_noise)
    for kernel in KERNELS[:3] if flat else KERNELS:
        coef, trace = simulate(kernel, data, prior, sigma=0.9, draws=8000)
        b1, b2 = coef[:, :, 0], coef[:, :, 1]
        values = [b1, b2, b1**2, b2**2, b1 > 0, b2 > 0]
        if noise != FIXED:
            values.append(np.log(trace[:, :, 0]))
        if scale != FIXED:
            values += [np.log(trace[:, :, 1])]
        exact_values = list(exact[:6])
        exact_values += [exact[6]] if noise != FIXED else []
        exact_values += [exact[7]] if scale != FIXED else []
        scores = [
            z_score(value.astype(float), expected)
            for value, expected in zip(values, exact_values, strict=True)
        ]
        assert np.max(np.abs(scores)) < 4.5, (kernel, case, np.round(scores, 1))
