"""Arguments that are copied: a grammar whose strings are spans of given texts, in llguidance's dialect of Lark.

A small model that has to write a name it seldom saw writes a word that it knows: `Harbor` for `Harbour`, `ivy` for
`ivory`. Held to spans of whole words of what it was shown, it can only choose. In: a tool's schema and the texts. Out:
rules for the object of its arguments, in the order of the schema, as the JSON of `constraint` has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from sxl_data.contract import patterns
from sxl_train.generate.call_form import Json
from sxl_train.generate.types import Copied

SPAN, NUMBER = "SXLSPAN", "SXLNUMBER"
LONGEST = 50_000
"""Characters of the texts that spans are taken from: the last ones, which are the nearest."""
BORDER = "\ue000"
"""Stands between two texts: a character of private use, which no model writes."""
NARROW = ("enum", "const", "format", "pattern", "anyOf", "oneOf", "allOf", "$ref")
_CHUNK = patterns.compile(r"[\p{L}\p{N}\p{M}_]+|\s+|.")


def write_terminals(copied: Copied) -> list[str]:
    """The terminals that the rules of `write_object` speak of."""
    text = BORDER.join(copied.texts)[-LONGEST:]
    chunks = [json.dumps(found.group(), ensure_ascii=False)[1:-1] for found in _CHUNK.finditer(text)]
    lines = [f"SXLCHUNKS: %regex {json.dumps({'substring_chunks': chunks or [BORDER]})}"]
    lines.append(f"{SPAN}: SXLCHUNKS & /[^ {BORDER}]([^{BORDER}]*[^ {BORDER}])?/")
    if copied.numbers:
        lines.append(f"{NUMBER}: " + " | ".join(json.dumps(number) for number in copied.numbers))
    return lines


def copies(schema: Json) -> bool:
    """Whether `write_object` has rules for ``schema``: an object whose properties are all stated."""
    properties = schema.get("properties")
    return isinstance(properties, dict) and bool(properties) and schema.get("additionalProperties") is False


def write_object(rule: str, schema: Json, copied: Copied, separators: tuple[str, str], options: Json) -> list[str]:
    """Rules for the object of ``schema``; ``rule`` is the name of the first, and what those of the others begin with.

    ``options`` are llguidance's for JSON, for all that is no copied string.
    """
    properties, required = schema["properties"], schema.get("required") or ()
    assert isinstance(properties, dict) and isinstance(required, list | tuple)
    item, key = separators
    count = len(properties)
    lines = [f'{rule}: "{{" {rule}_0_first "}}"', f'{rule}_{count}_first: ""', f'{rule}_{count}_more: ""']
    for at, (name, inner) in enumerate(properties.items()):
        value = " ".join([json.dumps(json.dumps(name, ensure_ascii=False) + key), f"{rule}_{at}_value"])
        for state, before in (("first", ""), ("more", json.dumps(item) + " ")):
            written = f"{rule}_{at}_{state}: {before}{value} {rule}_{at + 1}_more"
            lines.append(written + ("" if name in required else f" | {rule}_{at + 1}_{state}"))
        lines.append(f"{rule}_{at}_value: " + _value(name, inner, copied, item, options))
    return lines


def _value(name: str, schema: Json, copied: Copied, item: str, options: Json) -> str:
    span = rf'"\"" {SPAN} "\""'
    kind = schema.get("type")
    if name not in copied.free and not any(key in schema for key in NARROW):
        inner = schema.get("items")
        if kind == "string":
            return span
        if kind == "array" and isinstance(inner, dict) and inner.get("type") == "string" and "enum" not in inner:
            return f'"[" ({span} ({json.dumps(item)} {span})*)? "]"'
        if kind in ("integer", "number") and copied.numbers:
            return NUMBER
    return f"%json {json.dumps(schema | {'x-guidance': options})}"


def spans(text: str) -> Iterator[str]:
    """The words, spaces and signs of ``text``, which a span is made of."""
    return (found.group() for found in _CHUNK.finditer(text))


def stands(value: str, texts: Sequence[str]) -> bool:
    """Whether ``value`` is a span of one of ``texts``, words whole."""
    wanted = list(spans(value))
    return any(_within(wanted, list(spans(text))) for text in texts)


def _within(wanted: list[str], chunks: list[str]) -> bool:
    size = len(wanted)
    return size > 0 and any(chunks[at : at + size] == wanted for at in range(len(chunks) - size + 1))
