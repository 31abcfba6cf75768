"""What `check_prior` returns: a model checked by what it predicts, before and after the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from priormap.arrays import Floats
from priormap.checks import result_of
from priormap.criteria.leave_one_out import BAD_KHAT
from priormap.criteria.prior_conflict import PriorConflict
from priormap.data.regression import Regression
from priormap.display import cells
from priormap.display.blocks import Block, Cell, Items, Paragraph, Subheading, Table
from priormap.display.text import Described
from priormap.priors import Prior

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


_HEADER = ("statistic", "of y", "before", "95 % between", "p before", "after", "p after")
_BAND = 0.95
_SETS, _POINTS, _SEED = 1000, 200, 0  # of uniform numbers, where they are counted, and the seed


@dataclass(frozen=True, eq=False, repr=False)
class PredictiveCheck(Described):
    """Prior and posterior predictive checks of one or more priors.

    Attributes
    ----------
    statistics : DataFrame
        One row per prior and statistic of y: ``observed``; ``before_median``, ``before_low``,
        ``before_high`` of data that the prior predicts and ``before_p``, the share of them whose
        statistic is as large or larger (halves of ties); the same with ``after`` of data that the
        posterior predicts. NaN where the prior predicts nothing of it.
    r2 : DataFrame
        One row per prior: median and central 95 % of ``R^2 = var(X b) / (var(X b) + sigma^2)``
        ``before`` and ``after`` the data (Gelman et al. 2019).
    coefficients : DataFrame
        One row per prior and column: ``least_squares``; ``p_value``, the prior probability of one
        as large or larger; power-scaling sensitivity to ``prior`` and ``likelihood``, and what
        that pair is a ``diagnosis`` of.
    pit : DataFrame
        One row per prior and row of the data that was left out: ``obs_id``, the probability
        ``pit`` of a smaller response given all other rows, and ``khat`` of its weights.
    conflicts : mapping of str to PriorConflict
        ``sentence`` says whether prior and data contradict each other.
    posteriors : mapping of str to DataTree
    priors : mapping of str to Prior
    notes : tuple of str
    random_seed : int
    data : Regression
    """

    statistics: pd.DataFrame
    r2: pd.DataFrame
    coefficients: pd.DataFrame
    pit: pd.DataFrame
    conflicts: Mapping[str, PriorConflict]
    posteriors: Mapping[str, xr.DataTree]
    priors: Mapping[str, Prior]
    notes: tuple[str, ...]
    random_seed: int
    data: Regression = field(repr=False)

    @property
    def sentences(self) -> Mapping[str, tuple[str, ...]]:
        """What the checks say of each prior: conflict, R squared, calibration."""
        return {
            name: (self.conflicts[name].sentence, self._about_r2(name), self._about_pit(name))
            for name in self.priors
        }

    def __repr__(self) -> str:
        return "\n".join(f"{name}: {said[0]}" for name, said in self.sentences.items())

    def blocks(self) -> tuple[Block, ...]:
        """Of each prior the verdict, the statistics, R squared and calibration."""
        found: list[Block] = []
        for name, (conflict, *others) in self.sentences.items():
            rows = self.statistics[self.statistics["prior"] == name].to_dict(orient="records")
            found += [
                Subheading(str(self.priors[name])),
                Paragraph(f"{name}: {conflict}"),
                Table(_HEADER, tuple(map(_cells, rows)), spare=("95 % between",)),
                Items(tuple(others)),
            ]
        return (*found, *([Items(self.notes)] if self.notes else []))

    def to_dict(self) -> dict[str, Any]:
        """Every table of every prior, and what repeats them."""
        tables = {
            "statistics": self.statistics,
            "coefficients": self.coefficients,
            "pit": self.pit,
        }
        return {
            "random_seed": self.random_seed,
            "notes": list(self.notes),
            "priors": [
                {
                    "prior": name,
                    "says": list(self.sentences[name]),
                    "p_value": self.conflicts[name].p_value,
                    "r2": self.r2.loc[name].to_dict(),
                    **{
                        key: table[table["prior"] == name]
                        .drop(columns="prior")
                        .to_dict(orient="records")
                        for key, table in tables.items()
                    },
                }
                for name in self.priors
            ],
        }

    def pit_of(self, name: str) -> Floats:
        """Probability integral transforms under one prior."""
        return np.asarray(self.pit.loc[self.pit["prior"] == name, "pit"])

    def _about_r2(self, name: str) -> str:
        row = self.r2.loc[name]

        def said(when: str) -> str:
            ends = f"{row[f'{when}_low']:.2f} to {row[f'{when}_high']:.2f}"
            return f"{row[f'{when}_median']:.2f} (95 % within {ends})"

        before = said("before") if np.isfinite(row["before_median"]) else "not defined"
        return f"R^2 before the data {before}, after them {said('after')}."

    def _about_pit(self, name: str) -> str:
        pit = self.pit_of(name)
        p_value = uniformity(pit)
        khat = self.pit.loc[self.pit["prior"] == name, "khat"]
        bad = int((khat > BAD_KHAT).sum())
        caution = f"; {bad} rows have a k-hat above {BAD_KHAT}" if bad else ""
        shown = f"below {1 / _SETS:g}" if p_value == 0 else f"= {p_value:.2g}"
        verdict = "look" if p_value >= 1 - _BAND else "are not"
        return (
            f"predictions of rows left out {verdict} calibrated (LOO-PIT uniform: p {shown}"
            f"{caution})."
        )


def _cells(row: Mapping[Any, Any]) -> tuple[Cell, ...]:
    low, high = row["before_low"], row["before_high"]
    between = "–" if np.isnan(low) else f"{low:.3g} to {high:.3g}"
    return (
        cells.text(row["statistic"]),
        cells.number(row["observed"]),
        _or_dash(row["before_median"]),
        cells.text(between),
        cells.fixed(row["before_p"], 3),
        _or_dash(row["after_median"]),
        cells.fixed(row["after_p"], 3),
    )


def _or_dash(value: float) -> Cell:
    return cells.fixed(value) if np.isnan(value) else cells.number(value)


def uniformity(pit: Floats) -> float:
    """P-value of so large a departure from uniform at any point, by simulation.

    The statistic is the smallest probability, over points, of a count as far out; Säilynoja,
    Bürkner and Vehtari (2022), "Graphical test for discrete uniformity and its applications in
    goodness-of-fit evaluation and multiple sample comparison", Statistics and Computing 32,
    section 2.
    """
    points = counted_at(len(pit))
    counts = np.searchsorted(np.sort(pit), points, side="right")
    return float((_simulated(len(pit)) <= _smallest_tail(counts, len(pit), points)).mean())


def simultaneous_band(n: int, mass: float = _BAND) -> tuple[Floats, Floats, Floats]:
    """Points in (0, 1), and what a distribution function of n uniform numbers stays within.

    At all points together, with this probability.
    """
    from scipy.stats import binom

    points = counted_at(n)
    tail = float(np.quantile(_simulated(n), 1 - mass))
    low, high = binom.ppf(tail / 2, n, points), binom.ppf(1 - tail / 2, n, points)
    return points, low / n, high / n


def counted_at(n: int) -> Floats:
    """Points at which the distribution function is looked at."""
    k = min(n, _POINTS)
    return np.arange(1, k) / k if k > 1 else np.array([0.5])


def _simulated(n: int) -> Floats:
    """The statistic of sets of n uniform numbers."""
    rng, points = np.random.default_rng(_SEED), counted_at(n)
    bins = np.diff(np.concatenate([[0.0], points, [1.0]]))
    counts = np.cumsum(rng.multinomial(n, bins, size=_SETS), axis=1)[:, :-1]
    return _smallest_tail(counts, n, points)


def _smallest_tail(counts: Any, n: int, points: Floats) -> Floats:
    """Two-sided probability of the count that is farthest out; the last axis are points."""
    from scipy.stats import binom

    below, above = binom.cdf(counts, n, points), binom.sf(counts - 1, n, points)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(below, above)).min(axis=-1))


def loo_pit_table(found: PredictiveCheck) -> pd.DataFrame:
    """Distribution functions of leave-one-out probability integral transforms, less uniform ones.

    Parameters
    ----------
    found : PredictiveCheck
        What `check_prior` returned.

    Returns
    -------
    DataFrame
        Columns ``prior``, ``family``, ``pit``, and ``difference``: the share of rows whose
        transform is at most that, less `pit`.
    """
    import pandas as pd

    check_found(found)
    parts = []
    for name, prior in found.priors.items():
        pit = np.sort(found.pit_of(name))
        at = np.concatenate([[0.0], counted_at(len(pit)), [1.0]])
        share = np.searchsorted(pit, at, side="right") / len(pit)
        columns = {"pit": at, "difference": share - at}
        parts.append(pd.DataFrame({"prior": name, "family": prior.label, **columns}))
    return pd.concat(parts, ignore_index=True)


def loo_pit_band_table(found: PredictiveCheck) -> pd.DataFrame:
    """What 95 % of such differences stay within at all points together, were they of uniforms.

    Returns
    -------
    DataFrame
        Columns ``pit``, ``low`` and ``high``.
    """
    import pandas as pd

    check_found(found)
    rows = int((found.pit["prior"] == next(iter(found.priors))).sum())
    points, low, high = simultaneous_band(rows)
    inner = {"pit": points, "low": low - points, "high": high - points}
    return pd.DataFrame(
        {key: [end, *inner[key], 1.0 * (key == "pit")] for key, end in _START.items()}
    )


_START = {"pit": 0.0, "low": 0.0, "high": 0.0}


def check_found(found: object) -> PredictiveCheck:
    """Return what `check_prior` returned, or refuse."""
    return result_of("check_prior(data, priors)", "found", found, PredictiveCheck)
