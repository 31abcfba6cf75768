r"""The penalised problem of any likelihood, in the units of `UnitProblem`.

With ``e = |y|`` (centred length), unit columns Z and ``eta = centre + e Z c`` it is

    sum_i loss_i(eta_i) / e**2  +  sum_j l1_j |c_j|  +  1/2 sum_j l2_j c_j**2

whose penalties, optimality conditions and dual points are those of Gaussian noise, with
``-slope_i(eta_i) / e`` in place of the residual of unit length. The loss of a row is how far
``-log p(y | eta)`` is above its lowest, half of the deviance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import optimize

from priormap.arrays import Bools, Floats, Indices
from priormap.data.regression import Regression
from priormap.data.unit_columns import UnitColumns
from priormap.errors import PriormapError
from priormap.likelihoods import Likelihood
from priormap.model.penalty import Penalty
from priormap.model.problem import UnitProblem

_EPS = float(np.finfo(float).eps)
_LONGEST_STEP = 2.0  # of an intercept, in eta
_SEPARATES = 1e-6  # margin, over the largest entries of columns, that is no rounding
_MOST_NAMES = 3


@dataclass(frozen=True, eq=False)
class RowProblem:
    """A likelihood and penalties of the coefficients of unit columns.

    Attributes
    ----------
    data : Regression
    penalised : UnitProblem
        The columns with their penalties.
    """

    data: Regression
    penalised: UnitProblem

    @classmethod
    def of(cls, data: Regression, penalty: Penalty) -> RowProblem:
        """Express a penalty, given in the caller's units, in unit columns."""
        return cls(data, UnitProblem.of(data, penalty))

    @property
    def columns(self) -> UnitColumns:
        """Unit columns."""
        return self.penalised.columns

    @cached_property
    def likelihood(self) -> Likelihood:
        """Of one response."""
        return self.data.likelihood

    @cached_property
    def unit(self) -> float:
        """Centred length of y; 1 where it is constant."""
        return self.columns.y_norm or 1.0

    def eta(self, coef: Floats, centre: float) -> Floats:
        """Linear predictors, shape (n,)."""
        return np.asarray(centre + self.unit * self.columns.fitted(coef))

    def slope(self, eta: Floats) -> Floats:
        """Slopes of the losses over ``e``: the negative of what is a residual under noise."""
        with np.errstate(over="ignore"):
            return self.likelihood.slope(self.data.y, eta, 1.0) / self.unit

    def weights(self, eta: Floats) -> Floats:
        """Curvatures of the losses."""
        return self.likelihood.curvature(self.data.y, eta, 1.0)

    def loss(self, eta: Floats) -> float:
        """Sum of the losses over ``e**2``."""
        losses = self.likelihood.fenchel_young(self.data.y, eta, np.zeros(1), 1.0)
        return float(losses.sum()) / self.unit**2

    def value(self, coef: Floats, eta: Floats) -> float:
        """Objective."""
        return self.loss(eta) + float(self.penalised.penalty_of(coef).sum())

    def gradient(self, slope: Floats) -> Floats:
        """``-Z'slope``: the correlations of the columns with what is left of y."""
        if self.data.intercept:
            slope = slope - slope.mean()
        return -self.columns.correlate(slope)

    def best_centre(self, coef: Floats, start: float = 0.0) -> float:
        """Best intercept (of centred columns) beside these coefficients, by Newton's method."""
        if not self.data.intercept:
            return 0.0
        offset, y = self.unit * self.columns.fitted(coef), self.data.y
        low, high, centre = -np.inf, np.inf, start
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for _ in range(2000):
                slope = float(self.likelihood.slope(y, centre + offset, 1.0).sum())
                curvature = float(self.likelihood.curvature(y, centre + offset, 1.0).sum())
                low, high = (low, centre) if slope > 0 else (centre, high)
                step = -slope / curvature if curvature > 0 else -np.sign(slope) * np.inf
                new = centre + float(np.clip(step, -_LONGEST_STEP, _LONGEST_STEP))
                if not low <= new <= high:
                    new = (low + high) / 2
                if abs(new - centre) <= 2 * _EPS * (1 + abs(centre)):
                    return new
                centre = new
        return centre

    def to_user(self, coef: Floats, centre: float) -> tuple[Floats, float]:
        """Coefficients and intercept in the caller's units."""
        user = self.columns.in_callers_units(coef)
        return user, float(centre - self.columns.x_mean @ user) if self.data.intercept else 0.0


def refuse_separation(data: Regression, is_flat: Bools) -> None:
    """Refuse data whose loss falls without end along the intercept and columns without a prior.

    Raises
    ------
    PriormapError
        With the columns along which it falls; the posterior is then improper too.

    References
    ----------
    Albert and Anderson (1984), "On the existence of maximum likelihood estimates in logistic
    regression models", Biometrika 71(1); Correia, Guimaraes and Zylkin (2019), "Verifying the
    existence of maximum likelihood estimates for generalized linear models", arXiv 1903.01633.
    """
    way = data.likelihood.recession(data.y)
    if data.intercept and way.any() and (np.all(way > 0) or np.all(way < 0)):
        raise PriormapError(
            f"y is {data.y[0]:g} in every row, so that the intercept, whose prior is flat, has no "
            "finite mode; give rows with another answer, or use intercept=False"
        )
    flat = np.flatnonzero(is_flat & (data.unit.x_norm > 0))
    if not (flat.size and way.any()):
        return
    names = _separating(data, flat, way)
    if names:
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        raise PriormapError(
            f"a combination of {', '.join(map(repr, names[:_MOST_NAMES]))}{more} separates the "
            "rows by their y, so that without a prior there is no finite mode; give these columns "
            "a prior with a finite scale, or drop one"
        )


def _separating(data: Regression, flat: Indices, way: Floats) -> list[str]:
    """Names of the columns of a direction along which no loss rises and some fall."""
    block = data.unit.columns(flat)
    block /= np.abs(block).max(axis=0)
    if data.intercept:
        block = np.hstack([block, np.ones((len(block), 1))])
    moves = way[:, None] * block
    free, held = way != 0, way == 0
    found = optimize.linprog(
        -moves[free].sum(axis=0),
        A_ub=-moves[free],
        b_ub=np.zeros(int(free.sum())),
        A_eq=block[held] if held.any() else None,
        b_eq=np.zeros(int(held.sum())) if held.any() else None,
        bounds=(-1, 1),
        method="highs",
    )
    if found.status != 0 or -found.fun <= _SEPARATES:
        return []
    return [data.names[j] for j, d in zip(flat, found.x, strict=False) if abs(d) > _SEPARATES]
