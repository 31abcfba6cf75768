"""The Gaussian prior, whose mode is ridge regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from priormap.arrays import Floats
from priormap.checks import positive_number
from priormap.priors.base import OneScalePrior
from priormap.priors.checks import (
    checked_power,
    noise_sd,
    penalty_strength,
    refuse_flat_draws,
    unwrap,
)


@dataclass(frozen=True, eq=False, repr=False)
class Gaussian(OneScalePrior):
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
        alpha, sigma = penalty_strength(alpha), positive_number("sigma", sigma)
        return cls(scale=np.inf if alpha == 0 else sigma / np.sqrt(alpha))

    def to_ridge(self, sigma: float) -> float | Floats:
        """``alpha`` of the scikit-learn Ridge that is the mode: ``sigma**2 / scale**2``."""
        noise = 1.0 if self.scaled_by_noise else positive_number("sigma", sigma)
        return unwrap((noise / np.asarray(self.known_scale)) ** 2)

    @property
    def l1_scale(self) -> float:
        """Infinite: the penalty has no L1 part."""
        return np.inf

    @property
    def l2_scale(self) -> float | Floats:
        """The scale: all of the penalty is its L2 part."""
        return self.scale

    def power_scaled(self, power: float) -> Self:
        """Return the Gaussian prior of scale ``scale / sqrt(power)``; 0 is the flat prior."""
        self._refuse_learnt()
        return self.stretched(1 / np.sqrt(power) if checked_power(power) else np.inf)

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
        sd = noise_sd(sd)
        ratio = (1.0 if self.scaled_by_noise else sd) / np.asarray(self.known_scale)
        return np.asarray(z, dtype=float) / (1 + ratio**2)

    def posterior_mean(self, z: ArrayLike, sd: float) -> Floats:
        """Posterior mean of one coefficient observed as `z`: for this prior, its mode."""
        return self.shrink(z, sd)

    def rvs(self, size: int | tuple[int, ...], random_state: np.random.Generator) -> Floats:
        """Draw from the prior; the last axis of `size` matches a vector of scales."""
        refuse_flat_draws(self.is_flat)
        return np.asarray(random_state.normal(0.0, self.known_scale, size))
