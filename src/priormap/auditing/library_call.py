r"""A penalised regression as a library solves it, and the verdict on its coefficients.

`explain`, `explain_penalty` and `audit` by the name of a call all come through here, so that they
agree. A library that penalises its intercept too solves a regression without one, on one more
column of ones; at given slopes b its intercept is

.. math:: a = \frac{S(\sum_i w_i (y_i - x_i b),\, l_1)}{\sum_i w_i + l_2}, \qquad
    S(z, l) = \operatorname{sign}(z) \max(|z| - l, 0) .
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from priormap.arrays import Floats
from priormap.auditing.judging import NEAR, judge
from priormap.auditing.weighted_rows import Rows, rows_of_regression, rows_with_ones
from priormap.conventions import (
    Convention,
    DataFacts,
    convention_named,
    in_words,
    numbers_of,
    penalty_of,
)
from priormap.data.regression import Regression
from priormap.errors import PriormapError
from priormap.mode.certificate import Certificate, OtherPenalty
from priormap.model.penalty import Penalty


class Verdict(NamedTuple):
    """The certificate of coefficients, and the intercept of the model that it speaks of."""

    certificate: Certificate
    intercept: float
    is_intercept_penalised: bool


@dataclass(frozen=True, eq=False)
class LibraryCall:
    """One call of a library on one data set.

    Attributes
    ----------
    text : str
        How one writes it, for example ``Lasso(alpha=0.1)``.
    convention : Convention
        Its record.
    rows : Rows
        The regression that it solves.
    penalty : Penalty
        Its penalty, in units of the caller's columns.
    numbers : callable
        The library's numbers for another penalty; raises where it cannot write one.
    sigma : float or None
        Noise standard deviation, where it was given: a factor of it may be what was forgotten.
    intercept_penalty : Penalty or None
        Penalty of one more column of ones, where the library penalises its intercept as well ...
    with_ones : callable, optional
        ... and what makes the regression on it.
    """

    text: str
    convention: Convention
    rows: Rows
    penalty: Penalty
    numbers: Callable[[Penalty], Mapping[str, Any]]
    sigma: float | None = None
    intercept_penalty: Penalty | None = None
    with_ones: Callable[[], Rows] | None = None

    def judge(self, coef: Floats, tolerance: float) -> Verdict:
        """Judge coefficients with a free intercept, and with a penalised one where that fails."""
        x_mean, y_mean = self.rows.means
        certificate = judge(self.rows.data, self.penalty, coef, None, self.sigma, tolerance)
        verdict = Verdict(certificate, float(y_mean - x_mean @ coef), False)
        if self.with_ones is not None and not certificate.is_mode:
            other = self._judge_with_ones(self.with_ones().data, coef, tolerance)
            verdict = other if _is_better(other.certificate, certificate) else verdict
        return verdict._replace(certificate=self._in_its_numbers(verdict.certificate))

    def _judge_with_ones(self, data: Regression, coef: Floats, tolerance: float) -> Verdict:
        bare = self.intercept_penalty
        assert bare is not None
        ones = np.ravel(data.X[:, [0]].toarray() if sparse.issparse(data.X) else data.X[:, [0]])
        pull = float(ones @ (data.y - data.X[:, 1:] @ coef))
        moved = np.sign(pull) * max(abs(pull) - bare.l1[0], 0.0)
        intercept = float(moved / (ones @ ones + bare.l2[0]))
        penalty = Penalty(
            np.concatenate([bare.l1, self.penalty.l1]), np.concatenate([bare.l2, self.penalty.l2])
        )
        vector = np.concatenate([[intercept], coef])
        certificate = judge(data, penalty, vector, None, self.sigma, tolerance)
        return Verdict(self._of_slopes(certificate, data, coef), intercept, True)

    def _of_slopes(self, certificate: Certificate, data: Regression, coef: Floats) -> Certificate:
        """The certificate in units of centred rows, which an intercept of any size leaves alone."""
        unit, centred = data.unit, self.rows.data.unit
        live = centred.x_norm > 0
        if not live.any() or centred.y_norm == 0:
            return certificate
        times = (unit.x_norm[1:][live] / centred.x_norm[live]).max() * unit.y_norm / centred.y_norm
        shortfall = certificate.shortfall
        if shortfall is not None:
            mode = shortfall.mode[1:]
            distance = max(centred.relative_difference(coef, mode), shortfall.coef_distance)
            near = shortfall.is_near and distance <= NEAR
            shortfall = replace(shortfall, mode=mode, coef_distance=distance, is_near=near)
        return replace(
            certificate,
            kkt_residual=certificate.kkt_residual * times,
            kkt_resolution=certificate.kkt_resolution * times,
            shortfall=shortfall,
        )

    def _in_its_numbers(self, certificate: Certificate) -> Certificate:
        """Say the penalty of which the coefficients are the mode in the library's own numbers."""
        shortfall = certificate.shortfall
        other = None if shortfall is None else shortfall.other
        if shortfall is None or other is None or not _is_of_this_call(other):
            return certificate
        penalty = other.penalty
        if len(penalty.l1) > len(self.penalty.l1):
            penalty = Penalty(penalty.l1[1:], penalty.l2[1:])
        try:
            found = self.numbers(penalty)
        except PriormapError:  # the library cannot write it
            return certificate
        other = replace(other, call=in_words(found))
        return replace(certificate, shortfall=replace(shortfall, other=other))


