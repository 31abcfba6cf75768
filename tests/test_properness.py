"""Improper posteriors: how the density of sigma behaves at zero where columns fit y exactly."""

import numpy as np
import pytest

from priormap import (
    ElasticNet,
    Gaussian,
    Laplace,
    PriormapError,
    PriormapWarning,
    Regression,
    sample,
)
from priormap.model import Model
from priormap.posterior import properness
from priormap.priors.densities import HalfCauchy, HalfNormal, HalfStudentT, InverseGamma, Jeffreys

IMPROPER = "the posterior is improper: the columns fit y exactly"


def refuse_improper(data, prior):
    properness.refuse_improper(Model(data, prior))


def exact_fit(n, noise):
    """One column that fits y exactly: n - 1 rows are left over."""
    x = np.linspace(1.0, 2.0, n)
    return Regression(x[:, None], 1.5 * x, noise, intercept=False)


def log_marginal(family, data, hyperprior, log_sigma):
    """Log density of the data and sigma, the coefficient in closed form and tau by sums."""
    x, y = data.X[:, 0], data.y
    xx, z = x @ x, (x @ y) / (x @ x)
    sigma, log_tau = np.exp(log_sigma), np.linspace(0.0, 60.0, 6001)  # smaller tau do not count
    tau, sd = np.exp(log_tau), sigma / np.sqrt(xx)
    scale = sigma * tau
    if family is Gaussian:
        spread = np.hypot(sd, scale)
        seen = -0.5 * (z / spread) ** 2 - np.log(spread * np.sqrt(2 * np.pi))
    else:  # Laplace plus normal; the far side is out of sight, and the near one has erfc = 2
        assert (sd / scale - z / sd).max() < -40
        seen = 0.5 * (sd / scale) ** 2 - z / scale - np.log(2 * scale)
    # what the other n - 1 directions say: no residual
    others = -(data.n_rows - 1) * log_sigma - log_sigma
    terms = seen + hyperprior.logpdf(tau) + log_tau
    top = terms.max()
    noise = float(data.sigma.logpdf(sigma))
    return others + log_sigma + noise + top + np.log(np.exp(terms - top).sum())


HYPERPRIORS = {
    "half-cauchy": (HalfCauchy(1.0), 1.0),
    "df 2.5": (HalfStudentT(2.5, 0.7), 2.5),
    "inverse gamma": (InverseGamma(0.6, 2.0), 1.2),
}


@pytest.mark.parametrize("family", [Gaussian, Laplace])
@pytest.mark.parametrize("name", HYPERPRIORS)
@pytest.mark.parametrize("noise", [HalfNormal(1.0), Jeffreys()])
@pytest.mark.parametrize("n", [2, 3, 5])
def test_sigma_goes_to_zero_as_the_tail_of_the_hyperprior_says(family, name, noise, n):
    hyperprior, tail = HYPERPRIORS[name]
    data = exact_fit(n, noise)
    log_sigma = np.array([-12.0, -11.0])
    values = [log_marginal(family, data, hyperprior, at) for at in log_sigma]
    slope = np.diff(values)[0]
    assert slope == pytest.approx(tail - (n - 1) - isinstance(noise, Jeffreys), abs=1e-3)
    prior = family(hyperprior, scaled_by_noise=True)
    if slope > -1 + 1e-2:  # integrable
        refuse_improper(data, prior)
    else:
        with pytest.raises(PriormapError, match=IMPROPER):
            refuse_improper(data, prior)


@pytest.mark.parametrize("noise", [HalfNormal(1.0), HalfStudentT(4.0, 1.0), Jeffreys()])
@pytest.mark.parametrize("hyperprior", [HalfCauchy(1.0), InverseGamma(1.0, 1.0)])
def test_a_learnt_scale_is_harmless_where_columns_have_full_row_rank(noise, hyperprior):
    rng = np.random.default_rng(1)
    data = Regression(rng.standard_normal((6, 9)), rng.standard_normal(6), noise)
    refuse_improper(data, Gaussian(hyperprior, scaled_by_noise=True))
    refuse_improper(data, ElasticNet(1.0, 2.0, scaled_by_noise=True, hyperprior=hyperprior))
    tree = sample(data, Gaussian(hyperprior, scaled_by_noise=True), 500, random_seed=1)
    assert all(np.isfinite(values).all() for values in tree["posterior"].data_vars.values())


