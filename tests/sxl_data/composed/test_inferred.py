"""sxl_data.composed.inferred: what values the parameters of somebody's tool take."""

from __future__ import annotations

import json
import random

import pytest

from sxl_data.composed.inferred import examples, infer
from sxl_data.composed.phrases import phrase
from sxl_data.trace.types import Tool


def tool(
    description: str = "Find a thing in the store", required: list[str] | None = None, **properties: object
) -> Tool:
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties) if required is None else required,
    }
    return Tool(name="find", description=description, parameters_json=json.dumps(schema))


def text(about: str = "") -> dict[str, str]:
    return {"type": "string", "description": about}


@pytest.mark.parametrize(
    ("about", "found"),
    [
        ("The evidence (e.g., DNA, fingerprints, blood)", ["DNA", "fingerprints", "blood"]),
        ("Its size, such as small, medium or large", ["small", "medium", "large"]),
        ("One of: 'open', 'closed'.", ["open", "closed"]),
        ("Level (e.g. 1, 2, 3)", ["1", "2", "3"]),
        ("What it is called", []),
        ("Kind (e.g., red, blue, etc.)", ["red", "blue"]),
    ],
)
def test_examples_in_a_description_are_values(about, found):
    assert examples(about) == found


def test_values_are_read_off_examples_names_and_formats():
    function = infer(
        tool(
            colour=text("Colour of it (e.g., crimson, ochre)"),
            city=text("Where it is"),
            order_id=text("Which order"),
            start_date=text("First day"),
            due=text("In the format MM/DD/YYYY"),
            depth={"type": "number", "description": "Depth in meters"},
            open={"type": "boolean"},
            state={"type": "string", "enum": ["new", "old"]},
        )
    )
    assert function is not None
    kinds = {name: parameter.kind for name, parameter in function.parameters.items()}
    assert kinds["colour"].pool == ("crimson", "ochre")
    assert [kinds[name].form for name in ("city", "order_id", "start_date", "open", "state")] == [
        "pool",
        "id",
        "date",
        "flag",
        "enum",
    ]
    assert all(value[2] == value[5] == "/" for value in kinds["due"].pool)
    assert kinds["depth"].schema() == {"type": "number"}


def test_a_sort_of_thing_is_no_value():
    assert infer(tool(area=text("Where (e.g., city, country)"))) is None


def test_a_tool_whose_required_value_nobody_can_name_is_left_out_and_an_optional_one_is_not_given():
    assert infer(tool(payload=text("What to send"))) is None
    function = infer(tool(required=["city"], city=text(), payload=text("What to send")))
    assert function is not None
    assert list(function.parameters) == ["city"]


@pytest.mark.parametrize("description", ["", "Thing", "Ein Ding im Lager für alle finden"])
def test_a_tool_that_does_not_say_in_english_what_it_does_is_left_out(description):
    assert infer(tool(description, city=text())) is None


def test_fields_of_an_object_are_said_one_by_one():
    guest = {"type": "object", "properties": {"city": text(), "age": {"type": "integer"}}, "required": ["city", "age"]}
    function = infer(tool(guest=guest))
    assert function is not None
    assert list(function.parameters) == ["guest.city", "guest.age"]


def test_hostile_names_and_descriptions_are_left_out_or_said_as_they_are():
    for wrong in ({"a{b}": text("(e.g., x, y)")}, {"city[0]": text("(e.g., x, y)")}):
        assert infer(tool(**wrong)) is None
    function = infer(tool("Find {it} [in] the a|b store", city=text("(e.g., Oslo, Rome)")))
    assert function is not None
    said = phrase(function, random.Random(0)).text
    assert not set("{}[]|") & set(said)


def test_what_may_be_null_is_what_it_may_be_beside():
    either = {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None}
    function = infer(tool(count=either, size={"type": ["number", "null"]}, note={"type": "string"}))
    assert function is not None
    kinds = {name: parameter.kind.form for name, parameter in function.parameters.items()}
    assert kinds == {"count": "int", "size": "num", "note": "quoted"}


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "integer", "enum": [1, 2]},
        {"type": "string", "format": "date-time"},
        {"$ref": "#/$defs/thing"},
        {"type": "array"},
        {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        "string",
    ],
)
def test_values_that_cannot_be_told_from_a_schema_are_not_made(odd):
    assert infer(tool(thing=odd)) is None


def test_the_declaration_stays_as_it_is():
    declared = tool(city=text("Where it is"))
    function = infer(declared)
    assert function is not None
    assert function.tool is declared
