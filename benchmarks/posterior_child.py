"""One sampler on one problem, in a process of its own: measured from the start of that process.

Run by `posterior_speed`, which hands over a request as JSON and reads the last line printed.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import warnings
from statistics import median
from typing import Any

import numpy as np

from posterior_models import Problem, load
from posterior_protocol import Cost, Run, Sampled, Sampler, clock
from posterior_samplers import SAMPLERS

__all__ = ["quality"]

_SAMPLE_SECONDS = 0.2  # short calls are repeated: the processor's clock may be coarse
_SAMPLE_CALLS = 100


def main() -> None:
    """Measure what the request says."""
    request = json.loads(sys.argv[1])
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: request["cores"]])
    limit = int(request["patience"])
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
    warnings.simplefilter("ignore")
    before = clock()
    problem = load(request["data"], request["model"])
    making = clock() - before
    age = Cost(0.0, time.perf_counter() - (time.time() - request["started"]))
    sampler = SAMPLERS[request["sampler"]]
    print(json.dumps(measure(sampler, problem, request["cores"], making + age)))


def measure(sampler: Sampler, problem: Problem, cores: int, origin: Cost) -> dict[str, Any]:
    """Costs and quality of a first call, and of those that follow it."""
    run = sampler.make(problem, cores)
    prepared = clock()
    sampled = run(0)
    done = clock()
    first = done - origin
    row: dict[str, Any] = quality(sampled)
    sampling, kernel = sampled.sampling or done - prepared, sampled.kernel
    if sampler.repeats and first.cpu < 20:  # compilation is a small part of longer ones
        row, sampling, kernel = _repeat(run, sampler.repeats if first.cpu < 5 else 1)
    row |= {"first_cpu": first.cpu, "first_wall": first.wall}
    row |= {"cpu": sampling.cpu, "wall": sampling.wall, "kernel_cpu": kernel and kernel.cpu}
    row["ess_per_second"] = row["ess"] / sampling.cpu
    row["ess_per_wall_second"] = row["ess"] / sampling.wall
    row["ess_per_second_first"] = row["ess"] / first.cpu
    row["ess_per_kernel_second"] = kernel and row["ess"] / kernel.cpu
    return row


def _repeat(run: Run, repeats: int) -> tuple[dict[str, Any], Cost, Cost | None]:
    """Quality and costs of warm calls: medians, and the worst r-hat."""
    rows, costs, kernels = [], [], []
    for seed in range(1, repeats + 1):
        sampled, cost, kernel = _timed(run, seed)
        costs.append(cost)
        kernels.append(kernel)
        rows.append(quality(sampled))
    row = rows[0] | {"ess": median(row["ess"] for row in rows)}
    for name in ("rhat", "rhat_sigma"):
        values = [row[name] for row in rows if row[name] is not None]
        row[name] = max(values, default=None)
    known = [kernel for kernel in kernels if kernel]
    return row, _median(costs), _median(known) if known else None


def _timed(run: Run, seed: int) -> tuple[Sampled, Cost, Cost | None]:
    """Mean costs of equal calls, as many as the clock's resolution asks for."""
    kernels = []
    start = clock()
    while len(kernels) < _SAMPLE_CALLS:
        sampled = run(seed)
        kernels.append(sampled.kernel)
        spent = clock() - start
        if spent.cpu > _SAMPLE_SECONDS:
            break
    calls, known = len(kernels), [kernel for kernel in kernels if kernel]
    return sampled, spent / calls, sum(known, Cost(0.0, 0.0)) / calls if known else None


def _median(costs: list[Cost]) -> Cost:
    return Cost(median(cost.cpu for cost in costs), median(cost.wall for cost in costs))


def quality(sampled: Sampled) -> dict[str, Any]:
    """Smallest bulk ESS over coefficients, largest r-hat, and the same for sigma."""
    from arviz_stats.base import array_stats

    axes = {"chain_axis": 0, "draw_axis": 1}
    row = {
        "ess": float(np.min(array_stats.ess(sampled.coef, method="bulk", **axes))),
        "rhat": float(np.max(array_stats.rhat(sampled.coef, **axes))),
        "ess_sigma": None,
        "rhat_sigma": None,
        "sigma": None,
        "note": sampled.note,
    }
    if sampled.sigma.size:
        row["ess_sigma"] = float(array_stats.ess(sampled.sigma, method="bulk", **axes))
        row["rhat_sigma"] = float(array_stats.rhat(sampled.sigma, **axes))
        row["sigma"] = float(sampled.sigma.mean())
    return row


if __name__ == "__main__":
    main()
