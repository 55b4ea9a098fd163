"""Calls in Hermes tags."""

from __future__ import annotations

ROW = {
    "id": "x",
    "category": "c",
    "conversations": [
        {"from": "system", "value": 'Tools: <tools> [{"name": "f", "parameters": {"type": "object"}}] </tools>'},
        {"from": "human", "value": "go"},
        {
            "from": "gpt",
            "value": '<think>hm</think>I call.\n<tool_call>\n{"name": "f", "arguments": {"b": 1}}\n</tool_call>\n'
            "<tool_call>\n{'name': 'f', 'arguments': {'b': None}}\n</tool_call>\n<tool_call>\nf(1)\n</tool_call>",
        },
        {"from": "tool", "value": "<tool_response>\n1\n</tool_response>\n<tool_response>\n2\n</tool_response>"},
        {"from": "gpt", "value": "done"},
    ],
}


def test_tags_become_calls_results_and_reasoning(reader, shape) -> None:
    trace = reader(ROW)
    assert "system user reflect act+3 unknown,unknown act." == shape(trace)
    assert (["f"], "I call.", ["1", "2"]) == (
        [t.name for t in trace.tools],
        trace.steps[3].content[0].text,
        [r.content[0].text for r in trace.steps[4].results],
    )


def test_python_literals_are_read_and_what_is_neither_stays_raw(reader) -> None:
    assert [("f", '{"b":1}', "object"), ("f", '{"b":null}', "object"), ("", "f(1)", "raw")] == [
        (c.name, c.arguments_json, c.arguments_form) for c in reader(ROW).steps[3].calls
    ]


def test_one_text_with_role_lines_is_read(reader, shape) -> None:
    row = {
        "example": '```\nSYSTEM: You\n<tools>[{"name": "f"}]</tools>\nUSER: go\nASSISTANT:\n<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>\n```\n'
    }
    trace = reader(row)
    assert ("system user act+1", ["f"], "go") == (shape(trace), [t.name for t in trace.tools], trace.task)


def test_an_open_tag_at_the_end_does_not_hide_the_text(reader) -> None:
    row = {
        "messages": [{"role": "user", "content": "go"}, {"role": "assistant", "content": 'a<tool_call>{"name": "f"'}]
    }
    assert ['{"name": "f"'] == [c.arguments_json for c in reader(row).steps[1].calls]


def test_only_this_format_recognises_it(reader) -> None:
    assert ["hermes_text"] == reader.detects(ROW)
