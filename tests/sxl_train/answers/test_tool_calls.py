"""Calls as generated, and after the repairs that are stated."""

from __future__ import annotations

import pytest

from sxl_train.answers.markup import Call
from sxl_train.answers.tool_calls import REPAIRS, read, repaired, valid

SCHEMAS = {
    "get_time": {
        "type": "object",
        "properties": {"zone": {"type": "string"}, "offset": {"type": "integer"}, "exact": {"type": "boolean"}},
        "required": ["zone"],
    },
    "stop": {"type": "object", "properties": {}},
}
CALL = Call("get_time", {"zone": "UTC"})
BODY = '{"name": "get_time", "arguments": {"zone": "UTC"}}'


@pytest.mark.parametrize(
    "text",
    [
        f"<tool_call>\n{BODY}\n</tool_call>",
        f"I look.<tool_call>{BODY}</tool_call>",
        "<tool_call>\n<function=get_time>\n<parameter=zone>\nUTC\n</parameter>\n</function>\n</tool_call>",
        '<function=get_time>{"zone": "UTC"}</function>',
        '[TOOL_CALLS][{"name": "get_time", "arguments": {"zone": "UTC"}}]',
        BODY,
    ],
)
def test_calls_in_any_markup_are_read_and_need_no_repair(text):
    assert read(text, SCHEMAS).calls == (CALL,)
    assert repaired(text, SCHEMAS) == read(text, SCHEMAS)


@pytest.mark.parametrize(
    ("text", "repair"),
    [
        (f"<tool_call>{BODY}", "open"),
        (f"<tool_call>{BODY[:-2]}", "open"),
        (f"```json\n{BODY}\n```", "fence"),
        (f"Here: ```json\n[{BODY}]\n```", "list"),
        (BODY.replace('"}}', '",}}').join(("<tool_call>", "</tool_call>")), "json"),
        (BODY.replace('"', "'").join(("<tool_call>", "</tool_call>")), "json"),
        (BODY.replace("get_time", "Get-Time").join(("<tool_call>", "</tool_call>")), "name"),
        (BODY.replace("get_time", "api.get_time").join(("<tool_call>", "</tool_call>")), "name"),
    ],
)
def test_each_repair_is_made_and_said(text, repair):
    assert CALL not in read(text, SCHEMAS).calls
    found = repaired(text, SCHEMAS)
    assert found.calls == (CALL,) and repair in found.repairs and set(found.repairs) <= REPAIRS.keys()


def test_texts_become_the_numbers_that_the_schema_wants_and_nothing_else_changes():
    text = '<tool_call>{"name": "get_time", "arguments": {"zone": "5", "offset": "3", "exact": "True"}}</tool_call>'
    assert repaired(text, SCHEMAS).calls == (Call("get_time", {"zone": "5", "offset": 3, "exact": True}),)
    assert not valid(read(text, SCHEMAS).calls[0], SCHEMAS) and valid(repaired(text, SCHEMAS).calls[0], SCHEMAS)
    for given in ("soon", "3.5", "[]", "true"):
        text = f'<tool_call>{{"name": "get_time", "arguments": {{"offset": "{given}"}}}}</tool_call>'
        assert repaired(text, SCHEMAS) == read(text, SCHEMAS)


def test_no_call_is_invented():
    for text in (
        "",
        "The time is 12:00.",
        "```python\nprint(1)\n```",
        '{"answer": 42}',
        "```json\n[1, 2]\n```",
        "{{{{",
    ):
        assert repaired(text, SCHEMAS).calls == ()


def test_what_cannot_be_repaired_does_not_parse():
    assert repaired("<tool_call>get_time at UTC</tool_call>", SCHEMAS).calls == (None,)


def test_valid_needs_a_declared_tool_and_its_schema():
    assert valid(CALL, SCHEMAS)
    assert not valid(Call("get_tim", {"zone": "UTC"}), SCHEMAS) and not valid(Call("get_time", {}), SCHEMAS)
    assert not valid(None, SCHEMAS)


@pytest.mark.parametrize("body", [BODY.replace("UTC", "\\ud800"), BODY.replace("zone", "\\ud800")])
def test_half_a_character_which_no_encoder_takes_does_not_parse(body):
    for text in (f"<tool_call>{body}</tool_call>", f"<tool_call>{body[:-1]}"):
        assert read(text, SCHEMAS).calls == (None,) and set(repaired(text, SCHEMAS).calls) == {None}
