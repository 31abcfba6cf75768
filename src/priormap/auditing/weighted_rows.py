r"""A weighted regression as one without weights that has the same likelihood.

``y_i ~ Normal(a + x_i b, sigma**2 / w_i)`` with a flat prior on a. Once a is taken out by
weighted means, the rows times ``sqrt(w_i)`` have noise sigma and no intercept:

.. math:: \tfrac12 \sum_i w_i (y_i - a - x_i b)^2
    = \tfrac12 \lVert \sqrt w (y - \bar y_w) - \sqrt w (X - \bar x_w) b \rVert^2
    \quad\text{at the best } a .
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from priormap.arrays import Floats
from priormap.data.regression import Regression
from priormap.data.validation import as_design, as_response, check_same_index
from priormap.errors import PriormapError


@dataclass(frozen=True, eq=False)
class Rows:
    """The regression that an estimator solved, and what it takes to speak of it.

    Attributes
    ----------
    data : Regression
        With a provisional sigma of 1. Its rows are those of positive weight.
    column_sd : array of shape (p,)
        Standard deviation of the columns, weighted if the rows are.
    response_sd : float
        That of y.
    means : tuple of array of shape (p,) and float
        Means of the columns and of y that give the intercept back: ``y - x b``.
    are_weighted : bool
        Whether the rows were multiplied by the roots of weights.
    """

    data: Regression
    column_sd: Floats
    response_sd: float
    means: tuple[Floats, float]
    are_weighted: bool = False


def rows_of(
    X: Any,
    y: Any,
    *,
    intercept: bool,
    shift: Floats | None = None,
    weights: Floats | None = None,
    names: tuple[str, ...] | None = None,
) -> Rows:
    """Rows of a regression of `y` on ``X - shift``; no copy where there is nothing to change.

    A shift of the columns matters without an intercept only: with one it changes nothing else.
    """
    needs_shift = shift is not None and shift.any() and not intercept
    if weights is None and not needs_shift:
        return rows_of_regression(Regression(X, y, sigma=1.0, intercept=intercept, names=names))
    check_same_index(X, y)
    design, names, _ = as_design(X, names)
    response = as_response(y, design.shape[0])
    if sparse.issparse(design) and (intercept or needs_shift):
        raise PriormapError(
            "a sparse X cannot be centred by weighted means without filling it; "
            "pass X.toarray(), or leave sample_weight out"
        )
    w = np.ones(len(response)) if weights is None else weights
    kept = w > 0
    if not kept.all():
        design, response, w = design[np.flatnonzero(kept)], response[kept], w[kept]
    x_mean = shift if needs_shift and shift is not None else np.zeros(design.shape[1])
    y_mean = 0.0
    if intercept:
        x_mean, y_mean = w @ design / w.sum(), float(w @ response / w.sum())
    root = np.sqrt(w)
    if sparse.issparse(design):
        scaled: Any = sparse.csc_array(design.multiply(root[:, None]))
    else:
        scaled = design - x_mean
        scaled *= root[:, None]
    data = Regression(scaled, root * (response - y_mean), 1.0, False, names=names)
    column_sd = _weighted_sd(scaled, root, w)
    spread = response - np.average(response, weights=w)
    response_sd = float(np.sqrt(np.average(spread**2, weights=w)))
    return Rows(data, column_sd, response_sd, (x_mean, y_mean), weights is not None)


def rows_of_regression(data: Regression, weights: Floats | None = None) -> Rows:
    """Rows of a regression that is there already."""
    if weights is not None:
        return rows_of(data.X, data.y, intercept=data.intercept, weights=weights, names=data.names)
    unit = data.unit
    return Rows(data, data.column_sd, float(np.std(data.y)), (unit.x_mean, unit.y_mean))


def rows_with_ones(data: Regression, weights: Floats | None = None) -> Rows:
    """Rows without an intercept but with a first column of ones, which may be penalised."""
    ones = np.ones((data.n_rows, 1))
    X = sparse.hstack([ones, data.X]) if sparse.issparse(data.X) else np.hstack([ones, data.X])
    name = "intercept" if "intercept" not in data.names else "the intercept"
    return rows_of(X, data.y, intercept=False, weights=weights, names=(name, *data.names))


def _weighted_sd(scaled: Any, root: Floats, w: Floats) -> Floats:
    """Weighted sd of columns that were multiplied by the roots of the weights."""
    squares = (
        scaled.multiply(scaled).sum(axis=0)
        if sparse.issparse(scaled)
        else (np.einsum("ij,ij->j", scaled, scaled))
    )
    mean = root @ scaled / w.sum()
    return np.sqrt((np.asarray(squares).ravel() / w.sum() - mean**2).clip(0))
