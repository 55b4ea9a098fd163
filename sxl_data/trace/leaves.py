"""The texts of a document and those of its traces, as flat sets that can be compared.

In: a decoded document, or traces. Out: every string of it once, in order. The walk over a document is asked of
everything that is read, so it is one loop without recursion and without pointers; `located` tells where a
string stands, for the few that are looked for.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Any

from sxl_data.trace.types import Act, Iterate, Observe, Part, Reflect, Trace

# Keys under which formats keep the arguments of a call as an object.
ARGUMENTS = frozenset({"arguments", "input", "args", "kwargs", "parameters", "action", "tool_input", "params"})

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

Path = tuple[str, ...]


def texts(value: Any, skip: frozenset[str], shortest: int) -> tuple[dict[str, None], list[dict[str, Any]]]:
    """The strings of ``value`` of ``shortest`` characters or more, without links and without what stands under a
    key of ``skip``, and the objects that are arguments of calls."""
    found: dict[str, None] = {}
    objects: list[dict[str, Any]] = []
    stack = [value]
    while stack:
        held = stack.pop()
        kind = type(held)
        if kind is dict:
            for key, item in held.items():
                inner = type(item)
                if inner is str:
                    if len(item) >= shortest and key not in skip and (key not in LINKS or " " in item):
                        found[item] = None
                elif inner is dict:
                    if key not in skip:
                        stack.append(item)
                        if key in ARGUMENTS:
                            objects.append(item)
                elif inner is list and key not in skip:
                    stack.append(item)
        elif kind is list:
            stack.extend(held)
        elif kind is str and len(held) >= shortest:
            found[held] = None
    return found, objects


def said(traces: Iterable[Trace]) -> dict[str, str]:
    """Text → role of everything that ``traces`` say, subtraces included."""
    found: dict[str, str] = {}
    note = found.setdefault
    for trace in traces:
        if trace.task:
            note(trace.task, "task")
        if trace.ext_json:
            note(trace.ext_json, "ext")
        agent = trace.agent
        for text in (agent.model, agent.version, agent.name, trace.provenance.source_id, trace.outcome.verifier):
            if text:
                note(text, "name")
        for encoded in (
            agent.ext_json,
            trace.outcome.scores_json,
            trace.metrics.ext_json if trace.metrics is not None else None,
        ):
            if encoded:
                note(encoded, "ext")
        for tool in trace.tools:
            note(tool.name, "name")
            if tool.origin == "inferred":
                continue  # says itself that no document declares it
            note(tool.description, "tools")
            # A declaration that was put into another form is in the document as its own words only.
            note(tool.original_json or tool.parameters_json, "tools")
            if tool.output_schema_json:
                note(tool.output_schema_json, "tools")
        for step in trace.steps:
            if step.ext_json:
                note(step.ext_json, "ext")
            if isinstance(step, Iterate):
                for result in step.results:
                    for part in result.content:
                        if part.text is not None:
                            note(part.text, "result")
                        else:
                            _note_part(found, part, "result")
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
                role = "observe" if isinstance(step, Observe) else "act"
                for part in step.content:
                    if part.text is not None:
                        note(part.text, role)
                    else:
                        _note_part(found, part, role)
                if isinstance(step, Act):
                    for call in step.calls:
                        note(call.arguments_json, "arguments")
                        note(call.name, "name")
        if trace.subtraces:
            for text, role in said(trace.subtraces).items():
                note(text, role)
    found.pop("", None)
    return found


def _note_part(found: dict[str, str], part: Part, role: str) -> None:
    if part.uri is not None:
        found.setdefault(part.uri, MEDIA)
        if part.uri.startswith("data:"):  # a source may hold the bytes without the head
            found.setdefault(part.uri.partition(",")[2], role)
    elif part.data_json is not None:
        found.setdefault(part.data_json, "data")
    elif part.type != "text":
        found.setdefault(part.sha256 or "", MEDIA)


def located(value: Any, wanted: Container[str]) -> Iterator[tuple[Path, str]]:
    """Every string of ``value`` that is ``wanted``, with the path of keys that leads to it. Asked of large documents
    for a few strings, so a path is put together for those only."""
    stack: list[tuple[Any, Any]] = [(None, value)]  # (link to the container above and the key in it, what is there)
    if type(value) is str and value in wanted:
        yield (), value
    while stack:
        link, held = stack.pop()
        if type(held) is not dict and type(held) is not list:
            continue
        for key, item in held.items() if type(held) is dict else enumerate(held):
            kind = type(item)
            if kind is dict or kind is list:
                stack.append(((link, key), item))
            elif kind is str and item in wanted:
                yield _path((link, key)), item


def _path(link: Any) -> Path:
    keys: list[str] = []
    while link is not None:
        link, key = link
        keys.append(str(key))
    return tuple(reversed(keys))


def pointer_of(path: Path) -> str:
    """``path`` as an RFC 6901 pointer."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)
