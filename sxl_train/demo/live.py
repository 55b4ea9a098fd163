"""One task of the set, worked on by the tuned model while a person looks on: the tools really run."""

from __future__ import annotations

from pathlib import Path

import msgspec

from sxl_data import toolsets
from sxl_data.contract.console import say
from sxl_data.trace.types import encode
from sxl_train.agent.live import Live
from sxl_train.agent.loop import Agent, Outcome
from sxl_train.agent.options import Options
from sxl_train.generate.types import Backend

TRACE = "agent.jsonl"


class Worked(msgspec.Struct, frozen=True):
    """What came of it: ``reasons`` say why the goal is not met, none where it is."""

    task: str
    outcome: Outcome
    reasons: tuple[str, ...]


def work(backend: Backend, name: str, shown: int, out: Path) -> Worked:
    """The first held-out task of two steps in the set ``name``; its trace goes to ``out``."""
    toolset = toolsets.get(name)
    number = 0
    while True:
        task = toolsets.make_task(toolset, number, side="values")
        if task.kind == "ordered" and not task.busy:
            break
        number += 1
    session = toolsets.Session(toolset, task.state.copied(), task.side)
    live = Live(backend.name)
    options = Options(instructions=task.context, tools_shown=shown, turns=8, answer_tokens=128)
    outcome = Agent(backend, session, options, event=live.event).run(task.request)
    live.end(outcome, applied=False, changed=0)
    verdict = toolsets.check(outcome.trace, task, toolset)
    (out / TRACE).write_bytes(encode(outcome.trace) + b"\n")
    say("goal       " + ("met: the home is as the task wants it" if verdict.met else "; ".join(verdict.reasons)))
    return Worked(task.request, outcome, verdict.reasons)
