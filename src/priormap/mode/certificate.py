r"""Proof that a vector is the mode, or by how much it is not; for vectors from anywhere.

The negative log posterior of these models is convex in the coefficients, so a dual point
bounds from below what any vector can reach: the *duality gap* bounds how far an objective is
above its minimum. The *KKT residual* is how far the gradient is from where it must be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from priormap.mode.problem import UnitProblem
from priormap.mode.uniqueness import is_unique_minimiser
from priormap.notebook import html_lines, html_table

if TYPE_CHECKING:
    from priormap.mode.shortfall import Shortfall

__all__ = ["TOLERANCE", "Certificate", "certify"]

Floats: TypeAlias = NDArray[np.float64]
_EPS = float(np.finfo(float).eps)
TOLERANCE = 1e-9  # of the relative gap and of the optimality conditions


@dataclass(frozen=True)
class Certificate:
    """What is proven about one coefficient vector.

    Attributes
    ----------
    relative_gap : float
        Duality gap over the objective: the minimum is at most this fraction of the objective
        below it. A bound, not an estimate.
    kkt_residual : float
        Largest violation of the optimality conditions, as a correlation: in units of
        ``|x_j| |y|`` (centred lengths).
    worst_column : str
        The column with the largest violation.
    objective : float
        ``1/2 |y - a - X b|**2 + sum l1 |b| + 1/2 sum l2 b**2`` in units of y squared.
    is_unique : bool
        Whether no other vector is a mode too.
    iterations : int
        Steps that the solver took (zero for a vector from elsewhere).
    tolerance : float
        What `is_mode` demands of the gap and of the residual.
    resolution : float
        Relative gap that rounding alone can cause at this vector: the larger the
        coefficients that cancel each other, the less double precision can decide.
    sigma_residual : float or None
        Relative violation of the stationarity condition of sigma, where it is unknown.
    shortfall : Shortfall or None
        How far a vector from elsewhere is from the mode, and of which other penalty it is
        the mode; None for a mode.
    """

    relative_gap: float
    kkt_residual: float
    worst_column: str
    objective: float
    is_unique: bool
    iterations: int
    tolerance: float
    resolution: float = 0.0
    sigma_residual: float | None = None
    shortfall: Shortfall | None = field(default=None, compare=False)

    @property
    def is_mode(self) -> bool:
        """Whether the vector is the mode (or one of the modes) within the tolerance."""
        rest = max(self.kkt_residual, abs(self.sigma_residual or 0.0))
        return self.relative_gap <= max(self.tolerance, self.resolution) and rest <= self.tolerance

    @property
    def verdict(self) -> str:
        """The certificate in one sentence."""
        if self.is_mode:
            proof = f"gap {self.relative_gap:.0e}, KKT residual {self.kkt_residual:.0e}"
            if self.is_unique:
                return f"This is the mode ({proof})."
            return f"This is one of several modes ({proof}): collinear columns share a coefficient."
        fails = f"the optimality conditions fail by {self.kkt_residual:.1e}, most at "
        fails += f"{self.worst_column!r}."
        if self.shortfall is not None:
            return f"This is not the mode: {self.shortfall.distance}, and {fails} " + (
                self.shortfall.reason
            )
        return (
            f"This is not the mode: the objective could be up to {self._percent} % lower, "
            f"and {fails}"
        )

    @property
    def _percent(self) -> str:
        percent = 100 * self.relative_gap
        return f"{percent:.0f}" if percent >= 10 else f"{percent:.2g}"

    def __str__(self) -> str:
        return self.verdict

    def _repr_html_(self) -> str:
        shown = {
            "relative gap": self.relative_gap,
            "KKT residual": self.kkt_residual,
            "worst column": self.worst_column,
            "objective": self.objective,
            "unique": self.is_unique,
            "tolerance": self.tolerance,
        }
        return html_lines([self.verdict]) + html_table(["what", "value"], list(shown.items()))


def certify(
    problem: UnitProblem,
    coef: Floats,
    *,
    names: tuple[str, ...],
    tolerance: float,
    iterations: int = 0,
    sigma_residual: float | None = None,
    exact: bool = False,
) -> Certificate:
    """Certificate of a vector in unit coefficients."""
    gradient, rss = problem.gradient(coef, exact=exact)
    objective = problem.value(coef, rss)
    gap = duality_gap(problem, coef, gradient, rss)
    rounding = _rounding_of_gap(problem, coef, gradient)
    violation = kkt_violation(problem, coef, gradient)
    worst = int(np.argmax(violation))
    null_objective = 0.5 if problem.columns.y_norm > 0 else 0.0
    scale = max(objective, _EPS * null_objective)
    return Certificate(
        relative_gap=gap / scale if gap else 0.0,
        kkt_residual=float(violation[worst]),
        worst_column=names[worst],
        objective=objective * problem.columns.y_norm**2,
        is_unique=is_unique_minimiser(problem, coef, gradient),
        iterations=iterations,
        tolerance=tolerance,
        resolution=rounding / scale if rounding else 0.0,
        sigma_residual=sigma_residual,
    )


def kkt_violation(problem: UnitProblem, coef: Floats, gradient: Floats) -> Floats:
    """Distance of ``Z'r - l2 c`` from ``l1 sign(c)``, or at zero from ``[-l1, l1]``."""
    pull = gradient - problem.l2 * coef
    at_zero = np.maximum(np.abs(pull) - problem.l1, 0.0)
    return np.where(coef == 0, at_zero, np.abs(pull - problem.l1 * np.sign(coef)))


