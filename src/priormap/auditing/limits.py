r"""Coefficients that a solver kept within limits, such as ``positive=True`` or ``lower.limits``.

A convex objective within a box is least where it is least in the free coefficients, and pushes
the others against the limit at which they stand,

.. math:: x_j' r - l_{2j} b_j - l_{1j} s_j < 0 \quad (b_j = \text{low}), \qquad
    x_j' r - l_{2j} b_j - l_{1j} s_j > 0 \quad (b_j = \text{high}),

with :math:`s_j` the subgradient of :math:`|b_j|` that is nearest.
"""

from __future__ import annotations

import numpy as np

from priormap.arrays import Bools, Floats
from priormap.data.regression import Regression
from priormap.mode.certificate import TOLERANCE, Limits
from priormap.mode.certify import certify
from priormap.model.penalty import Penalty
from priormap.model.problem import UnitProblem

_MUCH_LESS = 0.05  # share of the violation that the free columns of an early stop may have
_NEAR = 1e-2  # violation, as a correlation, beyond which nothing is near
_EQUAL = 1e-12  # relative: what limits of one number may differ by


def limits_of(
    data: Regression, penalty: Penalty, coef: Floats, *, is_near: bool = False
) -> Limits | None:
    """Limits, the same for all columns, within which `coef` is the mode of the penalty.

    Where it is near the mode without limits, only what is proven by two coefficients counts.
    """
    force = _forces(data, penalty, coef)
    worst = np.abs(force).max(initial=0.0)
    if not coef.any() or not 0 < worst < np.inf:
        return None
    for least in (TOLERANCE, _MUCH_LESS * worst):
        at_low, at_high = _held(coef, force < -least, True), _held(coef, force > least, False)
        if at_low is None or at_high is None or not (at_low | at_high).any():
            continue
        free = ~(at_low | at_high)
        tells = np.count_nonzero(coef[free]) >= (2 if is_near else 1)
        if not tells or not (free.any() and _is_evident(coef, at_low, at_high)):
            continue
        residual, is_proven = _violation_of_free(data, penalty, coef, free)
        if is_proven or (not is_near and residual <= min(_MUCH_LESS * worst, _NEAR)):
            names = np.asarray(data.names)
            return Limits(
                low=float(coef[at_low].min()) if at_low.any() else -np.inf,
                high=float(coef[at_high].max()) if at_high.any() else np.inf,
                at_low=tuple(names[at_low].tolist()),
                at_high=tuple(names[at_high].tolist()),
                kkt_residual=residual,
                is_proven=is_proven,
            )
    return None


def _forces(data: Regression, penalty: Penalty, coef: Floats) -> Floats:
    """Where every coefficient is pushed: zero at a mode, negative down."""
    problem = UnitProblem.of(data, penalty)
    unit = problem.from_user(coef)
    gradient, _ = problem.gradient(unit, exact=True)
    pull = gradient - problem.l2 * unit
    beyond = np.sign(pull) * np.maximum(np.abs(pull) - problem.l1, 0.0)
    return np.where(unit == 0, beyond, pull - problem.l1 * np.sign(unit))


def _held(coef: Floats, pushed: Bools, down: bool) -> Bools | None:
    """Which are pushed against one limit, that no other coefficient is beyond; None if none is."""
    if not pushed.any():
        return pushed
    limit = coef[pushed].min() if down else coef[pushed].max()
    apart = np.abs(coef[pushed] - limit).max()
    beyond = (coef < limit) if down else (coef > limit)
    return None if apart > _EQUAL * abs(limit) or beyond.any() else pushed


def _is_evident(coef: Floats, at_low: Bools, at_high: Bools) -> bool:
    """Whether the limits are two, and each is zero or stops more than one column."""
    values = [coef[held] for held in (at_low, at_high) if held.any()]
    if len(values) == 2 and values[0][0] == values[1][0]:
        return False
    return all(len(value) > 1 or value[0] == 0 for value in values)


def _violation_of_free(
    data: Regression, penalty: Penalty, coef: Floats, free: Bools
) -> tuple[float, bool]:
    """KKT residual of the free columns beside the others, and whether it proves their mode."""
    kept, rest = np.flatnonzero(free), np.flatnonzero(~free)
    y = data.y - data.X[:, rest] @ coef[rest]
    names = tuple(data.names[j] for j in kept)
    less = Regression(data.X[:, kept], y, sigma=1.0, intercept=data.intercept, names=names)
    problem = UnitProblem.of(less, Penalty(penalty.l1[kept], penalty.l2[kept]))
    unit = problem.from_user(coef[kept])
    proof = certify(problem, unit, names=names, tolerance=TOLERANCE, exact=True)
    return proof.kkt_residual, proof.is_proven
