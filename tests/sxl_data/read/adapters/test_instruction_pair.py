"""sxl_data.read.adapters.instruction_pair"""

from __future__ import annotations

import pytest

from sxl_data.formats.registry import detect
from sxl_data.read.adapters.instruction_pair import FORMAT
from sxl_data.read.known import known_formats
from sxl_data.trace.format import RowError
from tests.sxl_data.read.readings import outline, read_path, read_row, said


@pytest.mark.parametrize(
    "row",
    [
        {"instruction": "add", "input": "", "output": "a + b"},
        {"instruction": "add", "response": "a + b"},
        {"prompt": "add", "completion": "a + b"},
        {"question": "add", "answer": "a + b"},
        {"id": 7, "problem": "add", "solution": "a + b", "language": "python"},
    ],
)
def test_the_usual_column_names_give_a_question_and_a_final_answer(row):
    assert detect([row], [f for f in known_formats().values() if f.unit == "row"])[0].name == "instruction_pair"
    trace = read_row(FORMAT, row).trace
    assert (outline(trace), said(trace)) == ("OF", ["add", "a + b"])


def test_an_input_follows_the_instruction_and_a_placeholder_does_not():
    with_input = read_row(FORMAT, {"instruction": "sort", "input": "[2, 1]", "output": "[1, 2]"}).trace
    without = read_row(FORMAT, {"instruction": "sort", "input": "<noinput>", "output": "[1, 2]"}).trace
    assert (said(with_input)[0], said(without)[0]) == ("sort\n\n[2, 1]", "sort")


def test_a_row_without_an_answer_is_refused_with_its_column():
    with pytest.raises(RowError) as caught:
        read_row(FORMAT, {"instruction": "sort", "output": " "})
    assert caught.value.pointer == "/output"


@pytest.mark.parametrize(
    "row",
    [
        {"question": "1+1?", "answer": "<<1+1=2>>2\n#### 2"},
        {"question": "why?", "rationale": "because", "answer": "so"},
        {"messages": [], "prompt": "a", "completion": "b"},
        {"prompt": [{"role": "user", "content": "a"}], "completion": [{"role": "assistant", "content": "b"}]},
    ],
)
def test_rows_of_richer_formats_are_left_to_them(row):
    assert FORMAT.detect(row) is None


def test_the_language_is_that_of_the_code_and_prose_has_none():
    code = read_row(FORMAT, {"instruction": "add", "output": "def add(a, b):\n    return a + b"})
    prose = read_row(FORMAT, {"instruction": "add", "output": "Use the plus sign. It adds two numbers."})
    assert (code.language, prose.language) == ("python", None)


LOG = "Thought: I search.\nAction: search[Emma]\nObservation: A novel.\nThought: Found.\nAction: finish[Austen]"


@pytest.mark.parametrize(
    ("answer", "shape", "words"),
    [
        (LOG, "ORCIRF", ["Who?", "I search.", "", "A novel.", "Found.", "Austen"]),
        ("<think>hm</think>It is 4.", "ORF", ["Who?", "hm", "It is 4."]),
        ("hm\n</think>\nIt is 4.", "ORF", ["Who?", "hm", "It is 4."]),
        ("I call.\n<function=f>\n</function>", "OC", ["Who?", "I call."]),
        ("Thought: a poem\nAction: he runs", "OF", ["Who?", "Thought: a poem\nAction: he runs"]),
    ],
)
def test_an_answer_that_is_markup_is_what_it_says(answer, shape, words):
    trace = read_row(FORMAT, {"instruction": "Who?", "output": answer}).trace
    assert (outline(trace), said(trace)) == (shape, words)


def test_real_rows_become_traces(shared):
    readings, refused = read_path(FORMAT, shared / "data/codealpaca/data/code_alpaca_2k.json")
    assert len(readings) + len(refused) == 2017
    assert refused == ["found '', expected a text"] * 2
    assert {outline(r.trace) for r in readings} == {"OF"}
