"""Dense symmetric linear algebra on upper triangles, row by row, so that inner loops vectorise.

Small, cheap to compile, single-threaded: results do not depend on the number of cores.
"""

from __future__ import annotations

import math

import numpy as np

from priormap.posterior.kernels.compiled import Array, fast


@fast()
def cholesky_upper(a: Array) -> None:
    """Overwrite the upper triangle of ``a`` by U with a = U'U; the lower triangle is not read.

    A pivot that rounding makes negative is taken for the rounding error of its diagonal entry.
    """
    p = a.shape[0]
    for i in range(p):
        rounding = 1e-15 * a[i, i]
        for k in range(0, i - 3, 4):
            c0, c1, c2, c3 = a[k, i], a[k + 1, i], a[k + 2, i], a[k + 3, i]
            for j in range(i, p):
                a[i, j] -= c0 * a[k, j] + c1 * a[k + 1, j] + c2 * a[k + 2, j] + c3 * a[k + 3, j]
        for k in range(i - i % 4, i):
            c0 = a[k, i]
            for j in range(i, p):
                a[i, j] -= c0 * a[k, j]
        scale = 1.0 / math.sqrt(max(a[i, i], rounding))
        for j in range(i, p):
            a[i, j] *= scale


@fast()
def solve_transposed(u: Array, x: Array, out: Array) -> float:
    """``out`` = z with U'z = x; returns |z|^2."""
    p = u.shape[0]
    total = 0.0
    for k in range(p):
        out[k] = x[k]
    for k in range(p):
        z = out[k] / u[k, k]
        out[k] = z
        total += z * z
        for j in range(k + 1, p):
            out[j] -= z * u[k, j]
    return total


@fast()
def solve_upper(u: Array, x: Array, out: Array) -> None:
    """``out`` = z with U z = x."""
    p = u.shape[0]
    for k in range(p - 1, -1, -1):
        total = x[k]
        for j in range(k + 1, p):
            total -= u[k, j] * out[j]
        out[k] = total / u[k, k]


@fast()
def multiply(a: Array, x: Array, out: Array) -> None:
    """``out = A x``."""
    for i in range(a.shape[0]):
        total = 0.0
        for j in range(a.shape[1]):
            total += a[i, j] * x[j]
        out[i] = total


def inverse_and_root(gram: Array) -> tuple[Array, Array]:
    """Inverse of a positive definite matrix, and upper W with inverse = W W'."""
    lower = np.linalg.cholesky(gram)
    root = np.ascontiguousarray(np.linalg.solve(lower, np.eye(len(gram))).T)
    return np.ascontiguousarray(root @ root.T), root
