"""K-fold prediction error of the mode, along the exact path of every fold."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import brentq

from priormap.arrays import Floats, Indices
from priormap.checks import short
from priormap.criteria.criterion import Criterion, Curve, Folds, Optimum, Study, peak
from priormap.criteria.scale_family import ScaleFamily
from priormap.data.moments import row_blocks
from priormap.data.regression import Regression
from priormap.errors import PriormapError, PriormapWarning
from priormap.mode import MapPath, map_path

_SQUARABLE = 1e150
HOLD = ("prior", "alpha")
_ONE_SE = "strongest prior whose mode predicts within one standard error of cv"


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
            self._folds.append((test, map_path(training, family.on_rows(share), scales)))

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
            f"got {short(folds)}"
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
            f"folds must hold pairs (train, test) of row numbers, got {short(pair)}"
        ) from None
    for name, part, fewest in (("train", train, least), ("test", test, 1)):
        fits = part.ndim == 1 and part.dtype.kind in "iu" and len(part) >= fewest
        if not fits or part.min() < 0 or part.max() >= n:
            raise PriormapError(
                f"folds must hold, as {name} rows, {fewest} or more row numbers from 0 to {n - 1}"
            )
    return train, test


def _pairs(study: Study) -> list[tuple[Indices, Indices]]:
    return split(study.family.data, study.folds, study.rng)


def _errors(study: Study) -> FoldErrors:
    return FoldErrors(study.family, study.once(_pairs), study.hold, study.scales)


def _why_not(study: Study) -> str:
    study.once(_pairs)  # refuses folds that cannot be used before anything is computed
    return study.family.no_mode and f"predicts by the mode: {study.family.no_mode}"


def _curve(study: Study) -> Curve:
    return Curve(study.scales, *_over_folds(study.once(_errors).at(study.scales)))


def _optima(study: Study, curve: Curve) -> list[Optimum]:
    """Minimum, and the one-standard-error rule."""
    errors, scales, mean = study.once(_errors), curve.scales, curve.values
    best = peak(lambda s: -_over_folds(errors.at(s))[0], scales, -mean)
    least, error = (float(value[0]) for value in _over_folds(errors.at(np.array([best]))))

    def excess(log_scale: float) -> float:
        return float(_over_folds(errors.at(np.exp(np.array([log_scale]))))[0][0]) - least - error

    strong = _first_below(excess, scales[scales < best], mean - least - error, best)
    value = least + error + excess(np.log(strong))
    meaning = f"smallest {len(study.once(_pairs))}-fold prediction error of the mode"
    return [
        Optimum("cv", best, least, error, meaning),
        Optimum("cv_1se", strong, value, error, _ONE_SE),
    ]


def _over_folds(errors: Floats) -> tuple[Floats, Floats]:
    """Mean over folds, and its standard error."""
    largest = errors.max()
    unit = largest if largest > _SQUARABLE else 1.0
    return errors.mean(axis=0), unit * (errors / unit).std(axis=0, ddof=1) / np.sqrt(len(errors))


def _first_below(
    excess: Callable[[float], float], scales: Floats, excesses: Floats, best: float
) -> float:
    """Smallest scale up to the best one at which nothing is in excess."""
    points = np.append(scales, best)
    inside = np.append(excesses[: len(scales)] <= 0, True)
    first = int(np.argmax(inside))
    if first == 0:
        return float(points[0])
    left, right = np.log(points[first - 1]), np.log(points[first])
    if excess(right) >= 0:
        return float(points[first])
    return float(np.exp(brentq(excess, left, right, xtol=1e-10)))


CROSS_VALIDATION = Criterion(
    "cv",
    {"cv": "cross-validation", "cv_1se": "its one-standard-error rule"},
    _optima,
    _curve,
    label="error of\nprediction",
    value="mean squared error of prediction",
    best="cv",
    has_error=True,
    why_not=_why_not,
)
