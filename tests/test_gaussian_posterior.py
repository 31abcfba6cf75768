"""The exact Gaussian posterior against definitions, closed forms and brute-force quadrature."""

import numpy as np
import pytest
from scipy import linalg, stats
from scipy.special import gammaln

from priormap.errors import PriormapError
from priormap.model.spectrum import Spectrum
from priormap.posterior.gaussian import GaussianPosterior
from priormap.priors.densities import HalfNormal, HalfStudentT, InverseGamma, Jeffreys


def make_data(n, p, seed=0, x_unit=1.0, y_unit=1.0):
    """Correlated columns, shifted and in the units given; rows not centred."""
    rng = np.random.default_rng(seed)
    X = x_unit * (3.0 + rng.standard_normal((n, p)) @ (np.eye(p) + 0.3))
    coef = np.where(np.arange(p) % 2, 0.5, -1.0) * (np.arange(p) < 5)
    return X, y_unit * (7.0 + X @ coef / x_unit + rng.standard_normal(n))


def contrasts(n, intercept):
    """Orthonormal rows that see everything but the intercept."""
    return linalg.null_space(np.ones((1, n))).T if intercept else np.eye(n)


def spectrum_of(X, y, scale, intercept=True, source="moments"):
    if intercept:
        X, y = X - X.mean(axis=0), y - y.mean()
    dof, scale = len(y) - intercept, np.asarray(scale, dtype=float)
    if source == "rows":
        return Spectrum.from_rows(X, y, dof, scale)
    return Spectrum.from_moments(X.T @ X, X.T @ y, float(y @ y), dof, scale)


def dense_log_likelihood(X, y, scale, sigma, tau, scaled, intercept=True):
    """Log density of the contrasts of y for arrays sigma and tau, by Cholesky of n x n matrices."""
    H = contrasts(len(y), intercept)
    sigma, tau = np.broadcast_arrays(np.asarray(sigma, float), np.asarray(tau, float))
    prior_sd = tau * sigma if scaled else tau
    Z, u = H @ X * scale, H @ y
    cov = sigma[..., None, None] ** 2 * np.eye(len(u)) + prior_sd[..., None, None] ** 2 * (Z @ Z.T)
    root = np.linalg.cholesky(cov)
    whitened = np.linalg.solve(root, u[:, None])[..., 0]
    log_det = np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)
    return -log_det - 0.5 * (whitened**2).sum(axis=-1) - 0.5 * len(u) * np.log(2 * np.pi)


class FixedUniforms:
    """A generator that hands out chosen probabilities and normal scores."""

    def __init__(self, p, score=None):
        self.p, self.score = p, score

    def random(self, n):
        assert n == len(self.p)
        return self.p

    def standard_normal(self, n):
        assert n == len(self.score)
        return self.score


# ---- sigma and tau known: linear algebra -------------------------------------------------


@pytest.mark.parametrize("source", ["moments", "rows"])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize(("x_unit", "y_unit"), [(1, 1), (1e-3, 1e3), (1e3, 1e-3), (1e3, 1e3)])
@pytest.mark.parametrize(("n", "p"), [(30, 4), (7, 20)])
def test_known_variances_are_linear_algebra(source, intercept, x_unit, y_unit, n, p):
    X, y = make_data(n, p, x_unit=x_unit, y_unit=y_unit)
    scale = np.linspace(0.5, 2.0, p) * y_unit / x_unit
    sigma, tau = 0.8 * y_unit, 1.3
    posterior = GaussianPosterior.of(spectrum_of(X, y, scale, intercept, source), sigma, tau)
    H = contrasts(n, intercept)
    Z, u = H @ X, H @ y
    marginal = sigma**2 * np.eye(len(u)) + (Z * (tau * scale) ** 2) @ Z.T
    expected = stats.multivariate_normal(np.zeros(len(u)), marginal).logpdf(u)
    assert posterior.log_evidence == pytest.approx(expected, rel=1e-10, abs=1e-10)
    prior = np.diag((tau * scale) ** 2)
    gain = np.linalg.solve(marginal, Z @ prior).T
    cov = prior - gain @ Z @ prior
    sd = np.sqrt(np.diag(cov))
    np.testing.assert_allclose(posterior.mean / sd, gain @ u / sd, atol=1e-8)
    np.testing.assert_allclose(posterior.cov / sd / sd[:, None], cov / sd / sd[:, None], atol=1e-8)
    np.testing.assert_allclose(posterior.sd, sd, rtol=1e-8)


