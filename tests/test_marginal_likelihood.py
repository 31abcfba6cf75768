"""Evidence of heavy tails and of spike and slab: against sums, quadrature and each other."""

import itertools

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import logsumexp

from priormap import (
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
    choose_scale,
    compare_priors,
    sample,
)
from priormap.criteria import averaged_models
from priormap.criteria.averaged_models import evidence_of_models
from priormap.criteria.bridged_evidence import bridged_evidence
from priormap.criteria.choosing import default_scales
from priormap.criteria.evidence_integration import null_evidence
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.scale_family import ScaleFamily
from priormap.model.model import Model


def make(n=25, p=5, sigma=1.0, seed=0, unit=1.0, **options):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + 3
    if p > 1:
        X[:, 1] = X[:, 0] + 0.1 * rng.normal(size=n)
    return Regression(X, unit * (X[:, 0] + rng.normal(size=n)), sigma=sigma, **options)


def curves(data, prior):
    return GaussianCurves.of(ScaleFamily.of(data, prior))


def summed(data, inclusion, slab):
    """Over models, each by the evidence of its own Gaussian regression."""
    logs, p = [], data.n_features
    for model in itertools.product([False, True], repeat=p):
        which = np.flatnonzero(model)
        log = len(which) * np.log(inclusion) + (p - len(which)) * np.log1p(-inclusion)
        if len(which):
            own = data.on_columns(which)
            scale = np.array([slab.scale])
            log += curves(own, slab).evidence(scale)[0][0]
        else:
            log += null_evidence(data)[0]
        logs.append(log)
    return logsumexp(logs)


@pytest.mark.parametrize("by_noise", [False, True])
@pytest.mark.parametrize("sigma", [0.8, HalfNormal(1.0), InverseGamma(3.0, 2.0)], ids=str)
@pytest.mark.parametrize("options", [{}, {"intercept": False}, {"standardize": True}], ids=str)
def test_spike_and_slab_is_the_sum_over_its_models(by_noise, sigma, options):
    data = make(sigma=sigma, **options)
    slab = Gaussian(0.8, scaled_by_noise=by_noise)
    found = evidence_of_models(Model(data, SpikeAndSlab(0.3, slab)), None)
    assert found.value == pytest.approx(summed(data, 0.3, slab), abs=1e-9)
    assert found.error < 1e-9


@pytest.mark.parametrize("unit", [1e-100, 1e100])
def test_units_of_y_move_it_by_their_jacobian(unit):
    one, other = (
        evidence_of_models(
            Model(make(sigma=a, unit=a), SpikeAndSlab(0.3, Gaussian(0.8 * a))), None
        ).value
        for a in (1.0, unit)
    )
    assert other + 24 * np.log(unit) == pytest.approx(one, abs=1e-7)


@pytest.mark.parametrize("shape", [(3, 8), (2, 1), (12, 9)])
def test_few_rows_and_many_columns(shape):
    data, slab = make(*shape), Gaussian(0.8)
    found = evidence_of_models(Model(data, SpikeAndSlab(0.3, slab)), None)
    assert found.value == pytest.approx(summed(data, 0.3, slab), abs=1e-9)


def test_a_constant_column_does_not_count():
    data = make()
    with pytest.warns(match="constant"):
        more = Regression(np.column_stack([data.X, np.ones(25)]), data.y, sigma=1.0)
    prior = SpikeAndSlab(0.3, Gaussian(0.8))
    one, other = (evidence_of_models(Model(each, prior), None).value for each in (data, more))
    assert one == pytest.approx(other, abs=1e-10)


def test_visited_models_give_what_all_models_give(monkeypatch):
    data, prior = make(60, 8, sigma=HalfNormal(1.0)), SpikeAndSlab(0.3, Gaussian(0.8))
    tree = sample(data, prior, draws=1000, random_seed=1)
    exact = evidence_of_models(Model(data, prior), tree)
    monkeypatch.setattr(averaged_models, "MOST_COLUMNS", 3)
    found = evidence_of_models(Model(data, prior), tree)
    assert 0 < found.error < 0.05
    assert abs(found.value - exact.value) < 4 * found.error
    monkeypatch.setattr(averaged_models, "_LEAST_SHARE", 1.1)
    assert "of the other half" in evidence_of_models(Model(data, prior), tree).why_not


