"""Which part of a `Contrast` a figure shows: checked, capped, the rest counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np

from priormap.arrays import Floats
from priormap.checks import result_of, short
from priormap.data.regression import Regression
from priormap.errors import PriormapError
from priormap.tables.named_priors import listed
from priormap.tables.posterior_contrast import Contrast

Features: TypeAlias = str | Iterable[str] | None
MOST_ROWS = 40  # a page's worth


def check_contrast(table: object) -> Contrast:
    """Return `table` if it is what `contrast` returned, or refuse."""
    return result_of("contrast(data, priors)", "table", table, Contrast)


def chosen_features(table: Contrast, features: Features, most: int) -> tuple[str, ...]:
    """Return the named columns, or the `most` with the strongest effect, strongest first.

    The strength is the largest ``|posterior mean| * sd(x)`` over the priors.

    Raises
    ------
    PriormapError
        As `chosen_columns`.
    """
    data = table.data
    size = table.coefficients.pivot(index="feature", columns="prior", values="mean").abs()
    strength = size.max(axis=1)[list(data.names)].to_numpy() * data.column_sd
    return chosen_columns(data, features, strength, most)


def chosen_columns(
    data: Regression, features: Features, strength: Floats, most: int
) -> tuple[str, ...]:
    """Return the named columns, or the `most` of the largest strength, strongest first.

    A constant column has no effect and is never chosen.

    Raises
    ------
    PriormapError
        If a name is unknown, constant or named twice, or there are none or too many.
    """
    names, sd = data.names, data.column_sd
    if features is None:
        order = np.argsort(-strength, kind="stable")
        features = [names[j] for j in order if sd[j] > 0][:most]
    elif isinstance(features, str):
        features = [features]
    elif not isinstance(features, Iterable):
        raise PriormapError(f"features must be a list of column names, got {short(features)}")
    chosen = tuple(features)
    for name in chosen:
        if name not in names:
            known = ", ".join(names[:8]) + ", ..." * (len(names) > 8)
            raise PriormapError(f"features has {name!r}, which is no column; choose from: {known}")
        if sd[names.index(name)] == 0:
            raise PriormapError(
                f"features has {name!r}, a constant column, which moves nothing; leave it out"
            )
    if len(set(chosen)) < len(chosen):
        raise PriormapError(f"features names a column twice: {listed(list(chosen))}")
    if not chosen:
        raise PriormapError("features is empty; name at least one column that varies")
    if len(chosen) > MOST_ROWS:
        raise PriormapError(
            f"features names {len(chosen)} columns and a figure shows at most {MOST_ROWS}"
        )
    return chosen


def left_out(table: Contrast, shown: int) -> str:
    """Say how many columns the figure does not show; empty if it shows all."""
    total = table.data.n_features
    return "" if shown == total else f"{shown} of {total} columns; {total - shown} left out"