def test_columns_in_very_different_units():
    X, y = make_data(30, 4)
    unit = np.array([1e-3, 1.0, 1e3, 1e4])
    plain = GaussianPosterior.of(spectrum_of(X, y, np.ones(4)), 1.0)
    scaled = GaussianPosterior.of(spectrum_of(X * unit, y, 1 / unit), 1.0)
    np.testing.assert_allclose(scaled.mean * unit, plain.mean, rtol=1e-12)
    # one prior scale for all: the spectrum is graded over fourteen orders of magnitude
    graded = GaussianPosterior.of(spectrum_of(X * unit, y, np.ones(4)), 1.0)
    H = contrasts(30, True)
    precision = (H @ X * unit).T @ (H @ X * unit) + np.eye(4)
    root = 1 / np.sqrt(np.diag(precision))
    rhs = root * ((H @ X * unit).T @ (H @ y))
    expected = root * np.linalg.solve(precision * root * root[:, None], rhs)
    np.testing.assert_allclose(graded.mean, expected, rtol=1e-9)


def test_scaled_by_noise_multiplies_the_scale():
    X, y = make_data(20, 3)
    spectrum = spectrum_of(X, y, np.ones(3))
    one = GaussianPosterior.of(spectrum, 0.5, 2.0, scaled_by_noise=True)
    other = GaussianPosterior.of(spectrum, 0.5, 1.0)
    assert one.log_evidence == pytest.approx(other.log_evidence, abs=1e-12)
    np.testing.assert_allclose(one.cov, other.cov, rtol=1e-12)
    assert one.tau_moments == (2.0, 0.0)
    assert one.sigma_moments == (0.5, 0.0)


# ---- sigma unknown -----------------------------------------------------------------------


@pytest.mark.parametrize("noise", [InverseGamma(1.5, 2.0), Jeffreys()])
@pytest.mark.parametrize(("n", "p"), [(25, 4), (8, 20)])
def test_conjugate_closed_form(noise, n, p):
    X, y = make_data(n, p)
    scale, dof = np.full(p, 0.7), n - 1
    posterior = GaussianPosterior.of(spectrum_of(X, y, scale), noise.logpdf, scaled_by_noise=True)
    H = contrasts(n, True)
    Z, u = H @ X, H @ y
    marginal = np.eye(dof) + (Z * scale**2) @ Z.T
    a, b = (noise.shape, noise.scale) if isinstance(noise, InverseGamma) else (0.0, 0.0)
    shape = a + dof / 2
    rate = b + 0.5 * u @ np.linalg.solve(marginal, u)
    # integral of Normal(u; 0, v M) v^(-a-1) exp(-b/v) over v
    evidence = -0.5 * np.linalg.slogdet(marginal)[1] - 0.5 * dof * np.log(2 * np.pi)
    evidence += gammaln(shape) - shape * np.log(rate)
    if a > 0:
        evidence += a * np.log(b) - gammaln(a)
    assert posterior.log_evidence == pytest.approx(evidence, rel=1e-11, abs=1e-11)
    assert posterior.log_evidence_error < 1e-11
    variance = stats.invgamma(shape, scale=rate)
    mean = np.exp(gammaln(shape - 0.5) - gammaln(shape)) * np.sqrt(rate)
    np.testing.assert_allclose(posterior.sigma_moments[0], mean, rtol=1e-11)
    sd = np.sqrt(variance.mean() - mean**2)
    np.testing.assert_allclose(posterior.sigma_moments[1], sd, rtol=1e-9)
    gain = np.linalg.solve(marginal, Z * scale**2).T
    np.testing.assert_allclose(posterior.mean, gain @ u, atol=1e-11)
    cov = variance.mean() * (np.diag(scale**2) - gain @ (Z * scale**2))
    np.testing.assert_allclose(posterior.cov, cov, atol=1e-10)
    # probabilities of the draws, from the exact distribution function
    p_grid = np.concatenate([np.linspace(0, 1, 1001, endpoint=False), [1e-9, 1e-5, 1 - 1e-5]])
    sigma, _ = posterior.variances.draw(len(p_grid), FixedUniforms(p_grid))
    np.testing.assert_allclose(variance.cdf(sigma**2), p_grid, atol=1e-9)


