"""The normal-gamma prior, of which the Laplace prior is one member."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammainccinv, gammaincinv, gammaln, kve

from priormap.arrays import Floats, to_infinity
from priormap.checks import positive_number
from priormap.priors.base import Scale
from priormap.priors.densities import ProperDensity, Terms
from priormap.priors.one_observation import mode_by_search
from priormap.priors.scale_mixture import UNBOUNDED, ScaleMixture
from priormap.priors.slices import slice_step

_NEAR, _FAR = 1e-300, 1e5  # beyond, series serve for ratios of Bessel functions
_CANCELS = 1e4  # from where on rounding hides how they bend


@dataclass(frozen=True, eq=False, repr=False)
class NormalGamma(ScaleMixture):
    r"""Normal-gamma prior: local variances follow a gamma law of any shape.

    .. math:: b_j \mid v_j \sim \mathrm{Normal}(0, s^2 v_j), \qquad
        v_j \sim \mathrm{Gamma}(\text{shape } k, \text{mean } 2 k),

    .. math:: p(b) = \frac{x^{k - 1/2} K_{k - 1/2}(x)}{\sqrt\pi\, 2^{k - 1/2}\, \Gamma(k)\, s},
        \qquad x = |b| / s, \quad k = \mathtt{shape}, \; s = \mathtt{scale}.

    With the shape 1 it is the Laplace prior of the same scale. A smaller shape puts more mass
    near zero and more in the tails; up to 1/2 the density is unbounded at zero.

    Parameters
    ----------
    shape : float
        Of the gamma law.
    scale : float, array of shape (p,) or hyperprior
        In units of the coefficient; the prior standard deviation is ``scale * sqrt(2 shape)``.
        ``inf`` is the flat prior.
    scaled_by_noise : bool
        Whether `scale` is in units of the noise.
    hyperprior : density, optional
        Makes the scale unknown with `scale` as its relative value for each column.

    Raises
    ------
    PriormapError
        If `shape` or a scale is not positive.

    References
    ----------
    Griffin and Brown (2010), "Inference with normal-gamma prior distributions in regression
    problems", Bayesian Analysis 5(1), eq. 2.

    Examples
    --------
    >>> from priormap import Laplace
    >>> b = [0.0, 0.5, 3.0]
    >>> bool(np.allclose(NormalGamma(1.0, scale=0.7).logpdf(b), Laplace(0.7).logpdf(b)))
    True
    """

    name: ClassVar[str] = "normal_gamma"
    label: ClassVar[str] = "NormalGamma"
    spoken: ClassVar[str] = "normal-gamma"
    reference: ClassVar[str] = (
        "Griffin and Brown (2010), Inference with normal-gamma prior distributions in regression "
        "problems, Bayesian Analysis 5(1)"
    )
    shape: float = 0.5
    scale: float | Floats = 1.0
    scaled_by_noise: bool = False
    hyperprior: ProperDensity | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            shape: float = 0.5,
            scale: Scale = 1.0,
            scaled_by_noise: bool = False,
            hyperprior: ProperDensity | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", positive_number("shape", self.shape))
        self._settle_scale()

    @property
    def no_mode(self) -> str:  # type: ignore[override]
        """Why none is looked for up to the shape 1/2; above, its penalty is finite at zero."""
        return UNBOUNDED if self.is_unbounded else ""

    @property
    def is_unbounded(self) -> bool:
        """Up to the shape 1/2."""
        return self.shape <= 0.5

    @property
    def law(self) -> tuple[float, ...]:
        """Its shape."""
        return (self.shape,)

    @property
    def local_scale(self) -> Terms:
        """``x**(2 k - 1) exp(-x**2 / 2)``."""
        return Terms(logs=1 - 2 * self.shape, square=0.5)

    @staticmethod
    def variance_quantile(below: Floats, above: Floats, *law: float) -> Floats:
        """Twice that of a gamma variable."""
        found = np.where(below < 0.5, gammaincinv(*law, below), gammainccinv(*law, above))
        return np.asarray(np.maximum(2 * found, 1e-300))

    def log_variances(self, variances: Floats) -> Floats:
        """``(shape - 1) log v - v / 2``."""
        return (self.shape - 1) * np.log(variances) - 0.5 * variances

    def draw_variances(self, coef: Floats, variances: Floats, rng: np.random.Generator) -> Floats:
        """Slice sampling of ``log v``, whose density given b is log-concave."""
        power, half = self.shape - 0.5, 0.5 * coef**2

        def log_density(log_v: Floats) -> Floats:
            return power * log_v - 0.5 * np.exp(log_v) - half * np.exp(-log_v)

        return np.exp(slice_step(log_density, np.log(variances), rng))

    def _logpdf(self, coef: Floats) -> Floats:
        scale, k = np.where(self.is_flat, 1.0, self.scale), self.shape
        constant = -0.5 * np.log(np.pi) - (k - 0.5) * np.log(2) - gammaln(k)
        return constant - np.log(scale) + _log_bessel(np.abs(coef) / scale, k - 0.5)

    def _penalty(self, coef: Floats) -> Floats:
        """From zero, or where the density is unbounded there from the scale."""
        order, from_ = self.shape - 0.5, np.array(1.0 if self.is_unbounded else 0.0)
        return _log_bessel(from_, order) - _log_bessel(np.abs(coef) / self.scale, order)

    @to_infinity
    def curvature(self, coef: ArrayLike) -> Floats:
        """``(r**2 + (2 k - 2) r / x - 1) / s**2`` with ``r = K_{k - 3/2}(x) / K_{k - 1/2}(x)``."""
        prior, values = self._beside("coef", coef)
        order, scale = self.shape - 0.5, np.asarray(prior.known_scale)
        x = np.maximum(np.abs(values) / scale, _NEAR)
        with np.errstate(invalid="ignore"):
            pull = _bessel_ratio(np.minimum(x, _CANCELS), order) / scale
            rise = pull * (pull + (2 * order - 1) / x / scale) - 1 / scale / scale
            far = (order - 0.5) / x / scale * (1 - (order + 0.5) / x) / x / scale
        return np.where(prior.is_flat, 0.0, np.where(x > _CANCELS, far, rise))

    @property
    def least_curvature(self) -> Floats:
        """Zero from the shape 1 on, where the penalty is convex; minus infinity below."""
        return np.where(self.is_flat | (self.shape >= 1), 0.0, -np.inf)

    def _pull_range(self, coef: Floats) -> tuple[Floats, Floats]:
        """``K_{k - 3/2}(x) / K_{k - 1/2}(x) / scale``."""
        order, x = self.shape - 0.5, np.abs(coef) / np.asarray(self.scale)
        at_zero = 0.0 if order > 0.5 else (1.0 if order == 0.5 else np.inf)
        ratio = np.where(x == 0, at_zero, _bessel_ratio(np.maximum(x, _NEAR), order))
        with np.errstate(invalid="ignore"):  # at zero of a flat prior
            size = np.where(self.is_flat, 0.0, ratio / self.scale)
        return np.where(coef > 0, size, -size), np.where(coef < 0, -size, size)

    def _shrink(self, z: Floats, sd: float) -> Floats:
        return mode_by_search(self, z, sd)

    def _sd(self) -> Floats:
        return np.asarray(self.scale) * np.sqrt(2 * self.shape)


def _bessel_ratio(x: Floats, order: float) -> Floats:
    """``K_{order - 1}(x) / K_order(x)`` of positive x; far out by its asymptotic series."""
    inside, c = np.minimum(x, _FAR), order - 0.5
    with np.errstate(over="ignore", invalid="ignore"):
        below = kve(order, inside)
        ratio = kve(order - 1, inside) / below
    leading = 0.5 * inside / (order - 1) if order > 1 else np.inf
    ratio = np.where(np.isfinite(below), ratio, leading)
    return np.where(x > _FAR, 1 - c / x * (1 - 0.5 * (1 + c) / x), ratio)


def _log_bessel(x: Floats, order: float) -> Floats:
    """``log(x**order K_order(x))``; its limit at zero, which is infinite up to the order 0."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        found = order * np.log(x) + np.log(kve(order, x)) - x
    limit = (order - 1) * np.log(2) + gammaln(order) if order > 0 else np.inf
    tiny = (x == 0) | (np.isposinf(found) | np.isnan(found)) & (x < 1)
    far = 0.5 * np.log(np.pi / 2) + (order - 0.5) * np.log(np.where(x > 0, x, 1.0)) - x
    return np.where(tiny, limit, np.where(x > 1e8, far, found))
