"""Memory steps of smolagents."""

from __future__ import annotations

import pytest

from sxl_data.trace.format import RowError


def step(number, code, seen, **more):
    call = {"id": f"c{number}", "type": "function", "function": {"name": "python_interpreter", "arguments": code}}
    said = f"Thought: {number}.\n<code>\n{code}\n</code>"
    return {
        "step_number": number,
        "tool_calls": [call],
        "model_output": said,
        "code_action": code,
        "observations": seen,
        **more,
    }


STEPS = [
    {"system_prompt": "Write code."},
    {"task": "2+2?"},
    step(1, "1/0", None, error={"type": "AgentExecutionError", "message": "division by zero"}),
    step(2, "final_answer(4)", "Last output: 4", is_final_answer=True),
]


@pytest.mark.parametrize("records", [STEPS, [{"steps": STEPS, "agent": "a"}]])
def test_a_step_is_a_thought_a_call_of_code_and_what_was_observed(reader, shape, records) -> None:
    trace = reader(records)
    assert ["smolagents"] == reader.detects(records)
    assert "system user act+1 error act+1 ok" == shape(trace)
    act = trace.steps[2]
    assert ("Thought: 1.", "1/0", "raw", "code") == (
        act.content[0].text,
        act.calls[0].arguments_json,
        act.calls[0].arguments_form,
        act.calls[0].kind,
    )
    assert "finish" == trace.steps[-1].decision


def test_a_tool_calling_agent_has_arguments_as_objects(reader) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "search", "arguments": {"q": "x"}}}
    trace = reader(
        [{"task": "find"}, {"step_number": 1, "tool_calls": [call], "model_output": "I look.", "observations": "y"}]
    )
    assert '{"q":"x"}' == trace.steps[1].calls[0].arguments_json


def test_no_steps_is_no_trace(reader) -> None:
    with pytest.raises(RowError):
        reader([{"x": 1}])
