"""Declarations: a function as one of many people might declare it, and a call in the words of that declaration.

In: a function of `functions`. Out: a `Tool`, and arguments for its calls. Names come in several styles, so that a model
reads the declaration instead of remembering it. ``java`` and ``javascript`` declare every parameter as a text that
holds a literal of the language, as servers for these languages do.
"""

from __future__ import annotations

import random
from typing import Literal, NamedTuple

from sxl_data.composed.functions import Function, Parameter
from sxl_data.composed.kinds import Kind, Value
from sxl_data.composed.mapped import MAPPED
from sxl_data.files.json_text import dump
from sxl_data.trace.types import Tool

Language = Literal["json", "java", "javascript"]
_VERBS = {
    "calculate": ("calculate", "calc", "compute"),
    "compute": ("compute", "calculate"),
    "find": ("find", "get", "search"),
    "get": ("get", "fetch", "get"),
    "retrieve": ("get", "retrieve"),
    "convert": ("convert",),
    "search": ("search", "find"),
    "determine": ("determine", "get"),
    "estimate": ("estimate", "predict"),
}
_WHOLE = dict.fromkeys(("int", "plain", "year", "frequency", "money"), "integer")
_JAVA = {**_WHOLE, "flag": "boolean", "list": "ArrayList"}
_JAVASCRIPT = {**_WHOLE, "flag": "Boolean", "list": "array"}
_REAL = ("num", "float", "float2", "pct", "percent")
_ACTS = frozenset(
    "find search get book check convert list place add cancel apply compare create buy reserve plan estimate track "
    "send calculate solve count fetch locate call order adjust rent round sort".split()
)
_OWNERS = "Session Tree Stream Task Config Row Page Event Node Order Token Channel Form Chart Graph Index".split()
_OWNED = "Manager Handler Service Controller Util Factory Helper Loader Visitor Store Adapter Builder".split()


class Declared(NamedTuple):
    """A declared function: its tool, and the name of each parameter in it."""

    function: Function
    tool: Tool
    names: dict[str, str]
    types: dict[str, str]
    """Types in the language, for parameters that are texts holding literals."""
    language: Language


def declare(function: Function, rng: random.Random, language: Language = "json") -> Declared:
    """``function`` as a tool."""
    if function.tool is not None:  # somebody's own declaration
        names = {name: name for name in function.parameters}
        return Declared(function, function.tool, names, {}, "json")
    camel = language != "json" or rng.random() < 0.12
    names = {name: _styled(_pick(parameter, rng), camel) for name, parameter in function.parameters.items()}
    if len(set(names.values())) < len(names):
        names = {name: _styled(name, camel) for name in names}
    types = {name: _type(parameter.kind, language, rng) for name, parameter in function.parameters.items()}
    about = function.about
    if language != "json":
        about += " Arguments are Java 8 literals." if language == "java" else " Arguments are JavaScript literals."
    properties: dict[str, object] = {}
    required: list[str] = []
    for name, parameter in function.parameters.items():
        schema: dict[str, object]
        if language == "json":
            schema = _property(parameter, rng)
        else:
            listed = f" One of: {', '.join(parameter.kind.pool)}." if parameter.kind.form == "enum" else ""
            schema = {"type": "string", "description": f"{_about(parameter, rng)}{listed} ({types[name]})"}
        _put(properties, required, names[name], schema, parameter.required)
    schema = {"type": "object", "properties": properties, "required": required}
    tool = Tool(name=_name(function, rng, camel), description=about, parameters_json=dump(schema))
    return Declared(function, tool, names, types, language)


def arguments(declared: Declared, values: dict[str, Value]) -> dict[str, Value]:
    """``values`` as the arguments of a call, in the order of the declaration."""
    found: dict[str, Value] = {}
    for name in declared.function.parameters:
        if name not in values:
            continue
        value = values[name]
        if declared.language != "json":
            value = literal(value, declared.types[name], declared.language)
        first, _, field = declared.names[name].partition(".")
        if field:
            inner = found.setdefault(first, {})
            assert isinstance(inner, dict)
            inner[field] = value
        else:
            found[first] = value
    return found


