r"""The canonical penalised problem, the hub that every prior and every library maps to.

.. math::

    \min_{a, b}\; \tfrac12 \lVert y - a - X b \rVert^2
    + \sum_j l_{1j} |b_j| + \tfrac12 \sum_j l_{2j} b_j^2
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from priormap.arrays import Floats
from priormap.checks import as_labelled_numbers, in_order
from priormap.data.regression import Regression, check_data
from priormap.display import cells
from priormap.display.blocks import Block, Table
from priormap.display.text import Described
from priormap.errors import PriormapError
from priormap.priors import OfDesign, Prior, check_prior, penalty_parts

_SMALLEST = float(np.finfo(float).tiny)  # a finite scale, however weak, is no flat prior


@dataclass(frozen=True, eq=False)
class Penalty(Described):
    r"""The pair ``(l1, l2)``, one entry per column, in units of the caller's columns.

    Parameters
    ----------
    l1 : array of shape (p,)
        Weight of ``|b_j|``; units of ``y**2 / b``.
    l2 : array of shape (p,)
        Weight of ``b_j**2 / 2``; units of ``y**2 / b**2``. Both may be named (a Series, a
        mapping), and are then met with the columns by name.

    Raises
    ------
    PriormapError
        If the two are not vectors of one length, or an entry is negative or not finite.

    Examples
    --------
    >>> penalty = Penalty(l1=[1.0, 1.0], l2=[0.0, 4.0])
    >>> float(penalty.value([3.0, -1.0]))
    6.0
    """

    l1: Floats
    l2: Floats
    _labels: ClassVar[tuple[str, ...] | None] = None  # columns, where the weights name them

    def __post_init__(self) -> None:
        labels, l1 = as_labelled_numbers("l1", self.l1)
        others, l2 = as_labelled_numbers("l2", self.l2)
        if (labels is None) != (others is None):
            raise PriormapError("one of l1 and l2 names its columns; give both by name, or none")
        if labels is not None:
            l2 = in_order("l2", others, l2, labels)
            object.__setattr__(self, "_labels", labels)
        object.__setattr__(self, "l1", l1)
        object.__setattr__(self, "l2", l2)
        if self.l1.ndim != 1 or self.l1.shape != self.l2.shape:
            raise PriormapError(
                f"l1 and l2 must be vectors of one length, got shapes {self.l1.shape} "
                f"and {self.l2.shape}"
            )
        for name in ("l1", "l2"):
            values = getattr(self, name)
            if not (values.min(initial=0.0) >= 0 and values.max(initial=0.0) < np.inf):
                raise PriormapError(
                    f"{name} must be finite and not negative, got {values.min()} to {values.max()}"
                )

    @classmethod
    def from_prior(cls, prior: Prior, data: Regression, sigma: float) -> Penalty:
        """Penalty whose minimiser is the mode under `prior` and known noise `sigma`.

        ``l1 = sigma**2 / l1_scale`` and ``l2 = sigma**2 / l2_scale**2``; with
        ``scaled_by_noise`` they are ``sigma / l1_scale`` and ``1 / l2_scale**2``. The Laplace
        prior's scale is its `l1_scale`, the Gaussian prior's its `l2_scale`, and the other of
        the two is infinite. A standardised regression's prior speaks of ``sd_j * b_j``.
        """
        check_data(data)
        prior = prior_of_columns(prior, data)
        penalty_parts(prior)  # refuses it as it was given, not per column
        _ = prior.known_scale
        return cls.of_columns(relative_prior(prior, data), sigma)

    @classmethod
    def of_columns(cls, columns: Prior, sigma: float) -> Penalty:
        """As `from_prior`, of a prior with one scale for each of the caller's columns."""
        parts = penalty_parts(columns)
        l1, l2 = parts.weights(sigma)
        zero = np.zeros(max(l1.size, l2.size))
        return cls(
            zero + np.where(np.isinf(parts.l1_scale), 0.0, np.maximum(l1, _SMALLEST)),
            zero + np.where(np.isinf(parts.l2_scale), 0.0, np.maximum(l2, _SMALLEST)),
        )

    def for_columns(self, names: tuple[str, ...]) -> Penalty:
        """Return the penalty with weights that came with names in the order of these columns."""
        if self._labels is None:
            return self
        weights = ((name, getattr(self, name)) for name in ("l1", "l2"))
        return Penalty(*(in_order(name, self._labels, w, names) for name, w in weights))

    def blocks(self) -> tuple[Block, ...]:
        """Both weights of every column."""
        rows = tuple(
            (cells.text(name), cells.number(l1, 6), cells.number(l2, 6))
            for name, l1, l2 in zip(
                self._labels or range(len(self.l1)), self.l1, self.l2, strict=True
            )
        )
        return (Table(("column", "l1", "l2"), rows),)

    def value(self, coef: ArrayLike) -> float:
        """``sum(l1 |b|) + sum(l2 b**2) / 2``."""
        labels, coef = as_labelled_numbers("coef", coef)
        own = self if labels is None else self.for_columns(labels)
        return float(own.l1 @ np.abs(coef) + 0.5 * (own.l2 @ coef**2))


def relative_prior(prior: Prior, data: Regression) -> Prior:
    """Return the prior of each coefficient, with scales in units of the caller's columns.

    A learnt scale is a multiple of these. A standardised regression's prior speaks of
    ``sd_j * b_j``.
    """
    unit = 1 / data.column_sd if data.standardize else 1.0
    return prior.stretched(np.ones(data.n_features) * unit)


def prior_of_columns(prior: object, data: Regression) -> Prior:
    """Return the prior with its scales in the order of the columns; refuse any other."""
    known = check_prior(prior).for_columns(data.names)
    if isinstance(known, OfDesign):
        known = known.of_design(np.ones(data.n_features) if data.standardize else data.column_sd)
    for name in known.scales:
        scale = getattr(known, name)
        if np.ndim(scale) and len(scale) != data.n_features:
            raise PriormapError(
                f"{name} has {len(scale)} entries but X has {data.n_features} columns; "
                "give one number, or one per column"
            )
    return known
