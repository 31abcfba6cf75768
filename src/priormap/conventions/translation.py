"""Both directions through the hub: a library's numbers to a `Penalty`, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from priormap.arrays import Floats
from priormap.conventions.catalogue import convention_named
from priormap.conventions.facts import DataFacts
from priormap.conventions.given_numbers import Numbers, checked_numbers
from priormap.conventions.records import Convention, Term
from priormap.errors import Phrase, PriormapError
from priormap.model.penalty import Penalty

_ONE_SCALE = Phrase("a Regression with standardize=True", "--standardize")
_ROUNDING = 1e-10  # relative differences below this are no differences


def penalty_of(
    name: str, numbers: float | Mapping[str, Any], facts: DataFacts | None = None
) -> Penalty:
    """Penalty that a library's numbers are: ``l1`` and ``l2`` per column, in units of X.

    Parameters
    ----------
    name : str
        A convention, see `list_conventions`.
    numbers : float or mapping
        Its parameters by name (those left out at the library's defaults), or the value of
        its strength.
    facts : DataFacts, optional
        What the convention depends on: ``DataFacts(data, sample_weight=w, sigma=s)``.

    Returns
    -------
    Penalty
        One entry per column, or a single one where the number of columns is not known. It
        belongs to *raw* weights: ``sum w r**2 / 2 + sum l1 |b| + sum l2 b**2 / 2``.

    Raises
    ------
    PriormapError
        For an unknown name or parameter, a value out of its range, a convention that is no
        prior, or a fact that is needed and missing.

    Examples
    --------
    >>> from priormap.conventions import DataFacts, penalty_of
    >>> penalty = penalty_of("sklearn.ElasticNet", {"alpha": 0.1}, DataFacts(n=100))
    >>> penalty.l1, penalty.l2
    (array([5.]), array([5.]))
    """
    facts = facts or DataFacts()
    convention = _checked(name, facts)
    given = checked_numbers(convention, numbers, facts.names if facts.n_features else None)
    if convention.precision in given:
        facts = replace(facts, sigma=sigma_of(convention, given))
    factors = np.asarray(given.get(convention.factors, 1.0))
    if convention.factors_sum and factors.ndim:
        factors = factors * len(factors) / factors.sum()
    share = float(np.asarray(given.get(convention.mixing, 1.0)))
    shares = (share, 1 - share) if convention.mixing else (1.0, 1.0)
    halves = []
    for power, term, part in zip((1, 2), (convention.l1, convention.l2), shares, strict=True):
        if term is None or part == 0:
            halves.append(np.zeros(facts.n_features or 1))
        else:
            with np.errstate(over="ignore", invalid="ignore"):
                strength = np.asarray(given[term.parameter]) ** term.power * part
                halves.append(strength * factors * _unit(convention, term, power, facts))
            if not np.isfinite(halves[-1]).all():
                raise PriormapError(
                    f"{term.parameter} of {name} makes a penalty beyond what a double holds; "
                    "give another, or measure the columns in other units"
                )
    l1, l2 = np.broadcast_arrays(*halves)
    return Penalty(l1.copy(), l2.copy())


def numbers_of(name: str, penalty: Penalty, facts: DataFacts | None = None) -> Numbers:
    """Numbers with which a library writes a penalty: the inverse of `penalty_of`.

    Parameters
    ----------
    name : str
        A convention, see `list_conventions`.
    penalty : Penalty
        In units of X, and for raw sample weights.
    facts : DataFacts, optional
        What the convention depends on.

    Returns
    -------
    dict
        Every parameter by name: numbers, or vectors of one number per column. Penalty
        factors are there only where columns need different ones.

    Raises
    ------
    PriormapError
        If the library cannot write this penalty, with the reason, or a fact is missing.

    Examples
    --------
    >>> from priormap import Penalty
    >>> from priormap.conventions import DataFacts, numbers_of
    >>> numbers_of("sklearn.Lasso", Penalty(l1=[5.0], l2=[0.0]), DataFacts(n=100))
    {'alpha': 0.05}
    """
    facts = facts or DataFacts()
    convention = _checked(name, facts)
    penalty = penalty.for_columns(facts.names) if facts.n_features else penalty
    if facts.n_features and len(penalty.l1) not in {1, facts.n_features}:
        raise PriormapError(
            f"the penalty has {len(penalty.l1)} entries for {facts.n_features} columns"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        l1 = _strengths(convention, convention.l1, 1, penalty.l1, facts)
        l2 = _strengths(convention, convention.l2, 2, penalty.l2, facts)
    if np.isinf(l1).any() or np.isinf(l2).any():
        raise PriormapError(
            f"{name} would need a number beyond what a double holds for this penalty; measure "
            "the columns in other units"
        )
    numbers = _mixed(convention, l1, l2, facts) if convention.mixing else {}
    if not convention.mixing:
        for term, half in ((convention.l1, l1), (convention.l2, l2)):
            if term is not None:
                numbers |= _strength(convention, term, half, facts)
    if convention.precision:
        numbers[convention.precision] = float(np.float64(facts.noise(name)) ** -2.0)
    return {key: numbers[key] for key in convention.parameters if key in numbers}


def sigma_of(convention: Convention, numbers: Mapping[str, Any]) -> float | None:
    """Noise standard deviation that the numbers themselves name, if they do."""
    precision = numbers.get(convention.precision)
    return None if precision is None else float(precision) ** -0.5


def _unit(convention: Convention, term: Term, power: int, facts: DataFacts) -> Floats:
    """Weight of every column at strength 1."""
    who, kind = convention.name, convention.column
    if kind == "raw" and facts.standardize:
        kind = "sd"
    column = facts.column_scale("raw" if kind == "caller" else kind, who)
    bias = 1.0
    if convention.unbiased_sd:
        rows = facts.rows("n", who)
        bias = float(np.sqrt(rows / (rows - 1)))
    number = term.multiple * facts.rows(term.rows, who)
    if term.response:
        size = np.float64(facts.response_scale(convention.response, who) * bias)
        number *= size**term.response
    if term.noise:
        number *= np.float64(facts.noise(who)) ** term.noise
    return np.asarray(number * (column * bias) ** power)


def _strengths(
    convention: Convention, term: Term | None, power: int, weight: Floats, facts: DataFacts
) -> Floats:
    """Strength of every column; NaN for a constant one, whose penalty does nothing."""
    live: Any = True if facts.data is None else facts.data.unit.x_norm > 0
    if not (weight * live).any():  # and no fact of the data is asked for
        return np.zeros(1)
    if term is None:
        kind, family = ("l1", "lasso") if power == 1 else ("l2", "ridge")
        raise PriormapError(
            f"{convention.name} has no {kind} ({family}) part, which this penalty has; choose a "
            "target that has one, such as sklearn.ElasticNet or glmnet"
        )
    weight, unit = np.broadcast_arrays(weight, _unit(convention, term, power, facts))
    return np.divide(weight, unit, out=np.full(len(unit), np.nan), where=live & (unit > 0))


def _mixed(convention: Convention, l1: Floats, l2: Floats, facts: DataFacts) -> Numbers:
    """One strength and the share of it that is l1."""
    total = l1 + l2
    shares = (l1 / np.where(total > 0, total, 1.0))[total > 0]
    if not shares.size:
        share = convention.defaults.get(convention.mixing, 1.0)
    elif np.ptp(shares) <= _ROUNDING:
        share = float(shares[0])
    else:
        raise PriormapError(
            f"{convention.name} has one {convention.mixing} for all columns, but here the share "
            f"of l1 goes from {shares.min():.3g} to {shares.max():.3g}; choose columns of one "
            "scale (",
            _ONE_SCALE,
            "), or a target without a mixture",
        )
    assert convention.l1 is not None
    return _strength(convention, convention.l1, total, facts) | {convention.mixing: share}


def _strength(convention: Convention, term: Term, strength: Floats, facts: DataFacts) -> Numbers:
    """The parameter of a term, with one factor per column where it must and can be."""
    live = strength[~np.isnan(strength)]
    low, high = live.min(initial=np.inf), live.max(initial=0.0)
    one = high if high - low <= _ROUNDING * high else live.mean()
    with np.errstate(divide="ignore"):
        if one == high:
            return {term.parameter: float(one ** (1 / term.power))}
        everywhere = np.where(np.isnan(strength), one, strength)
        if convention.per_column:
            return {term.parameter: everywhere ** (1 / term.power)}
        if convention.factors:
            return {
                term.parameter: float(np.float64(one) ** (1 / term.power)),
                convention.factors: everywhere / one,
            }
        ends = [(int(i), strength[i] ** (1 / term.power)) for i in _ends(strength)]
    needed = " and ".join(f"{value:.4g} for {facts.names[j]!r}" for j, value in ends)
    raise PriormapError(
        f"{convention.name} has one {term.parameter} for all columns, but this penalty needs "
        f"{needed}; use columns of one scale (",
        _ONE_SCALE,
        " speaks of X / sd), or a target with penalty factors such as glmnet or celer",
    )


def _ends(values: Floats) -> tuple[np.intp, np.intp]:
    return np.nanargmin(values), np.nanargmax(values)


def refuse_what_is_no_prior(convention: Convention) -> None:
    """Refuse a convention that is the mode of no prior, with the reason."""
    if convention.no_prior:
        raise PriormapError(f"{convention.name} has no equivalent prior: {convention.no_prior}")


def _checked(name: str, facts: DataFacts) -> Convention:
    """Record of a convention that is a prior, for the weights and the intercept that there are."""
    convention = convention_named(name)
    refuse_what_is_no_prior(convention)
    if convention.weights == "none" and facts.sample_weight is not None:
        raise PriormapError(
            f"{name} takes no sample weights; ",
            Phrase("leave sample_weight out", "leave --weights out"),
            ", or choose a library that takes them",
        )
    if convention.without_intercept and facts.data is not None and not facts.data.intercept:
        raise PriormapError(
            f"{name} without an intercept is {convention.without_intercept}; name that one"
        )
    return convention
