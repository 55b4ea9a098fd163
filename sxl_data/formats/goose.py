"""Sessions of Goose: JSONL with a head and one message a line, or an export with ``conversation``.

In: messages of ``role``, ``created`` and blocks: ``text``, ``thinking``, ``toolRequest`` (a call, or why it could not
be read) and ``toolResponse`` (its result, or the error). Newer versions keep all sessions in one SQLite database, whose
sessions `files.databases` hands out as exports. Out: a trace a session; blocks that only the user saw are kept beside.
Source: https://github.com/block/goose (``crates/goose/src/conversation/message.rs``, documentation of sessions).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import dump, load_object
from sxl_data.formats.beside import Beside
from sxl_data.formats.content import part_of, parts_of, task_of
from sxl_data.formats.links import Located
from sxl_data.formats.places import located
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Part, Result

NAME = "goose"


class Goose:
    """Format of one session, or of the exports of several."""

    name = NAME
    title = "Goose sessions"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """A head with `working_dir`, or messages with `created` and blocks; or a `conversation` of them."""
        records = [r for r in sample if isinstance(r, dict)] if isinstance(sample, list) else []
        held = records[0].get("conversation") if records else None
        for record in held if isinstance(held, list) else records:
            content = record.get("content") if isinstance(record, dict) and "role" in record else None
            kinds = [b.get("type") for b in content if isinstance(b, dict)] if isinstance(content, list) else []
            if "toolRequest" in kinds or "toolResponse" in kinds:
                return "has blocks of type `toolRequest`"
            if content is not None and type(record.get("created")) is int and kinds:
                return "has messages with `created` and blocks"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        values = document.value if isinstance(document.value, list) else [document.value]
        exports = [v for v in values if isinstance(v, dict) and isinstance(v.get("conversation"), list)]
        if len(exports) < 2:
            head: dict[str, Any] = {}
            if exports:
                head = {key: value for key, value in exports[0].items() if key != "conversation"}
            yield _read(list(located(document, "conversation")), head, document, origin, 0)
            return
        part = 0
        for i, value in enumerate(values):
            held = value.get("conversation") if isinstance(value, dict) else None
            if isinstance(held, list) and held:
                at = document.places[i] if i < len(document.places) else ""
                line = document.lines[min(i, len(document.lines) - 1)]
                said = [(m, f"{at}/conversation/{k}", line) for k, m in enumerate(held) if isinstance(m, dict)]
                head = {key: item for key, item in value.items() if key != "conversation"}
                yield _read(said, head, document, origin, part)
                part += 1


FORMAT = Goose()


def _read(messages: list[Located], head: dict[str, Any], document: Document, origin: Origin, part: int) -> Reading:
    """One session of ``messages``; what heads it may stand among them."""
    builder, kept = Builder("agent"), Beside(NAME, origin)
    for message, at, line in messages:
        if "role" not in message:
            head |= message
            continue
        content = message.get("content")
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
        if message["role"] == "assistant":
            builder.end_turn()
        _tell(builder, blocks, message["role"] == "assistant", f"{at}/content", line, kept)
        kept.keep(f"{at} line {line}", message, "role", "content", "id", "created")
    kept.keep("session", head)
    kept.tell(builder)
    about = _opened(head.get("model_config", head.get("model_config_json")))
    model = about.get("model_name")
    builder.agent = Agent(name="goose", model=model if isinstance(model, str) else None)
    builder.executed = True
    session = head.get("id")
    group = session if isinstance(session, str) else None
    reading = builder.build(document, origin, NAME, part=part, source_id=group, group=group)
    if not reading.trace.steps:
        raise RowError("no messages", "messages with `role` and `content`")
    return reading


def _opened(held: Any) -> dict[str, Any]:
    """An object, or the one that a column of a database holds as JSON text."""
    held = load_object(held) if isinstance(held, str) else held
    return held if isinstance(held, dict) else {}


def _tell(builder: Builder, blocks: list[Any], spoken: bool, at: str, line: int, kept: Beside) -> None:
    seen: list[Part] = []
    for k, block in enumerate(blocks):
        place, kind = f"{at}/{k}", block.get("type") if isinstance(block, dict) else None
        if kind == "toolRequest":
            _call(builder, block, place, line)
        elif kind == "toolResponse":
            builder.result(_result(block), at=place, line=line)
        elif kind == "thinking" and isinstance(block.get("thinking"), str):
            signature = block.get("signature")
            signature = signature if isinstance(signature, str) and signature else None
            builder.reflect(block["thinking"], "block", signature=signature, at=place, line=line)
        elif kind == "redactedThinking":
            builder.reflect("", "encrypted", signature=str(block.get("data") or ""), at=place, line=line)
        elif kind not in ("text", "image"):
            kept.keep(place, block)
        elif spoken:
            builder.say((part_of(block),), at=place, line=line)
        else:
            seen.append(part_of(block))
    if seen:
        builder.observe(seen, "user", at=at, line=line)
        builder.task = builder.task or task_of(seen)


def _call(builder: Builder, block: dict[str, Any], at: str, line: int) -> None:
    held = block["toolCall"] if isinstance(block.get("toolCall"), dict) else {}
    value = held["value"] if isinstance(held.get("value"), dict) else None
    if value is None:
        # The harness could not read the call; what it says of it is all that there is.
        builder.call("", str(held.get("error") or ""), str(block.get("id") or ""), form="raw", at=at, line=line)
        return
    arguments = value.get("arguments")
    name, given = str(value.get("name") or ""), dump({} if arguments is None else arguments)
    builder.call(name, given, str(block.get("id") or ""), at=at, line=line)


def _result(block: dict[str, Any]) -> Result:
    held = block["toolResult"] if isinstance(block.get("toolResult"), dict) else {}
    value, structured = held.get("value"), None
    failed = held.get("status") == "error"
    if isinstance(value, dict):
        failed = failed or value.get("isError") is True
        structured = value.get("structuredContent")
        value = value.get("content")
    message = held.get("error")
    return Result(
        call_id=str(block.get("id") or ""),
        content=parts_of(value if value is not None else message),
        status="error" if failed else "ok",
        error_message=message if isinstance(message, str) else None,
        structured_json=None if structured is None else dump(structured),
    )
