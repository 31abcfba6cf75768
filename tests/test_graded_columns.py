"""Columns in units that lie far apart, against the same linear algebra in exact fractions."""

from fractions import Fraction
from math import log

import numpy as np
import pytest

from priormap import (
    ElasticNet,
    Gaussian,
    HalfNormal,
    PriormapError,
    Regression,
    choose_scale,
    find_map,
    map_path,
)
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.scale_family import ScaleFamily
from priormap.mode.routes import OneSpectrum
from priormap.model import Model
from priormap.model.least_squares import effective_parameters
from priormap.model.spectrum import Spectrum
from priormap.model.weighted_svd import weighted_svd
from priormap.posterior.gaussian import gaussian_posterior

UNITS = {
    "money beside shares": [1.0, 1e4, 1e-4, 1.0],
    "one in large units": [1.0, 1e8, 1.0, 1.0],
    "one in small units": [1.0, 1.0, 1e-12, 1.0],
    "far apart": [1e-8, 1e12, 1e-12, 1.0],
}
SIGMA = 0.7
weak = pytest.mark.filterwarnings("ignore:double precision cannot decide")


def fractions(array):
    return [[Fraction(float(v)) for v in row] for row in np.atleast_2d(array)]


def solved(matrix, right):
    """Exact solution for several right sides, and the exact determinant."""
    rows, det = [[*a, *b] for a, b in zip(matrix, right, strict=True)], Fraction(1)
    n = len(matrix)
    for k in range(n):
        pivot = next(i for i in range(k, n) if rows[i][k])
        rows[k], rows[pivot] = rows[pivot], rows[k]
        det *= rows[k][k] * (-1) ** (pivot != k)
        rows[k] = [v / rows[k][k] for v in rows[k]]
        for i in range(n):
            if i != k and rows[i][k]:
                rows[i] = [a - rows[i][k] * b for a, b in zip(rows[i], rows[k], strict=True)]
    return [row[n:] for row in rows], det


def exact(X, y, sigma, scale):
    """Mode, inverse precision and degrees of freedom, and log evidence, all in fractions."""
    p = X.shape[1]
    columns = fractions(X.T)
    gram = [[sum(a * b for a, b in zip(u, v, strict=True)) for v in columns] for u in columns]
    response = [Fraction(float(v)) for v in y]
    noise, prior = Fraction(sigma) ** 2, [Fraction(float(s)) ** 2 for s in scale]
    system = [
        [gram[i][j] + (noise / prior[i] if i == j else 0) for j in range(p)] for i in range(p)
    ]
    right = [
        [sum(a * b for a, b in zip(columns[i], response, strict=True)), *gram[i]]
        + [noise * (i == j) for j in range(p)]
        for i in range(p)
    ]
    solution, det = solved(system, right)
    coef = [row[0] for row in solution]
    explained = sum(c * row[0] for c, row in zip(coef, right, strict=True))
    misfit = float((sum(v * v for v in response) - explained) / noise)
    fitted = [sum(c * col[i] for c, col in zip(coef, columns, strict=True)) for i in range(len(y))]
    residual = [v - f for v, f in zip(response, fitted, strict=True)]
    for s in prior:
        det *= s / noise
    return {
        "coef": np.array([float(c) for c in coef]),
        "rss": float(sum(v * v for v in residual)),
        "left": float(len(y) - sum(solution[j][1 + j] for j in range(p))),
        "df": float(sum(solution[j][1 + j] for j in range(p))),
        "sd": np.sqrt([float(solution[j][1 + p + j]) for j in range(p)]),
        "evidence": -0.5 * (len(y) * log(2 * np.pi * sigma**2) + log_of(det) + misfit),
    }


def log_of(fraction):
    """Logarithm of a fraction that may be too large for a float."""
    return log(fraction.numerator) - log(fraction.denominator)


def curves_of(data):
    return GaussianCurves.of(ScaleFamily.of(data, "gaussian"))


def rows_of(n, units, seed=0):
    rng = np.random.default_rng(seed)
    X = (rng.standard_normal((n, len(units))) + rng.standard_normal((n, 1))) * units
    return X, X @ (rng.standard_normal(len(units)) / units) + rng.standard_normal(n)


