"""Spans of OpenTelemetry, printed and exported."""

from __future__ import annotations

import json

import pytest

from sxl_data.trace.format import RowError


def message(role, *parts):
    return {"role": role, "parts": list(parts)}


def text(content):
    return {"type": "text", "content": content}


ASKED = message("user", text("2+2?"))
CALLED = message("assistant", {"type": "tool_call", "id": "c", "name": "add", "arguments": {"a": 2}})
DONE = message("tool", {"type": "tool_call_response", "id": "c", "response": "4"})
SAID = message("assistant", {"type": "reasoning", "content": "hm"}, text("It is 4."))


def span(went_in, came_out, trace="1", **more):
    attributes = {"gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 3, **more}
    attributes |= {"gen_ai.input.messages": json.dumps(went_in), "gen_ai.output.messages": json.dumps(came_out)}
    return {"name": "chat m", "context": {"trace_id": trace}, "attributes": attributes}


SPANS = [span([ASKED], [CALLED]), span([ASKED, CALLED, DONE], [{**SAID, "finish_reason": "stop"}])]


def exported(spans):
    """``spans`` as a collector writes them to a file."""

    def pairs(attributes):
        kinds = {int: "intValue", str: "stringValue"}
        return [{"key": k, "value": {kinds[type(v)]: str(v) if type(v) is int else v}} for k, v in attributes.items()]

    inner = [{"traceId": s["context"]["trace_id"], "attributes": pairs(s["attributes"])} for s in spans]
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": inner}]}]}


@pytest.mark.parametrize("records", [SPANS, [exported(SPANS)], [SPANS[1], SPANS[0]]])
def test_calls_of_one_trace_are_one_conversation(reader, shape, records) -> None:
    trace = reader(records)
    assert ["otel_genai"] == reader.detects(records)
    assert "user act+1 unknown reflect act." == shape(trace)
    assert ("2+2?", "m", 6) == (trace.task, trace.agent.model, trace.metrics.prompt_tokens)


def test_conversations_of_their_own_are_several_traces(reader) -> None:
    assert 2 == len(reader.readings([span([ASKED], [SAID], "1"), span([ASKED], [SAID], "2")]))


def test_values_that_are_no_text_are_read_too(reader, shape) -> None:
    plain = {"name": "chat", "attributes": {"gen_ai.input.messages": [ASKED], "gen_ai.output.messages": [SAID]}}
    assert "user reflect act." == shape(reader([plain]))


def test_instructions_and_tools_are_read(reader, shape) -> None:
    tools = json.dumps([{"type": "function", "name": "add", "parameters": {"type": "object"}}])
    more = {"gen_ai.system_instructions": json.dumps([text("Short.")]), "gen_ai.tool.definitions": tools}
    trace = reader([span([ASKED], [SAID], **more)])
    assert ("system user reflect act.", "add") == (shape(trace), trace.tools[0].name)


def test_spans_without_messages_are_refused(reader) -> None:
    assert reader.format.detect([{"name": "GET /", "attributes": {"http.method": "GET"}}]) is None
    with pytest.raises(RowError):
        reader([{"name": "GET /", "attributes": {}}])
