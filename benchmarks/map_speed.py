"""Exact modes against scikit-learn, celer and skglm, all brought to one measured gap.

    python benchmarks/map_speed.py [--only a,b] [--tasks lasso,ridge] [--quick] [--threads 2]
                                   [--clock cpu] [--json FILE] [--cold]

Four tasks on five data sets (see `datasets`): one lasso and one ridge at a relative duality gap
of 1e-10, and paths of 100 penalties at 1e-6 in every point. Our time is that of
``Regression(X, y)``, validation and moments included, plus the fit with its certificate; a
peer's is that of all it needs. Medians of interleaved repeats; "ratio" is the best peer's time
over ours, so that above 1 we are ahead. Two more ratios show what checks and proofs cost us:
"unchecked" to the best peer with the checks of its input switched off, "by hand" to numpy lines
that check nothing and certify nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TASKS = {"lasso": 1e-10, "lasso path": 1e-6, "ridge": 1e-10, "ridge path": 1e-6}
_THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

# A fresh process: seconds of the import, then of the first call.
_COLD = {
    "priormap lasso": (
        "from priormap import Laplace, Regression, find_map",
        "find_map(Regression(X, y, sigma=1.0), Laplace(0.1))",
    ),
    "priormap ridge": (
        "from priormap import Gaussian, Regression, find_map",
        "find_map(Regression(X, y, sigma=1.0), Gaussian(0.1))",
    ),
    "scikit-learn lasso": (
        "from sklearn.linear_model import Lasso",
        "Lasso(alpha=0.1).fit(X, y)",
    ),
    "scikit-learn ridge": (
        "from sklearn.linear_model import Ridge",
        "Ridge(alpha=0.1).fit(X, y)",
    ),
    "celer lasso": ("from celer import Lasso", "Lasso(alpha=0.1).fit(X, y)"),
    "skglm lasso": ("from skglm import Lasso", "Lasso(alpha=0.1).fit(X, y)"),
}
_COLD_SCRIPT = """
import time
start = time.perf_counter()
import numpy as np
numpy_done = time.perf_counter()
{imports}
imported = time.perf_counter()
rng = np.random.default_rng(0)
X = np.asfortranarray(rng.standard_normal((442, 10)))
y = X[:, 0] + rng.standard_normal(442)
called = time.perf_counter()
{call}
print(imported - start, time.perf_counter() - called)
"""


def main() -> None:
    """Run what the command line asks for and print it."""
    options = _options()
    for variable in _THREAD_VARIABLES:  # before numpy is imported
        os.environ[variable] = str(options.threads)
    report: dict[str, Any] = {"threads": options.threads, "clock": options.clock}
    report |= {"rows": [], "cold": []}
    if options.cold:
        report["cold"] = cold_start(3 if options.quick else 7)
        _write(report, options.json)
        return
    from timing import environment

    report["environment"] = environment()
    _print_environment(report)
    for row in measure(options):
        report["rows"].append(row)
        _write(report, options.json)  # after each race, so that a stopped run is not lost
    print_table(report["rows"])


def _write(report: dict[str, Any], path: Path | None) -> None:
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(report, indent=1) + "\n")


def measure(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Race every task on every data set that was asked for."""
    from datasets import load
    from peers import contenders
    from timing import race

    for key in options.only:
        data = load(key)
        for task in options.tasks:
            results = race(
                task,
                data.X,
                data.y,
                data.penalties(task),
                contenders(task, data),
                gap=TASKS[task],
                repeats=5 if options.quick else 15,
                patience=10.0 if options.quick else 60.0,
                clock=options.clock,
            )
            row = {"data": key, "label": data.label, "task": task, "gap": TASKS[task]}
            row |= _verdict([result.as_dict() for result in results])
            _print_race(row)
            yield row


def _verdict(entrants: list[dict[str, Any]]) -> dict[str, Any]:
    """Seconds of ours, and over it those of the fastest of each kind that met the gap."""
    verdict: dict[str, Any] = {}
    for kind in ("ours", "peer", "unchecked", "by hand"):
        finished = [entrant for entrant in entrants if entrant["kind"] == kind]
        finished = [entrant for entrant in finished if entrant["reached"]]
        verdict[kind] = min(finished, key=lambda entrant: entrant["seconds"], default=None)
    ours = verdict["ours"]
    for kind in ("peer", "unchecked", "by hand"):
        known = ours and verdict[kind]
        ratio = verdict[kind]["seconds"] / ours["seconds"] if known else None
        verdict[f"ratio to {kind}"] = ratio
    return verdict | {"entrants": entrants}


