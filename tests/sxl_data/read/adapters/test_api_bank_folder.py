"""sxl_data.read.adapters.api_bank_folder"""

from __future__ import annotations

import json

from sxl_data.read.adapters.api_bank_folder import FORMAT
from sxl_data.trace.format import Document, Origin, Reading, RowError
from tests.sxl_data.read.readings import outline, read_path, said

TURNS = [
    {"role": "User", "text": "Wake me at seven."},
    {"role": "AI", "text": "Doing so."},
    {
        "role": "API",
        "api_name": "AddAlarm",
        "param_dict": {"time": "07:00"},
        "result": {"output": "success", "exception": None},
    },
    {"role": "AI", "text": "Done."},
]
CLASS = """class AddAlarm(API):
    description = "Sets an alarm."
    input_parameters = {"time": {"type": "str", "description": "When."}}
    output_parameters = {"status": {"type": "str"}}
raise SystemExit("never imported")
"""


def test_tools_come_from_the_source_of_their_classes():
    files = {"lv1-lv2-samples/a.jsonl": "\n".join(map(json.dumps, TURNS)), "apis/add_alarm.py": CLASS}
    (reading,) = FORMAT.read(Document(file="bank", value=files), Origin(source="toy"))
    assert isinstance(reading, Reading)
    assert (outline(reading.trace), said(reading.trace)) == (
        "OCIF",
        ["Wake me at seven.", "Doing so.", "success", "Done."],
    )
    (tool,) = reading.trace.tools
    assert (tool.description, tool.origin) == ("Sets an alarm.", "normalised")
    assert json.loads(tool.parameters_json)["properties"] == {"time": {"type": "string", "description": "When."}}


def test_a_broken_line_costs_that_line():
    text = "\n".join([json.dumps(TURNS[0]), "{broken", *map(json.dumps, TURNS[1:])])
    found = list(FORMAT.read(Document(file="bank", value={"a.jsonl": text}), Origin(source="toy")))
    assert [type(item) for item in found] == [RowError, Reading]
    assert (found[0].file, found[0].line) == ("a.jsonl", 2)


def test_real_dialogues_have_declared_tools(shared):
    readings, refused = read_path(FORMAT, shared / "data/api_bank/api_bank.tar.gz")
    assert (len(readings), len(refused)) == (263, 1)
    assert sum(len(s.calls) for r in readings for s in r.trace.steps if hasattr(s, "calls")) == 508
    assert {t.origin for r in readings for t in r.trace.tools} == {"normalised"}
