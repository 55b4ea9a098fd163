"""Tool schemas in Python's words, as JSON Schema.

In: a parameter description as data sets write them (``{"type": "dict"}``, ``float``, ``List[str]``,
``"required": true`` on a property, a bare map of names to types). Out: a JSON Schema object. What a type
name means is only read off its word; an unknown one becomes a schema without a type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sxl_data.trace.json_text import dump
from sxl_data.trace.types import Tool

TYPES = {
    "str": "string", "string": "string", "text": "string", "char": "string", "date": "string", "datetime": "string",
    "time": "string", "int": "integer", "integer": "integer", "long": "integer", "short": "integer", "byte": "integer",
    "float": "number", "double": "number", "number": "number", "decimal": "number", "bool": "boolean",
    "boolean": "boolean", "dict": "object", "object": "object", "map": "object", "hashmap": "object", "json": "object",
    "list": "array", "array": "array", "arraylist": "array", "tuple": "array", "set": "array", "null": "null",
}  # fmt: skip
_GENERIC = re.compile(r"(\w+)\s*[\[(<]\s*(.+?)\s*[\])>]$")


def type_of(word: Any) -> dict[str, Any]:
    """The schema of a type name: ``List[int]`` → array of integer; unknown names give ``{}``."""
    if not isinstance(word, str):
        return {"type": word} if isinstance(word, list) else {}
    match = _GENERIC.match(word.strip())
    name = TYPES.get((match[1] if match else word.strip()).lower())
    if name is None:
        return {}
    if match and name == "array" and "," not in match[2]:
        items = type_of(match[2])
        return {"type": "array", "items": items} if items else {"type": "array"}
    return {"type": name}


def normalise(schema: Any) -> dict[str, Any]:
    """``schema`` with JSON Schema's type names and its ``required`` lists; keys keep their order."""
    if not isinstance(schema, Mapping):
        return type_of(schema)
    out: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "type":
            out.update(type_of(value))
        elif key == "properties" and isinstance(value, Mapping):
            out["properties"] = {name: normalise(item) for name, item in value.items()}
            marked = [
                n for n, item in value.items() if isinstance(item, Mapping) and item.get("required") is True
            ]
            if marked and "required" not in schema:
                out["required"] = marked
        elif key == "items":
            out["items"] = normalise(value)
        elif key == "required" and not isinstance(value, list):
            continue  # said of a property, moved to the object around it
        elif key == "optional":
            continue  # the rest of `required`, said twice
        else:
            out[key] = value
    return out


def parameters(properties: Mapping[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    """An object schema of named properties, each in any dialect; all are required unless said otherwise."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {k: normalise(v) for k, v in properties.items()},
    }
    schema["required"] = (
        list(properties) if required is None else [name for name in required if name in properties]
    )
    return schema


def declared_tool(name: str, description: str, schema: Mapping[str, Any], original: Any,
                  output: Any = None) -> Tool:  # fmt: skip
    """A tool whose declaration is in a dialect: normalised, with the source's own words beside it."""
    return Tool(
        name=name, description=description, parameters_json=dump(schema),
        output_schema_json=None if output is None else dump(output), origin="normalised", original_json=dump(original),
    )  # fmt: skip


def inferred_tools(calls: list[tuple[str, Any]]) -> list[Tool]:
    """One tool for each name in ``calls`` of (name, arguments), with the argument names and types seen.

    No property is required and none is forbidden: the calls show what may be given, not what must be.
    """
    seen: dict[str, dict[str, Any]] = {}
    for name, arguments in calls:
        properties = seen.setdefault(name, {})
        for key, value in arguments.items() if isinstance(arguments, Mapping) else ():
            found = _shape(value)
            properties[key] = found if properties.get(key, found) == found else {}
    return [
        Tool(name=name, parameters_json=dump({"type": "object", "properties": properties}), origin="inferred")
        for name, properties in seen.items()
    ]


def _shape(value: Any) -> dict[str, Any]:
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array"),
                       (Mapping, "object")):  # fmt: skip
        if isinstance(value, kind):
            return {"type": name}
    return {}
