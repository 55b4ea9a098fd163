"""Bare items of a response."""

from __future__ import annotations

HEAD = {"id": "s", "timestamp": "2026-01-01T00:00:00Z", "instructions": "Be short."}
ITEMS = [
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "go"}]},
    {"type": "function_call", "name": "shell", "arguments": "{}", "call_id": "c"},
    {"type": "function_call_output", "call_id": "c", "output": '{"output":"x","metadata":{"exit_code":3}}'},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "done"}]},
]


def test_items_behind_a_head_are_a_session_of_codex(reader, shape) -> None:
    trace = reader([HEAD, {"record_type": "state"}, *ITEMS])
    assert ["codex_items"] == reader.detects([HEAD, {"record_type": "state"}, *ITEMS])
    assert "system user act+1 error act." == shape(trace)
    assert ("codex", 3) == (trace.agent.name, trace.steps[3].results[0].exit_code)


def test_items_alone_are_read_too(reader, shape) -> None:
    assert ["codex_items"] == reader.detects(ITEMS)
    assert "user act+1 error act." == shape(reader(ITEMS))
