"""Results of BFCL."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ([{"add": '{"a": 2}'}], [["add"]]),
        ([{"add": '{"a": 2}'}, {"mul": "{}"}], [["add", "mul"]]),
        ("[add(a=2), mul(b=[1, 2])]", [["add", "mul"]]),
        ([[[{"add": "{}"}], "It is done."], [[{"mul": "{}"}]]], [["add"], ["mul"]]),
        ("I cannot do that.", []),
        ("[not a call]", []),
    ],
)
def test_what_the_model_answered_is_calls_or_text(reader, result, expected) -> None:
    row = {"id": "x", "result": result, "latency": 0.1}
    trace = reader(row)
    assert ["bfcl_result"] == reader.detects(row)
    assert expected == [[call.name for call in step.calls] for step in trace.steps if getattr(step, "calls", ())]


def test_arguments_that_are_text_stay_as_they_are(reader) -> None:
    trace = reader({"id": "x", "result": [{"add": '{"a": 2.0}'}], "latency": 1})
    assert ('{"a": 2.0}', "string") == (trace.steps[0].calls[0].arguments_json, trace.steps[0].calls[0].arguments_form)