@weak
@pytest.mark.parametrize("n", [3, 12])
@pytest.mark.parametrize("units", UNITS.values(), ids=UNITS)
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e4, 1e9])
def test_modes_are_exact(n, units, scale):
    X, y = rows_of(n, units)
    data = Regression(X, y, sigma=SIGMA, intercept=False)
    truth = exact(X, y, SIGMA, np.full(4, scale))["coef"]
    path = map_path(data, Gaussian(), [scale, 2 * scale])
    for found in (path.coef[0], path.at(scale), find_map(data, Gaussian(scale)).coef):
        np.testing.assert_allclose(found * units, truth * units, rtol=1e-9, atol=1e-12)
        small = np.abs(truth * units) < 1e-9  # held down by the prior: relative to that
        np.testing.assert_allclose(found[small], truth[small], rtol=1e-5)


@pytest.mark.parametrize("n", [3, 12])
@pytest.mark.parametrize("units", UNITS.values(), ids=UNITS)
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e4, 1e9])
def test_curves_are_exact(n, units, scale):
    X, y = rows_of(n, units)
    data = Regression(X, y, sigma=SIGMA, intercept=False)
    truth, curves = exact(X, y, SIGMA, np.full(4, scale)), curves_of(data)
    mu = curves.mu(scale, SIGMA)
    assert curves.spectrum.degrees_of_freedom(mu) == pytest.approx(truth["df"], rel=1e-9)
    assert curves.log_evidence(scale, SIGMA) == pytest.approx(truth["evidence"], rel=1e-9)
    expected = n * truth["rss"] / truth["left"] ** 2
    assert curves.gcv(mu) == pytest.approx(expected, rel=1e-6)
    problem = Model(data, Gaussian(scale)).problem()
    assert effective_parameters(problem, np.ones(4)) == pytest.approx(truth["df"], rel=1e-9)


@pytest.mark.parametrize("units", UNITS.values(), ids=UNITS)
@pytest.mark.parametrize("scale", [1.0, 1e9])
def test_each_row_left_out_is_exact(units, scale):
    X, y = rows_of(8, units)
    data = Regression(X, y, sigma=SIGMA, intercept=False)
    curves, others = curves_of(data), np.full(4, scale)
    found = curves.loo([scale], SIGMA, np.arange(8))[:, 0]
    whole = exact(X, y, SIGMA, others)["evidence"]
    for i in range(8):
        rest = np.arange(8) != i
        expected = whole - exact(X[rest], y[rest], SIGMA, others)["evidence"]
        assert found[i] == pytest.approx(expected, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("n", [3, 12])
@pytest.mark.parametrize("units", UNITS.values(), ids=UNITS)
def test_posterior_moments_are_exact(n, units):
    X, y = rows_of(n, units)
    scale = np.array([1.0, 1e3, 1e9, 1e-3])
    data = Regression(X, y, sigma=SIGMA, intercept=False)
    truth = exact(X, y, SIGMA, scale)
    posterior, unit = gaussian_posterior(Model(data, Gaussian(scale))), data.unit.coef_units
    np.testing.assert_allclose(posterior.mean * unit, truth["coef"], rtol=1e-9)
    np.testing.assert_allclose(posterior.sd * unit, truth["sd"], rtol=1e-8)


@weak
@pytest.mark.parametrize("shape", [(60, 4), (20, 60), (120, 150), (150, 120)], ids=str)
@pytest.mark.parametrize("unit", [1e4, 1e8])
def test_a_path_is_the_mode_where_one_column_is_in_large_units(shape, unit):
    rng = np.random.default_rng(1)
    X = rng.standard_normal(shape)
    X[:, 0] *= unit
    y = X[:, 0] / unit + X[:, 1:].sum(axis=1) / np.sqrt(shape[1]) + rng.standard_normal(shape[0])
    data = Regression(X, y, sigma=1.0)
    path = map_path(data, Gaussian(), np.geomspace(1e-3, 10, 9))
    for k, scale in enumerate(path.scales):
        assert path.certificate(k).kkt_residual < 1e-12
        fit = find_map(data, Gaussian(float(scale)))
        assert fit.certificate.kkt_residual < 1e-12
        np.testing.assert_allclose(path.coef[k], fit.coef, rtol=1e-7)
        # what the columns in ordinary units have is that of their own scale
        units = np.where(np.arange(shape[1]) == 0, scale * unit, scale)
        alike = Regression(X / [unit, *np.ones(shape[1] - 1)], y, sigma=1.0)
        np.testing.assert_allclose(
            path.coef[k][1:], find_map(alike, Gaussian(units)).coef[1:], rtol=1e-6
        )


def test_every_mode_of_the_default_path_is_one_and_reaches_the_smallest_column():
    X, y = rows_of(60, UNITS["money beside shares"])
    data = Regression(X, y, sigma=1.0)
    path = map_path(data, Gaussian())
    assert all(path.certificate(k).is_mode for k in range(len(path.scales)))
    np.testing.assert_allclose(path.coef[-1], find_map(data, Gaussian(1e9)).coef, rtol=1e-3)


def test_cross_validation_sees_the_column_in_small_units():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 4)) * UNITS["money beside shares"]
    y = X @ [1.0, 1e-4, 1e4, 0.5] + rng.standard_normal(60)
    data = Regression(X, y, sigma=1.0)
    scales = np.geomspace(0.01, 15_000, 40)
    with pytest.warns(match="best at the largest scale"):
        choice = choose_scale(data, "gaussian", "cv", scales=scales, random_seed=0)
    best = choice.optima.loc["cv"]
    assert best["scale"] > 5_000
    assert best["value"] < 1.3


