"""Tool schemas in the dialects of the wild, and arguments against them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sxl_data.rules.arguments import check, compile_schema
from sxl_data.rules.dialect import normalise
from sxl_data.trace.types import Act, Call, Provenance, Tool, Trace

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.mark.parametrize(
    ("declared", "meant"),
    [
        ({"type": "dict", "properties": {}}, {"type": "object", "properties": {}}),
        (
            {"type": "object", "properties": {"a": {"type": "float"}}},
            {"type": "object", "properties": {"a": {"type": "number"}}},
        ),
        ({"type": "List[str]"}, {"type": "array", "items": {"type": "string"}}),
        ({"type": "ArrayList<Integer>"}, {"type": "array", "items": {"type": "integer"}}),
        ({"type": "Optional[int]"}, {"type": ["integer", "null"]}),
        ({"type": "STRING"}, {"type": "string"}),
        ({"type": "any"}, {}),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "string", "required": True}, "b": {"type": "str", "required": False}},
            },
            {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a"]},
        ),
        (
            {"a": {"type": "str", "description": "x"}},
            {"type": "object", "properties": {"a": {"type": "string", "description": "x"}}},
        ),
        (
            {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "bool"}}}}},
            {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "boolean"}}}}},
        ),
    ],
)
def test_a_dialect_becomes_what_was_meant(declared: dict[str, Any], meant: dict[str, Any]):
    fixed, changes = normalise(declared)
    assert fixed == meant
    assert changes
    assert normalise(fixed) == (fixed, [])


@pytest.mark.parametrize("schema", [CITY, True, {}, {"type": "banana"}, {"type": ["string", "null"]}, {"enum": [1]}])
def test_what_is_no_known_dialect_is_left_alone(schema: Any):
    fixed, changes = normalise(schema)
    assert fixed is schema
    assert changes == []


def test_a_schema_of_a_property_called_type_is_not_taken_for_a_type():
    schema = {"type": "object", "properties": {"type": {"type": "string"}, "required": {"type": "boolean"}}}
    assert normalise(schema) == (schema, [])


def faults(arguments: str, schema: Any = CITY, **call: Any) -> list[tuple[str, str]]:
    made = Trace(
        schema_version="1.0",
        trace_id="t",
        kind="agent",
        provenance=Provenance(source="s"),
        tools=(Tool(name="f", parameters_json=json.dumps(schema)),),
        steps=(Act(index=0, kind="tool", calls=(Call(call_id="c", name="f", arguments_json=arguments, **call),)),),
    )
    return [(fault.code, fault.pointer.removeprefix("/steps/0/calls/0/arguments_json")) for fault in check(made)]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"city": "Rome"}', []),
        ('{"city": 5}', [("A307", "/city")]),
        ("{}", [("A307", "")]),
        ("", [("A307", "")]),
        ('{"city": "Rome", "zoom": 1, "x/y": 2}', [("A309", "/zoom"), ("A309", "/x~1y")]),
        ('{"city": 5, "zoom": 1}', [("A307", "/city"), ("A309", "/zoom")]),
        ('{"town": "Rome"}', [("A307", "")]),
        ("city=Rome", [("A305", "")]),
        ('["Rome"]', [("A306", "")]),
        ('"Rome"', [("A306", "")]),
        ('"{\\"city\\": \\"Rome\\"}"', [("A308", "")]),
        ("[" * 2000 + "]" * 2000, [("A305", "")]),
    ],
)
def test_arguments_are_held_against_the_schema(arguments: str, expected: list[tuple[str, str]]):
    assert faults(arguments) == expected


def test_free_text_is_no_fault_of_a_custom_call():
    assert faults("SELECT 1", kind="custom", arguments_form="raw") == []


def test_a_reference_to_the_network_is_refused_and_not_followed():
    found = compile_schema('{"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/x"}}}')
    assert [code for code, *_ in found.faults] == ["A303"]


def test_a_hostile_pattern_ends():
    schema = {"type": "object", "properties": {"city": {"type": "string", "pattern": "^(a+)+$"}}}
    assert faults(json.dumps({"city": "a" * 60 + "!"}), schema) == [("A307", "/city")]


def test_older_drafts_are_read_by_their_own_rules():
    draft = {"$schema": "http://json-schema.org/draft-07/schema#", **CITY}
    assert faults('{"city": "Rome"}', draft) == []
    assert [code for code, *_ in compile_schema('{"$schema": "http://example.org/none"}').faults] == ["A303"]
