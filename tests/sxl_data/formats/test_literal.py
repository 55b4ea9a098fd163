"""sxl_data.formats.literal: values inside text."""

from __future__ import annotations

import pytest

from sxl_data.formats.literal import json_end, value_of


@pytest.mark.parametrize("size", [0, 10, 4090, 4096, 5000, 40_000])
def test_a_value_ends_at_its_own_bracket_however_long_it_is(size: int) -> None:
    value = '{"a": ["' + "x" * size + '}]", {"b": 1.0}]}'
    assert 2 + len(value) == json_end(f"> {value} }}", 2)


@pytest.mark.parametrize(
    "text", ["{", '{"a": ', '{"a": "', "{'a': 1}", '{"a": NaN}', "{a}", "[" * 5000, '["' + "x" * 9000]
)
def test_what_is_no_value_has_no_end(text: str) -> None:
    assert json_end(text, 0) == -1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1.0}', {"a": 1.0}),
        ("{'a': None, 'b': (True,)}", {"a": None, "b": [True]}),
        ('{"a": "x\ny"}', {"a": "x\ny"}),
        ('{"a": 123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
    ],
)
def test_json_python_and_line_ends_in_strings_are_read(text: str, value: object) -> None:
    assert value == value_of(text)


@pytest.mark.parametrize("text", ["f(1)", "", "{", "__import__('os')", "NaN", "{1, 2}", "'" + "x" * 300_000 + "'"])
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        value_of(text)
