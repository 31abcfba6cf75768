"""Time per draw against the number of rows, p = 20: after the one pass it should be flat.

    python benchmarks/posterior_scaling.py [--rows 1000,10000,...]

"pass" is ``Regression(X, y)`` with its moments, in processor seconds; "sample" and "draws" are
those of ``sample`` and of its kernel alone per draw of 4 x 1000 (tuning not counted as draws).
"""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import numpy as np

from posterior_models import Problem, independent
from posterior_ours import our_model, watch_kernels
from posterior_protocol import CHAINS, DRAWS, TUNE, Cost, clock

__all__ = ["scaling"]

_REPEATS = 3
_COLUMNS = 20


def scaling(rows: list[int]) -> list[dict[str, Any]]:
    """Measure both priors for each number of rows."""
    from priormap import sample

    spent = watch_kernels()
    measured = []
    for model in ("laplace", "gaussian"):
        for n in rows:
            X, y = independent(n, _COLUMNS, 8, seed=5)
            start = clock()
            data, prior = our_model(Problem(X, y / y.std(), model))
            _ = data.unit.gram
            pass_over_rows = clock() - start
            costs: list[Cost] = []
            for seed in range(_REPEATS + 1):
                start = clock()
                sample(data, prior, DRAWS, tune=TUNE, chains=CHAINS, random_seed=seed)
                costs.append(clock() - start)
            kernels, warm = spent[-_REPEATS:], costs[-_REPEATS:]
            row = {"model": model, "n": n, "pass": pass_over_rows.cpu}
            for name, samples in (("sample", warm), ("draws", kernels)):
                seconds = float(np.median([cost.cpu for cost in samples]))
                row[name] = 1e6 * seconds / (CHAINS * DRAWS)
            measured.append(row)
            print(
                f"{model:10} n {n:9,}  pass {row['pass']:7.3f} s   a draw: sample "
                f"{row['sample']:6.1f} us, draws {row['draws']:6.1f} us",
                flush=True,
            )
    return measured


def main() -> None:
    """Print the table, and JSON in the last line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", default="1000,10000,100000,1000000")
    rows = [int(count) for count in parser.parse_args().rows.split(",")]
    print(json.dumps(scaling(rows)))


if __name__ == "__main__":
    main()
