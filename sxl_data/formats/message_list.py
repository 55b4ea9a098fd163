"""A file that is one list of chat messages, and files whose rows are such lists.

In: a JSON array, or JSONL, of ``{"role", "content"}``: the context of a model as most programs dump it. Out: one
trace, read by the format whose messages they are (OpenAI's or Anthropic's). Agents that write such a list with marks
of their own have a format of their own.
Source: https://platform.openai.com/docs/api-reference/chat, https://docs.anthropic.com/en/api/messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.formats.anthropic_blocks import block_of_its_own
from sxl_data.formats.anthropic_messages import FORMAT as ANTHROPIC
from sxl_data.formats.beside import as_format, in_its_form
from sxl_data.formats.markup import text_dialect
from sxl_data.formats.openai_chat import FORMAT as OPENAI
from sxl_data.formats.openai_chat import is_chat
from sxl_data.formats.places import located
from sxl_data.trace.format import Document, Origin, Reading, RowError

# Keys of a message, or of a record around it, by which other formats are known.
_OTHERS = frozenset({"message", "messages", "parts", "uuid", "timestamp", "created", "ts", "turn_idx", "type", "kind"})


class MessageList:
    """Format of one conversation a file."""

    name = "message_list"
    title = "a JSON file that is one list of chat messages"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """Records with `role` and `content` and no mark of another format."""
        return "is a list of messages with `role` and `content`" if _is_list(sample) else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        found = list(located(document))
        yield _read([record for record, _, _ in found], [at for _, at, _ in found], document, origin, self.name)


class MessageLists:
    """Format of one conversation a row."""

    name = "message_lists"
    title = "rows that are lists of chat messages"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """A list of records with `role` and `content`."""
        return "has rows that are lists of messages" if _is_list(sample) else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value if isinstance(document.value, list) else []
        yield _read(row, [f"/{i}" for i in range(len(row))], document, origin, self.name)


FORMATS = (MessageList(), MessageLists())


def _is_list(sample: Any) -> bool:
    if not is_chat(sample) or text_dialect(sample) == "mini_swe_agent":
        return False
    plain = all(("content" in m or "tool_calls" in m) and not _OTHERS & m.keys() for m in sample)
    return plain and any(m["role"] in ("user", "assistant") for m in sample)


def _read(messages: list[Any], places: list[str], document: Document, origin: Origin, name: str) -> Reading:
    if not any(isinstance(message, dict) and isinstance(message.get("role"), str) for message in messages):
        raise RowError("no messages", "objects with `role` and `content`")
    format = ANTHROPIC if block_of_its_own(messages) is not None else OPENAI
    row = in_its_form(document, {"messages": messages})
    (reading,) = format.read(row, origin)
    return as_format(reading, name, {f"/messages/{i}": at for i, at in enumerate(places)})
