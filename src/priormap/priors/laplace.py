"""The Laplace prior, whose mode is the lasso."""

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
from priormap.priors.tails import two_sided_mean


@dataclass(frozen=True, eq=False, repr=False)
class Laplace(OneScalePrior):
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
        alpha, sigma = penalty_strength(alpha), positive_number("sigma", sigma)
        return cls(scale=np.inf if alpha == 0 else sigma**2 / positive_number("n", n) / alpha)

    def to_lasso(self, sigma: float, n: int) -> float | Floats:
        """``alpha`` of the scikit-learn Lasso that is the mode: ``sigma**2 / (n scale)``."""
        sigma = positive_number("sigma", sigma)
        strength = sigma if self.scaled_by_noise else sigma**2
        return unwrap(strength / np.asarray(self.known_scale) / positive_number("n", n))

    @property
    def l1_scale(self) -> float | Floats:
        """The scale: all of the penalty is its L1 part."""
        return self.scale

    @property
    def l2_scale(self) -> float:
        """Infinite: the penalty has no L2 part."""
        return np.inf

    def power_scaled(self, power: float) -> Self:
        """Return the Laplace prior of scale ``scale / power``; 0 is the flat prior."""
        self._refuse_learnt()
        return self.stretched(1 / power if checked_power(power) else np.inf)

    @property
    def sd(self) -> float | Floats:
        """Prior standard deviation, ``scale * sqrt(2)`` (in noise units if scaled by it)."""
        return unwrap(np.asarray(self.known_scale) * np.sqrt(2.0))

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
        threshold = self._threshold(noise_sd(sd))
        return np.where(np.abs(z) <= threshold, 0.0, z - np.sign(z) * threshold)

    def posterior_mean(self, z: ArrayLike, sd: float) -> Floats:
        """Posterior mean of one coefficient observed as `z` with noise `sd`.

        With ``a = sd**2 / scale`` the posterior is a mixture of ``Normal(z - a, sd**2)``
        cut to the positive side and ``Normal(z + a, sd**2)`` cut to the negative side; the
        mean is the weighted mean of the two. It is analytic in `z`, so that it is zero at
        ``z = 0`` only (Gribonval, 2011). Stable in both tails.
        """
        z, sd = np.asarray(z, dtype=float), noise_sd(sd)
        return z if sd == 0 else sd * two_sided_mean(z / sd, self._threshold(sd) / sd)

    def rvs(self, size: int | tuple[int, ...], random_state: np.random.Generator) -> Floats:
        """Draw from the prior; the last axis of `size` matches a vector of scales."""
        refuse_flat_draws(self.is_flat)
        return np.asarray(random_state.laplace(0.0, self.known_scale, size))

    def _threshold(self, sd: float) -> Floats:
        return np.asarray((sd if self.scaled_by_noise else sd**2) / self.known_scale, dtype=float)
