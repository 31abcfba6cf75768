"""What a contrast says of resampled modes, beside what it says of the posterior."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from priormap.arrays import Floats
from priormap.criteria.resampling import ResampledModes
from priormap.display import cells
from priormap.display.blocks import Block, Cell, Items, Table

if TYPE_CHECKING:
    import pandas as pd

_KEPT = (
    "kept: share of the resamples in which the mode is not 0; from, to: quantiles of the resampled "
    "modes; P: of the posterior."
)
_OFTEN = 0.9  # share of the halves in which a stable column is kept


def resampled_columns(
    modes: ResampledModes | None, coef: Floats, mass: float
) -> Mapping[str, Floats]:
    """Columns of `Contrast.coefficients`: NaN where there is no mode to resample.

    Parameters
    ----------
    modes : ResampledModes or None
    coef : array of shape (draws, p)
        Of the posterior.
    mass : float
        Of the intervals.
    """
    nonzero = positive = low = high = np.full(coef.shape[1], np.nan)
    if modes is not None:
        nonzero, positive = modes.nonzero, modes.positive
        low, high = modes.interval(mass)
    return {
        "resampled_nonzero": nonzero,
        "resampled_positive": positive,
        "resampled_low": low,
        "resampled_high": high,
        "prob_nonzero": (coef != 0).mean(axis=0),
    }


def resampled_blocks(
    modes: ResampledModes | None, rows: pd.DataFrame, weights: tuple[float, ...]
) -> tuple[Block, ...]:
    """The statements side by side, of the mode, of resamples, of the posterior; and in words."""
    asked = {"P(b > 0)": rows["prob_positive"], "P(not negl.)": 1 - rows["prob_rope"]}
    if (rows["prob_nonzero"] < 1).any():
        asked["P(not 0)"] = rows["prob_nonzero"]
    columns: dict[str, Iterable[Cell]] = {
        name: map(cells.probability, values) for name, values in asked.items()
    }
    said: tuple[str, ...] = ("There is no mode to resample.",)
    if modes is not None:
        nonzero, positive, low, high = (
            rows[f"resampled_{name}"] for name in ("nonzero", "positive", "low", "high")
        )
        columns = {
            "mode": map(cells.coefficient, rows["mode"]),
            "kept": map(cells.probability, nonzero),
            "kept > 0": map(cells.probability, positive),
            "from": (cells.number(value, 3) for value in low),
            "to": (cells.number(value, 3) for value in high),
            **columns,
        }
        said = (_KEPT, *about_resampled(modes, rows))
    shown = tuple(zip(map(cells.text, rows["feature"]), *columns.values(), strict=True))
    spare = ("kept > 0", "from", "to")
    return Table(("feature", *columns), shown, spare=spare, weights=weights), Items(said)


def about_resampled(modes: ResampledModes, rows: pd.DataFrame) -> tuple[str, ...]:
    """Sentences: three statements of one coefficient that differ, and what is proven."""
    three = _three_statements(modes, rows)
    stable = _stable(modes, rows) if modes.resamples.kind == "halves" else ""
    return tuple(filter(None, (three, stable, modes.certificate)))


def _three_statements(modes: ResampledModes, rows: pd.DataFrame) -> str:
    """Of the coefficient of which mode and resamples differ most."""
    zero = rows["is_zero"].to_numpy()
    disagree = np.where(zero, modes.nonzero, 1 - modes.nonzero)
    row = rows.iloc[int(np.argmax(disagree))]
    words = modes.resamples.words
    if not disagree.max():
        same = "none is" if not zero.any() else "those that are zero in the mode are"
        return f"In all of {words} {same} exactly zero."
    return (
        f"Three different statements of {row['feature']}: it is {'' if row['is_zero'] else 'not '}"
        f"zero in the mode, zero in {1 - row['resampled_nonzero']:.0%} of {words}, and negligible "
        f"with probability {row['prob_rope']:.3f}."
    )


def _stable(modes: ResampledModes, rows: pd.DataFrame) -> str:
    """Columns that most halves keep, with the bound of Shah and Samworth (2013), theorem 1."""
    kept, p = float(modes.nonzero.sum()), len(rows)
    often = rows["feature"][modes.nonzero >= _OFTEN]
    bound = kept**2 / p / (2 * _OFTEN - 1)
    return (
        f"{len(often)} of {p} columns are kept by at least {_OFTEN:.0%} of the halves, which keep "
        f"{kept:.1f} each on average; the bound of Shah and Samworth on how many such columns a "
        f"half keeps no more often than one drawn at random is {min(bound, p):.2g}."
    )
