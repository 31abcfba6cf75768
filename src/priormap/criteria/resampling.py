r"""What the sampling distribution says of a mode: modes of resampled data, each with its proof.

A posterior asks what is believed of the coefficients given these rows, a resample what another
sample of rows would have made of them. The prior, its scale and sigma stay as they are, so that
every resample has the penalties of the mode of all rows, in the caller's units.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from priormap.arrays import Floats, Indices
from priormap.checks import Seed, checked_count, checked_seed, one_of, refuse_memory, short
from priormap.criteria.folds import rows_of
from priormap.data.regression import Regression
from priormap.data.unit_columns import UnitColumns
from priormap.display.progress import progress
from priormap.errors import Phrase, PriormapError
from priormap.mode import MapEstimate
from priormap.mode.certificate import TOLERANCE
from priormap.mode.certify import certify
from priormap.mode.solve import minimise
from priormap.model.problem import UnitProblem

KINDS = {
    "pairs": "rows drawn with replacement",
    "residual": "residuals of the mode drawn with replacement",
    "halves": "complementary halves of the rows",
}
_MOST = 10**6


@dataclass(frozen=True)
class Resamples:
    """How rows are resampled to see which coefficients of a mode another sample would keep.

    Attributes
    ----------
    kind : {"pairs", "residual", "halves"}
        Rows drawn with replacement; the mode's fitted values plus its centred residuals drawn
        with replacement; or random halves of the rows, each with its complement, as in
        stability selection.
    count : int
        How many.
    seed : int or None
        None: that of the draws beside them.

    References
    ----------
    Efron and Tibshirani (1993), "An Introduction to the Bootstrap", sections 9.4 and 9.5;
    Meinshausen and Buehlmann (2010), "Stability selection", JRSS B 72(4); Shah and Samworth
    (2013), "Variable selection with error control: another look at stability selection",
    JRSS B 75(1), for complementary pairs.

    Examples
    --------
    >>> Resamples("halves", 200)
    Resamples(kind='halves', count=200, seed=None)
    """

    kind: str = "pairs"
    count: int = 1000
    seed: int | None = None

    def __post_init__(self) -> None:
        one_of("kind", self.kind, KINDS)
        object.__setattr__(self, "count", checked_count("count", self.count, most=_MOST))
        if self.seed is not None:
            object.__setattr__(self, "seed", checked_seed(self.seed))

    @classmethod
    def of(cls, given: object, kind: str = "pairs") -> Resamples | None:
        """Resamples from what a caller gave: a number of one kind, or none for 0."""
        if given is None or isinstance(given, cls):
            return given
        if not isinstance(given, int | np.integer) or isinstance(given, bool) or given < 0:
            raise PriormapError(
                Phrase("resamples", "--resamples"),
                " must be a number of them",
                Phrase(", or a Resamples of a kind and a number", ""),
                f", got {short(given)}",
            )
        return cls(kind, int(given)) if given else None

    def seeded(self, random_seed: Seed | None) -> Resamples:
        """The same with a seed: its own, or the given one, or a fresh one."""
        return self if self.seed is not None else replace(self, seed=checked_seed(random_seed))

    @property
    def words(self) -> str:
        """What is resampled, with the number."""
        return f"{self.count} resamples ({KINDS[self.kind]})"


@dataclass(frozen=True, eq=False)
class ResampledModes:
    """Modes of resampled data.

    Attributes
    ----------
    coef : array of shape (count, p)
        In units of X; zeros are exact.
    proven : int
        How many of them their certificate proves to be the mode.
    largest_gap : float
        Largest relative duality gap of all.
    sigma : float
        At which all of them stand.
    resamples : Resamples
    """

    coef: Floats
    proven: int
    largest_gap: float
    sigma: float
    resamples: Resamples

    @property
    def nonzero(self) -> Floats:
        """Share of the resamples in which each coefficient is not exactly zero, shape (p,)."""
        return np.asarray((self.coef != 0).mean(axis=0))

    @property
    def positive(self) -> Floats:
        """Share of the resamples in which each coefficient is positive, shape (p,)."""
        return np.asarray((self.coef > 0).mean(axis=0))

    def interval(self, mass: float) -> Floats:
        """Quantiles between which `mass` of the resampled modes lie, shape (2, p)."""
        return np.asarray(np.quantile(self.coef, [(1 - mass) / 2, (1 + mass) / 2], axis=0))

    @property
    def certificate(self) -> str:
        """What is proven of them, in a sentence."""
        count = len(self.coef)
        which = f"All {count}" if self.proven == count else f"{self.proven} of {count}"
        return (
            f"{which} resampled modes are proven by their certificates (largest gap "
            f"{self.largest_gap:.0e}), at sigma = {self.sigma:.6g} of the mode of all rows."
        )

    def to_dict(self) -> dict[str, Any]:
        """How rows were resampled, and what is proven."""
        return {
            **vars(self.resamples),
            "sigma": self.sigma,
            "proven": self.proven,
            "largest_gap": self.largest_gap,
        }


def resampled_modes(
    fit: MapEstimate, resamples: Resamples, progressbar: bool | None = None
) -> ResampledModes:
    """Mode of each resample under the penalties of `fit`, begun from its coefficients.

    Parameters
    ----------
    fit : MapEstimate
        Mode of all rows: its prior's penalties at its sigma hold for every resample.
    resamples : Resamples
    progressbar : bool or None
        As in `sample`.

    Raises
    ------
    PriormapError
        If halves of the rows are too few to fit anything.
    """
    data, count = fit.data, resamples.count
    least = 2 * (1 + int(data.intercept))
    if resamples.kind == "halves" and data.n_rows < least:
        raise PriormapError(
            f"kind='halves' needs at least {least} rows, and there are {data.n_rows}; "
            "resample pairs"
        )
    refuse_memory(f"{count} resamples", count * data.n_features, "give fewer resamples")
    rng = np.random.default_rng(resamples.seed)
    coef, proven, largest = np.empty((count, data.n_features)), 0, 0.0
    with progress(progressbar, count, "resampling") as done:
        for k, columns in zip(range(count), _DRAWN[resamples.kind](fit, rng), strict=False):
            problem = UnitProblem.of_columns(columns, fit.penalty)
            found, _ = minimise(problem, problem.from_user(fit.coef))
            proof = certify(problem, found, names=data.names, tolerance=TOLERANCE)
            coef[k], _ = problem.to_user(found)
            proven, largest = proven + proof.is_proven, max(largest, proof.relative_gap)
            if done is not None:
                done(k + 1)
    return ResampledModes(coef, proven, largest, fit.sigma, resamples)


def _of_rows(data: Regression, rows: Indices) -> UnitColumns:
    X, y = rows_of(data, rows)
    return UnitColumns(X, y, data.names, bool(data.intercept))


def _pairs(fit: MapEstimate, rng: np.random.Generator) -> Iterator[UnitColumns]:
    n = fit.data.n_rows
    while True:
        yield _of_rows(fit.data, rng.integers(n, size=n))


def _halves(fit: MapEstimate, rng: np.random.Generator) -> Iterator[UnitColumns]:
    n = fit.data.n_rows
    while True:
        rows = rng.permutation(n)
        yield _of_rows(fit.data, rows[: n // 2])
        yield _of_rows(fit.data, rows[n // 2 : 2 * (n // 2)])


def _residual(fit: MapEstimate, rng: np.random.Generator) -> Iterator[UnitColumns]:
    data = fit.data
    fitted = fit.intercept + np.asarray(data.X @ fit.coef)
    residuals = data.y - fitted
    residuals = residuals - residuals.mean() * data.intercept
    while True:
        yield data.unit.with_response(fitted + rng.choice(residuals, size=len(residuals)))


_DRAWN = {"pairs": _pairs, "residual": _residual, "halves": _halves}
