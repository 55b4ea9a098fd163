"""Declared tools, in the shapes that formats share, as `Tool` and back.

OpenAI's ``{"type": "function", "function": {…}}``, the flat form of the Responses API, Anthropic's
``input_schema``, the Model Context Protocol's ``inputSchema``; a list of them or such a list as JSON text.
"""

from __future__ import annotations

from typing import Any

from sxl_data.files.json_text import dump, load
from sxl_data.trace.messages import declare
from sxl_data.trace.types import Tool

_SCHEMAS = ("parameters", "input_schema", "inputSchema", "arguments")


def tools_of(declared: Any) -> list[Tool]:
    """The tools of ``declared``; what is no declaration is left out."""
    if isinstance(declared, str):
        try:
            declared = load(declared)
        except ValueError:
            return []
    if isinstance(declared, dict):
        declared = [declared]
    found = [tool_of(item) for item in declared] if isinstance(declared, list) else []
    return [tool for tool in found if tool is not None]


def tool_of(item: Any) -> Tool | None:
    """One declaration as a tool, or None where it has no name."""
    if not isinstance(item, dict):
        return None
    function = item.get("function")
    inner: dict[str, Any] = function if isinstance(function, dict) else item
    name = inner.get("name")
    if not isinstance(name, str):
        return None
    schema = next((inner[key] for key in _SCHEMAS if inner.get(key) is not None), None)
    output = inner.get("outputSchema") or inner.get("output_schema")
    description = inner.get("description")
    fields: dict[str, Any] = {"name": name, "description": description if isinstance(description, str) else ""}
    if schema is not None:
        fields["parameters_json"] = schema if isinstance(schema, str) else dump(schema)
    if output is not None:
        fields["output_schema_json"] = dump(output)
    return Tool(**fields)


def declared(tools: tuple[Tool, ...]) -> list[dict[str, Any]]:
    """``tools`` as OpenAI declarations; the name of the inverse of `tools_of`."""
    return [declare(tool) for tool in tools]
