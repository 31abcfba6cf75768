"""What some priors can beyond the seven questions, and what that opens.

The parts of a penalty, which exact modes and powers of the density are made for (`PenaltyParts`),
slope and curvature of one that need not be convex, from which stationary points are found
(`CurvedPenalty`), and a mixture of normals, which Gibbs kernels draw from (`NormalMixture`). A
verb asks for the capability, never for the family.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

from priormap.arrays import Floats
from priormap.checks import positive_number
from priormap.errors import PriormapError
from priormap.priors.base import NEITHER, Prior
from priormap.priors.checks import zero_or_positive
from priormap.priors.densities import Terms

_SMALL = 1e-290  # products from here to its inverse keep all their digits


@dataclass(frozen=True, eq=False, repr=False)
class PenaltyParts(Prior):
    """A prior whose penalty is ``|b| / l1_scale + b**2 / (2 l2_scale**2)``.

    It opens exact modes, their paths and certificates, and every library's way of writing it.
    """

    no_mode: ClassVar[str] = ""
    has_l1: ClassVar[bool]
    has_l2: ClassVar[bool]

    @property
    @abstractmethod
    def l1_scale(self) -> float | Floats:
        """Scale of the L1 part of the penalty; infinite where there is none."""

    @property
    @abstractmethod
    def l2_scale(self) -> float | Floats:
        """Scale of the L2 part of the penalty; infinite where there is none."""

    @abstractmethod
    def with_parts(self, l1_scale: float | Floats, l2_scale: float | Floats) -> Self:
        """Return the same kind of prior with these known scales of the parts that it has."""

    def weights(self, sigma: float) -> tuple[Floats, Floats]:
        """``l1`` and ``l2`` of the canonical problem, one number each or one for each scale.

        ``sigma**2 / l1_scale`` and ``sigma**2 / l2_scale**2``; of a prior scaled by the noise,
        ``sigma / l1_scale`` and ``1 / l2_scale**2``. Refuses what leaves the range of floats.
        """
        known, sigma = self._known, positive_number("sigma", sigma)
        noise = 1.0 if self.scaled_by_noise else sigma
        with np.errstate(over="ignore"):
            product, scale = np.multiply(sigma, noise), np.asarray(known.l1_scale)
            fits = _SMALL < product < 1 / _SMALL
            l1 = np.asarray(product / scale if fits else sigma * (noise / scale))
            l2 = np.asarray((noise / np.asarray(known.l2_scale)) ** 2)
        for name, weight in (("l1_scale", l1), ("l2_scale", l2)):
            if np.isinf(weight).any():
                own = name if name in self.scales else "scale"
                smallest = float(np.min(getattr(known, name)))
                raise PriormapError(
                    f"{own}={smallest:g} with sigma={sigma:g} makes a penalty beyond the range of "
                    f"floats; give a larger {own}, or measure y or the columns in other units"
                )
        return l1, l2

    def power_scaled(self, power: float) -> Self:
        """Return the prior whose density is this one's to a power, normalised.

        Every penalty is multiplied by `power`: the L1 scale is divided by it, the L2 scale by
        its root; 0 is the flat prior.
        """
        known, weaker = self._known, 1 / power if zero_or_positive("power", power) else np.inf
        return known.with_parts(known.l1_scale * weaker, known.l2_scale * np.sqrt(weaker))


@runtime_checkable
class CurvedPenalty(Protocol):
    """A prior whose penalty has a curvature away from zero, and need not be convex.

    At zero it is smooth, or has a kink or a cusp, where its pulls are an interval. It is concave
    in ``b**2``, as under every mixture of normals, and where it has a kink in ``|b|`` too.
    """

    def curvature(self, coef: ArrayLike) -> Floats:
        """Derivative of the pull; at a kink or a cusp that from the right."""

    @property
    def least_curvature(self) -> Floats:
        """A number that no curvature is below; minus infinity at a cusp."""


@runtime_checkable
class GroupNorms(Protocol):
    """A prior whose penalty is a sum of ``group_weights |b_g / scale_g|`` over groups of columns.

    `members` are the places of the columns of each group, once the columns are known.
    """

    members: Any
    scale: Any

    @property
    def group_weights(self) -> Floats:
        """What the norm of each group is multiplied by."""


@runtime_checkable
class LocalVariances(Protocol):
    """A prior that is normal given local variances, which opens Gibbs by drawing these.

    Each coefficient has its own, or those of a group share one. All are those at scale 1.
    """

    variance_of: Any  # index of the variance of each column

    @property
    def local_scale(self) -> Terms | None:
        """Numbers of the density of the root of a coefficient's own variance, if of that form."""

    def start_variances(self, n_columns: int) -> Floats:
        """Return typical ones."""

    def log_variances(self, variances: Floats) -> Floats:
        """Log density of the variances, up to a constant."""

    def draw_variances(self, coef: Floats, variances: Floats, rng: np.random.Generator) -> Floats:
        """Draw new variances by a step that keeps their law given coefficients at scale 1."""


@runtime_checkable
class NormalMixture(Protocol):
    """A prior that is a mixture of normals, which opens Gibbs kernels.

    Its density is ``exp(-curvature b**2 / 2)`` times that of ``b | v ~ Normal(0, v)``, with v
    exponential of mean ``2 / rate**2``; a rate of zero leaves the mixture out.
    """

    @property
    def mixing(self) -> tuple[Floats, Floats]:
        """``(rate, curvature)``."""


@runtime_checkable
class PointMass(Protocol):
    """A prior with a point mass at zero, under which columns belong to the model or do not.

    With the probability `inclusion` a coefficient comes from the slab: normal of standard
    deviation `scale`, or where `mixture` is one, that mixture of normals.
    """

    inclusion: float

    def log_odds(self, others: Floats, n_others: Floats) -> Floats:
        """Log odds of a column to belong, where so many of so many others do."""

    @property
    def mixture(self) -> Any:
        """The slab as a mixture of normals; None where it is one normal distribution."""


@runtime_checkable
class OfDesign(Protocol):
    """A prior that depends on how many columns there are, and on their spread."""

    def of_design(self, column_sd: Floats) -> Prior:
        """Return the prior of coefficients of columns with these standard deviations."""


def penalty_parts(prior: Prior, what: str = "") -> PenaltyParts:
    """Return the prior as one with penalty parts, or refuse `what` with its own reason."""
    if not isinstance(prior, PenaltyParts):
        lacks = what or ("exact mode" if prior.no_mode else "penalty (l1, l2)")
        raise PriormapError(f"{prior!r} has no {lacks}: {prior.no_mode or NEITHER}")
    return prior