def brute_line(log_f, lower, upper):
    """Log integral of exp(f) and means of exp(x), exp(2x) by 24-point Gauss-Legendre panels."""
    nodes, weights = np.polynomial.legendre.leggauss(24)
    half = 0.125
    starts = np.arange(lower, upper, 2 * half)
    x = (starts[:, None] + half * (1 + nodes)).ravel()
    f = log_f(x)
    mass = np.exp(f - f.max()) * np.tile(half * weights, len(starts))
    total = mass.sum()
    return f.max() + np.log(total), mass @ np.exp(x) / total, mass @ np.exp(2 * x) / total


@pytest.mark.parametrize("noise", [HalfNormal(0.7), HalfStudentT(4, 2.0), HalfStudentT(1, 0.1)])
@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_unknown_sigma_against_adaptive_quadrature(noise, p, unit):
    X, y = make_data(9, p, y_unit=unit)
    noise = type(noise)(**{**vars(noise), "scale": noise.scale * unit})
    scale = np.full(p, 0.8 * unit)
    posterior = GaussianPosterior.of(spectrum_of(X, y, scale), noise.logpdf)

    def log_f(x):
        likelihood = dense_log_likelihood(X, y, scale, np.exp(x), 1.0, False)
        return likelihood + noise.logpdf(np.exp(x)) + x

    log_z, mean, square = brute_line(log_f, np.log(unit) - 9, np.log(unit) + 9)
    assert posterior.log_evidence == pytest.approx(log_z, abs=1e-9)
    np.testing.assert_allclose(posterior.sigma_moments[0], mean, rtol=1e-9)
    np.testing.assert_allclose(posterior.sigma_moments[1], np.sqrt(square - mean**2), rtol=1e-7)


def test_more_columns_than_rows_has_its_mass_near_small_sigma():
    rng = np.random.default_rng(5)
    X = rng.standard_normal((100, 300))
    y = X[:, :10].sum(axis=1) + 0.5 * rng.standard_normal(100)
    noise, scale = HalfStudentT(4, y.std()), np.full(300, 0.25)
    posterior = GaussianPosterior.of(spectrum_of(X, y, scale, source="rows"), noise.logpdf)
    H = contrasts(100, True)
    eigenvalues, vectors = np.linalg.eigh((H @ X * scale) @ (H @ X * scale).T)
    square = (vectors.T @ (H @ y)) ** 2

    def log_f(x):
        variance = np.exp(2 * x)[:, None] + eigenvalues
        likelihood = -0.5 * (np.log(2 * np.pi * variance) + square / variance).sum(axis=1)
        return likelihood + noise.logpdf(np.exp(x)) + x

    log_z, mean, second = brute_line(log_f, -34.0, 34.0)
    assert posterior.log_evidence == pytest.approx(log_z, abs=1e-9)
    np.testing.assert_allclose(posterior.sigma_moments[0], mean, rtol=1e-10)
    np.testing.assert_allclose(posterior.sigma_moments[1], np.sqrt(second - mean**2), rtol=1e-9)
    draws = posterior.sample(20_000, np.random.default_rng(1))
    assert abs(draws.sigma.mean() - mean) < 5 * posterior.sigma_moments[1] / np.sqrt(20_000)


# ---- tau unknown -------------------------------------------------------------------------


