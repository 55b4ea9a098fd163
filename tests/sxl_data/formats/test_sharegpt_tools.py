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


def turn(*entries: tuple[str, str], **row: object) -> dict:
    return {"conversations": [{"from": who, "value": value} for who, value in entries], **row}


XML = "<function=f>\n<parameter=t>\nx\n</parameter>\n</function>"
JSON = '{"name": "f", "arguments": {"t": "x"}}'
MANY = '[{"name": "f", "arguments": {}}, {"name": "g", "arguments": {}}]'


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            turn(
                ("human", "go"),
                ("function_call", JSON),
                ("function_call", JSON),
                ("observation", "1"),
                ("observation", "2"),
            ),
            "user act+2 unknown,unknown",
        ),
        (
            turn(("human", "go"), ("gpt", "I call."), ("function_call", JSON), ("observation", "1"), ("gpt", "done")),
            "user act+1 unknown act.",
        ),
        (
            turn(
                ("human", "go"),
                ("gpt", "I call."),
                ("function_call", JSON),
                ("function_call", JSON),
                ("observation", "1"),
            ),
            "user act+2 unknown",
        ),
        (
            turn(("human", "go"), ("function_call", f"I call.\n\n{XML}"), ("observation", "1"), ("gpt", "done")),
            "user act+1 unknown act.",
        ),
        (
            turn(("human", "go"), ("function_call", XML), ("human", "EXECUTION RESULT of [f]:\n1"), ("gpt", "done")),
            "user act+1 unknown act.",
        ),
        (
            turn(("human", "go"), ("function_call", XML), ("human", "It printed nothing."), ("gpt", "done")),
            "user act+1 unknown act.",
        ),
        (turn(("human", "go"), ("function_call", JSON), ("human", "wait"), ("gpt", "yes")), "user act+1 - user act."),
        (turn(("human", "go"), ("gpt", "one"), ("gpt", "two")), "user act act."),
        (
            turn(
                ("human", "go"),
                ("function_call", MANY),
                ("observation", '[{"name": "g", "content": 2}, {"name": "f", "content": 1}]'),
            ),
            "user act+2 unknown,unknown",
        ),
        (turn(("human", "go"), ("gpt", "hm</think>It is 4.")), "user reflect act."),
        (turn(("human", "go"), ("gpt", "Use `<tool_call>`.")), "user act."),
        (
            turn(("human", "go"), ("function_call", f"<think>\nhm\n</think>\n\n{JSON}"), ("observation", "1")),
            "user reflect act+1 unknown",
        ),
    ],
)
def test_a_turn_is_what_one_answer_says_and_it_is_written_as_it_was(reader, shape, row, expected) -> None:
    trace = reader(row)
    assert expected == shape(trace)
    assert row == reader.format.write(trace)


def test_text_and_call_of_one_turn_share_an_act(reader) -> None:
    trace = reader(turn(("human", "go"), ("gpt", "I call."), ("function_call", JSON), ("observation", "1")))
    assert ("I call.", "f") == (trace.steps[1].content[0].text, trace.steps[1].calls[0].name)


def test_tools_that_the_system_text_lists_give_values_their_types(reader) -> None:
    system = (
        "---- BEGIN FUNCTION #1: f ----\nDescription: d\nParameters:\n  (1) n (integer, required): a number\n"
        "---- END FUNCTION #1 ----"
    )
    row = turn(("human", "go"), ("function_call", "<function=f><parameter=n>3</parameter></function>"), system=system)
    trace = reader(row)
    assert (["f"], '{"n":3}') == ([t.name for t in trace.tools], trace.steps[-1].calls[0].arguments_json)
    assert row == reader.format.write(trace)


def test_fenced_code_of_an_entry_that_is_a_call_is_one(reader, shape) -> None:
    row = turn(
        ("human", "go"),
        ("function_call", "I look.\n\n```bash\nls -la\n```"),
        ("observation", "a.txt"),
        ("function_call", "```python\nprint(1)\n```"),
        ("human", "1"),
        ("gpt", "So:\n```bash\nls\n```"),
    )
    trace = reader(row)
    assert "user act+1 unknown act+1 unknown act." == shape(trace)
    assert [("bash", "ls -la", "code"), ("python", "print(1)", "code")] == [
        (c.name, c.arguments_json, c.kind) for s in trace.steps if hasattr(s, "calls") for c in s.calls
    ]
    assert row == reader.format.write(trace)
