"""sxl_data.formats.toolbench"""

from __future__ import annotations

from typing import Any

import pytest

from sxl_data.formats.toolbench import FORMAT
from sxl_data.trace.format import RowError
from tests.sxl_data.read.readings import outline, read_path, read_row, said


def node(kind: str, text: str, *children: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"node_type": kind, "description": text, "children": list(children), **more}


GIVE = node("Action", "Finish", node("Action Input", '{"return_type": "give_answer", "final_answer": "12 degrees"}'))
FAILED = node("Action", "weather", node("Action Input", "{}", observation='{"error": "no town"}', observation_code=0))
RIGHT = node(
    "Thought",
    "Ask for Graz.",
    node(
        "Action",
        "weather",
        node(
            "Action Input", '{"town": "Graz"}', GIVE, observation='{"error": "", "response": "12"}', observation_code=0
        ),
    ),
)


def row(*branches: dict[str, Any], win: bool = True) -> dict[str, Any]:
    tool = {"name": "weather", "parameters": {"type": "object", "properties": {"town": {"type": "str"}}}}
    made = {"query": "How warm is it?", "function": [tool, {"name": "Finish"}]}
    return {"win": win, "tree": {"size": 9, "tree": node("Action Input", "", *branches)}, "answer_generation": made}


def test_the_branch_that_answers_is_followed_and_finish_is_the_answer():
    trace = read_row(FORMAT, row(FAILED, RIGHT)).trace
    assert outline(trace) == "ORCIF"
    assert said(trace)[1:] == ["Ask for Graz.", "", '{"error": "", "response": "12"}', "12 degrees"]
    assert ([tool.name for tool in trace.tools], trace.outcome.status) == (["weather"], "success")


def test_without_an_answer_the_last_branch_stays_and_is_a_failure():
    trace = read_row(FORMAT, row(FAILED, win=False)).trace
    assert (outline(trace), trace.outcome.status) == ("OCI", "failure")
    assert trace.steps[2].results[0].status == "error"


def test_a_tree_without_a_query_is_refused():
    with pytest.raises(RowError):
        read_row(FORMAT, {"tree": {"tree": node("Action Input", "")}, "answer_generation": {}})


def test_real_answers_are_read(shared):
    files = sorted((shared / "traces/toolbench").rglob("*.json"))
    readings = [reading for file in files for reading in read_path(FORMAT, file)[0]]
    assert [r.trace.outcome.status for r in readings] == ["success"] * len(files)
