"""The Session Trace Simple Format, which the Hugging Face Hub renders.

In: a JSONL file, a header line of type ``session`` with its ``harness``, then one ``message`` per line with
plain text, ``reasoningContent``, ``toolCalls`` (arguments as JSON text) and ``toolCallId``; times are
milliseconds. Out: the same lines. Source: https://huggingface.co/docs/hub/session-traces-format.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from sxl_data.files.json_text import dump, given, load_object
from sxl_data.formats.chat_writing import Style, write_messages
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.export import released, restored
from sxl_data.formats.leftovers import Piece, recall, remember
from sxl_data.formats.places import located
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.patch import rest, restore
from sxl_data.trace.types import Agent, Result, Trace

NAME = "sts"
_PLAIN = Style()


class Sts:
    """Format of Session Trace Simple Format files."""

    name = NAME
    title = "Session Trace Simple Format (Hugging Face Hub)"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """A header with `type` session and a `harness`, and messages of plain text."""
        first = sample[0] if isinstance(sample, list) and sample else None
        if not isinstance(first, dict) or first.get("type") != "session" or "harness" not in first:
            return None
        messages = [r["message"] for r in sample[1:] if isinstance(r, dict) and isinstance(r.get("message"), dict)]
        # Pi's own format may name a harness too; its content is blocks.
        return None if any(isinstance(m.get("content"), list) for m in messages) else "starts with a session `harness`"

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        lines, residual = released(document.value)
        if not isinstance(lines, list) or not lines or not isinstance(lines[0], dict):
            raise RowError(type(lines).__name__, "a header line and message lines")
        header = lines[0]
        builder = Builder("agent")
        harness = header.get("harness")
        builder.agent = Agent(name=harness if isinstance(harness, str) else "", model=_model(lines))
        located_lines = list(located(msgspec.structs.replace(document, value=lines)))
        for record, at, line in located_lines[1:]:
            if record.get("type") == "message" and isinstance(record.get("message"), dict):
                _read_message(builder, record["message"], f"{at}/message", line)
        if len(lines) == 1 and residual is None:
            raise RowError("no messages", "at least one", "/1")
        identity = header.get("id")
        group = identity if isinstance(identity, str) else None
        reading = builder.build(document, origin, NAME, source_id=group, group=group)
        if origin.lossless:
            reading = msgspec.structs.replace(reading, trace=_with_leftovers(reading.trace, lines))
        yield restored(reading, residual)

    def write(self, trace: Trace) -> list[dict[str, Any]]:
        """``trace`` as the lines of a session file."""
        left = recall(trace.ext_json, NAME)
        kept = left.get("lines")
        lines = [_header(trace), *(_line(trace, piece, remembered=True) for piece in _pieces(trace))]
        lines[0] = restore(lines[0], left.get("header"))
        if isinstance(kept, dict):
            lines = restore({"lines": lines}, kept)["lines"]
        return lines


FORMAT = Sts()


def _model(lines: list[Any]) -> str | None:
    models = [r["message"].get("model") for r in lines if isinstance(r, dict) and isinstance(r.get("message"), dict)]
    return next((m for m in models if isinstance(m, str)), None)


def _read_message(builder: Builder, message: dict[str, Any], at: str, line: int) -> None:
    role = message.get("role")
    content = parts_of(message.get("content"))
    common: dict[str, Any] = {"timestamp": _time(message.get("timestamp"))}
    if role == "assistant":
        builder.end_turn()
        thought = message.get("reasoningContent")
        if isinstance(thought, str) and thought:
            builder.reflect(thought, at=at, line=line, **common)
        builder.say(content, at=at, line=line, **common)
        calls = message.get("toolCalls")
        for k, item in enumerate(calls if isinstance(calls, list) else ()):
            function = item.get("function") if isinstance(item, dict) else None
            if not isinstance(function, dict) or not isinstance(function.get("name"), str):
                raise RowError("a call without a name", "`function.name`", f"{at}/toolCalls/{k}")
            builder.call(
                function["name"],
                call_id=str(item.get("id") or ""),
                at=f"{at}/toolCalls/{k}",
                line=line,
                **given(function.get("arguments")),
            )
    elif role == "tool":
        call_id = message.get("toolCallId")
        if not isinstance(call_id, str):
            call_id = builder.next_call(at, line)
        builder.result(Result(call_id=call_id, content=content), at=at, line=line, **common)
    else:
        builder.observe(content, builder.observer(role, at, line), at=at, line=line, **common)
        if role == "user" and not builder.task:
            builder.task = task_of(content)


def _header(trace: Trace) -> dict[str, Any]:
    said = {"type": "session", "harness": trace.agent.name or "sxl", "id": trace.provenance.source_id or trace.trace_id}
    return {**said, "name": trace.task.split("\n")[0][:80]} if trace.task else said


def _pieces(trace: Trace) -> list[tuple[int, int | None, dict[str, Any]]]:
    return write_messages(trace, NAME, _PLAIN, remembered=False)


def _line(trace: Trace, piece: tuple[int, int | None, dict[str, Any]], *, remembered: bool) -> dict[str, Any]:
    at, slot, chat = piece
    content = chat.get("content")
    role = "system" if chat["role"] == "developer" else chat["role"]
    said: dict[str, Any] = {"role": role, "content": content if isinstance(content, str) else _text(content)}
    if "reasoning_content" in chat:
        said["reasoningContent"] = chat["reasoning_content"]
    if "tool_calls" in chat:
        said["toolCalls"] = [_call(item) for item in chat["tool_calls"]]
    if "tool_call_id" in chat:
        said["toolCallId"] = chat["tool_call_id"]
    moment = _milliseconds(trace.steps[at].timestamp)
    if moment is not None:
        said["timestamp"] = moment
    line = {"type": "message", "message": said}
    return restore(line, recall(trace.steps[at].ext_json, NAME, slot)) if remembered else line


def _call(item: dict[str, Any]) -> dict[str, Any]:
    inner = item.get("function") or {"name": item["custom"]["name"], "arguments": item["custom"]["input"]}
    arguments = inner["arguments"]
    text = arguments if isinstance(arguments, str) else dump(arguments)
    return {"id": item["id"], "function": {"name": inner["name"], "arguments": text}}


def _text(blocks: Any) -> str:
    return "\n".join(b["text"] for b in blocks or () if isinstance(b, dict) and isinstance(b.get("text"), str))


def _with_leftovers(trace: Trace, lines: list[dict[str, Any]]) -> Trace:
    written = _pieces(trace)
    said = [_line(trace, piece, remembered=False) for piece in written]
    left: dict[str, Any] = {}
    header = rest(_header(trace), lines[0])
    if header:
        left["header"] = header
    if len(said) == len(lines) - 1:
        pieces: list[Piece] = [(at, slot, m, source) for (at, slot, _), m, source in zip(written, said, lines[1:])]
        trace = msgspec.structs.replace(trace, steps=remember(trace.steps, NAME, pieces))
    else:
        left["lines"] = rest({"lines": [lines[0], *said]}, {"lines": lines})
    if not left:
        return trace
    return msgspec.structs.replace(trace, ext_json=dump({**(load_object(trace.ext_json) or {}), NAME: left}))


def _time(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 10**14:
        return None
    return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _milliseconds(stamp: str | None) -> int | None:
    try:
        moment = datetime.fromisoformat(stamp) if stamp else None
    except ValueError:
        return None
    return round(moment.timestamp() * 1000) if moment is not None and moment.tzinfo is not None else None
