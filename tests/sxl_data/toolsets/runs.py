"""Runs for tests: calls of one's choice, really made, recorded as a trace."""

from __future__ import annotations

import shutil

import pytest

from sxl_data import toolsets
from sxl_data.files.json_text import dump
from sxl_data.toolsets.plan import Call
from sxl_data.toolsets.tasks import Task
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin
from sxl_data.trace.types import Act, Trace

SETS = [
    pytest.param(name, marks=pytest.mark.skipif(name == "shell" and not shutil.which("git"), reason="no git"))
    for name in toolsets.names()
]


def perform(toolset: toolsets.Toolset, task: Task, calls: list[Call], last: str, replies: int | None = None) -> Trace:
    """The trace of a run that makes ``calls`` one after the other and says ``last``; the person answers ``replies``
    questions before, by default all."""
    builder = Builder("tool_use", task.request)
    session = toolsets.Session(toolset, task.state.copied(), task.side)
    builder.observe(task.request)
    for reply in task.replies[:replies]:
        builder.say("Which one?")
        builder.observe(reply)
    for n, call in enumerate(calls):
        arguments = dump(call.arguments)
        builder.call(call.name, arguments, f"c{n}")
        builder.result(session.call(f"c{n}", call.name, arguments))
    if last:
        builder.say(last, final=True)
    session.state.close()
    builder.ext = {"toolset": {"name": toolset.name, "task": task.id}}
    return builder.build(Document(file="test"), Origin(source="test"), "test").trace


def right_calls(trace: Trace) -> list[Call]:
    """The calls of ``trace`` that were not slips, and did not fail."""
    from sxl_data.files.json_text import load
    from sxl_data.trace.types import Iterate

    ok = {r.call_id for step in trace.steps if isinstance(step, Iterate) for r in step.results if r.status == "ok"}
    acts = [step for step in trace.steps if isinstance(step, Act)]
    return [Call(c.name, load(c.arguments_json)) for step in acts for c in step.calls if c.call_id in ok]


def last_words(trace: Trace) -> str:
    """What the agent says at the end."""
    step = trace.steps[-1]
    assert isinstance(step, Act)
    return step.content[0].text or ""