@pytest.mark.parametrize("scaled", [False, True])
def test_learnt_scale_at_known_sigma(scaled):
    X, y = make_data(9, 2)
    scale, prior = np.array([1.0, 0.5]), HalfStudentT(1, 1.0)
    posterior = GaussianPosterior.of(spectrum_of(X, y, scale), 0.9, prior.logpdf, scaled)

    def log_f(x):
        likelihood = dense_log_likelihood(X, y, scale, 0.9, np.exp(x), scaled)
        return likelihood + prior.logpdf(np.exp(x)) + x

    log_z, mean, _ = brute_line(log_f, -34.0, 12.0)
    assert posterior.log_evidence == pytest.approx(log_z, abs=1e-9)
    assert posterior.tau_moments[0] == pytest.approx(mean, rel=1e-9)
    assert posterior.sigma_moments[0] == pytest.approx(0.9, rel=1e-12)


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize(("n", "p"), [(9, 2), (5, 8)])
def test_learnt_scale_against_a_plane_of_dense_densities(scaled, n, p):
    X, y = make_data(n, p, seed=3)
    scale, noise, prior = np.linspace(0.5, 1, p), HalfNormal(1.0), InverseGamma(2.0, 1.0)
    spectrum = spectrum_of(X, y, scale)
    posterior = GaussianPosterior.of(spectrum, noise.logpdf, prior.logpdf, scaled)
    # with fewer columns than rows the data forbid a small sigma
    lowest = -5 if p < n - 1 else -16
    sigma, tau = np.exp(np.linspace(lowest, 4, 601)), np.exp(np.linspace(-3, 5, 301))
    sigma, tau = sigma[:, None], tau[None, :]
    f = dense_log_likelihood(X, y, scale, sigma, tau, scaled)
    f = f + noise.logpdf(sigma) + np.log(sigma) + prior.logpdf(tau) + np.log(tau)
    weights = np.exp(f - f.max())
    step = np.log(sigma[1, 0] / sigma[0, 0]) * np.log(tau[0, 1] / tau[0, 0])
    assert posterior.log_evidence == pytest.approx(f.max() + np.log(weights.sum() * step), abs=2e-6)
    weights /= weights.sum()
    for values, moments in ((sigma, posterior.sigma_moments), (tau, posterior.tau_moments)):
        mean = (weights * values).sum()
        sd = np.sqrt((weights * (values - mean) ** 2).sum())
        np.testing.assert_allclose(moments, (mean, sd), rtol=2e-5)


def test_two_separated_beliefs_about_the_scale_are_both_found():
    X, y = make_data(30, 3)

    def log_prior(tau):
        narrow = stats.norm(np.log(0.02), 0.01).logpdf(np.log(tau)) + np.log(0.5)
        wide = stats.norm(np.log(20.0), 0.02).logpdf(np.log(tau)) + np.log(0.5)
        return np.logaddexp(narrow, wide) - np.log(tau)

    # noise so large that the data weigh both alike
    posterior = GaussianPosterior.of(spectrum_of(X, y, np.ones(3)), 50.0, log_prior)

    def log_f(x):
        return dense_log_likelihood(X, y, np.ones(3), 50.0, np.exp(x), False) + (
            log_prior(np.exp(x)) + x
        )

    def near(centre):
        log_z, *_ = brute_line(lambda x: log_f(centre + 0.02 * x), -12.0, 12.0)
        return log_z + np.log(0.02)

    small, large = near(np.log(0.02)), near(np.log(20.0))
    assert posterior.log_evidence == pytest.approx(np.logaddexp(small, large), abs=1e-9)
    share = np.exp(large - posterior.log_evidence)
    assert 0.001 < share < 0.999
    tau = posterior.sample(10_000, np.random.default_rng(2)).tau
    assert abs((tau > 1).mean() - share) < 5 * np.sqrt(share * (1 - share) / 10_000)


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize(("n", "p"), [(40, 6), (10, 30)])
def test_quantiles_of_both_variances_against_closed_forms(scaled, n, p):
    """With inverse gamma priors sigma^2 given the ratio r is inverse gamma."""
    X, y = make_data(n, p)
    noise, prior = InverseGamma(1.5, 2.0), InverseGamma(0.8, 0.3)
    spectrum = spectrum_of(X, y, np.ones(p))
    posterior = GaussianPosterior.of(spectrum, noise.logpdf, prior.logpdf, scaled)
    shape = noise.shape + (n - 1) / 2 + (0 if scaled else prior.shape)

    def rate(r):
        return (
            noise.scale + spectrum.terms(r)[1] / 2 + (0 if scaled else prior.scale * np.exp(-2 * r))
        )

    def log_f(r):
        """Log density of r, not normalised: sigma integrated out by hand."""
        value = -spectrum.terms(r)[0] - shape * np.log(rate(r))
        return value + (prior.logpdf(np.exp(r)) + r if scaled else -2 * prior.shape * r)

    score, probability = np.linspace(-4.5, 4.5, 83), np.linspace(1e-6, 1 - 1e-6, 97)
    probability, score = (a.ravel() for a in np.meshgrid(probability, score))
    sigma, r = posterior.variances.draw(len(score), FixedUniforms(probability, score))
    given = stats.invgamma(shape, scale=rate(r)).cdf(sigma**2)
    np.testing.assert_allclose(given, stats.norm.cdf(score), atol=1e-8)
    total, *_ = brute_line(log_f, -40.0, 40.0)
    for upper in np.quantile(r, [0.001, 0.1, 0.5, 0.9, 0.999]):
        below = np.exp(brute_line(log_f, upper - 40.0, upper)[0] - total)
        _, found = posterior.variances.draw(1, FixedUniforms(np.array([below]), np.zeros(1)))
        slope = np.exp(log_f(np.array([upper])) - total)
        np.testing.assert_allclose((found - upper) * slope, 0.0, atol=1e-8)


