"""A: are the tools declared, are their schemas valid, do the arguments fit?

In: a trace. Out: faults with the pointer below the arguments and the keyword that failed. Schemas are
compiled once for each text and never fetched: a `$ref` to the network is refused. Patterns are the
submitter's, so they may not backtrack for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

import msgspec

from sxl_data.contract.codes import table
from sxl_data.engine.confined import Exceeded
from sxl_data.files.json_text import dump, load_plain
from sxl_data.rules import Change, Fault
from sxl_data.rules.dialect import normalise
from sxl_data.rules.schema_checker import Checker, refuse
from sxl_data.trace.types import Act, Call, Tool, Trace

CODES = table("""
A301 error undeclared-tool
    title  A call names a tool that is not declared
    why    the model would learn to call tools that it was not offered
    fix    declare the tool, or correct the name
A302 warning tools-missing
    title  The trace has calls and declares no tool
    why    the model would learn calls without seeing what it can call
    fix    add the tool declarations that the model had
A303 error invalid-tool-schema
    title  A tool's parameters are no valid JSON Schema
    why    servers refuse it, and arguments cannot be checked
    fix    correct the schema (JSON Schema 2020-12)
A304 warning tool-schema-dialect fixable
    title  A tool's parameters are in a dialect of JSON Schema
    why    types such as `dict` or `float` and `required: true` mean nothing to a validator
    fix    use `object`, `number`, … and a list `required`, or run validate --fix
A305 error arguments-not-json
    title  The arguments of a call are not JSON
    why    the model would learn calls that cannot be parsed
    fix    write them as JSON, or declare the call as `custom` if its input is free text
A306 error arguments-not-object
    title  The arguments of a call are no JSON object
    why    a function takes named arguments
    fix    wrap the value under the name of its parameter
A307 error arguments-violate-schema
    title  The arguments do not fit the tool's parameters
    why    the model would learn calls that the tool refuses
    fix    correct the arguments, or the declaration if it is the one that is wrong
A308 error arguments-double-encoded
    title  The arguments are JSON inside a JSON string
    why    the template would render a quoted string where the model must write an object
    fix    decode them once
A309 warning unknown-argument
    title  An argument is not among the tool's parameters
    why    the schema allows it only because it does not forbid it; it is usually made up or misspelt
    fix    use a declared name, or declare the parameter
A310 error duplicate-tool-name
    title  Two tools have the same name
    why    a call cannot say which one it means
    fix    rename or remove one
A311 warning unportable-tool-name
    title  A tool's name is refused by common APIs
    why    they accept 1 to 64 letters, digits, _ and - only
    fix    rename the tool in declarations and calls
""")

_PORTABLE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_KINDS = ("code", "custom", "server")
_SHOWN = 120
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


class Compiled(msgspec.Struct, frozen=True):
    """One tool's parameters, ready to check arguments. ``faults`` are those of the schema itself."""

    checker: Checker | None = None
    properties: frozenset[str] | None = None
    faults: tuple[tuple[str, str, str, str], ...] = ()


def check(trace: Trace) -> Iterator[Fault]:
    """The faults of tools and arguments in ``trace``."""
    tools = trace.tools
    known: dict[str, Compiled] = {}
    for t, tool in enumerate(tools):
        compiled = compile_schema(tool.parameters_json)
        if compiled.faults:
            for code, place, found, expected in compiled.faults:
                yield Fault(code, f"/tools/{t}/parameters_json{place}", found, expected)
        if tool.name in known:
            yield Fault("A310", f"/tools/{t}/name", repr(tool.name), "a name of its own")
        elif not (1 <= len(tool.name) <= 64 and _PORTABLE.issuperset(tool.name)):
            yield Fault("A311", f"/tools/{t}/name", repr(tool.name), "1 to 64 letters, digits, _ or -")
        known[tool.name] = compiled
    asked_for_tools = False
    for i, step in enumerate(trace.steps):
        if type(step) is not Act or not step.calls:
            continue
        for k, call in enumerate(step.calls):
            if call.kind not in _KINDS and not _fits(call.arguments_json, known.get(call.name)):
                yield from _arguments(call, f"/steps/{i}/calls/{k}", known.get(call.name))
            if not tools:
                if not asked_for_tools and call.kind == "function":
                    asked_for_tools = True
                    yield Fault("A302", "/tools", "no tools", f"the tools that were called, such as {call.name!r}")
            elif call.name not in known and call.kind != "server":
                near = ", ".join(map(repr, islice(known, 5)))
                yield Fault("A301", f"/steps/{i}/calls/{k}/name", repr(call.name), f"one of {near}")


def _fits(text: str, compiled: Compiled | None) -> bool:
    """Whether nothing is wrong with the arguments ``text``; `_arguments` says what is."""
    try:
        value = load_plain(text)
    except ValueError:
        return False
    if type(value) is not dict:
        return False
    if compiled is None or compiled.checker is None:
        return True
    try:
        valid = compiled.checker.is_valid(value)
    except Exceeded:
        return False
    return valid and (compiled.properties is None or compiled.properties.issuperset(value))


