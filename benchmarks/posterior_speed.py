"""Effective draws per second: priormap's routes against PyMC, nutpie, NumPyro and BlackJAX.

    python benchmarks/posterior_speed.py [--only a,c] [--models laplace] [--peers nutpie,...]
                                         [--ours auto,gibbs] [--cores 1,2] [--quick]
                                         [--patience SECONDS] [--json FILE]

Four chains of 1000 draws after 1000 by every sampler on every problem (see `posterior_models`).
The figure is the smallest bulk effective sample size over the coefficients per second of
processor time, pinned to the cores. Ours is that of ``Regression(X, y)`` and ``sample``, with its
checks, diagnostics and tree; a peer's is that of its sampling alone, compiled before. "with
start" is the first call in a fresh process, imports and compilation included, for all (our
compiled kernels are cached on disk, as nobody else's are: empty NUMBA_CACHE_DIR for the first
call ever). Ratios above 1 say that we are ahead. A sampler that used up its patience is shown
with one effective draw per draw, which only negatively correlated chains exceed.

Without options every line runs on one core, and on two cores the automatic route beside PyMC
and the peer that was best on one. That takes an hour or two; what is done is kept in the file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from posterior_models import DATA, MODELS
from posterior_protocol import CHAINS, DRAWS
from posterior_samplers import SAMPLERS, what_is_missing

_THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_CHILD = Path(__file__).with_name("posterior_child.py")
_SAYS_CONVERGED = 1.01


def main() -> None:
    """Run what the command line asks for and print it."""
    options = _options()
    report: dict[str, Any] = {"environment": environment(), "rows": [], "verdicts": []}
    print(" ".join(f"{name} {value}" for name, value in report["environment"].items()))
    for key in options.only:
        for model in options.models:
            names = options.samplers
            for cores in options.cores:
                rows = measure(key, model, cores, names, options.patience)
                report["rows"] += rows
                report["verdicts"].append(verdict(rows))
                if options.json:  # at once: an interrupt loses nothing
                    options.json.parent.mkdir(parents=True, exist_ok=True)
                    options.json.write_text(json.dumps(report, indent=1) + "\n")
                names = _worth_more_cores(rows)
    print_verdicts(report["verdicts"])


def _worth_more_cores(rows: list[dict[str, Any]]) -> list[str]:
    """The automatic route, PyMC, and the best peer: others lost on one core already."""
    finished = [row for row in rows if row["ess"] is not None]
    peers = [row for row in finished if row["kind"] == "peer"]
    best = max(peers, key=lambda row: row["ess_per_second"], default=None)
    kept = {"auto", "pymc", best and best["sampler"]}
    return [row["sampler"] for row in finished if row["sampler"] in kept]


def measure(
    key: str, model: str, cores: int, names: list[str], patience: int
) -> list[dict[str, Any]]:
    """Run samplers on one problem, each in a fresh process."""
    print(f"\n({key}) {DATA[key][0]}, {model}, {cores} core(s)")
    print(
        f"  {'':16}{'ESS':>7}{'ESS/s cpu':>11}{'draws only':>12}{'with start':>12}"
        f"{'ESS/s wall':>12}{'cpu s':>8}{'r-hat':>7}{'sigma':>7}  note"
    )
    rows = []
    for name in names:
        sampler = SAMPLERS[name]
        if not sampler.applies_to(model, DATA[key][1]):
            continue
        request = {"data": key, "model": model, "sampler": name, "cores": cores}
        row = request | {"label": DATA[key][0], "kind": sampler.kind}
        row |= _run(request | {"patience": patience, "started": time.time()})
        rows.append(row)
        _print_row(row)
    return rows


def _run(request: dict[str, Any]) -> dict[str, Any]:
    """Answer of a child, or why there is none."""
    threads = dict.fromkeys(_THREAD_VARIABLES, "1")
    flags = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"} if request["cores"] == 1 else {}
    try:
        answer = subprocess.run(
            [sys.executable, "-W", "ignore", str(_CHILD), json.dumps(request)],
            env=os.environ | threads | flags,
            capture_output=True,
            text=True,
            timeout=8 * request["patience"],
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"ess": None, "note": "out of patience"}
    if answer.returncode == 0:
        return json.loads(answer.stdout.splitlines()[-1])
    if answer.returncode < 0:  # the limit on processor time
        return {
            "ess": None,
            "note": "out of patience",
            "at_most": CHAINS * DRAWS / request["patience"],
        }
    last = (answer.stderr.strip().splitlines() or ["no message"])[-1]
    return {"ess": None, "note": f"failed: {last[:90]}"}


def verdict(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Ratios of our automatic route to the best peer, to PyMC's NUTS and to the limit."""
    finished = [row for row in rows if row["ess"] is not None]

    def best(kind: str) -> dict[str, Any] | None:
        of_kind = [row for row in finished if row["kind"] == kind]
        return max(of_kind, key=lambda row: row["ess_per_second"], default=None)

    def ratio(other: dict[str, Any] | None, measure: str) -> float | None:
        return ours[measure] / other[measure] if ours and other else None

    ours = next((row for row in finished if row["sampler"] == "auto"), None)
    pymc = next((row for row in finished if row["sampler"] == "pymc"), None)
    peer = best("peer")
    out_of_time = [row for row in rows if row["sampler"] == "pymc" and row.get("at_most")]
    return {
        **{name: rows[0][name] for name in ("data", "label", "model", "cores")},
        "ours": ours and ours["ess_per_second"],
        "rhat": ours and max(ours["rhat"], ours["rhat_sigma"]),
        "peer": peer and peer["sampler"],
        "peer_converged": peer and max(peer["rhat"], peer["rhat_sigma"]) <= _SAYS_CONVERGED,
        "to peer": ratio(peer, "ess_per_second"),
        "to peer, with start": ratio(peer, "ess_per_second_first"),
        "to pymc": ratio(pymc, "ess_per_second"),
        "to pymc, at least": ours
        and out_of_time
        and ours["ess_per_second"] / out_of_time[0]["at_most"],
        "to limit": ratio(best("limit"), "ess_per_second"),
    }


