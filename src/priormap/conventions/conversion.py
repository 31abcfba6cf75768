"""From any library's penalty to any other's, through the hub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Never

import numpy as np
from numpy.typing import ArrayLike

from priormap.arrays import Floats
from priormap.checks import labels_of, short
from priormap.conventions.catalogue import convention_named
from priormap.conventions.facts import DataFacts
from priormap.conventions.given_numbers import Numbers, by_name, checked_numbers
from priormap.conventions.records import Convention
from priormap.conventions.translation import (
    numbers_of,
    penalty_of,
    refuse_what_is_no_prior,
    sigma_of,
)
from priormap.data.regression import Regression
from priormap.display import cells
from priormap.display.blocks import Block, Paragraph, Table, facts
from priormap.display.text import Described
from priormap.errors import PriormapError
from priormap.model.penalty import Penalty


@dataclass(frozen=True, eq=False, repr=False)
class ConvertedPenalty(Described, Mapping[str, "float | Floats"]):
    """The numbers of a library call, by the names that it has for them.

    A mapping, so that ``Ridge(**converted)`` works; ``float(converted)`` is the one number
    where the call's other parameters are at their defaults.

    Attributes
    ----------
    convention : Convention
        The record of the call: its objective, note and evidence.
    numbers : dict
        What the mapping maps.
    penalty : Penalty
        The hub: ``l1`` and ``l2`` of every column.
    notes : tuple of str
        What these numbers do not say by themselves.
    standardized : bool
        Whether they are meant for X divided by its standard deviations.
    """

    convention: Convention
    numbers: Numbers
    penalty: Penalty
    notes: tuple[str, ...] = ()
    standardized: bool = False

    def __getitem__(self, name: str) -> float | Floats:
        if name not in self.numbers:
            raise KeyError(f"{name!r}; there are {', '.join(self.numbers)}")
        return self.numbers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)

    def __float__(self) -> float:
        first, *others = self.numbers
        defaults = self.convention.defaults
        others_at_defaults = all(
            np.array_equal(self.numbers[name], defaults.get(name, np.nan)) for name in others
        )
        if np.ndim(self.numbers[first]) or not others_at_defaults:
            raise PriormapError(
                f"{self.convention.name} needs more than one number: {self._numbers_in_words()}; "
                f"take them by name, as in converted[{first!r}]"
            )
        return float(self.numbers[first])

    def __repr__(self) -> str:
        return f"{self._name}: {self._numbers_in_words()}; objective {self.convention.objective}"

    @property
    def _name(self) -> str:
        return f"{self.convention.name}{' on X / sd(x)' if self.standardized else ''}"

    def blocks(self, names: Sequence[str] = ()) -> tuple[Block, ...]:
        """Every number, what is minimised, and what the numbers do not say.

        `names` are those of the columns, where the penalty has a number for each.
        """
        single = [
            (name, cells.exact(float(value))) for name, value in self.items() if not np.ndim(value)
        ]
        vectors = {name: np.asarray(value) for name, value in self.items() if np.ndim(value)}
        tables = [facts(single)] if single else []
        if vectors:
            size = len(next(iter(vectors.values())))
            features = names or [f"x{j}" for j in range(size)]
            rows = tuple(
                (cells.text(feature), *map(cells.exact, row))
                for feature, *row in zip(features, *vectors.values(), strict=True)
            )
            tables.append(Table(("feature", *vectors), rows))
        notes = (f"note: {note}" for note in self.notes)
        said = (
            f"objective: {self.convention.objective}",
            *notes,
            f"evidence: {self.convention.evidence}",
        )
        return (
            Paragraph(self._name, tone="strong"),
            *tables,
            *(Paragraph(sentence) for sentence in said),
        )

    def to_dict(self) -> dict[str, Any]:
        """The numbers, the hub, and what is said of them."""
        return {
            "to": self.convention.name,
            "numbers": dict(self.numbers),
            "standardized": self.standardized,
            "objective": self.convention.objective,
            "evidence": self.convention.evidence,
            "penalty": {"l1": self.penalty.l1, "l2": self.penalty.l2},
            "notes": list(self.notes),
        }

    def _numbers_in_words(self) -> str:
        return ", ".join(f"{name}={_shown(value)}" for name, value in self.numbers.items())


def convert(
    value: float | Mapping[str, Any],
    source: str,
    target: str,
    *rows: Never,
    data: Regression | None = None,
    sigma: float | None = None,
    sample_weight: ArrayLike | None = None,
    l1_ratio: float | None = None,
    standardize: bool | None = None,
    n: int | None = None,
    column_sd: ArrayLike | None = None,
    response_sd: float | None = None,
    **numbers: Any,
) -> ConvertedPenalty:
    r"""Write one library's penalty as another library writes it.

    Both are translated to the canonical problem

    .. math::

        \min_{a, b}\; \tfrac12 \sum_i w_i (y_i - a - x_i b)^2
        + \sum_j l_{1j} |b_j| + \tfrac12 \sum_j l_{2j} b_j^2

    with the negative log likelihood in place of the squares for logistic and other
    regressions, where sigma is 1. `list_conventions` says how.

    Parameters
    ----------
    value : float or mapping
        Strength of the source's penalty (alpha, lambda, C, scale, ...), or all of its
        parameters by name.
    source, target : str
        Names of conventions, such as ``"sklearn.Lasso"`` and ``"glmnet"``, see
        `list_conventions`. ``"penalty"`` is the hub, ``"priormap.Laplace"`` a prior.
    data : Regression, optional
        What the conventions depend on. Where it standardises, libraries that take X as it is
        are meant on X divided by its standard deviations.
    sigma : float, optional
        Noise standard deviation, which priors speak of; default that of `data`.
    sample_weight : array of shape (n,), optional
        Weights of the rows.
    l1_ratio : float, optional
        The source's share of l1, whatever the source calls it.
    standardize : bool, optional
        Whether X was divided by its standard deviations before; default that of `data`.
    n, column_sd, response_sd : int, array of shape (p,), float, optional
        Number of rows and standard deviations (1/n), in place of `data`.
    **numbers
        The source's other parameters by name. Vectors of one number per column may name
        their columns (a Series, a mapping), and are then met with those of `data`.

    Returns
    -------
    ConvertedPenalty
        The target's numbers by name, for ``Ridge(**converted)``; ``float(converted)`` where
        there is one. Penalty factors are among them where columns need different ones.

    Raises
    ------
    PriormapError
        If the target cannot write the penalty or has no equivalent prior, with the reason; if
        the two have different likelihoods; if a fact of the data is needed and missing; for
        an unknown convention or parameter and for a value out of its range.

    Examples
    --------
    >>> from priormap import Regression, convert
    >>> float(convert(1.0, "sklearn.Ridge", "priormap.Gaussian", sigma=2.0))
    2.0
    >>> data = Regression([[0.0], [1.0], [2.0], [3.0]], [1.0, 0.0, 4.0, 3.0])
    >>> convert(0.5, "sklearn.Lasso", "sklearn.ElasticNet", data=data)["l1_ratio"]
    1.0
    >>> dict(convert(8, "sklearn.Ridge", "glmnet", n=4, column_sd=[2.0], response_sd=3.0))
    {'lambda_': 1.5, 'alpha': 0.0}
    """
    _refuse_order(value, source, target, rows)
    one, other = convention_named(source), convention_named(target)
    refuse_what_is_no_prior(one)
    names = data.names if isinstance(data, Regression) else labels_of(column_sd)
    given = checked_numbers(one, _given(one, value, l1_ratio, numbers), names)
    noise = _common_noise(one, other, sigma, sigma_of(one, given))
    facts = DataFacts(data, sample_weight, noise, n, column_sd, response_sd, standardize)
    penalty = penalty_of(source, given, facts)
    return ConvertedPenalty(
        other,
        numbers_of(target, penalty, facts),
        penalty,
        _notes(one, other, data),
        bool(facts.standardize) and other.column == "raw",
    )


def _refuse_order(value: object, source: object, target: object, more: tuple[object, ...]) -> None:
    """Refuse names before numbers, and data without their keyword."""
    given = (value, source, target)
    names = [one for one in given if isinstance(one, str)]
    if len(names) == 2 and isinstance(value, str):
        (number,) = (one for one in given if not isinstance(one, str))
        raise PriormapError(
            "the penalty comes first, then the two libraries: "
            f"convert({short(number)}, {names[0]!r}, {names[1]!r}, ...)"
        )
    if more:
        remedy = "data=data" if len(more) == 1 else "data=Regression(X, y)"
        raise PriormapError(f"convert takes data by name; give {remedy}, got {short(more[0])}")


def _shown(value: float | Floats) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return np.array2string(value, precision=6, threshold=6, separator=", ")


def _given(
    convention: Convention, value: Any, l1_ratio: float | None, numbers: dict[str, Any]
) -> dict[str, Any]:
    """Every number that the caller gave for the source, by its name there."""
    given = by_name(convention, value)
    if l1_ratio is not None:
        if not convention.mixing:
            raise PriormapError(f"{convention.name} has no share of l1; leave l1_ratio out")
        numbers = {**numbers, convention.mixing: l1_ratio}
    twice = given.keys() & numbers.keys()
    if twice:
        raise PriormapError(f"{min(twice)} was given twice; give it once")
    return given | numbers


def _common_noise(
    one: Convention, other: Convention, sigma: float | None, own: float | None
) -> float | None:
    """Noise of the likelihood that both have, or a refusal where they have not one."""
    kinds = sorted({one.likelihood, other.likelihood} - {"any"})
    if len(kinds) > 1:
        raise PriormapError(
            f"{one.name} is for {one.likelihood} and {other.name} for {other.likelihood} "
            "likelihoods, whose fits have nothing in common; a prior is common ground: convert "
            "to 'priormap.Gaussian', 'priormap.Laplace' or 'priormap.ElasticNet' first"
        )
    if kinds in ([], ["gaussian"]):
        return own if sigma is None else sigma
    if sigma is not None and sigma != 1:
        raise PriormapError(
            f"a {kinds[0]} likelihood has no noise sd, got sigma={sigma}; leave sigma out"
        )
    return 1.0


def _notes(one: Convention, other: Convention, data: Regression | None) -> tuple[str, ...]:
    """What the numbers do not say: how intercepts are treated, and the target's own note."""
    notes = [other.note] if other.note else []
    if data is not None and not data.intercept:
        return tuple(notes)
    for convention in (one, other):
        if convention.intercept == "penalised":
            notes.append(f"{convention.name} penalises the intercept at its defaults")
        elif convention.intercept == "none":
            notes.append(f"{convention.name} fits no intercept")
    return tuple(dict.fromkeys(notes))
