"""Prior and data far apart: draws are right, finite and in time, and Ctrl-C ends a run."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from numba import njit
from scipy import stats

from priormap import (
    ElasticNet,
    Gaussian,
    HalfNormal,
    HalfStudentT,
    InverseGamma,
    Laplace,
    PriormapError,
    PriormapWarning,
    Regression,
    sample,
)
from priormap.posterior.kernels.compiled import seed_words
from priormap.posterior.kernels.coordinate import positive_normal
from priormap.posterior.kernels.orbits import SLOPE, WIDTH, draw_step

LIKE_PRIOR = 1e-4  # of Kolmogorov-Smirnov tests; every seed is fixed


def three_rows(sigma=None):
    return Regression([[0.0], [1.0], [3.0]], [1.0, 3.0, 4.0], sigma=sigma)


def rows(n, p, sigma=None, seed=0):
    rng = np.random.default_rng(seed)
    return Regression(rng.standard_normal((n, p)), rng.standard_normal(n), sigma=sigma)


def with_a_copy(data):
    """The data and the first column once more."""
    with pytest.warns(PriormapWarning, match="linear combination"):
        return Regression(np.c_[data.X, data.X[:, 0]], data.y, sigma=data.sigma)


def alike(first, second):
    return stats.ks_2samp(first, second, method="asymp").pvalue > LIKE_PRIOR


def thinned(draws, step=10):
    """Nearly independent draws of one unknown, of all chains."""
    return np.asarray(draws)[:, ::step].ravel()


def same_law(draws, law):
    return stats.kstest(thinned(draws), law.cdf).pvalue > LIKE_PRIOR


def posterior(data, prior, **options):
    options = {"draws": 1000, "chains": 4, "random_seed": 1, "progressbar": False} | options
    found = sample(data, prior, **options)["posterior"]
    for values in found.data_vars.values():
        assert np.isfinite(values).all()
    return found


@pytest.mark.parametrize("scale", [1e-5, 1e-7, 1e-20, 1e-100, 1e-300])
@pytest.mark.parametrize("sigma", [None, 1.0])
@pytest.mark.parametrize("method", ["exact", "gibbs"])
@pytest.mark.parametrize("shape", [(3, 1), (6, 12)])
def test_a_tight_prior_is_the_posterior(shape, method, sigma, scale):
    data = three_rows(sigma) if shape == (3, 1) else rows(*shape, sigma)
    found = posterior(data, Laplace(scale), method=method)
    assert same_law(found["coef"][..., 0] / scale, stats.laplace())
    if sigma is None:  # what rows say of sigma without columns
        assert 0.1 < np.median(found["sigma"]) < 10


@pytest.mark.parametrize(
    ("n", "p", "sigma"), [(30, 5, 1.0), (30, 5, None), (6, 12, None), (6, 12, 1.0)]
)
@pytest.mark.parametrize(
    "hyperprior", [HalfNormal(1e-5), HalfNormal(1e-12), InverseGamma(3, 1e-20)]
)
@pytest.mark.parametrize("family", ["laplace", "elastic net"])
def test_a_tight_hyperprior_is_the_posterior_of_the_scale(family, hyperprior, n, p, sigma):
    prior = Laplace(hyperprior)
    if family == "elastic net":
        prior = ElasticNet(1.0, 1.0, hyperprior=hyperprior)
    found = posterior(rows(n, p, sigma), prior, draws=2000)
    spread = hyperprior.rvs(20_000, np.random.default_rng(3))
    scale, coef = thinned(found["scale"], 20), found["coef"][..., 0]
    assert alike(scale, spread)
    if family == "laplace":
        assert same_law(coef / found["scale"], stats.laplace())


@pytest.mark.parametrize("hyperprior", [HalfStudentT(4.0, 1e-10), InverseGamma(2.0, 1e24)])
def test_columns_far_from_a_hyperprior_leave_it_alone(hyperprior):
    """Columns in units of 1e-8 or 1e8 say nothing of a scale that is as far in the other way."""
    rng = np.random.default_rng(2)
    unit = 1e-8 if hyperprior.rvs(1, rng)[0] < 1 else 1e8
    data = Regression(unit * rng.standard_normal((6, 5)), rng.standard_normal(6), sigma=None)
    found = posterior(data, Laplace(hyperprior), draws=2000)
    spread = hyperprior.rvs(20_000, np.random.default_rng(3))
    if unit < 1:
        assert alike(thinned(found["scale"], 20), spread)


@pytest.mark.parametrize("scale", [1e2, 1e6, 1e10])
@pytest.mark.parametrize("sigma", [None, 1.0])
def test_a_wide_prior_is_explored_where_rows_say_nothing(sigma, scale):
    """The draws in prior scales settle to one law: rows fix 3 of 8 directions, near zero."""
    data, reference = rows(4, 8, sigma), rows(4, 8, 1.0)
    found = posterior(data, Laplace(scale))["coef"] / scale
    expected = posterior(reference, Laplace(1e3), random_seed=2)["coef"] / 1e3
    for j in range(8):
        assert alike(thinned(found[..., j]), thinned(expected[..., j]))


@njit(error_model="numpy")
def two_loops(rng, mean, line, none):
    return positive_normal(rng, mean), draw_step(rng, line, none, none, none)


def test_loops_of_kernels_end_where_numbers_are_not_finite():
    rng, none, line = seed_words(1), np.zeros(1), np.zeros(13)
    line[WIDTH], line[SLOPE] = 1.0, np.nan
    assert np.isnan(two_loops(rng, np.nan, line, none)).all()
    line[SLOPE] = 1.0  # a density without end
    positive, step = two_loops(rng, -1e10, line, none)
    assert 0 < positive < 1e-8
    assert -10 < step < 200


INTERRUPTED = """
import numpy as np
from priormap import *
rng = np.random.default_rng(1)
data = Regression(rng.standard_normal(({n}, {p})), rng.standard_normal({n}), sigma={sigma})
sample(data, {prior}, 10, method={method!r}, progressbar=False)
print("ready", flush=True)
sample(data, {prior}, 10, tune=10**9, method={method!r}, chains=2, progressbar=False)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("n", "p", "sigma", "method"),
    [(6, 12, None, "exact"), (6, 12, None, "gibbs"), (40, 4, 1.0, "exact"), (40, 4, None, "gibbs")],
)
def test_ctrl_c_ends_a_run(n, p, sigma, method):
    code = INTERRUPTED.format(
        n=n, p=p, sigma=sigma, method=method, prior="Laplace(HalfNormal(0.1))"
    )
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        sent = time.perf_counter()
        _, errors = process.communicate(timeout=30)
        took = time.perf_counter() - sent
    assert process.returncode == -signal.SIGINT
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert took < 10  # a second where the machine is idle


