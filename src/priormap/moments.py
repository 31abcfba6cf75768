r"""One pass over the rows: means, cross products and norms of centred columns.

With them nothing costs O(n) again. Cross products are summed in blocks of rows that stay in
cache, about a provisional centre (the mean of the first block), so that means which dwarf the
spread of a column do not eat its digits and no copy of the data is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from priormap.validation import Matrix

__all__ = ["Moments", "column_norms", "moments_of"]

Floats: TypeAlias = NDArray[np.float64]
_BLOCK_ENTRIES = 1 << 18  # two megabytes: a block and its centred copy stay in cache
_EPS = float(np.finfo(float).eps)
# A centred sum of squares this much smaller than the one about the provisional centre has
# lost digits to cancellation: the pass is made again about the mean itself.
_CANCELLATION = 1e-3


@dataclass(frozen=True, eq=False)
class Moments:
    """Cross products of the centred data (not centred without an intercept).

    Attributes
    ----------
    n : int
        Rows.
    x_mean, y_mean : array of shape (p,), float
        Means; zero without an intercept.
    xtx : array of shape (p, p)
        ``sum_i (x_i - x_mean) (x_i - x_mean)'``.
    xty : array of shape (p,)
        ``sum_i (x_i - x_mean) (y_i - y_mean)``.
    yty : float
        ``sum_i (y_i - y_mean)**2``.
    """

    n: int
    x_mean: Floats
    y_mean: float
    xtx: Floats
    xty: Floats
    yty: float


def moments_of(X: Matrix, y: Floats, intercept: bool) -> Moments:
    """Moments of the data, centred if there is an intercept."""
    y_mean = float(y.mean()) if intercept else 0.0
    y_centred = y - y_mean
    yty = float(y_centred @ y_centred)
    if sparse.issparse(X):
        n = X.shape[0]
        x_mean = X.sum(axis=0) / n if intercept else np.zeros(X.shape[1])
        xtx = (X.T @ X).toarray() - n * np.outer(x_mean, x_mean)
        return Moments(n, x_mean, y_mean, xtx, X.T @ y_centred, yty)
    if not intercept:
        centre = np.zeros(X.shape[1])
        _, xtx, xty = _sums_about(X, y_centred, None)
        return Moments(len(X), centre, y_mean, xtx, xty, yty)
    centre = X[: _block_rows(X)].mean(axis=0)
    sums, xtx, xty = _sums_about(X, y_centred, centre)
    about_centre = np.diag(xtx).copy()
    xtx = _shifted(xtx, sums, len(X))
    if (np.diag(xtx) < _CANCELLATION * about_centre).any():
        centre = centre + sums / len(X)
        sums, xtx, xty = _sums_about(X, y_centred, centre)
        xtx = _shifted(xtx, sums, len(X))
    return Moments(len(X), centre + sums / len(X), y_mean, xtx, xty, yty)


def column_norms(X: Matrix, x_mean: Floats) -> Floats:
    """Euclidean norm of every centred column, in blocks of columns."""
    if sparse.issparse(X):
        squares = np.asarray(X.multiply(X).sum(axis=0)).ravel()
        return np.sqrt(np.maximum(squares - X.shape[0] * x_mean**2, 0.0))
    norms = np.empty(X.shape[1])
    for block in _blocks(X.shape[1], max(1, _BLOCK_ENTRIES // len(X))):
        centred = X[:, block] - x_mean[block] if x_mean.any() else X[:, block]
        norms[block] = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    return norms


def _sums_about(X: Floats, y: Floats, centre: Floats | None) -> tuple[Floats, Floats, Floats]:
    """Sums, cross products, and products with y, of the columns about `centre`."""
    p = X.shape[1]
    sums, xtx, xty = np.zeros(p), np.zeros((p, p)), np.zeros(p)
    for block in _blocks(len(X), _block_rows(X)):
        rows = X[block] if centre is None else X[block] - centre
        xtx += rows.T @ rows
        xty += y[block] @ rows
        if centre is not None:
            sums += np.ones(len(rows)) @ rows
    return sums, xtx, xty


def _shifted(xtx: Floats, sums: Floats, n: int) -> Floats:
    return xtx - np.outer(sums, sums / n)


def _block_rows(X: Floats) -> int:
    return max(256, _BLOCK_ENTRIES // X.shape[1])


def _blocks(length: int, size: int) -> Iterator[slice]:
    for start in range(0, length, size):
        yield slice(start, min(start + size, length))
