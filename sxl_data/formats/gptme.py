"""Conversations of gptme: JSONL of ``role``, ``content`` and ``timestamp``, calls as fenced blocks.

In: ``conversation.jsonl``. The first system messages are prompts; later ones are what the program says: the output of
the blocks of the answer before, in order, or notes. Out: one trace. A block whose language names a tool is a call where
an output follows the answer; its words behind the tool's name are its ``args``, as gptme calls them. Calls in gptme's
other markups (``<tool-use>``, ``@tool(id): {…}``) stay text.
Source: https://gptme.org/docs/concepts.html, https://github.com/gptme/gptme (``gptme/message.py``, ``tools/base.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.contract import patterns
from sxl_data.files.json_text import dump
from sxl_data.formats.beside import Beside
from sxl_data.formats.content import parts_of
from sxl_data.formats.places import located
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Result

NAME = "gptme"
_LANGUAGES = {"shell": "bash", "bash": "bash", "sh": "bash", "ipython": "python", "python": "python", "py": "python"}
_TOOLS = (*_LANGUAGES, "save", "append", "patch", "morph", "read", "tmux", "browser", "gh", "screenshot", "complete")
_BLOCK = patterns.compile(r"(?ms)^```([a-z_]{1,20})(?: ([^\n`]{1,400}))?\n(.*?)\n?^```[ \t]*$")


class Gptme:
    """Format of one conversation."""

    name = NAME
    title = "gptme conversations"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """Messages with `role`, `content` as text and an ISO `timestamp`, the first of them a system prompt."""
        records = sample if isinstance(sample, list) else []
        if len(records) < 2 or not all(_is_message(record) for record in records):
            return None
        return "has messages with `role`, `content` and `timestamp`" if records[0]["role"] == "system" else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        builder, kept = Builder("agent"), Beside(NAME, origin)
        records = list(located(document))
        if not any(isinstance(message.get("role"), str) for message, _, _ in records):
            raise RowError("no messages", "messages with `role` and `content`")
        begun, calls, model = False, 0, None
        for number, (message, at, line) in enumerate(records):
            role, content = message.get("role"), message.get("content")
            common: dict[str, Any] = {"at": at, "line": line}
            common |= {"timestamp": message["timestamp"]} if isinstance(message.get("timestamp"), str) else {}
            kept.keep(f"line {line}", message, "role", "content", "timestamp")
            if role == "assistant":
                builder.end_turn()
                answered = number + 1 < len(records) and records[number + 1][0].get("role") == "system"
                calls = _answer(builder, str(content or ""), calls if answered else -1 - calls, common)
                about = message.get("metadata")
                model = model or (about.get("model") if isinstance(about, dict) else None)
            elif role == "system" and builder.open_calls:
                builder.result(Result(call_id=builder.open_calls[0].call_id, content=parts_of(content)), **common)
            else:
                begun = begun or role == "user"
                builder.observe(
                    parts_of(content), "user" if role == "user" else "environment" if begun else "system", **common
                )
                if role == "user" and isinstance(content, str):
                    builder.task = builder.task or content
        kept.tell(builder)
        builder.agent = Agent(name="gptme", model=model if isinstance(model, str) else None)
        builder.executed = True
        reading = builder.build(document, origin, NAME)
        yield reading


FORMAT = Gptme()


def _is_message(record: Any) -> bool:
    if not isinstance(record, dict) or not isinstance(record.get("content"), str):
        return False
    return record.get("role") in ("system", "user", "assistant") and isinstance(record.get("timestamp"), str)


def _answer(builder: Builder, text: str, calls: int, common: dict[str, Any]) -> int:
    """Tell one answer, its blocks as calls numbered from ``calls``; all as text where that is negative. How many calls
    there are by now."""
    if calls < 0:
        builder.say(text, **common)
        return -1 - calls
    at = 0
    for block in _BLOCK.finditer(text):
        if block[1] not in _TOOLS:
            continue
        before = text[at : block.start()].strip("\n")
        if before.strip():
            builder.say(before, **common)
        plain = block[2] is None
        given = block[3] if plain else dump({"args": block[2].split(), "content": block[3]})
        builder.call(
            block[1],
            given,
            f"call_{calls}",
            kind="code" if plain else "function",
            form="raw" if plain else "object",
            language=_LANGUAGES.get(block[1]) if plain else None,
            **common,
        )
        calls += 1
        at = block.end()
    if text[at:].strip() or not at:
        builder.say(text[at:].strip("\n") if at else text, **common)
    return calls
