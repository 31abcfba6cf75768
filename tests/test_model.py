"""Data and prior settled once: the model against what it is made of."""

import warnings

import numpy as np
import pytest

from priormap import (
    ElasticNet,
    Gaussian,
    HalfCauchy,
    HalfNormal,
    Jeffreys,
    Laplace,
    Penalty,
    PriormapError,
    Regression,
)
from priormap.data.noise import Noise
from priormap.model import Model
from priormap.priors import PRIORS as FAMILIES, listed_priors, penalty_parts, prior_named

PRIORS = [
    Gaussian([0.5, 2.0, 7.0]),
    Laplace(0.3, scaled_by_noise=True),
    ElasticNet([1.0, np.inf, 2.0], 0.4),
    ElasticNet(0.2, 3.0, scaled_by_noise=True),
]
every = pytest.mark.parametrize("prior", PRIORS, ids=repr)


@pytest.fixture
def data(rng):
    X = 10.0 ** np.array([-2, 0, 3]) * rng.normal(5.0, 1.0, (30, 3))
    return Regression(X, 100 + X @ [1.0, 2.0, 0.01] + rng.normal(size=30), standardize=True)


@every
def test_the_unit_problem_is_the_problem_at_every_sigma(data, prior):
    model = Model(data, prior)
    for sigma in (0.1, 3.0, 500.0):
        k1, k2 = model.strengths(sigma / model.unit_y)
        problem, unit = model.problem(sigma), model.unit_problem
        np.testing.assert_allclose(k1 * unit.l1, problem.l1, rtol=1e-12)
        np.testing.assert_allclose(k2 * unit.l2, problem.l2, rtol=1e-12)


@every
def test_unit_priors_give_unit_coefficients_the_same_density(data, prior, rng):
    model, sigma = Model(data, prior), 2.5
    coef = rng.normal(size=3) * np.array([100.0, 1.0, 1e-3])
    ours = model.given_noise(sigma).logpdf(coef)
    units = model.columns.coef_units
    noise = sigma / model.unit_y if prior.scaled_by_noise else 1.0
    theirs = model.unit_prior.given_noise(1.0).stretched(noise).logpdf(coef / units)
    np.testing.assert_allclose(ours + np.log(units), theirs, rtol=1e-10)


def test_a_learnt_scale_has_no_column_prior_until_it_is_known(data):
    model = Model(data, Laplace(HalfCauchy(2.0)))
    with pytest.raises(PriormapError, match="is learnt"):
        _ = model.column_prior
    at = model.at_scale(3.0)
    np.testing.assert_allclose(at.column_prior.scale, 3.0 * np.asarray(model.relative.scale))


def test_scales_of_other_columns_are_refused(data):
    with pytest.raises(PriormapError, match="l2_scale has 2 entries but X has 3 columns"):
        Model(data, ElasticNet(1.0, [1.0, 2.0]))


# noise apart from data


def test_another_noise_shares_all_that_was_computed_of_the_rows(data):
    moments, gram = data.moments, data.unit.gram
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other = data.with_noise(2.0)
    assert (other.sigma, other.noise.is_known, other.noise.sd) == (2.0, True, 2.0)
    assert other.moments is moments
    assert other.unit.gram is gram
    assert other.X is data.X
    assert not data.noise.is_known
    assert data.with_noise(None).sigma == data.sigma
    assert other.with_noise(Jeffreys()).noise.density == Jeffreys()
    with pytest.raises(PriormapError, match="sigma must be a positive finite number"):
        data.with_noise(-1.0)


def test_what_the_data_warned_of_is_kept_and_said_once():
    with pytest.warns(match="is constant") as said:
        data = Regression([[1.0, 2.0], [1.0, 3.0], [1.0, 5.0]], [0.0, 1.0, 2.0], names=["a", "b"])
    assert data.notes == tuple(str(one.message) for one in said)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert data.with_noise(1.0).notes == data.notes


def test_noise_answers_for_known_and_unknown_sigma(rng):
    known, unknown = Noise.of(2.0), Noise.of(HalfNormal(3.0))
    assert (known.known, unknown.known) == (2.0, None)
    assert known.logpdf(2.0) == 0
    assert unknown.logpdf(1.0) == HalfNormal(3.0).logpdf(1.0)
    assert known.at(None) == 2.0
    assert known.at(5.0) == unknown.at(5.0) == 5.0
    with pytest.raises(PriormapError, match="sigma is unknown in these data; say at which sigma"):
        unknown.at(None)
    assert known.in_units(4.0).sd == 0.5
    # the density of sigma / 4 at x is four times that of sigma at 4 x
    scaled = unknown.in_units(4.0)
    assert scaled.logpdf(0.3) == pytest.approx(unknown.logpdf(1.2) + np.log(4.0))
    assert (known.rvs(3, rng) == 2.0).all()
    with pytest.raises(PriormapError, match="improper"):
        Noise.of(Jeffreys()).rvs(3, rng)


# what a family says of itself


def test_families_are_found_by_name_and_alias():
    assert prior_named("ridge") is prior_named("Gaussian") is prior_named("normal") is Gaussian
    assert prior_named("lasso") is prior_named("LAPLACE") is Laplace
    assert prior_named("elastic-net") is prior_named("ElasticNet") is ElasticNet
    assert prior_named("horse") is None
    *most, last = (f"{kind.__name__}(...)" for kind in FAMILIES)
    assert listed_priors() == f"{', '.join(most)} or {last}"


@pytest.mark.parametrize(("one", "twin"), [
    (Gaussian(0.7), ElasticNet(np.inf, 0.7)),
    (Laplace(0.7), ElasticNet(0.7, np.inf)),
])  # fmt: skip
def test_an_elastic_net_without_a_part_is_the_prior_that_is_left(one, twin):
    b, z = np.linspace(-3, 3, 13), np.linspace(-9, 9, 13)
    for ask in ("logpdf", "penalty", "pull"):
        np.testing.assert_array_equal(getattr(one, ask)(b), getattr(twin, ask)(b))
    for ask in ("shrink", "posterior_mean"):
        np.testing.assert_array_equal(getattr(one, ask)(z, 1.3), getattr(twin, ask)(z, 1.3))
    assert (one.sd, one.interval(0.9)) == (twin.sd, twin.interval(0.9))
    assert one.probability(0.4) == twin.probability(0.4)


@every
def test_half_the_mass_lies_within_the_half_interval(prior):
    width = np.asarray(prior.interval(0.5))
    inside = [
        float(np.ravel(prior.probability(float(w)))[j]) for j, w in enumerate(np.ravel(width))
    ]
    assert inside == pytest.approx([0.5] * len(inside), rel=1e-10)


@pytest.mark.parametrize("by_noise", [False, True])
def test_the_dead_zone_ends_where_the_mode_leaves_zero(by_noise):
    for prior in (Laplace(0.3, by_noise), ElasticNet(0.3, 0.8, by_noise)):
        edge = prior.dead_zone(0.7)
        assert prior.shrink(edge, 0.7) == 0
        assert prior.shrink(np.nextafter(edge, np.inf), 0.7) > 0
    assert Gaussian(0.3, by_noise).dead_zone(0.7) == 0


@every
def test_parts_rescale_the_penalty(data, prior):
    parts = penalty_parts(prior)
    other = parts.with_parts(np.asarray(parts.l1_scale) / 2, np.asarray(parts.l2_scale) / 3)
    before, after = (Penalty.from_prior(one, data, 2.0) for one in (prior, other))
    np.testing.assert_allclose(after.l1, 2 * before.l1)
    np.testing.assert_allclose(after.l2, 9 * before.l2)
