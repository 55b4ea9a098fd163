"""What Gemini CLI prints with ``--output-format stream-json``: one event a line.

In: ``init`` with session and model, ``message`` of the user and, in pieces, of the assistant, ``tool_use``,
``tool_result``, ``error`` and ``result`` with the counts. Out: one trace; the pieces of an answer are one text, and
calls that follow each other are of one response. Reasoning is not printed.
Source: https://github.com/google-gemini/gemini-cli/blob/main/packages/core/src/output/types.ts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import counts, dump
from sxl_data.formats.beside import Beside
from sxl_data.formats.content import parts_of
from sxl_data.formats.exit_codes import exit_code
from sxl_data.formats.harness import is_harness
from sxl_data.formats.places import located
from sxl_data.formats.streams import Pieces, common_of
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics, Outcome, Result, Status

NAME = "gemini_stream_json"
_STATUS: dict[str, Status] = {"success": "ok", "error": "error"}
_COUNTS = {"prompt_tokens": "input_tokens", "completion_tokens": "output_tokens", "cached_tokens": "cached"}


class GeminiStreamJson:
    """Format of the events of one run."""

    name = NAME
    title = "output of Gemini CLI's stream-json"
    unit = "file"
    composes = (("act", "the pieces of an answer are put together"),)

    def detect(self, sample: Any) -> str | None:
        """An `init` with `session_id` and `model`, or a `tool_use` with `tool_name` and `parameters`."""
        for record in sample if isinstance(sample, list) else ():
            kind = record.get("type") if isinstance(record, dict) else None
            if kind == "init" and {"session_id", "model"} <= record.keys() and "subtype" not in record:
                return "has an event `init` with `session_id` and `model`"
            if kind == "tool_use" and {"tool_name", "tool_id"} <= record.keys():
                return "has events `tool_use` with `tool_name`"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        builder, kept = Builder("agent"), Beside(NAME, origin)
        answer = Pieces(builder)
        head: dict[str, Any] = {}
        for event, at, line in located(document):
            kind, common = event.get("type"), common_of(event, at, line)
            if kind == "message" and event.get("role") == "assistant":
                if event.get("delta") is not True:
                    answer.tell()
                answer.add(str(event.get("content") or ""), common)
                kept.keep(f"line {line}", event, "type", "role", "content", "delta", "timestamp")
                continue
            answer.tell()
            if kind == "message":
                _observe(builder, event, common)
                kept.keep(f"line {line}", event, "type", "role", "content", "timestamp")
            elif kind == "tool_use":
                name, call_id = str(event.get("tool_name") or ""), str(event.get("tool_id") or f"call_{line}")
                builder.call(name, dump(event.get("parameters") or {}), call_id, **common)
                kept.keep(f"line {line}", event, "type", "tool_name", "tool_id", "parameters", "timestamp")
            elif kind == "tool_result":
                builder.result(_result(builder, event, common), **common)
                kept.keep(f"line {line}", event, "type", "tool_id", "status", "output", "error", "timestamp")
            elif kind == "init":
                head = head or event
                kept.keep(f"line {line}", event, "type", "session_id", "model", "timestamp")
            else:
                _end(builder, event)
                kept.keep(f"line {line}", event)
        answer.tell()
        kept.tell(builder)
        model, session = head.get("model"), head.get("session_id")
        builder.agent = Agent(name="gemini-cli", model=model if isinstance(model, str) else None)
        builder.executed = True
        group = session if isinstance(session, str) else None
        reading = builder.build(document, origin, NAME, source_id=group, group=group)
        if not reading.trace.steps:
            raise RowError("no messages", "events of type message or tool_use")
        yield reading


FORMAT = GeminiStreamJson()


def _observe(builder: Builder, event: dict[str, Any], common: dict[str, Any]) -> None:
    content = event.get("content")
    asked = event.get("role") == "user" and not is_harness(content)
    builder.observe(parts_of(content), "user" if asked else "environment", **common)
    if asked and isinstance(content, str):
        builder.task = builder.task or content


def _result(builder: Builder, event: dict[str, Any], common: dict[str, Any]) -> Result:
    error = event["error"] if isinstance(event.get("error"), dict) else {}
    message, output = error.get("message"), event.get("output")
    code = exit_code(output, "gemini") if isinstance(output, str) else None
    status = _STATUS.get(str(event.get("status")), "unknown")
    return Result(
        call_id=str(event.get("tool_id") or builder.next_call(common["at"], common["line"])),
        content=parts_of(output if output not in (None, "") else message),
        status="error" if code and status in ("ok", "unknown") else status,
        exit_code=code,
        error_type=error["type"] if isinstance(error.get("type"), str) else None,
        error_message=message if isinstance(message, str) else None,
    )


def _end(builder: Builder, event: dict[str, Any]) -> None:
    """The counts and the end of a run."""
    if event.get("type") != "result":
        return
    stats = event["stats"] if isinstance(event.get("stats"), dict) else {}
    found = counts({name: stats.get(key) for name, key in _COUNTS.items()})
    builder.metrics = Metrics(**found) if found else None
    if event.get("status") == "error":
        builder.outcome = Outcome(status="aborted")
