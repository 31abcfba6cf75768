"""Bayes factors of one coefficient at zero: against evidences with and without its column."""

import re

import numpy as np
import pytest

from priormap import (
    ElasticNet,
    Gaussian,
    HalfCauchy,
    HalfNormal,
    Horseshoe,
    InverseGamma,
    Laplace,
    PriormapError,
    Regression,
    SpikeAndSlab,
    StudentT,
    sample,
    savage_dickey,
)
from priormap.criteria.evidence_integration import null_evidence
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.marginal_likelihood import marginal_likelihood
from priormap.criteria.scale_family import ScaleFamily
from priormap.model.model import Model


def make(n=40, p=3, sigma=1.0, seed=0, **options):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) @ (np.eye(p) + 0.3) + 2
    return Regression(X, X[:, 0] + 0.2 * X[:, -1] + rng.normal(size=n), sigma=sigma, **options)


def gaussian_evidence(data, prior, factor):
    scale = factor if prior.has_vector else factor * np.asarray(prior.scale).item()
    return GaussianCurves.of(ScaleFamily.of(data, prior)).evidence(np.array([scale]))[0][0]


@pytest.mark.parametrize("by_noise", [False, True])
@pytest.mark.parametrize(
    "sigma", [0.9, HalfNormal(1.0), InverseGamma(3.0, 2.0)], ids=["known", "half", "inverse"]
)
@pytest.mark.parametrize("options", [{}, {"intercept": False}, {"standardize": True}], ids=str)
def test_gaussian_is_the_ratio_of_exact_evidences(by_noise, sigma, options):
    data, prior = make(sigma=sigma, **options), Gaussian(0.7, scaled_by_noise=by_noise)
    found = savage_dickey(data, prior, "x2", random_seed=1)
    for factor, value, error in zip(
        found.scales, found.log_bayes_factors, found.errors, strict=True
    ):
        without = gaussian_evidence(data.on_columns([0, 1]), prior, factor)
        exact = without - gaussian_evidence(data, prior, factor)
        assert value == pytest.approx(exact, abs=1e-7)
        assert error < 1e-7


def test_vectors_of_scales_and_one_column():
    data = make()
    prior = Gaussian([0.5, 1.0, 2.0])
    found = savage_dickey(data, prior, "x1")
    less = gaussian_evidence(data.on_columns([0, 2]), Gaussian([0.5, 2.0]), 1.0)
    assert found.log_bayes_factor == pytest.approx(less - gaussian_evidence(data, prior, 1.0))
    alone = make(p=1)
    found = savage_dickey(alone, Gaussian(0.3), "x0")
    exact = null_evidence(alone)[0] - gaussian_evidence(alone, Gaussian(0.3), 1.0)
    assert found.log_bayes_factor == pytest.approx(exact)
    assert found.bayes_factor == pytest.approx(np.exp(exact))


@pytest.mark.parametrize(
    "prior",
    [
        Laplace(0.5),
        StudentT(4, 0.5),
        ElasticNet(0.5, 1.0),
        Laplace(0.5, scaled_by_noise=True),
        Laplace(HalfCauchy(1.0)),
    ],
    ids=str,
)
@pytest.mark.parametrize("sigma", [1.0, HalfNormal(1.0)], ids=["known", "unknown"])
def test_others_agree_with_bridges(prior, sigma):
    data = make(sigma=sigma)
    found = savage_dickey(data, prior, "x2", draws=2000, random_seed=1)
    values, errors = [], [found.error]
    for one in (data.on_columns([0, 1]), data):
        tree = sample(one, prior, draws=2000, random_seed=2)
        bridged = marginal_likelihood(Model(one, prior), tree, np.random.SeedSequence(3))
        values.append(bridged.value)
        errors.append(bridged.error)
    assert abs(found.log_bayes_factor - (values[0] - values[1])) < 4 * np.hypot.reduce(errors)
    assert found.error < 0.05
    assert not found.is_doubtful


def test_it_says_how_much_it_depends_on_the_scale():
    data = make()
    found = savage_dickey(data, Gaussian(0.5), "x2")
    assert found.scales.tolist() == [0.5, 1.0, 2.0]
    assert "at half the scale" in found.sentence
    assert "Lindley's paradox" in repr(found)
    wide = savage_dickey(data, Gaussian(1e6), "x2")
    slope = np.diff(wide.log_bayes_factors)
    np.testing.assert_allclose(slope, np.log(2), rtol=1e-6)  # without end
    turning = next(
        one
        for scale in np.geomspace(0.01, 100, 60)
        if np.ptp(np.sign((one := savage_dickey(data, Gaussian(scale), "x2")).log_bayes_factors))
    )
    assert turning.sentence.endswith("Which model they favour depends on the scale.")
    learnt = savage_dickey(data, Gaussian(HalfCauchy(1.0)), "x2", random_seed=0)
    assert learnt.scales.tolist() == [1.0]
    assert learnt.sentence.startswith("With its scale learnt")
    record = found.to_dict()
    assert record["scales"][1]["log_bayes_factor"] == found.log_bayes_factor


def test_units_do_not_count():
    data, big = make(), make()
    big = Regression(data.X * 1e-50, data.y * 1e50, sigma=1e50)
    for prior in (Gaussian, Laplace):
        one = savage_dickey(data, prior(0.5), "x2", random_seed=0)
        other = savage_dickey(big, prior(0.5e100), "x2", random_seed=0)
        np.testing.assert_allclose(one.log_bayes_factors, other.log_bayes_factors, atol=1e-6)


def test_a_coefficient_far_from_zero_says_that_its_error_is_a_guess():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 1))
    data = Regression(np.hstack([x, rng.normal(size=(50, 1)) + x]), 9 * x[:, 0], sigma=1.0)
    found = savage_dickey(data, Laplace(3.0), "x0", random_seed=0)
    assert found.log_bayes_factor < -100
    assert found.is_doubtful
    assert "Few draws come near zero" in repr(found)


@pytest.mark.parametrize(
    ("prior", "column", "said"),
    [
        (Gaussian([1.0, 1.0, np.inf]), "x2", "has a flat prior, which is improper"),
        (Horseshoe(0.1), "x2", "has an infinite density at zero"),
        (
            SpikeAndSlab(0.5, Gaussian(1.0)),
            "x2",
            "has a point mass at zero: the share of the",
        ),
        (Gaussian(1.0), "x3", "column 'x3' is unknown"),
        (Gaussian(1.0), "constant", "column 'constant' is constant"),
    ],
)
def test_what_has_no_ratio_is_refused(prior, column, said):
    data = make()
    if column == "constant":
        with pytest.warns(match="constant"):
            data = Regression(
                np.column_stack([data.X, np.ones(40)]),
                data.y,
                sigma=1.0,
                names=[*data.names, "constant"],
            )
    with pytest.raises(PriormapError, match=re.escape(said)):
        savage_dickey(data, prior, column)
