"""Our priors and densities as variables of PyMC: the one translation, of which all families know.

`COEFFICIENTS` and `POSITIVE` have a line for each that PyMC has a variable of; to register another
is to add one. The others are `pm.CustomDist`: a prior by its own log density and pull, which only
PyMC's own sampler can call, and a density by its numbers.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from priormap.arrays import Floats
from priormap.errors import PriormapError
from priormap.model import Model
from priormap.priors import (
    R2D2,
    Cauchy,
    ElasticNet,
    Gaussian,
    GroupHorseshoe,
    GroupLaplace,
    Horseshoe,
    Laplace,
    NormalGamma,
    PenaltyParts,
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

_NOTHING = 1e-300
Tensor: TypeAlias = Any  # a symbolic PyTensor variable; PyTensor is not typed


def load_pymc() -> ModuleType:
    """PyMC, without the announcement that older ArviZ makes when it is imported."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, message=r"\s*ArviZ is under")
        import pymc
    return pymc


# coefficients

L1_WEIGHT = "priormap_l1_weight"  # where a variable notes the weights of its kinks at zero


class Names(NamedTuple):
    """What the coefficients and their dimension are called in a model."""

    coef: str = "coef"
    dim: str = "feature"

    def beside(self, word: str) -> str:
        """Name of a variable that comes with the coefficients; plain only beside ``coef``."""
        return word if self.coef == "coef" else f"{self.coef}_{word}"


OURS = Names()


def coefficients(model: Model, sigma: Tensor, names: Names = OURS) -> Tensor:
    """Coefficients in the caller's columns, with their scale where it is learnt.

    In the model context; `sigma` is read by a prior in units of it.
    """
    prior, scale = model.prior, names.beside("scale")
    learnt = 1.0 if prior.hyperprior is None else positive(scale, prior.hyperprior)
    return _of_columns(model.relative, learnt * sigma if prior.scaled_by_noise else learnt, names)


def _of_columns(columns: Prior, unit: Tensor, names: Names) -> Tensor:
    """Coefficients of which each has its scale, times `unit`; flat where that is infinite."""
    pm = load_pymc()
    from pytensor import tensor as pt

    if not columns.is_continuous:
        raise PriormapError(
            f"{columns!r} has a point mass at zero, which is no variable of PyMC; use sample, or a "
            "continuous prior such as Horseshoe(...)"
        )
    flat = columns.is_flat
    own = COEFFICIENTS.get(type(columns), _by_its_log_density)
    if not flat.any():
        return _with_l1_weight(own(columns, unit, names), columns, unit)
    variable = _by_its_log_density if isinstance(columns, _DETERMINISTIC) else own
    scales = {name: np.where(flat, 1.0, getattr(columns, name)) for name in columns.scales}
    bound, labels = replace(columns, **scales), pm.modelcontext(None).coords[names.dim]

    def logp(coef: Tensor, units: Tensor) -> Tensor:
        if flat.all():
            return pt.zeros_like(coef)
        with pm.Model(coords={names.dim: labels}, model=None):
            return pt.switch(flat, 0.0, pm.logp(variable(bound, units, names), coef))

    units, start = np.ones(len(flat)) * unit, np.zeros(len(flat))
    coef = improper(names.coef, logp, units, start=start, dims=names.dim)
    return _with_l1_weight(coef, columns, unit)


def _with_l1_weight(coef: Tensor, columns: Prior, unit: Tensor) -> Tensor:
    """Note on the variable the weights of the kinks in its log density, for its exact mode."""
    if isinstance(columns, PenaltyParts) and columns.has_l1:
        setattr(coef.tag, L1_WEIGHT, 1 / (np.asarray(columns.l1_scale) * unit))
    return coef


def _normal(prior: Gaussian, unit: Tensor, names: Names) -> Tensor:
    return load_pymc().Normal(names.coef, 0.0, prior.scale * unit, dims=names.dim)


def _laplace(prior: Laplace, unit: Tensor, names: Names) -> Tensor:
    return load_pymc().Laplace(names.coef, 0.0, prior.scale * unit, dims=names.dim)


def _group_laplace(prior: GroupLaplace, unit: Tensor, names: Names) -> Tensor:
    """Its log density by norms, whose slope at zero is made zero by a square that is nothing."""
    from pytensor import tensor as pt

    assert prior.members is not None
    peak = prior.logpdf_together(np.zeros(len(prior.variance_of)))
    belongs = np.equal.outer(prior.variance_of, np.arange(len(prior.members))) * 1.0
    share = prior.group_weights / belongs.sum(axis=0)

    def log_density(size: Tensor) -> Tensor:
        squares = pt.dot((size / prior.scale) ** 2, belongs)
        return peak - (share * pt.sqrt(squares + _NOTHING))[..., prior.variance_of]

    return _custom(prior, unit, names, log_density)


def _elastic_net(prior: ElasticNet, unit: Tensor, names: Names) -> Tensor:
    """`unit`, a factor of both scales, leaves their ratio alone, on which the constant depends."""
    from pytensor import tensor as pt

    l1_rate, l2_rate = 1 / np.asarray(prior.l1_scale), 1 / np.asarray(prior.l2_scale)
    peak = prior.logpdf(np.zeros(np.shape(l1_rate)))

    def log_density(size: Tensor) -> Tensor:
        return peak - (l1_rate * pt.abs(size) + 0.5 * (l2_rate * size) ** 2)

    return _custom(prior, unit, names, log_density)


