"""Data on which one kernel or the other mixes badly: 4,000 draws must tell all that is asked."""

import numpy as np
import pytest

from priormap import ElasticNet, HalfCauchy, HalfNormal, Laplace, Regression
from priormap.model import Model
from priormap.posterior.kernels import Density, choice, draw_mixture, elastic_net_prior


def made(n, p, stretch=1.0, **options):
    rng = np.random.default_rng(n + p)
    X = rng.standard_normal((n, p)) * stretch ** np.arange(p)
    y = X[:, :3] @ np.ones(3) + rng.standard_normal(n)
    return Regression(X, y, **options)


def some_flat(p, count):
    return Laplace(np.where(np.arange(p) < count, np.inf, 0.3))


NOISE = {"sigma": HalfNormal(1.0)}
CASES = {
    "wide, scales from 1 to 16,384": (made(10, 15, stretch=2.0), Laplace(1.0)),
    "wide, funnel of sigma": (made(25, 30, **NOISE), Laplace(1.0)),
    "wide, flat columns": (made(20, 40, **NOISE), some_flat(40, 4)),
    "wide, all learnt": (made(25, 40, **NOISE), Laplace(HalfCauchy(1.0))),
    "wide, all learnt, by noise": (
        made(25, 40, **NOISE),
        Laplace(HalfCauchy(1.0), scaled_by_noise=True),
    ),
    "wide, elastic net": (made(25, 40, **NOISE), ElasticNet(1.0, 2.0)),
    "square": (made(20, 20, **NOISE), Laplace(1.0)),
    "crowded, funnel of sigma": (made(25, 22, **NOISE), Laplace(1.0)),
    "crowded, elastic net": (made(25, 22, **NOISE), ElasticNet(1.0, 2.0)),
    "learnt scale, unlike columns": (made(40, 6, stretch=2.5), Laplace(HalfCauchy(1.0))),
    "learnt scale, by noise": (
        made(40, 10),
        Laplace(HalfCauchy(1.0), scaled_by_noise=True),
    ),
}


def draws(case):
    model = Model(*CASES[case])
    return draw_mixture(model, "exact", 4, 1000, 1000, np.random.SeedSequence(1), None)


def rhat(values):
    from arviz_stats.base import array_stats

    return array_stats.rhat(values, chain_axis=0, draw_axis=1)


def bulk_ess(values):
    from arviz_stats.base import array_stats

    return array_stats.ess(values, chain_axis=0, draw_axis=1, method="bulk")


@pytest.mark.parametrize("case", CASES)
def test_chains_mix(case):
    drawn = draws(case)
    series = {f"coef {j}": column for j, column in enumerate(drawn.coef.transpose(2, 0, 1))}
    series |= {name: getattr(drawn, name) for name in ("sigma", "scale")}
    for name, values in series.items():
        if values is not None:
            assert rhat(values) < 1.01, name
            assert bulk_ess(values) > 400, name


@pytest.mark.parametrize("shape", [(30, 4), (6, 8)])
@pytest.mark.parametrize("method", ["exact", "gibbs"])
def test_an_elastic_net_without_curvature_draws_as_the_laplace_prior(shape, method):
    data = made(*shape, **NOISE)
    priors = Laplace(0.5), ElasticNet(0.5, np.inf)
    laplace, elastic = (
        draw_mixture(Model(data, prior), method, 2, 50, 10, np.random.SeedSequence(3), None).coef
        for prior in priors
    )
    assert np.array_equal(laplace, elastic)


def test_negative_control_single_coordinates_creep_along_wide_columns(monkeypatch):
    monkeypatch.setattr(choice, "expected_work", lambda *_: {"coordinate": 1.0})
    coef = draws("wide, scales from 1 to 16,384").coef
    assert max(rhat(column) for column in coef.transpose(2, 0, 1)) > 1.1


def test_kernels_are_compiled_for_one_kind_of_arrays():
    """Read-only ones would be another: compiled anew, and to other last digits."""
    fixed = np.ones(3)
    fixed.flags.writeable = False
    for rate, curvature in ((fixed, fixed), (fixed, np.float64(0.0))):
        prior = elastic_net_prior(rate, curvature, Density.of(None))
        assert all(part.flags.writeable and part.flags.c_contiguous for part in prior)
