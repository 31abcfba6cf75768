"""The two ways along which a prior is weakened: wider scales, or lower powers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from priormap.arrays import Floats
from priormap.checks import as_numbers
from priormap.errors import PriormapError
from priormap.priors import Prior

Along: TypeAlias = Literal["scale", "power"]


@dataclass(frozen=True)
class Axis:
    """What the numbers of a path say of its prior.

    Along ``"scale"`` both penalties fall with the scale c, l1 as ``1 / c`` and l2 as
    ``1 / c**2``; along ``"power"`` both are multiplied by it.
    """

    along: Along

    def __post_init__(self) -> None:
        if self.along not in ("scale", "power"):
            raise PriormapError(f"along must be 'scale' or 'power', got {self.along!r}")

    def prior_at(self, prior: Prior, value: float) -> Prior:
        """Return the prior at one number; a vector of scales is multiplied by its scale."""
        if self.along == "power":
            return prior.power_scaled(value)
        return prior.with_scale(value) if np.ndim(prior.scale) == 0 else prior.stretched(value)

    def strengths(self, values: Floats) -> tuple[Floats, Floats]:
        """Multiples ``(k1, k2)`` of the penalties that the prior has at the number 1."""
        if self.along == "power":
            return values, values
        with np.errstate(over="ignore"):
            return 1 / values, (1 / values) ** 2

    def values_at(self, strengths: Floats, *, of_l1: bool) -> Floats:
        """Numbers at which l1 (or l2) has these multiples."""
        if self.along == "power":
            return strengths
        with np.errstate(divide="ignore"):
            return np.asarray(1 / (strengths if of_l1 else np.sqrt(strengths)))

    def checked(self, name: str, values: ArrayLike) -> Floats:
        """Return positive scales, or powers that are not negative, as a vector."""
        values = as_numbers(name, values)
        kind = "positive" if self.along == "scale" else "finite and not negative"
        if values.ndim != 1 or values.size == 0:
            raise PriormapError(
                f"{name} must be a vector of {kind} numbers, got an array of shape {values.shape}"
            )
        good = values > 0 if self.along == "scale" else (values >= 0) & np.isfinite(values)
        if not good.all():
            raise PriormapError(f"{name} must be {kind}, got {values[~good][0]}")
        return values
