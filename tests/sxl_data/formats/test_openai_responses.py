"""The Responses API."""

from __future__ import annotations

ROLLOUT = {
    "responses_create_params": {
        "input": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "input_text", "text": "go"}]},
        ],
        "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}}],
    },
    "response": {
        "id": "resp",
        "model": "m",
        "output": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "xxx"},
            {"type": "function_call", "call_id": "a", "name": "f", "arguments": '{"b": 1}'},
            {"type": "custom_tool_call", "call_id": "b", "name": "patch", "input": "*** Begin"},
            {"type": "function_call_output", "call_id": "b", "output": "ok"},
            {"type": "function_call_output", "call_id": "a", "output": [{"type": "input_text", "text": "1"}]},
            {"type": "reasoning", "summary": [], "encrypted_content": "yyy"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "done"}]},
            {"type": "telepathy"},
        ],
        "usage": {"input_tokens": 4, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 1}},
    },
    "reward": 0.5,
}


def test_calls_before_the_first_output_are_one_turn(reader, shape) -> None:
    assert "developer user reflect act+2 unknown,unknown reflect act." == shape(reader(ROLLOUT))


def test_a_custom_tool_takes_raw_text(reader) -> None:
    assert [("function", "string"), ("custom", "raw")] == [
        (c.kind, c.arguments_form) for c in reader(ROLLOUT).steps[3].calls
    ]


def test_reasoning_is_a_summary_or_only_encrypted(reader) -> None:
    steps = reader(ROLLOUT).steps
    assert [("summary", "hm", "xxx"), ("encrypted", "", "yyy")] == [
        (s.form, s.text, s.signature) for s in (steps[2], steps[5])
    ]


def test_reward_usage_and_unknown_items_are_kept(reader) -> None:
    trace = reader(ROLLOUT)
    assert (0.5, 4, 2, 1) == (
        trace.outcome.reward,
        trace.metrics.prompt_tokens,
        trace.metrics.completion_tokens,
        trace.metrics.cached_tokens,
    )
    assert '"unread":{"telepathy":1}' in trace.ext_json


def test_where_nothing_was_run_the_expected_action_is_the_act(reader, shape) -> None:
    row = {
        "responses_create_params": {"input": "Rain in Paris and Rome?"},
        "expected_action": {
            "type": "function_call_batch",
            "calls": [
                {"type": "function_call", "name": "rain", "arguments": f'{{"in":"{c}"}}'} for c in ("Paris", "Rome")
            ],
        },
    }
    assert "user act+2" == shape(reader(row))


def test_only_this_format_recognises_it(reader) -> None:
    assert ["openai_responses"] == reader.detects(ROLLOUT)
