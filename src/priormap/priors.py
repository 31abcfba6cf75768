r"""The two priors, and everything that one coefficient can be asked about them.

A prior knows numbers only. In the canonical penalised problem (see `priormap.penalty`) the
Laplace prior is the penalty ``l1 |b|`` and the Gaussian prior the penalty ``l2 b**2 / 2``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from priormap._tails import log_mills, truncated_normal_mean, truncated_normal_mean_square
from priormap.errors import PriormapError, positive_number
from priormap.noise import ScaleDensity
from priormap.validation import as_numbers

__all__ = ["Gaussian", "Laplace", "Prior"]

Floats: TypeAlias = NDArray[np.float64]
_LINEAR = 1e-8  # relative to the posterior's own scale: its square is below rounding


@dataclass(frozen=True, eq=False)
class _ScalePrior:
    """A zero-centred prior that differs from its kin by a scale only.

    With a hyperprior the scale is learnt: `scale` is then relative, the prior's scale being
    the learnt number times it.
    """

    scale: float | Floats = 1.0
    scaled_by_noise: bool = False
    hyperprior: ScaleDensity | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            scale: float | ArrayLike | ScaleDensity = 1.0,
            scaled_by_noise: bool = False,
            hyperprior: ScaleDensity | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        if isinstance(self.scale, ScaleDensity):
            if self.hyperprior is not None:
                raise PriormapError(
                    f"scale={self.scale!r} is a hyperprior and hyperprior={self.hyperprior!r} "
                    "another; give one of them"
                )
            object.__setattr__(self, "hyperprior", self.scale)
            object.__setattr__(self, "scale", 1.0)
        object.__setattr__(self, "scale", _checked_scale(self.scale))
        if self.hyperprior is not None and not isinstance(self.hyperprior, ScaleDensity):
            raise PriormapError(
                "hyperprior must be HalfCauchy(...), HalfNormal(...), HalfStudentT(...) or "
                f"InverseGamma(...), got {self.hyperprior!r}"
            )
        if not isinstance(self.scaled_by_noise, bool | np.bool_):
            raise PriormapError(
                f"scaled_by_noise must be True or False, got {self.scaled_by_noise!r}"
            )

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, _ScalePrior):
            return NotImplemented
        mine, theirs = (
            (self.scaled_by_noise, self.hyperprior),
            (
                other.scaled_by_noise,
                other.hyperprior,
            ),
        )
        return mine == theirs and np.array_equal(self.scale, other.scale)

    def __hash__(self) -> int:
        scale = tuple(np.ravel(self.scale).tolist())
        return hash((type(self).__name__, scale, self.scaled_by_noise, self.hyperprior))

    def __repr__(self) -> str:
        scale: object = (
            f"{self.scale:g}"
            if isinstance(self.scale, float)
            else np.array2string(self.scale, precision=4, threshold=6, separator=", ")
        )
        if self.hyperprior is not None:
            relative = np.ndim(self.scale) or self.scale != 1
            scale = f"{scale}, hyperprior={self.hyperprior}" if relative else self.hyperprior
        noise = ", scaled_by_noise=True" if self.scaled_by_noise else ""
        return f"{type(self).__name__}(scale={scale}{noise})"

    @property
    def known_scale(self) -> float | Floats:
        """The scale, where it is a number; a learnt one has none until it is sampled."""
        if self.hyperprior is not None:
            raise PriormapError(
                f"the scale of {self!r} is learnt and has no single value; sample it, or fix "
                "it with prior.with_scale(...)"
            )
        return self.scale

    def with_scale(self, scale: float | ArrayLike) -> Self:
        """Return the same prior with a known scale in place of its own."""
        return type(self)(scale, self.scaled_by_noise)

    @property
    def is_flat(self) -> NDArray[np.bool_]:
        """Where the scale is infinite: no prior at all on that coefficient."""
        return np.isinf(np.asarray(self.scale))


@dataclass(frozen=True, eq=False, repr=False)
class Gaussian(_ScalePrior):
    r"""Gaussian prior, whose mode is ridge regression.

    ``log p(b) = -b**2 / (2 scale**2) - log(scale) - log(2 pi) / 2``. The mode under noise
    of standard deviation sigma minimises ``|y - X b|**2 / 2 + l2 |b|**2 / 2`` with
    ``l2 = sigma**2 / scale**2``.

    Parameters
    ----------
    scale : float, array of shape (p,) or hyperprior
        Prior standard deviation, one for all coefficients or one for each, in units of
        the coefficient. ``inf`` is the flat prior. A density (`HalfCauchy`, `HalfNormal`,
        `HalfStudentT`, `InverseGamma`) makes it unknown, to be learnt by `sample`.
    scaled_by_noise : bool
        Whether `scale` is in units of the noise: the prior standard deviation of a
        coefficient is then ``sigma * scale``.
    hyperprior : density, optional
        Makes the scale unknown with `scale` as its relative value for each column.

    Raises
    ------
    PriormapError
        If a scale is not positive, or is NaN, or the scales are not a vector.

    References
    ----------
    Hoerl and Kennard (1970), "Ridge regression", Technometrics 12(1), section 6, give the
    Bayesian reading of ridge.

    Examples
    --------
    >>> prior = Gaussian(scale=2.0)
    >>> float(prior.penalty(2.0)), float(prior.pull(2.0))
    (0.5, 0.5)
    >>> float(prior.shrink(5.0, sd=1.0)), float(prior.posterior_mean(5.0, sd=1.0))
    (4.0, 4.0)
    """

    @classmethod
    def from_ridge(cls, alpha: float, sigma: float) -> Self:
        """Prior whose mode is ``sklearn.linear_model.Ridge(alpha)``: ``sigma / sqrt(alpha)``."""
        alpha, sigma = _penalty_strength(alpha), positive_number("sigma", sigma)
        return cls(scale=np.inf if alpha == 0 else sigma / np.sqrt(alpha))

    def to_ridge(self, sigma: float) -> float | Floats:
        """``alpha`` of the scikit-learn Ridge that is the mode: ``sigma**2 / scale**2``."""
        noise = 1.0 if self.scaled_by_noise else positive_number("sigma", sigma)
        return _unwrap((noise / np.asarray(self.known_scale)) ** 2)

    @property
    def sd(self) -> float | Floats:
        """Prior standard deviation (in noise units if scaled by the noise)."""
        return self.known_scale

    def logpdf(self, coef: ArrayLike) -> Floats:
        """Log density, elementwise; the flat prior's is 0 everywhere."""
        scale = np.where(self.is_flat, 1.0, self.known_scale)
        constant = np.where(self.is_flat, 0.0, -np.log(scale) - 0.5 * np.log(2 * np.pi))
        return constant - self.penalty(coef)

    def penalty(self, coef: ArrayLike) -> Floats:
        """Drop of the log density from zero to `coef`: ``coef**2 / (2 scale**2)``."""
        return 0.5 * (np.asarray(coef, dtype=float) / self.known_scale) ** 2

    def pull(self, coef: ArrayLike) -> Floats:
        """Derivative of `penalty`, ``coef / scale**2``: how hard the prior pulls to zero."""
        return np.asarray(coef, dtype=float) / self.known_scale / self.known_scale

    def pull_range(self, coef: ArrayLike) -> tuple[Floats, Floats]:
        """Smallest and largest pull (subdifferential of `penalty`); here they coincide."""
        pull = self.pull(coef)
        return pull, pull

    def shrink(self, z: ArrayLike, sd: float) -> Floats:
        """Mode of one coefficient that was observed as `z` with noise `sd`.

        Proportional shrinkage ``z / (1 + (sd / scale)**2)``.
        """
        sd = _noise_sd(sd)
        ratio = (1.0 if self.scaled_by_noise else sd) / np.asarray(self.known_scale)
        return np.asarray(z, dtype=float) / (1 + ratio**2)

    def posterior_mean(self, z: ArrayLike, sd: float) -> Floats:
        """Posterior mean of one coefficient observed as `z`: for this prior, its mode."""
        return self.shrink(z, sd)

    def rvs(self, size: int | tuple[int, ...], random_state: np.random.Generator) -> Floats:
        """Draw from the prior; the last axis of `size` matches a vector of scales."""
        _refuse_flat_draws(self)
        return np.asarray(random_state.normal(0.0, self.known_scale, size))


