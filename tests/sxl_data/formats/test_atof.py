"""ATOF event streams."""

from __future__ import annotations


def scope(category, edge, data, **profile):
    return {
        "atof_version": "0.1",
        "kind": "scope",
        "category": category,
        "scope_category": edge,
        "uuid": "u",
        "name": category,
        "timestamp": "2026-01-01T00:00:00Z",
        "category_profile": profile or None,
        "data": data,
    }


CALL = {
    "content": [{"type": "text", "text": "I read."}, {"type": "tool_use", "id": "a", "name": "read", "input": {"p": 1}}]
}
STREAM = [
    scope("agent", "start", {"input": "go"}),
    scope("llm", "start", {"messages": [{"role": "user", "content": "go"}]}, model_name="m"),
    scope("llm", "end", CALL),
    scope("tool", "start", {"p": 1}, tool_call_id="a"),
    scope("tool", "end", {"result": "text"}, tool_call_id="a"),
    scope(
        "llm", "start", {"messages": [{"role": "user", "content": "go"}, {"role": "assistant", "content": "I read."}]}
    ),
    scope("llm", "end", {"choices": [{"message": {"content": "done"}}]}),
    scope("agent", "end", {"response": "done"}),
]


def test_scopes_become_a_loop_and_requests_are_read_once(reader, shape) -> None:
    trace = reader(STREAM)
    assert "user act+1 unknown act." == shape(trace)
    assert ("agent", "m", "go", "text") == (
        trace.agent.name,
        trace.agent.model,
        trace.task,
        trace.steps[2].results[0].content[0].text,
    )


def test_an_opaque_payload_is_kept_as_data(reader, shape) -> None:
    trace = reader([STREAM[0], scope("llm", "end", {"raw": 1})])
    assert ("user act.", '{"raw":1}') == (shape(trace), trace.steps[1].content[0].data_json)


def test_only_this_format_recognises_it(reader) -> None:
    assert ["atof"] == reader.detects(STREAM)
