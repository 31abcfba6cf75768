"""One spectrum, made fast or with every digit, against the dense regression that it stands for."""

import numpy as np
import pytest

from priormap import PriormapWarning, Regression
from priormap.model.spectrum import Spectrum

SHAPES = {"moments": (40, 6), "wide": (12, 150), "rows": (150, 120)}
FLAT = {"none": [], "one": [2], "three": [0, 3, 4]}


def unit_columns(n, p, seed=0):
    """Columns in other units, correlated and shifted."""
    rng = np.random.default_rng(seed)
    X = (3.0 + rng.standard_normal((n, p)) + rng.standard_normal((n, 1))) * np.geomspace(0.1, 10, p)
    return Regression(X, 7.0 + X[:, 0] * 20 + rng.standard_normal(n), sigma=1.0).unit


def scales(p, flat):
    t = np.random.default_rng(1).uniform(0.3, 2.0, p)
    t[flat] = np.inf
    return t


@pytest.fixture(params=SHAPES)
def columns(request):
    return unit_columns(*SHAPES[request.param])


@pytest.mark.parametrize("flat", FLAT)
def test_fast_and_precise_agree(columns, flat):
    scale = scales(columns.p, FLAT[flat])
    fast, precise = Spectrum.of(columns, scale), Spectrum.precise(columns, scale)
    assert fast.dof == precise.dof == columns.n - 1 - len(FLAT[flat])
    np.testing.assert_allclose(fast.eigenvalues, precise.eigenvalues, rtol=1e-10)
    np.testing.assert_allclose(fast.explained, precise.explained, rtol=1e-8, atol=1e-13)
    assert fast.rss == pytest.approx(precise.rss, abs=1e-12)
    assert fast.log_constant == pytest.approx(precise.log_constant, abs=1e-10)
    for one, other in zip(covariances(fast), covariances(precise), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)
    np.testing.assert_allclose(fast.coef_at([0.01, 1.0]), precise.coef_at([0.01, 1.0]), atol=1e-9)
    r = np.linspace(-3, 3, 7)
    for one, other in zip(fast.terms(r), precise.terms(r), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def covariances(spectrum):
    """What is free of the signs of directions and of the choice of a root."""
    root = spectrum.flat_root
    yield from (root @ root.T, spectrum.flat_follow, spectrum.flat_offset)
    yield (spectrum.basis / spectrum.eigenvalues) @ spectrum.basis.T


@pytest.mark.parametrize("flat", FLAT)
@pytest.mark.parametrize("make", [Spectrum.of, Spectrum.precise])
def test_the_mode_solves_its_normal_equations(columns, make, flat):
    scale, mu = scales(columns.p, FLAT[flat]), 0.3
    spectrum = make(columns, scale)
    coef = spectrum.coef_at(mu)
    left = columns.residual(coef)
    np.testing.assert_allclose(columns.correlate(left), mu * coef / scale**2, atol=1e-9)
    assert spectrum.rss_at(mu) == pytest.approx(left @ left, rel=1e-8)
    bound = np.isfinite(scale)
    penalty = ((coef / scale)[bound] ** 2).sum()
    assert spectrum.penalty_at(mu) == pytest.approx(penalty, rel=1e-8)
    Z = columns.columns(np.arange(columns.p))
    hat = Z @ np.linalg.solve(Z.T @ Z + np.diag(mu / scale**2), Z.T)
    expected = np.trace(hat) - len(FLAT[flat])
    assert spectrum.degrees_of_freedom(mu) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("make", [Spectrum.of, Spectrum.precise])
def test_a_constant_response_leaves_nothing(shape, make):
    n, p = SHAPES[shape]
    X = np.random.default_rng(0).standard_normal((n, p))
    with pytest.warns(PriormapWarning, match="y is constant"):
        columns = Regression(X, np.full(n, 2.5), sigma=1.0).unit
    spectrum = make(columns, np.ones(p))
    assert spectrum.rss == spectrum.rss_at(1.0) == 0
    assert not spectrum.explained.any()


def test_excluded_and_constant_columns_stay_at_zero():
    X = np.random.default_rng(3).standard_normal((30, 5))
    X[:, 1] = 4.0
    with pytest.warns(match="constant"):
        columns = Regression(X, X[:, 0], sigma=1.0).unit
    scale = np.array([1.0, 1.0, 0.0, np.inf, 0.5])
    spectrum = Spectrum.of(columns, scale)
    assert len(spectrum.eigenvalues) == 2
    coef = spectrum.coef_at(0.1)
    assert (coef[[1, 2]] == 0).all()
    kept = Spectrum.of(
        Regression(X[:, [0, 3, 4]], X[:, 0], sigma=1.0).unit, scale[[0, 3, 4]]
    ).coef_at(0.1)
    np.testing.assert_allclose(coef[[0, 3, 4]], kept, atol=1e-12)


def test_flat_columns_that_rows_cannot_tell_apart_share_the_shortest_fit():
    X = np.random.default_rng(4).standard_normal((30, 3))
    with pytest.warns(match="column"):
        columns = Regression(X[:, [0, 0, 1]], X[:, 0] + X[:, 2], sigma=1.0).unit
    coef = Spectrum.of(columns, np.array([np.inf, np.inf, 1.0])).coef_at(0.5)
    assert coef[0] == pytest.approx(coef[1])
    np.testing.assert_allclose(
        columns.correlate(columns.residual(coef)), [0, 0, 0.5 * coef[2]], atol=1e-9
    )
