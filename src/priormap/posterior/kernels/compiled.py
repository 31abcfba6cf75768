"""What every kernel is made of: how it is compiled, its random numbers, its linear algebra.

Kernels run without the interpreter lock, with division unchecked, and are cached on disk.
``kernel`` is for entry points, ``inner`` for what only kernels call (no Python wrapper is built,
which halves the compile time; call ``.py_func`` from Python). ``fast`` also lets sums be reordered
and fused, so that loops vectorise; infinities keep their meaning.

Random numbers are xoshiro256++ (Blackman and Vigna 2021) on a uint64 array of 4. The state is an
argument, so a chain can stop and go on between blocks, threads never share it, and it compiles in
a tenth of the time of a NumPy generator. Linear algebra works on upper triangles, row by row, so
that inner loops vectorise; it is single-threaded: results do not depend on the number of cores.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numba import njit
from numba.core import event
from numpy.typing import NDArray

from priormap.arrays import Floats
from priormap.display.progress import tell_of_compiling

Array = Floats
Words = NDArray[np.uint64]
Counts = NDArray[np.int64]

tell_of_compiling(event)
kernel = partial(njit, cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
inner = partial(
    njit, nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
)
fast = partial(inner, fastmath={"reassoc", "contract", "nsz", "arcp", "nnan"})

_17, _19, _41, _45, _23, _11 = (np.uint64(k) for k in (17, 19, 41, 45, 23, 11))
_UNIT = 2.0**-53


# random numbers


def seed_words(seed: int | np.random.SeedSequence, count: int = 4) -> Words:
    """``count`` words spread from ``seed`` by NumPy's SeedSequence; four make a generator."""
    if not isinstance(seed, np.random.SeedSequence):
        seed = np.random.SeedSequence(seed)
    return seed.generate_state(count, np.uint64).astype(np.uint64)


@inner()
def uniform(rng: Words) -> float:
    """Draw from the open interval (0, 1), 53 bits."""
    a, b, c, d = rng[0], rng[1], rng[2], rng[3]
    word = a + d
    word = ((word << _23) | (word >> _41)) + a
    c ^= a
    d ^= b
    rng[1] = b ^ c
    rng[0] = a ^ d
    rng[2] = c ^ (b << _17)
    rng[3] = (d << _45) | (d >> _19)
    return (float(word >> _11) + 0.5) * _UNIT


@inner()
def fill_normal(rng: Words, out: Array) -> None:
    """Fill ``out`` with standard normals, in pairs (Marsaglia's polar method)."""
    for i in range(0, out.shape[0], 2):
        square = 2.0
        while square >= 1.0:
            x = 2.0 * uniform(rng) - 1.0
            y = 2.0 * uniform(rng) - 1.0
            square = x * x + y * y
        scale = math.sqrt(-2.0 * math.log(square) / square)
        out[i] = scale * x
        if i + 1 < out.shape[0]:
            out[i + 1] = scale * y


# linear algebra


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