# ---- flat columns ------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["moments", "rows"])
@pytest.mark.parametrize("n_flat", [1, 4])
def test_flat_columns_are_least_squares(source, n_flat):
    X, y = make_data(20, 4)
    scale = np.where(np.arange(4) < n_flat, np.inf, 1e-7)  # the others are held at zero
    posterior = GaussianPosterior.of(spectrum_of(X, y, scale, True, source), Jeffreys().logpdf)
    A = np.column_stack([np.ones(20), X[:, :n_flat]])
    coef, rss, *_ = np.linalg.lstsq(A, y, rcond=None)
    dof = 20 - n_flat - 1
    np.testing.assert_allclose(posterior.mean[:n_flat], coef[1:], rtol=1e-6)
    cov = rss[0] / (dof - 2) * np.linalg.inv(A.T @ A)[1:, 1:]  # of the multivariate t
    np.testing.assert_allclose(posterior.cov[:n_flat, :n_flat], cov, rtol=1e-6)
    np.testing.assert_allclose(posterior.sd[:n_flat], np.sqrt(np.diag(cov)), rtol=1e-6)
    # density 1 on the flat columns: Normal(contrasts) integrated over them, then over sigma
    Z = X[:, :n_flat] - X[:, :n_flat].mean(axis=0)
    evidence = -0.5 * np.linalg.slogdet(Z.T @ Z)[1] - 0.5 * dof * np.log(np.pi)
    evidence += gammaln(dof / 2) - 0.5 * dof * np.log(rss[0])
    assert posterior.log_evidence == pytest.approx(evidence, abs=1e-6)


@pytest.mark.parametrize(("n", "p"), [(20, 4), (8, 20)])
def test_flat_is_the_limit_of_wide(n, p):
    X, y = make_data(n, p)
    wide = np.where(np.arange(p) == 1, 1e4, 0.7)
    flat = np.where(np.arange(p) == 1, np.inf, 0.7)
    at_wide = GaussianPosterior.of(spectrum_of(X, y, wide), HalfNormal(1.0).logpdf)
    at_flat = GaussianPosterior.of(spectrum_of(X, y, flat), HalfNormal(1.0).logpdf)
    shift = np.log(1e4 * np.sqrt(2 * np.pi))
    assert at_wide.log_evidence + shift == pytest.approx(at_flat.log_evidence, abs=1e-7)
    np.testing.assert_allclose(at_wide.mean, at_flat.mean, atol=1e-6)
    np.testing.assert_allclose(at_wide.cov, at_flat.cov, atol=1e-6)
    np.testing.assert_allclose(at_wide.sd, at_flat.sd, atol=1e-6)


# ---- draws -------------------------------------------------------------------------------

CASES = {
    "known": (30, 4, 0.8, 1.0, False, None),
    "scaled": (30, 4, Jeffreys().logpdf, 1.0, True, None),
    "noise": (30, 4, HalfStudentT(4, 1.0).logpdf, 1.0, False, None),
    "wide": (10, 25, HalfStudentT(4, 1.0).logpdf, 1.0, False, None),
    "wide, flat": (10, 25, HalfNormal(1.0).logpdf, 1.0, False, 2),
    "flat": (30, 4, Jeffreys().logpdf, 1.0, True, 2),
    "scale": (30, 4, 0.8, HalfStudentT(1, 1.0).logpdf, False, None),
    "both": (30, 4, HalfNormal(1.0).logpdf, HalfStudentT(1, 1.0).logpdf, False, None),
    "both, wide": (10, 25, HalfNormal(1.0).logpdf, InverseGamma(3, 2).logpdf, True, None),
}


