"""Transcripts of Cursor's agent."""

from __future__ import annotations


def line(role, *blocks):
    return {"role": role, "message": {"content": list(blocks)}}


LS = {"type": "tool_use", "name": "Shell", "input": {"command": "ls"}}
SESSION = [
    line("user", {"type": "text", "text": "<open_files>a.py</open_files>\n<user_query>\ngo\n</user_query>"}),
    line("assistant", {"type": "text", "text": "I look."}, LS, LS),
    line("assistant", LS),
    line("assistant", {"type": "text", "text": "done"}),
]


def test_calls_without_ids_and_results_are_numbered_and_stay_unanswered(reader) -> None:
    trace = reader(SESSION)
    assert ["cursor"] == reader.detects(SESSION)
    calls = [call.call_id for step in trace.steps for call in getattr(step, "calls", ())]
    assert (["call_0", "call_1", "call_2"], "go") == (calls, trace.task)
    assert not any(getattr(step, "results", ()) for step in trace.steps)
