"""What a criterion of the prior scale is, and what all of them are asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

import numpy as np

from priormap.arrays import Floats
from priormap.checks import nearest
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.scale_family import ScaleFamily
from priormap.errors import PriormapError

AT_END = 1e-9  # relative distance from an end of the scales that rounding explains
_POINTS, _ROUNDS = 33, 4  # each round divides the interval by 16


class Splitter(Protocol):
    """What cuts rows into folds, such as scikit-learn's `KFold`."""

    def split(self, X: Any, y: Any) -> Iterable[tuple[Any, Any]]:
        """Row numbers (train, test) of each fold."""


Folds: TypeAlias = "int | Splitter | Iterable[tuple[Any, Any]]"
_T = TypeVar("_T")


class Curve(NamedTuple):
    """One criterion at several scales."""

    scales: Floats
    values: Floats
    se: Floats
    khat: Floats | None = None


class Optimum(NamedTuple):
    """The scale that a method chooses."""

    method: str
    scale: float
    value: float
    se: float
    meaning: str
    low: float = np.nan
    high: float = np.nan


@dataclass(eq=False)
class Study:
    """What is asked of which family, at which scales, and what came up.

    Attributes
    ----------
    family : ScaleFamily
    gaussian : GaussianCurves
        Of the Gaussian prior with the same prior sds.
    scales : array of shape (m,)
    folds : int, splitter or list of (train, test)
    repeats : int or None
        How often the folds are shuffled; None: until the optimum stands still.
    hold : {"prior", "alpha"}
    draws, chains : int
    seed : SeedSequence
    notes, cautions : list of str
        What the reader should know, and what should warn.
    """

    family: ScaleFamily
    gaussian: GaussianCurves
    scales: Floats
    folds: Folds
    repeats: int | None
    hold: str
    draws: int
    chains: int
    seed: np.random.SeedSequence
    notes: list[str] = field(default_factory=list)
    cautions: list[str] = field(default_factory=list)
    _made: dict[Callable[..., Any], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed.spawn(1)[0])  # of the folds

    def once(self, make: Callable[[Study], _T]) -> _T:
        """Return ``make(study)``, made when it is first asked for and then shared."""
        if make not in self._made:
            self._made[make] = make(self)
        return self._made[make]

    def fresh_seed(self) -> int:
        """Return a seed of its own, the same in every run."""
        return int(self.seed.spawn(1)[0].generate_state(1)[0])


def applies(study: Study) -> str:
    """Of a criterion that every prior has: no reason against it."""
    return ""


@dataclass(frozen=True, eq=False)
class Criterion:
    """One way to judge the scale of a prior, as a record that verb, command and figure read.

    Attributes
    ----------
    name : str
        Of the method and of its curve.
    said : mapping of str to str
        Its optima by name, and by what a caption says that each was chosen.
    optima : callable
        Of a `Study`, and of the curve where there is one: the scales that it chooses.
    curve : callable, optional
        Of a `Study`: its values along the scale. A rule has none.
    label : str
        Of the axis of the curve.
    value : str
        What the values of the curve are.
    best : str
        The optimum at which the curve is best, where it is one: at an end of the scales the
        reader is told.
    is_log : bool
        Whether values are log densities, of which only differences count.
    has_error : bool
        Whether ``se`` is an error of the curve, to be drawn around it.
    within : str
        By which rule ``low`` and ``high`` of its best scale are flat, where they are.
    why_not : callable
        Of a `Study`: the reason why it does not apply to it; empty where it does.
    aliases : tuple of str
        Other names of the method.
    """

    name: str
    said: Mapping[str, str]
    optima: Callable[..., list[Optimum]]
    curve: Callable[[Study], Curve] | None = None
    label: str = ""
    value: str = ""
    best: str = ""
    is_log: bool = False
    has_error: bool = False
    within: str = ""
    why_not: Callable[[Study], str] = applies
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name of the method."""
        return (self.name, *self.aliases)

    def judge(self, study: Study) -> tuple[Curve | None, list[Optimum]]:
        """Curve, if it has one, and optima."""
        if self.curve is None:
            return None, self.optima(study)
        curve = self.curve(study)
        return curve, self.optima(study, curve)


def criterion_named(name: object) -> Criterion:
    """Criterion of a name or another one of its names; the refusal says the nearest."""
    from priormap.criteria import CRITERIA

    known = {known: one for one in CRITERIA for known in one.names}
    if name not in known:
        raise PriormapError(f"method {name!r} is unknown; {nearest(str(name), list(known))}")
    return known[str(name)]


def peak(criterion: Callable[[Floats], Floats], scales: Floats, values: Floats) -> float:
    """Scale of the largest value, refined between its neighbours on the grid."""
    for _ in range(_ROUNDS):
        best = int(np.argmax(values))
        if best in {0, len(scales) - 1}:
            return float(scales[best])
        scales = np.geomspace(scales[best - 1], scales[best + 1], _POINTS)
        values = criterion(scales)
    return float(scales[np.argmax(values)])
