"""Sessions of Qwen Code."""

from __future__ import annotations

import pytest

from sxl_data.trace.format import RowError


def line(uuid, parent, kind, *parts, **more):
    return {
        "uuid": uuid,
        "parentUuid": parent,
        "sessionId": "q",
        "type": kind,
        "version": "0.2",
        "message": {"role": "model" if kind == "assistant" else "user", "parts": list(parts)},
        **more,
    }


CALL = {"functionCall": {"id": "k", "name": "run", "args": {"command": "ls"}}}
DONE = {"functionResponse": {"id": "k", "name": "run", "response": {"output": "a.txt\nExit Code: 1"}}}
SESSION = [
    line("1", None, "user", {"text": "go"}),
    line("2", "1", "assistant", {"text": "hm", "thought": True}, CALL, model="qwen3"),
    line("3", "2", "tool_result", DONE, toolCallResult={"callId": "k", "status": "success", "resultDisplay": "shown"}),
    line("w", "3", "user", {"text": "wrong"}),
    line("4", "3", "assistant", {"text": "done"}),
]


def test_thoughts_calls_and_results_of_parts_are_read(reader, shape) -> None:
    trace = reader(SESSION)
    assert "user reflect act+1 error act." == shape(trace)
    assert ("qwen-code", "qwen3", "go") == (trace.agent.name, trace.agent.model, trace.task)
    assert (1, "k") == (trace.steps[3].results[0].exit_code, trace.steps[3].results[0].call_id)


def test_what_was_rewound_is_kept_beside(reader) -> None:
    assert "wrong" in reader(SESSION).ext_json


def test_lines_without_parts_are_not_its_own(reader) -> None:
    assert reader.format.detect([{**SESSION[0], "message": {"role": "user", "content": "go"}}]) is None
    with pytest.raises(RowError):
        reader([{"uuid": "1", "parentUuid": None, "sessionId": "q", "type": "system"}])
