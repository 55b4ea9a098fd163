"""ATIF trajectories."""

from __future__ import annotations

import pytest

from sxl_data.files.json_text import load
from sxl_data.trace.format import RowError

RUN = {
    "schema_version": "ATIF-v1.6",
    "session_id": "s",
    "agent": {
        "name": "a",
        "version": "1",
        "model_name": "m",
        "tool_definitions": [
            {"type": "function", "function": {"name": "f", "description": "", "parameters": {"type": "object"}}}
        ],
    },
    "steps": [
        {"step_id": 1, "source": "system", "message": "boot", "observation": {"results": [{"content": "ready"}]}},
        {"step_id": 2, "source": "user", "message": "go", "timestamp": "2026-01-01T00:00:00Z"},
        {
            "step_id": 3,
            "source": "agent",
            "message": "",
            "reasoning_content": "hm",
            "model_name": "m",
            "tool_calls": [
                {"tool_call_id": "a", "function_name": "f", "arguments": {"b": 1.0}, "extra": {"ms": 3}},
                {"tool_call_id": "b", "function_name": "f", "arguments": {}},
            ],
            "observation": {
                "results": [{"source_call_id": "b", "content": "2", "extra": {"score": 1}}, {"content": "1"}]
            },
            "metrics": {"prompt_tokens": 5, "cost": 0.1},
            "llm_call_count": 1,
        },
        {"step_id": 4, "source": "agent", "message": [{"type": "text", "text": "done"}], "is_copied_context": True},
    ],
    "final_metrics": {"total_prompt_tokens": 5, "total_cost_usd": 1, "total_steps": 4},
    "subagent_trajectories": [
        {
            "schema_version": "ATIF-v1.6",
            "trajectory_id": "sub",
            "agent": {"name": "b", "version": "1"},
            "steps": [{"step_id": 1, "source": "user", "message": "part"}],
        }
    ],
    "extra": {"target": "x"},
}


def test_a_run_becomes_a_loop(reader, shape) -> None:
    assert "system environment user reflect act+2 unknown,unknown act." == shape(reader(RUN))


def test_a_result_without_id_answers_the_first_open_call(reader) -> None:
    assert ["b", "a"] == [result.call_id for result in reader(RUN).steps[5].results]


def test_writing_what_was_read_gives_the_same_trajectory(reader) -> None:
    assert RUN == reader.format.write(reader(RUN))


def test_leftovers_lie_at_the_level_they_came_from(reader) -> None:
    trace = reader(RUN)
    assert {"metrics": {"prompt_tokens": 5, "cost": 0.1}, "llm_call_count": 1} == {
        k: v for k, v in load(trace.steps[3].ext_json)["atif"].items() if k != "$"
    }
    assert {"score": 1} == load(trace.steps[5].ext_json)["atif"]["results"]["0"]["extra"]
    assert {"is_copied_context": True} == {k: v for k, v in load(trace.steps[6].ext_json)["atif"].items() if k != "$"}
    assert {"target": "x"} == load(trace.ext_json)["atif"]["extra"]


def test_subagents_become_subtraces_and_totals_metrics(reader) -> None:
    trace = reader(RUN)
    assert ["part"] == [inner.task for inner in trace.subtraces]
    assert (5, 1.0) == (trace.metrics.prompt_tokens, trace.metrics.cost_usd)


def test_another_major_version_and_an_empty_run_are_refused(reader) -> None:
    for change in ({"schema_version": "ATIF-v2.0"}, {"steps": []}, {"steps": [3]}):
        with pytest.raises(RowError):
            reader({**RUN, **change})


def test_only_this_format_recognises_it(reader) -> None:
    assert ["atif"] == reader.detects(RUN)


@pytest.mark.parametrize(
    ("mark", "trained"),
    [
        ({"is_copied_context": True}, False),
        ({"llm_call_count": 0}, False),
        ({"llm_call_count": 1}, True),
        ({"is_copied_context": False, "llm_call_count": False}, True),
        ({}, True),
    ],
)
def test_what_was_copied_and_what_no_model_made_is_not_trained_on(reader, mark, trained) -> None:
    steps = [{"step_id": 1, "source": "agent", "message": "m", "reasoning_content": "r", **mark}]
    trace = reader({**RUN, "steps": steps})
    assert [trained, trained] == [step.train for step in trace.steps]
    assert steps == reader.format.write(trace)["steps"]
