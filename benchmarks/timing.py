"""Tighten every contender to one measured gap, then time all of them in turns."""

from __future__ import annotations

import gc
import os
import platform
import random
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_info

from gaps import worst_gap
from peers import Contender

__all__ = ["Measured", "environment", "race"]

Floats = NDArray[np.float64]
_LOOSEST, _TIGHTEST = 1e-4, 1e-16
_SAMPLE_SECONDS = 0.02  # short calls are repeated until a sample takes this long
_SAMPLE_CALLS = 100
_HOPELESS = 20  # times the best peer's seconds, at which no tighter tolerance is tried
_CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}


@dataclass
class Measured:
    """One contender on one task: gap reached, tolerance used, seconds a call."""

    name: str
    kind: str
    gap: float
    tolerance: float | None
    reached: bool
    note: str = ""
    samples: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Median seconds a call."""
        return median(self.samples)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "seconds": self.seconds if self.samples else None,
            "fastest": min(self.samples, default=None),
            "samples": len(self.samples),
            "gap": self.gap if np.isfinite(self.gap) else None,
            "tolerance": self.tolerance,
            "reached": self.reached,
            "note": self.note,
        }


def race(
    task: str,
    X: Floats,
    y: Floats,
    penalties: Floats,
    entrants: list[Contender],
    *,
    gap: float,
    repeats: int,
    patience: float,
    clock: str,
) -> list[Measured]:
    """Measure all entrants: first tuned (and thereby warmed up), then timed in shuffled turns.

    An entrant that is more than ten times slower than the fastest is timed three times only. A
    call that takes longer than `patience` seconds, or twenty times as long as the best peer so
    far, is not followed by a tighter one: that would only take longer.
    """

    def call(entrant: Contender, tolerance: float) -> Callable[[], Floats]:
        return lambda: entrant.solve(X, y, penalties, tolerance)

    results: list[Measured] = []
    calls = []
    for entrant in sorted(entrants, key=lambda entrant: not entrant.is_exact):
        best = min((m.seconds for m in results if m.reached and m.kind == "peer"), default=np.inf)
        enough = min(patience, max(_HOPELESS * best, _SAMPLE_SECONDS))
        measured = _tune(entrant, call, gap, enough, task, X, y, penalties)
        results.append(measured)
        calls.append(call(entrant, measured.tolerance or 0.0))
    runners = [k for k, measured in enumerate(results) if measured.reached]
    fastest = min((results[k].seconds for k in runners), default=0.0)
    turns = {k: repeats if results[k].seconds < 10 * fastest else 3 for k in runners}
    for k in runners:
        if results[k].seconds < patience / 3:
            results[k].samples.clear()  # the tuning run, unless it is too slow to run again
        else:
            turns[k] = 0
    shuffle, now = random.Random(0), _CLOCKS[clock]
    for turn in range(repeats):
        order = [k for k in runners if turn < turns[k]]
        shuffle.shuffle(order)
        for k in order:
            results[k].samples.append(_seconds_a_call(calls[k], now))
    return results


def _tune(
    entrant: Contender,
    call: Callable[[Contender, float], Callable[[], Floats]],
    gap: float,
    patience: float,
    task: str,
    X: Floats,
    y: Floats,
    penalties: Floats,
) -> Measured:
    """Loosest tolerance, in steps of ten, at which the measured gap is met everywhere."""
    tolerance = _LOOSEST
    while True:
        run = call(entrant, tolerance)
        shown = None if entrant.is_exact else tolerance
        try:
            if tolerance == _LOOSEST:
                run()  # compilation is not part of it
            seconds, coefs = _timed(run)
        except Exception as error:  # a peer that fails is reported, whatever the failure
            return Measured(entrant.name, entrant.kind, np.inf, shown, False, _one_line(error))
        reached_gap = worst_gap(task, X, y, coefs, penalties)
        if reached_gap <= gap:
            return Measured(entrant.name, entrant.kind, reached_gap, shown, True, samples=[seconds])
        out_of_time = seconds > patience
        if entrant.is_exact or out_of_time or tolerance < 2 * _TIGHTEST:
            note = "too slow to tighten further" if out_of_time else "gap not met"
            return Measured(entrant.name, entrant.kind, reached_gap, shown, False, note, [seconds])
        tolerance /= 10


def _timed(run: Callable[[], Floats]) -> tuple[float, Floats]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peers warn at tolerances that they cannot reach
        start = time.perf_counter()
        coefs = run()
        return time.perf_counter() - start, coefs


def _seconds_a_call(run: Callable[[], Floats], now: Callable[[], float]) -> float:
    """One sample: as many calls as make the clock's resolution irrelevant, without the gc."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()
        gc.disable()
        try:
            start, calls = now(), 0
            while True:
                run()
                calls += 1
                elapsed = now() - start
                if elapsed > _SAMPLE_SECONDS or calls == _SAMPLE_CALLS:
                    return elapsed / calls
        finally:
            gc.enable()


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:100]


def environment() -> dict[str, Any]:
    """Versions, processor and BLAS threads, for the record."""
    packages = ("numpy", "scipy", "numba", "scikit-learn", "celer", "skglm")
    return {
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "coretype": os.environ.get("OPENBLAS_CORETYPE"),
        "pools": [
            {key: pool.get(key) for key in ("internal_api", "num_threads", "architecture")}
            for pool in threadpool_info()
        ],
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":")[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor()
