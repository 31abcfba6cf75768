"""K-fold prediction error of the mode, along the exact path of every fold."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse

from priormap.arrays import Floats, Indices
from priormap.criteria.family import ScaleFamily
from priormap.data.moments import row_blocks
from priormap.data.regression import Regression
from priormap.errors import PriormapError, PriormapWarning
from priormap.mode import MapPath, map_path
from priormap.model.penalty import column_prior
from priormap.priors import Gaussian, Prior

Folds: TypeAlias = "int | Iterable[tuple[Any, Any]]"
HOLD = ("prior", "alpha")


class FoldErrors:
    """Mean squared prediction error of each fold at any scale.

    Parameters
    ----------
    family : ScaleFamily
    folds : list of (train, test) row indices
    hold : {"prior", "alpha"}
        What stays the same from fold to fold: the prior, or scikit-learn's alpha of Lasso and
        ElasticNet (a penalty on the mean over rows, which on fewer rows is a wider prior).
    scales : array of shape (m,)
        The largest of them bounds the paths.
    """

    def __init__(
        self,
        family: ScaleFamily,
        folds: list[tuple[Indices, Indices]],
        hold: str,
        scales: Floats,
    ) -> None:
        data = family.data
        self._X = data.X.tocsr() if sparse.issparse(data.X) else data.X
        self._y = data.y
        self._folds: list[tuple[Indices, MapPath]] = []
        for train, test in folds:
            share = len(train) / data.n_rows if hold == "alpha" else 1.0
            with warnings.catch_warnings():  # the whole data were judged when they came in
                warnings.simplefilter("ignore", PriormapWarning)
                training = Regression(
                    self._X[train], data.y[train], sigma=family.sigma, intercept=data.intercept
                )
            self._folds.append((test, map_path(training, _in_fold(family, share), scales)))

    def at(self, scales: Floats) -> Floats:
        """Errors, shape (folds, m)."""
        return np.stack([self._errors(test, path, scales) for test, path in self._folds])

    def _errors(self, test: Indices, path: MapPath, scales: Floats) -> Floats:
        coef, means = path.at(scales), path.data.unit
        X, y, squares = self._X[test], self._y[test] - means.y_mean, np.zeros(len(scales))
        for block in row_blocks(X):
            fitted = X[block] @ coef.T - coef @ means.x_mean
            squares += ((y[block, None] - fitted) ** 2).sum(axis=0)
        return squares / len(test)


def split(
    data: Regression, folds: Folds, rng: np.random.Generator
) -> list[tuple[Indices, Indices]]:
    """Row indices (train, test) of each fold: shuffled ones of equal size, or the given ones."""
    n, least = data.n_rows, 1 + int(data.intercept)
    if isinstance(folds, int | np.integer) and not isinstance(folds, bool):
        if folds < 2 or folds > n or n - -(-n // int(folds)) < least:
            raise PriormapError(
                f"folds must be at least 2 and leave at least {least} of the {n} rows to fit, "
                f"got {folds}; give from 2 to {n}, or more rows"
            )
        parts = np.array_split(rng.permutation(n), int(folds))
        return [(np.setdiff1d(np.arange(n), part), np.sort(part)) for part in parts]
    if not isinstance(folds, Iterable) or isinstance(folds, str):
        raise PriormapError(
            "folds must be a number, or a list of (train, test) pairs of row numbers, "
            f"got {folds!r}"
        )
    pairs = [_checked_fold(pair, n, least) for pair in folds]
    if len(pairs) < 2:
        raise PriormapError(f"folds holds {len(pairs)} pair of row numbers; give at least 2")
    return pairs


def _checked_fold(pair: Any, n: int, least: int) -> tuple[Indices, Indices]:
    try:
        train, test = (np.asarray(part) for part in pair)
    except (TypeError, ValueError):
        raise PriormapError(
            f"folds must hold pairs (train, test) of row numbers, got {pair!r}"
        ) from None
    for name, part, fewest in (("train", train, least), ("test", test, 1)):
        fits = part.ndim == 1 and part.dtype.kind in "iu" and len(part) >= fewest
        if not fits or part.min() < 0 or part.max() >= n:
            raise PriormapError(
                f"folds must hold, as {name} rows, {fewest} or more row numbers from 0 to {n - 1}"
            )
    return train, test


def _in_fold(family: ScaleFamily, share: float) -> Prior:
    """Return the prior at scale 1 of columns as they are, or what the same alpha is on a fold."""
    prior = column_prior(family.prior, family.data)
    return prior if isinstance(prior, Gaussian) else prior.power_scaled(share)