def library_call(
    name: str,
    data: Regression,
    numbers: Mapping[str, Any],
    sigma: float | None = None,
    sample_weight: ArrayLike | None = None,
) -> LibraryCall:
    """Read the call of this name with these numbers, or refuse it in one sentence."""
    record = convention_named(name)
    if record.likelihood not in {"gaussian", "any"}:
        raise PriormapError(
            f"{name} penalises a {record.likelihood} likelihood, but a Regression has "
            "Gaussian noise; convert its numbers with convert"
        )
    facts = DataFacts(data, sample_weight=sample_weight, sigma=sigma)
    call = LibraryCall(
        text=f"{name}({in_words(numbers)})",
        convention=record,
        rows=rows_of_regression(data, weights_of(facts)),
        penalty=penalty_of(name, numbers, facts),
        numbers=lambda penalty: numbers_of(name, penalty, facts),
        sigma=data.noise.known if sigma is None else sigma,
    )
    bare = _penalty_of_the_intercept(record, numbers, facts)
    if bare is None:
        return call
    return replace(
        call, intercept_penalty=bare, with_ones=lambda: rows_with_ones(data, weights_of(facts))
    )


def _penalty_of_the_intercept(
    record: Convention, numbers: Mapping[str, Any], facts: DataFacts
) -> Penalty | None:
    """Penalty of a column of ones as of any other; None where the intercept is free, or its own."""
    data = facts.data
    assert data is not None
    is_one_for_all = not any(np.ndim(value) for value in numbers.values() if value is not None)
    if record.intercept != "penalised" or record.column != "raw" or not is_one_for_all:
        return None
    if not data.intercept or data.standardize:
        return None
    of_any = DataFacts(n=data.n_rows, sample_weight=facts.sample_weight, sigma=facts.sigma)
    return penalty_of(record.name, numbers, of_any)


def weights_of(facts: DataFacts) -> Floats | None:
    """The sample weights, where there are any."""
    return None if facts.sample_weight is None else np.asarray(facts.sample_weight)


def _is_of_this_call(other: OtherPenalty) -> bool:
    return not other.is_bound and other.columns == other.intercept == "as given"


def _is_better(one: Certificate, than: Certificate) -> bool:
    """Whether the first verdict is the better one, by its grade and then by its digits."""
    ranks = ("another point", "mode of another penalty", "mode to digits", "mode")
    return (ranks.index(one.grade), one.digits or 0) > (ranks.index(than.grade), than.digits or 0)
