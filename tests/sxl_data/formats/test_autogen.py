"""Messages of AutoGen."""

from __future__ import annotations

import pytest

from sxl_data.trace.format import RowError


def said(source, kind, content):
    return {"source": source, "type": kind, "content": content, "models_usage": None, "metadata": {}}


CALL = {"id": "c", "name": "add", "arguments": '{"a": 2}'}
RUN = [
    said("user", "TextMessage", "2+2?"),
    said("adder", "ThoughtEvent", "I add."),
    said("adder", "ToolCallRequestEvent", [CALL]),
    said("adder", "ToolCallExecutionEvent", [{"call_id": "c", "name": "add", "content": "4", "is_error": True}]),
    said("adder", "ToolCallSummaryMessage", "the result once more"),
    {**said("critic", "TextMessage", "It is 4."), "models_usage": {"prompt_tokens": 3, "completion_tokens": 2}},
]


@pytest.mark.parametrize("records", [RUN, [{"messages": RUN, "stop_reason": "done"}]])
def test_events_are_the_loop(reader, shape, records) -> None:
    trace = reader(records)
    assert ["autogen"] == reader.detects(records)
    assert "user reflect act+1 error act." == shape(trace)
    assert ("adder, critic", 3) == (trace.agent.name, trace.metrics.prompt_tokens)
    assert "the result once more" in trace.ext_json


def test_no_messages_are_no_trace(reader) -> None:
    with pytest.raises(RowError):
        reader([{"source": "x", "type": "Other", "content": "y"}])
