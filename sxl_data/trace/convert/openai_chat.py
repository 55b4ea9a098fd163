"""Chat messages of the OpenAI API, of TRL, and of what resembles them.

In: ``{"messages": [...], "tools": [...]}``. Arguments may be a string or an object, and stay what they
were; content may be a string or blocks; the old ``function_call`` and role ``function`` have no ids and
are matched by position. Reasoning is a field (``reasoning_content``, ``reasoning``, ``thinking``) or a
block of type reasoning. Out: the same document, see `trace.export`.
Source: https://platform.openai.com/docs/api-reference/chat, https://huggingface.co/docs/trl/dataset_formats.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.trace.build import Builder
from sxl_data.trace.convert.chat_writing import Style, style_of, write_messages, write_tools
from sxl_data.trace.convert.content import parts_of, task_of
from sxl_data.trace.convert.declarations import tools_of
from sxl_data.trace.convert.leftovers import Piece, recall, remember
from sxl_data.trace.convert.markup import text_dialect
from sxl_data.trace.export import released, restored
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.json_text import dump, load_object
from sxl_data.trace.patch import rest, restore
from sxl_data.trace.table import PUBLISHED
from sxl_data.trace.types import Result, Trace

NAME = "openai_chat"
ROLES = {"system", "developer", "user", "assistant", "tool", "function"}
_ORIGINS = {"system": "system", "developer": "developer", "user": "user"}
_STYLE = "$style"
_IDS = ("id", "instance_id", "task_id")
_REASONING = ("reasoning_content", "reasoning", "thinking")


class OpenAIChat:
    """Format of chat messages."""

    name = NAME
    title = "OpenAI chat messages, also TRL conversations"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """Rows with `messages` whose items have a `role`, unless the text of the messages or their
        blocks are those of a more special format."""
        messages = sample.get(key_of(sample)) if isinstance(sample, dict) else None
        if not is_chat(messages) or text_dialect(messages) is not None or PUBLISHED & sample.keys():
            return None
        kinds = {b.get("type") for m in messages if isinstance(m.get("content"), list)
                 for b in m["content"] if isinstance(b, dict)}  # fmt: skip
        return None if kinds & {"tool_use", "tool_result"} else f"has `{key_of(sample)}` with `role`"

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row, residual = released(document.value)
        messages = row.get(key_of(row)) if isinstance(row, dict) else None
        if not isinstance(messages, list):
            raise RowError(type(messages).__name__, "an object with a list `messages`", "/messages")
        if not messages and residual is None:
            raise RowError("no messages", "at least one", "/messages")
        yield restored(read_row(row, document, origin, NAME), residual)

    def write(self, trace: Trace) -> dict[str, Any]:
        """``trace`` as one chat row."""
        return write_row(trace, NAME)


FORMAT = OpenAIChat()


def key_of(row: dict[str, Any]) -> str:
    """Where a row holds its messages: ``messages``, or ``conversations`` in some collections."""
    return "conversations" if "messages" not in row and "conversations" in row else "messages"


def write_row(trace: Trace, name: str) -> dict[str, Any]:
    """The chat row of ``trace``, with what is kept for format ``name`` put back."""
    left = recall(trace.ext_json, name)
    style = _style(left)
    habits = left.get(_STYLE)
    key = habits["key"] if isinstance(habits, dict) and habits.get("key") == "conversations" else "messages"
    said: dict[str, Any] = {key: [m for _, _, m in write_messages(trace, name, style, remembered=True)]}
    if trace.tools:
        said["tools"] = write_tools(trace.tools, style)
    return restore(said, {key: value for key, value in left.items() if key != _STYLE})


def is_chat(messages: Any) -> bool:
    """Whether ``messages`` is a list of objects with a chat role."""
    return (
        isinstance(messages, list)
        and bool(messages)
        and all(isinstance(m, dict) and isinstance(m.get("role"), str) for m in messages)
        and any(m["role"] in ROLES for m in messages)
    )


def read_row(row: dict[str, Any], document: Document, origin: Origin, name: str) -> Reading:
    """The trace of a chat row, with leftovers under ``name``."""
    key = key_of(row)
    messages = row[key]
    builder = Builder("tool_use" if row.get("tools") or _has_calls(messages) else "instruction")
    for position, tool in enumerate(tools_of(row.get("tools"))):
        builder.tool(tool, at=f"/tools/{position}")
    read_messages(builder, messages, f"/{key}")
    reward = row.get("reward")
    if isinstance(reward, (int, float)) and not isinstance(reward, bool):
        builder.outcome = msgspec.structs.replace(builder.outcome, reward=float(reward))
    if isinstance(row.get("model"), str):
        builder.agent = msgspec.structs.replace(builder.agent, model=row["model"])
    source_id = next((str(row[k]) for k in _IDS if isinstance(row.get(k), (str, int))), None)
    reading = builder.build(document, origin, name, source_id=source_id)
    if not origin.lossless:
        return reading
    return msgspec.structs.replace(reading, trace=_with_leftovers(reading.trace, row, name))


def read_messages(builder: Builder, messages: list[Any], at: str) -> None:
    """Tell ``builder`` what ``messages`` say, in order. Raises `RowError` for what is no message."""
    legacy = 0
    for i, message in enumerate(messages):
        place = f"{at}/{i}"
        if not isinstance(message, dict):
            raise RowError(type(message).__name__, "a message with `role` and `content`", place)
        role = message.get("role")
        if role == "assistant":
            builder.end_turn()
            legacy = _read_assistant(builder, message, place, legacy)
        elif role in ("tool", "function"):
            call_id = message.get("tool_call_id")
            if not isinstance(call_id, str):
                still_open = builder.open_calls
                call_id = still_open[0].call_id if still_open else ""
            builder.result(Result(call_id=call_id, content=parts_of(message.get("content"))), at=place)
        else:
            content = parts_of(message.get("content"))
            builder.observe(content, _ORIGINS.get(str(role), "environment"), at=place)
            if role == "user" and not builder.task:
                builder.task = task_of(content)


def _read_assistant(builder: Builder, message: dict[str, Any], place: str, legacy: int) -> int:
    content = message.get("content")
    reasoning = next((message[k] for k in _REASONING if isinstance(message.get(k), str) and message[k]), None)
    if reasoning is not None:
        builder.reflect(reasoning, at=place)
    calls = list(message.get("tool_calls") or ()) if isinstance(message.get("tool_calls"), (list, type(None))) else []
    if isinstance(content, list):
        blocks = []
        for block in content:
            kind = block.get("type") if isinstance(block, dict) else None
            text = block.get("value", block.get("text", block.get("thinking"))) if isinstance(block, dict) else None
            if kind in ("reasoning", "thinking") and isinstance(text, str):
                builder.reflect(text, "block", at=place)
            elif kind == "tool_call":
                calls.append(block)
            else:
                blocks.append(block)
        content = blocks
    builder.say(parts_of(content), at=place)
    for k, item in enumerate(calls):
        at = f"{place}/tool_calls/{k}" if message.get("tool_calls") else place
        legacy += _read_call(builder, item, at, legacy)
    old = message.get("function_call")
    if isinstance(old, dict):
        legacy += _read_call(builder, {"function": old}, f"{place}/function_call", legacy)
    return legacy


def _read_call(builder: Builder, item: Any, at: str, legacy: int) -> int:
    """Add one call; 1 where it had no id of its own."""
    if not isinstance(item, dict):
        raise RowError(type(item).__name__, "a call with `function`", at)
    value = item.get("value")
    packed = load_object(value) if isinstance(value, str) else None
    inner = item.get("function") or item.get("custom") or packed or item
    name = inner.get("name") if isinstance(inner, dict) else None
    if not isinstance(inner, dict) or not isinstance(name, str):
        raise RowError("a call without a name", "`function.name`", at)
    call_id = item.get("id")
    own = isinstance(call_id, str)
    identity = str(call_id) if own else f"call_{legacy}"
    if "custom" in item:
        builder.call(name, str(inner.get("input", "")), identity, kind="custom", form="raw", at=at)
        return 0 if own else 1
    arguments = inner.get("arguments")
    text, form = (arguments, "string") if isinstance(arguments, str) else (dump(arguments), "object")
    builder.call(name, text, identity, form="string" if isinstance(value, str) else form, at=at)
    return 0 if own else 1


def _with_leftovers(trace: Trace, row: dict[str, Any], name: str) -> Trace:
    """``trace`` with what it cannot hold: per message at its step, the rest of the row at the trace."""
    key = key_of(row)
    messages = row[key]
    style = style_of(messages, row.get("tools"))
    written = write_messages(trace, name, style, remembered=False)
    said: dict[str, Any] = {key: messages}
    if len(written) == len(messages):
        pieces: list[Piece] = [(at, slot, m, source) for (at, slot, m), source in zip(written, messages)]
        trace = msgspec.structs.replace(trace, steps=remember(trace.steps, name, pieces))
    else:
        said[key] = [message for _, _, message in written]
    if trace.tools:
        said["tools"] = write_tools(trace.tools, style)
    habits: dict[str, Any] = msgspec.to_builtins(style)
    if key != "messages":
        habits["key"] = key
    left = {**rest(said, row), **({_STYLE: habits} if habits else {})}
    if not left:
        return trace
    ext = {**(load_object(trace.ext_json) or {}), name: left}
    return msgspec.structs.replace(trace, ext_json=dump(ext))


def _style(left: dict[str, Any]) -> Style:
    try:
        return msgspec.convert(left.get(_STYLE, {}), Style)
    except msgspec.ValidationError:
        return Style()


def _has_calls(messages: list[Any]) -> bool:
    return any(isinstance(m, dict) and (m.get("tool_calls") or m.get("function_call")) for m in messages)
