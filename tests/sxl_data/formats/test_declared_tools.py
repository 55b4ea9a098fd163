"""sxl_data.formats.declared_tools"""

from __future__ import annotations

import json

import pytest

from sxl_data.formats.declared_tools import inferred_tools, schema_of


@pytest.mark.parametrize(
    ("schema", "word"),
    [
        ({"type": "string"}, "str"),
        ({"type": "object"}, "dict"),
        ({"type": "number"}, "Float"),
        ({"type": "array", "items": {"type": "integer"}}, "List[int]"),
        ({"type": "array"}, "tuple"),
        ({}, "Widget"),
    ],
)
def test_words_become_types(schema, word):
    assert schema_of(word) == schema


def test_required_moves_from_the_property_to_the_object():
    assert schema_of(
        {"type": "dict", "properties": {"a": {"type": "int", "required": True}, "b": {"type": "any"}}}
    ) == {"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}, "required": ["a"]}


def test_types_that_differ_between_calls_are_left_open():
    (tool,) = inferred_tools([("f", {"a": 1, "b": "x"}), ("f", {"a": "y"})])
    assert json.loads(tool.parameters_json)["properties"] == {"a": {}, "b": {"type": "string"}}
