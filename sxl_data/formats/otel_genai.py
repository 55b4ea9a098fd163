"""Spans of OpenTelemetry with the messages of a model (semantic conventions for generative AI, 1.26 and later).

In: a span as the SDKs print it (``attributes`` an object) or one inside an OTLP export (``resourceSpans`` with
``attributes`` as a list of key and value). ``gen_ai.system_instructions``, ``gen_ai.input.messages`` and
``gen_ai.output.messages`` hold messages of ``parts``, as JSON text or as values. Each call of the model tells the
whole conversation so far, so of one trace the calls whose messages a later one repeats are left out. Conventions before
1.37 keep messages in events, in log records or in numbered attributes; `otel_genai_older` makes them the same.
Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/, and there gen-ai-input-messages.json.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.files.json_text import counts, given, load
from sxl_data.formats.beside import Beside
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.declarations import tools_of
from sxl_data.formats.otel_genai_older import IN, OUT, PLACE, TOOLS
from sxl_data.formats.otel_spans import Span, listed, spans_of
from sxl_data.formats.places import located
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics, Part, Result

NAME = "otel_genai"
_SYSTEM = "gen_ai.system_instructions"
_MEDIA = {"image": "image", "audio": "audio", "video": "file"}


class OtelGenai:
    """Format of exported spans of model calls."""

    name = NAME
    title = "OpenTelemetry GenAI spans and events (semantic conventions 1.26 and later)"
    unit = "file"
    leaves_out = (
        LeftOut("resource", "which program and machine sent the spans"),
        LeftOut("scope", "which instrumentation made the spans"),
        LeftOut("eventName", "which kind of message an event is; the message says it"),
        LeftOut("event_name", "which kind of message an event is"),
        LeftOut("event.name", "which kind of message an event is"),
        LeftOut("events/*/name", "which kind of message an event is"),
    )

    def detect(self, sample: Any) -> str | None:
        """Spans with `gen_ai.input.messages` or `gen_ai.output.messages`."""
        records = [(r, "", 1) for r in sample if isinstance(r, dict)] if isinstance(sample, list) else []
        return "has spans with `gen_ai` messages" if any(_holds(a) for _, a, _, _ in spans_of(records)) else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        traces: dict[str, list[Span]] = {}
        beside: dict[str, list[Span]] = {}
        for number, span in enumerate(spans_of(list(located(document)))):
            record, attributes, _, _ = span
            context = record["context"] if isinstance(record.get("context"), dict) else record
            identity = str(context.get("trace_id") or context.get("traceId") or number)
            (traces if _holds(attributes) else beside).setdefault(identity, []).append(span)
        part = 0
        for identity, spans in traces.items():
            for span, repeated in _latest(spans):
                yield _read(span, repeated, beside.pop(identity, []), document, origin, part)
                part += 1
        if not part:
            raise RowError("no messages", f"spans with `{IN}` or `{OUT}`")


FORMAT = OtelGenai()


def _holds(attributes: dict[str, Any]) -> bool:
    return IN in attributes or OUT in attributes


def _messages(attributes: dict[str, Any], key: str) -> list[Any]:
    held = attributes.get(key)
    if isinstance(held, str):
        try:
            held = load(held)
        except ValueError:
            return []
    return held if isinstance(held, list) else []


def _prefixes(span: Span) -> list[bytes]:
    """A digest of what ``span`` says up to each of its messages: role and parts, without what only an answer has. The
    last one is that of all it says."""
    said = hashlib.blake2b(digest_size=16)
    found = [said.digest()]
    for message in (*_messages(span[1], IN), *_messages(span[1], OUT)):
        told = (message.get("role"), message.get("parts")) if isinstance(message, dict) else message
        said.update(_plain(told) + b"\n")
        found.append(said.digest())
    return found


def _plain(value: object) -> bytes:
    try:
        return msgspec.json.encode(value, enc_hook=str, order="deterministic")
    except UnicodeEncodeError:  # half a character
        return json.dumps(value, sort_keys=True, default=str).encode("ascii")


def _latest(spans: list[Span]) -> Iterator[tuple[Span, list[Span]]]:
    """Each of ``spans`` that no other repeats at its beginning, with those that it repeats; of equal ones the first.

    By digests and not by comparing pairs: a long session has thousands of calls and each tells all of it so far."""
    prefixes = [_prefixes(span) for span in spans]
    ends: dict[bytes, list[int]] = {}
    for place, told in enumerate(prefixes):
        ends.setdefault(told[-1], []).append(place)
    repeated = {digest for told in prefixes for digest in told[:-1]}
    for place, told in enumerate(prefixes):
        if told[-1] in repeated or ends[told[-1]][0] != place:
            continue
        within = sorted(other for digest in set(told) for other in ends.get(digest, ()) if other != place)
        yield spans[place], [spans[other] for other in within]


def _read(span: Span, within: list[Span], others: list[Span], document: Document, origin: Origin, part: int) -> Reading:
    _, attributes, at, line = span
    builder = Builder("agent" if within or others else "tool_use")
    kept = Beside(NAME, origin)
    for tool in tools_of(_messages(attributes, TOOLS)):
        builder.tool(tool, at=f"{at}/attributes/{TOOLS}", line=line)
    instructions = tuple(p for item in _messages(attributes, _SYSTEM) if (p := _part(item)) is not None)
    if instructions:
        builder.observe(instructions, "system", at=f"{at}/attributes/{_SYSTEM}", line=line)
    for key in (IN, OUT):
        builder.roles.meet(m.get("role") for m in _messages(attributes, key) if isinstance(m, dict))
        for i, message in enumerate(_messages(attributes, key)):
            if isinstance(message, dict):
                _tell(builder, message, message.get(PLACE) or f"{at}/attributes/{key}/{i}", line)
                kept.keep(f"{key}/{i}", message, "role", "parts", PLACE)
    used = [s[1] for s in (*within, span)]
    model = attributes.get("gen_ai.response.model") or attributes.get("gen_ai.request.model")
    agent = attributes.get("gen_ai.agent.name")
    builder.agent = Agent(name=agent if isinstance(agent, str) else "", model=model if isinstance(model, str) else None)
    sums = {"prompt_tokens": "gen_ai.usage.input_tokens", "completion_tokens": "gen_ai.usage.output_tokens"}
    found = counts({name: sum(a[key] for a in used if type(a.get(key)) is int) or None for name, key in sums.items()})
    builder.metrics = Metrics(**found) if found else None
    for s in (*within, span, *others):
        kept.keep(f"{s[2]} line {s[3]}", {**s[0], "attributes": None})
        kept.keep(f"{s[2]} line {s[3]}", s[1], *((IN, OUT, _SYSTEM, TOOLS) if s not in others else ()))
    kept.tell(builder)
    conversation = attributes.get("gen_ai.conversation.id")
    source_id = conversation if isinstance(conversation, str) else None
    reading = builder.build(document, origin, NAME, part=part, source_id=source_id, group=source_id)
    if not reading.trace.steps:
        raise RowError("no parts", "messages with `parts`", at)
    return msgspec.structs.replace(reading, line=line)


def _tell(builder: Builder, message: dict[str, Any], at: str, line: int) -> None:
    """One message of ``parts``."""
    role, seen = builder.speaker(message.get("role"), at, line), list[Part]()
    if role == "assistant":
        builder.end_turn()
    for k, part in enumerate(listed(message, "parts")):
        place, kind = f"{at}/parts/{k}", part.get("type") if isinstance(part, dict) else None
        if kind in ("tool_call", "server_tool_call"):
            how = given(part.get("arguments", part.get("server_tool_call")))
            name, call_id = str(part.get("name") or ""), str(part.get("id") or f"call_{k}")
            builder.call(
                name, call_id=call_id, kind="server" if kind[0] == "s" else "function", at=place, line=line, **how
            )
        elif kind in ("tool_call_response", "server_tool_call_response"):
            held = part.get("response", part.get("result", part.get("server_tool_call_response")))
            call_id = part.get("id") if isinstance(part.get("id"), str) else builder.next_call(place, line)
            builder.result(Result(call_id=str(call_id), content=parts_of(held)), at=place, line=line)
        elif kind == "reasoning" and isinstance(part.get("content"), str):
            builder.reflect(part["content"], at=place, line=line)
        elif (found := _part(part)) is not None and role == "assistant":
            builder.say((found,), at=place, line=line)
        elif found is not None:
            seen.append(found)
    if seen:
        origin = role if role in ("system", "developer", "user") else "environment"
        builder.observe(seen, origin, at=at, line=line)
        builder.task = builder.task or (task_of(seen) if origin == "user" else "")


def _part(part: Any) -> Part | None:
    """A text, a blob, a file or a URI as a part."""
    if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("content"), str):
        return Part(text=part["content"]) if part["content"] else None
    if isinstance(part, dict) and part.get("type") in ("blob", "uri", "file"):
        where = part.get("content", part.get("uri", part.get("file_id")))
        block = {
            "type": _MEDIA.get(str(part.get("modality")), "file"),
            "data": where,
            "media_type": part.get("mime_type"),
        }
        return parts_of([block])[0]
    found = parts_of([part]) if part else ()
    return found[0] if found else None
