"""Traces of the OpenAI Agents SDK, as its exporter sends them.

In: ``{"data": [trace, span, …]}``, a list of the same, or JSONL of them, perhaps of several traces. Spans of type
generation hold messages of Chat Completions, those of type response items of the Responses API where the exporter
keeps them. Each generation tells the conversation so far, so those that a later one of the same trace repeats are left
out. Spans of functions, handoffs and guardrails are kept beside.
Source: https://openai.github.io/openai-agents-python/tracing/ and .../ref/tracing/span_data/.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.files.json_text import counts
from sxl_data.formats.beside import Beside
from sxl_data.formats.chat_reading import read_messages
from sxl_data.formats.openai_chat import is_chat
from sxl_data.formats.places import located
from sxl_data.formats.response_items import ItemReader
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics

NAME = "openai_agents"
# A record, its pointer, its line
Located = tuple[dict[str, Any], str, int]


class OpenAIAgents:
    """Format of exported traces and spans."""

    name = NAME
    title = "OpenAI Agents SDK traces"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """Objects `trace` and `trace.span` with `span_data`."""
        for record in sample if isinstance(sample, list) else ():
            held = record.get("data") if isinstance(record, dict) else None
            inner = held[0] if isinstance(held, list) and held else record
            if isinstance(inner, dict) and inner.get("object") in ("trace", "trace.span"):
                return f"has objects of kind `{inner['object']}`"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        traces: dict[str, list[Located]] = {}
        for record, at, line in _records(list(located(document))):
            identity = record.get("id") if record.get("object") == "trace" else record.get("trace_id")
            traces.setdefault(str(identity), []).append((record, at, line))
        part = 0
        for identity, records in traces.items():
            for turn in _latest([item for item in records if _messages(item[0])]):
                yield _read(turn, records, identity, document, origin, part)
                part += 1
        if not part:
            raise RowError("no generation", "spans with `input` and `output`", "/data")


FORMAT = OpenAIAgents()


def _records(records: list[Located]) -> Iterator[Located]:
    for record, at, line in records:
        held = record.get("data")
        if isinstance(held, list):
            yield from ((item, f"{at}/data/{i}", line) for i, item in enumerate(held) if isinstance(item, dict))
        else:
            yield record, at, line


def _data(span: dict[str, Any]) -> dict[str, Any]:
    held = span.get("span_data")
    return held if isinstance(held, dict) else {}


def _messages(span: dict[str, Any]) -> list[Any]:
    """What a span of a model says, what went in first; nothing for spans of other types."""
    data = _data(span)
    if data.get("type") not in ("generation", "response"):
        return []
    held = data["response"] if isinstance(data.get("response"), dict) else {}
    asked = data.get("input") or []
    asked = [{"role": "user", "content": asked}] if isinstance(asked, str) else asked
    answered = data.get("output") or held.get("output") or []
    answered = [{"role": "assistant", "content": answered}] if isinstance(answered, str) else answered
    if not isinstance(asked, list) or not isinstance(answered, list):
        return []
    # A generation may keep its answer as the whole response of Chat Completions.
    answered = [
        choice["message"] if isinstance(choice, dict) and isinstance(choice.get("message"), dict) else item
        for item in answered
        for choice in (item.get("choices") or [item] if isinstance(item, dict) else [item])
    ]
    return [*asked, *answered]


def _latest(spans: list[Located]) -> list[Located]:
    kept: list[Located] = []
    for span in spans:
        said = _messages(span[0])
        kept = [other for other in kept if said[: len(_messages(other[0]))] != _messages(other[0])]
        if not any(_messages(other[0])[: len(said)] == said for other in kept):
            kept.append(span)
    return kept


def _read(
    turn: Located, records: list[Located], identity: str, document: Document, origin: Origin, part: int
) -> Reading:
    span, at, line = turn
    builder = Builder("agent")
    kept = Beside(NAME, origin)
    messages, data = _messages(span), _data(span)
    if is_chat([m for m in messages if isinstance(m, dict) and "role" in m]) and all("role" in m for m in messages):
        asked = data.get("input")
        begin = len(asked) if isinstance(asked, list) else 1 if asked else 0
        for i, message in enumerate(messages):
            place = f"{at}/span_data/input/{i}" if i < begin else f"{at}/span_data/output/{i - begin}"
            read_messages(builder, [message], place, alone=True)
    else:
        reader = ItemReader(builder)
        for item in messages:
            reader.read(item, f"{at}/span_data", line)
    usage = data.get("usage")
    if isinstance(usage, dict):
        found = counts({"prompt_tokens": usage.get("input_tokens"), "completion_tokens": usage.get("output_tokens")})
        builder.metrics = Metrics(**found)
    named = next((r.get("workflow_name") for r, _, _ in records if r.get("workflow_name")), None)
    model = data.get("model")
    builder.agent = Agent(name=named if isinstance(named, str) else "", model=model if isinstance(model, str) else None)
    builder.executed = True
    for record, place, number in records:
        kept.keep(f"{place} line {number}", {**record, "span_data": None})
        read = ("input", "output") if record is span or _messages(record) else ()
        kept.keep(f"{place}/span_data line {number}", _data(record), *read)
    kept.tell(builder)
    group = next((r["group_id"] for r, _, _ in records if isinstance(r.get("group_id"), str)), identity)
    reading = builder.build(document, origin, NAME, part=part, source_id=identity, group=group)
    if not reading.trace.steps:
        raise RowError("no messages", "`input` and `output` of a generation", at)
    return msgspec.structs.replace(reading, line=line)
