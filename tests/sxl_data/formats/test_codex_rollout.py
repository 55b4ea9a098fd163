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


def item(**payload):
    return {"type": "response_item", "payload": payload}


def event(**payload):
    return {"type": "event_msg", "payload": payload}


def called(call_id):
    return item(type="function_call", name="spawn_agent", arguments="{}", call_id=call_id)


def returned(call_id, text="ok"):
    return item(type="function_call_output", call_id=call_id, output=text)


COUNT = event(type="token_count", info={"total_token_usage": {"input_tokens": 1}})
ASKED = item(type="message", role="user", content=[{"type": "input_text", "text": "go"}])


def test_calls_of_one_response_are_one_turn_though_an_output_came_between(reader, shape) -> None:
    rows = [ASKED, called("a"), returned("a"), called("b"), COUNT, returned("b"), called("c"), COUNT, returned("c")]
    assert "user act+2 unknown,unknown act+1 unknown" == shape(reader(rows))


def test_who_speaks_after_an_output_has_seen_it(reader, shape) -> None:
    said = item(type="message", role="assistant", content=[{"type": "output_text", "text": "done"}])
    rows = [ASKED, called("a"), returned("a"), called("b"), returned("b"), said, COUNT]
    assert "user act+1 unknown act+1 unknown act." == shape(reader(rows))


def test_a_command_that_still_runs_ends_where_it_is_waited_for(reader) -> None:
    start = item(type="function_call", name="exec_command", arguments='{"cmd":"x"}', call_id="a")
    wait = item(type="function_call", name="write_stdin", arguments='{"session_id":7}', call_id="b")
    end = event(type="exec_command_end", call_id="a", process_id="7", exit_code=3)
    trace = reader(
        [
            ASKED,
            start,
            returned("a", "Process running with session ID 7\nOutput:\n"),
            wait,
            end,
            returned("b", "no code here"),
        ]
    )
    codes = [
        result.exit_code for step in trace.steps if step.__class__.__name__ == "Iterate" for result in step.results
    ]
    assert [None, 3] == codes


def test_the_session_tells_instructions_and_tools(reader) -> None:
    meta = {
        "type": "session_meta",
        "payload": {
            "id": "s",
            "base_instructions": {"text": "Be brief."},
            "dynamic_tools": [{"name": "notify", "description": "Notes", "inputSchema": {"type": "object"}}],
        },
    }
    context = item(type="message", role="user", content=[{"type": "input_text", "text": "<environment_context>x"}])
    trace = reader([meta, context, ASKED, called("a"), returned("a")])
    assert ["system", "environment", "user"] == [step.origin for step in trace.steps[:3]]
    assert ("go", ["notify"]) == (trace.task, [tool.name for tool in trace.tools])
