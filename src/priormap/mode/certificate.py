r"""What is proven of a vector: that it is the mode, or by how much and why it is not.

The negative log posterior of these models is convex in the coefficients, so a dual point
bounds from below what any vector can reach: the *duality gap* bounds how far an objective is
above its minimum. The *KKT residual* is how far the gradient is from where it must be. How these
are computed stands in `priormap.mode.certify`; what is said of a vector that is not the mode is
looked for in `priormap.auditing`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from priormap.arrays import Floats
from priormap.display import cells
from priormap.display.blocks import Block, Paragraph, facts
from priormap.display.text import Described
from priormap.errors import visible
from priormap.model import Penalty
from priormap.priors import Prior

Grade: TypeAlias = Literal["mode", "mode to digits", "mode of another penalty", "another point"]

TOLERANCE = 1e-9  # of the relative gap and of the optimality conditions that prove a mode
_MOST_NAMES = 3
_MOST_DIGITS = 15  # that a double can be trusted to hold
_LARGE_PERCENT = 1e6
_SAME_OBJECTIVE = 1e-12  # relative: nothing that double precision should be asked about
_PLACES = {
    "as given": "",
    "standardised": ", on columns divided by their sd",
    "not standardised": ", on columns not divided by their sd",
    "free": ", in a model with a free intercept",
    "none": ", in a model without an intercept",
    "penalised": ", in a model whose intercept is penalised too",
}


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
        Distance of the coefficients from the mode, relative to their size, that still counts as
        the mode. What proves one is no looser than 1e-9: the gap and the residual.
    resolution : float
        Relative gap that rounding alone can cause at this vector: the larger the
        coefficients that cancel each other, the less double precision can decide.
    sigma_residual : float or None
        Relative violation of the stationarity condition of sigma, where it is unknown.
    shortfall : Shortfall or None
        How far a vector from elsewhere is from the mode, and of which other penalty it is
        the mode; None for a mode.
    penalty_gap : float
        Share of penalties too weak to be seen beside the residual that another vector with
        the same fit could do without; 0 where no penalty is so weak.
    kkt_resolution : float
        KKT residual that rounding alone can cause at this vector.
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
    penalty_gap: float = 0.0
    kkt_resolution: float = 0.0

    @property
    def is_proven(self) -> bool:
        """Whether gap and residual prove that the vector is the mode (or one of the modes)."""
        strict = min(self.tolerance, TOLERANCE)
        return (
            self.relative_gap <= max(strict, self.resolution)
            and self.kkt_residual <= max(strict, self.kkt_resolution)
            and max(self.penalty_gap, abs(self.sigma_residual or 0.0)) <= strict
        )

    @property
    def is_mode(self) -> bool:
        """Whether it is proven, or nearer to the mode than a tolerance that is looser than 1e-9."""
        if self.shortfall is None or self.is_proven:
            return self.is_proven
        return self.tolerance > TOLERANCE and self.shortfall.coef_distance <= self.tolerance

    @property
    def grade(self) -> Grade:
        """What the vector is: proven, right to some digits, right elsewhere, or none of these."""
        if self.is_proven:
            return "mode"
        if self.shortfall is None:
            return "another point"
        if self.shortfall.other is not None or self.shortfall.limits is not None:
            return "mode of another penalty"
        return "mode to digits" if self.shortfall.is_near else "another point"

    @property
    def digits(self) -> int | None:
        """Digits of the coefficients that are those of the mode; None where nothing is wrong.

        They are counted from the size of the largest effect ``|x_j| b_j`` of a column.
        """
        if self.is_proven or self.shortfall is None:
            return None
        return agreeing_digits(self.shortfall.coef_distance)

    @property
    def verdict(self) -> str:
        """The certificate in one sentence."""
        if self.is_proven:
            proof = f"gap {self.relative_gap:.0e}, KKT residual {self.kkt_residual:.0e}"
            if self.is_unique:
                return f"This is the mode ({proof})."
            return f"This is one of several modes ({proof}): collinear columns share a coefficient."
        if self._only_the_penalty_tells and self.grade != "mode to digits":
            zeros = "" if self.shortfall is None else f" {self.shortfall.zeros}"
            return (
                "This is not the mode: it fits y as well, but its penalty could be up to "
                f"{_percent(self.penalty_gap)} % lower, and where the rows cannot tell even a "
                f"weak prior decides.{zeros}"
            ).rstrip()
        fails = f"the optimality conditions fail by {self.kkt_residual:.1e}, most at "
        fails += f"{self.worst_column!r}."
        if self.shortfall is not None:
            opening, shortfall = self._opening, self.shortfall
            return f"{opening}: {shortfall.distance}, and {fails} {shortfall.reason}"
        return (
            "This is not the mode: the objective could be up to "
            f"{_percent(self.relative_gap)} % lower, "
            f"and {fails}"
        )

    @property
    def _opening(self) -> str:
        """Which grade it is, for a vector that is proven to be no mode."""
        within = f", within the tolerance of {self.tolerance:g}" if self.is_mode else ""
        if self.grade != "mode to digits":
            return f"This is not the mode{', but near it' * bool(within)}{within}"
        if not self.digits:
            return f"This is nearly the mode, but no digit of its coefficients is sure{within}"
        return f"This is the mode to {self.digits} digit{'s' * (self.digits != 1)}{within}"

    @property
    def _only_the_penalty_tells(self) -> bool:
        """Whether nothing but `penalty_gap` speaks against it."""
        return replace(self, penalty_gap=0.0).is_proven and not self.is_mode

    def __str__(self) -> str:
        return visible(self.verdict)

    def blocks(self) -> tuple[Block, ...]:
        """The verdict, and the numbers that it rests on."""
        digits = {} if self.digits is None else {"digits": cells.text(self.digits)}
        shown = {
            "grade": cells.text(self.grade),
            **digits,
            "relative gap": cells.number(self.relative_gap, 6),
            "KKT residual": cells.number(self.kkt_residual, 6),
            "worst column": cells.text(self.worst_column),
            "objective": cells.number(self.objective, 6),
            "unique": cells.text(self.is_unique),
            "tolerance": cells.number(self.tolerance, 6),
        }
        return Paragraph(self.verdict, tone=self.tone), facts(shown.items())

    @property
    def tone(self) -> str:
        """How the verdict is to be shown: good, bad, or neither."""
        if self.is_mode:
            return "strong good"
        return "strong" if self.grade == "mode to digits" else "strong bad"

    def to_dict(self) -> dict[str, Any]:
        """The numbers of the certificate, and of what the vector is the mode of instead."""
        shortfall = self.shortfall
        other = None if shortfall is None else shortfall.other
        limits = None if shortfall is None else shortfall.limits
        return {
            "is_mode": self.is_mode,
            "grade": self.grade,
            "digits": self.digits,
            "verdict": self.verdict,
            "relative_gap": self.relative_gap,
            "kkt_residual": self.kkt_residual,
            "worst_column": self.worst_column,
            "excess": 0.0 if shortfall is None else shortfall.excess,
            "coef_distance": 0.0 if shortfall is None else shortfall.coef_distance,
            "zero_here": [] if shortfall is None else list(shortfall.zero_here),
            "zero_at_mode": [] if shortfall is None else list(shortfall.zero_at_mode),
            "other": None if other is None else other.to_dict(),
            "limits": None if limits is None else vars(limits),
        }


@dataclass(frozen=True, eq=False)
class Shortfall:
    """How far a vector is from the mode, and why.

    Attributes
    ----------
    excess : float
        Objective of the vector over that of the mode, minus one: exact, where
        ``relative_gap`` of the certificate is a bound.
    zero_here : tuple of str
        Columns with an exact zero in the vector but not at the mode.
    zero_at_mode : tuple of str
        Columns with an exact zero at the mode but not in the vector.
    mode : array of shape (p,)
        The mode itself, in units of X.
    other : OtherPenalty or None
        The penalty of which the vector is the mode, if there is one of this family.
    coef_distance : float
        Largest difference of an effect ``|x_j| b_j`` from that at the mode, over the largest
        effect there: in no units. Where there are several modes, that of the fit ``X b``. At
        least the share of the fall of the objective, from zero to the mode, that is missed.
    is_near : bool
        Whether it is as near to the mode as solvers are that stop early.
    limits : Limits or None
        Limits of the coefficients within which the vector is the mode, if there are some.
    """

    excess: float
    zero_here: tuple[str, ...]
    zero_at_mode: tuple[str, ...]
    mode: Floats
    other: OtherPenalty | None
    coef_distance: float = np.inf
    is_near: bool = False
    limits: Limits | None = None

    @property
    def distance(self) -> str:
        """How far the objective is above that of the mode, in words."""
        if not np.isfinite(self.excess):
            return "its objective is above that of the mode, which fits y exactly"
        if self.excess < _SAME_OBJECTIVE:
            return "its objective is that of the mode to twelve digits"
        return f"its objective is {_percent(self.excess)} % above that of the mode"

    @property
    def zeros(self) -> str:
        """The zeros that differ, as a sentence with a space behind it, or nothing."""
        parts = []
        if self.zero_here:
            parts.append(f"{_listed(self.zero_here)} zero here but not at the mode")
        if self.zero_at_mode:
            parts.append(f"{_listed(self.zero_at_mode)} zero at the mode but not here")
        return f"{'; '.join(parts)}. " if parts else ""

    @property
    def reason(self) -> str:
        """The zeros that differ, and the penalty of which the vector is the mode."""
        if self.other is not None:
            return self.zeros + self.other.sentence
        if self.limits is not None:
            return self.limits.sentence
        if self.is_near:
            return f"{self.zeros}Digits were cut off, or the solver stopped early."
        early = "No other strength of this penalty explains it: the solver stopped early"
        more = "or minimised something else (other rows, weights or penalty)"
        return f"{self.zeros}{early}, {more}."


@dataclass(frozen=True)
class Limits:
    """Limits, one number for all columns, within which a vector is the mode of a penalty.

    Attributes
    ----------
    low, high : float
        They are infinite where there is none.
    at_low, at_high : tuple of str
        Columns that are pushed against them.
    kkt_residual : float
        Largest violation of the optimality conditions of the other columns, as a correlation.
    is_proven : bool
        Whether these are at the mode, beside the others, by gap and residual.
    """

    low: float
    high: float
    at_low: tuple[str, ...]
    at_high: tuple[str, ...]
    kkt_residual: float
    is_proven: bool

    @property
    def sentence(self) -> str:
        """What the vector is the mode of, and which columns stop at a limit."""
        opening = "It is the mode"
        if not self.is_proven:
            opening = f"It is nearly the mode (it fails by {self.kkt_residual:.0e})"
        sides = ((self.at_low, "at least", self.low), (self.at_high, "at most", self.high))
        within = " and ".join(f"{words} {limit:g}" for names, words, limit in sides if names)
        held = _listed((*self.at_low, *self.at_high))
        return (
            f"{opening} of the given penalty among coefficients of {within}, as a solver with "
            f"limits (positive=True) finds it: {held} held there, and no prior here has limits."
        )


@dataclass(frozen=True, eq=False)
class OtherPenalty:
    """A penalty of the same family of which a vector is the mode.

    Attributes
    ----------
    l1_factor, l2_factor : float or None
        What the given penalties are multiplied by; None for one that is zero anyway.
    l1_slip, l2_slip : str or None
        The slip of convention that explains the factor, such as "n", "n/2" or
        "n * 1/sd(y)", or "1"; None where no name, or more than one, fits (to a relative 1e-6,
        or to what a solver that stopped early leaves uncertain, 1e-3 at most).
    columns : str
        "as given"; "standardised" or "not standardised" where that differs from the given.
    intercept : str
        "as given"; "free", "none" or "penalised" where that differs from the given.
    is_bound : bool
        Whether every larger penalty serves too: all coefficients are zero.
    penalty : Penalty
        The penalty itself, in units of X.
    prior : Prior or None
        The prior that it is, where one was given.
    certificate : Certificate
        Proof that the vector is the mode there, or how nearly.
    call : str
        The numbers with which the library that was judged by writes it, where it can.
    """

    l1_factor: float | None
    l2_factor: float | None
    l1_slip: str | None
    l2_slip: str | None
    columns: str
    intercept: str
    is_bound: bool
    penalty: Penalty
    prior: Prior | None
    certificate: Certificate
    call: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Its factors, the slip that explains them, and how nearly the vector is its mode."""
        return {
            "l1_factor": self.l1_factor,
            "l2_factor": self.l2_factor,
            "columns": self.columns,
            "intercept": self.intercept,
            "slip": self.slip,
            "is_bound": self.is_bound,
            "is_mode": self.certificate.is_mode,
            "kkt_residual": self.certificate.kkt_residual,
        }

    @property
    def slip(self) -> str | None:
        """The whole slip in words, where every part of it has a name."""
        parts: list[str | None] = []
        for factor, name in self._factors.values():
            if factor is not None and name is None:
                return None
            parts += [name] if name not in {None, "1"} else []
        if len(set(parts)) > 1:
            parts = [f"l1: {self.l1_slip}", f"l2: {self.l2_slip}"]
        parts = list(dict.fromkeys(parts))  # both halves may share one
        if self.columns != "as given":
            parts.append(f"{self.columns} columns")
        if self.intercept != "as given":
            parts.append(f"{'no' if self.intercept == 'none' else self.intercept} intercept")
        return ", ".join(map(str, parts)) or None

    @property
    def is_given(self) -> bool:
        """Whether it is the given penalty, as far as the vector can tell."""
        slips = [slip for factor, slip in self._factors.values() if factor is not None]
        as_given = self.columns == self.intercept == "as given"
        return as_given and not self.is_bound and all(slip == "1" for slip in slips)

    @property
    def sentence(self) -> str:
        """What the vector is the mode of."""
        if not (self.penalty.l1.any() or self.penalty.l2.any()):
            return "It is least squares, the mode without any penalty."
        opening = "It is the mode"
        if not self.certificate.is_mode:
            opening = f"It is nearly the mode (it fails by {self.certificate.kkt_residual:.0e})"
        places = _PLACES[self.columns] + _PLACES[self.intercept]
        more = " or more (all its coefficients are zero)" if self.is_bound else ""
        prior = f": {self.prior}" if self.prior is not None and not more else ""
        call = f" That is {self.call}." if self.call else ""
        return f"{opening} of the given penalty{self._in_words}{more}{places}{prior}.{call}"

    @property
    def _factors(self) -> dict[str, tuple[float | None, str | None]]:
        return {"l1": (self.l1_factor, self.l1_slip), "l2": (self.l2_factor, self.l2_slip)}

    @property
    def _in_words(self) -> str:
        shown = {
            name: f" times {factor:.6g}" + (f" (that is {slip})" if slip and slip != "2" else "")
            for name, (factor, slip) in self._factors.items()
            if factor is not None and slip != "1"
        }
        if self.l1_factor is None or self.l2_factor is None or self.l1_factor == self.l2_factor:
            return next(iter(shown.values()), "")
        return ", its " + " and its ".join(f"{name}{words}" for name, words in shown.items())


def agreeing_digits(relative: float) -> int:
    """Digits that agree where the relative difference is this, 15 at most.

    Examples
    --------
    >>> agreeing_digits(2e-7), agreeing_digits(0.5), agreeing_digits(0.0)
    (6, 0, 15)
    """
    if relative <= 10.0**-_MOST_DIGITS:
        return _MOST_DIGITS
    return int(max(np.floor(-np.log10(relative)), 0))


def _percent(share: float) -> str:
    percent = 100 * share
    if percent >= _LARGE_PERCENT:
        return f"{percent:.1e}"
    return f"{percent:.0f}" if percent >= 10 else f"{percent:.2g}"


def _listed(names: tuple[str, ...]) -> str:
    """Some names and their verb: "a is", "a and b are", "a, b, c and 4 more are"."""
    shown = list(names[:_MOST_NAMES])
    if len(names) > _MOST_NAMES:
        shown.append(f"{len(names) - _MOST_NAMES} more")
    text = " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]
    return f"{text} {'is' if len(names) == 1 else 'are'}"
