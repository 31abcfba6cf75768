r"""Find the penalty of which a vector is the mode, where it is not that of the given one.

With ``l1`` times a and ``l2`` times m the optimality conditions of unit coefficients c are

.. math:: z_j' r = a\, l_{1j} \operatorname{sign}(c_j) + m\, l_{2j} c_j
    \quad (c_j \ne 0), \qquad |z_j' r| \le a\, l_{1j} \quad (c_j = 0),

linear in (a, m): least squares on the support finds them, the conditions themselves then
judge. The same holds where columns are standardised first (``l1`` times sd, ``l2`` times
sd squared), for a model without an intercept (Z and r not centred), and for one whose
intercept is penalised too: there the shift of the residual is one more unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np

from priormap.arrays import Floats
from priormap.data.moments import means_and_norms
from priormap.data.regression import Regression
from priormap.model.optimality import kkt_violation
from priormap.model.penalty import Penalty
from priormap.model.problem import UnitProblem

Intercept: TypeAlias = Literal["free", "none", "penalised"]
_EPS = float(np.finfo(float).eps)
_SD_POWERS = (0, 1, -1)  # columns as given, standardised first, standardisation undone
_MUCH_NEARER = 1e-2  # share of the given penalty's violation that is left
_NEAR = 1e-3  # violation, as a correlation, beyond which nothing is near
_CLEARLY_BEST = 3.0  # a simpler candidate within this factor of the best is taken
_CENTRED = 1e-6  # mean over root mean square of a column that counts as centred


@dataclass(frozen=True)
class Candidate:
    """Factors on the given penalties, and how well the vector is their mode.

    Attributes
    ----------
    l1, l2 : float
        Factors on the two penalties.
    sd_power : int
        1 if the columns are standardised first, -1 if that is undone, else 0.
    intercept : str
        What the model does with its intercept.
    violation : float
        Largest violation of the optimality conditions, as a correlation.
    uncertainty : float
        Relative uncertainty of the factors that this leaves.
    departures : int
        In how many ways this departs from what was given: the simplest is preferred.
    at_least : bool
        Whether every larger factor on l1 serves too: all coefficients are zero.
    intercept_value : float
        The intercept, where it is penalised.
    spare : int
        Conditions on the support beyond those that any vector could meet by its factors.
    """

    l1: float
    l2: float
    sd_power: int
    intercept: Intercept
    violation: float
    uncertainty: float
    departures: int
    at_least: bool = False
    intercept_value: float = 0.0
    spare: int = 0


def nearest_penalty(
    data: Regression, penalty: Penalty, coef: Floats, violation: float, tolerance: float
) -> Candidate | None:
    """Factors that make `coef` (in the caller's units) a mode, exactly or much more nearly.

    Parameters
    ----------
    violation : float
        That of the given penalty.
    tolerance : float
        Violation that still counts as a mode.
    """
    if data.unit.y_norm == 0:
        return None
    with np.errstate(over="ignore", invalid="ignore"):  # units of another convention may overflow
        found = list(_Vector(data, penalty, coef).candidates())
    best = min((one.violation for one in found), default=np.inf)
    if best > max(tolerance, min(_MUCH_NEARER * violation, _NEAR)):
        return None
    near = [one for one in found if one.violation <= max(tolerance, _CLEARLY_BEST * best)]
    return min(near, key=lambda one: one.departures)


@dataclass(frozen=True, eq=False)
class _Convention:
    """One way of writing the problem: penalties of unit coefficients, and the gradient."""

    problem: UnitProblem
    gradient: Floats
    sd_power: int
    intercept: Intercept
    departures: int


class _Vector:
    """One vector and its optimality conditions under every convention, in unit columns."""

    def __init__(self, data: Regression, penalty: Penalty, user: Floats) -> None:
        self._data, self._penalty, self._user = data, penalty, user
        self._given = UnitProblem.of(data, penalty)
        self._coef = self._given.from_user(user)
        self._gradient, _ = self._given.gradient(self._coef, exact=True)

    def candidates(self) -> Iterator[Candidate]:
        """The factors that fit best under every convention."""
        for convention in self._conventions():
            problem = convention.problem
            if not self._coef.any():
                if problem.has_l1 and convention.intercept != "penalised":
                    yield self._of_zeros(convention)
                continue
            kink, slope = problem.l1 * np.sign(self._coef), problem.l2 * self._coef
            yield from self._fit(convention, {"both": kink + slope})
            if problem.has_l1 and problem.has_l2:
                yield from self._fit(convention, {"l1": kink})
                yield from self._fit(convention, {"l2": slope})
                yield from self._fit(convention, {"l1": kink, "l2": slope})

    def _conventions(self) -> Iterator[_Convention]:
        given: Intercept = "free" if self._data.intercept else "none"
        intercepts: tuple[Intercept, ...] = ("free", "none", "penalised")
        if self._is_centred:
            intercepts = (given,)
        sd = self._data.column_sd
        for sd_power in _SD_POWERS if (sd > 0).all() else (0,):
            factor = sd**sd_power if sd_power else np.ones_like(sd)
            problem = UnitProblem(
                self._given.columns, self._given.l1 * factor, self._given.l2 * factor**2
            )
            if not np.isfinite(problem.l1 + problem.l2).all():
                continue
            for intercept in intercepts:
                if sd_power and intercept == "penalised":
                    continue  # whoever standardises columns centres them too
                gradient = self._centred
                if intercept == "none":
                    gradient = gradient + self._mean_residual * self._means
                departures = (sd_power != 0) + (intercept != given) + (intercept == "penalised")
                yield _Convention(problem, gradient, sd_power, intercept, departures)

    def _fit(self, convention: _Convention, shapes: dict[str, Floats]) -> Iterator[Candidate]:
        """Least squares for the factors on the support, then the conditions everywhere."""
        problem, is_penalised = convention.problem, convention.intercept == "penalised"
        columns = [*shapes.values(), *([-self._means] if is_penalised else [])]
        on_support = (self._coef != 0) | ((problem.l1 == 0) & (problem.l2 > 0))
        A = np.stack(columns, axis=1)[on_support]
        size = np.linalg.norm(A, axis=0)
        in_range = np.isfinite(size.sum() + convention.gradient[on_support].sum())
        if len(A) < len(size) or not (size > 0).all() or not in_range:
            return
        A /= size
        solution, _, rank, _ = np.linalg.lstsq(A, convention.gradient[on_support], rcond=1e-10)
        factors = dict(zip(shapes, solution / size, strict=False))
        if rank < len(size) or min(factors.values()) <= 0:
            return
        l1, l2 = (float(factors.get(name, factors.get("both", 0.0))) for name in ("l1", "l2"))
        shift = float(solution[-1] / size[-1]) if is_penalised else 0.0
        scaled = UnitProblem(problem.columns, l1 * problem.l1, l2 * problem.l2)
        gradient = convention.gradient + shift * self._means
        violation = float(kkt_violation(scaled, self._coef, gradient).max())
        if is_penalised:
            violation = max(violation, self._missed_by_intercept(l1, l2, shift))
        noise = violation + 4 * _EPS * (1 + float(np.abs(self._coef).sum()))
        spread = np.linalg.norm(np.linalg.pinv(A), axis=1)[: len(shapes)]
        uncertainty = float((noise * spread / solution[: len(shapes)]).max())
        departures = convention.departures + ("both" not in shapes)
        yield Candidate(
            l1,
            l2,
            convention.sd_power,
            convention.intercept,
            violation,
            uncertainty,
            departures,
            intercept_value=self._mean_residual - shift if is_penalised else 0.0,
            spare=len(A) - len(size),
        )

    def _of_zeros(self, convention: _Convention) -> Candidate:
        """All coefficients are zero: the smallest factor on l1 that keeps them there."""
        l1, size = convention.problem.l1, np.abs(convention.gradient)
        bound = l1 > 0
        factor = float((size[bound] / l1[bound]).max())
        violation = float(size[~bound].max(initial=0.0))
        return Candidate(
            factor,
            1.0,
            convention.sd_power,
            convention.intercept,
            violation,
            0.0,
            convention.departures,
            at_least=True,
        )

    def _missed_by_intercept(self, l1: float, l2: float, shift: float) -> float:
        """Violation of the penalised intercept's own condition, as a correlation.

        The intercept is penalised as the columns are, which must then be alike.
        """
        if np.ptp(self._penalty.l1) or np.ptp(self._penalty.l2):
            return np.inf
        unit = self._data.unit
        intercept = self._mean_residual - shift
        pull = l1 * self._penalty.l1[0] * np.sign(intercept) + l2 * self._penalty.l2[0] * intercept
        return float(abs(unit.n * shift - pull) / (np.sqrt(unit.n) * unit.y_norm))

    @cached_property
    def _is_centred(self) -> bool:
        """Whether no column has a mean that an intercept could be told by."""
        return bool(
            np.abs(self._means).max() * self._data.unit.y_norm
            <= _CENTRED * np.sqrt(self._data.n_rows)
        )

    @cached_property
    def _raw_means(self) -> tuple[Floats, float]:
        unit = self._data.unit
        if self._data.intercept:
            return unit.x_mean, unit.y_mean
        return means_and_norms(self._data.X, True)[0], float(self._data.y.mean())

    @cached_property
    def _means(self) -> Floats:
        """``n mean(x_j)`` in the units of the gradient."""
        unit = self._data.unit
        live = unit.x_norm > 0
        return np.where(live, unit.n * self._raw_means[0] / unit.divisor, 0.0) / unit.y_norm

    @cached_property
    def _mean_residual(self) -> float:
        """Mean of ``y - X b``: the free intercept."""
        x_mean, y_mean = self._raw_means
        return float(y_mean - x_mean @ self._user)

    @cached_property
    def _centred(self) -> Floats:
        """``Z'r`` of centred columns and residual."""
        if self._data.intercept:
            return self._gradient
        return self._gradient - self._mean_residual * self._means