def case(name):
    n, p, sigma, tau, scaled, flat = CASES[name]
    X, y = make_data(n, p, seed=7)
    scale = np.where(np.arange(p) == flat, np.inf, np.linspace(0.5, 1.5, p))
    source = "rows" if p > n else "moments"
    return GaussianPosterior.of(spectrum_of(X, y, scale, True, source), sigma, tau, scaled)


def z_scores(draws, posterior):
    """Standard errors between moments of the draws and exact ones, for coef, sigma and tau."""
    columns = [*draws.coef.T, draws.sigma, draws.tau]
    means = [*posterior.mean, posterior.sigma_moments[0], posterior.tau_moments[0]]
    sds = [*posterior.sd, posterior.sigma_moments[1], posterior.tau_moments[1]]
    z = []
    for x, mean, sd in zip(columns, means, sds, strict=True):
        if sd == 0:  # known
            np.testing.assert_allclose(x, mean, rtol=1e-12)
            continue
        square = (x - mean) ** 2
        z += [(x.mean() - mean) / (sd / np.sqrt(len(x)))]
        z += [(square.mean() - sd**2) / (square.std() / np.sqrt(len(x)))]
    return np.array(z)


@pytest.mark.parametrize("name", CASES)
def test_draws_have_the_exact_moments(name):
    posterior = case(name)
    draws = posterior.sample(40_000, np.random.default_rng(11))
    assert np.abs(z_scores(draws, posterior)).max() < 5
    # covariances, along random directions
    along = np.random.default_rng(0).standard_normal((len(posterior.mean), 6))
    square = ((draws.coef - posterior.mean) @ along) ** 2
    expected = np.einsum("ij,ik,kj->j", along, posterior.cov, along)
    error = square.std(axis=0) / np.sqrt(len(square))
    assert (np.abs(square.mean(axis=0) - expected) < 5 * error).all()


@pytest.mark.parametrize("name", CASES)
def test_draws_know_what_they_leave_of_the_response(name):
    n, p, *_ = CASES[name]
    X, y = make_data(n, p, seed=7)
    draws = case(name).sample(50, np.random.default_rng(12))
    left = (y - y.mean())[:, None] - (X - X.mean(axis=0)) @ draws.coef.T
    np.testing.assert_allclose(draws.rss, (left**2).sum(axis=0), rtol=1e-7)


def test_wrong_draws_do_not_have_the_exact_moments():
    posterior = case("noise")
    wrong = posterior.sample(40_000, np.random.default_rng(11))
    wrong = wrong._replace(sigma=1.02 * wrong.sigma)
    assert np.abs(z_scores(wrong, posterior)).max() > 5


def test_draws_of_a_coefficient_are_student_t():
    X, y = make_data(5, 3)
    spectrum = spectrum_of(X, y, np.full(3, 0.6))
    posterior = GaussianPosterior.of(spectrum, InverseGamma(2, 1).logpdf, scaled_by_noise=True)
    draws = posterior.sample(20_000, np.random.default_rng(4)).coef[:, 1]
    df = 2 * 2 + 4
    scale = posterior.sd[1] * np.sqrt((df - 2) / df)
    exact = stats.t(df, posterior.mean[1], scale)
    assert stats.kstest(draws, exact.cdf).pvalue > 1e-3
    normal = stats.norm(posterior.mean[1], posterior.sd[1])  # right moments, wrong shape
    assert stats.kstest(draws, normal.cdf).pvalue < 1e-3


def test_draws_of_sigma_follow_its_distribution():
    X, y = make_data(10, 25, seed=7)
    scale, noise = np.full(25, 0.4), HalfStudentT(4, 1.0)
    posterior = GaussianPosterior.of(spectrum_of(X, y, scale, True, "rows"), noise.logpdf)
    grid = np.linspace(-25, 4, 4001)
    likelihood = dense_log_likelihood(X, y, scale, np.exp(grid), 1.0, False)
    f = likelihood + noise.logpdf(np.exp(grid)) + grid
    cdf = np.cumsum(np.exp(f - f.max()))
    cdf /= cdf[-1]

    def exact(sigma):
        return np.interp(np.log(sigma) + 0.5 * (grid[1] - grid[0]), grid, cdf)

    sigma = posterior.sample(20_000, np.random.default_rng(6)).sigma
    assert stats.kstest(sigma, exact).pvalue > 1e-3
    assert stats.kstest(1.05 * sigma, exact).pvalue < 1e-3


