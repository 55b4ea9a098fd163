"""Chats of Gemini CLI: an object with ``sessionId`` and ``messages`` of type user and gemini, or JSONL of the same.

In: a saved chat. ``thoughts`` are summaries of reasoning with a subject; ``toolCalls`` carry their own
results and a status. Out: one trace; calls that were cancelled say so. In JSONL the first line is the session, each
other one a message, a change of the session (``$set``) or what was taken back (``$rewindTo``); a message that is told
again replaces what it was. Source: https://github.com/google-gemini/gemini-cli (``chatRecordingService``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.files.json_text import dump, load_object
from sxl_data.formats.beside import as_format, in_its_form
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.exit_codes import exit_code
from sxl_data.formats.harness import is_harness, settle_task
from sxl_data.formats.places import located
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics, Part, Result, Status

NAME = "gemini_cli"
_STATUS: dict[str, Status] = {"success": "ok", "error": "error", "cancelled": "cancelled", "canceled": "cancelled"}


class GeminiCli:
    """Format of Gemini CLI chats."""

    name = NAME
    title = "Gemini CLI chats"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """`sessionId` beside `messages` that have a `type`."""
        messages = sample.get("messages") if isinstance(sample, dict) else None
        if not isinstance(messages, list) or not isinstance(sample.get("sessionId"), str):
            return None
        typed = all(isinstance(m, dict) and isinstance(m.get("type"), str) and "role" not in m for m in messages)
        return "has `sessionId` and `messages` with `type`" if typed else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        messages = row.get("messages") if isinstance(row, dict) else None
        if not isinstance(messages, list) or not messages:
            raise RowError(type(messages).__name__, "a list `messages`", "/messages")
        builder = Builder("agent")
        tokens: list[dict[str, Any]] = []
        model = None
        for i, message in enumerate(messages):
            at = f"/messages/{i}"
            if not isinstance(message, dict):
                raise RowError(type(message).__name__, "a message", at)
            time = message.get("timestamp")
            common: dict[str, Any] = {"timestamp": time if isinstance(time, str) else None}
            content = _parts(message.get("content"))
            if message.get("type") in ("gemini", "model", "assistant"):
                builder.end_turn()
                _read_answer(builder, message, content, at, common)
                model = model or message.get("model")
                if isinstance(message.get("tokens"), dict):
                    tokens.append(message["tokens"])
                continue
            asked = message.get("type") == "user" and not is_harness(message.get("content"))
            builder.observe(content, "user" if asked else "environment", at=at, **common)
            if asked and not builder.task:
                builder.task = task_of(content)
        builder.agent = Agent(name="gemini-cli", model=model if isinstance(model, str) else None)
        builder.metrics = _metrics(tokens)
        builder.executed = True
        ext = {key: row[key] for key in ("projectHash", "startTime", "lastUpdated", "summary") if row.get(key)}
        if ext:
            builder.ext[NAME] = ext
        session = row.get("sessionId")
        group = session if isinstance(session, str) else None
        settle_task(builder)
        yield builder.build(document, origin, NAME, source_id=group, group=group)


class GeminiCliLines:
    """Format of Gemini CLI chats in JSONL."""

    name = "gemini_cli_lines"
    title = "Gemini CLI chats in JSONL"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """A line with `sessionId` and `projectHash` and no `messages`, and lines of type user or gemini."""
        records = [record for record in sample if isinstance(record, dict)] if isinstance(sample, list) else []
        head = any("sessionId" in r and "projectHash" in r and "messages" not in r for r in records)
        if head and any(r.get("type") in ("user", "gemini") and "content" in r for r in records):
            return "has a line with `sessionId` and `projectHash`, and messages with `type`"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row: dict[str, Any] = {}
        messages: dict[str, tuple[dict[str, Any], str]] = {}
        taken_back: list[Any] = []
        for record, at, line in located(document):
            if isinstance(record.get("$set"), dict):
                row |= {key: value for key, value in record["$set"].items() if key != "messages"}
            elif isinstance(record.get("$rewindTo"), str):
                order = list(messages)
                if record["$rewindTo"] in messages:
                    for key in order[order.index(record["$rewindTo"]) :]:
                        taken_back.append(messages.pop(key)[0])
            elif isinstance(record.get("type"), str):
                messages[str(record.get("id", line))] = (record, at)
            else:
                row |= record
        if not messages:
            raise RowError("no messages", "lines of type user or gemini")
        whole = {**row, "messages": [message for message, _ in messages.values()]}
        for reading in FORMAT.read(in_its_form(document, whole), origin):
            places = {f"/messages/{i}": at for i, (_, at) in enumerate(messages.values())}
            found = as_format(reading, self.name, places)
            if taken_back:
                ext = {**(load_object(found.trace.ext_json) or {}), "rewound": taken_back}
                found = msgspec.structs.replace(found, trace=msgspec.structs.replace(found.trace, ext_json=dump(ext)))
            yield found


FORMAT = GeminiCli()
FORMATS = (FORMAT, GeminiCliLines())


def _read_answer(
    builder: Builder, message: dict[str, Any], content: tuple[Part, ...], at: str, common: dict[str, Any]
) -> None:
    thoughts = message.get("thoughts")
    for k, thought in enumerate(thoughts if isinstance(thoughts, list) else ()):
        if isinstance(thought, dict):
            pieces = [thought.get("subject"), thought.get("description")]
            text = "\n".join(piece for piece in pieces if isinstance(piece, str) and piece)
            time = thought.get("timestamp")
            builder.reflect(
                text,
                "summary",
                at=f"{at}/thoughts/{k}",
                timestamp=time if isinstance(time, str) else common["timestamp"],
            )
    builder.say(content, at=at, **common)
    calls = message.get("toolCalls")
    calls = [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    for k, call in enumerate(calls):
        builder.call(
            str(call.get("name") or ""),
            dump(call.get("args")),
            str(call.get("id") or f"call_{k}"),
            at=f"{at}/toolCalls/{k}",
        )
    for k, call in enumerate(calls):
        if call.get("result") is not None or call.get("status"):
            builder.result(_result(call, k), at=f"{at}/toolCalls/{k}/result")


def _result(call: dict[str, Any], number: int) -> Result:
    outputs, structured = [], None
    for item in call["result"] if isinstance(call.get("result"), list) else [call.get("result")]:
        response = item.get("functionResponse") if isinstance(item, dict) else None
        held = response.get("response") if isinstance(response, dict) else None
        if isinstance(held, dict):
            text = held.get("output", held.get("error"))
            outputs += [Part(text=text)] if isinstance(text, str) and text else []
            structured = held if not isinstance(text, str) else structured
        elif item is not None:
            outputs += list(parts_of(item))
    code = exit_code(task_of(outputs), "gemini")
    status = _STATUS.get(str(call.get("status")), "unknown")
    return Result(
        call_id=str(call.get("id") or f"call_{number}"),
        content=tuple(outputs),
        exit_code=code,
        status="error" if code and status in ("ok", "unknown") else status,
        structured_json=dump(structured) if structured is not None else None,
    )


def _parts(content: Any) -> tuple[Part, ...]:
    """Text, or Gemini's list of ``{"text": …}``."""
    return parts_of(content)


def _metrics(tokens: list[dict[str, Any]]) -> Metrics | None:
    if not tokens:
        return None

    def total(key: str) -> int:
        return sum(item[key] for item in tokens if isinstance(item.get(key), int))

    return Metrics(
        prompt_tokens=total("input"),
        completion_tokens=total("output") + total("thoughts"),
        cached_tokens=total("cached"),
    )
