"""Events of the Copilot CLI."""

from __future__ import annotations

import pytest

from sxl_data.trace.format import RowError


def event(kind, **data):
    return {"type": kind, "data": data, "id": kind, "timestamp": "2026-01-01T00:00:00Z"}


SESSION = [
    event("session.start", sessionId="s", copilotVersion="1.0", selectedModel="m"),
    event("system.message", role="system", content="rules"),
    event("user.message", content="go"),
    event("user.message", content="skill text", source="skill"),
    event("assistant.message_delta", deltaContent="x"),
    event(
        "assistant.message",
        content="",
        reasoningText="hm",
        toolRequests=[{"toolCallId": "c", "name": "bash", "arguments": {}}],
    ),
    event(
        "tool.execution_complete",
        toolCallId="c",
        success=False,
        error={"code": "denied", "message": "not allowed here"},
    ),
    event("assistant.message", content="done"),
    event("session.error", message="the connection was lost"),
]


def test_events_are_the_loop(reader, shape) -> None:
    trace = reader(SESSION)
    assert ["copilot_cli"] == reader.detects(SESSION)
    assert "system user environment reflect act+1 denied act." == shape(trace)
    assert ("go", "m", "1.0") == (trace.task, trace.agent.model, trace.agent.version)
    assert "the connection was lost" in trace.ext_json and '"assistant.message_delta":1' in trace.ext_json


def test_a_session_in_which_nothing_was_said_is_refused(reader) -> None:
    with pytest.raises(RowError):
        reader(SESSION[:1])