def test_draws_reproduce_and_are_independent():
    posterior = case("both")
    one, same = (posterior.sample(3000, np.random.default_rng(5)) for _ in range(2))
    other = posterior.sample(3000, np.random.default_rng(6))
    for a, b, c in zip(one, same, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert not (a == c).any()
    assert posterior.sample(0, np.random.default_rng(5)).coef.shape == (0, 4)
    x = posterior.sample(20_000, np.random.default_rng(8))
    for chain in (x.coef[:, 0], x.sigma, x.tau):
        assert abs(np.corrcoef(chain[1:], chain[:-1])[0, 1]) < 5 / np.sqrt(20_000)


# ---- what cannot be done -----------------------------------------------------------------


def jeffreys_on_tau(tau):
    return -np.log(tau)


@pytest.mark.parametrize(
    ("n", "p", "flat", "sigma", "tau", "scaled"),
    [
        (8, 20, [], Jeffreys().logpdf, 1.0, False),  # sigma may go to zero
        (8, 20, [], Jeffreys().logpdf, HalfStudentT(1, 1.0).logpdf, False),
        (20, 4, [], 1.0, jeffreys_on_tau, False),  # tau may go to zero
        (20, 4, [], HalfNormal(1.0).logpdf, jeffreys_on_tau, True),
        (8, 20, range(20), HalfNormal(1.0).logpdf, 1.0, False),  # flat beyond the rows
        (4, 3, range(3), Jeffreys().logpdf, 1.0, True),  # no degree of freedom left
    ],
)
def test_improper_posteriors_are_refused(n, p, flat, sigma, tau, scaled):
    X, y = make_data(n, p)
    scale = np.ones(p)
    scale[list(flat)] = np.inf
    with pytest.raises(PriormapError, match="improper"):
        GaussianPosterior.of(spectrum_of(X, y, scale), sigma, tau, scaled)


def test_collinear_flat_columns_and_a_response_without_noise_are_refused():
    X, y = make_data(20, 4)
    X[:, 1] = X[:, 0]
    with pytest.raises(PriormapError, match="flat prior"):
        spectrum_of(X, y, [np.inf, np.inf, 1.0, 1.0])
    with pytest.raises(PriormapError, match="towards zero"):
        GaussianPosterior.of(spectrum_of(X, 0 * y, np.ones(4)), HalfNormal(1.0).logpdf)


def test_a_rough_prior_is_refused():
    X, y = make_data(20, 4)

    def uniform(sigma):
        return np.where(sigma < 1.0, 0.0, -np.inf)

    with pytest.raises(PriormapError, match="smooth"):
        GaussianPosterior.of(spectrum_of(X, y, np.ones(4)), uniform)


def test_moments_that_do_not_exist_are_infinite_and_their_covariance_refused():
    X, y = make_data(3, 2)
    posterior = GaussianPosterior.of(
        spectrum_of(X, y, np.ones(2)), Jeffreys().logpdf, scaled_by_noise=True
    )
    mean, sd = posterior.sigma_moments  # sigma^2 is inverse gamma of shape 1
    assert np.isfinite(mean)
    assert sd == np.inf
    assert np.isfinite(posterior.mean).all()
    with pytest.raises(PriormapError, match="does not exist"):
        _ = posterior.cov


def test_two_separated_beliefs_about_sigma_beside_a_learnt_scale_are_refused():
    X, y = make_data(4, 1)

    def log_prior(sigma):
        narrow = stats.norm(np.log(0.5), 0.1).logpdf(np.log(sigma))
        return np.logaddexp(narrow, stats.norm(np.log(2.0), 0.1).logpdf(np.log(sigma)))

    spectrum = spectrum_of(X, y, np.ones(1))
    GaussianPosterior.of(spectrum, log_prior)
    with pytest.raises(PriormapError, match="two modes"):
        GaussianPosterior.of(spectrum, log_prior, HalfNormal(1.0).logpdf)
