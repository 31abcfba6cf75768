"""Paths against the mode at single scales."""

import numpy as np
import pytest

from priormap import (
    Gaussian,
    HalfNormal,
    Laplace,
    PriormapError,
    PriormapWarning,
    Regression,
    find_map,
    map_path,
)

SIGMA = 1.3


def data_of(n, p, seed=0, **options):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    X[:, 1:] += 0.6 * X[:, :-1]
    y = 5 + X[:, : min(p, 6)] @ rng.normal(size=min(p, 6)) * 2 + rng.normal(size=n)
    return Regression(X, y, sigma=SIGMA, **options)


SHAPES = [(50, 8), (120, 30), (30, 150), (40, 40)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_laplace_knots_and_between_them(shape):
    data = data_of(*shape)
    path = map_path(data, Laplace())
    assert path.is_knots
    assert (path.coef[0] == 0).all()
    assert (np.diff(path.scales) > 0).all()
    finite = path.scales[np.isfinite(path.scales)]
    some = np.unique(np.linspace(0, len(finite) - 2, 15).astype(int))
    inside = np.concatenate([1 / (0.5 / finite[some] + 0.5 / finite[some + 1]), finite[some]])
    for scale in inside:
        fit = find_map(data, Laplace(float(scale)))
        np.testing.assert_allclose(path.at(scale), fit.coef, rtol=0, atol=1e-9)
    for k in some:
        certificate = path.certificate(int(k))
        assert certificate.is_mode
        assert certificate.relative_gap < max(1e-11, certificate.resolution)
        # linear in 1 / scale between knots: the middle is the mean of the ends
        middle = path.at(1 / (0.5 / finite[k] + 0.5 / finite[k + 1]))
        np.testing.assert_allclose(middle, path.coef[k : k + 2].mean(axis=0), atol=1e-10)


@pytest.mark.parametrize("family", [Gaussian, Laplace])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_grid_equals_the_mode_at_each_scale(family, shape):
    data = data_of(*shape)
    scales = np.geomspace(0.005, 3, 12)
    path = map_path(data, family(), scales=scales)
    assert not path.is_knots
    for k, scale in enumerate(scales):
        fit = find_map(data, family(float(scale)))
        np.testing.assert_allclose(path.coef[k], fit.coef, rtol=1e-8, atol=1e-10)
        assert path.intercept[k] == pytest.approx(fit.intercept, rel=1e-9)
        if family is Laplace:
            assert np.array_equal(path.coef[k] != 0, fit.support)


@pytest.mark.parametrize("family", [Gaussian, Laplace])
def test_a_scale_per_column_and_flat_columns(family):
    data = data_of(60, 5)
    prior = family(np.array([0.1, 1.0, 10.0, np.inf, 0.3]))
    multiples = np.geomspace(0.01, 10, 7)
    path = map_path(data, prior, scales=multiples)
    for k, multiple in enumerate(multiples):
        fit = find_map(data, family(prior.scale * multiple))
        np.testing.assert_allclose(path.coef[k], fit.coef, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("family", [Gaussian, Laplace])
def test_standardised_and_noise_scaled(family):
    data = data_of(60, 5, standardize=True)
    prior = family(scaled_by_noise=True)
    path = map_path(data, prior, scales=[0.05, 0.5])
    for k, scale in enumerate([0.05, 0.5]):
        fit = find_map(data, family(scale, scaled_by_noise=True))
        np.testing.assert_allclose(path.coef[k], fit.coef, rtol=1e-9, atol=1e-12)


def test_default_gaussian_scales_span_zero_to_least_squares():
    data = data_of(60, 5)
    path = map_path(data, Gaussian())
    least_squares = find_map(data, Gaussian(np.inf)).coef
    assert np.abs(path.coef[0]).max() < 1e-3 * np.abs(least_squares).max()
    np.testing.assert_allclose(path.coef[-1], least_squares, rtol=1e-3)
    np.testing.assert_allclose(path.at(np.inf), least_squares, rtol=1e-9)


def test_unknown_sigma_gives_joint_modes():
    known = data_of(60, 5)
    data = Regression(known.X, known.y, sigma=HalfNormal(2.0))
    for family in (Gaussian, Laplace):
        path = map_path(data, family(), scales=[0.1, 1.0])
        fit = find_map(data, family(1.0))
        np.testing.assert_allclose(path.coef[1], fit.coef, rtol=1e-10)
        assert path.sigma[1] == fit.sigma
        np.testing.assert_allclose(path.at(1.0), fit.coef, rtol=1e-10)
    with pytest.raises(PriormapError, match=r"give scales=\.\.\., or fix sigma"):
        map_path(data, Laplace())


def test_bad_scales():
    data = data_of(60, 5)
    for bad in ([0.0, 1.0], [-1.0], [np.nan], [], [[1.0]]):
        with pytest.raises(PriormapError, match="scales must be"):
            map_path(data, Laplace(), scales=bad)


def test_result_speaks():
    data = data_of(60, 5)
    path = map_path(data, Laplace(), scales=[0.1, 1.0, 3.0])
    frame = path.to_frame()
    assert frame.index.name == "scale"
    assert list(frame.columns) == list(data.names)
    assert "3 scales from 0.1 to 3" in repr(path)
    np.testing.assert_array_equal(path.n_nonzero, (path.coef != 0).sum(axis=1))
    assert path.at([0.1, 1.0]).shape == (2, 5)


def test_the_scale_that_makes_a_coefficient_zero_is_a_knot():
    """Zero at every smaller scale, and not just above; NaN of a grid, infinite of a constant."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 6))
    data = Regression(X, X @ [2.0, -1, 0.5, 0, 0, 0.1] + rng.normal(size=60), sigma=1.0)
    path = map_path(data, Laplace())
    for j, scale in enumerate(path.zero_up_to):
        assert not path.at(scale * np.linspace(0.01, 1 - 1e-9, 50))[:, j].any()
        assert path.at(scale * (1 + 1e-6))[j] != 0
    assert np.isnan(map_path(data, Laplace(), [0.1, 1.0]).zero_up_to).all()
    with pytest.warns(PriormapWarning, match="is constant"):
        constant = Regression(np.column_stack([X[:, 0], np.ones(60)]), data.y, sigma=1.0)
    assert map_path(constant, Laplace()).zero_up_to[1] == np.inf
