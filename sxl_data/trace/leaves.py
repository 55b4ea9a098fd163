"""The texts of a document and those of its traces, as flat sets that can be compared.

In: a decoded document, or traces. Out: every string of it once, in order. The walk over a document is asked of
everything that is read, so it is one loop without recursion and without pointers; `located` tells where a
string stands, for the few that are looked for.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Any

import msgspec

from sxl_data.files.json_text import dump
from sxl_data.trace.declared import Omitted, Path
from sxl_data.trace.types import Act, Iterate, Observe, Part, Reflect, Trace

# Keys under which formats keep the arguments of a call, or the schema of a tool, as an object.
ARGUMENTS = frozenset(
    "arguments input args kwargs parameters action tool_input params param_dict input_schema inputSchema".split()
)
# Keys of lists whose items declare a tool each, and what such an item has.
TOOLS, NAME = frozenset({"function", "functions", "tools"}), "name"
# Bytes of one document that are written again to see whether a trace holds them as they are.
_WRITTEN = 64_000_000

# Roles of a trace's text whose content is JSON: their inner strings stand in the document, not they.
ENCODED = frozenset({"arguments", "tools", "ext", "data"})

# Keys whose value links records or tells them apart: every reader follows them and none keeps them as text.
LINKS = frozenset(
    {
        "type",
        "kind",
        "class_",
        "role",
        "id",
        "uuid",
        "call_id",
        "tool_call_id",
        "tool_use_id",
        "toolCallId",
        "toolUseID",
        "parentUuid",
        "parentId",
        "parent_id",
        "logicalParentUuid",
        "leafUuid",
        "sessionId",
        "session_id",
        "messageId",
        "message_id",
        "source_call_id",
        "requestId",
        "request_id",
        "response_id",
        "llm_response_id",
        "turn_id",
        "timestamp",
        "created_at",
        "span_id",
        "parent_span_id",
        "action_id",
        "item_id",
    }
)

# Role of what is no text: where an image, a sound or a file is.
MEDIA = "media"

# Shorter texts agree by chance, and are not asked for.
SHORTEST = 16


class Leaves(msgspec.Struct):
    """The strings of a document, and its objects that are arguments of calls or declare tools."""

    texts: dict[str, None] = {}
    whole: dict[str, dict[str, Any]] = {}
    """Objects that a trace holds as they are, by their JSON; their strings are not among ``texts``."""
    other: list[dict[str, Any]] = []
    """Those that none does."""
    characters: int = 0
    """Of the texts, and of ``whole`` as it is written."""
    passed: list[Any] = []
    """What was not looked into or asked for because it is left out."""

    left: int = _WRITTEN
    """Characters that may yet be written as JSON to be looked for."""

    def holds(self, item: dict[str, Any], held: Container[str]) -> bool:
        """Whether ``held`` has ``item`` as JSON, which is then whole."""
        written = dump(item)
        self.left -= len(written)
        if written not in held:
            return False
        self.whole[written] = item
        self.characters += len(written)
        return True

    def open(self) -> dict[str, None]:
        """The strings of ``whole``, which are put among the texts."""
        found = texts(list(self.whole.values()))
        self.texts.update(found)
        return found


def texts(value: Any, skip: frozenset[str] = frozenset(), shortest: int = SHORTEST) -> dict[str, None]:
    """The strings of ``value`` of ``shortest`` characters or more, without links and without what stands under a
    key of ``skip``."""
    return leaves(value, skip, (), {}, shortest).texts


def leaves(
    value: Any, always: frozenset[str], held: Container[str], omitted: Omitted, shortest: int = SHORTEST
) -> Leaves:
    """As `texts`, without what is ``omitted``; objects that are arguments or declarations and that ``held`` has as JSON
    are not looked into."""
    found: dict[str, None] = {}
    out = Leaves(found, left=_WRITTEN if held else 0)
    stack = [value]
    while stack:
        item = stack.pop()
        kind = type(item)
        if kind is dict:
            skip = omitted.get(id(item), always) if omitted else always
            if skip is None:
                out.passed.append(item)
                continue
            for key, inner in item.items():
                kind = type(inner)
                if kind is str:
                    if len(inner) >= shortest and (key not in LINKS or " " in inner):
                        if key in skip:
                            out.passed.append(inner)
                        else:
                            found[inner] = None
                elif kind is dict:
                    if key in skip:
                        out.passed.append(inner)
                    else:
                        if key in ARGUMENTS and out.left > 0 and inner:
                            if out.holds(inner, held):
                                continue
                            out.other.append(inner)
                        stack.append(inner)
                elif kind is list:
                    if key in skip:
                        out.passed.append(inner)
                    elif key in TOOLS and out.left > 0:
                        for tool in inner:
                            if not (type(tool) is dict and NAME in tool and out.holds(tool, held)):
                                stack.append(tool)
                    else:
                        stack.append(inner)
        elif kind is list:
            if omitted and omitted.get(id(item), always) is None:
                out.passed.append(item)
                continue
            for inner in item:
                kind = type(inner)
                if kind is dict or kind is list:
                    stack.append(inner)
                elif kind is str and len(inner) >= shortest:
                    found[inner] = None
        elif kind is str and len(item) >= shortest:
            found[item] = None
    out.characters += sum(map(len, found))
    return out


def said(traces: Iterable[Trace]) -> dict[str, str]:
    """Text → role of everything that ``traces`` say, subtraces included."""
    found: dict[str, str] = {}
    note = found.setdefault
    for trace in traces:
        _note_head(found, trace)
        for step in trace.steps:
            if step.ext_json:
                note(step.ext_json, "ext")
            if isinstance(step, Iterate):
                for result in step.results:
                    _note_content(found, result.content, "result")
                    if result.structured_json:
                        note(result.structured_json, "data")
                    if result.error_message:
                        note(result.error_message, "result")
                    if result.error_type:
                        note(result.error_type, "name")
            elif isinstance(step, Reflect):
                note(step.text, "reflect")
                if step.signature:
                    note(step.signature, "reflect")
            else:
                _note_content(found, step.content, "observe" if isinstance(step, Observe) else "act")
                if isinstance(step, Act):
                    for call in step.calls:
                        note(call.arguments_json, "arguments")
                        note(call.name, "name")
        if trace.subtraces:
            for text, role in said(trace.subtraces).items():
                note(text, role)
    found.pop("", None)
    return found


def _note_head(found: dict[str, str], trace: Trace) -> None:
    """What is said of the trace as a whole."""
    note = found.setdefault
    if trace.task:
        note(trace.task, "task")
    if trace.ext_json:
        note(trace.ext_json, "ext")
    agent = trace.agent
    note(trace.provenance.source_id, "name")
    if agent.model:
        note(agent.model, "name")
    if agent.version:
        note(agent.version, "name")
    if agent.name:
        note(agent.name, "name")
    if agent.ext_json:
        note(agent.ext_json, "ext")
    if trace.outcome.verifier:
        note(trace.outcome.verifier, "name")
    if trace.outcome.scores_json:
        note(trace.outcome.scores_json, "ext")
    if trace.metrics is not None and trace.metrics.ext_json:
        note(trace.metrics.ext_json, "ext")
    for tool in trace.tools:
        note(tool.name, "name")
        if tool.origin == "inferred":
            continue  # says itself that no document declares it
        # A declaration that was put into another form is in the document as its own words only, all of them.
        note(tool.original_json or tool.parameters_json, "tools")
        if not (tool.original_json or "").startswith("{"):
            note(tool.description, "tools")
        if tool.output_schema_json:
            note(tool.output_schema_json, "tools")


def _note_content(found: dict[str, str], content: tuple[Part, ...], role: str) -> None:
    for part in content:
        if part.text is not None:
            found.setdefault(part.text, role)
        elif part.uri is not None:
            found.setdefault(part.uri, MEDIA)
            if part.uri.startswith("data:"):  # a source may hold the bytes without the head
                found.setdefault(part.uri.partition(",")[2], role)
        elif part.data_json is not None:
            found.setdefault(part.data_json, "data")
        elif part.type != "text":
            found.setdefault(part.sha256 or "", MEDIA)


def located(value: Any, wanted: Container[str], omitted: Omitted) -> Iterator[tuple[Path, str]]:
    """Every string of ``value`` that is ``wanted`` and not ``omitted``, with the path of keys that leads to it. Asked
    of large documents for a few strings, so a path is put together for those only."""
    nothing: frozenset[str] = frozenset()
    stack: list[tuple[Any, Any]] = [(None, value)]  # (link to the container above and the key in it, what is there)
    if type(value) is str and value in wanted:
        yield (), value
    while stack:
        link, held = stack.pop()
        skip = omitted.get(id(held), nothing) if omitted else nothing
        if skip is None:
            continue
        if type(held) is dict:
            for key, item in held.items():
                kind = type(item)
                if key in skip:
                    continue
                if kind is str:
                    if item in wanted:
                        yield _path((link, key)), item
                elif kind is dict or kind is list:
                    stack.append(((link, key), item))
        elif type(held) is list:
            for number, item in enumerate(held):
                kind = type(item)
                if kind is str:
                    if item in wanted:
                        yield _path((link, number)), item
                elif kind is dict or kind is list:
                    stack.append(((link, number), item))


def _path(link: Any) -> Path:
    keys: list[str] = []
    while link is not None:
        link, key = link
        keys.append(str(key))
    return tuple(reversed(keys))


def pointer_of(path: Path) -> str:
    """``path`` as an RFC 6901 pointer."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)
