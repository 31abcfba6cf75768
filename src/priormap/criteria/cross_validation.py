"""K-fold prediction error of the mode, along the exact path of every fold.

One shuffling of the rows into folds is one draw of a noisy curve, and near a flat minimum its
lowest point is anywhere. The rows are shuffled again until the point stands still, or for as long
as the work allows; what is left of that noise is told with the optimum.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from priormap.arrays import Bools, Floats, Indices
from priormap.criteria.criterion import Criterion, Curve, Optimum, Study, peak
from priormap.criteria.folds import Pairs, is_number, on_rows, rows_of, split
from priormap.criteria.scale_family import ScaleFamily
from priormap.data.moments import row_blocks
from priormap.errors import PriormapError
from priormap.mode import MapPath, map_path

_SQUARABLE = 1e150
_BATCH, _MOST_REPEATS = 10, 100  # of the folds, between two looks and in all
_MOST_WORK, _MOST_KEPT = 1e9, 2e7  # products of all paths; numbers that they keep
_MOST_SOLVED = 10  # repeats, where every scale of a path is a problem of its own
_STANDS_STILL = 1.25  # largest over smallest scale that the folds cannot tell from the best
_TOLD_APART = 2.0  # standard errors over repeats
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
        folds: Pairs,
        hold: str,
        scales: Floats,
    ) -> None:
        self._family, self._hold, self._scales = family, hold, scales
        self._folds: list[tuple[Indices, MapPath]] = []
        self.first = self.add(folds)

    def add(self, folds: Pairs) -> Floats:
        """Look at more folds too, and return their errors at the given scales."""
        family, data = self._family, self._family.data
        for train, test in folds:
            share = len(train) / data.n_rows if self._hold == "alpha" else 1.0
            training = on_rows(data, train, family.sigma)
            self._folds.append((test, map_path(training, family.on_rows(share), self._scales)))
        added = self._folds[-len(folds) :]
        return np.stack([self._errors(test, path, self._scales) for test, path in added])

    @property
    def repeats(self) -> float:
        """How often a row is held out, but at least 1."""
        return max(1.0, sum(len(test) for test, _ in self._folds) / self._family.data.n_rows)

    def over_folds(self, scales: Floats) -> tuple[Floats, Floats]:
        """Mean error, and its standard error: folds that hold the same rows count once."""
        errors = self.at(scales)
        largest = errors.max()
        unit = largest if largest > _SQUARABLE else 1.0
        spread = unit * (errors / unit).std(axis=0, ddof=1)
        return errors.mean(axis=0), spread / np.sqrt(len(errors) / self.repeats)

    def at(self, scales: Floats) -> Floats:
        """Errors, shape (folds, m)."""
        return np.stack([self._errors(test, path, scales) for test, path in self._folds])

    def _errors(self, test: Indices, path: MapPath, scales: Floats) -> Floats:
        coef, means = path.at(scales), path.data.unit
        (X, y), squares = rows_of(self._family.data, test), np.zeros(len(scales))
        for block in row_blocks(X):
            fitted = X[block] @ coef.T - coef @ means.x_mean
            squares += ((y[block, None] - means.y_mean - fitted) ** 2).sum(axis=0)
        return squares / len(test)


class Repeated(NamedTuple):
    """Errors of folds that were shuffled again and again, and what their chance leaves open.

    `low` and `high` bound the scales that differ from the best by less than two standard errors
    over the repeats; NaN of folds that were given, or shuffled once.
    """

    errors: FoldErrors
    folds: int
    repeats: int
    low: float = np.nan
    high: float = np.nan


def _pairs(study: Study) -> Pairs:
    return split(study.family.data, study.folds, study.rng)


def _most_repeats(study: Study) -> int:
    """As many as the work and the memory of their paths allow."""
    data, rates = study.family.data, study.family.model.penalty(1.0)
    if rates.l1.any() and rates.l2.any():
        return _MOST_SOLVED
    kept = data.n_rows * data.n_features * len(study.once(_pairs))
    most = min(_MOST_KEPT / kept, _MOST_WORK / (kept * min(data.n_rows, data.n_features)))
    return int(np.clip(most, 1, _MOST_REPEATS))


def _repeated(study: Study) -> Repeated:
    """Shuffle until the best scale stands still, as often as was asked for, or not at all."""
    pairs = study.once(_pairs)
    errors = FoldErrors(study.family, pairs, study.hold, study.scales)
    if not is_number(study.folds):
        return Repeated(errors, len(pairs), 1)
    most = study.repeats or _most_repeats(study)
    curves, low, high = [errors.first.mean(axis=0)], np.nan, np.nan
    while len(curves) < most:
        again = split(study.family.data, study.folds, study.rng)
        curves.append(errors.add(again).mean(axis=0))
        if len(curves) % _BATCH == 0 or len(curves) == most:
            low, high = _not_told_apart(study.scales, np.array(curves))
            if study.repeats is None and high <= _STANDS_STILL * low:
                break
    return Repeated(errors, len(pairs), len(curves), low, high)


def _not_told_apart(scales: Floats, curves: Floats) -> tuple[float, float]:
    """Smallest and largest scale that repeats of the folds do not tell from the best."""
    worse = curves - curves[:, [np.argmin(curves.mean(axis=0))]]
    unit = float(np.abs(worse).max()) or 1.0  # squares of y to the fourth leave the doubles
    error = unit * (worse / unit).std(axis=0, ddof=1) / np.sqrt(len(curves))
    near = scales[worse.mean(axis=0) <= _TOLD_APART * error]
    return float(near[0]), float(near[-1])


def _why_not(study: Study) -> str:
    study.once(_pairs)  # refuses folds that cannot be used before anything is computed
    if study.repeats is not None and not is_number(study.folds):
        raise PriormapError(
            f"repeats = {study.repeats} needs folds as a number; given folds are taken as they are"
        )
    return study.family.no_mode and f"predicts by the mode: {study.family.no_mode}"


def _curve(study: Study) -> Curve:
    return Curve(study.scales, *study.once(_repeated).errors.over_folds(study.scales))


def _optima(study: Study, curve: Curve) -> list[Optimum]:
    """Minimum, the scales within one standard error of it, and the smallest of them."""
    found, scales, mean = study.once(_repeated), curve.scales, curve.values
    best = peak(lambda s: -found.errors.over_folds(s)[0], scales, -mean)
    least, error = (float(value[0]) for value in found.errors.over_folds(np.array([best])))

    def excess(log_scale: float) -> float:
        return float(found.errors.over_folds(np.exp([log_scale]))[0][0]) - least - error

    def edge(side: Bools) -> float:
        order = np.argsort(-np.abs(np.log(scales[side] / best)))  # from afar
        return _first_below(excess, scales[side][order], mean[side][order] - least - error, best)

    strong, weak = edge(scales < best), edge(scales > best)
    value = least + error + excess(np.log(strong))
    return [
        Optimum("cv", best, least, error, _meaning(found), strong, weak),
        Optimum("cv_1se", strong, value, error, _ONE_SE),
    ]


def _meaning(found: Repeated) -> str:
    said = f"smallest {found.folds}-fold prediction error of the mode"
    if np.isnan(found.low):
        return said
    return (
        f"{said}, mean of {found.repeats} shufflings of the folds, whose chance alone leaves "
        f"{found.low:.3g} to {found.high:.3g} open"
    )


def _first_below(
    excess: Callable[[float], float], scales: Floats, excesses: Floats, best: float
) -> float:
    """First scale on the way to the best one at which nothing is in excess."""
    points, inside = np.append(scales, best), np.append(excesses <= 0, True)
    first = int(np.argmax(inside))
    if first == 0:
        return float(points[0])
    outer, inner = np.log(points[first - 1]), np.log(points[first])
    if excess(inner) >= 0:
        return float(points[first])
    return float(np.exp(brentq(excess, outer, inner, xtol=1e-10)))


CROSS_VALIDATION = Criterion(
    "cv",
    {"cv": "cross-validation", "cv_1se": "its one-standard-error rule"},
    _optima,
    _curve,
    label="error of\nprediction",
    value="mean squared error of prediction",
    best="cv",
    has_error=True,
    within="one standard error at the smallest error",
    why_not=_why_not,
)
