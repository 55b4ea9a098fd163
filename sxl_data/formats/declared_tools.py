"""Tools as data sets declare them: in a dialect, or only by being called.

In: a parameter description in any form that `rules.dialect` knows, or calls. Out: `Tool`s with JSON Schema and the
source's own words beside it. The validator says what is wrong with a declaration and keeps a type name that it does
not know; a reader of a data set has nobody to tell, so an unknown one becomes a schema without a type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sxl_data.files.json_text import dump
from sxl_data.rules.dialect import JSON_TYPES, meaning, normalise
from sxl_data.trace.types import Tool


def schema_of(declared: Any) -> dict[str, Any]:
    """The JSON Schema of ``declared``: a schema in any dialect, or the bare name of a type."""
    if isinstance(declared, str):
        return meaning(declared) or {}
    if not isinstance(declared, Mapping):
        return {"type": declared} if isinstance(declared, list) else {}
    return _known(normalise(dict(declared))[0])


def _known(schema: Any) -> Any:
    """``schema`` without type names that mean nothing, and without what `required` says already."""
    if not isinstance(schema, dict):
        return schema_of(schema)
    out = {key: value for key, value in schema.items() if key != "optional"}
    if isinstance(out.get("type"), str) and out["type"] not in JSON_TYPES:
        del out["type"]
    if isinstance(out.get("properties"), dict):
        out["properties"] = {name: _known(item) for name, item in out["properties"].items()}
    if "items" in out:
        out["items"] = _known(out["items"])
    return out


def parameters(properties: Mapping[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    """An object schema of named properties, each in any dialect; all are required unless said otherwise."""
    schema = schema_of({"type": "object", "properties": dict(properties)})
    schema["required"] = list(properties) if required is None else [name for name in required if name in properties]
    return schema


def declared_tool(name: str, description: str, schema: Mapping[str, Any], original: Any, output: Any = None) -> Tool:
    """A tool whose declaration is in a dialect: normalised, with the source's own words beside it."""
    return Tool(
        name=name,
        description=description,
        parameters_json=dump(schema),
        output_schema_json=None if output is None else dump(output),
        origin="normalised",
        original_json=dump(original),
    )


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
    for kind, name in (
        (bool, "boolean"),
        (int, "integer"),
        (float, "number"),
        (str, "string"),
        (list, "array"),
        (Mapping, "object"),
    ):
        if isinstance(value, kind):
            return {"type": name}
    return {}
