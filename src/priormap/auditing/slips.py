r"""Name the slip of convention behind a factor between two penalties.

Libraries write the same penalty with or without the number of rows, the halves, the units of y
and the noise. A factor of one of them, or of two, tells which was forgotten; a factor that
fits several names tells nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations

import numpy as np

from priormap.data.regression import Regression

_SAME = 1e-6  # relative: two factors closer than this are one


def slips_of(data: Regression, sigma: float | None) -> dict[str, dict[str, float]]:
    """Factors that conventions differ by, by what they are made of."""
    n, sd = float(data.n_rows), float(np.std(data.y))
    slips = {
        "rows": {"n": n, "1/n": 1 / n, "2n": 2 * n, "1/(2n)": 0.5 / n, "n/2": n / 2, "2/n": 2 / n},
        "halves": {"2": 2.0, "1/2": 0.5},
    }
    if sd > 0:
        slips["response"] = _powers("sd(y)", sd)
    if sigma is not None:
        slips["noise"] = _powers("sigma", sigma)
    return slips


def name_of_factor(
    factor: float, slips: Mapping[str, Mapping[str, float]], tolerance: float = _SAME
) -> str | None:
    """Name of the one slip, or the one pair of slips, that `factor` is; None if unclear.

    Parameters
    ----------
    factor : float
        Positive.
    slips : mapping
        As `slips_of` returns them; two of one group are never combined.
    tolerance : float
        Relative; at least 1e-6.

    Examples
    --------
    >>> slips = {"rows": {"n": 50.0, "1/n": 0.02}, "halves": {"2": 2.0, "1/2": 0.5}}
    >>> name_of_factor(50.0, slips), name_of_factor(25.0, slips), name_of_factor(7.0, slips)
    ('n', 'n * 1/2', None)
    """
    if not factor > 0 or not math.isfinite(factor):
        return None
    tolerance = max(tolerance, _SAME)
    target = math.log(factor)
    groups = [
        {name: math.log(value) for name, value in group.items() if abs(math.log(value)) > tolerance}
        for group in slips.values()
    ]
    alone = [
        name for group in groups for name, value in group.items() if abs(value - target) < tolerance
    ]
    if alone:
        return alone[0] if len(alone) == 1 else None
    pairs = [
        f"{name} * {other}"
        for group, rest in combinations(groups, 2)
        for name, value in group.items()
        for other, second in rest.items()
        if abs(value + second - target) < tolerance
    ]
    return pairs[0] if len(pairs) == 1 else None


def _powers(name: str, value: float) -> dict[str, float]:
    return {
        name: value,
        f"{name}^2": value**2,
        f"1/{name}": 1 / value,
        f"1/{name}^2": 1 / value**2,
    }
