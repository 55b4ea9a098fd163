"""Rollouts of Codex CLI."""

from __future__ import annotations

import pytest

from sxl_data.trace.format import RowError


def item(**payload):
    return {"timestamp": "2026-01-01T00:00:00Z", "type": "response_item", "payload": payload}


def event(**payload):
    return {"timestamp": "2026-01-01T00:00:00Z", "type": "event_msg", "payload": payload}


ROLLOUT = [
    {"type": "session_meta", "payload": {"id": "s", "cli_version": "0.1", "cwd": "/w"}},
    {"type": "turn_context", "payload": {"model": "m"}},
    event(type="user_message", message="go"),
    item(type="function_call", call_id="a", name="exec", arguments='{"cmd":"ls"}'),
    event(type="exec_command_end", call_id="a", exit_code=2, duration={"secs": 1, "nanos": 500_000_000}),
    item(type="function_call_output", call_id="a", output="boom"),
    {"type": "compacted", "payload": {"message": "So far: nothing."}},
    item(type="message", role="user", content=[{"type": "input_text", "text": "again"}]),
    event(type="user_message", message="again"),
    item(type="custom_tool_call", call_id="b", name="apply_patch", input="*** Begin"),
    item(
        type="custom_tool_call_output",
        call_id="b",
        output='{"output":"ok","metadata":{"exit_code":0,"duration_seconds":2.5}}',
    ),
    item(type="message", role="assistant", content=[{"type": "output_text", "text": "done"}]),
    event(
        type="token_count",
        info={"total_token_usage": {"input_tokens": 9, "output_tokens": 3, "cached_input_tokens": 1}},
    ),
]


def test_users_are_read_once_from_items_or_events(reader, shape) -> None:
    assert "user act+1 error environment user act+1 ok act." == shape(reader(ROLLOUT))


def test_exit_codes_and_durations_come_from_events_and_wrapped_outputs(reader) -> None:
    steps = reader(ROLLOUT).steps
    assert [(2, 1500.0), (0, 2500.0)] == [
        (s.results[0].exit_code, s.results[0].duration_ms) for s in (steps[2], steps[6])
    ]


def test_session_model_and_tokens_are_kept(reader) -> None:
    trace = reader(ROLLOUT)
    assert ("codex", "0.1", "m", 9) == (
        trace.agent.name,
        trace.agent.version,
        trace.agent.model,
        trace.metrics.prompt_tokens,
    )
    assert (
        '"skipped":{"event_msg/exec_command_end":1,"event_msg/token_count":1,"event_msg/user_message":1}'
        in trace.ext_json
    )


def test_a_rollout_without_items_is_refused(reader) -> None:
    with pytest.raises(RowError):
        reader(ROLLOUT[:2])


def test_only_this_format_recognises_it(reader) -> None:
    assert ["codex_rollout"] == reader.detects(ROLLOUT)
