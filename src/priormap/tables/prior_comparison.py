"""What `compare_priors` returns: which belief predicts, in a table, a sentence and a figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from priormap.checks import result_of
from priormap.criteria.scale_conflict import ScaleConflict, loud_conflicts
from priormap.data.regression import Regression
from priormap.display import cells
from priormap.display.blocks import Block, Cell, Items, Paragraph, Table
from priormap.display.text import Described
from priormap.priors import Prior
from priormap.tables.named_priors import listed

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


SMALL = 4.0  # a difference of log densities below which its own error cannot be trusted
CLEAR = 2.0  # standard errors
_MOST_UNTRUSTED = 0.05  # of the rows, above which leave-one-out tells nothing apart
_COLUMNS = {  # what a reader sees of the table
    "elpd": "elpd",
    "difference": "elpd_diff",
    "error": "diff_se",
    "weight": "weight",
    "log evidence": "log_evidence",
    "parameters": "parameters",
    "rmse mean": "rmse_mean",
    "rmse mode": "rmse_mode",
    "coverage": "coverage",
    "width": "width",
    "CRPS": "crps",
    "relevant": "relevant",
    "zeros": "zeros",
}
_IN_UNITS_OF_Y = ("rmse_mean", "rmse_mode", "width", "crps")
_SPARE = ("width", "CRPS", "relevant", "parameters", "zeros")


@dataclass(frozen=True, eq=False, repr=False)
class PriorComparison(Described):
    """What several priors predict of the same data, the best first.

    Attributes
    ----------
    table : DataFrame
        One row per prior, by ``elpd``: the leave-one-out log predictive density, a sum over
        rows, and its standard error ``elpd_se``; ``elpd_diff``, that less the best one, and
        the standard error ``diff_se`` of the difference; ``weight``, the stacking weight;
        ``parameters``, the effective number of them; ``khat``, the largest of the importance
        weights (NaN where leave-one-out is exact), ``refits``, how many rows were left out
        exactly, and ``untrusted``, how many have a k-hat above 0.7 and were not;
        ``log_evidence`` and its error ``log_evidence_se``.

        Of held-out folds, NaN without: ``rmse_mean`` and ``rmse_mode``, root mean squared errors
        of posterior mean and mode; ``coverage`` and mean ``width`` of the central predictive
        interval; ``crps``. Of the whole data: ``relevant``, the expected number of coefficients
        outside their region of practical equivalence; ``zeros`` of the mode; ``seconds`` of
        sampling.
    densities : DataFrame
        Log density of each row given all others, one column per prior.
    posteriors : mapping of str to DataTree
    priors : mapping of str to Prior
    notes : tuple of str
        What is not defined, approximate or not to be trusted.
    random_seed : int
        Repeats the run.
    data : Regression

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Gaussian, Regression, compare_priors
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> pair = {"wide": Gaussian(1.0), "narrow": Gaussian(0.01)}
    >>> found = compare_priors(Regression(X, X[:, 0], sigma=1.0), pair, random_seed=0)
    >>> found.sentence.split(":")[0]
    'These data favour wide, which predicts a row that was left out best'
    """

    table: pd.DataFrame
    densities: pd.DataFrame
    posteriors: Mapping[str, xr.DataTree]
    priors: Mapping[str, Prior]
    notes: tuple[str, ...]
    random_seed: int
    data: Regression = field(repr=False)

    @property
    def sentence(self) -> str:
        """What these data say of the priors, to be quoted."""
        best, *others = map(str, self.table.index)
        if not others:
            return f"One prior was given, {best}, so there is nothing to tell apart."
        if not self._is_trusted:
            return f"Which prior predicts best is left open, because {self._doubt}."
        caveat = f" Lean lightly on this: {self._doubt}." if self._doubt else ""
        return self._verdict(best, others) + caveat

    def _verdict(self, best: str, others: list[str]) -> str:
        alike = [name for name in others if not self._is_worse(name)]
        worse = [name for name in others if self._is_worse(name)]
        if not worse:
            return (
                f"These data do not tell the priors apart: {best} predicts a row that was left "
                f"out best, and {listed([self._said(name) for name in alike])}."
            )
        told = listed([self._said(name) for name in worse])
        if not alike:
            return f"These data favour {best}, which predicts a row that was left out best: {told}."
        return (
            f"These data favour {listed([best, *alike])}, which are not told apart; of the "
            f"others {told}."
        )

    @property
    def is_decided(self) -> bool:
        """Whether some prior predicts clearly worse than the best one."""
        return self._is_trusted and any(self._is_worse(str(name)) for name in self.table.index)

    @property
    def _is_trusted(self) -> bool:
        return bool(self.table["untrusted"].max() <= _MOST_UNTRUSTED * len(self.densities))

    @property
    def _doubt(self) -> str:
        """Rows of which leave-one-out is not to be trusted; empty where it is of all."""
        bad = self.table["untrusted"]
        rows = listed([f"{count} under {name}" for name, count in bad[bad > 0].items()] or [""])
        total = len(self.densities)
        return rows and f"leave-one-out of some of the {total} rows is not to be trusted ({rows})"

    def _is_worse(self, name: str) -> bool:
        row = self.table.loc[name]
        return bool(-row["elpd_diff"] > max(SMALL, CLEAR * row["diff_se"]))

    def _said(self, name: str) -> str:
        row = self.table.loc[name]
        return (
            f"{name} has {-row['elpd_diff']:.1f} less log density (standard error "
            f"{row['diff_se']:.1f})"
        )

    def __repr__(self) -> str:
        shown = self.table[["elpd", "elpd_diff", "diff_se", "weight", "log_evidence"]].round(2)
        loud = (f"{name}: {conflict}." for name, conflict in self.conflicts.items())
        return "\n".join([self.sentence, str(shown.to_string()), *loud])

    @cached_property
    def conflicts(self) -> Mapping[str, ScaleConflict]:
        """Scales that contradict the data by more than a few nats of log evidence."""
        return loud_conflicts(self.data, self.priors)

    def blocks(self) -> tuple[Block, ...]:
        """The sentence, one row per prior, and the notes."""
        rows = tuple(_cells(str(name), row) for name, row in self.table.iterrows())
        return (
            Paragraph(self.sentence),
            Table(("prior", *_COLUMNS), rows, spare=_SPARE),
            Items((*(f"{name}: {one}" for name, one in self.conflicts.items()), *self.notes)),
        )

    def to_dict(self) -> dict[str, Any]:
        """Table, densities, and what repeats them."""
        return {
            "sentence": self.sentence,
            "random_seed": self.random_seed,
            "notes": list(self.notes),
            "conflicts": {name: str(one) for name, one in self.conflicts.items()},
            "priors": self.table.reset_index().to_dict(orient="records"),
            "densities": self.densities.to_dict(orient="list"),
        }


def _cells(name: str, row: pd.Series[Any]) -> tuple[Cell, ...]:
    size = row["rmse_mean"] if row["rmse_mean"] > 0 else 1.0
    digits = {key: int(2 - np.floor(np.log10(size))) for key in _IN_UNITS_OF_Y}
    decimals = {"weight": 2, "coverage": 2, "zeros": 0} | {k: max(d, 0) for k, d in digits.items()}
    shown = {key: cells.fixed(row[key], decimals.get(key, 1)) for key in _COLUMNS.values()}
    shown["elpd_diff"], shown["diff_se"] = cells.with_error(row["elpd_diff"], row["diff_se"])
    return (cells.text(name), *shown.values())


def compare_table(found: PriorComparison) -> pd.DataFrame:
    """Numbers of `plot_compare`.

    Parameters
    ----------
    found : PriorComparison
        What `compare_priors` returned.

    Returns
    -------
    DataFrame
        One row per prior, the best first: ``prior``, ``family``, ``difference`` of leave-one-out
        log density to the best one, its interval of two standard errors from ``low`` to ``high``,
        and the stacking ``weight``.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Gaussian, Regression, compare_priors
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> pair = {"wide": Gaussian(1.0), "narrow": Gaussian(0.01)}
    >>> found = compare_priors(Regression(X, X[:, 0], sigma=1.0), pair, random_seed=0)
    >>> compare_table(found)["prior"].tolist()
    ['wide', 'narrow']
    """
    call = "compare_priors(data, priors)"
    rows = result_of(call, "found", found, PriorComparison).table.reset_index()
    difference, reach = rows["elpd_diff"], CLEAR * rows["diff_se"]
    limits = {"difference": difference, "low": difference - reach, "high": difference + reach}
    return rows[["prior", "family"]].assign(**limits, weight=rows["weight"])
