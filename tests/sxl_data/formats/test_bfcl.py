"""sxl_data.formats.bfcl"""

from __future__ import annotations

import pytest

from sxl_data.formats.bfcl import FORMAT, called, chosen
from tests.sxl_data.read.readings import outline, read_path, read_row

QUESTION = {
    "id": "q",
    "question": [[{"role": "user", "content": "play both"}]],
    "function": [{"name": "play", "description": "", "parameters": {"type": "dict", "properties": {}}}],
}


def test_a_question_without_its_answer_is_only_observed():
    assert outline(read_row(FORMAT, QUESTION).trace) == "O"


def test_golden_calls_of_one_turn_are_one_act():
    trace = read_row(FORMAT, {**QUESTION, "ground_truth": [{"play": {"who": ["a"]}}, {"play": {"who": ["b"]}}]}).trace
    assert (outline(trace), len(trace.steps[1].calls)) == ("OC", 2)


def test_an_answer_in_words_is_the_final_act():
    assert outline(read_row(FORMAT, {**QUESTION, "ground_truth": ["Zhang Yiming"]}).trace) == "OF"


def test_nested_values_are_chosen_too():
    assert chosen({"a": [{"b": ["x", "y"], "c": ["", 1]}]}) == {"a": {"b": "x"}}


@pytest.mark.parametrize("text", ["ls", "f(", "f(open('x'))", "a + b", "x = 1"])
def test_what_is_no_call_with_literals_is_none(text):
    assert called(text, {}) is None


def test_real_questions_are_read(shared):
    readings, refused = read_path(FORMAT, shared / "data/gorilla_bfcl/BFCL_v4_parallel.json")
    assert (len(readings), refused) == (200, [])
