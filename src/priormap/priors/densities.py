r"""Densities of a positive number x: the noise standard deviation, or the scale of a prior.

All are of one form, whose numbers are the density's `terms`:

.. math::

    \log p(x) = c - l \log x - \frac{i}{x^2} - q\, x^2 - h \log\Bigl(1 + \frac{x^2}{r^2}\Bigr).

Each is a density of x itself, so that the joint density of coefficients and x needs no Jacobian.
From its numbers follow its slope (which makes the stationary points of a joint mode the roots of
a polynomial), how it falls at both ends (which decides whether a posterior is proper), and what
a compiled kernel must know of it. A new density is a class with `terms`, `log_constant` and
`_rvs`, and a line in `DENSITIES`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, gammaln, xlogy

from priormap.arrays import Floats
from priormap.checks import RandomState, as_generator, as_numbers, positive_number
from priormap.priors.checks import checked_size

Polynomial: TypeAlias = Sequence[float]  # coefficients in rising powers of v = x**2


class Terms(NamedTuple):
    """Numbers of a density: ``l``, ``i``, ``q``, ``h`` and ``r`` of the formula above."""

    logs: float = 0.0
    inverse: float = 0.0
    square: float = 0.0
    tail: float = 0.0
    reach: float = 1.0

    def in_units(self, unit: float) -> Terms:
        """Numbers of the density of ``x / unit``."""
        return Terms(
            self.logs,
            self.inverse / unit / unit,
            self.square * unit * unit,
            self.tail,
            self.reach / unit,
        )


@dataclass(frozen=True)
class PositiveDensity(ABC):
    """A density of a positive number; see the formula of `priormap.priors.densities`."""

    @property
    @abstractmethod
    def terms(self) -> Terms:
        """The numbers of the density."""

    @property
    @abstractmethod
    def log_constant(self) -> float:
        """``c``, which makes the density integrate to 1 where it can."""

    def logpdf(self, x: ArrayLike) -> Floats:
        """Log density of x, minus infinity below zero."""
        x = as_numbers("x", x)
        positive = np.maximum(x, 0.0)
        logs, inverse, square, tail, reach = self.terms
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            value = self.log_constant - xlogy(logs, positive)
            if inverse:
                value = value - inverse / positive / positive
            if square:
                value = value - (math.sqrt(square) * positive) ** 2
            if tail:
                value = value - tail * np.logaddexp(0.0, 2 * np.log(positive / reach))
        nowhere = (x < 0) | ((x == 0) & self.vanishes_at_zero)
        return np.where(nowhere, -np.inf, value)

    def log_slope(self) -> tuple[Polynomial, Polynomial]:
        """``-x d log p / d x`` as (numerator, denominator), polynomials of ``v = x**2``."""
        logs, inverse, square, tail, reach = self.terms
        numerator, denominator = np.array([logs, 2 * square]), np.ones(1)
        for above, below in (
            (-2 * inverse, np.array([0.0, 1.0])),
            (np.array([0.0, 2 * tail]), np.array([reach**2, 1.0])),
        ):
            if np.any(above):
                numerator = np.polynomial.polynomial.polyadd(
                    np.convolve(numerator, below), np.convolve(np.atleast_1d(above), denominator)
                )
                denominator = np.convolve(denominator, below)
        return tuple(np.trim_zeros(numerator, "b").tolist()) or (0.0,), tuple(denominator.tolist())

    @property
    def tail_power(self) -> float:
        """``d`` where the density falls as ``x**-(d + 1)``; infinite where it falls faster."""
        logs, _, square, tail, _ = self.terms
        return math.inf if square else logs + 2 * tail - 1

    @property
    def vanishes_at_zero(self) -> bool:
        """Whether it goes to zero at zero faster than any power."""
        return self.terms.inverse > 0

    def in_units(self, unit: float) -> PositiveDensity:
        """Density of ``x / unit``."""
        shift = math.log(unit) * (1 - self.terms.logs)
        return _OfTerms(self.terms.in_units(unit), self.log_constant + shift)

    @property
    def spoken(self) -> str:
        """The density as a sentence names it."""
        numbers = (f"{getattr(self, field.name):.4g}" for field in fields(self))
        return f"{type(self).__name__}({', '.join(numbers)})"


@dataclass(frozen=True)
class ProperDensity(PositiveDensity):
    """A density that integrates to 1, and so can be drawn from."""

    def rvs(self, size: int | tuple[int, ...] = 1, random_state: RandomState = None) -> Floats:
        """Draw `size` values; `random_state` is a seed or a numpy Generator, None a fresh one."""
        return self._rvs(checked_size(size), as_generator(random_state))

    def _rvs(self, size: tuple[int, ...], random_state: np.random.Generator) -> Floats:
        raise NotImplementedError  # of a density that has `rvs` itself


@dataclass(frozen=True)
class _OfTerms(PositiveDensity):
    """A density that is known by its numbers alone."""

    numbers: Terms
    constant: float

    @property
    def terms(self) -> Terms:
        """As given."""
        return self.numbers

    @property
    def log_constant(self) -> float:
        """As given."""
        return self.constant


@dataclass(frozen=True)
class HalfNormal(ProperDensity):
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

    @property
    def terms(self) -> Terms:
        """``exp(-x**2 / (2 scale**2))``."""
        return Terms(square=0.5 / self.scale / self.scale)

    @property
    def log_constant(self) -> float:
        """``log(sqrt(2 / pi) / scale)``."""
        return 0.5 * math.log(2 / math.pi) - math.log(self.scale)

    def _rvs(self, size: tuple[int, ...], random_state: np.random.Generator) -> Floats:
        return np.abs(random_state.normal(0.0, self.scale, size))


@dataclass(frozen=True)
class HalfStudentT(ProperDensity):
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

    @property
    def terms(self) -> Terms:
        """``(1 + x**2 / (df scale**2)) ** (-(df + 1) / 2)``."""
        return Terms(tail=0.5 * (self.df + 1), reach=math.sqrt(self.df) * self.scale)

    @property
    def log_constant(self) -> float:
        """``log(2 / (B(1/2, df/2) sqrt(df) scale))``."""
        beta = float(betaln(0.5, self.df / 2))
        return math.log(2) - math.log(self.scale) - beta - 0.5 * math.log(self.df)

    def _rvs(self, size: tuple[int, ...], random_state: np.random.Generator) -> Floats:
        return self.scale * np.abs(random_state.standard_t(self.df, size))


@dataclass(frozen=True)
class HalfCauchy(ProperDensity):
    r"""Half-Cauchy density of a positive number: `HalfStudentT` with one degree of freedom.

    ``p(sigma) = 2 / (pi scale (1 + sigma**2 / scale**2))`` for sigma >= 0.

    Parameters
    ----------
    scale : float
        Scale, in the units of the response; half of the mass lies below it.

    Raises
    ------
    PriormapError
        If `scale` is not a positive finite number.

    Examples
    --------
    >>> HalfCauchy(2.0)
    HalfCauchy(scale=2.0)
    >>> bool(HalfCauchy(2.0).logpdf(3.0) == HalfStudentT(1.0, 2.0).logpdf(3.0))
    True
    """

    scale: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", positive_number("scale", self.scale))

    @property
    def terms(self) -> Terms:
        """``1 / (1 + x**2 / scale**2)``."""
        return HalfStudentT(1.0, self.scale).terms

    @property
    def log_constant(self) -> float:
        """``log(2 / (pi scale))``."""
        return HalfStudentT(1.0, self.scale).log_constant

    def _rvs(self, size: tuple[int, ...], random_state: np.random.Generator) -> Floats:
        return HalfStudentT(1.0, self.scale)._rvs(size, random_state)


@dataclass(frozen=True)
class InverseGamma(ProperDensity):
    r"""Inverse-gamma prior on the variance ``v = sigma**2``, as a density of sigma.

    ``p(v) = scale**shape / Gamma(shape) * v**(-shape-1) * exp(-scale / v)``, and so
    ``p(sigma) = p(v) * 2 sigma``. (``1 / v`` is then Gamma, which is what Park and Casella (2008)
    believe of lambda squared.)

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

    @property
    def terms(self) -> Terms:
        """``x**-(2 shape + 1) exp(-scale / x**2)``."""
        return Terms(logs=2 * self.shape + 1, inverse=self.scale)

    @property
    def log_constant(self) -> float:
        """``log(2 scale**shape / Gamma(shape))``."""
        return math.log(2) + self.shape * math.log(self.scale) - float(gammaln(self.shape))

    def _rvs(self, size: tuple[int, ...], random_state: np.random.Generator) -> Floats:
        return np.sqrt(self.scale / random_state.gamma(self.shape, 1.0, size))


@dataclass(frozen=True)
class Jeffreys(PositiveDensity):
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

    @property
    def terms(self) -> Terms:
        """``1 / x``."""
        return Terms(logs=1.0)

    @property
    def log_constant(self) -> float:
        """``log(2)``: no constant makes it integrate to 1."""
        return math.log(2)


DENSITIES: tuple[type[PositiveDensity], ...] = (
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    InverseGamma,
    Jeffreys,
)


def listed_densities(among: type[PositiveDensity] = PositiveDensity) -> str:
    """Names of the densities in a sentence; of one kind, where it matters."""
    names = [f"{kind.__name__}(...)" for kind in DENSITIES if issubclass(kind, among)]
    return " or ".join([", ".join(names[:-1]), names[-1]])
