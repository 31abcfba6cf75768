"""Our priors and densities as variables of PyMC: the one translation, of which all families know.

`COEFFICIENTS` and `POSITIVE` have a line for each that PyMC has a variable of; to register another
is to add one. The others are `pm.CustomDist`: a prior by its own log density and pull, which only
PyMC's own sampler can call, and a density by its numbers.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any, NoReturn, TypeAlias

import numpy as np

from priormap.arrays import Floats
from priormap.errors import PriormapError
from priormap.priors import (
    Cauchy,
    ElasticNet,
    Gaussian,
    Horseshoe,
    Laplace,
    NormalGamma,
    Prior,
    StudentT,
)
from priormap.priors.densities import (
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    InverseGamma,
    PositiveDensity,
    ProperDensity,
)

Tensor: TypeAlias = Any  # a symbolic PyTensor variable; PyTensor is not typed


def load_pymc() -> ModuleType:
    """PyMC, without the announcement that older ArviZ makes when it is imported."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, message=r"\s*ArviZ is under")
        import pymc
    return pymc


# coefficients


def coefficients(columns: Prior, unit: Tensor) -> Tensor:
    """Variable ``coef`` in the model context; some or all of it without a prior (scale inf).

    `columns` has one scale for each, of which `unit` is a common factor.
    """
    pm = load_pymc()
    from pytensor import tensor as pt

    if not columns.is_continuous:
        raise PriormapError(
            f"{columns!r} has a point mass at zero, which is no variable of PyMC; use sample"
        )
    flat = columns.is_flat
    if flat.all():
        return pm.Flat("coef", dims="feature")
    own = COEFFICIENTS.get(type(columns), _by_its_log_density)
    if not flat.any():
        return own(columns, unit)
    variable = _by_its_log_density if isinstance(columns, _DETERMINISTIC) else own
    scales = {name: np.where(flat, 1.0, getattr(columns, name)) for name in columns.scales}
    bound, coords = replace(columns, **scales), pm.modelcontext(None).coords

    def logp(coef: Tensor, units: Tensor) -> Tensor:
        with pm.Model(coords={"feature": coords["feature"]}, model=None):
            return pt.switch(flat, 0.0, pm.logp(variable(bound, units), coef))

    start = np.zeros(len(flat))
    return improper("coef", logp, np.ones(len(flat)) * unit, start=start, dims="feature")


def _normal(prior: Gaussian, unit: Tensor) -> Tensor:
    return load_pymc().Normal("coef", 0.0, prior.scale * unit, dims="feature")


def _laplace(prior: Laplace, unit: Tensor) -> Tensor:
    return load_pymc().Laplace("coef", 0.0, prior.scale * unit, dims="feature")


def _elastic_net(prior: ElasticNet, unit: Tensor) -> Tensor:
    """`unit`, a factor of both scales, leaves their ratio alone, on which the constant depends."""
    from pytensor import tensor as pt

    l1_rate, l2_rate = 1 / np.asarray(prior.l1_scale), 1 / np.asarray(prior.l2_scale)
    peak = prior.logpdf(np.zeros(np.shape(l1_rate)))
    return _custom(
        prior, unit, lambda size: peak - (l1_rate * pt.abs(size) + 0.5 * (l2_rate * size) ** 2)
    )


def _student_t(prior: StudentT | Cauchy, unit: Tensor) -> Tensor:
    pm = load_pymc()
    (df,) = prior.law
    return pm.StudentT("coef", np.float64(df), 0.0, prior.scale * unit, dims="feature")


def _horseshoe(prior: Horseshoe, unit: Tensor) -> Tensor:
    pm = load_pymc()
    return _times_normal(prior, unit, pm.HalfCauchy("local_scale", 1.0, dims="feature"))


def _normal_gamma(prior: NormalGamma, unit: Tensor) -> Tensor:
    from pytensor import tensor as pt

    pm = load_pymc()
    variance = pm.Gamma("local_variance", np.float64(prior.shape), 0.5, dims="feature")
    return _times_normal(prior, unit, pt.sqrt(variance))


def _times_normal(prior: Prior, unit: Tensor, local: Tensor) -> Tensor:
    """A local scale times a standard normal, which leaves samplers no funnel."""
    pm = load_pymc()
    normal = pm.Normal("standardised", dims="feature")
    return pm.Deterministic("coef", prior.scale * unit * local * normal, dims="feature")


def _by_its_log_density(prior: Prior, unit: Tensor) -> Tensor:
    from priormap.posterior.pymc.any_prior import LogDensity

    return _custom(prior, unit, LogDensity(prior))


