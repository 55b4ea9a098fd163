"""A trace with a fault in every step says each, and asks no step to look at all others."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sxl_data.rules.families import faults
from sxl_data.trace.decisions import infer_decisions
from sxl_data.trace.open_calls import OpenCalls
from sxl_data.trace.types import Call, Trace

MANY = 10_000


def trace(steps: list[dict[str, Any]]) -> Trace:
    numbered = [{"index": k, "turn": k, "iteration": 0, **step} for k, step in enumerate(steps)]
    head = {"schema_version": "1.0", "trace_id": "x:1", "kind": "agent", "task": "t", "provenance": {"source": "x"}}
    return msgspec.convert({**head, "steps": numbered}, Trace, strict=False)


def act(identity: str) -> dict[str, Any]:
    return {"phase": "act", "kind": "tool", "calls": [{"call_id": identity, "name": "f", "arguments_json": "{}"}]}


def result(identity: str) -> dict[str, Any]:
    return {"phase": "iterate", "results": [{"call_id": identity, "status": "error", "content": []}]}


CALLS, RESULTS = [act(f"c{k}") for k in range(MANY)], [result(f"c{k}") for k in range(MANY)]


@pytest.mark.parametrize(
    ("steps", "code", "times"),
    [
        (CALLS, "P111", 1),
        ([*CALLS, *RESULTS], "P110", MANY),
        ([*RESULTS, *CALLS], "P110", MANY),
        ([act("c"), *(result(f"x{k}") for k in range(MANY))], "P105", 1),
        ([{"phase": "reflect", "text": "x" * 60} for _ in range(MANY)], "O204", MANY - 1),
    ],
    ids=["no results", "all results late", "all results early", "no calls", "thoughts alone"],
)
def test_every_fault_is_said(steps: list[dict[str, Any]], code: str, times: int):
    found = [fault.code for fault in faults(trace(steps), "SPOMC")]
    assert times == found.count(code)


def test_decisions_of_a_long_trace_are_those_of_its_parts():
    pair = [act("a"), result("a")]
    steps = infer_decisions(trace(pair * MANY).steps)
    assert {"retry"} == {step.decision for step in steps[1:-1:2]}


def test_open_calls_are_those_without_an_answer_in_order():
    waiting = OpenCalls([Call(call_id=name, name="f", arguments_json="{}") for name in "abcd"])
    assert (4, "a") == (len(waiting), waiting[0].call_id)
    waiting.answered |= {"a", "c"}
    assert (["b", "d"], "b", "d") == ([c.call_id for c in waiting], waiting[0].call_id, waiting[-1].call_id)
    waiting.answered |= {"b", "d"}
    assert not waiting and [] == list(waiting)
