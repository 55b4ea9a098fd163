"""Tool calls in what a model said: read in whatever markup it is, as it stands and after stated repairs.

Three ways to score one model: *as generated* (what parses, as it is), *after repairs* (`repair` says which, and each
call says what was done to it), and *constrained* (the model was held to the grammar of the declared tools while it
generated). The first two come from the same samples.
"""

from __future__ import annotations

import json

import msgspec

from sxl_data.contract import patterns
from sxl_data.files.json_text import dump, load_plain
from sxl_data.rules.schema_checker import Checker
from sxl_train.answers.markup import READERS, Call, Schemas
from sxl_train.run.objects import Object, Value

REPAIRS = {
    "fence": "a JSON object in a code fence, or bare, is taken for a call",
    "list": "a JSON list of objects is taken for several calls",
    "json": "trailing commas, single quotes and Python's True, False and None are read as JSON",
    "open": "a call that was not closed is closed",
    "name": "a name is matched without regard to case, hyphens and a prefix up to the last dot",
    "type": "a number, truth value or list in quotes becomes what the schema wants",
}
"""What is repaired, and nothing else: no value is invented, none is left out."""
_LONGEST = 200_000
_OPEN = patterns.compile(r"(?s)<tool_call>\s*(\{.*)")
_FENCED = patterns.compile(r"(?s)```(?:json|tool_call|python)?\s*([\[{].*?[\]}])\s*```")
_NAME = patterns.compile(r"[\p{L}\p{N}_.:/-]+")
_TRAILING = patterns.compile(r",\s*([}\]])")


class Read(msgspec.Struct, frozen=True):
    """Calls of one answer."""

    calls: tuple[Call | None, ...]
    """In order; None for one that does not parse."""
    content: str
    """What was said beside them."""
    repairs: tuple[str, ...] = ()
    """What was done to understand them, names of `REPAIRS`."""


def read(text: str, schemas: Schemas) -> Read:
    """The calls of ``text`` as they stand.

    Two readers may both make something of one markup. That reading is taken whose calls parse, are of declared tools
    and say most; where all parse but none is declared, the first.
    """
    text = text[:_LONGEST]
    readings = []
    for name, reader in READERS.items():
        calls = tuple(
            call if call and _is_name(call.name) and _is_text(call) else None for call in reader(text, schemas)
        )
        if calls and (name != "llama3" or None not in calls):  # a JSON object that is no call is an answer in JSON
            readings.append(calls)
    if not readings:
        return Read((), text.strip())
    return Read(max(readings, key=lambda calls: _worth(calls, schemas)), _beside(text))


def _worth(calls: tuple[Call | None, ...], schemas: Schemas) -> tuple[bool, bool, int]:
    known = [call for call in calls if call is not None]
    declared = len(known) == len(calls) and all(call.name in schemas for call in known)
    return len(known) == len(calls), declared, sum(len(call.arguments) for call in known) if declared else 0


def _is_name(name: str) -> bool:
    return bool(_NAME.fullmatch(name))


def _is_text(call: Call) -> bool:
    """Whether ``call`` can be written again; JSON can spell half a character, which no encoder takes."""
    try:
        dump([call.name, call.arguments])
    except UnicodeEncodeError:
        return False
    return True


def repaired(text: str, schemas: Schemas) -> Read:
    """The calls of ``text`` after repairs; the same as `read` where nothing needs one."""
    found, done = read(text, schemas), []
    calls = list(found.calls)
    if not calls or None in calls:
        values, how = _values(text[:_LONGEST])
        again = [call for call in map(_call, values) if call is not None and _is_text(call)]
        if again and len(again) >= sum(call is not None for call in calls):
            calls, done = list(again), how
    mended: list[Call | None] = []
    for call in calls:
        if call is None:
            mended.append(None)
            continue
        name = _name(call.name, schemas)
        arguments = _typed(call.arguments, schemas.get(name, {}))
        done += ["name"] * (name != call.name) + ["type"] * (arguments != call.arguments)
        mended.append(Call(name, arguments))
    return Read(tuple(mended), found.content, tuple(dict.fromkeys(done)))


