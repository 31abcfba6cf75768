"""Units and beliefs far apart, at random: an answer that is finite and certified, or one sentence.

Columns, y, sigma, prior scales and hyperpriors each take any size from 1e-12 to 1e12.
"""

import os
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import priormap as pmap

FULL = bool(os.environ.get("PRIORMAP_FULL"))
SIZES = st.integers(-12, 12).map(lambda k: 10.0**k)
DENSITIES = st.sampled_from([pmap.HalfNormal, pmap.HalfCauchy])
FAMILIES = ("gaussian", "laplace", "elastic_net")


def steady(examples):
    return settings(
        max_examples=examples * (10 if FULL else 1), suppress_health_check=[HealthCheck.too_slow]
    )


@st.composite
def regressions(draw, noises=("number", "unknown", "density")):
    n, p = draw(st.integers(3, 12)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    units = np.array(draw(st.lists(SIZES, min_size=p, max_size=p)))
    size = draw(SIZES)
    X, b = rng.normal(size=(n, p)), rng.normal(size=p)
    y = size * (X @ b + draw(st.sampled_from([0.0, 0.1, 1.0])) * rng.normal(size=n))
    noise = draw(st.sampled_from(noises))
    sigma = {"number": draw(SIZES), "unknown": None, "density": draw(DENSITIES)(draw(SIZES))}
    intercept = draw(st.booleans())
    return pmap.Regression(X * units, y, sigma=sigma[noise], intercept=intercept)


@st.composite
def priors(draw, *, learnt=False):
    name, scales = draw(st.sampled_from(FAMILIES)), (draw(SIZES), draw(SIZES))
    density = draw(DENSITIES)(draw(SIZES)) if learnt and draw(st.booleans()) else None
    options = {"scaled_by_noise": draw(st.booleans()), "hyperprior": density}
    if name == "elastic_net":
        return pmap.ElasticNet(*scales, **options)
    return {"gaussian": pmap.Gaussian, "laplace": pmap.Laplace}[name](scales[0], **options)


def answer(ask, *arguments, **options):
    """What is returned, or None where it is refused in one sentence; nothing else may happen."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", pmap.PriormapWarning)
            return ask(*arguments, **options)
    except pmap.PriormapError as error:
        said = str(error)
    assert said
    assert "\n" not in said
    return None


def is_finite(numbers):
    return bool(np.isfinite(np.asarray(numbers, dtype=float)).all())


@steady(150)
@given(regressions(), priors())
def test_modes(data, prior):
    fit = answer(pmap.find_map, data, prior)
    if fit is None:
        return
    assert is_finite(fit.coef)
    assert is_finite(fit.intercept)
    assert 0 < fit.sigma < np.inf
    if not fit.certificate.is_mode:  # what doubles cannot decide is said
        with pytest.warns(pmap.PriormapWarning, match="double precision cannot decide"):
            pmap.find_map(data, prior)
        return
    again = answer(pmap.audit, data.with_noise(fit.sigma), prior, fit.coef)
    assert again is not None
    assert again.is_mode


@steady(80)
@given(regressions(noises=("number",)), priors(), SIZES, SIZES)
def test_paths(data, prior, low, high):
    scales = np.geomspace(low, 10 * max(low, high), 5)
    path = answer(pmap.map_path, data, prior, scales)
    if path is None:
        return
    coef = path.at(scales)
    assert is_finite(coef)
    for scale, own in zip(scales, coef, strict=True):
        fit = answer(pmap.find_map, data, prior.with_scale(scale))
        if fit is not None and fit.certificate.is_mode:
            fitted = (data.X - data.unit.x_mean) @ np.stack([own, fit.coef], axis=1)
            scale_of_y = max(np.abs(data.y - data.unit.y_mean).max(), np.abs(fitted).max())
            np.testing.assert_allclose(fitted[:, 0], fitted[:, 1], atol=1e-6 * scale_of_y)


@steady(80)
@given(regressions(noises=("number",)), priors(), st.integers(0, 5), st.floats(0.5, 2))
def test_another_vector_is_not_the_mode(data, prior, which, factor):
    fit = answer(pmap.find_map, data, prior)
    if fit is None or abs(factor - 1) < 0.1:
        return
    j = which % data.n_features
    other = fit.coef.copy()
    other[j] *= factor
    moved = np.linalg.norm((data.X[:, j] - data.unit.x_mean[j]) * (other[j] - fit.coef[j]))
    verdict = answer(pmap.audit, data, prior, other)
    if verdict is not None and moved > 1e-3 * np.linalg.norm(data.y - data.unit.y_mean):
        assert not verdict.is_mode or fit.certificate.is_unique is False


@steady(40)
@given(regressions(), priors(learnt=True), st.integers(0, 100))
def test_draws(data, prior, seed):
    tree = answer(pmap.sample, data, prior, draws=40, tune=60, chains=2, random_seed=seed)
    if tree is None:
        return
    for variable in tree["posterior"].data_vars.values():
        assert is_finite(variable)
    if "sigma" in tree["posterior"]:
        assert (tree["posterior"]["sigma"] > 0).all()


@steady(30)
@given(regressions(), st.sampled_from(["gaussian", "laplace"]), st.integers(0, 100))
def test_scales(data, family, seed):
    methods = ["cv", "evidence", "loo"] if family == "gaussian" else ["cv"]
    choice = answer(pmap.choose_scale, data, family, methods, folds=3, random_seed=seed)
    if choice is not None:
        assert is_finite(choice.optima["scale"])
        assert is_finite(choice.curves["value"])
