"""Sessions of OpenCode."""

from __future__ import annotations

import pytest

from sxl_data.trace.format import RowError


def message(role, *parts, **info):
    return {"info": {"id": "m", "role": role, **info}, "parts": list(parts)}


def call(status, identity="c", **state):
    return {
        "type": "tool",
        "callID": identity,
        "tool": "bash",
        "state": {"status": status, "input": {"command": "ls"}, **state},
    }


def text(words, **more):
    return {"type": "text", "text": words, **more}


TOKENS = {"input": 5, "output": 2, "reasoning": 1, "cache": {"read": 3, "write": 0}}
SESSION = {
    "info": {"id": "s", "version": "1.2"},
    "messages": [
        message("user", text("go"), text("a reminder", synthetic=True)),
        message(
            "assistant",
            {"type": "step-start"},
            {"type": "reasoning", "text": "hm"},
            call("completed", output="no such file", metadata={"exit": 2}, time={"start": 1, "end": 4}),
            call("error", "d", error="denied by a rule"),
            {"type": "step-start"},
            text("done"),
            modelID="m",
            tokens=TOKENS,
        ),
    ],
}


def test_parts_of_one_message_are_its_responses_in_order(reader, shape) -> None:
    trace = reader(SESSION)
    assert ["opencode"] == reader.detects(SESSION)
    assert "environment user reflect act+2 error,error act." == shape(trace)
    first = trace.steps[4].results[0]
    assert (2, 3.0, "go", "m") == (first.exit_code, first.duration_ms, trace.task, trace.agent.model)
    assert (8, 3, 3) == (trace.metrics.prompt_tokens, trace.metrics.completion_tokens, trace.metrics.cached_tokens)


def test_a_call_that_still_ran_has_no_result(reader, shape) -> None:
    cut = {**SESSION, "messages": [message("user", text("go")), message("assistant", call("running"))]}
    assert "user act+1" == shape(reader(cut))


def test_a_session_without_messages_is_refused(reader) -> None:
    for broken in ({"info": {}, "messages": []}, {"info": {}, "messages": [{"info": 1}]}):
        with pytest.raises(RowError):
            reader(broken)
