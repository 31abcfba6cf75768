"""Exact Gaussian curves at 1,000 scales, in units of one eigendecomposition of their Gram matrix.

    python benchmarks/scale_curves.py [--rows 1000] [--columns 500] [--scales 1000]

"curves" is everything after the cross products: the eigendecomposition, evidence, effective
degrees of freedom, generalised cross-validation and leave-one-out at every scale. The ratio
should stay below three. "loo" is the share of leave-one-out in it.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable

os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import numpy as np

from priormap import Regression
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.leave_one_out import loo_exact
from priormap.criteria.scale_family import ScaleFamily

__all__ = ["curve_times"]

_REPEATS = 7


def curve_times(n: int, p: int, count: int) -> dict[str, float]:
    """Median processor seconds, and their ratio."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(n, p)) @ (np.eye(p) + 0.1 * rng.normal(size=(p, p)))
    data = Regression(X, X @ rng.normal(size=p) * 0.1 + rng.normal(size=n), sigma=1.0)
    gram, scales, rows = data.unit.gram, np.geomspace(1e-3, 10, count), np.arange(n)

    def criteria() -> GaussianCurves:
        curves = GaussianCurves.of(ScaleFamily.of(data, "gaussian"))
        mu = curves.mu(scales, 1.0)
        curves.log_evidence(scales, 1.0), curves.spectrum.degrees_of_freedom(mu), curves.gcv(mu)
        return curves

    eigen = _median(lambda: np.linalg.eigh(gram))
    without_loo = _median(criteria)
    curves = _median(lambda: loo_exact(criteria(), scales, rows))
    return {
        "rows": n,
        "columns": p,
        "scales": count,
        "eigendecomposition": eigen,
        "curves": curves,
        "ratio": curves / eigen,
        "ratio_without_loo": without_loo / eigen,
    }


def _median(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_REPEATS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return float(np.median(times))


def main() -> None:
    """Print the ratio, and JSON in the last line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--columns", type=int, default=500)
    parser.add_argument("--scales", type=int, default=1000)
    given = parser.parse_args()
    found = curve_times(given.rows, given.columns, given.scales)
    print(
        f"{given.scales:,} scales, n {given.rows:,}, p {given.columns}: "
        f"{found['ratio']:.2f} eigendecompositions ({found['ratio_without_loo']:.2f} without "
        "leave-one-out)"
    )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
