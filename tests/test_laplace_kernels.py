"""The Laplace kernels against closed forms, quadrature, each other, and the joint distribution."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import stats

from kernel_reference import (
    elastic_net_prior,
    log_density,
    numbers,
    one_coefficient,
    two_coefficients,
)
from priormap import ElasticNet
from priormap.posterior import kernels as pk
from priormap.posterior.kernels import Density, problem as de
from priormap.posterior.kernels.compiled import seed_words, uniform
from priormap.posterior.kernels.coordinate import mills

KERNELS = ["hamiltonian", "mixture", "coordinate", "mixture_rows", "alternating"]
KNOWN = Density()


def simulate(kernel, data, prior, draws=2000, tune=200, chains=2, sigma=1.0, tau=1.0, seed=1, **kw):
    if kernel == "hamiltonian":
        data, prior = pk.absorb_curvature(data, prior, sigma, tau)
        assert not prior.curvature.any()
    around = pk.typical(data, prior, sigma, tau)
    sampler = pk.prepare(kernel, data, prior, sigma, tau)
    runs = []
    for chain in range(chains):
        state = pk.start_state(around, prior, 1000 * seed + chain)
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
@pytest.mark.parametrize("l2_scale", [np.inf, 0.2])
@pytest.mark.parametrize("xty", [0.0, 3.0, -40.0])
def test_one_coefficient(kernel, xty, l2_scale):
    data = pk.moments(np.array([[9.0]]), np.array([xty]), xty**2 / 9 + 5.0, 20.0)
    prior = elastic_net_prior(np.array([0.4]), KNOWN, l2_scale=l2_scale)
    coef, _ = simulate(kernel, data, prior, sigma=0.8, draws=4000)
    mean, sd, positive = one_coefficient(9.0, xty, 0.8, 0.4, l2_scale)
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
    l2_scale = np.array([0.2, np.inf, 0.5, 1.0])
    data = pk.moments(np.diag(gram), xty, (xty**2 / gram).sum() + 3.0, 30.0)
    prior = elastic_net_prior(scale, KNOWN, l2_scale=l2_scale)
    coef, _ = simulate(kernel, data, prior, sigma=0.7, draws=4000)
    for j in range(4):
        mean, sd, _ = one_coefficient(gram[j], xty[j], 0.7, scale[j], l2_scale[j])
        assert abs(z_score(coef[:, :, j], mean)) < 4
        assert abs(z_score((coef[:, :, j] - mean) ** 2, sd**2)) < 4


@pytest.mark.parametrize(
    ("kernel", "n"), [*((k, 30) for k in KERNELS), *((k, 4) for k in KERNELS[2:])]
)
def test_without_a_kink_it_is_the_gaussian_posterior(kernel, n):
    X, y = regression(np.random.default_rng(4), n, 6)
    data = as_moments(X, y) if n == 30 else pk.rows_from_design(X, y, n - 1)
    l2_scale = np.linspace(0.3, 1.0, 6)
    prior = elastic_net_prior(np.full(6, np.inf), KNOWN, l2_scale=l2_scale)
    coef, _ = simulate(kernel, data, prior, sigma=0.7, draws=4000)
    covariance = np.linalg.inv(X.T @ X / 0.49 + np.diag(l2_scale**-2.0))
    mean = covariance @ X.T @ y / 0.49
    for j in range(6):
        b = coef[:, :, j]
        assert abs(z_score(b, mean[j])) < 4.5
        assert abs(z_score((b - mean[j]) ** 2, covariance[j, j])) < 4.5
    product = (coef[:, :, 0] - mean[0]) * (coef[:, :, 1] - mean[1])
    assert abs(z_score(product, covariance[0, 1])) < 4.5


CASES = {
    "sigma known": (None, None, False),
    "half normal": (("half_normal", 1.5), None, False),
    "half t, by noise": (("half_student_t", 4.0, 1.0), None, True),
    "jeffreys, by noise, tau inverse gamma": (("jeffreys",), ("inverse_gamma", 2.0, 0.5), True),
    "inverse gamma, tau half cauchy": (
        ("inverse_gamma", 3.0, 2.0),
        ("half_student_t", 1.0, 0.5),
        False,
    ),
    "half t, tau half normal": (("half_student_t", 4.0, 1.0), ("half_normal", 0.7), False),
}


@pytest.mark.parametrize(
    "density",
    [
        ("half_normal", 1.5),
        ("half_student_t", 4.0, 0.3),
        ("inverse_gamma", 2.0, 0.5),
        ("jeffreys",),
    ],
)
def test_numbers_of_a_density(density):
    x = np.geomspace(1e-2, 1e2, 50)
    ours, exact = de.log_density(numbers(density), x), log_density(density, x)
    assert numbers(density).learnt
    assert np.allclose(ours - ours[0], exact - exact[0], rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_two_coefficients_against_quadrature(case, flat):
    noise, scale, by_noise = CASES[case]
    X, y = regression(np.random.default_rng(3), 12, 2, rho=0.8)
    data = as_moments(X, y)
    relative = np.array([0.4, np.inf if flat else 0.8])
    sigmas = np.array([0.9]) if noise is None else np.geomspace(0.35, 4.5, 40)
    taus = np.array([1.0]) if scale is None else np.geomspace(1e-4, 300.0, 70)
    count = 200 if scale is None else 80
    exact = two_coefficients(data, relative, noise, scale, by_noise, sigmas, taus, count)
    prior = elastic_net_prior(relative, numbers(noise), numbers(scale), by_noise)
    for kernel in KERNELS:
        coef, trace = simulate(kernel, data, prior, sigma=0.9, draws=8000)
        b1, b2 = coef[:, :, 0], coef[:, :, 1]
        values = [b1, b2, b1**2, b2**2, b1 > 0, b2 > 0]
        if noise is not None:
            values.append(np.log(trace[:, :, 0]))
        if scale is not None:
            values += [np.log(trace[:, :, 1])]
        exact_values = list(exact[:6])
        exact_values += [exact[6]] if noise is not None else []
        exact_values += [exact[7]] if scale is not None else []
        scores = [
            z_score(value.astype(float), expected)
            for value, expected in zip(values, exact_values, strict=True)
        ]
        assert np.max(np.abs(scores)) < 4.5, (kernel, case, np.round(scores, 1))


@pytest.mark.parametrize("case", ["half normal", "half t, by noise", *list(CASES)[3:]])
def test_two_curved_coefficients_against_quadrature(case):
    noise, scale, by_noise = CASES[case]
    X, y = regression(np.random.default_rng(3), 12, 2, rho=0.8)
    data = as_moments(X, y)
    relative, l2_scale = np.array([0.4, np.inf]), np.array([0.5, 0.7])
    sigmas = np.geomspace(0.35, 4.5, 40)
    taus = np.array([1.0]) if scale is None else np.geomspace(1e-4, 300.0, 70)
    count = 200 if scale is None else 80
    exact = two_coefficients(
        data, relative, noise, scale, by_noise, sigmas, taus, count, l2_scale=l2_scale
    )
    densities = numbers(noise), numbers(scale)
    prior = elastic_net_prior(relative, *densities, by_noise, l2_scale=l2_scale)
    absorbed = scale is None and by_noise
    for kernel in KERNELS if absorbed else KERNELS[1:]:
        coef, trace = simulate(kernel, data, prior, draws=8000)
        b1, b2, log_scales = coef[:, :, 0], coef[:, :, 1], np.log(trace[:, :, :2])
        values = [b1, b2, b1**2, b2**2, b1 > 0, b2 > 0, log_scales[:, :, 0], log_scales[:, :, 1]]
        known = 1 if scale is None else 0
        scores = [
            z_score(value.astype(float), expected)
            for value, expected in list(zip(values, exact, strict=True))[: 8 - known]
        ]
        assert np.max(np.abs(scores)) < 4.5, (kernel, case, np.round(scores, 1))


def test_kernels_agree_on_correlated_columns():
    X, y = regression(np.random.default_rng(8), 60, 8, rho=0.9)
    data = as_moments(X, y)
    noise = numbers(("half_normal", 2.0))
    prior = elastic_net_prior(np.linspace(0.2, 0.6, 8), noise)
    runs = [simulate(k, data, prior, draws=4000, seed=5) for k in KERNELS]
    pooled = np.mean([coef.mean(axis=(0, 1)) for coef, _ in runs], axis=0)
    log_sigma = np.mean([np.log(trace[:, :, 0]).mean() for _, trace in runs])
    for coef, trace in runs:
        assert max(abs(z_score(coef[:, :, j], pooled[j])) for j in range(8)) < 4.5
        assert abs(z_score(np.log(trace[:, :, 0]), log_sigma)) < 4.5


@pytest.mark.parametrize("by_noise", [False, True])
def test_wide_kernels_agree(by_noise):
    X, y = regression(np.random.default_rng(9), 12, 30, rho=0.3, shift=0.3)
    data = pk.rows_from_design(X, y, 11)
    noise = numbers(("half_normal", 1.0))
    tau = numbers(("inverse_gamma", 3.0, 2.0))
    prior = elastic_net_prior(np.full(30, 0.3), noise, tau, by_noise)
    runs = [simulate(k, data, prior, draws=4000, seed=6) for k in KERNELS[2:]]
    for column in (0, 1):
        values = [np.log(trace[:, :, column]) for _, trace in runs]
        errors = [(v.mean() - 1e3) / z_score(v, 1e3) for v in values]
        for value, error in zip(values[1:], errors[1:], strict=True):
            assert abs(value.mean() - values[0].mean()) < 4.5 * np.hypot(error, errors[0])


@pytest.mark.parametrize("centre", [20.0, 100.0])
def test_strong_conflict_does_not_trap_the_trajectory(centre):
    # least squares at 4,000 or 20,000 prior scales: with a fixed quarter period the dynamics
    # resonate, and the effective sample size falls to ten
    data = pk.moments(np.eye(1), np.array([centre]), centre**2 + 5.0, 20.0)
    prior = elastic_net_prior(np.array([0.005]), KNOWN)
    mean, sd, _ = one_coefficient(1.0, centre, 1.0, 0.005)
    for kernel in KERNELS:
        coef, _ = simulate(kernel, data, prior, draws=3000)
        b = coef[:, :, 0]
        assert abs(z_score(b, mean)) < 4
        assert abs(z_score((b - mean) ** 2, sd**2)) < 4
        spread = (b - b.mean()) / b.std()
        error = 1e3 / -z_score(spread - 1e3, 0.0)
        assert error < 0.1  # at least 100 effective draws of 6,000


@pytest.mark.parametrize("kernel", KERNELS)
def test_draws_depend_on_the_seed_only(kernel):
    X, y = regression(np.random.default_rng(4), 20, 5)
    data = as_moments(X, y)
    prior = elastic_net_prior(np.full(5, 0.5), numbers(("half_normal", 1.0)))
    around = pk.typical(data, prior)
    sampler = pk.prepare(kernel, data, prior, around.sigma, around.tau)

    def chain(seed, block=100):
        state = pk.start_state(around, prior, seed)
        return pk.run_chain(sampler, prior, state, 150, 50, block=block).coef

    alone = [chain(seed) for seed in (1, 2)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(chain, (1, 2)))
    assert np.array_equal(alone, together)
    assert np.array_equal(alone[0], chain(1, block=7))
    assert not np.array_equal(alone[0], alone[1])


@pytest.mark.parametrize("block", [7, 40])
@pytest.mark.parametrize("kernel", KERNELS)
def test_warm_up_is_what_comes_before_the_draws(kernel, block):
    """All 65 draws of the kernel itself, from the 26th on."""
    X, y = regression(np.random.default_rng(4), 20, 3)
    data, prior = as_moments(X, y), elastic_net_prior(np.full(3, 0.5), KNOWN)
    around, every = pk.typical(data, prior), de.empty_draws(65, 3)
    sampler = pk.prepare(kernel, data, prior, 1.0, 1.0)
    state = pk.start_state(around, prior, 3)
    sampler.advance(*sampler.target, prior, state, every, sampler.room())
    state = pk.start_state(around, prior, 3)
    kept = pk.run_chain(sampler, prior, state, 40, 25, block=block)
    assert np.array_equal(kept.coef, every.coef[25:])
    assert np.array_equal(kept.trace, every.trace[25:])


def test_progress_counts_draws_and_the_state_goes_on():
    X, y = regression(np.random.default_rng(4), 20, 3)
    data = as_moments(X, y)
    prior = elastic_net_prior(np.full(3, 0.5), numbers(("half_normal", 1.0)))
    around = pk.typical(data, prior)
    sampler, seen = pk.prepare("mixture", data, prior, 1.0, 1.0), []
    whole = pk.run_chain(
        sampler, prior, pk.start_state(around, prior, 3), 60, 25, block=20, progress=seen.append
    )
    assert seen == [20, 25, 45, 65, 85]
    state = pk.start_state(around, prior, 3)
    first = pk.run_chain(sampler, prior, state, 30, 25)
    second = pk.run_chain(sampler, prior, state, 30, 0)
    assert np.array_equal(whole.coef, np.concatenate([first.coef, second.coef]))


def test_choice_follows_conditioning():
    rng = np.random.default_rng(1)
    noise = numbers(("half_normal", 1.0))
    X, y = regression(rng, 400, 40, rho=0.5)
    assert choice(X, y, noise) == "hamiltonian"
    X[:, 1] = X[:, 0] + 1e-3 * rng.standard_normal(400)
    assert choice(X, y, noise) == "mixture"
    X[:, 1] = X[:, 0]
    assert choice(X, y, noise) == "mixture"
    learnt = elastic_net_prior(np.full(40, 0.1), noise, numbers(("half_normal", 1.0)))
    X, y = regression(rng, 400, 40)
    assert pk.choose_kernel(as_moments(X, y), learnt, 1.0, 1.0) == "hamiltonian"
    assert pk.choose_kernel(as_moments(X, y), learnt, 1.0, 0.01) == "coordinate"  # all at the kink
    assert pk.choose_kernel(pk.rows_from_moments(as_moments(X, y)), learnt, 1, 1) == "mixture_rows"


def test_choice_where_the_prior_has_a_curvature():
    X, y = regression(np.random.default_rng(1), 400, 40, rho=0.5)
    noise = numbers(("half_normal", 1.0))
    for by_noise, kernel in ((True, "hamiltonian"), (False, "mixture")):
        prior = elastic_net_prior(np.full(40, 0.1), noise, by_noise=by_noise, l2_scale=0.5)
        data, prior = pk.absorb_curvature(as_moments(X, y), prior, 1.0, 1.0)
        assert pk.choose_kernel(data, prior, 1.0, 1.0) == kernel


def test_blocks_are_for_columns_that_the_likelihood_ties_together():
    X, y = regression(np.random.default_rng(1), 100, 120)
    data = pk.rows_from_design(X, y, 99)
    noise = numbers(("half_normal", 1.0))
    narrow, wide = (elastic_net_prior(np.full(120, s), noise) for s in (0.05, 1.0))
    some_flat = elastic_net_prior(np.r_[np.inf, np.full(119, 0.05)], noise)
    assert pk.blocked_share(data, narrow, 1.0, 1.0) == 25 / 99
    assert pk.blocked_share(data, wide, 1.0, 1.0) == 1.0
    assert pk.blocked_share(data, some_flat, 1.0, 1.0) == 1.0


def choice(X, y, noise):
    prior = elastic_net_prior(np.full(X.shape[1], 0.1), noise)
    return pk.choose_kernel(as_moments(X, y), prior, 1.0, 1.0)


def test_crossings_are_predicted_from_above():
    X, y = regression(np.random.default_rng(7), 300, 10, rho=0.95, shift=0.05)
    data = as_moments(X, y)
    prior = elastic_net_prior(np.full(10, 0.03), KNOWN)
    expected = pk.expected_crossings(np.diag(np.linalg.inv(data.gram)), prior, 1.0, 1.0)
    _, trace = simulate("hamiltonian", data, prior)
    assert 0.25 * expected < trace[:, :, 2].mean() < 1.5 * expected


def joint_scores(advance_with, steps, broken=False, p=3, n=4, seed=0, l2_scale=None):
    """Geweke (2004): z scores of the joint distribution, prior draws against a chain of (theta, y).

    ``advance_with(data, state)`` moves theta given y; ``broken`` forgets a degree of freedom.
    """
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    scale = np.array([0.5, 1.0, 2.0, 0.7])[:p]

    def prior_draw(size):
        sigma = np.sqrt(1.5 / rng.gamma(4.0, size=size))
        tau = np.sqrt(2.0 / rng.gamma(5.0, size=size))
        if l2_scale is None:
            return rng.laplace(size=(size, p)) * (tau * sigma)[:, None] * scale, sigma, tau
        return ElasticNet(scale, l2_scale).rvs((size, p), rng) * tau[:, None], sigma, tau

    def statistics(b, sigma, tau):
        return np.column_stack([np.log(sigma), np.log(tau), abs(b), b[:, 0] * b[:, 1], b[:, -1]])

    independent = statistics(*prior_draw(20_000))
    b, sigma, tau = (v[0] for v in prior_draw(1))
    state = pk.state(b.copy(), sigma, tau, seed_words(seed))
    prior = wide_open(scale, l2_scale)
    chain = np.empty((steps, p + 2))
    for i in range(steps):
        y = X @ state.coef + state.scales[0] * rng.standard_normal(n)
        advance_with(X, y, n - 1 if broken else n, prior, state)
        chain[i] = [*state.coef, *state.scales]
    dependent = statistics(chain[:, :p], chain[:, p], chain[:, p + 1])
    z = []
    for j in range(independent.shape[1]):
        series = dependent[:, j].reshape(4, -1)
        error = (series.mean() - 1e3) / z_score(series, 1e3)
        spread = independent[:, j].std() / np.sqrt(len(independent))
        z.append((independent[:, j].mean() - series.mean()) / np.hypot(error, spread))
    return np.array(z)


def wide_open(scale, l2_scale=None):
    """All is learnt; the Laplace prior is scaled by the noise, the elastic net is not."""
    return elastic_net_prior(
        scale,
        numbers(("inverse_gamma", 4.0, 1.5)),
        numbers(("inverse_gamma", 5.0, 2.0)),
        by_noise=l2_scale is None,
        l2_scale=np.inf if l2_scale is None else l2_scale,
    )


def one_step(kernel):
    def advance(X, y, dof, prior, state):
        data = as_moments(X, y, dof) if X.shape[1] < len(X) else pk.rows_from_design(X, y, dof)
        sampler = pk.prepare(kernel, data, prior, 1.0, 1.0)
        draws = pk.empty_draws(1, X.shape[1])
        sampler.advance(*sampler.target, prior, state, draws, sampler.room())

    return advance


GEWEKE = [*((k, 3, 4) for k in KERNELS), *((k, 4, 3) for k in KERNELS[2:])]


@pytest.mark.parametrize(("kernel", "p", "n"), GEWEKE)
def test_geweke_joint_distribution(kernel, p, n):
    assert np.max(np.abs(joint_scores(one_step(kernel), 8000, p=p, n=n))) < 4.5


@pytest.mark.parametrize(
    ("kernel", "p", "n"), [("mixture", 3, 4), ("alternating", 3, 4), ("alternating", 4, 3)]
)
def test_geweke_joint_distribution_of_the_elastic_net(kernel, p, n):
    l2_scale = np.array([0.7, 1.0, np.inf, 0.5])[:p]
    scores = joint_scores(one_step(kernel), 8000, p=p, n=n, l2_scale=l2_scale)
    assert np.max(np.abs(scores)) < 4.5


def test_geweke_catches_a_wrong_kernel():
    assert np.max(np.abs(joint_scores(one_step("mixture"), 8000, broken=True))) > 6


def p_values(kernel, dof=12):
    """Simulation-based calibration (Talts et al. 2018): ranks of the truth among thinned draws.

    Returns the p-values of uniform ranks, of each coefficient, sigma and tau; 12 rows have ``dof``
    12.
    """
    rng = np.random.default_rng(12)
    replicates, kept, ranks = 200, 19, []
    X = rng.standard_normal((12, 3))
    scale = np.array([0.5, 1.0, 2.0])
    prior = wide_open(scale)
    for r in range(replicates):
        sigma, tau = np.sqrt(1.5 / rng.gamma(4.0)), np.sqrt(2.0 / rng.gamma(5.0))
        b = rng.laplace(size=3) * tau * sigma * scale
        y = X @ b + sigma * rng.standard_normal(12)
        coef, trace = simulate(
            kernel, as_moments(X, y, dof), prior, draws=10 * kept, tune=100, chains=1, seed=r
        )
        draws = np.column_stack([coef[0], trace[0, :, :2]])[::10]
        ranks.append((draws < [*b, sigma, tau]).sum(axis=0))
    counts = [np.bincount(column // 2, minlength=10) for column in np.array(ranks).T]
    return [stats.chisquare(count).pvalue for count in counts]


@pytest.mark.slow
@pytest.mark.parametrize("kernel", KERNELS)
def test_ranks_are_uniform(kernel):
    assert min(p_values(kernel)) > 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("kernel", ["hamiltonian", "mixture", "alternating"])
def test_ranks_catch_wrong_degrees_of_freedom(kernel):
    assert p_values(kernel, dof=8)[3] < 1e-6
