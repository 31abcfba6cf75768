r"""The mode under any convex likelihood: proximal Newton steps, each a penalised least squares.

About a point the losses of the rows are parabolas, with the weights ``w_i`` of their curvatures;
the sum of these is least squares on rows times ``sqrt(w_i)``, centred by the weights, whose
penalised minimum `priormap.mode.solve` finds with its exact zeros. A line search on the objective
makes each step a descent. At the end Newton's method on the support leaves nothing but rounding.
(Lee, Sun and Saunders 2014, "Proximal Newton-type methods for minimizing composite functions",
SIAM J. Optim. 24(3), algorithm 1.) Where columns are many, only those that may be wanted are in
work.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import linalg

from priormap.arrays import Floats, Indices
from priormap.data.unit_columns import UnitColumns
from priormap.errors import PriormapError
from priormap.mode.solve import minimise
from priormap.model.penalty import Penalty
from priormap.model.problem import UnitProblem
from priormap.model.row_problem import RowProblem

_EPS = float(np.finfo(float).eps)
_MOST_STEPS = 200
_FARTHEST = 1e6  # step of one linear predictor that its curvature may ask for
_SMALLEST_WEIGHT = 1e-300
_ENOUGH = 1e-4  # share of the predicted fall that a step must bring (Armijo)
_DECIDED = 1e-13  # share of the objective below which another step would bring nothing
_ALL_AT_ONCE = 200  # columns up to which all are in work from the start
_FIRST_SIZE = 32
_LARGEST_SYSTEM = 2000  # columns of a support whose linear system is solved to polish
_VIOLATES = 1e-10


class RowMode(NamedTuple):
    """A mode in unit columns.

    Attributes
    ----------
    coef : array of shape (p,)
    centre : float
        Intercept of centred columns.
    steps : int
    """

    coef: Floats
    centre: float
    steps: int


def minimise_rows(problem: RowProblem, near: RowMode | None = None) -> RowMode:
    """Minimiser of the problem, with exact zeros."""
    penalised, p = problem.penalised, problem.columns.p
    coef = np.zeros(p) if near is None else near.coef
    start = 0.0 if near is None else near.centre
    mode = RowMode(coef, problem.best_centre(coef, start), 0)
    live = problem.columns.x_norm > 0
    working = live & ((penalised.l1 == 0) | (coef != 0) | (p <= _ALL_AT_ONCE))
    while True:
        which = np.flatnonzero(working)
        if which.size:
            mode = _on_columns(problem, which, mode)
        eta = problem.eta(mode.coef, mode.centre)
        pull = np.abs(problem.gradient(problem.slope(eta)))
        noise = 16 * _EPS * (1 + float(np.abs(mode.coef).sum()))
        excess = np.where(working | ~live, 0.0, pull - penalised.l1 * (1 + _VIOLATES) - noise)
        violators = int((excess > 0).sum())
        if not violators:
            return mode
        size = min(violators, max(_FIRST_SIZE, len(which)))
        working[np.argpartition(-excess, size - 1)[:size]] = True


def entry_strength(problem: RowProblem) -> float:
    """Strength of the l1 penalties from which on all their coefficients are zero.

    Every live column has an l1 penalty or none at all.
    """
    penalised, p = problem.penalised, problem.columns.p
    mode = RowMode(np.zeros(p), problem.best_centre(np.zeros(p)), 0)
    flat, bound = np.flatnonzero(penalised.is_flat), penalised.l1 > 0
    if flat.size:
        mode = _on_columns(problem, flat, mode)
    pull = np.abs(problem.gradient(problem.slope(problem.eta(mode.coef, mode.centre))))
    return float((pull[bound] / penalised.l1[bound]).max(initial=0.0))


def _on_columns(problem: RowProblem, which: Indices, mode: RowMode) -> RowMode:
    """Minimise over some columns, all others at zero."""
    Z = problem.columns.columns(which)
    l1, l2 = problem.penalised.l1[which], problem.penalised.l2[which]
    small = _Columns(problem, Z, l1, l2)
    coef, centre = mode.coef[which], mode.centre
    eta = small.eta(coef, centre)
    value, steps = small.value(coef, eta), mode.steps
    for _ in range(_MOST_STEPS):
        steps += 1
        target, target_centre = small.newton(coef, eta)
        move, move_centre = target - coef, target_centre - centre
        slope = problem.slope(eta)
        fall = -float(slope @ small.eta(move, move_centre)) / problem.unit
        fall += small.penalty(coef) - small.penalty(target)
        if not fall > _DECIDED * value:
            coef, centre = target, target_centre
            break
        share = 1.0
        while True:
            tried = small.eta(coef + share * move, centre + share * move_centre)
            reached = small.value(coef + share * move, tried)
            if reached <= value - _ENOUGH * share * fall or share < _EPS:
                break
            share /= 2
        if share < _EPS or not reached < value:  # only rounding is left to gain
            break
        coef = target if share == 1.0 else coef + share * move
        centre, eta, value = centre + share * move_centre, tried, reached
    else:
        raise PriormapError(
            f"no mode was found in {_MOST_STEPS} Newton steps; give the prior a smaller scale"
        )
    coef, centre = small.polished(coef, centre)
    whole = np.zeros(problem.columns.p)
    whole[which] = coef
    return RowMode(whole, centre, steps)


class _Columns:
    """Some unit columns in work."""

    def __init__(self, problem: RowProblem, Z: Floats, l1: Floats, l2: Floats) -> None:
        self._problem, self._Z, self._l1, self._l2 = problem, Z, l1, l2
        self._names = tuple(map(str, range(Z.shape[1])))

    def eta(self, coef: Floats, centre: float) -> Floats:
        return np.asarray(centre + self._problem.unit * (self._Z @ coef))

    def penalty(self, coef: Floats) -> float:
        return float(self._l1 @ np.abs(coef) + 0.5 * (self._l2 @ coef**2))

    def value(self, coef: Floats, eta: Floats) -> float:
        return self._problem.loss(eta) + self.penalty(coef)

    def newton(self, coef: Floats, eta: Floats) -> tuple[Floats, float]:
        """Minimiser of the parabolas about `coef`, and its intercept."""
        problem, unit = self._problem, self._problem.unit
        slope = unit * problem.slope(eta)
        weights = np.maximum(problem.weights(eta), np.abs(slope) / _FARTHEST)
        weights = np.maximum(weights, _SMALLEST_WEIGHT)
        root = np.sqrt(weights)
        response = eta - slope / weights
        mean, middle = np.zeros(len(coef)), 0.0
        if problem.data.intercept:
            share = weights / weights.sum()
            mean, middle = share @ self._Z, float(share @ response)
        rows = root[:, None] * (self._Z - mean)
        columns = UnitColumns(rows, root * (response - middle) / unit, self._names, False)
        quadratic = UnitProblem.of_columns(columns, Penalty(self._l1, self._l2))
        found, _ = minimise(quadratic, quadratic.from_user(coef) if coef.any() else None)
        target, _ = quadratic.to_user(found)
        return target, middle - unit * float(mean @ target)

    def polished(self, coef: Floats, centre: float) -> tuple[Floats, float]:
        """Newton's method on the support, as long as it leaves less of the gradient."""
        problem, unit = self._problem, self._problem.unit
        support = np.flatnonzero((coef != 0) | ((self._l1 == 0) & (self._l2 == 0)))
        held = int(problem.data.intercept)
        if len(support) + held > min(_LARGEST_SYSTEM, len(problem.data.y)):
            return coef, centre
        block = np.hstack([np.ones((len(self._Z), held)), self._Z[:, support]])
        signs, l2 = np.sign(coef[support]), self._l2[support]
        best, least = (coef, centre), np.inf
        for _ in range(_MOST_STEPS):
            eta = self.eta(coef, centre)
            left = block.T @ problem.slope(eta)
            left[held:] += self._l1[support] * signs + l2 * coef[support]
            size = float(np.abs(left).max(initial=0.0))
            if not size < least or (np.sign(coef[support]) != signs)[signs != 0].any():
                return best
            best, least = (coef, centre), size
            hessian = block.T @ (problem.weights(eta)[:, None] * block)
            hessian[range(held, len(hessian)), range(held, len(hessian))] += l2
            try:
                step = linalg.cho_solve(linalg.cho_factor(hessian), left)
            except linalg.LinAlgError:
                return best
            coef = coef.copy()
            coef[support] -= step[held:]
            centre -= unit * float(step[:held].sum())
        return best