def valid(call: Call | None, schemas: Schemas) -> bool:
    """Whether a call parses, its tool is declared and its arguments satisfy the schema."""
    if call is None or call.name not in schemas:
        return False
    try:
        return Checker(schemas[call.name]).is_valid(call.arguments)
    except ValueError:
        return True


def _beside(text: str) -> str:
    """What stands before the first call."""
    marks = ("<tool_call>", "<function=", "[TOOL_CALLS]", "<｜tool▁call", "<|python_tag|>")
    ends = [at for at in (text.find(mark) for mark in marks) if at >= 0]
    return text[: min(ends)].strip() if ends else ""


def _values(text: str) -> tuple[list[Value], list[str]]:
    """JSON values that look like calls, and the repairs that it took to find them."""
    found: list[Value] = []
    for body in _OPEN.findall(text)[:1]:
        for part in body.split("<tool_call>"):
            value, how = _loose(part.partition("</tool_call>")[0])
            if value is not None:
                found += value if isinstance(value, list) else [value]
        if found:
            return found, ["open"] * ("</tool_call>" not in body) + ["json"]
    candidates = [body for body in _FENCED.findall(text)] or [text.strip()]
    done: list[str] = []
    for body in candidates:
        if body[:1] not in ("{", "["):
            continue
        value, how = _loose(body)
        if value is not None:
            done += ["fence", *how] + ["list"] * isinstance(value, list)
            found += value if isinstance(value, list) else [value]
    return found, done


def _loose(text: str) -> tuple[Value, list[str]]:
    """The value of JSON that is not quite JSON, and what was wrong with it."""
    text = text.strip()
    for candidate, how in ((text, []), (_TRAILING.sub(lambda found: found[1], text), ["json"])):
        for closing in ("", "}", "}}", "]", "}]"):
            try:
                return load_plain(candidate + closing), how + ["open"] * bool(closing)
            except ValueError:
                continue
    try:
        import ast

        value = ast.literal_eval(text)
        return json.loads(json.dumps(value)), ["json"]
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None, []


def _call(value: Value) -> Call | None:
    if isinstance(value, dict) and isinstance(value.get("function"), dict):
        value = value["function"]
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    arguments = value.get("arguments", value.get("parameters", {}))
    if isinstance(arguments, str):
        arguments, _ = _loose(arguments)
    return Call(value["name"], arguments) if isinstance(arguments, dict) else None


def _name(name: str, schemas: Schemas) -> str:
    if name in schemas:
        return name
    plain = {_plain(known): known for known in schemas}
    return plain.get(_plain(name)) or plain.get(_plain(name.rpartition(".")[2])) or name


def _plain(name: str) -> str:
    return name.strip().casefold().replace("-", "_").replace(" ", "_")


def _typed(arguments: Object, schema: Object) -> Object:
    properties = schema.get("properties")
    kinds = properties if isinstance(properties, dict) else {}
    return {key: _as(value, kinds.get(key)) for key, value in arguments.items()}


def _as(value: Value, schema: Value) -> Value:
    kind = schema.get("type") if isinstance(schema, dict) else None
    if not isinstance(value, str) or kind not in ("integer", "number", "boolean", "array", "object"):
        return value
    try:
        found = load_plain(value.strip().lower() if kind == "boolean" else value.strip())
    except ValueError:
        return value
    fits: dict[str, tuple[type, ...]] = {
        "integer": (int,),
        "number": (int, float),
        "boolean": (bool,),
        "array": (list,),
        "object": (dict,),
    }
    right = isinstance(found, fits[kind]) and (kind == "boolean" or not isinstance(found, bool))
    return found if right else value