def test_an_elastic_net_is_certified_where_units_lie_far_apart():
    X, y = rows_of(60, UNITS["money beside shares"])
    fit = find_map(Regression(X, y, sigma=1.0), ElasticNet(1e4, 1e4))
    assert fit.certificate.is_mode


def test_a_path_that_is_not_the_mode_is_refused(monkeypatch):
    X, y = rows_of(30, UNITS["one in large units"])
    right = OneSpectrum.coefs
    monkeypatch.setattr(OneSpectrum, "coefs", lambda self, *at: right(self, *at) * (1 + 1e-6))
    with pytest.raises(PriormapError, match="double precision cannot decide the path"):
        map_path(Regression(X, y, sigma=1.0), Gaussian(), [1.0, 2.0])


def test_rows_are_asked_where_products_lost_a_direction():
    x = np.linspace(0.0, 1.0, 30)
    X = x[:, None] ** np.arange(1, 11)
    y = np.sin(9 * x)
    path = map_path(Regression(X, y, sigma=1e-3), Gaussian(), [1.0, 1e6])
    for k in range(2):
        certificate = path.certificate(k)
        size = np.abs(path.coef[k] * path.data.unit.x_norm).sum() / path.data.unit.y_norm
        assert certificate.kkt_residual < 1e-9 + 1e-14 * size


@pytest.mark.parametrize("shape", [(6, 6), (4, 9), (9, 4)], ids=str)
@pytest.mark.parametrize("decades", [3, 10, 60])
def test_weighted_singular_values_keep_every_digit(shape, decades):
    rng = np.random.default_rng(2)
    B = rng.standard_normal(shape)
    weights = 10.0 ** np.linspace(-decades, decades, shape[1])
    left, singular, right = weighted_svd(B, rng.permutation(weights), min(shape), exact=True)
    rank = min(shape)
    assert (np.diff(singular) < 0).all()
    np.testing.assert_allclose(left.T @ left, np.eye(rank), atol=1e-14)
    np.testing.assert_allclose(right.T @ right, np.eye(rank), atol=1e-14)
    weights = np.random.default_rng(2)
    weights.standard_normal(shape)
    weights = weights.permutation(10.0 ** np.linspace(-decades, decades, shape[1]))
    # in each column what is left is small beside that column
    np.testing.assert_allclose((left * singular) @ right.T / weights, B, atol=1e-13)