def _student_t(prior: StudentT | Cauchy, unit: Tensor, names: Names) -> Tensor:
    pm = load_pymc()
    (df,) = prior.law
    return pm.StudentT(names.coef, np.float64(df), sigma=prior.scale * unit, dims=names.dim)


def _horseshoe(prior: Horseshoe, unit: Tensor, names: Names) -> Tensor:
    from pytensor import tensor as pt

    pm = load_pymc()
    local = pm.HalfCauchy(names.beside("local_scale"), 1.0, dims=names.dim)
    if prior.law:
        ratio, df = prior.law
        precision = ratio**-2.0
        if np.isfinite(df):
            half = np.float64(0.5 * df)
            precision *= pm.Gamma(names.beside("slab_precision"), half, half, dims=names.dim)
        local = 1 / pt.sqrt(local**-2.0 + precision)
    return _times_normal(prior, unit, names, local)


def _group_horseshoe(prior: GroupHorseshoe, unit: Tensor, names: Names) -> Tensor:
    pm = load_pymc()
    groups = len(prior.sizes)
    local = pm.HalfCauchy(names.beside("local_scale"), np.ones(groups))[prior.variance_of]
    return _times_normal(prior, unit, names, local)


def _normal_gamma(prior: NormalGamma, unit: Tensor, names: Names) -> Tensor:
    from pytensor import tensor as pt

    pm = load_pymc()
    shape, name = np.float64(prior.shape), names.beside("local_variance")
    return _times_normal(prior, unit, names, pt.sqrt(pm.Gamma(name, shape, 0.5, dims=names.dim)))


def _times_normal(prior: Prior, unit: Tensor, names: Names, local: Tensor) -> Tensor:
    """A local scale times a standard normal, which leaves samplers no funnel."""
    pm = load_pymc()
    normal = pm.Normal(names.beside("standardised"), dims=names.dim)
    return pm.Deterministic(names.coef, prior.scale * unit * local * normal, dims=names.dim)


def _by_its_log_density(prior: Prior, unit: Tensor, names: Names) -> Tensor:
    from priormap.posterior.pymc.any_prior import LogDensity

    return _custom(prior, unit, names, LogDensity(prior))


def _custom(
    prior: Prior, unit: Tensor, names: Names, log_density: Callable[[Tensor], Tensor]
) -> Tensor:
    """Coefficients of which `log_density` is that of their sizes in a unit."""
    pm = load_pymc()
    from pytensor import tensor as pt

    p = len(prior.is_flat)

    def logp(coef: Tensor, unit: Tensor) -> Tensor:
        return log_density(coef / unit) - pt.log(unit)

    def draw(unit: Floats, rng: np.random.Generator, size: Any = None) -> Floats:
        return unit * prior.rvs(unit.shape if size is None else size, rng)

    return pm.CustomDist(
        names.coef,
        np.ones(p) * unit,
        logp=logp,
        random=draw,
        support_point=lambda *_: pt.constant(np.zeros(p)),
        class_name=type(prior).__name__,
        dims=names.dim,
    )


COEFFICIENTS: dict[type[Prior], Callable[[Any, Tensor, Names], Tensor]] = {
    Gaussian: _normal,
    Laplace: _laplace,
    GroupLaplace: _group_laplace,
    GroupHorseshoe: _group_horseshoe,
    ElasticNet: _elastic_net,
    StudentT: _student_t,
    Cauchy: _student_t,
    Horseshoe: _horseshoe,
    NormalGamma: _normal_gamma,
    R2D2: _normal_gamma,  # which it is beside data, with its scale learnt
}
_DETERMINISTIC = (Horseshoe, GroupHorseshoe, NormalGamma)  # coefficients made of other variables


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

    def draw(*_: Any, **__: Any) -> Floats:
        if _draws_a_graph():
            return np.full(np.shape(start), np.nan)
        raise PriormapError(f"{name} has an improper prior, which has no draws; leave it out")

    return pm.CustomDist(
        name,
        *parameters,
        logp=logp,
        random=draw,
        support_point=lambda *_: pt.constant(start),
        class_name="Improper",
        **options,
    )


def _draws_a_graph() -> bool:
    """Whether PyMC asks for a draw only to see its shape, which it does to picture a model."""
    frame: Any = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__") == "pymc.model_graph":
            return True
        frame = frame.f_back
    return False


def _gaussian(name: str, mean: Tensor, sigma: Tensor, **options: Any) -> Tensor:
    return load_pymc().Normal(name, mean, sigma, **options)


def _bernoulli(name: str, mean: Tensor, _: Tensor, **options: Any) -> Tensor:
    return load_pymc().Bernoulli(name, logit_p=mean, **options)


def _poisson(name: str, mean: Tensor, _: Tensor, **options: Any) -> Tensor:
    pm = load_pymc()
    return pm.Poisson(name, pm.math.exp(mean), **options)


# an observed response given its linear predictor, by the name of the likelihood
RESPONSES: dict[str, Callable[..., Tensor]] = {
    "gaussian": _gaussian,
    "bernoulli": _bernoulli,
    "poisson": _poisson,
}
