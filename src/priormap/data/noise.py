"""What is known, or believed, of the noise standard deviation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from priormap.arrays import Floats
from priormap.checks import RandomState, positive_number, short
from priormap.errors import PriormapError
from priormap.priors.densities import PositiveDensity, ProperDensity, listed_densities


@dataclass(frozen=True)
class Noise:
    """Noise standard deviation sigma: a known number, or a density of it.

    Attributes
    ----------
    sigma : float or density
    """

    sigma: float | PositiveDensity

    @classmethod
    def of(cls, sigma: object) -> Noise:
        """Noise from what a caller gave as sigma, or a refusal."""
        if isinstance(sigma, PositiveDensity):
            return cls(sigma)
        if sigma is not None and not np.isscalar(sigma) and not isinstance(sigma, np.ndarray):
            raise PriormapError(
                f"sigma must be a positive finite number, or a density ({listed_densities()}), "
                f"got {short(sigma)}"
            )
        return cls(positive_number("sigma", sigma))

    @property
    def is_known(self) -> bool:
        """Whether sigma is a number."""
        return not isinstance(self.sigma, PositiveDensity)

    @property
    def is_proper(self) -> bool:
        """Whether it can be drawn: a number, or a density that integrates to 1."""
        return self.is_known or isinstance(self.sigma, ProperDensity)

    @property
    def sd(self) -> float:
        """The known sigma."""
        assert not isinstance(self.sigma, PositiveDensity)
        return self.sigma

    @property
    def known(self) -> float | None:
        """The known sigma; None of an unknown one."""
        return None if isinstance(self.sigma, PositiveDensity) else self.sigma

    @property
    def density(self) -> PositiveDensity | None:
        """What is believed of an unknown sigma; None of a known one."""
        return self.sigma if isinstance(self.sigma, PositiveDensity) else None

    def logpdf(self, sigma: ArrayLike) -> Floats:
        """Log density of sigma; 0 where it is known."""
        if self.density is None:
            return np.zeros(np.shape(sigma))
        return self.density.logpdf(sigma)

    def at(self, sigma: float | None, *, otherwise: str = "say at which sigma") -> float:
        """Return the given sigma, or else the known one, or refuse with a remedy."""
        if sigma is not None:
            return positive_number("sigma", sigma)
        if not self.is_known:
            raise PriormapError(f"sigma is unknown in these data; {otherwise}")
        return self.sd

    def rvs(self, size: int | tuple[int, ...] = 1, random_state: RandomState = None) -> Floats:
        """Draw `size` values of sigma, each the known one where it is known."""
        if self.density is None:
            return np.full(size, self.sd)
        if not isinstance(self.density, ProperDensity):
            name = type(self.density).__name__
            raise PriormapError(
                f"sigma is under the {name} prior, which is improper and predicts nothing; give "
                "Regression(..., sigma=...) a number or a proper prior"
            )
        return self.density.rvs(size, random_state)

    def in_units(self, unit: float) -> Noise:
        """Noise of ``y / unit``."""
        return Noise(self.sd / unit if self.density is None else self.density.in_units(unit))

    def __str__(self) -> str:
        return f"{self.sigma:g}" if self.is_known else f"{self.sigma}"
