"""Calls written as ``<function=name><parameter=key>value</parameter></function>``, or as Anthropic's models are told
to: ``<invoke name="name"><parameter name="key">value</parameter></invoke>``.

In: text, and the types that the tools declare for their parameters. Out: the call that begins at a place, and where it
ends. A value is all up to the ``</parameter>`` after which the next parameter or the end of the function stands, so
that a file that is written may hold such tags itself; the line ends that set it off are no part of it. It is text,
unless the tool declares another type. The last tag may be missing at the end of the text, for it is what models of
OpenHands are stopped by. Everything is found with `str.find`; a search that failed is not begun again.
Source: https://huggingface.co/Qwen/Qwen3-Coder-30B-A3B-Instruct (chat template),
https://github.com/All-Hands-AI/OpenHands (fn_call_converter).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from sxl_data.files.json_text import dump, load, load_object
from sxl_data.trace.types import Tool


class Tags(NamedTuple):
    """How one markup writes a call."""

    open: str
    close: str
    key: str
    end: str


OPEN = "<function="
PREFIXES = ("", "antml:")
FUNCTION = Tags(OPEN, "</function>", "<parameter=", "</parameter>")
INVOKE, PREFIXED = (
    Tags(f"<{p}invoke name=", f"</{p}invoke>", f"<{p}parameter name=", f"</{p}parameter>") for p in PREFIXES
)
BY_OPENING = {tags.open: tags for tags in (FUNCTION, INVOKE, PREFIXED)}
_LONGEST_NAME = 200
_TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}

# tool → parameter → names of the types that it may have
Types = Mapping[str, Mapping[str, frozenset[str]]]


class Asked(msgspec.Struct, frozen=True):
    """One call as text has it: ``arguments_json`` and ``form`` as in `Call`."""

    name: str
    arguments_json: str
    form: str = "object"
    call_id: str | None = None
    tagged: bool = False
    """Whether it is written ``<function=…>``."""


class Source:
    """One text in which calls are looked for. It remembers what was not found, for the next one to ask."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._known: dict[tuple[str, str], tuple[int, int]] = {}
        self.dead: set[tuple[str, int]] = set()
        """Places from which no call goes on."""

    def find(self, what: str, at: int) -> int:
        """Where ``what`` next stands from ``at`` on; -1 where it does not."""
        return self._remembered((what, ""), at, lambda: self.text.find(what, at))

    def next_that(self, what: str, at: int, counts: Callable[[int], bool], name: str = "that") -> int:
        """The first place of ``what`` from ``at`` on that ``counts``, a question of the place alone and always the
        same one under its ``name``; -1 where none does."""

        def look() -> int:
            place = self.text.find(what, at)
            while place >= 0 and not counts(place):
                place = self.text.find(what, place + len(what))
            return place

        return self._remembered((what, name), at, look)

    def _remembered(self, key: tuple[str, str], at: int, look: Callable[[], int]) -> int:
        """What ``look`` finds from ``at`` on, which is the same from any place between the last one asked for and
        what was found there."""
        asked, found = self._known.get(key, (0, -2))
        if asked <= at and (at <= found or found == -1):
            return found
        found = look()
        self._known[key] = (at, found)
        return found

    def past_space(self, at: int) -> int:
        """The first place from ``at`` on that is no white space."""
        text, end = self.text, len(self.text)
        while at < end and text[at].isspace():
            at += 1
        return at

    def value_end(self, at: int, tags: Tags) -> int:
        """Where the value that begins at ``at`` ends: at the first ``</parameter>`` that something of a call
        follows; -1 where none is."""

        def ends(place: int) -> bool:
            after = self.past_space(place + len(tags.end))
            return self.text.startswith((tags.key, tags.close), after) or self.is_over(after, tags.close)

        return self.next_that(tags.end, at, ends, tags.open)

    def is_over(self, at: int, close: str) -> bool:
        """Whether nothing follows ``at`` but what is left of a tag that a model was stopped by."""
        return close.startswith(self.text[at : at + len(close)]) and at + len(close) > len(self.text)


def read_function(source: Source, at: int, types: Types, tags: Tags = FUNCTION) -> tuple[Asked, int] | None:
    """The call whose opening tag stands at ``at``, and where it ends; None where it is a tag in prose."""
    text = source.text
    name, at = _named(text, at + len(tags.open))
    if not name:
        return None
    begin = at
    spans: list[tuple[str, int, int]] = []
    passed: list[int] = []
    while True:
        at = source.past_space(at)
        if (tags.open, at) in source.dead:
            break
        passed.append(at)
        if text.startswith(tags.key, at):
            key, start = _named(text, at + len(tags.key))
            end = source.value_end(start, tags) if key else -1
            if end < 0:
                break
            spans.append((key, start, end))
            at = end + len(tags.end)
        elif text.startswith(tags.close, at):
            return _asked(text, name, spans, (begin, at), types), at + len(tags.close)
        elif source.is_over(at, tags.close):
            return _asked(text, name, spans, (begin, at), types), len(text)
        else:
            break
    source.dead.update((tags.open, place) for place in passed)
    return None


def _asked(text: str, name: str, spans: list[tuple[str, int, int]], body: tuple[int, int], types: Types) -> Asked:
    declared = types.get(name, {})
    given = {key: _typed(_bare(text[start:end]), declared.get(key, frozenset())) for key, start, end in spans}
    if len(given) < len(spans):  # an object holds each key once
        return Asked(name, text[slice(*body)].strip(), "raw", tagged=True)
    return Asked(name, dump(given), tagged=True)


def types_of(tools: Iterable[Tool]) -> Types:
    """What ``tools`` declare of their parameters."""
    found: dict[str, dict[str, frozenset[str]]] = {}
    for tool in tools:
        schema = load_object(tool.parameters_json) or {}
        properties = schema.get("properties")
        if isinstance(properties, dict):
            found[tool.name] = {key: frozenset(_types_in(item)) for key, item in properties.items()}
    return found


def _types_in(schema: Any, depth: int = 0) -> set[str]:
    if not isinstance(schema, dict) or depth > 4:
        return {"string"}
    named = schema.get("type")
    found = {named} if isinstance(named, str) else {n for n in named if isinstance(n, str)} if named else set()
    for key in ("anyOf", "oneOf"):
        for inner in schema[key] if isinstance(schema.get(key), list) else ():
            found |= _types_in(inner, depth + 1)
    return found


def _named(text: str, at: int) -> tuple[str, int]:
    """The name up to ``>``, and what follows it; no name where it is none."""
    end = text.find(">", at, at + _LONGEST_NAME)
    name = text[at:end].strip() if end >= 0 else ""
    if name[:1] in ("'", '"'):  # further attributes may follow the name
        name = name[1:].partition(name[0])[0]
    return ("", at) if not name or any(c.isspace() or c in "<=" for c in name) else (name, end + 1)


def _bare(value: str) -> str:
    """``value`` without the line ends that set it off from its tags."""
    for line in ("\r\n", "\n"):
        if value.startswith(line):
            return value[len(line) :].removesuffix("\n").removesuffix("\r" if line == "\r\n" else "")
    return value


def _typed(value: str, types: frozenset[str]) -> Any:
    """``value`` as what its tool declares; text where it is nothing of the kind."""
    if not types or "string" in types:
        return value
    text = value.strip()
    text = {"True": "true", "False": "false", "None": "null"}.get(text, text)
    try:
        held = load(text)
    except ValueError:
        return value
    if isinstance(held, bool):
        return held if "boolean" in types else value
    return held if any(isinstance(held, _TYPES[name]) for name in types if name in _TYPES) else value
