"""What every prior is: zero-centred, with one scale to its L1 part and one to its L2 part."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike

from priormap.arrays import Bools, Floats
from priormap.display.html import html_lines, html_table
from priormap.errors import PriormapError
from priormap.priors.checks import checked_scale
from priormap.priors.densities import ScaleDensity


class ZeroCentredPrior(ABC):
    """A prior with log density ``-|b| / l1_scale - b**2 / (2 l2_scale**2)`` up to a constant.

    An infinite scale takes its part away. With a hyperprior a common factor of both scales is
    learnt; `scale` is then relative, the prior's scale being the learnt number times it.
    """

    scaled_by_noise: bool
    hyperprior: ScaleDensity | None

    @property
    @abstractmethod
    def scale(self) -> float | Floats:
        """What `with_scale` replaces."""

    @property
    @abstractmethod
    def l1_scale(self) -> float | Floats:
        """Scale of the L1 part of the penalty."""

    @property
    @abstractmethod
    def l2_scale(self) -> float | Floats:
        """Scale of the L2 part of the penalty."""

    @property
    @abstractmethod
    def sd(self) -> float | Floats:
        """Prior standard deviation (in noise units if scaled by the noise)."""

    @abstractmethod
    def with_scale(self, scale: float | ArrayLike) -> Self:
        """Return the same prior with a known scale in place of its own."""

    def stretched(self, factor: float | ArrayLike) -> Self:
        """Return the prior of `factor` times the coefficient, with a known scale."""
        return self.with_scale(np.asarray(self.scale) * factor)

    @abstractmethod
    def power_scaled(self, power: float) -> Self:
        """Return the prior whose density is this one's to a power, normalised.

        Every penalty is multiplied by `power`; 0 is the flat prior.
        """

    @property
    def known_scale(self) -> float | Floats:
        """The scale, where it is a number; a learnt one has none until it is sampled."""
        self._refuse_learnt()
        return self.scale

    @property
    def is_flat(self) -> Bools:
        """Where the scale is infinite: no prior at all on that coefficient."""
        return np.isinf(np.minimum(self.l1_scale, self.l2_scale))

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, ZeroCentredPrior):
            return NotImplemented
        mine = (self.scaled_by_noise, self.hyperprior)
        return (
            mine == (other.scaled_by_noise, other.hyperprior)
            and np.array_equal(self.l1_scale, other.l1_scale)
            and np.array_equal(self.l2_scale, other.l2_scale)
        )

    def __hash__(self) -> int:
        scales = (tuple(np.ravel(part).tolist()) for part in (self.l1_scale, self.l2_scale))
        return hash((type(self).__name__, *scales, self.scaled_by_noise, self.hyperprior))

    def _repr_html_(self) -> str:
        rows = [("L1 scale", shown(self.l1_scale)), ("L2 scale", shown(self.l2_scale))]
        if self.hyperprior is None:
            rows.append(("sd", shown(self.sd)))
        return html_lines([repr(self)]) + html_table(["what", "value"], rows)

    def _refuse_learnt(self) -> None:
        if self.hyperprior is not None:
            raise PriormapError(
                f"the scale of {self!r} is learnt and has no single value; sample it, or fix "
                "it with prior.with_scale(...)"
            )

    def _check_options(self) -> None:
        if self.hyperprior is not None and not isinstance(self.hyperprior, ScaleDensity):
            raise PriormapError(
                "hyperprior must be HalfCauchy(...), HalfNormal(...), HalfStudentT(...) or "
                f"InverseGamma(...), got {self.hyperprior!r}"
            )
        if not isinstance(self.scaled_by_noise, bool | np.bool_):
            raise PriormapError(
                f"scaled_by_noise must be True or False, got {self.scaled_by_noise!r}"
            )


@dataclass(frozen=True, eq=False)
class OneScalePrior(ZeroCentredPrior):
    """A prior that differs from its kin by one scale only."""

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
        object.__setattr__(self, "scale", checked_scale("scale", self.scale))
        self._check_options()

    def __repr__(self) -> str:
        scale: object = shown(self.scale)
        if self.hyperprior is not None:
            relative = np.ndim(self.scale) or self.scale != 1
            scale = f"{scale}, hyperprior={self.hyperprior}" if relative else self.hyperprior
        noise = ", scaled_by_noise=True" if self.scaled_by_noise else ""
        return f"{type(self).__name__}(scale={scale}{noise})"

    def with_scale(self, scale: float | ArrayLike) -> Self:
        """Return the same prior with a known scale in place of its own."""
        return type(self)(scale, self.scaled_by_noise)


def shown(scale: float | Floats) -> str:
    """Return a scale as `repr` shows it."""
    if isinstance(scale, float):
        return f"{scale:g}"
    return np.array2string(scale, precision=4, threshold=6, separator=", ")
