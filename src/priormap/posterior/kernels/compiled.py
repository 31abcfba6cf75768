"""How kernels are compiled: without the interpreter lock, division unchecked, cached on disk.

``kernel`` is for entry points, ``inner`` for what only kernels call (no Python wrapper is built,
which halves the compile time; call ``.py_func`` from Python). ``fast`` also lets sums be reordered
and fused, so that loops vectorise; infinities keep their meaning.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numba import njit
from numpy.typing import NDArray

from priormap.arrays import Floats

Array = Floats
Words = NDArray[np.uint64]
Counts = NDArray[np.int64]

kernel = partial(njit, cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
inner = partial(
    njit, nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
)
fast = partial(inner, fastmath={"reassoc", "contract", "nsz", "arcp", "nnan"})