def print_verdicts(verdicts: list[dict[str, Any]]) -> None:
    """One line per problem; the aims are 2 to the best peer, 50 to PyMC, 0.5 to the limit."""
    head = f"{'data':26}{'model':14}{'cores':>5}{'ours ESS/s':>12}{'r-hat':>7}{'to peer':>9}"
    print(f"\n{head}{'w. start':>9}{'to PyMC':>9}{'to limit':>9}  best peer")
    for row in verdicts:
        ours = f"{row['ours']:,.0f}" if row["ours"] else "-"
        rhat = f"{row['rhat']:.3f}" if row["rhat"] else "-"
        names = ("to peer", "to peer, with start", "to pymc", "to limit")
        ratios = [f"{row[name]:.3g}" if row[name] else "" for name in names]
        if row["to pymc, at least"]:
            ratios[2] = f">{row['to pymc, at least']:.3g}"
        peer = row["peer"] or "none"
        if row["peer"] and not row["peer_converged"]:
            peer += f" (r-hat above {_SAYS_CONVERGED})"
        print(
            f"{row['label']:26}{row['model']:14}{row['cores']:>5}{ours:>12}{rhat:>7}"
            f"{ratios[0]:>9}{ratios[1]:>9}{ratios[2]:>9}{ratios[3]:>9}  {peer}"
        )


def _print_row(row: dict[str, Any]) -> None:
    if row["ess"] is None:
        bound = f"at most {row['at_most']:,.0f} ESS/s; " if row.get("at_most") else ""
        print(f"  {row['sampler']:16}{bound}{row['note']}", flush=True)
        return
    kernel = row["ess_per_kernel_second"]
    sigma = f"{row['rhat_sigma']:.3f}" if row["rhat_sigma"] else "-"
    print(
        f"  {row['sampler']:16}{row['ess']:7.0f}{row['ess_per_second']:11,.0f}"
        f"{f'{kernel:,.0f}' if kernel else '':>12}{row['ess_per_second_first']:12,.0f}"
        f"{row['ess_per_wall_second']:12,.0f}{row['cpu']:8.3f}{row['rhat']:7.3f}{sigma:>7}"
        f"  {row['note']}",
        flush=True,
    )


def environment() -> dict[str, Any]:
    """Versions and load, for the record."""
    names = ("numpy", "scipy", "numba", "pymc", "nutpie", "numpyro", "blackjax", "jax")

    def number(name: str) -> str | None:
        try:
            return version(name)
        except PackageNotFoundError:
            return None

    versions = {name: number(name) for name in names}
    return {
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        **{name: value for name, value in versions.items() if value},
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    peers = [name for name, sampler in SAMPLERS.items() if sampler.kind != "ours"]
    ours = [name for name, sampler in SAMPLERS.items() if sampler.kind == "ours"]
    parser.add_argument("--only", default=",".join(DATA), help="data sets, for example a,c")
    parser.add_argument("--models", default=",".join(MODELS), help=f"of {', '.join(MODELS)}")
    parser.add_argument("--peers", default=",".join(peers), help=f"of {', '.join(peers)}, or none")
    parser.add_argument("--ours", default=",".join(ours), help=f"of {', '.join(ours)}")
    parser.add_argument("--cores", default="1,2", help="1, 2 or 1,2")
    parser.add_argument("--quick", action="store_true", help="small data, two peers, one core")
    parser.add_argument("--patience", type=int, default=60, help="processor seconds a sampler has")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured")
    options = parser.parse_args()
    if options.quick:
        options.only, options.cores, options.peers = "a", "1", "pymc,nutpie,independent"
        options.ours = "auto"
    for name, known in (("only", DATA), ("models", MODELS), ("peers", peers), ("ours", ours)):
        asked = [value for value in getattr(options, name).split(",") if value not in ("", "none")]
        if unknown := [value for value in asked if value not in known]:
            parser.error(f"unknown {unknown[0]!r}; choose from {', '.join(known)}")
        setattr(options, name, asked)
    options.cores = [int(count) for count in options.cores.split(",")]
    missing = {name: what_is_missing(SAMPLERS[name]) for name in options.peers}
    for sentence in filter(None, missing.values()):
        print(sentence)
    options.samplers = options.ours + [name for name in options.peers if not missing[name]]
    return options


if __name__ == "__main__":
    started = time.perf_counter()
    main()
    print(f"\ntook {time.perf_counter() - started:.0f} s")
