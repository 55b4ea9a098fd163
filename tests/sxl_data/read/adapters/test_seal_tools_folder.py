"""sxl_data.read.adapters.seal_tools_folder"""

from __future__ import annotations

import json

from sxl_data.read.adapters.seal_tools_folder import FORMAT
from sxl_data.trace.format import Document, Origin
from tests.sxl_data.read.readings import outline, read_path

TOOL = {
    "api_name": "find",
    "api_description": "Finds.",
    "parameters": {"x": {"type": "int", "description": "What"}},
    "required": ["x"],
}
ROW = {
    "id": "1",
    "query": "find 3",
    "calling": [{"api": "find", "parameters": {"x": 3}}, {"api": "other", "parameters": {"y": "a"}}],
}


def test_tools_come_from_the_catalogue_and_others_are_inferred():
    files = {"tool.jsonl": json.dumps(TOOL), "dev.jsonl": json.dumps(ROW)}
    (reading,) = FORMAT.read(Document(file="s", value=files), Origin(source="toy"))
    assert outline(reading.trace) == "OC"
    assert [(t.name, t.origin) for t in reading.trace.tools] == [("find", "normalised"), ("other", "inferred")]
    assert json.loads(reading.trace.tools[0].parameters_json)["properties"]["x"]["type"] == "integer"


def test_real_requests_use_catalogued_tools_only(shared):
    readings, refused = read_path(FORMAT, shared / "data/seal_tools")
    assert (len(readings), refused) == (700, [])
    assert {t.origin for r in readings for t in r.trace.tools} == {"normalised"}