@pytest.mark.parametrize("sigma", [None, 1.0])
@pytest.mark.parametrize("method", ["exact", "gibbs"])
@pytest.mark.parametrize("scale", [1e2, 1e6, 1e9])
def test_a_column_that_stands_twice_leaves_the_difference_to_the_prior(scale, method, sigma):
    twice = with_a_copy(rows(30, 3, sigma))
    coef = posterior(twice, Laplace(scale), method=method)["coef"]
    half = 0.5 * (coef[..., 0] - coef[..., 3]) / scale
    # the sum is known, and tiny beside the scale: exp(-|b_0| - |b_3|) of b_0 = -b_3
    assert same_law(half, stats.laplace(scale=0.5))


@pytest.mark.parametrize("scale", [1e20, 1e300])
@pytest.mark.parametrize("shape", [(4, 8), (30, 4)])
def test_what_floating_point_cannot_hold_is_refused_in_one_sentence(shape, scale):
    data = rows(*shape, 1.0)
    if shape[0] > shape[1]:
        data = with_a_copy(data)
    with pytest.raises(PriormapError, match=r"Laplace\(scale=1e\+\d+\) with sigma=1.0 takes more"):
        sample(data, Laplace(scale), random_seed=1)


@pytest.mark.parametrize("scale", [1e8, 1e60, 1e300])
def test_a_wide_prior_of_columns_that_rows_tell_apart_is_flat(scale):
    data = rows(30, 3, 1.0)
    found, flat = (posterior(data, Laplace(s))["coef"] for s in (scale, np.inf))
    for j in range(3):
        assert alike(thinned(found[..., j], 2), thinned(flat[..., j], 2))


@pytest.mark.parametrize("scaled_by_noise", [False, True])
@pytest.mark.parametrize("sigma", [None, 1.0])
def test_independent_draws_far_from_the_data(sigma, scaled_by_noise):
    data = rows(4, 8, sigma)
    for scale in (1e-300, 1e-50):
        found = posterior(data, Gaussian(scale, scaled_by_noise=scaled_by_noise))
        unit = np.asarray(found["sigma"]) if sigma is None and scaled_by_noise else 1.0
        z = np.asarray(found["coef"])[..., 0] / scale / unit
        assert stats.kstest(z.ravel(), stats.norm().cdf).pvalue > LIKE_PRIOR
    posterior(data, Gaussian(1e50, scaled_by_noise=scaled_by_noise))  # finite, not "improper"
    with pytest.raises(
        PriormapError, match=r"Gaussian\(scale=1e\+300.* is too wide.*give scale=inf"
    ):
        sample(data, Gaussian(1e300, scaled_by_noise=scaled_by_noise), random_seed=1)


@pytest.mark.parametrize("noise", [1e-3, 1e-7, 1e-9])
@pytest.mark.parametrize("prior", [Gaussian(1.0), Laplace(1.0)], ids=str)
def test_sigma_is_found_where_columns_fit_nearly_all_of_y(prior, noise):
    """Given a flat sigma, ``rss / sigma**2`` is chi-squared with n - 1 - p - 1 degrees."""
    rng = np.random.default_rng(4)
    X = rng.standard_normal((50, 3))
    y = X @ [1.0, -2.0, 0.5] + noise * rng.standard_normal(50)
    design = np.column_stack([np.ones(50), X])
    residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    sigma = np.asarray(posterior(Regression(X, y), prior)["sigma"])
    assert same_law(residual @ residual / sigma**2, stats.chi2(45))
