"""The Gaussian prior, whose mode is ridge regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from priormap.arrays import Floats
from priormap.priors.base import OneScalePrior
from priormap.priors.checks import Rows, noise_sd, scale_of, unwrap, zero_or_positive
from priormap.priors.l1_l2 import L1L2Prior


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Gaussian(OneScalePrior, L1L2Prior):
    r"""Gaussian prior, whose mode is ridge regression.

    ``log p(b) = -b**2 / (2 scale**2) - log(scale) - log(2 pi) / 2``. The mode under noise
    of standard deviation sigma minimises ``|y - X b|**2 / 2 + l2 |b|**2 / 2`` with
    ``l2 = sigma**2 / scale**2``.

    Parameters
    ----------
    scale : float, array of shape (p,) or hyperprior
        Prior standard deviation, one for all coefficients or one for each (a Series or a mapping
        is met with the columns by name), in units of the coefficient. ``inf`` is the flat prior.
        A density (`HalfCauchy`, `HalfNormal`, `HalfStudentT`, `InverseGamma`) makes it unknown,
        to be learnt by `sample`.
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

    name: ClassVar[str] = "gaussian"
    label: ClassVar[str] = "Gaussian"
    spoken: ClassVar[str] = "Gaussian"
    fit: ClassVar[str] = "ridge"
    aliases: ClassVar[tuple[str, ...]] = ("normal", "ridge")
    reference: ClassVar[str] = (
        "Hoerl and Kennard (1970), Ridge regression: biased estimation for nonorthogonal problems, "
        "Technometrics 12(1)"
    )
    is_normal: ClassVar[bool] = True
    has_l1: ClassVar[bool] = False
    has_l2: ClassVar[bool] = True

    @classmethod
    def from_ridge(
        cls, alpha: float, sigma: float | None = None, *, data: Rows | None = None
    ) -> Self:
        """Prior whose mode is ``sklearn.linear_model.Ridge(alpha)``: ``sigma / sqrt(alpha)``.

        A Regression as `data` knows sigma where that is a number; where it standardises, the
        Ridge is one on standardised columns.

        Examples
        --------
        >>> Gaussian.from_ridge(alpha=4.0, sigma=3.0)
        Gaussian(scale=1.5)
        """
        alpha, sigma = zero_or_positive("alpha", alpha), noise_sd(sigma, data)
        if alpha == 0:
            return cls(scale=np.inf)
        with np.errstate(over="ignore"):
            return cls(scale=scale_of(sigma / np.sqrt(alpha), alpha=alpha, sigma=sigma))

    def to_ridge(self, sigma: float | None = None, *, data: Rows | None = None) -> float | Floats:
        """``alpha`` of the scikit-learn Ridge that is the mode: ``sigma**2 / scale**2``."""
        return unwrap(self.weights(noise_sd(sigma, data))[1])

    @property
    def l1_scale(self) -> float:
        """Infinite: the penalty has no L1 part."""
        return np.inf

    @property
    def l2_scale(self) -> float | Floats:
        """The scale: all of the penalty is its L2 part."""
        return self.scale

    def with_parts(self, l1_scale: float | Floats, l2_scale: float | Floats) -> Self:
        """Return the prior with this scale."""
        return self._changed(scale=l2_scale, hyperprior=None)
