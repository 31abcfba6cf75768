r"""One pass over the rows: means, cross products and norms of centred columns.

With them nothing costs O(n) again. Cross products are summed in blocks of rows that stay in
cache, about a provisional centre (the mean of the first block), so that means which dwarf the
spread of a column do not eat its digits and no copy of the data is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from priormap.arrays import Floats, Indices, Matrix

_BLOCK_ENTRIES = 1 << 18  # two megabytes: a block and its centred copy stay in cache
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

    def on_columns(self, which: Indices) -> Moments:
        """Moments of some of the columns."""
        xtx, xty = self.xtx[np.ix_(which, which)], self.xty[which]
        return Moments(self.n, self.x_mean[which], self.y_mean, xtx, xty, self.yty)


def moments_of(X: Matrix, y: Floats, intercept: bool) -> Moments:
    """Moments of the data, centred if there is an intercept."""
    y_mean, y_centred = 0.0, y
    if intercept:
        y_mean = float(y.mean())
        y_centred = y - y_mean
        y_centred -= y_centred.mean()  # what rounding left of a mean that dwarfs the spread
    yty = float(y_centred @ y_centred)
    n = X.shape[0]
    if sparse.issparse(X):
        x_mean = X.sum(axis=0) / n if intercept else np.zeros(X.shape[1])
        raw = (X.T @ X).toarray()
        xtx = raw - n * np.outer(x_mean, x_mean)
        if not (np.diag(xtx) < _CANCELLATION * np.diag(raw)).any():
            return Moments(n, x_mean, y_mean, xtx, X.T @ y_centred, yty)
        X = X.tocsr()  # a column that is sparse in name only: block by block, like a dense one
    if not intercept:
        _, xtx, xty = _sums_about(X, y_centred, None)
        return Moments(n, np.zeros(X.shape[1]), y_mean, xtx, xty, yty)
    centre = np.asarray(X[: _block_rows(X)].mean(axis=0)).ravel()
    sums, xtx, xty = _sums_about(X, y_centred, centre)
    about_centre = np.diag(xtx).copy()
    xtx = _shifted(xtx, sums, n)
    if (np.diag(xtx) < _CANCELLATION * about_centre).any():
        centre = centre + sums / n
        sums, xtx, xty = _sums_about(X, y_centred, centre)
        xtx = _shifted(xtx, sums, n)
    return Moments(n, centre + sums / n, y_mean, xtx, xty, yty)


def means_and_norms(X: Matrix, intercept: bool) -> tuple[Floats, Floats]:
    """Mean and length about it of every column (zero and length without an intercept)."""
    n, p = X.shape
    means, norms = np.zeros(p), np.empty(p)
    if intercept:
        means = np.asarray(np.ones(n) @ X) / n
    sparse_enough = np.zeros(p, dtype=bool)
    if sparse.issparse(X):
        squares = np.asarray(X.multiply(X).sum(axis=0)).ravel()
        centred_squares = squares - n * means**2
        sparse_enough = centred_squares >= _CANCELLATION * squares
        norms = np.sqrt(centred_squares.clip(0))
    for block in _blocks(p, max(1, _BLOCK_ENTRIES // n)):
        if sparse_enough[block].all():
            continue
        columns = dense(X[:, block])
        if intercept:
            columns = columns - means[block]
            rest = columns.mean(axis=0)  # what rounding left of the mean
            means[block] += rest
            columns -= rest
        norms[block] = np.sqrt(np.einsum("ij,ij->j", columns, columns))
    return means, norms


def _sums_about(X: Matrix, y: Floats, centre: Floats | None) -> tuple[Floats, Floats, Floats]:
    """Sums, cross products, and products with y, of the columns about `centre`."""
    p = X.shape[1]
    sums, xtx, xty = np.zeros(p), np.zeros((p, p)), np.zeros(p)
    for block in row_blocks(X):
        rows = dense(X[block])
        if centre is not None:
            rows = rows - centre
        xty += rows.T @ y[block]
        xtx += rows.T @ rows
        if centre is not None:
            sums += np.ones(len(rows)) @ rows
    return sums, xtx, xty


def _shifted(xtx: Floats, sums: Floats, n: int) -> Floats:
    return xtx - np.outer(sums, sums / n)


def dense(block: Matrix) -> Floats:
    """Return the block as an array."""
    return block.toarray() if sparse.issparse(block) else block


def row_blocks(X: Matrix) -> Iterator[slice]:
    """Blocks of rows that stay in cache."""
    return _blocks(X.shape[0], _block_rows(X))


def _block_rows(X: Matrix) -> int:
    p = X.shape[1]
    return max(256, _BLOCK_ENTRIES // p, 4 * p)  # at 4 p rows adding up p x p is not the cost


def _blocks(length: int, size: int) -> Iterator[slice]:
    for start in range(0, length, size):
        yield slice(start, min(start + size, length))
