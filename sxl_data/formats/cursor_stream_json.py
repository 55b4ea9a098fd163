"""What Cursor's command line prints with ``--output-format stream-json``: one event a line.

In: ``system`` of subtype init, ``user`` and ``assistant`` with a message of blocks, ``thinking`` in pieces,
``tool_call`` begun and completed, ``result`` at the end. A call stands under a key named after its tool
(``readToolCall``) with ``args`` and, when completed, ``result``: ``success``, or why there is none. Out: one trace;
with partial output the whole text that follows its pieces is left out. What a result says is its content where it is
one text, and all of it is kept as it was.
Source: https://cursor.com/docs/cli/reference/output-format; the pieces of thinking and the results that are no success
are not documented there and are read as https://tarq.net/posts/cursor-agent-stream-format/ describes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import dump, given
from sxl_data.formats.anthropic_blocks import read_user
from sxl_data.formats.beside import Beside
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.places import located
from sxl_data.formats.streams import Pieces, common_of
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Result, Status

NAME = "cursor_stream_json"
_SUFFIX = "ToolCall"
_TEXTS = ("content", "stdout", "output", "text", "errorMessage", "error", "reason", "message")
_STATUS: dict[str, Status] = {"success": "ok", "error": "error", "failure": "error", "rejected": "denied"}


class CursorStreamJson:
    """Format of the events of one run."""

    name = NAME
    title = "output of Cursor's stream-json"
    unit = "file"
    leaves_out = (LeftOut("/result", "all texts of the answer again", when="result"),)
    composes = (("act", "the pieces of an answer are put together"), ("reflect", "the pieces of a thought, too"))

    def detect(self, sample: Any) -> str | None:
        """Events `tool_call` with a `tool_call`, or those of a run whose `init` has `apiKeySource` and no tools."""
        for record in sample if isinstance(sample, list) else ():
            if not isinstance(record, dict) or "sessionId" in record:
                continue
            if record.get("type") == "tool_call" and isinstance(record.get("tool_call"), dict):
                return "has events `tool_call`"
            own = record.get("subtype") == "init" and "apiKeySource" in record and "permissionMode" in record
            if own and "tools" not in record and "parent_tool_use_id" not in record and "uuid" not in record:
                return "has an event `init` with `apiKeySource`"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        builder, kept = Builder("agent"), Beside(NAME, origin)
        answer, thought = Pieces(builder), Pieces(builder, reasoning=True)
        open_calls: set[str] = set()
        head: dict[str, Any] = {}
        for event, at, line in located(document):
            kind, common = event.get("type"), common_of(event, at, line)
            if kind == "assistant":
                thought.tell()
                for text in _texts(event):
                    answer.add(text, common, whole=True)
                kept.keep(f"line {line}", event, "type", "message", "session_id", "timestamp_ms", "model_call_id")
                kept.keep(f"line {line}/message", event.get("message"), "role", "content")
                continue
            if kind == "thinking" and isinstance(event.get("text"), str):
                answer.tell()
                thought.add(event["text"], common)
                kept.keep(f"line {line}", event, "type", "subtype", "text", "session_id", "timestamp_ms")
                continue
            thought.tell()
            answer.tell()
            if kind == "tool_call" and isinstance(event.get("tool_call"), dict):
                _tool(builder, event, open_calls, common, kept)
            elif kind == "user":
                message = event["message"] if isinstance(event.get("message"), dict) else {}
                read_user(builder, message.get("content"), f"{at}/message/content", line)
                kept.keep(f"line {line}", event, "type", "message", "session_id")
                kept.keep(f"line {line}/message", message, "role", "content")
            else:
                head = event if event.get("subtype") == "init" and not head else head
                kept.keep(f"line {line}", event, "type", "session_id", "model", "result")
        thought.tell()
        answer.tell()
        kept.tell(builder)
        model, session = head.get("model"), head.get("session_id")
        builder.agent = Agent(name="cursor", model=model if isinstance(model, str) else None)
        builder.executed = True
        group = session if isinstance(session, str) else None
        reading = builder.build(document, origin, NAME, source_id=group, group=group)
        if not reading.trace.steps:
            raise RowError("no messages", "events of type user, assistant or tool_call")
        yield reading


FORMAT = CursorStreamJson()


def _texts(event: dict[str, Any]) -> Iterator[str]:
    message = event["message"] if isinstance(event.get("message"), dict) else {}
    for part in parts_of(message.get("content")):
        yield part.text if part.text is not None else part.data_json or part.uri or ""


def _tool(builder: Builder, event: dict[str, Any], open_calls: set[str], common: dict[str, Any], kept: Beside) -> None:
    """One state of a call: begun, in progress, or completed."""
    held = event["tool_call"]
    key = next((k for k, v in held.items() if k.endswith(_SUFFIX) and isinstance(v, dict)), None)
    key = key or next((k for k, v in held.items() if isinstance(v, dict)), "")
    inner: dict[str, Any] = held.get(key) or {}
    call_id = str(event.get("call_id") or held.get("toolCallId") or f"call_{len(open_calls)}")
    place = {**common, "at": f"{common['at']}/tool_call/{key}"}
    if call_id not in open_calls:
        open_calls.add(call_id)
        name = str(inner.get("name") or key.removesuffix(_SUFFIX))
        builder.call(name, call_id=call_id, **given(inner.get("args", inner.get("arguments", {}))), **place)
    if "result" in inner:
        builder.result(_result(call_id, inner["result"]), **place)
    kept.keep(f"line {common['line']}", event, "type", "subtype", "call_id", "tool_call", "session_id", "timestamp_ms")
    kept.keep(f"line {common['line']}/tool_call", held, key, "toolCallId", "startedAtMs", "completedAtMs")
    kept.keep(f"line {common['line']}/{key}", inner, "args", "arguments", "name", "result")


def _result(call_id: str, held: Any) -> Result:
    """What a completed call says came of it."""
    kind, value = next(iter(held.items())) if isinstance(held, dict) and len(held) == 1 else ("", held)
    said: Any = value
    if isinstance(value, dict):
        said = next((value[key] for key in _TEXTS if isinstance(value.get(key), str) and value[key]), None)
        said = (
            said if said is not None else parts_of(value["content"]) if isinstance(value.get("content"), list) else None
        )
    content = said if isinstance(said, tuple) else parts_of(said)
    code = value.get("exitCode") if isinstance(value, dict) else None
    code = code if type(code) is int else None
    status = _STATUS.get(kind, "unknown")
    plain = isinstance(held, str) or task_of(content) == held
    return Result(
        call_id=call_id,
        content=content,
        status="error" if code and status in ("ok", "unknown") else status,
        exit_code=code,
        structured_json=None if plain or held is None else dump(held),
    )
