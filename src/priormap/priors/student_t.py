"""Student t priors, and the Cauchy prior, which is the one of a single degree of freedom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import gammainccinv, gammaincinv, gammaln

from priormap.arrays import Floats, to_infinity
from priormap.checks import positive_number
from priormap.priors.base import OneScalePrior, Scale
from priormap.priors.densities import ProperDensity, Terms
from priormap.priors.one_observation import mode_by_search
from priormap.priors.scale_mixture import ScaleMixture


@dataclass(frozen=True, eq=False, repr=False)
class _StudentTails(ScaleMixture):
    """The mathematics of both: ``v ~ InverseGamma(df / 2, df / 2)``."""

    no_mode: ClassVar[str] = ""
    df: float

    @property
    def law(self) -> tuple[float, ...]:
        """Its degrees of freedom."""
        return (self.df,)

    @property
    def local_scale(self) -> Terms:
        """``x**-(df + 1) exp(-df / (2 x**2))``."""
        return Terms(logs=self.df + 1, inverse=0.5 * self.df)

    @staticmethod
    def variance_quantile(below: Floats, above: Floats, *law: float) -> Floats:
        """``(df / 2) / g``, with g a gamma variable of shape ``df / 2``."""
        half = 0.5 * law[0]
        with np.errstate(divide="ignore", over="ignore"):
            g = np.where(below < 0.5, gammainccinv(half, below), gammaincinv(half, above))
            return np.asarray(np.minimum(half / g, 1e300))

    def log_variances(self, variances: Floats) -> Floats:
        """``-(df / 2 + 1) log v - df / (2 v)``."""
        half = 0.5 * self.df
        return -(half + 1) * np.log(variances) - half / variances

    def draw_variances(self, coef: Floats, variances: Floats, rng: np.random.Generator) -> Floats:
        """``v | b ~ InverseGamma((df + 1) / 2, (df + b**2) / 2)``."""
        gamma = rng.standard_gamma(0.5 * (self.df + 1), coef.shape)
        return 0.5 * (self.df + coef**2) / gamma

    def _logpdf(self, coef: Floats) -> Floats:
        half = 0.5 * self.df
        constant = gammaln(half + 0.5) - gammaln(half) - 0.5 * np.log(self.df * np.pi)
        scale = np.where(self.is_flat, 1.0, self.scale)
        return constant - np.log(scale) - self._penalty(coef)

    def _penalty(self, coef: Floats) -> Floats:
        ratio = np.abs(coef) / self.scale / np.sqrt(self.df)
        with np.errstate(over="ignore", divide="ignore"):
            far = 2 * np.log(ratio)  # where the square overflows
            near = np.log1p(np.where(ratio < 1e150, ratio, 0.0) ** 2)
        return 0.5 * (self.df + 1) * np.where(ratio < 1e150, near, far)

    def _pull_range(self, coef: Floats) -> tuple[Floats, Floats]:
        unit = np.sqrt(self.df) * np.asarray(self.scale)
        x = np.minimum(np.abs(coef) / unit, 1e150)
        pull = np.sign(coef) * (self.df + 1) / unit * (x / (1 + x**2))
        return pull, pull

    @to_infinity
    def curvature(self, coef: ArrayLike) -> Floats:
        """``(df + 1) / (df s**2) (1 - x**2) / (1 + x**2)**2`` with ``x = b / (s sqrt(df))``."""
        prior, values = self._beside("coef", coef)
        unit = np.sqrt(self.df) * np.asarray(prior.known_scale)
        x = np.minimum(np.abs(values) / unit, 1e75)
        return (self.df + 1) / unit / unit * ((1 - x**2) / (1 + x**2) ** 2)

    @property
    @to_infinity
    def least_curvature(self) -> Floats:
        """``-(df + 1) / (8 df s**2)``, where ``b**2 = 3 df s**2``."""
        unit = np.sqrt(self.df) * np.asarray(self.known_scale)
        return -(self.df + 1) / 8 / unit / unit

    def _shrink(self, z: Floats, sd: float) -> Floats:
        return mode_by_search(self, z, sd)

    def _sd(self) -> Floats:
        factor = np.sqrt(self.df / (self.df - 2)) if self.df > 2 else np.inf
        return np.asarray(self.scale) * factor

    def _interval(self, mass: float) -> Floats:
        return np.asarray(self.scale) * stats.t.isf(0.5 * (1 - mass), self.df)

    def _probability(self, size: float | Floats) -> Floats:
        return 1 - 2 * stats.t.sf(size / np.asarray(self.scale), self.df)


@dataclass(frozen=True, eq=False, repr=False)
class StudentT(_StudentTails):
    r"""Student t prior: round at zero, with tails that leave large coefficients alone.

    .. math:: p(b) = \frac{\Gamma(\frac{\nu+1}2)}{\Gamma(\frac\nu2) s \sqrt{\nu \pi}}
        \Bigl(1 + \frac{b^2}{\nu s^2}\Bigr)^{-(\nu + 1) / 2}, \qquad
        \nu = \mathtt{df}, \; s = \mathtt{scale}.

    Parameters
    ----------
    df : float
        Degrees of freedom; 1 is the Cauchy prior, and with many it is nearly Gaussian. The prior
        standard deviation is ``scale * sqrt(df / (df - 2))``, and infinite up to 2.
    scale : float, array of shape (p,) or hyperprior
        In units of the coefficient; ``inf`` is the flat prior.
    scaled_by_noise : bool
        Whether `scale` is in units of the noise.
    hyperprior : density, optional
        Makes the scale unknown with `scale` as its relative value for each column.

    Raises
    ------
    PriormapError
        If `df` or a scale is not positive.

    References
    ----------
    West (1987), "On scale mixtures of normal distributions", Biometrika 74(3), for the mixture;
    Gelman, Jakulin, Pittau and Su (2008), "A weakly informative default prior distribution for
    logistic and other regression models", Annals of Applied Statistics 2(4), for its use.

    Examples
    --------
    >>> prior = StudentT(df=4, scale=1.0)
    >>> round(float(prior.posterior_mean(1.0, sd=1.0)), 3)
    0.532
    >>> round(float(prior.posterior_mean(20.0, sd=1.0)), 1)
    19.7
    """

    name: ClassVar[str] = "student_t"
    label: ClassVar[str] = "StudentT"
    spoken: ClassVar[str] = "Student t"
    aliases: ClassVar[tuple[str, ...]] = ("t", "student")
    reference: ClassVar[str] = (
        "West (1987), On scale mixtures of normal distributions, Biometrika 74(3)"
    )

    df: float = 3.0
    scale: float | Floats = 1.0
    scaled_by_noise: bool = False
    hyperprior: ProperDensity | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            df: float = 3.0,
            scale: Scale = 1.0,
            scaled_by_noise: bool = False,
            hyperprior: ProperDensity | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "df", positive_number("df", self.df))
        self._settle_scale()


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Cauchy(OneScalePrior, _StudentTails):
    r"""Cauchy prior: the Student t prior with one degree of freedom, without mean or variance.

    .. math:: p(b) = \frac{1}{\pi s (1 + b^2 / s^2)}, \qquad s = \mathtt{scale}.

    Parameters
    ----------
    scale : float, array of shape (p,) or hyperprior
        Half of ``|b|`` are smaller; in units of the coefficient; ``inf`` is the flat prior.
    scaled_by_noise : bool
        Whether `scale` is in units of the noise.
    hyperprior : density, optional
        Makes the scale unknown with `scale` as its relative value for each column.

    Raises
    ------
    PriormapError
        If a scale is not positive.

    References
    ----------
    Jeffreys (1961), "Theory of Probability", third edition, section 5.2.

    Examples
    --------
    >>> round(float(Cauchy(2.0).probability(2.0)), 6)
    0.5
    """

    name: ClassVar[str] = "cauchy"
    label: ClassVar[str] = "Cauchy"
    spoken: ClassVar[str] = "Cauchy"
    reference: ClassVar[str] = "Jeffreys (1961), Theory of Probability, third edition, section 5.2"
    df: ClassVar[float] = 1.0  # type: ignore[misc]