@pytest.mark.parametrize("hyperprior", [HalfNormal(1.0), None])
def test_light_tails_and_known_scales_make_an_exact_fit_dear(hyperprior):
    scale = 1.0 if hyperprior is None else hyperprior
    for n in (3, 30):
        refuse_improper(exact_fit(n, Jeffreys()), Laplace(scale, scaled_by_noise=True))
    refuse_improper(
        exact_fit(30, InverseGamma(1.0, 1.0)), Laplace(HalfCauchy(1.0), scaled_by_noise=True)
    )


def test_the_sentence_names_the_hyperprior():
    with pytest.raises(PriormapError, match=r"heavy tail of HalfCauchy\(scale=1.0\)"):
        sample(exact_fit(5, HalfNormal(1.0)), Laplace(HalfCauchy(1.0), scaled_by_noise=True))


@pytest.mark.parametrize("prior", [Laplace(np.inf), Gaussian(np.inf), ElasticNet(np.inf, np.inf)])
@pytest.mark.parametrize("collinear", [True, False])
def test_flat_directions_are_judged_by_rank(prior, collinear):
    rng = np.random.default_rng(2)
    X = rng.standard_normal((20, 3))
    if collinear:
        X[:, 2] = X[:, 0] - X[:, 1]
        with pytest.warns(UserWarning, match="linear combination"):
            data = Regression(X, rng.standard_normal(20), 1.0)
        with pytest.raises(PriormapError, match="3 columns have a flat prior"):
            refuse_improper(data, prior)
    else:
        refuse_improper(Regression(X, rng.standard_normal(20), 1.0), prior)


def test_an_elastic_net_is_flat_where_both_of_its_scales_are():
    rng = np.random.default_rng(3)
    data = Regression(rng.standard_normal((6, 8)), rng.standard_normal(6), 1.0)
    refuse_improper(data, ElasticNet(np.inf, 1.0))
    refuse_improper(data, ElasticNet(1.0, np.inf))
    some = np.where(np.arange(8) < 7, np.inf, 1.0)
    with pytest.raises(PriormapError, match="7 columns have a flat prior"):
        refuse_improper(data, ElasticNet(some, some))


@pytest.mark.parametrize(
    "noise", [InverseGamma(2.0, 1.0), HalfNormal(1.0), HalfStudentT(4.0, 1.0), HalfCauchy(1.0)]
)
@pytest.mark.parametrize("n", [3, 4])
def test_a_proper_prior_of_sigma_needs_no_row_for_itself(noise, n):
    rng = np.random.default_rng(n)
    X, y = rng.standard_normal((n, n - 1)), rng.standard_normal(n)
    data, flat = Regression(X, y, noise), Gaussian(np.inf)
    refuse_improper(data, flat)
    draws = sample(data, flat, 500, random_seed=1)["posterior"]["sigma"].to_numpy()
    # the coefficients take up every row, so that the posterior of sigma is its prior
    expected = noise.rvs(200_000, np.random.default_rng(2))
    for share in (0.25, 0.5, 0.75):
        below = (draws < np.quantile(expected, share)).mean()
        assert below == pytest.approx(share, abs=0.05)


def test_jeffreys_prior_needs_a_row():
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((4, 3)), rng.standard_normal(4)
    with pytest.raises(PriormapError, match="leave no rows to learn sigma from"):
        refuse_improper(Regression(X, y, Jeffreys()), Gaussian(np.inf))
    refuse_improper(Regression(X[:, :2], y, Jeffreys()), Gaussian(np.inf))


@pytest.mark.parametrize("n", [3, 4])
def test_a_constant_y_is_sampled_where_the_columns_leave_no_row_to_pile_up_from(n):
    rng = np.random.default_rng(n)
    X, noise = rng.standard_normal((n, n - 1)), HalfNormal(1.0)
    with pytest.warns(PriormapWarning, match="y is constant"):
        data = Regression(X, np.full(n, 2.0), noise)
    draws = sample(data, Gaussian(1.0), 2000, random_seed=1)["posterior"]["sigma"].to_numpy()
    # y is known up to its mean: Normal(0, sigma**2 + eigenvalues of X X') at zero
    eigenvalues = np.linalg.svd(X - X.mean(0), compute_uv=False)[: n - 1] ** 2
    sigma = np.linspace(1e-4, 6.0, 20_000)
    log_density = noise.logpdf(sigma) - 0.5 * np.log(sigma[:, None] ** 2 + eigenvalues).sum(axis=1)
    mass = np.cumsum(np.exp(log_density))
    for share in (0.25, 0.5, 0.75):
        quantile = sigma[np.searchsorted(mass, share * mass[-1])]
        assert (draws < quantile).mean() == pytest.approx(share, abs=0.04)
    with pytest.raises(PriormapError, match="piles up at 0"):
        refuse_improper(data.with_noise(Jeffreys()), Gaussian(1.0))