def _custom(prior: Prior, unit: Tensor, log_density: Callable[[Tensor], Tensor]) -> Tensor:
    """Coefficients of which `log_density` is that of their sizes in a unit."""
    pm = load_pymc()
    from pytensor import tensor as pt

    p = len(prior.is_flat)

    def logp(coef: Tensor, unit: Tensor) -> Tensor:
        return log_density(coef / unit) - pt.log(unit)

    def draw(unit: Floats, rng: np.random.Generator, size: Any = None) -> Floats:
        return unit * prior.rvs(unit.shape if size is None else size, rng)

    return pm.CustomDist(
        "coef",
        np.ones(p) * unit,
        logp=logp,
        random=draw,
        support_point=lambda *_: pt.constant(np.zeros(p)),
        class_name=type(prior).__name__,
        dims="feature",
    )


COEFFICIENTS: dict[type[Prior], Callable[[Any, Tensor], Tensor]] = {
    Gaussian: _normal,
    Laplace: _laplace,
    ElasticNet: _elastic_net,
    StudentT: _student_t,
    Cauchy: _student_t,
    Horseshoe: _horseshoe,
    NormalGamma: _normal_gamma,
}
_DETERMINISTIC = (Horseshoe, NormalGamma)  # coefficients made of other variables


# positive numbers


def positive(name: str, density: PositiveDensity, start: float = 1.0) -> Tensor:
    """Positive variable whose logarithm the samplers move, with one of our densities."""
    variable = POSITIVE.get(type(density))
    return _by_its_terms(name, density, start) if variable is None else variable(name, density)


def _half_normal(name: str, density: HalfNormal) -> Tensor:
    return load_pymc().HalfNormal(name, np.float64(density.scale))


def _half_student_t(name: str, density: HalfStudentT) -> Tensor:
    # PyTensor takes a Python float for a float32 where that is exact
    return load_pymc().HalfStudentT(name, np.float64(density.df), np.float64(density.scale))


def _half_cauchy(name: str, density: HalfCauchy) -> Tensor:
    return _half_student_t(name, HalfStudentT(1.0, density.scale))


def _inverse_gamma(name: str, density: InverseGamma) -> Tensor:
    pm = load_pymc()
    from pymc.distributions.transforms import log
    from pytensor import tensor as pt

    shape, scale = np.float64(density.shape), np.float64(density.scale)

    def root(size: Tensor) -> Tensor:
        return pt.sqrt(pm.InverseGamma.dist(shape, scale, size=size))

    return pm.CustomDist(name, dist=root, transform=log)


def _by_its_terms(name: str, density: PositiveDensity, start: float) -> Tensor:
    pm = load_pymc()
    from pymc.distributions.transforms import log
    from pytensor import tensor as pt

    logs, inverse, square, tail, reach = density.terms

    def logp(x: Tensor) -> Tensor:
        value = density.log_constant - logs * pt.log(x)
        if inverse:
            value -= inverse * x**-2
        if square:
            value -= square * x**2
        if tail:
            value -= tail * pt.log1p((x / reach) ** 2)
        return value

    if not isinstance(density, ProperDensity):
        return improper(name, logp, start=start, transform=log)

    def draw(rng: np.random.Generator, size: Any = None) -> Floats:
        return np.reshape(density.rvs(int(np.prod(size or ())), rng), size or ())

    return pm.CustomDist(
        name,
        logp=logp,
        random=draw,
        support_point=lambda *_: pt.constant(start),
        class_name=type(density).__name__,
        transform=log,
    )


POSITIVE: dict[type[PositiveDensity], Callable[[str, Any], Tensor]] = {
    HalfNormal: _half_normal,
    HalfStudentT: _half_student_t,
    HalfCauchy: _half_cauchy,
    InverseGamma: _inverse_gamma,
}


def improper(
    name: str,
    logp: Callable[..., Tensor],
    *parameters: Tensor,
    start: float | Floats,
    **options: Any,
) -> Tensor:
    """Variable with a log density that need not integrate, and so cannot be drawn from."""
    pm = load_pymc()
    from pytensor import tensor as pt

    def refuse_to_draw(*_: Any, **__: Any) -> NoReturn:
        raise PriormapError(f"{name} has an improper prior, which has no draws; leave it out")

    return pm.CustomDist(
        name,
        *parameters,
        logp=logp,
        random=refuse_to_draw,
        support_point=lambda *_: pt.constant(start),
        class_name="Improper",
        **options,
    )
