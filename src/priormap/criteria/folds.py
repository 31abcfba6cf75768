"""Rows that are held out, and the regression of the others."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any, TypeAlias, TypeGuard

import numpy as np
from scipy import sparse

from priormap.arrays import Floats, Indices
from priormap.checks import short
from priormap.criteria.criterion import Folds
from priormap.data.regression import Regression
from priormap.errors import PriormapError, PriormapWarning
from priormap.priors.densities import PositiveDensity

Pairs: TypeAlias = "list[tuple[Indices, Indices]]"


def on_rows(data: Regression, rows: Indices, sigma: float | PositiveDensity) -> Regression:
    """Regression of some of the rows, columns as they are; nothing is warned of twice."""
    X, y = rows_of(data, rows)
    with warnings.catch_warnings():  # the whole data were judged when they came in
        warnings.simplefilter("ignore", PriormapWarning)
        return Regression(X, y, sigma=sigma, intercept=data.intercept)


def rows_of(data: Regression, rows: Indices) -> tuple[Any, Floats]:
    """Some rows of X and y."""
    X = data.X.tocsr() if sparse.issparse(data.X) else data.X
    return X[rows], data.y[rows]


def split(data: Regression, folds: Folds, rng: np.random.Generator) -> Pairs:
    """Row indices (train, test) of each fold: shuffled ones of equal size, or the given ones."""
    n, least = data.n_rows, 1 + int(data.intercept)
    if is_number(folds):
        if folds < 2 or folds > n or n - -(-n // int(folds)) < least:
            raise PriormapError(
                f"folds must be at least 2 and leave at least {least} of the {n} rows to fit, "
                f"got {folds}; give from 2 to {n}, or more rows"
            )
        parts = np.array_split(rng.permutation(n), int(folds))
        return [(np.setdiff1d(np.arange(n), part), np.sort(part)) for part in parts]
    if callable(getattr(folds, "split", None)) and not isinstance(folds, str):
        folds = _cut(folds, data)
    if not isinstance(folds, Iterable) or isinstance(folds, str):
        raise PriormapError(
            "folds must be a number, a splitter with a method split(X, y), or a list of "
            f"(train, test) pairs of row numbers, got {short(folds)}"
        )
    pairs = [_checked_fold(pair, n, least) for pair in folds]
    if len(pairs) < 2:
        raise PriormapError(f"folds holds {len(pairs)} pair of row numbers; give at least 2")
    return pairs


def _cut(splitter: Any, data: Regression) -> list[tuple[Any, Any]]:
    try:
        return list(splitter.split(data.X, data.y))
    except (TypeError, ValueError) as error:
        raise PriormapError(
            f"folds.split(X, y) of a {type(splitter).__name__} says {str(error)!r}; give the pairs "
            "that it makes as a list"
        ) from None


def _checked_fold(pair: Any, n: int, least: int) -> tuple[Indices, Indices]:
    try:
        train, test = (np.asarray(part) for part in pair)
    except (TypeError, ValueError):
        raise PriormapError(
            f"folds must hold pairs (train, test) of row numbers, got {short(pair)}"
        ) from None
    for name, part, fewest in (("train", train, least), ("test", test, 1)):
        fits = part.ndim == 1 and part.dtype.kind in "iu" and len(part) >= fewest
        if not fits or part.min() < 0 or part.max() >= n:
            raise PriormapError(
                f"folds must hold, as {name} rows, {fewest} or more row numbers from 0 to {n - 1}"
            )
    return train, test


def is_number(folds: object) -> TypeGuard[int]:
    """Whether folds are a number of them, to be shuffled."""
    return isinstance(folds, int | np.integer) and not isinstance(folds, bool)
