r"""What is proven where the penalty is not convex: that a vector is stationary, and a local mode.

No duality gap bounds how far such a density rises elsewhere. What is proven is local: the slopes
vanish, and the density bends down in every direction that is free. What is found by searching is
said with the number of starts. Where data bend more than the penalty can bend back, the
objective is convex after all, and a stationary point is the mode.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from priormap.display import cells
from priormap.display.blocks import Block, Paragraph, facts
from priormap.display.text import Described
from priormap.errors import visible

STRICT = 1e-10  # smallest eigenvalue that rounding cannot have made
_EQUAL = 1e-9  # difference of two log densities that is rounding

StationaryGrade: TypeAlias = Literal["mode", "stationary", "another point"]


@dataclass(frozen=True)
class StationaryCertificate(Described):
    """What is proven about one vector under a penalty that need not be convex.

    Attributes
    ----------
    kkt_residual : float
        Largest violation of the optimality conditions, as a correlation.
    worst_column : str
        The column with the largest violation.
    lowest_curvature : float
        Smallest eigenvalue of the second derivatives of the objective, scaled to a unit diagonal,
        in the coefficients that are not held at zero and in log sigma, where that is unknown:
        above zero at a strict local mode. Infinite where nothing is free.
    is_convex : bool
        Whether the objective is convex everywhere at a known sigma, so that a stationary point
        is the mode.
    found, starts : int
        Distinct stationary points that were found, and from how many starts.
    below : float
        Log density of the highest of them, less that of the vector; zero for that one.
    objective : float
        ``|y - a - X b|**2 / 2 + sigma**2 sum P(b)`` in units of y squared.
    iterations : int
        Steps that the solver took (zero for a vector from elsewhere).
    tolerance : float
        What is demanded of the residuals.
    sigma_residual : float or None
        Relative violation of the stationarity condition of sigma, where it is unknown.
    kkt_resolution : float
        KKT residual that rounding alone can cause at this vector.
    subject : str
        What need not be convex, in words.
    """

    kkt_residual: float
    worst_column: str
    lowest_curvature: float
    is_convex: bool
    found: int
    starts: int
    below: float
    objective: float
    iterations: int
    tolerance: float
    sigma_residual: float | None = None
    kkt_resolution: float = 0.0
    subject: str = "penalty"

    @property
    def is_stationary(self) -> bool:
        """Whether the optimality conditions hold within the tolerance."""
        within = self.kkt_residual <= max(self.tolerance, self.kkt_resolution)
        return within and abs(self.sigma_residual or 0.0) <= self.tolerance

    @property
    def is_local_mode(self) -> bool:
        """Whether it is stationary and the density bends down in every direction."""
        return self.is_stationary and self.lowest_curvature > STRICT

    @property
    def is_highest(self) -> bool:
        """Whether no higher point was found."""
        return self.below <= _EQUAL * (1 + abs(self.below))

    @property
    def is_mode(self) -> bool:
        """Whether it is proven that no point is higher."""
        return self.is_convex and self.is_stationary

    is_proven = is_mode

    @property
    def is_unique(self) -> bool:
        """Whether it is proven that no other vector is a mode too."""
        return self.is_mode and self.lowest_curvature > STRICT

    @property
    def grade(self) -> StationaryGrade:
        """What the vector is: the mode, a stationary point, or neither."""
        if self.is_mode:
            return "mode"
        return "stationary" if self.is_stationary else "another point"

    @property
    def verdict(self) -> str:
        """The certificate in one sentence or two."""
        many = self.found > 1
        search = f"found from {self.starts} start{'s' * (self.starts != 1)}"
        highest = f"the highest of {self.found} stationary points {search}"
        only = f"the only stationary point {search}"
        higher = f"{highest if many else only} is {self.below:.3g} higher in log density"
        if not self.is_stationary:
            fails = f"the optimality conditions fail by {self.kkt_residual:.1e}, most at "
            fails += f"{self.worst_column!r}"
            if self.is_highest:
                return f"This is no stationary point: {fails}."
            return f"This is no stationary point: {fails}; {higher}."
        proof = f"KKT residual {self.kkt_residual:.0e}"
        if self.is_mode:
            return f"This is the mode ({proof}): the objective is convex at this sigma."
        proof += f", lowest curvature {self.lowest_curvature:.2g}"
        kind = "a local mode" if self.is_local_mode else "stationary, but no strict local mode"
        if not self.is_highest:
            return f"This is {kind} ({proof}), but {higher}."
        return (
            f"This is {highest if many else only}: {kind} ({proof}). The {self.subject} is not "
            "convex, so that nothing proves that no other point is higher."
        )

    @property
    def tone(self) -> str:
        """How the verdict is to be shown: good, bad, or neither."""
        if self.is_stationary:
            return "strong good" if self.is_highest else "strong"
        return "strong bad"

    def __str__(self) -> str:
        return visible(self.verdict)

    def blocks(self) -> tuple[Block, ...]:
        """The verdict, and the numbers that it rests on."""
        shown = {
            "KKT residual": cells.number(self.kkt_residual, 6),
            "worst column": cells.text(self.worst_column),
            "lowest curvature": cells.number(self.lowest_curvature, 6),
            "objective": cells.number(self.objective, 6),
            "stationary points found": cells.count(self.found),
            "starts": cells.count(self.starts),
            "below the highest": cells.number(self.below, 6),
            "tolerance": cells.number(self.tolerance, 6),
        }
        return Paragraph(self.verdict, tone=self.tone), facts(shown.items())

    def to_dict(self) -> dict[str, Any]:
        """The numbers of the certificate."""
        return {
            "is_mode": self.is_mode,
            "grade": self.grade,
            "verdict": self.verdict,
            "kkt_residual": self.kkt_residual,
            "worst_column": self.worst_column,
            "lowest_curvature": self.lowest_curvature,
            "is_convex": self.is_convex,
            "is_local_mode": self.is_local_mode,
            "found": self.found,
            "starts": self.starts,
            "below": self.below,
            "objective": self.objective,
        }