def _arguments(call: Call, place: str, compiled: Compiled | None) -> Iterator[Fault]:
    pointer = place + "/arguments_json"
    text = call.arguments_json
    try:
        value = load_plain(text)
    except ValueError as problem:
        if text or call.arguments_form == "raw":
            reason = str(problem).removeprefix("JSON is malformed: ")
            yield Fault("A305", pointer, f"{text[:_SHOWN]!r} ({reason})" if text else "nothing", "a JSON object")
            return
        value = {}  # no text at all is what several APIs write for no arguments
    if type(value) is not dict:
        inner = None
        if type(value) is str:
            try:
                inner = load_plain(value)
            except ValueError:
                inner = None
        code = "A308" if isinstance(inner, dict) else "A306"
        yield Fault(code, pointer, text[:_SHOWN], "a JSON object")
        return
    if compiled is None or compiled.checker is None:
        return
    lacking = False
    try:
        errors = compiled.checker.errors(value)
    except Exceeded as problem:
        yield Fault("A307", pointer, f"{problem}, so costly is the schema", "arguments that can be checked")
        return
    for error in errors:
        path = "".join("/" + _escape(part) for part in error.path)
        lacking = lacking or error.keyword == "required"
        # Arguments may be text in the submitted file, so the place in them is said too.
        found = f"{path + ': ' if path else ''}{_short(error.message)} (keyword `{error.keyword}`)"
        yield Fault("A307", pointer + path, found, "arguments that fit the tool's parameters")
    # Where a required argument is missing, an unknown one is likely that one misspelt, which is one fault.
    if not lacking and compiled.properties is not None and not compiled.properties.issuperset(value):
        expected = ", ".join(sorted(compiled.properties)[:8]) or "no arguments"
        for name in value:
            if name not in compiled.properties:
                yield Fault("A309", f"{pointer}/{_escape(name)}", repr(name), expected)


def originals(trace: Trace) -> Iterator[Fault]:
    """A reader may have normalised a declaration; what was wrong with it is the submitter's to know."""
    for t, tool in enumerate(trace.tools):
        if tool.origin != "normalised" or tool.original_json is None:
            continue
        found, expected, place = "a declaration of another form", "JSON Schema", ""
        try:
            declared = load_plain(tool.original_json)
        except ValueError:
            declared = None
        inner = declared.get("function", declared) if isinstance(declared, dict) else None
        schema = inner.get("parameters", inner.get("input_schema")) if isinstance(inner, dict) else None
        changes = normalise(schema if schema is not None else inner)[1]
        if changes:
            place, found, expected = changes[0]
            found += f" and {len(changes) - 1} more" if len(changes) > 1 else ""
        yield Fault("A304", f"/tools/{t}/parameters_json{place}", found, expected)


def repair(tools: tuple[Tool, ...], changes: list[Change]) -> tuple[Tool, ...]:
    """``tools`` with parameters of a known dialect as JSON Schema, and the original beside them."""
    return tuple(_repair(tool, n, changes) for n, tool in enumerate(tools))


def _repair(tool: Tool, n: int, changes: list[Change]) -> Tool:
    try:
        schema = load_plain(tool.parameters_json)
    except ValueError:
        return tool
    fixed, edits = normalise(schema)
    if not edits:
        return tool
    said = "; ".join(f"{place or '/'} {found} → {expected}" for place, found, expected in edits[:5])
    changes.append(Change("A304", f"/tools/{n}/parameters_json", said, dump(fixed)))
    return msgspec.structs.replace(
        tool, parameters_json=dump(fixed), origin="normalised", original_json=tool.original_json or tool.parameters_json
    )


@lru_cache(maxsize=8192)
def compile_schema(text: str) -> Compiled:
    """The parameters of ``text``, compiled; in a dialect that can be normalised, the normalised form."""
    try:
        schema = load_plain(text)
    except ValueError as problem:
        return Compiled(faults=(("A303", "", f"{text[:_SHOWN]!r} ({problem})", "JSON Schema as JSON text"),))
    fixed, changes = normalise(schema)
    faults: tuple[tuple[str, str, str, str], ...] = ()
    if changes:
        place, found, expected = changes[0]
        more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
        faults = (("A304", place, found + more, expected),)
    if not isinstance(fixed, dict):
        return Compiled(faults=(("A303", "", text[:_SHOWN], "a JSON object"),))
    return _compile(fixed, faults)


def _compile(schema: dict[str, Any], faults: tuple[tuple[str, str, str, str], ...]) -> Compiled:
    import jsonschema_rs

    draft = schema.get("$schema", _DRAFT)
    try:
        # All faults by the current draft, the first one by an older draft that the schema names.
        errors = list(_meta_schema().iter_errors(schema)) if draft == _DRAFT else []
        if draft != _DRAFT:
            jsonschema_rs.meta.validate(schema)
    except jsonschema_rs.ValidationError as error:
        errors = [error]
    except (ValueError, TypeError, jsonschema_rs.ReferencingError):
        return Compiled(faults=(*faults, ("A303", "/$schema", repr(draft), _DRAFT)))
    problems = [
        ("A303", "".join("/" + _escape(str(p)) for p in error.instance_path), _short(error.message), "JSON Schema")
        for error in errors
    ]
    if problems:
        return Compiled(faults=(*faults, *problems))
    try:
        checker = Checker(schema)
    except (ValueError, jsonschema_rs.ReferencingError, jsonschema_rs.ValidationError) as problem:
        return Compiled(faults=(*faults, ("A303", "", _short(str(problem)), "a schema that can be resolved")))
    open_names = any(
        key in schema
        for key in (
            "additionalProperties",
            "patternProperties",
            "allOf",
            "anyOf",
            "oneOf",
            "$ref",
            "if",
            "not",
            "unevaluatedProperties",
        )
    )
    names = schema.get("properties")
    properties = frozenset(names) if isinstance(names, dict) and names and not open_names else None
    return Compiled(checker, properties, faults)


@lru_cache(maxsize=1)
def _meta_schema() -> Any:
    import jsonschema_rs

    return jsonschema_rs.validator_for({"$ref": _DRAFT}, retriever=refuse)


def _short(message: str) -> str:
    line = message.split("\n")[0]
    return line if len(line) <= 200 else line[:150] + " … " + line[-45:]


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
