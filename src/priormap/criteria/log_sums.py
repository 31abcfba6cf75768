"""Log of a sum of exponentials, row by row: `scipy.special.logsumexp` without its generality."""

from __future__ import annotations

import numpy as np

from priormap.arrays import Floats


def log_sums(logs: Floats) -> Floats:
    """Log of the sum of the exponentials of each row."""
    top = logs.max(axis=1, keepdims=True)
    shifted = logs - top
    np.exp(shifted, out=shifted)
    return np.asarray(top[:, 0] + np.log(shifted.sum(axis=1)))