@pytest.mark.parametrize(
    ("slab", "why"),
    [
        (Laplace(0.5), "a slab that is not normal have no closed form"),
        (Gaussian(HalfCauchy(1.0)), "a learnt scale have no closed form"),
    ],
)
def test_what_is_not_estimated_says_why(slab, why):
    assert why in evidence_of_models(Model(make(), SpikeAndSlab(0.3, slab)), None).why_not


def test_compare_priors_has_it():
    data, slab = make(), Gaussian(0.8)
    priors = {"spike": SpikeAndSlab(0.3, slab), "ridge": slab}
    found = compare_priors(data, priors, draws=500, random_seed=0)
    assert found.table.loc["spike", "log_evidence"] == pytest.approx(summed(data, 0.3, slab))
    assert not [note for note in found.notes if "log evidence" in note]


# along the scale


def by_quadrature(data, prior):
    """One column, sigma known: the likelihood of the contrasts times the prior, integrated."""
    x = data.X[:, 0] - data.X[:, 0].mean()
    u, s = data.y - data.y.mean(), data.noise.sd
    best, sd = x @ u / (x @ x), s / np.sqrt(x @ x)
    rest = (
        -0.5 * (data.n_rows - 1) * np.log(2 * np.pi * s**2)
        - 0.5 * (u @ u - best**2 * (x @ x)) / s**2
    )
    size, logs = np.asarray(prior.scale).item(), []
    edges = np.unique([-np.inf, -size, 0.0, size, best - 8 * sd, best, best + 8 * sd, np.inf])
    for low, high in itertools.pairwise(edges):
        value, _ = integrate.quad(
            lambda b: stats.norm.pdf(b, best, sd) * np.exp(prior.logpdf(b)), low, high, limit=200
        )
        logs.append(value)
    return rest + np.log(np.sum(logs) * sd * np.sqrt(2 * np.pi))


@pytest.mark.parametrize("family", [StudentT(3, 1.0), Laplace(1.0), Horseshoe(1.0)], ids=str)
def test_heavy_tails_are_integrated_rightly_at_every_scale(family):
    """A scale far below the coefficient: the tail reaches it, and draws of the prior never do."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 1))
    data = Regression(x, 5 * x[:, 0] + rng.normal(size=60), sigma=1.0)
    one = ScaleFamily.of(data, family)
    gaussian = GaussianCurves.of(one)
    seed = np.random.SeedSequence(0)
    found = bridged_evidence(one, gaussian, (0.2, 60.0), 1000, 4, seed)
    assert len(found.log_scales) >= 3
    for log_scale, value, error in zip(found.log_scales, found.values, found.errors, strict=True):
        exact = by_quadrature(data, family.with_scale(float(np.exp(log_scale))))
        assert abs(value - exact) < 4 * error + 1e-3
    between = np.exp(0.5 * (found.log_scales[1:] + found.log_scales[:-1]))
    for scale, value in zip(between, found.at(between), strict=True):
        exact = by_quadrature(data, family.with_scale(float(scale)))
        assert abs(value - exact) < 4 * found.error(scale) + 0.03


def test_choose_scale_of_heavy_tails_is_near_the_other_families():
    data = make(80, 3, sigma=1.0)
    best = {
        name: choose_scale(data, family, "evidence", random_seed=0).optima["value"].item()
        for name, family in {
            "student": StudentT(4),
            "lasso": Laplace,
            "spike": SpikeAndSlab(0.5, Gaussian(1.0)),
        }.items()
    }
    assert max(best.values()) - min(best.values()) < 2.5


def test_bridged_and_integrated_share_no_code():
    data = make(60, 4, sigma=HalfNormal(1.0))
    family = ScaleFamily.of(data, Laplace(1.0))
    gaussian = GaussianCurves.of(family)
    scales = default_scales(family, gaussian)
    seed = np.random.SeedSequence(1)
    bridged = bridged_evidence(family, gaussian, (scales[0], scales[-1]), 1000, 4, seed)
    curve = choose_scale(data, Laplace, "evidence", random_seed=0).curves
    inside = (np.log(curve["scale"]) >= bridged.log_scales[0]) & (
        np.log(curve["scale"]) <= bridged.log_scales[-1]
    )
    part = curve[inside]
    off = (bridged.at(part["scale"]) - part["value"]).abs()
    assert (off < 4 * np.hypot(part["se"], bridged.error(part["scale"])) + 0.02).all()


def test_what_is_not_estimated_along_the_scale_is_refused():
    data = make(p=3)
    with pytest.raises(PriormapError, match="is not estimated, because"):
        choose_scale(data, SpikeAndSlab(0.3, Laplace(1.0)), "evidence", random_seed=0)
