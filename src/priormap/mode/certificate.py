r"""Proof that a vector is the mode, or by how much it is not; for vectors from anywhere.

The negative log posterior of these models is convex in the coefficients, so a dual point
bounds from below what any vector can reach: the *duality gap* bounds how far an objective is
above its minimum. The *KKT residual* is how far the gradient is from where it must be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from priormap.arrays import Floats
from priormap.display import cells
from priormap.display.blocks import Block, Paragraph, facts
from priormap.display.text import Described
from priormap.model.optimality import (
    duality_gap,
    is_unique_minimiser,
    kkt_violation,
    rounding_of_gap,
)
from priormap.model.problem import UnitProblem

_EPS = float(np.finfo(float).eps)
TOLERANCE = 1e-9  # of the relative gap and of the optimality conditions


class Shortfall(Protocol):
    """What is said of a vector that is not the mode; see `priormap.auditing`."""

    @property
    def excess(self) -> float:
        """Objective of the vector over that of the mode, minus one."""

    @property
    def zero_here(self) -> tuple[str, ...]:
        """Columns with an exact zero in the vector but not at the mode."""

    @property
    def zero_at_mode(self) -> tuple[str, ...]:
        """Columns with an exact zero at the mode but not in the vector."""

    @property
    def mode(self) -> Floats:
        """The mode itself, in units of X."""

    @property
    def other(self) -> Any:
        """The penalty of which the vector is the mode, or None."""

    @property
    def distance(self) -> str:
        """How far the objective is above that of the mode, in words."""

    @property
    def reason(self) -> str:
        """Why it is not the mode, in words."""


@dataclass(frozen=True)
class Certificate(Described):
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

    def blocks(self) -> tuple[Block, ...]:
        """The verdict, and the numbers that it rests on."""
        shown = {
            "relative gap": cells.number(self.relative_gap, 6),
            "KKT residual": cells.number(self.kkt_residual, 6),
            "worst column": cells.text(self.worst_column),
            "objective": cells.number(self.objective, 6),
            "unique": cells.text(self.is_unique),
            "tolerance": cells.number(self.tolerance, 6),
        }
        tone = "strong good" if self.is_mode else "strong bad"
        return Paragraph(self.verdict, tone=tone), facts(shown.items())

    def to_dict(self) -> dict[str, Any]:
        """The numbers of the certificate, and of what the vector is the mode of instead."""
        shortfall = self.shortfall
        other = None if shortfall is None else shortfall.other
        return {
            "is_mode": self.is_mode,
            "verdict": self.verdict,
            "relative_gap": self.relative_gap,
            "kkt_residual": self.kkt_residual,
            "worst_column": self.worst_column,
            "excess": 0.0 if shortfall is None else shortfall.excess,
            "zero_here": [] if shortfall is None else list(shortfall.zero_here),
            "zero_at_mode": [] if shortfall is None else list(shortfall.zero_at_mode),
            "other": None if other is None else other.to_dict(),
        }


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
    rounding = rounding_of_gap(problem, coef, gradient)
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