@dataclass(frozen=True, eq=False, repr=False)
class Laplace(_ScalePrior):
    r"""Laplace (double exponential) prior, whose mode is the lasso.

    ``log p(b) = -|b| / scale - log(2 scale)``. The mode under noise of standard deviation
    sigma minimises ``|y - X b|**2 / 2 + l1 sum |b|`` with ``l1 = sigma**2 / scale``.

    Parameters
    ----------
    scale : float, array of shape (p,) or hyperprior
        Prior mean of ``|b|``, one for all coefficients or one for each, in units of the
        coefficient; the prior standard deviation is ``scale * sqrt(2)``. ``inf`` is the
        flat prior. A density (`HalfCauchy`, `HalfNormal`, `HalfStudentT`, `InverseGamma`)
        makes it unknown, to be learnt by `sample`.
    scaled_by_noise : bool
        Whether `scale` is in units of the noise, as in Park and Casella (2008), eq. 5.
    hyperprior : density, optional
        Makes the scale unknown with `scale` as its relative value for each column.

    Raises
    ------
    PriormapError
        If a scale is not positive, or is NaN, or the scales are not a vector.

    References
    ----------
    Tibshirani (1996), "Regression shrinkage and selection via the lasso", JRSS B 58(1),
    section 5, gives the Bayesian reading of the lasso.

    Examples
    --------
    >>> prior = Laplace(scale=2.0)
    >>> float(prior.penalty(-3.0)), float(prior.pull(-3.0))
    (1.5, -0.5)
    >>> float(prior.shrink(0.4, sd=1.0)), float(prior.shrink(3.0, sd=1.0))
    (0.0, 2.5)
    >>> round(float(prior.posterior_mean(0.4, sd=1.0)), 6)
    0.273709
    """

    @classmethod
    def from_lasso(cls, alpha: float, sigma: float, n: int) -> Self:
        """Prior whose mode is ``sklearn.linear_model.Lasso(alpha)`` on `n` rows.

        ``scale = sigma**2 / (n alpha)``.
        """
        alpha, sigma = _penalty_strength(alpha), positive_number("sigma", sigma)
        return cls(scale=np.inf if alpha == 0 else sigma**2 / positive_number("n", n) / alpha)

    def to_lasso(self, sigma: float, n: int) -> float | Floats:
        """``alpha`` of the scikit-learn Lasso that is the mode: ``sigma**2 / (n scale)``."""
        sigma = positive_number("sigma", sigma)
        strength = sigma if self.scaled_by_noise else sigma**2
        return _unwrap(strength / np.asarray(self.known_scale) / positive_number("n", n))

    @property
    def sd(self) -> float | Floats:
        """Prior standard deviation, ``scale * sqrt(2)`` (in noise units if scaled by it)."""
        return _unwrap(np.asarray(self.known_scale) * np.sqrt(2.0))

    def logpdf(self, coef: ArrayLike) -> Floats:
        """Log density, elementwise; the flat prior's is 0 everywhere."""
        constant = np.where(
            self.is_flat, 0.0, -np.log(2 * np.where(self.is_flat, 1, self.known_scale))
        )
        return constant - self.penalty(coef)

    def penalty(self, coef: ArrayLike) -> Floats:
        """Drop of the log density from zero to `coef`: ``|coef| / scale``."""
        return np.abs(np.asarray(coef, dtype=float)) / self.known_scale

    def pull(self, coef: ArrayLike) -> Floats:
        """Derivative of `penalty`, ``sign(coef) / scale``: how hard the prior pulls to zero.

        The pull does not fade with the size of the coefficient. At zero it is any number
        of an interval (see `pull_range`); 0, its middle, is returned there.
        """
        return np.sign(np.asarray(coef, dtype=float)) / self.known_scale

    def pull_range(self, coef: ArrayLike) -> tuple[Floats, Floats]:
        """Smallest and largest pull: the subdifferential, ``[-1, 1] / scale`` at zero."""
        coef = np.asarray(coef, dtype=float)
        low, high = np.where(coef > 0, 1.0, -1.0), np.where(coef < 0, -1.0, 1.0)
        return low / self.known_scale, high / self.known_scale

    def shrink(self, z: ArrayLike, sd: float) -> Floats:
        """Mode of one coefficient that was observed as `z` with noise `sd`.

        Soft threshold ``sign(z) max(|z| - sd**2 / scale, 0)``: an exact zero for every
        `z` in the dead zone.
        """
        z = np.asarray(z, dtype=float)
        threshold = self._threshold(_noise_sd(sd))
        return np.where(np.abs(z) <= threshold, 0.0, z - np.sign(z) * threshold)

    def posterior_mean(self, z: ArrayLike, sd: float) -> Floats:
        """Posterior mean of one coefficient observed as `z` with noise `sd`.

        With ``a = sd**2 / scale`` the posterior is a mixture of ``Normal(z - a, sd**2)``
        cut to the positive side and ``Normal(z + a, sd**2)`` cut to the negative side; the
        mean is the weighted mean of the two. It is analytic in `z`, so that it is zero at
        ``z = 0`` only (Gribonval, 2011). Stable in both tails.
        """
        z, sd = np.asarray(z, dtype=float), _noise_sd(sd)
        if sd == 0:
            return z
        u, v = np.abs(z) / sd, self._threshold(sd) / sd
        # log odds of the side of z: the Gaussian factors of the two masses cancel exactly
        log_odds = log_mills(v - u) - log_mills(v + u)
        near = truncated_normal_mean(v - u)
        far = truncated_normal_mean(v + u)
        weight = 1 / (1 + np.exp(-log_odds))
        mean = weight * near - (1 - weight) * far
        # close to zero the two sides cancel, and the mean is the variance at zero times u
        tiny = u < _LINEAR * np.maximum(1.0, v)
        mean = np.where(tiny, u * truncated_normal_mean_square(v), mean)
        return np.sign(z) * sd * mean

    def rvs(self, size: int | tuple[int, ...], random_state: np.random.Generator) -> Floats:
        """Draw from the prior; the last axis of `size` matches a vector of scales."""
        _refuse_flat_draws(self)
        return np.asarray(random_state.laplace(0.0, self.known_scale, size))

    def _threshold(self, sd: float) -> Floats:
        return np.asarray((sd if self.scaled_by_noise else sd**2) / self.known_scale, dtype=float)


