"""The canonical penalised problem in unit columns: what every solver of a mode minimises.

1/2 |u - Z c|**2  +  sum_j l1_j |c_j|  +  1/2 sum_j l2_j c_j**2
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from priormap.arrays import Bools, Floats
from priormap.data.regression import Regression
from priormap.data.unit_columns import UnitColumns
from priormap.model.penalty import Penalty

_LARGEST_PENALTY = 1e300  # keeps a penalty times its zero coefficient from becoming NaN
_SMALLEST_PENALTY = 1e-200  # keeps a weak prior from becoming a flat one
WEAK = 1e-7  # penalty, as a correlation, below which a tolerance of 1e-9 would not see it
_SURE_PIVOT = 1e-5  # a Cholesky pivot of the correlation matrix above this proves full rank
# Cross products have served their turn where less than this is left of |u|**2 = 1 ...
_SMALLEST_RSS = 1e-6
# ... or where coefficients cancel each other more than this: then the rows are asked
_LARGEST_COEF = 1e3


@dataclass(frozen=True, eq=False)
class UnitProblem:
    """Unit columns with the penalties in their dimensionless units.

    Attributes
    ----------
    columns : UnitColumns
    l1, l2 : array of shape (p,)
        Penalties of the unit coefficients.
    """

    columns: UnitColumns
    l1: Floats
    l2: Floats

    @classmethod
    def of(cls, data: Regression, penalty: Penalty) -> UnitProblem:
        """Express a penalty, given in the caller's units, in unit columns."""
        return cls.of_columns(data.unit, penalty)

    @classmethod
    def of_columns(cls, columns: UnitColumns, penalty: Penalty) -> UnitProblem:
        """As `of`, of unit columns that belong to no regression."""
        norm = columns.divisor
        with np.errstate(over="ignore", under="ignore"):
            l1 = penalty.l1 / norm / (columns.y_norm or 1.0)
            l2 = penalty.l2 / norm / norm
        return cls(columns, in_range(l1, penalty.l1 > 0), in_range(l2, penalty.l2 > 0))

    @cached_property
    def is_flat(self) -> Bools:
        """Columns without any penalty (constant columns, which stay at zero, excepted)."""
        return (self.l1 == 0) & (self.l2 == 0) & (self.columns.x_norm > 0)

    @cached_property
    def is_weak(self) -> Bools:
        """Live columns whose penalty is too weak for a gradient of the residual to show it."""
        weak = (self.l1 <= WEAK) & (self.l2 <= WEAK) & ((self.l1 > 0) | (self.l2 > 0))
        return weak & (self.columns.x_norm > 0)

    @cached_property
    def leans_on_weak(self) -> bool:
        """Whether weak penalties may decide what the rows leave open."""
        columns = self.columns
        if not self.is_weak.any():
            return False
        return not (columns.has_cheap_gram and columns.smallest_pivot > _SURE_PIVOT)

    @cached_property
    def has_l1(self) -> bool:
        """Whether any coefficient has an l1 penalty."""
        return bool(self.l1.any())

    @cached_property
    def has_l2(self) -> bool:
        """Whether any coefficient has an l2 penalty."""
        return bool(self.l2.any())

    def gradient(self, coef: Floats, *, exact: bool = False) -> tuple[Floats, float]:
        """``Z'r`` and ``r'r`` of the residual ``r = u - Z coef``.

        From cross products where they are at hand and good enough, else (and if `exact`)
        from the rows.
        """
        columns = self.columns
        if columns.has_cheap_gram and not exact:
            gradient = columns.xty - columns.gram @ coef
            rss = float(self._uu - coef @ (columns.xty + gradient))
            if rss > _SMALLEST_RSS and np.abs(coef).sum() < _LARGEST_COEF:
                return gradient, rss
        residual = columns.residual(coef)
        return columns.correlate(residual), float(residual @ residual)

    def value(self, coef: Floats, rss: float) -> float:
        """Objective at `coef`."""
        return 0.5 * rss + float(self.l1 @ abs(coef) + 0.5 * (self.l2 @ coef**2))

    def penalty_of(self, coef: Floats) -> Floats:
        """What each coefficient adds to it."""
        return self.l1 * abs(coef) + 0.5 * self.l2 * coef**2

    def to_user(self, coef: Floats) -> tuple[Floats, float]:
        """Coefficients and intercept in the caller's units."""
        columns = self.columns
        user = columns.in_callers_units(coef)
        return user, float(columns.y_mean - columns.x_mean @ user)

    def from_user(self, coef: Floats) -> Floats:
        """Unit coefficients of coefficients in the caller's units.

        A constant column keeps its own, on which its penalty is the only word.
        """
        return coef * self.columns.divisor / (self.columns.y_norm or 1.0)

    @property
    def _uu(self) -> float:
        return 1.0 if self.columns.y_norm > 0 else 0.0


def in_range(penalty: Floats, is_there: Bools) -> Floats:
    """Penalties within the range in which they are computed with; zero where there is none."""
    return np.where(is_there, np.clip(penalty, _SMALLEST_PENALTY, _LARGEST_PENALTY), 0.0)
