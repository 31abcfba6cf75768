"""The horseshoe prior, which either shrinks a coefficient to nearly nothing or leaves it alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import exp1

from priormap.arrays import Floats
from priormap.checks import positive_number
from priormap.errors import PriormapError
from priormap.priors.densities import ProperDensity
from priormap.priors.scale_mixture import UNBOUNDED, ScaleMixture

_LOG_PEAK = -0.5 * np.log(2 * np.pi**3)
_FAR = 40.0  # from where on the continued fraction of E1 has all digits
_TERMS = 30
_SMALL = 1e-140
_HUGE = 1e150  # whose square is still a number


@dataclass(frozen=True, eq=False, repr=False)
class Horseshoe(ScaleMixture):
    r"""Horseshoe prior: half-Cauchy local scales, unbounded at zero, with Cauchy tails.

    .. math:: b_j \mid \lambda_j \sim \mathrm{Normal}(0, \tau^2 \lambda_j^2), \qquad
        \lambda_j \sim \text{half-Cauchy}(1), \qquad \tau = \mathtt{global\_scale},

    .. math:: p(b) = \frac{1}{\tau \sqrt{2 \pi^3}}\, e^x E_1(x), \qquad x = \frac{b^2}{2 \tau^2}.

    The share ``1 / (1 + (tau lambda)**2 / sd**2)`` of an observation that is shrunk away is, for
    tau equal to sd, Beta(1/2, 1/2): mostly nearly all or nearly nothing, the shape that gives the
    prior its name.

    Parameters
    ----------
    global_scale : float, array of shape (p,) or hyperprior
        ``tau``: about the size below which a coefficient counts as noise, in units of the
        coefficient; see `from_relevant`. A density makes it unknown, to be learnt by `sample`.
    scaled_by_noise : bool
        Whether it is in units of the noise.
    hyperprior : density, optional
        Makes the global scale unknown with `global_scale` as its relative value for each column.

    Raises
    ------
    PriormapError
        If a scale is not positive.

    References
    ----------
    Carvalho, Polson and Scott (2010), "The horseshoe estimator for sparse signals", Biometrika
    97(2), eqs 1 and 2; Piironen and Vehtari (2017), "Sparsity information and regularization in
    the horseshoe and other shrinkage priors", Electronic Journal of Statistics 11(2), eq. 3.12.

    Examples
    --------
    >>> prior = Horseshoe(0.1)
    >>> round(float(prior.posterior_mean(1.0, sd=1.0)), 3)
    0.069
    >>> round(float(prior.posterior_mean(10.0, sd=1.0)), 3)
    9.794
    """

    name: ClassVar[str] = "horseshoe"
    label: ClassVar[str] = "Horseshoe"
    spoken: ClassVar[str] = "horseshoe"
    scales: ClassVar[tuple[str, ...]] = ("global_scale",)
    no_mode: ClassVar[str] = UNBOUNDED
    reference: ClassVar[str] = (
        "Carvalho, Polson and Scott (2010), The horseshoe estimator for sparse signals, "
        "Biometrika 97(2)"
    )

    global_scale: float | Floats = 1.0
    scaled_by_noise: bool = False
    hyperprior: ProperDensity | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            global_scale: float | ArrayLike | ProperDensity = 1.0,
            scaled_by_noise: bool = False,
            hyperprior: ProperDensity | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        self._settle_scale()

    @classmethod
    def from_relevant(cls, relevant: float, features: int, n: int) -> Self:
        r"""Prior under which about so many of the coefficients are expected to be relevant.

        ``tau = relevant / (features - relevant) / sqrt(n)`` in units of the noise, for
        standardised columns (Piironen and Vehtari 2017, eq. 3.12).

        Examples
        --------
        >>> Horseshoe.from_relevant(5, features=105, n=100)
        Horseshoe(global_scale=0.005, scaled_by_noise=True)
        """
        relevant = positive_number("relevant", relevant)
        features = int(positive_number("features", features))
        if relevant >= features:
            raise PriormapError(
                f"relevant must be below the number of features, {features}, got {relevant:g}"
            )
        tau = relevant / (features - relevant) / np.sqrt(positive_number("n", n))
        return cls(tau, scaled_by_noise=True)

    @property
    def is_unbounded(self) -> bool:
        """Always."""
        return True

    @property
    def scale(self) -> float | Floats:
        """The global scale."""
        return self.global_scale

    @staticmethod
    def variance_quantile(below: Floats, above: Floats, *law: float) -> Floats:
        """``tan(pi u / 2)**2``."""
        half = 0.5 * np.pi
        far = 1 / np.tan(half * np.maximum(above, _SMALL))
        near = np.tan(half * np.clip(below, _SMALL, 0.5))
        return np.asarray(np.where(below < 0.5, near, far) ** 2)

    def log_variances(self, variances: Floats) -> Floats:
        """``-log v / 2 - log(1 + v)``."""
        return -0.5 * np.log(variances) - np.log1p(variances)

    def draw_variances(self, coef: Floats, variances: Floats, rng: np.random.Generator) -> Floats:
        """By the mixture of inverse gammas of Makalic and Schmidt (2016), IEEE SPL 23(1)."""
        mixing = (1 + 1 / variances) / rng.standard_exponential(coef.shape)
        return (1 / mixing + 0.5 * coef**2) / rng.standard_exponential(coef.shape)

    def _logpdf(self, coef: Floats) -> Floats:
        scale = np.where(self.is_flat, 1.0, self.scale)
        return _LOG_PEAK - np.log(scale) + _log_scaled_exp1(coef / scale)

    def _penalty(self, coef: Floats) -> Floats:
        """Drop from ``|b| = tau``, because at zero the density has no value."""
        return _log_scaled_exp1(np.ones(())) - _log_scaled_exp1(coef / np.asarray(self.scale))

    def _pull_range(self, coef: Floats) -> tuple[Floats, Floats]:
        """``(1 / (e^x E1(x)) - x) 2 / b``; any number at zero."""
        unit = np.clip(np.abs(coef) / np.asarray(self.scale), _SMALL, _HUGE)
        with np.errstate(over="ignore"):
            size = _excess(0.5 * unit**2) * 2 / unit / self.scale
        size = np.where(coef == 0, np.inf, size)
        return np.where(coef > 0, size, -size), np.where(coef < 0, -size, size)

    def _shrink(self, z: Floats, sd: float) -> Floats:
        return np.zeros(np.broadcast_shapes(z.shape, np.shape(self.scale)))

    def _sd(self) -> Floats:
        return np.full(np.shape(self.scale), np.inf)


def _log_scaled_exp1(unit: Floats) -> Floats:
    """``log(e^x E1(x))`` with ``x = unit**2 / 2``."""
    size = np.abs(np.asarray(unit, dtype=float))
    x = 0.5 * np.clip(size, _SMALL, _HUGE) ** 2
    with np.errstate(divide="ignore"):
        far = np.log(2) - 2 * np.log(size)
    found = np.where(size < _HUGE, -np.log(x + _excess(x)), far)
    return np.where(size == 0, np.inf, found)


def _excess(x: Floats) -> Floats:
    """``1 / (e^x E1(x)) - x``, which goes from 0 to 1; far out by the continued fraction of E1."""
    near, far = np.minimum(x, _FAR), np.maximum(x, _FAR)
    fraction = far + 2 * _TERMS + 1
    for k in range(_TERMS, 1, -1):
        fraction = far + 2 * k - 1 - k**2 / fraction
    return np.where(x < _FAR, 1 / (np.exp(near) * exp1(near)) - near, 1 - 1 / fraction)
