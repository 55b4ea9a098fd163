"""sxl_data.formats.function_markup: calls as <function=…><parameter=…>."""

from __future__ import annotations

import pytest

from sxl_data.formats.function_markup import Source, read_function, types_of
from sxl_data.trace.types import Tool

EDITOR = Tool(
    name="edit",
    parameters_json='{"type": "object", "properties": {"path": {"type": "string"}, "line": {"type": "integer"}, '
    '"range": {"type": "array"}, "all": {"type": "boolean"}, "any": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}',
)


def call(text: str) -> tuple[str, str, str] | None:
    found = read_function(Source(text), 0, types_of([EDITOR]))
    return None if found is None else (found[0].name, found[0].arguments_json, text[found[1] :])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<function=f>\n<parameter=t>\nx\n</parameter>\n</function> and", ("f", '{"t":"x"}', " and")),
        (
            "<function=f><parameter=t>x</parameter><parameter=u> y </parameter></function>",
            ("f", '{"t":"x","u":" y "}', ""),
        ),
        ("<function=f>\n<parameter=t>\n\n  x\n\n</parameter>\n</function>", ("f", '{"t":"\\n  x\\n"}', "")),
        ("<function=f>\r\n<parameter=t>\r\nx\r\n</parameter>\r\n</function>", ("f", '{"t":"x"}', "")),
        ("<function=f>\n</function>", ("f", "{}", "")),
        (
            "<function=f>\n<parameter=t>\na</parameter> b\n</parameter>\n</function>",
            ("f", '{"t":"a</parameter> b"}', ""),
        ),
        ("<function=f>\n<parameter=t>\n</function>\n</parameter>\n</function>", ("f", '{"t":"</function>"}', "")),
        ("<function=f>\n<parameter=t>x</parameter>\n", ("f", '{"t":"x"}', "")),
        ("<function=f>\n<parameter=t>x</parameter>\n</", ("f", '{"t":"x"}', "")),
        ('<function="f"><parameter="t">x</parameter></function>', ("f", '{"t":"x"}', "")),
    ],
)
def test_values_are_what_stands_between_their_tags(text: str, expected: tuple[str, str, str]) -> None:
    assert expected == call(text)


@pytest.mark.parametrize(
    "text",
    [
        "<function=f> says what",
        "<function=a b></function>",
        "<function=f>\n<parameter=t>x",
        "<function=f>\n<parameter=t>x</parameter> and more",
        "<function=>",
        "<function=f",
    ],
)
def test_what_does_not_go_on_as_a_call_is_none(text: str) -> None:
    assert call(text) is None


def test_a_value_is_of_the_type_that_its_tool_declares_and_text_otherwise() -> None:
    given = {"path": "12", "line": "12", "range": "[1, -1]", "all": "True", "any": "null", "other": "[1]"}
    body = "".join(f"<parameter={key}>{value}</parameter>" for key, value in given.items())
    expected = '{"path":"12","line":12,"range":[1,-1],"all":true,"any":"null","other":"[1]"}'
    assert ("edit", expected, "") == call(f"<function=edit>{body}</function>")


def test_a_value_that_is_not_of_its_type_stays_text() -> None:
    body = "<parameter=line>twelve</parameter><parameter=all>1</parameter><parameter=range>{}</parameter>"
    assert ("edit", '{"line":"twelve","all":"1","range":"{}"}', "") == call(f"<function=edit>{body}</function>")


def test_a_key_that_comes_twice_leaves_the_arguments_raw() -> None:
    text = "<function=f><parameter=t>x</parameter><parameter=t>y</parameter></function>"
    found = read_function(Source(text), 0, {})
    assert found is not None
    assert ("raw", "<parameter=t>x</parameter><parameter=t>y</parameter>") == (found[0].form, found[0].arguments_json)


def test_a_parameter_tag_inside_a_string_value_that_no_call_goes_on_from_is_text() -> None:
    text = "<function=f><parameter=t>write </parameter><br> and </parameter></function>"
    assert ("f", '{"t":"write </parameter><br> and "}', "") == call(text)
