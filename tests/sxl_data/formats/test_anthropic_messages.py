"""Anthropic's Messages API."""

from __future__ import annotations

ROW = {
    "model": "c",
    "system": "Be brief.",
    "tools": [{"name": "f", "input_schema": {"type": "object"}}],
    "max_tokens": 5,
    "messages": [
        {"role": "user", "content": "go"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "sig"},
                {"type": "redacted_thinking", "data": "zzz"},
                {"type": "text", "text": "I call."},
                {"type": "tool_use", "id": "a", "name": "f", "input": {"b": 1}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "1"}]},
                {"type": "text", "text": "and now?"},
            ],
        },
    ],
    "response": {"content": [{"type": "text", "text": "done"}], "usage": {"input_tokens": 3, "output_tokens": 1}},
}


def test_results_inside_a_user_message_answer_the_call(reader, shape) -> None:
    assert "system user reflect reflect act+1 ok user act." == shape(reader(ROW))


def test_signatures_and_redacted_reasoning_are_kept(reader) -> None:
    steps = reader(ROW).steps
    assert [("block", "hm", "sig"), ("encrypted", "", "zzz")] == [(s.form, s.text, s.signature) for s in steps[2:4]]


def test_what_a_row_has_beyond_the_model_is_kept(reader) -> None:
    trace = reader(ROW)
    assert ('{"anthropic_messages":{"max_tokens":5}}', "c", 3) == (
        trace.ext_json,
        trace.agent.model,
        trace.metrics.prompt_tokens,
    )


def test_sampling_messages_of_the_model_context_protocol_are_read(reader, shape) -> None:
    row = {
        "messages": [
            {"role": "user", "content": {"type": "text", "text": "go"}},
            {"role": "assistant", "content": {"type": "tool_use", "id": "a", "name": "f", "input": {}}},
            {"role": "user", "content": [{"type": "tool_result", "toolUseId": "a", "isError": True, "content": []}]},
        ]
    }
    assert "user act+1 error" == shape(reader(row))


def test_only_this_format_recognises_it(reader) -> None:
    assert ["anthropic_messages"] == reader.detects(ROW)
