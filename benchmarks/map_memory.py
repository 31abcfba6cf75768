"""Peak memory of exact modes at n = 1,000,000, p = 20, and how it compares with the data.

    python benchmarks/map_memory.py [--rows N] [--columns P] [--json FILE]

Every case runs in a fresh process that loads X (Fortran or C order) and y from files, fits a
small problem first (so that imports and compilation are not counted), resets the kernel's
high-water mark and fits. "peak over data" is data plus what the fit took at its worst, in
multiples of the data; the limit is 2. Linux only (/proc).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

_CASES = {
    "lasso": "find_map(Regression(X, y, sigma=1.0, intercept=False), Laplace(1e-3))",
    "lasso, intercept": "find_map(Regression(X, y, sigma=1.0), Laplace(1e-3))",
    "lasso, standardised": "find_map(Regression(X, y, sigma=1.0, standardize=True), Laplace(1e-3))",
    "lasso, unknown sigma": "find_map(Regression(X, y), Laplace(1e-3))",
    "lasso path": "map_path(Regression(X, y, sigma=1.0), Laplace())",
    "ridge": "find_map(Regression(X, y, sigma=1.0), Gaussian(1e-2))",
    "ridge, unknown sigma": "find_map(Regression(X, y), Gaussian(1e-2))",
    "ridge path": "map_path(Regression(X, y, sigma=1.0), Gaussian())",
    "log posterior": "find_map(Regression(X, y, sigma=1.0), Laplace(1e-3)).log_posterior",
    "audit": "audit(Regression(X, y, sigma=1.0), Laplace(1e-3), [0.0] * X.shape[1])",
}
_SHIFT = 1e6  # a mean that dwarfs the spread of its column

_CHILD = """
import sys, time
import numpy as np
from priormap import Gaussian, Laplace, Regression, audit, find_map, map_path

def status(field):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024

X, y = np.random.default_rng(0).standard_normal((400, 20)), np.arange(400.0)
{call}
X, y = np.load(sys.argv[1]), np.load(sys.argv[2])
with open("/proc/self/clear_refs", "w") as reset:
    reset.write("5")
before, start = status("VmRSS"), time.perf_counter()
{call}
print(before, status("VmHWM"), time.perf_counter() - start)
"""


def main() -> None:
    """Measure every case on both memory orders and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured")
    options = parser.parse_args()
    data_bytes = 8 * options.rows * (options.columns + 1)
    print(f"data: {options.rows:,} x {options.columns} and y, {data_bytes / 2**20:.0f} MiB")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for order, shift in (("F", 0.0), ("C", 0.0), ("F", _SHIFT)):
            files = _write_data(Path(folder), options.rows, options.columns, order, shift)
            for name, call in _CASES.items():
                measured = _overhead(call, files)
                if isinstance(measured, str):
                    rows.append({"case": name, "order": order, "shift": shift, "error": measured})
                    print(f"{name:22} {order} order, mean {shift:<7g} FAILED: {measured}")
                    continue
                took, seconds = measured
                ratio = 1 + took / data_bytes
                rows.append(
                    {
                        "case": name,
                        "order": order,
                        "shift": shift,
                        "over": took,
                        "peak_over_data": ratio,
                    }
                )
                limit = "" if ratio < 2 else "   <-- above twice the data"
                print(
                    f"{name:22} {order} order, mean {shift:<7g} took {took / 2**20:7.1f} MiB more"
                    f"  peak over data {ratio:.3f}  {seconds:.2f} s{limit}",
                    flush=True,
                )
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        report = {"rows": options.rows, "columns": options.columns, "cases": rows}
        options.json.write_text(json.dumps(report, indent=1) + "\n")


def _write_data(folder: Path, n: int, p: int, order: str, shift: float) -> list[str]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p))
    y = X[:, 0] + rng.standard_normal(n)
    X += shift
    files = [str(folder / f"{name}{order}.npy") for name in ("X", "y")]
    np.save(files[0], np.asfortranarray(X) if order == "F" else X)
    np.save(files[1], y)
    return files


def _overhead(call: str, files: list[str]) -> tuple[int, float] | str:
    """Bytes at the high-water mark beyond the loaded data, and seconds; or what went wrong."""
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _CHILD.format(call=call), *files],
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    if answer.returncode:
        return answer.stderr.strip().splitlines()[-1]
    before, peak, seconds = answer.stdout.split()
    return int(peak) - int(before), float(seconds)


if __name__ == "__main__":
    main()
