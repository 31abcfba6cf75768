"""Seconds to the first answer on diabetes: compiled never before, and in a fresh process after.

    python benchmarks/first_use.py [--repeats 3] [--only sample,choose_scale]

Each task runs in a fresh process on the wall clock, first with an empty cache of compiled kernels
and then with the one that it left. "import" is priormap with scikit-learn's data, before the task;
"again" is a second call in the process whose kernels were cached. Medians, with the range of the
first: on a shared machine this time varies by half.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

__all__ = ["TASKS", "main"]


def _contrast(data: Any) -> None:
    from priormap import Gaussian, Laplace, contrast

    contrast(data, {"ridge": Gaussian(25.0), "lasso": Laplace(12.0)}, random_seed=1)


def _find_map(data: Any) -> None:
    from priormap import Laplace, find_map

    find_map(data, Laplace(12.0))


def _sample(data: Any) -> None:
    from priormap import Laplace, sample

    sample(data, Laplace(12.0), random_seed=1, progressbar=False)


def _choose_scale(data: Any) -> None:
    from priormap import choose_scale

    choose_scale(data, "laplace", random_seed=1)


TASKS: dict[str, Callable[[Any], None]] = {
    "find_map": _find_map,
    "sample": _sample,
    "contrast": _contrast,
    "choose_scale": _choose_scale,
}


def measure(task: str) -> dict[str, float]:
    """Times of one process."""
    start = time.perf_counter()
    from sklearn.datasets import load_diabetes

    from priormap import Regression

    X, y = load_diabetes(return_X_y=True, scaled=False)
    data = Regression(X, y, standardize=True)
    ready = time.perf_counter()
    TASKS[task](data)
    first = time.perf_counter()
    TASKS[task](data)
    again = time.perf_counter()
    return {"import": ready - start, "first": first - ready, "again": again - first}


def _in_a_fresh_process(task: str, cache: str) -> dict[str, float]:
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", __file__, "--child", task],
        env=os.environ | {"NUMBA_CACHE_DIR": cache},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(answer.stdout)


def main(tasks: list[str], repeats: int) -> None:
    """Print one line for each task."""
    print(f"{'':14}{'first ever':>12}{'range':>14}{'cached':>9}{'again':>9}{'import':>9}  seconds")
    for task in tasks:
        cold, warm = [], []
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as cache:
                cold.append(_in_a_fresh_process(task, cache))
                warm.append(_in_a_fresh_process(task, cache))
        first = [run["first"] for run in cold]
        cached, again, imports = (
            statistics.median(run[part] for run in warm) for part in ("first", "again", "import")
        )
        spread = f"{min(first):.1f} to {max(first):.1f}"
        print(
            f"{task:14}{statistics.median(first):12.1f}{spread:>14}{cached:9.2f}{again:9.3f}"
            f"{imports:9.2f}",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default=",".join(TASKS), help="tasks, for example sample")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", choices=TASKS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.child)))
    else:
        chosen = options.only.split(",")
        if unknown := [name for name in chosen if name not in TASKS]:
            parser.error(f"unknown {unknown[0]!r}; choose from {', '.join(TASKS)}")
        main(chosen, options.repeats)
