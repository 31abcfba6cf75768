r"""The rows of a regression folded into at most p + 2 rows with the same sums of squares."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from priormap.arrays import Floats
from priormap.data.regression import Regression

_BLOCK_ENTRIES = 1 << 18  # two megabytes of rows at a time


def triangular_root(data: Regression) -> Floats:
    r"""Triangular ``T`` whose moments are those of the rows ``A = [1, X - x_mean, y - y_mean]``.

    ``T'T = A'A``, so that ``|y - a - X b|**2 = |T[:, -1] - T[:, :-1] @ [a', b]|**2`` with
    ``a' = a + x_mean @ b - y_mean``. QR of blocks of rows keeps the digits that X'X squares
    away. Shape (min(n, p + 2), p + 2); without an intercept there is no column of ones.
    """
    X = sparse.csr_array(data.X) if sparse.issparse(data.X) else data.X
    n_columns = data.n_features + 1 + bool(data.intercept)
    size = max(4 * n_columns, _BLOCK_ENTRIES // n_columns)
    root = np.empty((0, n_columns))
    for start in range(0, data.n_rows, size):
        rows = slice(start, start + size)
        block: Floats = X[rows].toarray() if sparse.issparse(X) else X[rows]
        ones = np.ones((len(block), int(data.intercept)))
        response = data.y[rows, None] - data.unit.y_mean
        block = np.hstack([ones, block - data.unit.x_mean, response])
        root = np.asarray(np.linalg.qr(np.vstack([root, block]), mode="r"))
    return root
