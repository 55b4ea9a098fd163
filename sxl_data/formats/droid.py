"""Sessions of Factory's Droid, as it stores them, and what ``droid exec --output-format stream-json`` prints.

In, stored: JSONL with ``session_start`` and lines of type ``message`` whose message has Anthropic's blocks; a line with
``visibility`` llm_only is context that the program adds. In, printed: ``system`` init, ``message`` with ``text``,
``reasoning`` (printed twice under one id), ``tool_call``, ``tool_result`` and ``completion``. Out: one trace each.
The settings beside a stored session (model, tokens) are a file of their own and are not read.
Source: https://docs.factory.ai/cli/droid-exec/overview; what is stored is documented by its readers:
https://github.com/getagentseal/codeburn/blob/main/docs/providers/droid.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import counts, dump
from sxl_data.formats.anthropic_blocks import read_assistant, read_user
from sxl_data.formats.beside import Beside
from sxl_data.formats.content import parts_of
from sxl_data.formats.harness import is_harness
from sxl_data.formats.links import split_path
from sxl_data.formats.places import located
from sxl_data.formats.streams import common_of
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics, Result

NAME, PRINTED = "droid", "droid_stream_json"
_COUNTS = {
    "prompt_tokens": "input_tokens",
    "completion_tokens": "output_tokens",
    "cached_tokens": "cache_read_input_tokens",
}


class Droid:
    """Format of stored sessions."""

    name = NAME
    title = "Droid sessions"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """A line `session_start` with an `id`, and lines of type `message` with a `message`."""
        records = [record for record in sample if isinstance(record, dict)] if isinstance(sample, list) else []
        begun = any(record.get("type") == "session_start" and "id" in record for record in records)
        said = any(record.get("type") == "message" and isinstance(record.get("message"), dict) for record in records)
        return "has `session_start` and lines of type `message`" if begun and said else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        builder, kept = Builder("agent"), Beside(NAME, origin)
        path, rewound = split_path(list(located(document)))
        head: dict[str, Any] = {}
        for record, at, line in path:
            message = record.get("message")
            if record.get("type") != "message" or not isinstance(message, dict):
                head = head or (record if record.get("type") == "session_start" else {})
                kept.keep(f"line {line}", record, "type")
                continue
            common = {k: v for k, v in common_of(record, at, line).items() if k == "timestamp"}
            content, place = message.get("content"), f"{at}/message/content"
            if message.get("role") == "assistant":
                builder.end_turn()
                read_assistant(builder, content, place, line, **common)
            else:
                added = record.get("visibility") == "llm_only" or is_harness(content)
                read_user(builder, content, place, line, origin="environment" if added else "user", **common)
            kept.keep(f"line {line}", record, "type", "id", "parentId", "timestamp", "message", "visibility")
            kept.keep(f"line {line}/message", message, "role", "content")
        kept.tell(builder)
        if rewound:
            builder.ext.setdefault(NAME, {})["rewound"] = [record for record, _, _ in rewound]
        builder.agent = Agent(name="droid")
        builder.executed = True
        session = head.get("id")
        group = session if isinstance(session, str) else None
        reading = builder.build(document, origin, NAME, source_id=group, group=group)
        if not reading.trace.steps:
            raise RowError("no messages", "lines of type message")
        yield reading


class DroidStreamJson:
    """Format of the printed events of one run."""

    name = PRINTED
    title = "output of Droid's stream-json"
    unit = "file"
    leaves_out = (LeftOut("/finalText", "the last message again", when="completion"),)

    def detect(self, sample: Any) -> str | None:
        """Events `tool_call` with `toolName` and `parameters`, or a `completion` with `finalText`."""
        for record in sample if isinstance(sample, list) else ():
            kind = record.get("type") if isinstance(record, dict) else None
            if kind == "tool_call" and {"toolName", "parameters"} <= record.keys():
                return "has events `tool_call` with `toolName`"
            if kind == "completion" and "finalText" in record:
                return "has an event `completion` with `finalText`"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        builder, kept = Builder("agent"), Beside(PRINTED, origin)
        head: dict[str, Any] = {}
        thoughts: set[str] = set()
        said: list[str] = []
        final = None
        for event, at, line in located(document):
            kind, common = event.get("type"), common_of(event, at, line)
            read: tuple[str, ...] = ("text", "role", "id")
            if kind == "message":
                said.append(str(event.get("text")))
                _message(builder, event, common)
            elif kind == "reasoning":
                if (key := f"{event.get('id')} {event.get('text')}") not in thoughts:
                    builder.reflect(str(event.get("text") or ""), **common)
                thoughts.add(key)
            elif kind == "tool_call":
                read = ("id", "toolId", "toolName", "parameters", "messageId")
                name = str(event.get("toolName") or event.get("toolId") or "")
                call_id = str(event.get("id") or f"call_{line}")
                builder.call(name, dump(event.get("parameters") or {}), call_id, **common)
            elif kind == "tool_result":
                read = ("id", "toolId", "isError", "value", "error", "messageId")
                builder.result(_result(builder, event, common), **common)
            else:
                read = ("model",)
                head = event if event.get("subtype") == "init" and not head else head
                if kind == "completion":
                    read, final = ("finalText", "usage"), event.get("finalText")
                    builder.metrics = _metrics(event.get("usage")) or builder.metrics
                    kept.keep(f"line {line}/usage", event.get("usage"), *_COUNTS.values())
            kept.keep(f"line {line}", event, "type", "session_id", "timestamp", *read)
        if isinstance(final, str) and final and final not in said:
            kept.keep("completion", {"finalText": final})
        kept.tell(builder)
        model, session = head.get("model"), head.get("session_id")
        builder.agent = Agent(name="droid", model=model if isinstance(model, str) else None)
        builder.executed = True
        group = session if isinstance(session, str) else None
        reading = builder.build(document, origin, PRINTED, source_id=group, group=group)
        if not reading.trace.steps:
            raise RowError("no messages", "events of type message or tool_call")
        yield reading


FORMATS = (Droid(), DroidStreamJson())


def _message(builder: Builder, event: dict[str, Any], common: dict[str, Any]) -> None:
    text = event.get("text")
    if event.get("role") == "assistant":
        builder.say(parts_of(text), **common)
        return
    asked = not is_harness(text)
    builder.observe(parts_of(text), "user" if asked else "environment", **common)
    if asked and isinstance(text, str):
        builder.task = builder.task or text


def _result(builder: Builder, event: dict[str, Any], common: dict[str, Any]) -> Result:
    value, error = event.get("value"), event.get("error")
    message = error.get("message") if isinstance(error, dict) else error
    failed = event.get("isError")
    return Result(
        call_id=str(event.get("id") or builder.next_call(common["at"], common["line"])),
        content=parts_of(value if value is not None else message),
        status="error" if failed is True else "ok" if failed is False else "unknown",
        error_message=message if isinstance(message, str) else None,
    )


def _metrics(usage: Any) -> Metrics | None:
    found = counts({name: usage.get(key) for name, key in _COUNTS.items()} if isinstance(usage, dict) else {})
    return Metrics(**found) if found else None
