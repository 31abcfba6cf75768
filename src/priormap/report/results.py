"""Everything that a report computes before it says a word."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np

from priormap.arrays import Indices
from priormap.criteria.scale_conflict import loud_conflicts
from priormap.data.regression import Regression, check_data
from priormap.errors import PriormapError, PriormapWarning
from priormap.priors import PenaltyParts, Prior
from priormap.report.places import Origin
from priormap.tables import (
    Contrast,
    MapComparison,
    PriorComparison,
    compare_map,
    compare_priors,
    contrast,
)
from priormap.tables.named_priors import check_priors

Progress: TypeAlias = Callable[[str], None]  # told what begins


@dataclass(frozen=True)
class Settings:
    """How the posterior is drawn and judged; the words are those of `priormap.contrast`."""

    random_seed: int
    draws: int = 1000
    tune: int | None = None
    chains: int = 4
    rope: float = 0.1
    hdi_prob: float = 0.95


class Belief(NamedTuple):
    """A prior whose scale is known, at the sigma of its mode or else its posterior median."""

    data: Regression
    prior: Prior
    sigma: float


@dataclass(frozen=True)
class Results:
    """Both comparisons, and what was asked for.

    Attributes
    ----------
    table : Contrast
    comparisons : mapping of str to MapComparison
        For each prior with a penalised fit, its mode in `table` beside that.
    support : PriorComparison or str
        What each prior predicts, from the draws of `table`; or why that cannot be said.
    notes : tuple of str
        What priormap warned of.
    """

    data: Regression
    priors: Mapping[str, Prior]
    settings: Settings
    origin: Origin
    table: Contrast
    comparisons: Mapping[str, MapComparison]
    support: PriorComparison | str
    notes: tuple[str, ...]

    @cached_property
    def believed(self) -> Mapping[str, Belief]:
        """What each prior holds, at one scale and one sigma."""
        modes, found = self.table.modes, {}
        for name, prior in self.table.priors.items():
            sigma = modes[name].sigma if name in modes else self._sigma(name)
            found[name] = Belief(self.data, prior, sigma)
        return found

    @cached_property
    def conflicts(self) -> tuple[str, ...]:
        """A sentence for each prior whose scale contradicts the data."""
        found = loud_conflicts(self.data, self.priors)
        return tuple(f"{name}: {one}" for name, one in found.items())

    def _sigma(self, name: str) -> float:
        if self.data.noise.is_known:
            return self.data.noise.sd
        return float(self.table.posteriors[name]["posterior"]["sigma"].median())


def compute(
    data: Regression,
    priors: Mapping[str, Prior],
    settings: Settings,
    origin: Origin,
    progress: Progress,
) -> Results:
    """Sample every prior, ask what it predicts, and set each mode beside its penalised fit."""
    check_data(data)
    check_priors(data, priors)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        progress("sampling the posteriors")
        table = contrast(
            data,
            priors,
            draws=settings.draws,
            tune=settings.tune,
            chains=settings.chains,
            random_seed=settings.random_seed,
            rope=settings.rope,
            hdi_prob=settings.hdi_prob,
            progressbar=False,
        )
        progress("comparing what the priors predict")
        support = _support(table, priors, settings)
        progress("fitting the penalties")
        comparisons = {
            name: compare_map(fit.data, {name: fit.prior})
            for name, fit in table.modes.items()
            if isinstance(fit.prior, PenaltyParts)
        }
    notes = tuple(dict.fromkeys((*data.notes, *_told_again(caught))))
    return Results(data, priors, settings, origin, table, comparisons, support, notes)


def _support(
    table: Contrast, priors: Mapping[str, Prior], settings: Settings
) -> PriorComparison | str:
    """Compare by the draws that are there: held-out folds would take several times as many."""
    try:
        return compare_priors(
            table.data,
            priors,
            folds=None,
            refits=0,
            posteriors=table.posteriors,
            rope=settings.rope,
            random_seed=settings.random_seed,
            progressbar=False,
        )
    except PriormapError as refusal:
        return str(refusal)


def ranked(results: Results) -> Indices:
    """Columns by how much they move y under any prior, the strongest first."""
    means = results.table.coefficients["mean"].abs().to_numpy()
    size = means.reshape(-1, results.data.n_features).max(axis=0)
    return np.argsort(-size * results.data.unit.x_norm, kind="stable")


def _told_again(caught: list[warnings.WarningMessage]) -> list[str]:
    """Pass warnings on to the caller, and return those of priormap."""
    for one in caught:
        warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    ours = [one for one in caught if issubclass(one.category, PriormapWarning)]
    return [str(one.message) for one in ours]
