"""A declared tool → its name and the schema its arguments are held to: what was declared, and a little narrower."""

from __future__ import annotations

from sxl_train.generate.call_form import Json

OPEN = ("patternProperties", "anyOf", "oneOf", "allOf", "$ref", "if", "additionalProperties", "unevaluatedProperties")
DEEPEST = 64
LARGEST = 2**53
"""The largest integer that every reader of JSON keeps exactly."""


def read_tool(tool: Json) -> tuple[str, Json]:
    """(name, schema of the arguments); arguments that the schema does not name are left out of it."""
    function = tool.get("function")
    described: Json = function if isinstance(function, dict) else tool
    given = described.get("parameters")
    schema: Json = dict(given) if isinstance(given, dict) else {}
    schema["type"] = "object"
    if not isinstance(schema.get("properties"), dict):
        schema.pop("properties", None)
    if "properties" in schema and not any(key in schema for key in OPEN):
        schema["additionalProperties"] = False
    bounded = bound_numbers(schema)
    assert isinstance(bounded, dict)
    return str(described.get("name")), bounded


def bound_numbers(schema: object, depth: int = 0) -> object:
    """``schema`` with bounds on numbers that have none: a small model writes on, and 1e999 is read as no number."""
    if depth > DEEPEST:
        return schema
    if isinstance(schema, list):
        return [bound_numbers(item, depth + 1) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {
        key: value if key in ("enum", "const", "default", "examples") else bound_numbers(value, depth + 1)
        for key, value in schema.items()
    }
    kinds = made.get("type")
    numeric = {"integer", "number"} & set(
        kinds if isinstance(kinds, list) else [kinds] if isinstance(kinds, str) else []
    )
    bounds = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
    if numeric and "enum" not in made and "const" not in made and not any(key in made for key in bounds):
        made |= {"minimum": -LARGEST, "maximum": LARGEST}
    return made
