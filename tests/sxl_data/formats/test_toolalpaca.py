"""sxl_data.formats.toolalpaca"""

from __future__ import annotations

import json

from sxl_data.formats.toolalpaca import FORMAT
from sxl_data.trace.format import Document, Origin
from tests.sxl_data.read.readings import outline, read_path, said

API = {
    "Name": "Cats",
    "Function_Description": {
        "getCat": 'Get a cat.\nParameters: {"colour": "Required. string. One of: [black, red]. Which.", "n": "integer. How many."}\nOutput: a cat',
        "components": "",
    },
}
GOLDEN = {
    "Instructions": ["A red cat, then two."],
    "Golden_Answers": [
        [{"Action": "getCat", "Action_Input": "{colour: red}"}, {"Action": "getCat", "Action_Input": "{}"}]
    ],
}
STEP = [["getCat", '{"n": 1}', "I need a cat.\nASSISTANT Action: getCat"], "Status Code: 404. Response: none"]
INSTANCE = {"Instances": [{"input": "A cat.", "output": "There is none.", "intermediate_steps": [STEP]}]}


def read(row: dict):
    return [r.trace for r in FORMAT.read(Document(file="x", value={**API, **row}), Origin(source="toy"))]


def test_golden_calls_follow_each_other_without_results():
    (trace,) = read(GOLDEN)
    assert outline(trace) == "OCIC"
    assert (trace.steps[1].calls[0].arguments_json, trace.steps[2].results) == ("{colour: red}", ())


def test_instances_have_thoughts_results_and_an_answer():
    (trace,) = read(INSTANCE)
    assert (outline(trace), said(trace)[1]) == ("ORCIF", "I need a cat.")
    assert trace.steps[3].results[0].status == "error"


def test_parameters_in_words_become_a_schema():
    (trace,) = read(GOLDEN)
    schema = json.loads(trace.tools[0].parameters_json)
    assert ([tool.name for tool in trace.tools], schema["required"]) == (["getCat"], ["colour"])
    assert schema["properties"]["n"]["type"] == "integer"


def test_real_rows_give_a_trace_for_every_instruction(shared):
    readings, refused = read_path(FORMAT, shared / "data/toolalpaca/data/eval_simulated.json")
    assert (len(readings), refused) == (100, [])
