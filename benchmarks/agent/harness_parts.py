"""What each part of the agent's harness is worth: tasks of closed tool sets with every key off in turn.

    python benchmarks/agent/harness_parts.py MODEL [--sets NAME …] [--tasks N] [--keys KEY …] [--shown N]
        [--side SIDE] [--seed N] [--kinds KIND …] [--kept FILE] [--traces FILE]

MODEL as in `sxl-train agent`. Each of N tasks of each set is worked on with the whole harness, once more with each key
off, and once with all of them off (`plain`); worlds, weights and seeds are the same; decoding is greedy where the
harness samples nothing. A task is met when its end state, its answer and what was looked up are right
(`sxl_data.toolsets.check`). Differences are paired by task: won : lost, the interval of 95 % by bootstrap, and
McNemar's exact test. A run that was stopped goes on where it was: what is done stands in FILE.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec

from sxl_data import toolsets
from sxl_data.contract.console import Progress, format_table, tell
from sxl_data.toolsets.tasks import SIDES, Task
from sxl_data.trace.types import encode
from sxl_train.agent.loop import Agent, Outcome
from sxl_train.agent.options import CLOSED, Options
from sxl_train.agent.together import run_together
from sxl_train.generate.opening import open_model
from sxl_train.generate.types import Backend
from sxl_train.suites.statistics import compare, wilson

OFF: dict[str, Any] = {
    "tools_shown": 0,
    "constrained": False,
    "repair": False,
    "break_repeats": False,
    "copy_values": False,
    "other_calls": 0,
    "next_alike": 0,
    "result_characters": 10**9,
    "cut_at_loops": False,
}
"""What each key is when it is off."""
SEVERAL_STEPS = ("ordered", "parallel", "dependent", "recover")


def harness(off: str, shown: int, turns: int) -> Options:
    """The whole harness (``off`` empty), one without the key ``off``, or ``plain``."""
    whole = Options(tools_shown=shown, result_characters=1000, turns=turns, answer_tokens=192, **CLOSED)
    gone = OFF if off == "plain" else {off: OFF[off]} if off else {}
    return msgspec.structs.replace(whole, **gone)


class Work:
    """One task under one harness."""

    def __init__(self, backend: Backend, task: Task, options: Options) -> None:
        self.task, self.toolset = task, toolsets.get(task.toolset)
        self.session = toolsets.Session(self.toolset, task.state.copied(), task.side, task.busy)
        said = "\n\n".join(filter(None, (options.instructions, task.context)))
        self.agent = Agent(backend, self.session, msgspec.structs.replace(options, instructions=said))

    def judge(self, outcome: Outcome) -> dict[str, Any]:
        """Whether it was met, why not, and what it took."""
        verdict = toolsets.check(outcome.trace, self.task, self.toolset)
        self.session.state.close()
        met = outcome.status == "answered" and verdict.met
        spent = {"calls": outcome.calls, "turns": outcome.turns, "tokens": outcome.tokens}
        spent |= {"prompt_tokens": self.agent.asking.prompt_tokens}
        why = list(verdict.reasons[:2])
        return {"met": met, "status": outcome.status, "kind": self.task.kind, "why": why, **spent}


def choose(
    names: list[str], count: int, side: Any, seed: int = 0, kinds: Collection[str] = SEVERAL_STEPS
) -> list[Task]:
    """Tasks of these kinds, without a question to the person: nobody is there to answer it."""
    found = []
    for name in names:
        number, mine = 0, 0
        while mine < count and number < 50 * count:  # some sides have few of them
            task = toolsets.make_task(toolsets.get(name), number, seed, side)
            number += 1
            if task.kind in kinds:
                found.append(task)
                mine += 1
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--sets", nargs="+", default=["home", "shop"])
    parser.add_argument("--tasks", type=int, default=40, help="of each set (default: 40)")
    parser.add_argument("--keys", nargs="*", default=[*OFF, "plain"], choices=[*OFF, "plain"])
    parser.add_argument("--shown", type=int, default=0, help="tools shown in a turn (default: all)")
    parser.add_argument("--turns", type=int, default=8)
    parser.add_argument("--kinds", nargs="+", default=SEVERAL_STEPS, help="of tasks (default: those of several steps)")
    parser.add_argument("--seed", type=int, default=0, help="another seed is other tasks (default: 0)")
    parser.add_argument("--side", default="values", choices=SIDES)
    parser.add_argument("--together", type=int, default=64, help="tasks worked on in one batch (default: 64)")
    parser.add_argument("--traces", type=Path, help="append what happened to this file")
    parser.add_argument("--kept", type=Path, default=Path("build/agent-ablation.jsonl"))
    options = parser.parse_args()
    tasks = choose(options.sets, options.tasks, options.side, options.seed, options.kinds)
    kept = [json.loads(line) for line in options.kept.read_bytes().splitlines()] if options.kept.is_file() else []
    done = {(row["model"], row["off"], row["shown"], row["task"]): row for row in kept}
    options.kept.parent.mkdir(parents=True, exist_ok=True)
    backend = open_model(options.model)
    names = ["", *(key for key in options.keys if options.shown or key != "tools_shown")]
    chunks = [tasks[first : first + options.together] for first in range(0, len(tasks), options.together)]
    work = [
        [(off, t) for t in chunk if (options.model, off, options.shown, t.id) not in done]
        for chunk in chunks
        for off in names
    ]
    with options.kept.open("a", encoding="utf-8") as file, Progress("agent", len(names) * len(tasks)) as progress:
        progress.advance(len(names) * len(tasks) - sum(map(len, work)))
        for some in filter(None, work):
            works = [Work(backend, task, harness(off, options.shown, options.turns)) for off, task in some]
            outcomes = run_together(backend, [(each.agent, each.task.request) for each in works])
            for (off, task), each, outcome in zip(some, works, outcomes, strict=True):
                key = (options.model, off, options.shown, task.id)
                done[key] = dict(zip(("model", "off", "shown", "task"), key)) | each.judge(outcome)
                file.write(json.dumps(done[key]) + "\n")
                if options.traces:
                    with options.traces.open("ab") as traces:
                        traces.write(encode(outcome.trace) + b"\n")
            file.flush()
            progress.advance(len(some))
    backend.close()
    found = {off: {task.id: done[options.model, off, options.shown, task.id] for task in tasks} for off in names}
    tell(show(found))


def show(found: dict[str, dict[str, dict[str, Any]]]) -> str:
    """A line for each harness: tasks met, and what it differs from the whole one by."""
    rows = []
    scores = {off: {task: (task, float(row["met"])) for task, row in one.items()} for off, one in found.items()}
    for off, one in found.items():
        met, n = sum(row["met"] for row in one.values()), len(one)
        low, high = wilson(met / n, n)
        name = off if off in ("", "plain") else f"without {off}"
        line = [name or "whole", f"{met}/{n}"]
        line += [f"{100 * met / n:.0f} % ({100 * low:.0f}–{100 * high:.0f})"]
        if off:
            pair = compare(scores[off], scores[""])
            line += [f"{100 * pair.difference:+.1f} ({100 * pair.low:+.1f} to {100 * pair.high:+.1f})"]
            line += [f"{pair.won} : {pair.lost}", f"{pair.p:.3f}"]
        else:
            line += ["–", "–", "–"]
        line += [
            f"{sum(row['tokens'] for row in one.values()) / n:.0f}",
            f"{sum(row['prompt_tokens'] for row in one.values()) / n:.0f}",
        ]
        rows.append(line)
    heads = ("harness", "met", "share (95 %)", "whole less this", "won : lost", "p", "tokens a task", "prompt tokens")
    return format_table(heads, rows)


if __name__ == "__main__":
    main()
