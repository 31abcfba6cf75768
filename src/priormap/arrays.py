"""The arrays that functions take and return."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Indices: TypeAlias = NDArray[np.intp]
Matrix: TypeAlias = Any  # a float array, or a scipy csc_array of floats

# for work where a number beyond all floats is as good as infinity; NaN is still warned of
to_infinity = np.errstate(over="ignore", divide="ignore")