def literal(value: Value, kind: str, language: Language) -> str:
    """``value`` as the literal that a program in ``language`` would write."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        items = [f'"{item}"' if isinstance(item, str) else str(item) for item in value]
        if language == "javascript":
            return f"[{', '.join(items)}]"
        whole = all(isinstance(item, int) for item in value)
        held = "String" if value and isinstance(value[0], str) else "Integer" if whole else "Double"
        if kind == "ArrayList":
            return f"new ArrayList<{held}>(Arrays.asList({', '.join(items)}))"
        plain = {"Integer": "int", "Double": "double"}.get(held, held)
        return f"new {plain}[]{{{', '.join(items)}}}"
    if kind == "long":
        return f"{value}L"
    if kind == "float" and language == "java":
        return f"{float(value) if isinstance(value, int | float) else value}f"
    return str(value)


def _put(
    properties: dict[str, object], required: list[str], name: str, schema: dict[str, object], needed: bool
) -> None:
    first, _, field = name.partition(".")
    if not field:
        properties[first] = schema
    else:
        outer = properties.setdefault(
            first,
            {"type": "object", "description": f"The {first.replace('_', ' ')}.", "properties": {}, "required": []},
        )
        assert isinstance(outer, dict)
        outer["properties"][field] = schema
        if needed:
            outer["required"].append(field)
    if needed and first not in required:
        required.append(first)


def _property(parameter: Parameter, rng: random.Random) -> dict[str, object]:
    schema = dict(parameter.kind.schema())
    # Not all who read a declaration see what it says of a parameter: `a_b` for "a b" has to be listed.
    if parameter.kind.form == "enum" and rng.random() < 0.3 and not any("_" in value for value in parameter.kind.pool):
        del schema["enum"]
        schema["description"] = f"{_about(parameter, rng)} One of: {', '.join(parameter.kind.pool)}."
    else:
        schema["description"] = _about(parameter, rng)
    if parameter.default is not None and rng.random() < 0.4:
        schema["default"] = _typed(parameter.default, str(schema["type"]))
    return schema


def _typed(text: str, kind: str) -> Value:
    """A default as JSON has it."""
    if kind == "boolean":
        return text == "true"
    return int(text) if kind == "integer" else float(text) if kind == "number" else text


def _about(parameter: Parameter, rng: random.Random) -> str:
    text = parameter.about or f"The {parameter.names[0].replace('_', ' ').rpartition('.')[2]}."
    text = text if text.endswith(".") else f"{text}."
    if parameter.kind.form == "percent" and rng.random() < 0.6:
        text += rng.choice((" As a decimal fraction.", " Given as a decimal, e.g. 0.05 for 5%."))
    if parameter.kind.form == "pct":
        text += rng.choice((" In percent.", " As a percentage, e.g. 5 for 5%."))
    if parameter.kind.form in MAPPED:
        text += rng.choice(MAPPED[parameter.kind.form].notes)
    if parameter.kind.form == "date":
        text += rng.choice((" In the format YYYY-MM-DD.", " Format: YYYY-MM-DD.", " (YYYY-MM-DD)"))
    if parameter.kind.form == "time":
        text += rng.choice((" In 24-hour format HH:MM.", " (HH:MM)"))
    if parameter.kind.form in ("pool", "words") and rng.random() < 0.25:
        text += f" For example, '{rng.choice(parameter.kind.pool)}'."
    if parameter.default is not None and rng.random() < 0.8:
        text += rng.choice((f" Default is {parameter.default}.", f" Defaults to '{parameter.default}'."))
    elif not parameter.required and rng.random() < 0.4:
        text = rng.choice((f"{text} Optional.", f"Optional. {text}"))
    return text


def _pick(parameter: Parameter, rng: random.Random) -> str:
    return parameter.names[0] if rng.random() < 0.5 else rng.choice(parameter.names)


def _type(kind: Kind, language: Language, rng: random.Random) -> str:
    if language == "java":
        if kind.form in _REAL:
            return "float" if rng.random() < 0.05 else "double"
        if kind.form == "int" and rng.random() < 0.1:
            return "long"
        if kind.form == "list" and rng.random() < 0.4:
            return "Array"
        return _JAVA.get(kind.form, "any" if kind.pool and _is_code(kind) else "String")
    if kind.form in _REAL:
        return "float"
    return _JAVASCRIPT.get(kind.form, "any" if kind.pool and _is_code(kind) else "String")


def _is_code(kind: Kind) -> bool:
    """Whether the values are names of variables, which no quotes stand around."""
    return "sessionToken" in kind.pool or "handleSubmit" in kind.pool


def _name(function: Function, rng: random.Random, camel: bool) -> str:
    base = rng.choice((function.name, *function.other_names))
    verb = function.about.split(" ", 1)[0].lower()
    style = rng.random()
    said = base.split("_")
    if function.family.startswith("java"):
        return base if style < 0.35 else f"{rng.choice(_OWNERS)}{rng.choice(_OWNED)}_{base}"
    if style < 0.4 and not _ACTS.intersection(said) and verb not in said:
        base = f"{rng.choice(_VERBS.get(verb, (verb,)))}_{base}"
    elif style < 0.65:
        base = f"{function.family}_{base}"
    elif style < 0.7:
        base = f"{base}_{rng.choice(('tool', 'api', 'service', 'info'))}"
    return _styled(base, camel)


def _styled(name: str, camel: bool) -> str:
    if not camel:
        return name
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)
