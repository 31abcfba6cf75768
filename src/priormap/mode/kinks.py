r"""Minimum of a smooth function plus weighted absolute values, with zeros that are exact.

``F(t) = f(t) + sum_j r_j(t) |t_j|``, known by one call that gives value, slope and weights. Inside
of an orthant it is smooth: quasi-Newton steps with bounds find the orthant, Newton steps on the
coordinates that are not held at zero, with second derivatives from differences of slopes, go to
the end. A coordinate at zero is let go where its slope exceeds its weight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from scipy.optimize import minimize

from priormap.arrays import Bools, Floats

# value, slope (with zero for the slope of |t| at 0), and weights (zero where there is no kink)
Evaluate: TypeAlias = Callable[[Floats], tuple[float, Floats, Floats]]

_STEP = 1e-4  # of a difference of slopes, in conditional standard deviations
_MOST_NEWTON = 200
_MOST_ORTHANTS = 12
_MOST_PROBED = 300  # coordinates whose curvature is looked at before the first step
_LEAST_CURVATURE = 1e-13  # of a unit diagonal; flatter directions are not stepped along
_SHORTEST = 2.0**-40


class At(NamedTuple):
    """A vector, the value there, its slope and the weights of the kinks."""

    theta: Floats
    value: float
    slope: Floats
    weights: Floats

    @property
    def signs(self) -> Floats:
        """Orthant that a descent enters: the sign of each kinked coordinate, 0 if it is held."""
        away = np.where(np.abs(self.slope) > self.weights, -np.sign(self.slope), 0.0)
        return np.where(self.theta != 0, np.sign(self.theta), away)

    def is_free(self, kinked: Bools) -> Bools:
        """Coordinates that are not held at zero."""
        return ~kinked | (self.signs != 0)

    def slope_inside(self, signs: Floats) -> Floats:
        """Slope of the smooth function that F is in an orthant, also on its border."""
        return self.slope + self.weights * (signs - np.sign(self.theta))


@dataclass(frozen=True, eq=False)
class KinkedMinimum:
    """Where the steps ended, and what is known of that point.

    Attributes
    ----------
    theta : array of shape (d,)
        Zeros of kinked coordinates are exact.
    value : float
    violations : array of shape (d,)
        Slope in conditional standard deviations ``H_jj**-0.5`` where a coordinate is free; share
        by which the slope exceeds the weight where it is held at zero.
    resolution : float
        Violation that rounding alone can cause.
    lowest_curvature : float
        Smallest eigenvalue of the second derivatives in the free coordinates, scaled to a unit
        diagonal; infinite where none is free.
    steps : int
    """

    theta: Floats
    value: float
    violations: Floats
    resolution: float
    lowest_curvature: float
    steps: int


def minimise_with_kinks(evaluate: Evaluate, start: Floats, tolerance: float) -> KinkedMinimum:
    """Go down from `start` until the violations are below `tolerance`, or rounding ends it.

    Examples
    --------
    >>> import numpy as np  # (t - 3)^2 / 2 + |t|, and (u - 0.5)^2 / 2 + |u|
    >>> target = np.array([3.0, 0.5])
    >>> def evaluate(t):
    ...     value = 0.5 * ((t - target) ** 2).sum() + np.abs(t).sum()
    ...     return value, t - target + np.sign(t), np.ones(2)
    >>> minimise_with_kinks(evaluate, np.zeros(2), 1e-10).theta.round(12).tolist()
    [2.0, 0.0]
    """
    at = At(start, *evaluate(start))
    kinked = at.weights > 0
    at, steps = _quasi_newton(evaluate, at, kinked)
    curvature = _curvature(evaluate, at, kinked, _guess(at))
    for _ in range(_MOST_NEWTON):
        new = _newton(evaluate, at, kinked, curvature)
        if new is None:
            break
        at, steps = new, steps + 1
        curvature = _curvature(evaluate, at, kinked, curvature.units)
        if _worst(at, kinked, curvature) <= 0.01 * tolerance:
            break
    return _judged(evaluate, at, kinked, curvature, steps)


class _Curvature(NamedTuple):
    """Second derivatives in the free coordinates, and conditional standard deviations of all."""

    free: list[int]
    matrix: Floats
    units: Floats

    @property
    def scaled(self) -> Floats:
        """With a unit diagonal."""
        units = self.units[self.free]
        return np.asarray(self.matrix * units * units[:, None])


def _guess(at: At) -> Floats:
    """Sizes of coordinates before any curvature is known: the scale of the prior, of a kink."""
    sizes = np.maximum(np.abs(at.theta), 1.0)
    kinked = at.weights > 0
    sizes[kinked] = 1 / at.weights[kinked]
    return sizes


def _units(diagonal: Floats, otherwise: Floats) -> Floats:
    good = np.isfinite(diagonal) & (np.abs(diagonal) > 0)
    return np.where(good, np.abs(np.where(good, diagonal, 1.0)) ** -0.5, otherwise)


def _second(evaluate: Evaluate, at: At, j: int, step: float) -> Floats:
    """Column of second derivatives, from slopes on both sides in the same orthant."""
    slopes = []
    for way in (1.0, -1.0):
        theta = at.theta.copy()
        theta[j] += way * step
        slopes.append(At(theta, *evaluate(theta)).slope_inside(at.signs))
    return np.asarray((slopes[0] - slopes[1]) / (2 * step))


def _curvature(evaluate: Evaluate, at: At, kinked: Bools, units: Floats) -> _Curvature:
    free = [int(j) for j in np.flatnonzero(at.is_free(kinked))]
    columns = [_second(evaluate, at, j, _STEP * units[j])[free] for j in free]
    matrix = np.array(columns).reshape(len(free), len(free))
    matrix = np.nan_to_num(0.5 * (matrix + matrix.T))
    units = units.copy()
    units[free] = _units(np.diag(matrix), units[free])
    return _Curvature(free, matrix, units)


def _violations(at: At, kinked: Bools, curvature: _Curvature) -> Floats:
    held = kinked & (at.theta == 0)
    inside = np.abs(at.slope) * curvature.units
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.maximum(np.abs(at.slope) / at.weights - 1, 0)
    return np.where(held, excess, inside)


def _worst(at: At, kinked: Bools, curvature: _Curvature) -> float:
    return float(_violations(at, kinked, curvature).max(initial=0.0))


def _judged(
    evaluate: Evaluate, at: At, kinked: Bools, curvature: _Curvature, steps: int
) -> KinkedMinimum:
    """What is known of the end: violations, what rounding makes of them, and curvature."""
    free, units = curvature.free, curvature.units[curvature.free]
    theta = at.theta * (1 + 4 * np.finfo(float).eps)
    noise = np.abs(evaluate(theta)[1] - at.slope)[free] * units
    lowest = np.linalg.eigvalsh(curvature.scaled)[0] if len(free) else np.inf
    return KinkedMinimum(
        theta=at.theta,
        value=at.value,
        violations=_violations(at, kinked, curvature),
        resolution=float(4 * noise.max(initial=0.0)),
        lowest_curvature=float(lowest),
        steps=steps,
    )


def _quasi_newton(evaluate: Evaluate, at: At, kinked: Bools) -> tuple[At, int]:
    """L-BFGS-B in one orthant after the other, until the next is the same."""
    steps, units = 0, _guess(at)
    for _ in range(_MOST_ORTHANTS):
        signs = at.signs
        if len(units) <= _MOST_PROBED:
            probes = range(len(units))
            seen = [_second(evaluate, at, j, _STEP * units[j])[j] for j in probes]
            units = _units(np.array(seen), units)
        at, taken = _in_orthant(evaluate, at, kinked, units)
        steps += taken
        if (at.signs == signs)[kinked].all():
            break
    return at, steps


def _in_orthant(evaluate: Evaluate, at: At, kinked: Bools, units: Floats) -> tuple[At, int]:
    """L-BFGS-B, with the orthant as bounds of the kinked coordinates."""
    signs = at.signs
    low = np.where(kinked & (signs >= 0), 0.0, -np.inf)
    high = np.where(kinked & (signs <= 0), 0.0, np.inf)
    wall = at.value + 1e10 * (1 + abs(at.value))  # in place of a density of zero

    def scaled(x: Floats) -> tuple[float, Floats]:
        here = At(x * units, *evaluate(x * units))
        if not np.isfinite(here.value) or not np.isfinite(here.slope).all():
            return wall, np.zeros(len(x))
        return here.value, here.slope_inside(signs) * units

    done = minimize(
        scaled,
        at.theta / units,
        jac=True,
        method="L-BFGS-B",
        bounds=np.column_stack([low, high]),
        options={"maxiter": 500, "maxcor": 20, "ftol": 1e-13, "gtol": 1e-7},
    )
    new = At(done.x * units, *evaluate(done.x * units))
    return (new, int(done.nit)) if new.value <= at.value else (at, int(done.nit))


def _newton(evaluate: Evaluate, at: At, kinked: Bools, curvature: _Curvature) -> At | None:
    """One step in the orthant, back to its border where it would leave; None if none pays."""
    free, units = curvature.free, curvature.units[curvature.free]
    if not len(free):
        return None
    signs = at.signs
    slope = at.slope_inside(signs)[free] * units
    values, vectors = np.linalg.eigh(curvature.scaled)
    size = np.abs(values)  # down along directions that bend the wrong way
    along = np.where(size > _LEAST_CURVATURE, vectors.T @ slope / np.maximum(size, 1e-300), 0.0)
    direction = np.zeros(len(at.theta))
    direction[free] = -units * (vectors @ along)
    gain = float(slope @ (vectors @ along))
    before = _worst(at, kinked, curvature)
    length = 1.0
    while length > _SHORTEST:
        theta = at.theta + length * direction
        theta[kinked & (theta * signs < 0)] = 0.0
        new = At(theta, *evaluate(theta))
        if np.isfinite(new.value) and np.isfinite(new.slope).all():
            if new.value <= at.value - 1e-4 * length * gain:
                return new
            if gain < 1e-9 * (1 + abs(at.value)):  # too little for the values to tell
                better = _worst(new, kinked, curvature) < 0.5 * before
                return new if better else None
        length *= 0.5
    return None
