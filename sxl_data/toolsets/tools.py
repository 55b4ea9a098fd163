"""A typed function with a docstring → a tool: JSON Schemas of what goes in and comes out, and a check of arguments.

The first parameter of the function is the state and no part of the schema. The first paragraph of the docstring is
the description; every later line ``name: text`` describes a parameter. Types are those that msgspec knows: str, int,
float, bool, Literal, list, dict, `X | None`, and structs for results. A tool says no by raising `ToolError`.
"""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Callable
from typing import Any

import msgspec

from sxl_data.trace.types import Tool


class ToolError(Exception):
    """A tool's own refusal: ``kind`` is one word such as ``not_found``, the message says what is wrong."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Exit(typing.NamedTuple):
    """What a tool returns that ran a program: the session records the exit code and, where it is not 0, an error."""

    text: str
    code: int


class Function(msgspec.Struct, frozen=True):
    """A function of a set and what is declared of it."""

    name: str
    run: Callable[..., Any]
    declared: Tool
    arguments: type[msgspec.Struct]
    """A struct with the parameters as fields; unknown ones are refused."""


def tool(function: Callable[..., Any]) -> Function:
    """The tool that ``function`` is. Raises TypeError for a parameter without a type or a line in the docstring."""
    name = function.__name__
    hints = typing.get_type_hints(function)
    description, words = _docstring(function)
    fields: list[Any] = []
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if parameter.name not in hints or parameter.name not in words:
            raise TypeError(f"{name}: the parameter {parameter.name!r} needs a type and a line in the docstring")
        kind: Any = typing.Annotated[  # type: ignore[valid-type]
            hints[parameter.name], msgspec.Meta(description=words[parameter.name])
        ]
        given = parameter.default is not parameter.empty
        fields.append((parameter.name, kind, parameter.default) if given else (parameter.name, kind))
    arguments = msgspec.defstruct(name, fields, forbid_unknown_fields=True, kw_only=True)
    taken = schema(arguments)
    taken.pop("title", None)
    returned = {"type": "string"} if hints["return"] is Exit else schema(hints["return"])
    declared = Tool(
        name=name,
        description=description,
        parameters_json=json.dumps(taken, ensure_ascii=False),
        output_schema_json=json.dumps(returned, ensure_ascii=False),
    )
    return Function(name, function, declared, arguments)


def schema(kind: Any) -> dict[str, Any]:
    """JSON Schema of ``kind`` without references, which small models read badly and chat templates not at all."""
    (root,), components = msgspec.json.schema_components([kind], ref_template="{name}")
    found: dict[str, Any] = _inlined(root, components)
    return found


def _inlined(node: Any, components: dict[str, Any]) -> Any:
    if isinstance(node, dict):
        if "$ref" in node:
            return _inlined(components[node["$ref"]], components) | {k: v for k, v in node.items() if k != "$ref"}
        return {key: _inlined(value, components) for key, value in node.items()}
    return [_inlined(item, components) for item in node] if isinstance(node, list) else node


def _docstring(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    text = inspect.getdoc(function)
    if not text:
        raise TypeError(f"{function.__name__}: a tool needs a docstring")
    head, _, rest = text.partition("\n\n")
    lines = (line.partition(":") for line in rest.splitlines())
    return " ".join(head.split()), {name.strip(): about.strip() for name, colon, about in lines if colon}
