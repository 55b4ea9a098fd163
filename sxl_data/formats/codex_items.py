"""Bare items of OpenAI's Responses API in a file: what Codex CLI wrote at first, and dumps of a response's input.

In: JSONL or a list of items (``message``, ``reasoning``, ``function_call``, …) without a ``payload``, perhaps behind a
head with ``id``, ``timestamp`` and ``instructions``; ``record_type`` lines tell states of the harness. Out: one trace.
Source: https://platform.openai.com/docs/api-reference/responses, https://github.com/openai/codex (``rollout``, before
``session_meta``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.formats.beside import Beside
from sxl_data.formats.places import located
from sxl_data.formats.response_items import ItemReader
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Agent

NAME = "codex_items"
_ITEMS = ("reasoning", "function_call", "function_call_output", "custom_tool_call", "local_shell_call")


class CodexItems:
    """Format of items without a session around them."""

    name = NAME
    title = "items of the Responses API, as old Codex CLI sessions have them"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """Items of a response, and nothing else but a head and states."""
        records = sample if isinstance(sample, list) else []
        if not records or not all(isinstance(r, dict) and _is_own(r, i) for i, r in enumerate(records)):
            return None
        kinds = [r.get("type") for r in records]
        found = next((kind for kind in kinds if kind in _ITEMS), "message" if "message" in kinds else None)
        return None if found is None else f"has items of type {found}"

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        builder, kept = Builder("agent"), Beside(NAME, origin)
        reader = ItemReader(builder)
        head: dict[str, Any] = {}
        for record, at, line in located(document):
            if "type" in record or "role" in record:
                reader.read(record, at, line)
            elif "record_type" in record:
                kept.keep(f"line {line}", record)
            else:
                head |= record
                if isinstance(record.get("instructions"), str) and record["instructions"]:
                    builder.observe(record["instructions"], "system", at=f"{at}/instructions", line=line)
        kept.keep("session", head, "instructions")
        kept.tell(builder)
        if reader.unread:
            builder.ext.setdefault(NAME, {})["unread"] = reader.unread
        builder.agent = Agent(name="codex" if head else "")
        builder.executed = bool(head)
        identity = head.get("id")
        group = identity if isinstance(identity, str) else None
        reading = builder.build(document, origin, NAME, source_id=group, group=group)
        if not reading.trace.steps:
            raise RowError("no items", "items of a response")
        yield reading


FORMAT = CodexItems()


def _is_own(record: dict[str, Any], number: int) -> bool:
    if "payload" in record or "uuid" in record or "data" in record or "sessionId" in record:
        return False
    if record.get("type") == "message":
        return "role" in record and _is_content(record.get("content")) and "timestamp" not in record
    if "role" in record:
        return "type" not in record and "timestamp" not in record and "content" in record
    head = number == 0 and "id" in record and "timestamp" in record and "type" not in record
    return record.get("type") in _ITEMS or "record_type" in record or head


def _is_content(content: Any) -> bool:
    """Text, or parts as responses have them; a message of another interface is of type message too."""
    parts = content if isinstance(content, list) else []
    return isinstance(content, str) or all(
        isinstance(part, dict) and str(part.get("type")).startswith(("input_", "output_", "text", "refusal"))
        for part in parts
    )
