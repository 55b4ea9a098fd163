"""Traces of the OpenAI Agents SDK."""

from __future__ import annotations

import pytest

from sxl_data.trace.format import RowError

TRACE = {"object": "trace", "id": "t", "workflow_name": "Flow", "group_id": "g"}
ASKED = {"role": "user", "content": "2+2?"}
SAID = {"role": "assistant", "content": "4"}
CALLED = {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "add", "arguments": "{}"}}]}
DONE = {"role": "tool", "tool_call_id": "c", "content": "4"}
ITEMS = [
    {"role": "user", "content": "2+2?"},
    {"type": "function_call", "call_id": "c", "name": "add", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c", "output": "4"},
]


def span(went_in, came_out, kind="generation", **more):
    data = {"type": kind, "input": went_in, "output": came_out, "model": "m", **more}
    return {"object": "trace.span", "id": str(len(went_in)), "trace_id": "t", "span_data": data}


RUN = [TRACE, span([ASKED], [CALLED]), span([ASKED, CALLED, DONE], [SAID])]


@pytest.mark.parametrize("records", [RUN, [{"data": RUN}]])
def test_the_last_generation_tells_the_conversation(reader, shape, records) -> None:
    (reading,) = reader.readings(records)
    assert ["openai_agents"] == reader.detects(records)
    assert ("user act+1 unknown act.", "g") == (shape(reading.trace), reading.group)
    assert ("Flow", "m") == (reading.trace.agent.name, reading.trace.agent.model)


def test_spans_of_responses_hold_items(reader, shape) -> None:
    answer = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "4"}]}
    assert "user act+1 unknown act." == shape(
        reader([TRACE, span(ITEMS, [], "response", response={"output": [answer]})])
    )


def test_spans_of_functions_alone_are_no_trace(reader) -> None:
    with pytest.raises(RowError):
        reader([TRACE, span("{}", "4", "function")])
