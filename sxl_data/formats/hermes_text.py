"""Conversations in which calls are written as text in Hermes tags.

In: ``conversations`` or ``messages`` whose answers hold ``<tool_call>{…}</tool_call>``, results in
``<tool_response>``, tools in ``<tools>`` of the system prompt, reasoning in ``<think>`` or ``<scratch_pad>``; or one
text with ``SYSTEM:``, ``USER:``, ``ASSISTANT:`` lines under ``example``. The inside is JSON, or a Python literal in
older sets. What is neither stays a call with raw arguments, for the reader to find.
Source: https://github.com/NousResearch/Hermes-Function-Calling.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import given
from sxl_data.formats.declarations import tools_of
from sxl_data.formats.markup import tagged, text_dialect, value_of
from sxl_data.trace.build import Builder, parts
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Result

NAME = "hermes_text"
_SAID = {"gpt", "assistant", "model"}
_ROLES = {"system": "system", "human": "user", "user": "user"}
_THOUGHTS = ("think", "scratch_pad")
_HEADS = {"SYSTEM:": "system", "USER:": "user", "ASSISTANT:": "assistant", "TOOL:": "tool"}


class HermesText:
    """Format of calls in Hermes tags."""

    name = NAME
    title = "Calls as text in <tool_call> tags (Hermes)"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """Answers with `<tool_call>`."""
        if not isinstance(sample, dict):
            return None
        if isinstance(sample.get("example"), str) and "<tool_call>" in sample["example"]:
            return "has an `example` with `<tool_call>`"
        entries = sample.get("conversations", sample.get("messages"))
        return "has answers with `<tool_call>`" if text_dialect(entries) == NAME else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        entries, at = _entries(row)
        if not entries:
            raise RowError("no entries", "`conversations`, `messages` or `example`", at)
        builder = Builder("tool_use")
        for tool in tools_of(row.get("tools")):
            builder.tool(tool, at="/tools")
        for i, (role, text) in enumerate(entries):
            place = at if at == "/example" else f"{at}/{i}"
            if role in _SAID:
                builder.end_turn()
                _read_answer(builder, text, place, i)
            elif role in ("tool", "function", "observation", "tool_response") or "<tool_response>" in text:
                _read_results(builder, text, place)
            else:
                if role == "system" and not builder.tools:
                    _read_tools(builder, text, place)
                builder.observe(text, _ROLES.get(role, "environment"), at=place)
                if _ROLES.get(role) == "user" and not builder.task:
                    builder.task = text
        ext = {key: value for key, value in row.items() if key not in ("conversations", "messages", "example", "tools")}
        if ext and origin.lossless:
            builder.ext[NAME] = ext
        source_id = row.get("id")
        yield builder.build(document, origin, NAME, source_id=str(source_id) if source_id is not None else None)


FORMAT = HermesText()


def _entries(row: Any) -> tuple[list[tuple[str, str]], str]:
    """(role, text) of each entry, and the pointer of their list."""
    if not isinstance(row, dict):
        return [], ""
    if isinstance(row.get("example"), str):
        return list(_cut(row["example"])), "/example"
    key = "conversations" if "conversations" in row else "messages"
    found = []
    for i, entry in enumerate(row.get(key) or ()):
        if not isinstance(entry, dict):
            raise RowError(type(entry).__name__, "an entry", f"/{key}/{i}")
        text = entry.get("value", entry.get("content"))
        found.append((str(entry.get("from", entry.get("role"))), text if isinstance(text, str) else ""))
    return found, f"/{key}"


def _cut(text: str) -> Iterator[tuple[str, str]]:
    """One text of ``SYSTEM:`` / ``USER:`` / ``ASSISTANT:`` lines as entries."""
    role, lines = "", list[str]()
    for line in text.strip().removeprefix("```").removesuffix("```").split("\n"):
        head = next((h for h in _HEADS if line.startswith(h)), None)
        if head is None:
            lines.append(line)
            continue
        if role:
            yield role, "\n".join(lines).strip()
        role, lines = _HEADS[head], [line[len(head) :]]
    if role:
        yield role, "\n".join(lines).strip()


def _read_answer(builder: Builder, text: str, at: str, number: int) -> None:
    said: list[str] = []
    calls: list[str] = []
    for kind, piece in tagged(text, "tool_call"):
        if kind == "tool_call":
            calls.append(piece)
            continue
        for tag in _THOUGHTS:
            pieces = list(tagged(piece, tag))
            for inner, thought in pieces:
                if inner == tag and thought.strip():
                    builder.reflect(thought.strip(), "think_tag" if tag == "think" else "scratchpad", at=at)
            piece = "".join(rest for inner, rest in pieces if inner == "text")
        if piece.strip():
            said.append(piece.strip())
    builder.say("\n".join(said), at=at)
    for k, inside in enumerate(calls):
        _read_call(builder, inside, f"call_{number}_{k}", at)


def _read_call(builder: Builder, inside: str, call_id: str, at: str) -> None:
    try:
        value = value_of(inside.strip())
    except ValueError:
        value = None
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        builder.call("", inside.strip(), call_id, form="raw", at=at)
        return
    arguments = given(value.get("arguments", value.get("parameters", {})))
    builder.call(value["name"], call_id=str(value.get("id") or call_id), at=at, **arguments)


def _read_results(builder: Builder, text: str, at: str) -> None:
    """One result per tag, for the open calls in order."""
    pieces = [piece for kind, piece in tagged(text, "tool_response") if kind == "tool_response"]
    for piece in pieces or [text]:
        builder.result(Result(call_id=builder.next_call(at), content=parts(piece.strip("\n"))), at=at)


def _read_tools(builder: Builder, text: str, at: str) -> None:
    for kind, piece in tagged(text, "tools"):
        if kind == "tools":
            try:
                declared = value_of(piece.strip())
            except ValueError:
                declared = _lines(piece)
            for tool in tools_of(declared):
                builder.tool(tool, at=at)


def _lines(piece: str) -> list[Any]:
    """Declarations written one per line."""
    found = []
    for line in piece.strip().split("\n"):
        try:
            found.append(value_of(line.strip()))
        except ValueError:
            continue
    return found
