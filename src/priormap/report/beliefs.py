"""What a prior believes, in a unit that a person can judge: effects on y.

The effect of a column is its coefficient times its standard deviation: what y changes by when
the column moves by one of its standard deviations.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from priormap.arrays import Floats
from priormap.display import cells
from priormap.display.blocks import Block, Cell, Items, Paragraph, Table
from priormap.display.cells import typeset
from priormap.model.prior_predictive import prior_r2
from priormap.priors import Prior
from priormap.report.results import Belief, Results

_SAME = 1e-12  # relative difference of two standard deviations that rounding may make


def about_beliefs(results: Results) -> tuple[Block, ...]:
    """Say what every prior believes, before the data."""
    opening = Paragraph(
        "A penalty is a belief. These numbers are what each prior takes for granted "
        "before it has seen a single response."
    )
    learnt = []
    for name, tree in results.table.posteriors.items():
        if "scale" in tree["posterior"]:
            draws = tree["posterior"]["scale"].to_numpy().ravel()
            low, median, high = map(shown, np.quantile(draws, (0.025, 0.5, 0.975)))
            learnt.append(
                f"Under {name} the scale is learnt. Its posterior median is {median} (95 % of the "
                f"draws lie between {low} and {high}); numbers and figures of this prior, and its "
                "mode, are those at the median."
            )
    table = beliefs_table(results.believed, results.settings.rope)
    loud = [Paragraph(f"Under {said}.", tone="strong bad") for said in results.conflicts]
    return (opening, *loud, table, *([Items(tuple(learnt))] if learnt else []))


def effect_prior(believed: Belief) -> Prior:
    """Prior of the effects at its sigma: one scale where all columns share it.

    A constant column has no effect and is left out.
    """
    data = believed.data
    prior = believed.prior.for_columns(data.names).given_noise(believed.sigma)
    if data.standardize:
        return prior
    live = np.flatnonzero(data.column_sd > 0)
    sd = data.column_sd[live] if live.size else np.ones(1)
    if np.ptp(sd) <= _SAME * sd.max() and not prior.has_vector:
        return prior.stretched(float(sd[0]))
    return prior.on_columns(live).stretched(sd)


def beliefs_table(believed: Mapping[str, Belief], rope: float) -> Table:
    """One column per prior: how large it takes an effect and the whole prediction to be."""
    data = next(iter(believed.values())).data
    sd_y, live = float(np.std(data.y)), int(np.count_nonzero(data.column_sd))
    noise, columns = data.noise, []
    draws_sigma = not noise.is_known and noise.is_proper
    at = "with sigma as unknown" if draws_sigma else "at this sigma"
    for one in believed.values():
        prior = effect_prior(one)
        spread = np.asarray(prior.sd, dtype=float)
        explained = prior_r2(data, one.prior, None if draws_sigma else one.sigma)
        total = float(np.sqrt(np.sum(np.broadcast_to(spread, live) ** 2)))
        columns.append(
            [
                cells.text(one.prior),
                _range(spread),
                _range(prior.interval(0.5)),
                _range(prior.interval(0.95)),
                _range(prior.interval(0.99)),
                _probabilities(prior.probability(rope * sd_y)),
                cells.number(total),
                cells.number(one.sigma),
                cells.number(explained.median),
                interval(explained.low, explained.high),
            ]
        )
    names = [
        "prior of the coefficients",
        "sd of an effect",
        "half of all effects are smaller than",
        "95 % are smaller than",
        "99 % are smaller than",
        f"probability that an effect is negligible (below {shown(rope * sd_y)})",
        "size of the linear predictor: root mean square over the rows",
        "sigma, the sd of the noise, at the mode",
        f"R² that it expects of all columns {at}, median",
        "95 % of R² between",
    ]
    rows = [
        (cells.text(name), *row)
        for name, row in zip(names, zip(*columns, strict=True), strict=True)
    ]
    return Table(
        caption="What each prior believes before it sees y, in units of y (sd(y) = "
        f"{shown(sd_y)}). An effect is what y changes by when a column moves by one "
        "of its standard deviations.",
        header=("belief", *believed),
        rows=tuple(rows),
    )


def shown(value: float, digits: int = 4) -> str:
    """Write a number as the page does, inside a sentence."""
    return typeset(cells.number(value, digits))


def interval(low: float, high: float) -> Cell:
    """Return two numbers in one cell."""
    return Cell(f"{shown(low)} to {shown(high)}")


def _range(values: float | Floats) -> Cell:
    """One number, or the smallest and the largest where columns differ."""
    low, high = float(np.min(values)), float(np.max(values))
    return cells.number(low) if low == high else interval(low, high)


def _probabilities(values: float | Floats) -> Cell:
    low, high = (cells.probability(end) for end in (np.min(values), np.max(values)))
    return low if low.value == high.value else Cell(f"{low} to {high}")
