"""sxl_data.read.adapters.strategyqa"""

from __future__ import annotations

import pytest

from sxl_data.read.adapters.strategyqa import FORMAT
from sxl_data.trace.format import RowError
from sxl_data.trace.types import Observe
from tests.sxl_data.read.readings import outline, read_path, read_row, said

ROW = {
    "qid": "q1",
    "term": "Ice",
    "question": "Does ice float?",
    "answer": True,
    "facts": ["Ice is light."],
    "decomposition": ["How dense is ice?", "Is #1 less than water?"],
}


def test_facts_are_observed_and_the_decomposition_is_the_reflection():
    trace = read_row(FORMAT, ROW).trace
    assert outline(trace) == "OORF"
    assert said(trace)[1:] == ["Ice is light.", "How dense is ice?\nIs #1 less than water?", "yes"]
    assert isinstance(trace.steps[1], Observe) and trace.steps[1].origin == "environment"


def test_questions_about_one_term_stay_together():
    assert read_row(FORMAT, ROW).group == "toy/Ice"


def test_an_answer_that_is_not_yes_or_no_is_refused():
    with pytest.raises(RowError):
        read_row(FORMAT, {**ROW, "answer": "perhaps"})


def test_all_real_rows_reflect(shared):
    readings, refused = read_path(FORMAT, shared / "data/strategyqa/dev.json")
    assert (len(readings), refused) == (229, [])
    assert {outline(r.trace) for r in readings} == {"OORF"}
