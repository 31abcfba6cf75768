"""The canonical penalty, and priormap's own priors on it."""

from __future__ import annotations

from dataclasses import replace

from priormap.conventions.records import Convention, Term

_DEFINITION = "definition; checked against find_map to 1e-9"

_GAUSSIAN = Convention(
    name="priormap.Gaussian",
    objective="b ~ Normal(0, scale^2)",
    evidence=_DEFINITION,
    l2=Term("scale", power=-2, noise=2),
    defaults={"scale": 1.0},
    per_column=True,
    likelihood="any",
)
_LAPLACE = Convention(
    name="priormap.Laplace",
    objective="b ~ Laplace(0, scale)",
    evidence=_DEFINITION,
    l1=Term("scale", power=-1, noise=2),
    defaults={"scale": 1.0},
    per_column=True,
    likelihood="any",
)
_ELASTIC_NET = Convention(
    name="priormap.ElasticNet",
    objective="p(b) ~ exp(-|b| / l1_scale - b^2 / (2 l2_scale^2))",
    evidence=_DEFINITION,
    l1=Term("l1_scale", power=-1, noise=2),
    l2=Term("l2_scale", power=-2, noise=2),
    defaults={"l1_scale": 1.0, "l2_scale": 1.0},
    per_column=True,
    likelihood="any",
)

PRIORS = (
    Convention(
        name="penalty",
        objective="sum w (y - a - x b)^2 / 2 + sum l1 |b| + sum l2 b^2 / 2",
        evidence="definition",
        l1=Term("l1"),
        l2=Term("l2"),
        defaults={"l1": 0.0, "l2": 0.0},
        per_column=True,
        column="caller",
        likelihood="any",
    ),
    _GAUSSIAN,
    _LAPLACE,
    _ELASTIC_NET,
    replace(
        _GAUSSIAN,
        name="priormap.Gaussian(scaled_by_noise=True)",
        objective="b ~ Normal(0, sigma^2 scale^2)",
        l2=Term("scale", power=-2),
    ),
    replace(
        _LAPLACE,
        name="priormap.Laplace(scaled_by_noise=True)",
        objective="b ~ Laplace(0, sigma scale)",
        l1=Term("scale", power=-1, noise=1),
    ),
    replace(
        _ELASTIC_NET,
        name="priormap.ElasticNet(scaled_by_noise=True)",
        objective="p(b) ~ exp(-|b| / (sigma l1_scale) - b^2 / (2 sigma^2 l2_scale^2))",
        l1=Term("l1_scale", power=-1, noise=1),
        l2=Term("l2_scale", power=-2),
    ),
)
