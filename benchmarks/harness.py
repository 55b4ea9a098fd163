"""What the benchmarks share: options, runs in turn, machine and packages, claims, one JSON.

A script is run by its path (`python benchmarks/dedup`, `python benchmarks/dedup/recall.py`); it appends this folder to
``sys.path``. Competitors take turns within a round, after one round that does not count, so that caches, compiled code
and whatever else the machine does fall on all alike; what is reported is a median over rounds, and a ratio is the
median of the ratios within each round.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
TRACE_FOLDERS = (
    "traces",
    "data/glaive_demo/data",
    "data/agent_traces",
    "data/tau_bench/historical_trajectories",
    "data/toolbench",
    "data/toolalpaca/data",
    "data/seal_tools",
)
"""Folders of `SHARED` in which traces of other projects lie."""
ASK = """
import sys, importlib.metadata as m
for n in sys.argv[1:]:
    try:
        print(n, m.version(n))
    except m.PackageNotFoundError:
        pass
"""
Claim = dict[str, Any]
Work = Callable[[], Any]


def options(doc: str | None, quick: str | None = "a short version") -> argparse.ArgumentParser:
    """A parser with ``--json`` and ``--quick``, which ``quick`` says of; ``doc`` is the docstring of the script."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    if quick:
        parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write machine, packages, metrics and claims here")
    return parser


def cpu(work: Work) -> float:
    """CPU seconds of ``work`` in this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


def cpu_with_children(work: Work) -> float:
    """CPU seconds of ``work``, processes that it waited for included."""
    before = os.times()
    work()
    return sum(os.times()[:4]) - sum(before[:4])


def take_turns(
    rounds: int, competitors: Mapping[str, Work], measure: Callable[[Work], float] = cpu, warm: bool = True
) -> dict[str, list[float]]:
    """What ``measure`` says of each competitor in each round; the order turns round by round."""
    names = list(competitors)
    if warm:
        for name in names:
            competitors[name]()
    times: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            times[name].append(measure(competitors[name]))
    return times


def ratio(times: Mapping[str, list[float]], one: str, other: str) -> float:
    """How many times what ``one`` takes ``other`` does: the median over the rounds."""
    return statistics.median(b / a for a, b in zip(times[one], times[other], strict=True))


def interval(found: int, n: int) -> tuple[float, float]:
    """Wilson's, of 95 %, of a share."""
    z, p = 1.96, found / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, (middle - half) / (1 + z * z / n)), min(1.0, (middle + half) / (1 + z * z / n))


def claim(text: str, target: float, measured: float, at_most: bool = False) -> Claim:
    """One claim with its verdict."""
    met = measured <= target if at_most else measured >= target
    return {"text": text, "target": target, "measured": round(measured, 4), "met": bool(met)}


def machine(**more: object) -> dict[str, object]:
    """What it ran on."""
    return {
        "processor": platform.machine(),
        "system": platform.system(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        **more,
    }


def versions(packages: Iterable[str], python: str | None = None) -> dict[str, str]:
    """The versions of the installed ones among ``packages``, in this interpreter or in ``python``."""
    if python is not None and Path(python).absolute() != Path(sys.executable).absolute():
        done = subprocess.run([python, "-c", ASK, *packages], capture_output=True, text=True, check=True)
        return dict(line.split(" ", 1) for line in done.stdout.splitlines())
    found = {}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def finish(
    file: Path | None,
    metrics: Mapping[str, Any],
    claims: list[Claim] | None = None,
    packages: Mapping[str, str] | None = None,
    said: bool = False,
    **more: Any,
) -> None:
    """Print the verdicts, unless that was ``said`` already, and write all of it to ``file``, with the versions of the
    peers and of what we stand on."""
    for item in () if said else claims or ():
        verdict = "met   " if item["met"] else "MISSED"
        print(f"{verdict} {item['text']}: {item['measured']} (target {item['target']})")
    if file is None:
        return
    known = versions(("numpy", "pyarrow", "polars", "numba", "msgspec", "torch", "transformers"))
    report = {"machine": machine(), "packages": known | dict(packages or {}), "metrics": dict(metrics)}
    text = json.dumps(report | {"claims": claims or []} | more, indent=1, ensure_ascii=False, default=str)
    file.write_text(text + "\n", encoding="utf-8", newline="\n")
