"""ShareGPT conversations."""

from __future__ import annotations

import pytest

from sxl_data.trace.format import RowError

ROW = {
    "id": "x",
    "system": "Be brief.",
    "tools": '[{"name": "f", "description": "d", "parameters": {"type": "object"}}]',
    "conversations": [
        {"from": "human", "value": "go"},
        {"from": "function_call", "value": '{"name": "f", "arguments": {"b": 1.0}}'},
        {"from": "observation", "value": "1"},
        {
            "from": "function_call",
            "value": '[{"name": "f", "arguments": "{\\"c\\": 1}"}, {"name": "f", "arguments": {}}]',
            "weight": 0,
        },
        {"from": "observation", "value": "2"},
        {"from": "observation", "value": "3"},
        {"from": "gpt", "value": "<think>\nhm\n</think>\n\ndone"},
    ],
}


def test_results_answer_calls_by_position(reader, shape) -> None:
    trace = reader(ROW)
    assert "system user act+1 unknown act+2 unknown,unknown reflect act." == shape(trace)
    assert ["call_0", "call_1", "call_2"] == [
        r.call_id for s in trace.steps if hasattr(s, "results") for r in s.results
    ]


def test_that_results_were_matched_by_position_is_said_once(reader) -> None:
    (reading,) = reader.readings(ROW)
    assert [("P108", "/conversations/2/value", "3 results without an id, the first here")] == [
        (f.code, f.pointer, f.found) for f in reading.findings
    ]


def test_arguments_may_be_a_string_in_json(reader) -> None:
    calls = reader(ROW).steps[4].calls
    assert [("string", '{"c": 1}'), ("object", "{}")] == [(c.arguments_form, c.arguments_json) for c in calls]


def test_writing_what_was_read_gives_the_same_row(reader) -> None:
    assert ROW == reader.format.write(reader(ROW))


def test_a_call_that_is_no_call_stays_text(reader, shape) -> None:
    row = {"conversations": [{"from": "human", "value": "go"}, {"from": "function_call", "value": "f(1)"}]}
    assert "user act." == shape(reader(row))


def test_an_empty_conversation_is_refused(reader) -> None:
    with pytest.raises(RowError):
        reader({"conversations": []})


def test_only_this_format_recognises_it(reader) -> None:
    assert ["sharegpt_tools"] == reader.detects(ROW)


def test_an_entry_may_be_kept_out_of_the_training(reader) -> None:
    row = {"conversations": [{"from": "human", "value": "go"}, {"from": "gpt", "value": "ok", "weight": 0}]}
    trace = reader(row)
    assert not trace.steps[1].train
    assert row == reader.format.write(trace)
