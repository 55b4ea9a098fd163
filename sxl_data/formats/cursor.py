"""Transcripts of Cursor's agent: JSONL of ``role`` and a ``message`` of blocks, without results.

In: one line a message; calls are blocks of type ``tool_use`` that have no id, and what they gave is not in the file.
Out: one trace whose calls are numbered and unanswered, which the validator says. What stands in ``<user_query>`` is the
task; the other text of a prompt is context that the editor adds. Source: `transcript_path` of Cursor's hooks,
https://cursor.com/docs/agent/hooks, and readers of ``agent-transcripts`` such as
https://github.com/getagentseal/codeburn/blob/master/docs/providers/cursor-agent.md. What the command line prints as
stream-json is another format and is not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.contract import patterns
from sxl_data.formats.anthropic_blocks import read_assistant, read_user
from sxl_data.formats.beside import Beside
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.places import located
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Agent

NAME = "cursor"
_QUERY = patterns.compile(r"(?s)<user_query>\s*(.*?)\s*</user_query>")


class Cursor:
    """Format of one transcript."""

    name = NAME
    title = "Cursor agent transcripts"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """Lines of `role` and a `message` of blocks, and no links."""
        records = [r for r in sample if isinstance(r, dict)] if isinstance(sample, list) else []
        for record in records:
            message = record.get("message")
            blocks = message.get("content") if isinstance(message, dict) and "role" not in message else None
            if record.get("role") in ("user", "assistant") and isinstance(blocks, list) and "uuid" not in record:
                return "has lines with `role` and a `message` of blocks"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        builder, kept = Builder("agent"), Beside(NAME, origin)
        calls = 0
        for record, at, line in located(document):
            message = record["message"] if isinstance(record.get("message"), dict) else {}
            content, place = message.get("content"), f"{at}/message/content"
            if record.get("role") == "assistant":
                builder.end_turn()
                blocks = []
                for block in content if isinstance(content, list) else [content]:
                    if isinstance(block, dict) and block.get("type") == "tool_use" and not block.get("id"):
                        block = {**block, "id": f"call_{calls}"}
                        calls += 1
                    blocks.append(block)
                read_assistant(builder, blocks, place, line)
            elif record.get("role") == "user":
                asked = _QUERY.search(task_of(parts_of(content)))
                builder.task = builder.task or (asked[1] if asked is not None else "")
                read_user(builder, content, place, line)
            kept.keep(f"line {line}", record, "role", "message")
            kept.keep(f"line {line}", message, "content")
        kept.tell(builder)
        builder.agent = Agent(name="cursor")
        builder.executed = True
        reading = builder.build(document, origin, NAME)
        if not reading.trace.steps:
            raise RowError("no messages", "lines with `role` and `message`")
        yield reading


FORMAT = Cursor()
