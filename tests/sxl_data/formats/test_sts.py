"""The Session Trace Simple Format."""

from __future__ import annotations

import pytest

from sxl_data.trace.format import RowError


def message(**message):
    return {"type": "message", "message": message}


SESSION = [
    {"type": "session", "harness": "my-agent", "id": "abc", "name": "what time is it"},
    message(role="user", content="what time is it?", timestamp=1_767_225_600_123),
    message(
        role="assistant",
        content="",
        reasoningContent="Ask.",
        model="m",
        toolCalls=[{"id": "t1", "function": {"name": "get_time", "arguments": "{}"}}],
    ),
    message(role="tool", toolCallId="t1", content="15:00"),
    message(role="assistant", content="it is 15:00"),
]


def test_a_session_becomes_a_loop(reader, shape) -> None:
    trace = reader(SESSION)
    assert "user reflect act+1 unknown act." == shape(trace)
    assert ("my-agent", "m", "2026-01-01T00:00:00.123Z") == (
        trace.agent.name,
        trace.agent.model,
        trace.steps[0].timestamp,
    )


def test_writing_what_was_read_gives_the_same_lines(reader) -> None:
    assert SESSION == reader.format.write(reader(SESSION))


def test_findings_name_the_line(reader) -> None:
    (reading,) = reader.readings(SESSION)
    assert ("/message/toolCalls/0", 3) == (reading.places["/steps/2/calls/0"], reading.lines["/steps/2/calls/0"])


def test_a_header_alone_is_refused(reader) -> None:
    with pytest.raises(RowError):
        reader(SESSION[:1])


def test_only_this_format_recognises_it(reader) -> None:
    assert ["sts"] == reader.detects(SESSION)
