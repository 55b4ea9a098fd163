"""sxl_data.read.adapters.bfcl_folder"""

from __future__ import annotations

import json

from sxl_data.read.adapters.bfcl_folder import FORMAT
from sxl_data.trace.format import Document, Origin
from tests.sxl_data.read.readings import outline, read_path


def read(question: dict, answer: dict, functions: list[dict] | None = None):
    files = {
        "BFCL_v4_x.json": json.dumps(question),
        "possible_answer/BFCL_v4_x.json": json.dumps(answer),
        "multi_turn_func_doc/math_api.json": "\n".join(map(json.dumps, functions or [])),
    }
    (reading,) = FORMAT.read(Document(file="b", value=files), Origin(source="toy"))
    return reading.trace


def test_the_first_acceptable_value_is_taken_and_an_optional_one_left_out():
    question = {
        "id": "x_0",
        "question": [[{"role": "user", "content": "area?"}]],
        "function": [
            {"name": "area", "description": "", "parameters": {"type": "dict", "properties": {"a": {"type": "float"}}}}
        ],
    }
    trace = read(question, {"id": "x_0", "ground_truth": [{"area": {"a": [10, 10.0], "unit": ["", "cm"]}}]})
    assert json.loads(trace.steps[1].calls[0].arguments_json) == {"a": 10}
    assert json.loads(trace.tools[0].parameters_json)["properties"]["a"] == {"type": "number"}


def test_python_calls_of_several_turns_get_names_from_the_functions_involved():
    question = {
        "id": "x_0",
        "question": [[{"role": "user", "content": "one"}], [{"role": "user", "content": "two"}]],
        "involved_classes": ["MathAPI"],
    }
    functions = [
        {
            "name": "add",
            "description": "",
            "parameters": {"type": "dict", "properties": {"a": {"type": "int"}, "b": {"type": "int"}}},
        }
    ]
    trace = read(question, {"id": "x_0", "ground_truth": [["add(1, b=2)"], []]}, functions)
    assert outline(trace) == "OCIO"
    assert json.loads(trace.steps[1].calls[0].arguments_json) == {"a": 1, "b": 2}


def test_real_questions_meet_their_answers(shared):
    readings, _ = read_path(FORMAT, shared / "data/gorilla_bfcl")
    calls = sum(len(s.calls) for r in readings for s in r.trace.steps if hasattr(s, "calls"))
    assert (len(readings), calls) == (4696, 7927)
