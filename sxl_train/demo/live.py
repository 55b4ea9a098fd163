"""Tasks of the set, worked on by the tuned model with tools that really run: one while a person looks on, the rest in
batches, and five of them to read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from sxl_data import toolsets
from sxl_data.contract.console import Progress, say
from sxl_data.toolsets.tasks import Task
from sxl_data.trace.types import encode
from sxl_data.view.blocks import blocks
from sxl_data.view.markup import document, line, section
from sxl_train.agent.live import Live
from sxl_train.agent.loop import Agent, Outcome
from sxl_train.agent.options import CLOSED, Options
from sxl_train.agent.together import run_together
from sxl_train.generate.types import Backend

TRACES, PAGE = "agent.jsonl", "agent.html"
KINDS = ("single", "ordered", "parallel")
"""Tasks of one call, of several in a row, and of several at once; their values were held out."""
READ = 5
"""Transcripts that are kept to read: of both ends where there are both."""


class Worked(msgspec.Struct, frozen=True):
    """What came of one: ``reasons`` say why the goal is not met, none where it is."""

    task: str
    kind: str
    outcome: Outcome
    reasons: tuple[str, ...]


def work(backend: Backend, name: str, shown: int, count: int, out: Path) -> list[Worked]:
    """``count`` held-out tasks of the set ``name``; traces of `READ` of them go to ``out``, and a page of them."""
    toolset = toolsets.get(name)
    tasks = choose(name, count)

    def ready(task: Task) -> Agent:
        parts = CLOSED | {"instructions": task.context}
        options = Options(tools_shown=shown, turns=8, answer_tokens=128, **parts)
        return Agent(backend, toolsets.Session(toolset, task.state.copied(), task.side), options)

    def judge(task: Task, outcome: Outcome) -> Worked:
        verdict = toolsets.check(outcome.trace, task, toolset)
        reasons = verdict.reasons or (() if outcome.status == "answered" else (outcome.answer,))
        return Worked(task.request, task.kind, outcome, reasons)

    live, seen = Live(backend.name), ready(tasks[0])
    seen.event = live.event
    outcome = seen.run(tasks[0].request)
    live.end(outcome, applied=False, changed=0)
    first = judge(tasks[0], outcome)
    say("goal       " + ("; ".join(first.reasons) or "met: the home is as the task wants it"))
    with Progress("agent", count - 1, "more tasks") as progress:
        outcomes = run_together(
            backend, [(ready(task), task.request) for task in tasks[1:]], lambda done, of: progress.advance()
        )
    found = [first, *(judge(task, outcome) for task, outcome in zip(tasks[1:], outcomes, strict=True))]
    keep(found, out)
    return found


def choose(name: str, count: int) -> list[Task]:
    """The first held-out tasks of `KINDS` whose tools are never busy, one of several steps at the head."""
    toolset, found, number = toolsets.get(name), list[Task](), 0
    while len(found) < count:
        task = toolsets.make_task(toolset, number, side="values")
        number += 1
        if task.kind in KINDS and not task.busy:
            found.append(task)
    return sorted(found, key=lambda task: task.kind == "single")


def keep(worked: Sequence[Worked], out: Path) -> None:
    """Write the traces of the first, and of met and missed in turn, as lines and as one page."""
    met, missed = ([each for each in worked[1:] if bool(each.reasons) is bad] for bad in (False, True))
    most = max(READ - 1 - len(missed), (READ - 1) // 2)
    some = [*worked[:1], *met[:most], *missed]
    (out / TRACES).write_bytes(b"".join(encode(each.outcome.trace) + b"\n" for each in some[:READ]))
    parts, contents = [], []
    for number, each in enumerate(some[:READ], 1):
        key, title = f"task-{number}", f"{'missed' if each.reasons else 'met'}: {each.task}"
        contents.append((key, title))
        parts.append(section(key, title, line("; ".join(each.reasons)), *blocks(each.outcome.trace)))
    (out / PAGE).write_text(document("The agent at work", parts, contents), encoding="utf-8")
