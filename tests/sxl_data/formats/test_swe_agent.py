"""SWE-agent trajectories."""

from __future__ import annotations

import pytest

from sxl_data.trace.format import RowError

TRAJECTORY = {
    "environment": "swe_main",
    "trajectory": [
        {"action": "ls\n", "observation": "a.py", "thought": "look", "response": "look\n```\nls\n```"},
        {"action": "submit\n", "observation": "diff", "thought": "done", "response": "done\n```\nsubmit\n```"},
    ],
    "history": [
        {"role": "system", "content": "You are"},
        {"role": "user", "content": "A demonstration", "is_demo": True},
        {"role": "user", "content": "Fix it"},
        {"role": "assistant", "content": "look\n```\nls\n```", "thought": "look", "action": "ls\n"},
        {"role": "user", "content": "a.py\nbash-$"},
        {"role": "assistant", "content": "done\n```\nsubmit\n```", "thought": "done", "action": "submit\n"},
    ],
    "info": {"exit_status": "submitted", "submission": "diff", "model_stats": {"instance_cost": 0.5, "tokens_sent": 9}},
}


def test_the_history_is_read_and_the_last_observation_comes_from_the_trajectory(reader, shape) -> None:
    trace = reader(TRAJECTORY)
    assert "system developer user reflect act+1 unknown reflect act+1 unknown" == shape(trace)
    assert ("a.py\nbash-$", "diff") == (
        trace.steps[5].results[0].content[0].text,
        trace.steps[8].results[0].content[0].text,
    )
    assert "Fix it" == trace.task


def test_an_action_is_free_text_for_a_shell(reader) -> None:
    (call,) = reader(TRAJECTORY).steps[4].calls
    assert ("bash", "code", "raw", "bash", "ls\n") == (
        call.name,
        call.kind,
        call.arguments_form,
        call.language,
        call.arguments_json,
    )


def test_function_calls_are_taken_as_they_are_and_the_thought_is_said_once(reader, shape) -> None:
    trace = reader(
        {
            "trajectory": [],
            "info": {},
            "history": [
                {"role": "user", "content": "Fix it"},
                {
                    "role": "assistant",
                    "content": "look",
                    "thought": "look",
                    "action": "ls",
                    "tool_calls": [{"id": "x", "function": {"name": "bash", "arguments": '{"command":"ls"}'}}],
                },
                {"role": "tool", "content": "a.py", "tool_call_ids": ["x"]},
            ],
        }
    )
    assert "user act+1 unknown" == shape(trace)
    assert ("look", "x") == (trace.steps[1].content[0].text, trace.steps[2].results[0].call_id)


def test_rows_of_the_published_dataset_are_read(reader, shape) -> None:
    trace = reader(
        {
            "instance_id": "i",
            "target": True,
            "exit_status": "submitted",
            "trajectory": [
                {"role": "system", "system_prompt": "You are", "text": None},
                {"role": "user", "text": "Fix it"},
                {"role": "ai", "text": "Look.\n```\nls\n```\nThen wait."},
                {"role": "user", "text": "a.py"},
                {"role": "ai", "text": "Nothing to run."},
            ],
        }
    )
    assert "system user reflect act+1 unknown act." == shape(trace)
    assert ("Then wait.", "success") == (trace.steps[3].content[0].text, trace.outcome.status)


def test_a_trajectory_without_steps_is_refused(reader) -> None:
    with pytest.raises(RowError):
        reader({"trajectory": [], "info": {}})


def test_only_this_format_recognises_it(reader) -> None:
    assert ["swe_agent"] == reader.detects(TRAJECTORY)


def test_a_demonstration_has_a_history_alone(reader, shape) -> None:
    common = {"agent": "main", "message_type": "m"}
    call = {"function": {"name": "edit", "arguments": '{"path": "a"}'}, "id": "c1", "type": "function"}
    demo = {
        "history": [
            {"role": "user", "content": "Fix it", **common},
            {"role": "assistant", "content": "I look.", "tool_calls": [call], **common},
            {"role": "tool", "content": "done", "tool_call_ids": ["c1"], **common},
        ]
    }
    assert "user act+1 unknown" == shape(reader(demo))
    assert ["swe_agent"] == reader.detects(demo)
