"""Claude Code's stream-json."""

from __future__ import annotations

import pytest

from sxl_data.trace.format import RowError


def line(kind, parent=None, **more):
    return {"type": kind, "session_id": "s", "parent_tool_use_id": parent, **more}


def answer(number, *blocks):
    return {"message": {"id": number, "role": "assistant", "model": "m", "content": list(blocks)}}


CALL = {"type": "tool_use", "id": "t", "name": "Task", "input": {"prompt": "look"}}
DONE = {"type": "tool_result", "tool_use_id": "t", "content": "a.txt"}
STREAM = [
    {"type": "system", "subtype": "init", "session_id": "s", "tools": ["Task"], "claude_code_version": "2.0"},
    line("assistant", **answer("1", CALL)),
    line("assistant", "t", **answer("2", {"type": "text", "text": "inside"})),
    line("stream_event", event={"type": "content_block_delta"}),
    line("user", message={"role": "user", "content": [DONE]}),
    line("assistant", **answer("3", {"type": "text", "text": "One file."})),
    {"type": "result", "subtype": "success", "session_id": "s", "result": "One file.", "total_cost_usd": 0.5},
]


def test_messages_of_the_run_are_one_trace_and_a_subagent_is_another(reader, shape) -> None:
    trace = reader(STREAM)
    assert ["claude_stream_json"] == reader.detects(STREAM)
    assert ("act+1 ok act.", "act.") == (shape(trace), shape(trace.subtraces[0]))
    assert (0.5, "2.0", "m") == (trace.metrics.cost_usd, trace.agent.version, trace.agent.model)


def test_an_answer_that_only_the_result_has_is_kept(reader) -> None:
    cut = [*STREAM[:-1], {**STREAM[-1], "result": "said nowhere else"}]
    assert "said nowhere else" in reader(cut).ext_json


def test_a_stream_without_messages_is_refused(reader) -> None:
    with pytest.raises(RowError):
        reader(STREAM[:1])