def duality_gap(problem: UnitProblem, coef: Floats, gradient: Floats, rss: float) -> float:
    """Objective minus the dual objective at the residual scaled into the dual feasible set.

    With ``theta`` the dual point and h the penalty, it is summed as
    ``|r - theta|**2 / 2 + sum_j [h(c_j) + h*(z_j' theta) - c_j z_j' theta]``, whose terms are
    all non-negative, so that nothing cancels.
    """
    l1, l2 = problem.l1, problem.l2
    gradient, projection = _project_out_flat(problem, gradient)
    bound = (l2 == 0) & (l1 > 0) if problem.has_l1 else None
    shrink = 1.0
    if bound is not None:
        shrink = 1 / float((abs(gradient[bound]) / l1[bound]).max(initial=1.0))
    theta = gradient * shrink
    gap = 0.5 * (1 - shrink) ** 2 * rss + 0.5 * (2 - shrink) * shrink * projection
    if bound is not None:
        gap += float((l1 * abs(coef) - coef * theta)[bound].clip(0).sum())
    if problem.has_l2:
        curved = l2 > 0
        gap += float(_curved_gap(coef[curved], theta[curved], l1[curved], l2[curved]).sum())
    return gap


def _rounding_of_gap(problem: UnitProblem, coef: Floats, gradient: Floats) -> float:
    """Duality gap that an error of one unit in the last place of the fit can cause.

    The gradient is uncertain by ``eps (1 + |c|_1)``; it is multiplied by the coefficients,
    and where a pull is at its bound it shrinks the dual point by the share of that bound.
    """
    if not problem.has_l1:
        return 0.0
    size = 1 + float(np.abs(coef).sum())
    bent = float(np.abs(coef[problem.l1 > 0]).sum())
    at_bound = (problem.l1 > 0) & (np.abs(gradient) > 0.999 * problem.l1)
    smallest_bound = np.min(problem.l1[at_bound], initial=1.0)
    share = float(problem.l1 @ np.abs(coef)) / smallest_bound
    return 4 * _EPS * size * (bent + share)


def _curved_gap(coef: Floats, theta: Floats, l1: Floats, l2: Floats) -> Floats:
    """Fenchel-Young loss of ``l1 |c| + l2 c**2 / 2`` as ``kink + (l2 c - s)**2 / (2 l2)``."""
    soft = np.sign(theta) * np.maximum(np.abs(theta) - l1, 0.0)
    inside = theta - soft  # what the kink takes, within [-l1, l1]
    return (l1 * np.abs(coef) - inside * coef).clip(0) + 0.5 * (l2 * coef - soft) ** 2 / l2


def _project_out_flat(problem: UnitProblem, gradient: Floats) -> tuple[Floats, float]:
    """Gradient of the residual after projection off the unpenalised columns, and what it took.

    A dual point must be orthogonal to every unpenalised column.
    """
    if not problem.is_flat.any():
        return gradient, 0.0
    flat = np.flatnonzero(problem.is_flat)
    columns = problem.columns
    if columns.has_cheap_gram:
        step = np.linalg.lstsq(columns.gram[np.ix_(flat, flat)], gradient[flat], rcond=None)[0]
        moved = columns.gram[:, flat] @ step
    else:
        block = columns.columns(flat)
        step = np.linalg.lstsq(block.T @ block, gradient[flat], rcond=None)[0]
        moved = columns.correlate(block @ step)
    projected = gradient - moved
    projected[flat] = 0.0
    return projected, max(float(step @ gradient[flat]), 0.0)
