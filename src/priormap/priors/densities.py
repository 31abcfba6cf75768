r"""What may be believed about the noise: priors on sigma, the noise standard deviation.

Each is a density of sigma itself, so that the joint density of (coef, sigma) needs no
Jacobian. Each also knows its *log slope* ``-sigma * d log p / d sigma`` as a ratio of two
polynomials in ``v = sigma**2``: with it, the stationary points of a joint mode are the roots
of a polynomial, and none can be missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, gammaln

from priormap.arrays import Floats
from priormap.checks import positive_number

Polynomial: TypeAlias = Sequence[float]  # coefficients in rising powers of v = sigma**2


@dataclass(frozen=True)
class HalfNormal:
    r"""Half-normal density of a positive number.

    ``p(sigma) = sqrt(2 / pi) / scale * exp(-sigma**2 / (2 scale**2))`` for sigma >= 0.

    Parameters
    ----------
    scale : float
        Scale, in the units of the response; 68 % of the mass lies below it.

    Raises
    ------
    PriormapError
        If `scale` is not a positive finite number.

    Examples
    --------
    >>> round(float(HalfNormal(2.0).logpdf(0.0)), 6)
    -0.918939
    """

    scale: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", positive_number("scale", self.scale))

    def logpdf(self, sigma: ArrayLike) -> Floats:
        """Log density of sigma, minus infinity below zero."""
        x = np.asarray(sigma, dtype=float) / self.scale
        with np.errstate(over="ignore"):
            value = 0.5 * np.log(2 / np.pi) - np.log(self.scale) - 0.5 * x**2
        return np.where(x < 0, -np.inf, value)

    def log_slope(self) -> tuple[Polynomial, Polynomial]:
        """``-sigma * d log p / d sigma`` as (numerator, denominator) in v = sigma**2."""
        return (0.0, self.scale**-2), (1.0,)

    def rvs(self, size: int, random_state: np.random.Generator) -> Floats:
        """Draw `size` values."""
        return np.abs(random_state.normal(0.0, self.scale, size))


@dataclass(frozen=True)
class HalfStudentT:
    r"""Half-Student-t density of a positive number; ``df=1`` is the half-Cauchy.

    ``p(sigma) = 2 / (B(1/2, df/2) sqrt(df) scale)
    * (1 + sigma**2 / (df scale**2)) ** (-(df+1)/2)`` for sigma >= 0, with B the beta function.

    Parameters
    ----------
    df : float
        Degrees of freedom.
    scale : float
        Scale, in the units of the response.

    Raises
    ------
    PriormapError
        If `df` or `scale` is not a positive finite number.

    References
    ----------
    Gelman (2006), "Prior distributions for variance parameters in hierarchical models",
    Bayesian Analysis 1(3), section 3.2.

    Examples
    --------
    >>> float(np.exp(HalfStudentT(df=1, scale=1.0).logpdf(1.0)) * np.pi).__round__(12)
    1.0
    """

    df: float
    scale: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "df", positive_number("df", self.df))
        object.__setattr__(self, "scale", positive_number("scale", self.scale))

    def logpdf(self, sigma: ArrayLike) -> Floats:
        """Log density of sigma, minus infinity below zero."""
        x = np.asarray(sigma, dtype=float) / self.scale
        constant = np.log(2 / self.scale) - betaln(0.5, self.df / 2) - 0.5 * np.log(self.df)
        with np.errstate(divide="ignore", invalid="ignore"):
            log_factor = np.logaddexp(0, 2 * np.log(np.abs(x)) - np.log(self.df))
        value = constant - (self.df + 1) / 2 * log_factor
        return np.where(x < 0, -np.inf, value)

    def log_slope(self) -> tuple[Polynomial, Polynomial]:
        """``-sigma * d log p / d sigma`` as (numerator, denominator) in v = sigma**2."""
        return (0.0, self.df + 1), (self.df * self.scale**2, 1.0)

    def rvs(self, size: int, random_state: np.random.Generator) -> Floats:
        """Draw `size` values."""
        return self.scale * np.abs(random_state.standard_t(self.df, size))


@dataclass(frozen=True)
class InverseGamma:
    r"""Inverse-gamma prior on the variance ``v = sigma**2``, as a density of sigma.

    ``p(v) = scale**shape / Gamma(shape) * v**(-shape-1) * exp(-scale / v)``, and so
    ``p(sigma) = p(v) * 2 sigma``.

    Parameters
    ----------
    shape : float
        Shape, dimensionless.
    scale : float
        Scale, in squared units of the response.

    Raises
    ------
    PriormapError
        If `shape` or `scale` is not a positive finite number.

    Examples
    --------
    >>> float(InverseGamma(shape=2.0, scale=3.0).logpdf(0.0))
    -inf
    """

    shape: float
    scale: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", positive_number("shape", self.shape))
        object.__setattr__(self, "scale", positive_number("scale", self.scale))

    def logpdf(self, sigma: ArrayLike) -> Floats:
        """Log density of sigma, minus infinity at and below zero."""
        x = np.asarray(sigma, dtype=float)
        positive = np.where(x <= 0, 1.0, x)
        constant = np.log(2) + self.shape * np.log(self.scale) - gammaln(self.shape)
        with np.errstate(over="ignore"):
            exponent = self.scale / positive / positive
        value = constant - (2 * self.shape + 1) * np.log(positive) - exponent
        return np.where(x <= 0, -np.inf, value)

    def log_slope(self) -> tuple[Polynomial, Polynomial]:
        """``-sigma * d log p / d sigma`` as (numerator, denominator) in v = sigma**2."""
        return (-2 * self.scale, 2 * self.shape + 1), (0.0, 1.0)

    def rvs(self, size: int, random_state: np.random.Generator) -> Floats:
        """Draw `size` values of sigma."""
        return np.sqrt(self.scale / random_state.gamma(self.shape, 1.0, size))


@dataclass(frozen=True)
class Jeffreys:
    r"""Jeffreys prior ``p(sigma**2) = 1 / sigma**2``, as the density ``2 / sigma`` of sigma.

    It is improper: it has no draws, and it may only be used where the posterior is proper.

    References
    ----------
    Park and Casella (2008), "The Bayesian Lasso", JASA 103(482), section 2, use it.

    Examples
    --------
    >>> float(np.exp(Jeffreys().logpdf(4.0)))
    0.5
    """

    def logpdf(self, sigma: ArrayLike) -> Floats:
        """Log density of sigma (not normalised), minus infinity below zero."""
        x = np.asarray(sigma, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(x < 0, -np.inf, np.log(2) - np.log(x))

    def log_slope(self) -> tuple[Polynomial, Polynomial]:
        """``-sigma * d log p / d sigma`` as (numerator, denominator) in v = sigma**2."""
        return (1.0,), (1.0,)


def HalfCauchy(scale: float) -> HalfStudentT:
    """Half-Cauchy density with this scale: `HalfStudentT` with one degree of freedom.

    Examples
    --------
    >>> HalfCauchy(2.0)
    HalfStudentT(df=1.0, scale=2.0)
    """
    return HalfStudentT(df=1.0, scale=scale)


ScaleDensity: TypeAlias = HalfNormal | HalfStudentT | InverseGamma
NoisePrior: TypeAlias = ScaleDensity | Jeffreys
