"""sxl_data.read.adapters.gsm8k"""

from __future__ import annotations

import json

import pytest

from sxl_data.read.adapters.gsm8k import FORMAT
from sxl_data.trace.format import RowError
from sxl_data.trace.types import Act, Iterate, Reflect, Trace
from tests.sxl_data.read.readings import outline, read_path, read_row, said

ROW = {"question": "Half of 48, and 3 more?", "answer": "Half is 48/2 = $<<48/2=24>>24.\nThen <<24+3=27>>27.\n#### 27"}


def spell(trace: Trace) -> str:
    """The answer put together again from the phases."""
    text = ""
    for step in trace.steps[1:]:
        if isinstance(step, Reflect):
            text += step.text
        elif isinstance(step, Iterate):
            text += f"={step.results[0].content[0].text}>>"
        elif isinstance(step, Act) and step.calls:
            text += f"<<{json.loads(step.calls[0].arguments_json)['expression']}"
        elif isinstance(step, Act):
            text += f"\n#### {step.content[0].text}"
    return text


def test_annotations_are_calls_and_the_text_between_them_is_reflection():
    trace = read_row(FORMAT, ROW).trace
    assert outline(trace) == "ORCIRCIRF"
    assert said(trace) == ["Half of 48, and 3 more?", "Half is 48/2 = $", "", "24", "24.\nThen ", "", "27", "27.", "27"]
    assert trace.tools[0].name == "calculator"


def test_a_solution_without_annotations_has_no_tool_and_no_call():
    trace = read_row(FORMAT, {"question": "How many?", "answer": "All five.\n#### 5"}).trace
    assert (outline(trace), trace.tools) == ("ORF", ())


def test_results_are_not_said_to_be_executed():
    assert read_row(FORMAT, ROW).trace.provenance.executed is False


def test_an_answer_without_its_last_line_is_refused():
    with pytest.raises(RowError):
        read_row(FORMAT, {"question": "How many?", "answer": "Five."})


def test_nothing_of_the_real_rows_is_lost_or_added(shared):
    readings, refused = read_path(FORMAT, shared / "data/gsm8k/test.jsonl")
    rows = [json.loads(line) for line in (shared / "data/gsm8k/test.jsonl").read_text(encoding="utf-8").splitlines()]
    assert refused == []
    assert [spell(r.trace) for r in readings] == [row["answer"] for row in rows]
