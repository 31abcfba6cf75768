r"""Singular values of columns times weights that may differ by many orders of magnitude.

A prior sd times a column in raw units (money beside shares) makes a *graded* matrix
``A = B diag(w)``. Eigenvalues of ``A'A`` know every number to ``eps max(w)**2`` only, singular
values of A to ``eps max(w)``: what a small weight says is lost. Two triangular factorisations,
rows sorted by size, and one-sided Jacobi rotations keep every singular value and vector to the
digits that B itself allows, whatever the weights are.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from priormap.arrays import Floats

_EPS = float(np.finfo(float).eps)
# Largest ratio of weights at which squares, and at which the plain decomposition, keep what counts
_SQUARES_SERVE, _PLAIN_SERVES = 300.0, 1e5
_SMALLEST = 1e-152  # a singular value whose square leaves the range of a float counts as zero


def squares_serve(weights: Floats) -> bool:
    """Whether cross products of columns with these weights keep the smallest of them."""
    return _ratio(weights) <= _SQUARES_SERVE


def weighted_svd(
    B: Floats, weights: Floats, most: int, *, exact: bool = False
) -> tuple[Floats, Floats, Floats]:
    """``U, s, V`` with ``B diag(weights) = U diag(s) V'``.

    Parameters
    ----------
    B : array of shape (m, p)
        Its columns are of like size, or small only by what was taken out of them.
    weights : array of shape (p,)
        Positive.
    most : int
        Bound of the rank that is known beforehand.
    exact : bool
        Whether to spend some times the work on the last digits where weights differ little too.

    Returns
    -------
    left, singular, right : arrays of shape (m, k), (k,), (p, k)
        Those of singular values above rounding, which fall.

    References
    ----------
    Demmel and Veselic (1992), "Jacobi's method is more accurate than QR", SIAM Journal on Matrix
    Analysis and Applications 13(4); Drmac and Veselic (2008), "New fast and accurate Jacobi SVD
    algorithm", 29(4); Cox and Higham (1998), "Stability of Householder QR factorization for
    weighted least squares problems", for the sorted rows.

    Examples
    --------
    >>> B = np.array([[1.0, 1.0], [0.0, 1.0]])
    >>> left, singular, right = weighted_svd(B, np.array([1e20, 1.0]), 2)
    >>> singular
    array([1.e+20, 1.e+00])
    """
    limit = _SQUARES_SERVE if exact else _PLAIN_SERVES
    if _ratio(weights[B.any(axis=0)]) <= limit:
        left, singular, right = linalg.svd(B * weights, full_matrices=False)
        small = max(B.shape) * _EPS * singular.max(initial=0.0)
        rank = min(int((singular > small).sum()), most)
        return left[:, :rank], singular[:rank], right[:rank].T
    outer, root, order = linalg.qr(B, mode="economic", pivoting=True)  # rank, whatever the weights
    diagonal = np.abs(np.diag(root))
    rank = min(int((diagonal > max(B.shape) * _EPS * diagonal.max()).sum()), most)
    if rank == 0:
        return outer[:, :0], diagonal[:0], root[:0].T
    graded = (root[:rank] * weights[order]).T
    rows = np.argsort(-np.abs(graded).max(axis=1), kind="stable")
    inner, triangle, columns = linalg.qr(graded[rows], mode="economic", pivoting=True)
    singular, turned, along = _jacobi(np.asfortranarray(triangle.T))
    kept = singular > _SMALLEST
    left, right = np.empty((rank, rank)), np.empty((B.shape[1], rank))
    left[columns], right[order[rows]] = turned, inner @ along
    return outer[:, :rank] @ left[:, kept], singular[kept], right[:, kept]


def _jacobi(triangle: Floats) -> tuple[Floats, Floats, Floats]:
    """``U, s, V`` of a lower triangle whose columns fall in size."""
    sizes, left, right, work, _, _ = linalg.lapack.dgejsv(
        triangle, joba=0, jobu=0, jobv=0, jobr=0, jobp=0
    )
    return sizes * (work[0] / work[1]), left, right


def _ratio(weights: Floats) -> float:
    """Largest over smallest of positive numbers; 1 of none."""
    return float(weights.max() / weights.min()) if weights.size else 1.0