def cold_start(repeats: int) -> list[dict[str, Any]]:
    """Import and first call in fresh processes; numba's cache filled, then empty."""
    import tempfile

    rows = []
    for name, (imports, call) in _COLD.items():
        script = _COLD_SCRIPT.format(imports=imports, call=call)
        _run_cold(script, None)  # fills the caches
        warm = [_run_cold(script, None) for _ in range(repeats)]
        with tempfile.TemporaryDirectory() as empty:
            compiled = _run_cold(script, empty)
        row = {
            "name": name,
            "import": sorted(run[0] for run in warm)[repeats // 2],
            "first_call": sorted(run[1] for run in warm)[repeats // 2],
            "first_call_compiling": compiled[1],
        }
        rows.append(row)
        print(
            f"{name:20} import {row['import']:6.2f} s   first call {row['first_call']:8.4f} s"
            f"   first call ever (compiles) {row['first_call_compiling']:6.2f} s",
            flush=True,
        )
    return rows


def _run_cold(script: str, numba_cache: str | None) -> tuple[float, float]:
    environment = os.environ | ({"NUMBA_CACHE_DIR": numba_cache} if numba_cache else {})
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    imported, called = answer.stdout.split()[-2:]
    return float(imported), float(called)


def _print_environment(report: dict[str, Any]) -> None:
    environment = report["environment"]
    versions = ", ".join(f"{name} {number}" for name, number in environment["versions"].items())
    pools = ", ".join(
        f"{pool['internal_api']} {pool['num_threads']} thread(s) {pool['architecture'] or ''}"
        for pool in environment["pools"]
    )
    print(f"{environment['date']}  Python {environment['python']}, {versions}")
    print(f"{environment['processor']}, {environment['cores']} cores, load {environment['load']}")
    print(f"OPENBLAS_CORETYPE {environment['coretype']}; {pools}")


def _print_race(row: dict[str, Any]) -> None:
    print(f"\n({row['data']}) {row['label']}, {row['task']}, gap <= {row['gap']:g}")
    ranked = sorted(row["entrants"], key=lambda entrant: entrant["seconds"] or float("inf"))
    for entrant in ranked:
        seconds = f"{1e3 * entrant['seconds']:10.3f} ms" if entrant["seconds"] else " " * 13
        gap = "-" if entrant["gap"] is None else f"{entrant['gap']:.1e}"
        tolerance = "" if entrant["tolerance"] is None else f"tol {entrant['tolerance']:.0e}"
        name = entrant["name"] + " (unchecked)" * (entrant["kind"] == "unchecked")
        status = "" if entrant["reached"] else f"MISSED: {entrant['note']}"
        print(f"  {name:42} {seconds}  gap {gap:8} {tolerance:10} {status}", flush=True)


def print_table(rows: list[dict[str, Any]]) -> None:
    """Print one line per race; ratio > 1 means that we are ahead of the best peer."""
    head = f"{'data':24}{'task':11}{'ours':>12}{'best peer':>12}"
    print(f"\n{head}{'ratio':>8}{'unchecked':>11}{'by hand':>9}  best peer is")
    for row in rows:
        seconds = [row[kind]["seconds"] if row[kind] else None for kind in ("ours", "peer")]
        ours, best = (f"{1e3 * value:.3f} ms" if value else "-" for value in seconds)
        ratios = [row[f"ratio to {kind}"] for kind in ("peer", "unchecked", "by hand")]
        ratio, unchecked, by_hand = (f"{value:.2f}" if value else "" for value in ratios)
        behind = "   <-- behind" if ratios[0] and ratios[0] < 1 else ""
        print(
            f"{row['label']:24}{row['task']:11}{ours:>12}{best:>12}{ratio:>8}{unchecked:>11}"
            f"{by_hand:>9}  {row['peer']['name'] if row['peer'] else '-'}{behind}"
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="a,b,c,d,e", help="data sets, for example a,b")
    parser.add_argument("--tasks", default=",".join(TASKS), help=f"of {', '.join(TASKS)}")
    parser.add_argument("--quick", action="store_true", help="fewer repeats, less patience")
    parser.add_argument("--threads", type=int, default=1, help="BLAS threads, the same for all")
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu: seconds of this process, for a machine that others use too",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured")
    parser.add_argument("--cold", action="store_true", help="only: import and first call")
    options = parser.parse_args()
    options.only, options.tasks = options.only.split(","), options.tasks.split(",")
    for asked, known in ((options.only, "abcde"), (options.tasks, TASKS)):
        if unknown := [name for name in asked if name not in known]:
            parser.error(f"unknown {unknown[0]!r}; choose from {', '.join(known)}")
    return options


if __name__ == "__main__":
    started = time.perf_counter()
    main()
    print(f"\ntook {time.perf_counter() - started:.0f} s")
