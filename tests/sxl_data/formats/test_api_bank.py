"""sxl_data.formats.api_bank"""

from __future__ import annotations

import pytest

from sxl_data.formats.api_bank import FORMAT
from sxl_data.trace.format import Document, Origin, RowError
from tests.sxl_data.read.readings import outline, read_path, read_row

CALL = {"role": "API", "api_name": "Add", "param_dict": {"a": 1, "b": "x"}}


def dialogue(*results: dict) -> list[dict]:
    return [{"role": "User", "text": "Add."}, {"role": "AI", "text": "Yes."}, *({**CALL, "result": r} for r in results)]


def test_a_text_before_an_api_turn_belongs_to_its_response():
    trace = read_row(FORMAT, dialogue({"output": "done", "exception": None})).trace
    assert outline(trace) == "OCI"
    assert (trace.steps[1].content[0].text, trace.steps[1].calls[0].arguments_json) == ("Yes.", '{"a":1,"b":"x"}')


def test_an_exception_is_an_error_and_an_output_keeps_its_type():
    trace = read_row(FORMAT, dialogue({"output": None, "exception": "no"}, {"output": 7, "exception": None})).trace
    failed, fine = trace.steps[2].results[0], trace.steps[4].results[0]
    assert (failed.status, failed.error_message) == ("error", "no")
    assert (fine.status, fine.content[0].text, fine.structured_json) == ("ok", "7", "7")


def test_tools_are_inferred_from_the_calls():
    (tool,) = read_row(FORMAT, dialogue({"output": "", "exception": None})).trace.tools
    assert (tool.name, tool.origin) == ("Add", "inferred")
    assert '"a":{"type":"integer"}' in tool.parameters_json


def test_a_dialogue_without_a_user_is_refused():
    with pytest.raises(RowError):
        list(FORMAT.read(Document(file="x", value=[CALL]), Origin(source="toy")))


def test_real_dialogues_are_read(shared):
    files = sorted((shared / "traces/api_bank").rglob("*.jsonl"))
    assert [len(read_path(FORMAT, file)[0]) for file in files] == [1, 1, 1]