def test_a_rank_does_not_depend_on_weights():
    B = np.random.default_rng(3).standard_normal((8, 5))
    B[:, 4] = B[:, 0] - B[:, 1]
    for weights in (np.ones(5), 10.0 ** np.array([8, -8, 0, 4, -4.0])):
        assert len(weighted_svd(B, weights, 8)[1]) == 4


def test_columns_left_alone_by_the_prior_may_be_graded_beside_it():
    X, y = rows_of(12, UNITS["money beside shares"])
    X = np.column_stack([X, np.random.default_rng(5).standard_normal(12) * 1e6])
    data = Regression(X, y, sigma=SIGMA, intercept=False)
    scale = np.array([1e3, 1e3, 1e9, 1.0, np.inf])
    fit = find_map(data, Gaussian(scale))
    truth = exact(X, y, SIGMA, np.where(np.isinf(scale), 1e60, scale))["coef"]
    np.testing.assert_allclose(fit.coef, truth, rtol=1e-9)
    spectrum = Spectrum.of(data.unit, np.asarray(Model(data, Gaussian(scale)).unit_prior.sd))
    coef = spectrum.coef_at((SIGMA / data.unit.y_norm) ** 2) * data.unit.coef_units
    np.testing.assert_allclose(coef, truth, rtol=1e-9)


def test_rows_are_left_out_under_a_noise_prior_that_the_data_deny():
    X, y = rows_of(8, UNITS["money beside shares"])
    noise, scales = HalfNormal(0.03), np.geomspace(1e-6, 1e7, 9)
    data = Regression(X, y, sigma=noise, intercept=False)
    found = curves_of(data).loo_densities(scales, np.arange(3))
    whole, _ = curves_of(data).evidence(scales)
    for i in range(3):
        rest = np.arange(8) != i
        left, _ = curves_of(Regression(X[rest], y[rest], sigma=noise, intercept=False)).evidence(
            scales
        )
        np.testing.assert_allclose(found[i], whole - left, rtol=1e-6)


@pytest.mark.parametrize("unit", [1e-12, 1e-3, 1e12])
def test_a_choice_does_not_depend_on_units(unit):
    X, y = rows_of(20, UNITS["money beside shares"])
    options = {"methods": ["loo", "evidence", "cv"], "random_seed": 1, "folds": 3}
    one = choose_scale(Regression(X, y, sigma=SIGMA), "gaussian", **options)
    other = choose_scale(Regression(X * unit, y, sigma=SIGMA), "gaussian", **options)
    np.testing.assert_allclose(other.optima["scale"] * unit, one.optima["scale"], rtol=1e-6)
    np.testing.assert_allclose(other.optima["value"], one.optima["value"], rtol=1e-7)


def test_a_constant_column_without_an_intercept_has_a_size():
    data = Regression(np.ones((4, 1)), [1.0, 2.0, 3.0, 2.0], sigma=1.0, intercept=False)
    choice = choose_scale(data, "gaussian", "evidence", scales=np.geomspace(0.1, 100, 9))
    # y-bar is normal with variance tau**2 + 1/4, which the maximum makes y-bar**2
    assert choice.optima.loc["empirical_bayes", "scale"] == pytest.approx(
        np.sqrt(4 - 0.25), rel=1e-4
    )


@pytest.mark.parametrize("apart", [1e-5, 1e-7, 1e-9])
@pytest.mark.parametrize("scale", [1.0, 1e4, 1e7])
def test_nearly_collinear_columns_keep_their_digits(apart, scale):
    X, y = rows_of(14, np.ones(4))
    X[:, 3] = X[:, 0] + apart * X[:, 3]
    data = Regression(X, y, sigma=SIGMA, intercept=False)
    truth, curves = exact(X, y, SIGMA, np.full(4, scale)), curves_of(data)
    mu = curves.mu(scale, SIGMA)
    assert curves.spectrum.degrees_of_freedom(mu) == pytest.approx(truth["df"], abs=1e-6)
    assert curves.log_evidence(scale, SIGMA) == pytest.approx(truth["evidence"], abs=1e-6)
    path = map_path(data, Gaussian(), [scale, 2 * scale])
    np.testing.assert_allclose(path.coef[0], truth["coef"], rtol=3e-14 / apart + 1e-9)
