"""The engine: throughput with 1 and 2 workers, bytes exchanged per document, memory as the input grows, cost.

    python benchmarks/engine.py [--rows 20000] [--quick] [--json FILE]

Rows are made here (sentences of words drawn from a fixed vocabulary, one in twenty a near copy), so that
anyone gets the same input. Times are of the whole command, in a process of its own. The cost for 10^9
documents is arithmetic on what was measured: CPU seconds per document × 10^9 / 3600 × a price per core and
hour that is an assumption (``--price``), not a measurement.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

PEER = Path(__file__).with_name("engine_peer.py")
WORDS = [f"{a}{b}" for a in ("lo", "mi", "ka", "ter", "sun", "vel", "dra", "po") for b in
         ("n", "ra", "tis", "mer", "gol", "vi", "sen", "ba", "dor", "quu", "lex", "fo")]  # fmt: skip


def make_input(path: Path, rows: int) -> int:
    """Write ``rows`` instruction rows; returns the bytes."""
    rng, last = random.Random(7), ""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for n in range(rows):
            words = rng.choices(WORDS, k=rng.randrange(30, 120))
            text = last.replace(last.split()[5], "changed", 1) if n % 20 == 19 else " ".join(words)
            last = text
            row = {
                "instruction": f"Task {n}: {' '.join(rng.choices(WORDS, k=8))}?",
                "input": "",
                "output": text,
            }
            file.write(json.dumps(row) + "\n")
    return path.stat().st_size


def measure(recipe: Path, out: Path, workers: int) -> dict[str, float]:
    """Seconds, CPU seconds and peak resident bytes (largest process, and all together) of one build."""
    return watch(
        [sys.executable, "-m", "sxl_data", "build", str(recipe), "-o", str(out), f"engine.workers={workers}"]
    )


def watch(command: list[str]) -> dict[str, float]:
    """The same of any command, its children included."""
    started, largest, together, cpu = time.monotonic(), 0, 0, {}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        parent = psutil.Process(running.pid)
        while running.poll() is None:
            sizes = []
            try:
                for process in (parent, *parent.children(recursive=True)):
                    sizes.append(process.memory_info().rss)
                    used = process.cpu_times()
                    cpu[process.pid] = used.user + used.system
            except psutil.Error:
                pass  # it ended while we looked
            largest, together = max([largest, *sizes]), max(together, sum(sizes))
            time.sleep(0.1)
        if running.returncode:
            raise SystemExit(f"{command[-3:]} ended with {running.returncode}")
    return {
        "seconds": time.monotonic() - started,
        "cpu": sum(cpu.values()),
        "largest": largest,
        "together": together,
    }


def exchanged(out: Path) -> dict[str, float]:
    """Bytes that the global steps read for each document, by kind of file."""
    found: dict[str, float] = {}
    rows = 0
    for path in (out / ".work/view").glob("*.json"):
        receipt = json.loads(path.read_bytes().rpartition(b"\n")[0])
        rows += receipt["files"]["narrow"]["rows"]
        for name, info in receipt["files"].items():
            found[name] = found.get(name, 0) + info["bytes"]
    return {name: size / rows for name, size in sorted(found.items())}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--price", type=float, default=0.04, help="assumed dollars for one core and hour")
    parser.add_argument("--peer", metavar="PYTHON", help="interpreter that has datatrove, to compare with")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    rows = 2_000 if options.quick else options.rows
    metrics: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for times in (1, 10):
            size = make_input(folder / f"{times}.jsonl", rows * times)
            recipe = folder / f"{times}.yaml"
            recipe.write_text(f"name: x\nsources:\n  - {{name: x, path: {times}.jsonl, format: instruction_pair}}\n"
                              "write: {arrow: false}\nengine: {chunk_bytes: 1000000}\n", encoding="utf-8")  # fmt: skip
            for workers in (1, 2) if times == 1 else (2,):
                found = measure(recipe, folder / f"o{times}-{workers}", workers)
                metrics |= {f"{key}_{times}x_{workers}w": value for key, value in found.items()}
                print(f"{rows * times} rows, {size / 1e6:.1f} MB, {workers} workers: {found['seconds']:.1f} s, "
                      f"{found['cpu']:.1f} CPU s, {rows * times / found['cpu']:.0f} rows and "
                      f"{size / 1e6 / found['cpu']:.2f} MB per CPU second, largest process "
                      f"{found['largest'] / 1e6:.0f} MB, all {found['together'] / 1e6:.0f} MB", flush=True)  # fmt: skip
        if options.peer:
            found = watch([options.peer, str(PEER), str(folder / "10.jsonl"), str(folder / "peer"), "2"])
            metrics |= {f"{key}_10x_2w_datatrove": value for key, value in found.items()}
            metrics["rows_per_cpu_second_over_datatrove"] = found["cpu"] / metrics["cpu_10x_2w"]
            print(f"datatrove, {rows * 10} rows, 2 workers: {found['seconds']:.1f} s, {found['cpu']:.1f} CPU s, "
                  f"{rows * 10 / found['cpu']:.0f} rows per CPU second; ours does "
                  f"{found['cpu'] / metrics['cpu_10x_2w']:.1f} times as many", flush=True)  # fmt: skip
        per_row = exchanged(folder / "o10-2")
    for key, value in per_row.items():
        metrics[f"exchanged_{key}_bytes_per_row"] = value
        print(f"exchanged: {key} {value:.0f} bytes per document")
    seconds = (metrics["cpu_10x_2w"] - metrics["cpu_1x_2w"]) / (9 * rows)  # start-up cancels out
    cost = seconds * 1e9 / 3600 * options.price
    growth = (metrics["largest_10x_2w"] - metrics["largest_1x_2w"]) / (9 * rows)
    metrics |= {
        "cpu_seconds_per_row": seconds,
        "dollars_per_1e9": cost,
        "largest_growth_bytes_per_row": growth,
    }
    print(f"each further row: {seconds * 1e3:.2f} CPU ms, {growth:.0f} bytes of the largest process; 10^9 rows: "
          f"{seconds * 1e9 / 3600:,.0f} core hours = {cost:,.0f} dollars at {options.price} an hour")  # fmt: skip
    if options.json:
        machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        result = {"machine": machine, "metrics": metrics, "claims": []}
        options.json.write_text(json.dumps(result, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