Prior: TypeAlias = Gaussian | Laplace


def _checked_scale(scale: object) -> float | Floats:
    values = as_numbers("scale", scale).copy()
    if values.ndim == 0:
        return positive_number("scale", scale, infinite=True)
    if values.ndim != 1 or values.size == 0:
        raise PriormapError(
            f"scale must be a positive number or a vector with one entry per column, "
            f"got an array of shape {values.shape}"
        )
    bad = ~(values > 0)
    if bad.any():
        raise PriormapError(
            f"scale must be positive in every column, got {values[bad][0]} in column "
            f"{int(np.flatnonzero(bad)[0])}"
        )
    values.flags.writeable = False
    return values


def _penalty_strength(alpha: float) -> float:
    """A penalty strength alpha: zero (no penalty) or a positive number."""
    return 0.0 if np.ndim(alpha) == 0 and alpha == 0 else positive_number("alpha", alpha)


def _noise_sd(sd: float) -> float:
    return 0.0 if np.ndim(sd) == 0 and sd == 0 else positive_number("sd", sd)


def _refuse_flat_draws(prior: Gaussian | Laplace) -> None:
    if prior.is_flat.any():
        raise PriormapError("scale=inf is the flat prior, which is improper: it has no draws")


def _unwrap(values: Floats) -> float | Floats:
    return float(values) if np.ndim(values) == 0 else values
