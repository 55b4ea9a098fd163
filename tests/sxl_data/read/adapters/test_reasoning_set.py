"""sxl_data.read.adapters.reasoning_set"""

from __future__ import annotations

import pytest

from sxl_data.read.adapters.reasoning_set import FORMAT
from sxl_data.trace.format import RowError
from tests.sxl_data.read.readings import outline, read_row, said


def test_a_rationale_is_a_reflection():
    trace = read_row(FORMAT, {"question": "Is 7 odd?", "rationale": "7 = 2*3 + 1", "answer": True}).trace
    assert (outline(trace), said(trace)) == ("ORF", ["Is 7 odd?", "7 = 2*3 + 1", "yes"])


def test_an_empty_rationale_is_not_replaced():
    assert outline(read_row(FORMAT, {"question": "Is 7 odd?", "rationale": "", "answer": "yes"}).trace) == "OF"


def test_thinking_inside_the_answer_is_taken_out_of_it():
    trace = read_row(FORMAT, {"problem": "1+1", "cot": "", "solution": "<think>two ones</think>\n2"}).trace
    assert (outline(trace), said(trace)[1:]) == ("ORF", ["two ones", "2"])


def test_thinking_without_an_answer_is_refused():
    with pytest.raises(RowError):
        read_row(FORMAT, {"problem": "1+1", "cot": "", "solution": "<think>two ones</think>"})
