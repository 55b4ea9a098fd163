"""The tool sets that ship: what there is, how fast runs are made, how they are mixed, and how varied requests are.

    python benchmarks/toolsets [--runs N] [--quick] [--json FILE]

Per set: tools, patterns, traces made per CPU second of this process and its programs, share of traces with an error
and with a repaired slip, goals met. Over all: share of requests that no tool fits, pairs at 0.7 across the training
side and each held-out side (by the build's own comparison), and distinct n-grams of requests beside the same number of
requests of Glaive and Seal-Tools in ../shared/data, where they are.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from sxl_data import toolsets
from sxl_data.contract.columns import text_of
from sxl_data.contract.console import format_table
from sxl_data.dedup.in_memory import deduplicate
from sxl_data.files.records import open_records
from sxl_data.toolsets.tasks import make_task
from sxl_data.trace.table import to_table
from sxl_data.trace.types import Act, Iterate, Trace

sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness

SHARED = harness.SHARED / "data"
GRAMS = (1, 2, 3)


def main() -> None:
    parser = harness.options(__doc__, "100 traces of each set and side")
    parser.add_argument("--runs", type=int, default=1000, help="traces of each set and side (the shell set: a tenth)")
    options = parser.parse_args()
    runs = 100 if options.quick else options.runs
    rows, texts, requests = [], {}, []
    for name in toolsets.names():
        count = max(20, runs // 10) if name == "shell" else runs
        row, traces = measure(name, count)
        rows.append(row)
        requests += [trace.task for trace in traces["train"]]
        for side, made in traces.items():
            texts.setdefault(side, []).extend(text_of(to_table(made)).to_pylist())
    figures = {
        "sets": rows,
        "pairs_across_at_0.7": {side: across(texts["train"], texts[side]) for side in texts if side != "train"},
        "variety": variety(requests),
    }
    print(format_table(list(rows[0]), [list(row.values()) for row in rows]))
    print(f"\npairs at 0.7 between train and: {figures['pairs_across_at_0.7']}\n")
    print(format_table(list(figures["variety"][0]), [list(row.values()) for row in figures["variety"]]))
    harness.finish(options.json, figures)


def measure(name: str, count: int) -> tuple[dict[str, Any], dict[str, list[Trace]]]:
    """Figures of a set over ``count`` traces of its training side, and the traces of all sides that are compared."""
    toolset = toolsets.get(name)
    began = sum(os.times()[:4])
    train = [toolsets.run(toolset, make_task(toolset, number)).trace for number in range(count)]
    seconds = sum(os.times()[:4]) - began
    traces = {"train": train}
    for side in ("values", "patterns", "tools"):
        made = (make_task(toolset, number, 0, side) for number in range(count // 4))
        traces[side] = [toolsets.run(toolset, task).trace for task in made]
    sides = {pattern.side for pattern in toolset.patterns}
    row = {
        "set": name,
        "tools": len(toolset.tools),
        "patterns": len(toolset.patterns),
        "held out": sum(pattern.side != "train" for pattern in toolset.patterns) if len(sides) > 1 else 0,
        "traces/CPU s": round(count / max(seconds, 1e-9)),
        "with an error": share(train, fails),
        "with a slip": share(train, slips),
        "no tool fits": share(train, lambda trace: not any(isinstance(s, Act) and s.calls for s in trace.steps)),
        "goal met": share([t for made in traces.values() for t in made], lambda trace: toolsets.check(trace).met),
    }
    return row, traces


def share(traces: list[Trace], holds: Any) -> float:
    """Share of ``traces`` for which ``holds``."""
    return round(sum(map(holds, traces)) / len(traces), 3)


def fails(trace: Trace) -> bool:
    """Whether a call of the trace failed."""
    return any(r.status == "error" for step in trace.steps if isinstance(step, Iterate) for r in step.results)


def slips(trace: Trace) -> bool:
    """Whether the planner made a mistake on purpose, and repaired it."""
    return any(isinstance(step, Act) and not step.train for step in trace.steps)


def across(train: list[str], held_out: list[str]) -> int:
    """Pairs at 0.7 with one row on each side."""
    first = len(train)
    found = deduplicate(None, pa.array(train + held_out)).pairs.at_least(0.7)
    return int(((found.left < first) != (found.right < first)).sum())


def variety(ours: list[str]) -> list[dict[str, Any]]:
    """Distinct n-grams per 1,000 words of as many words of requests as the smallest corpus has."""
    corpora = {"ours, all sets": ours}
    for name, found in (("Glaive", glaive), ("Seal-Tools", seal_tools)):
        if requests := list(islice(found(), 5000)):
            corpora[name] = requests
    words = {name: mixed(requests) for name, requests in corpora.items()}
    least = min(map(len, words.values()))
    rows = []
    for name, tokens in words.items():
        row: dict[str, Any] = {"requests of": name, "words compared": least}
        for n in GRAMS:
            grams = list(zip(*(tokens[i:least] for i in range(n))))
            row[f"distinct {n}-grams"] = round(len(set(grams)) / len(grams), 3)
        rows.append(row | {"distinct requests": round(len(set(corpora[name])) / len(corpora[name]), 3)})
    return rows


def mixed(requests: list[str]) -> list[str]:
    """The words of ``requests``, which are spread so that a cut takes some of each set."""
    step = 7919  # a prime, so that every request comes once
    spread = [requests[i * step % len(requests)] for i in range(len(requests))] if len(requests) % step else requests
    return [word for request in spread for word in request.casefold().split()]


def glaive() -> Iterator[str]:
    """First requests of Glaive's tool calls."""
    path = SHARED / "glaive_demo/data/glaive_toolcall_en_demo.json"
    for record in open_records(path) if path.is_file() else ():
        said = record.value.get("conversations", []) if isinstance(record.value, dict) else []
        yield from (turn["value"] for turn in said[:1] if turn.get("from") == "human")


def seal_tools() -> Iterator[str]:
    """Requests of Seal-Tools' development set."""
    path = SHARED / "seal_tools/dev.jsonl"
    for record in open_records(path) if path.is_file() else ():
        value = record.value[1]["user_query"] if isinstance(record.value, list) else record.value.get("query", "")
        yield str(value)


if __name__ == "__main__":
    main()
