"""A trace as chat messages, in the habits of the document that it came from.

In: a trace. Out: messages in OpenAI's form, with the step (and result) that each comes from. Chat files
differ in small habits that touch every message: content as blocks, `null` beside calls, the name of the
reasoning field, tools as text. A `Style` notes them once per document; what is left over is kept per
message (see `leftovers`).
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from sxl_data.files.json_text import dump, load
from sxl_data.files.numbers import spaced
from sxl_data.formats.content import block_of, text_or_blocks
from sxl_data.formats.declarations import declared
from sxl_data.formats.leftovers import recall
from sxl_data.trace.patch import restore
from sxl_data.trace.types import Act, Call, Iterate, Observe, Part, Reflect, Tool, Trace

Message = dict[str, Any]
_ROLES = {"system": "system", "developer": "developer"}


class Style(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Habits of one chat document."""

    content: Literal["text", "blocks", "values"] = "text"
    """A string; blocks ``{"type": "text", "text": …}``; or blocks that keep everything in ``value``."""
    empty: Literal["", "null", "absent"] = ""
    """Content beside calls that have none: an empty string, null, or no key."""
    reasoning: str = "reasoning_content"
    """Name of the reasoning field."""
    tools: Literal["list", "text", "compact"] = "list"
    """Tools as a list, as JSON text in Python's spacing, or as compact JSON text."""
    flat: bool = False
    """Tools without the wrapper ``{"type": "function"}``."""


def style_of(messages: list[Any], tools: Any) -> Style:
    """The habits of a chat row, read off the first message that shows each."""
    found: dict[str, Any] = {}
    for message in messages:
        if not isinstance(message, dict):
            continue
        content = message.get("content")
        if "content" not in found and isinstance(content, str) and content:
            found["content"] = "text"
        elif "content" not in found and isinstance(content, list) and content and isinstance(content[0], dict):
            found["content"] = "values" if "value" in content[0] else "blocks"
        if "empty" not in found and message.get("tool_calls") and not content:
            found["empty"] = ("" if content == "" else "null") if "content" in message else "absent"
        for key in ("reasoning", "thinking"):
            if isinstance(message.get(key), str):
                found.setdefault("reasoning", key)
    if isinstance(tools, str):
        found["tools"] = "text" if '": ' in tools else "compact"
        found["flat"] = '"function": {' not in tools and '"function":{' not in tools
    elif isinstance(tools, list) and tools and isinstance(tools[0], dict):
        found["flat"] = "function" not in tools[0]
    return Style(**found)


def write_tools(tools: tuple[Tool, ...], style: Style) -> Any:
    """``tools`` as the document declares them."""
    items = declared(tools)
    if style.flat:
        items = [item["function"] for item in items]
    if style.tools == "list":
        return items
    return spaced(items) if style.tools == "text" else dump(items)


def write_messages(trace: Trace, name: str, style: Style, *, remembered: bool) -> list[tuple[int, int | None, Message]]:
    """The messages of ``trace`` with the step (and position of the result) that each comes from. With
    ``remembered``, what the steps keep for format ``name`` is put back."""
    out: list[tuple[int, int | None, Message]] = []

    def put(at: int, slot: int | None, message: Message) -> None:
        left = recall(trace.steps[at].ext_json, name, slot) if remembered else {}
        out.append((at, slot, restore(message, left) if left else message))

    thoughts: list[Reflect] = []
    for at, step in enumerate(trace.steps):
        if thoughts and (not isinstance(step, (Reflect, Act)) or step.turn != thoughts[0].turn):
            put(at - len(thoughts), None, _assistant(thoughts, None, style))
            thoughts = []
        if isinstance(step, Observe):
            put(at, None, {"role": _ROLES.get(step.origin, "user"), "content": _content(step.content, style)})
        elif isinstance(step, Reflect):
            thoughts.append(step)
        elif isinstance(step, Act):
            put(at - len(thoughts), None, _assistant(thoughts, step, style))
            thoughts = []
        elif isinstance(step, Iterate):
            for slot, result in enumerate(step.results):
                message: Message = {"role": "tool", "tool_call_id": result.call_id}
                if style.content == "values":
                    message = {"role": "tool"}
                put(at, slot, {**message, "content": _content(result.content, style)})
    if thoughts:
        put(len(trace.steps) - len(thoughts), None, _assistant(thoughts, None, style))
    return out


def _assistant(thoughts: list[Reflect], act: Act | None, style: Style) -> Message:
    content = act.content if act is not None else ()
    calls = act.calls if act is not None else ()
    if style.content == "values":
        blocks = [{"type": "reasoning", "value": step.text} for step in thoughts]
        blocks += _content(content, style) or []
        blocks += [{"type": "tool_call", "value": _call_text(call)} for call in calls]
        return {"role": "assistant", "content": blocks}
    message: Message = {"role": "assistant", "content": _content(content, style)}
    if calls and not content:
        message["content"] = None if style.empty == "null" else ""
        if style.empty == "absent":
            del message["content"]
    if thoughts:
        message[style.reasoning] = "\n\n".join(step.text for step in thoughts)
    if calls:
        message["tool_calls"] = [_write_call(call) for call in calls]
    if not all(step.train for step in (*thoughts, *((act,) if act is not None else ()))):
        message["train"] = False
    return message


def _content(content: tuple[Part, ...], style: Style) -> Any:
    if style.content == "text":
        return text_or_blocks(content)
    blocks = [block_of(part) for part in content]
    if style.content == "values":
        return [{"type": "text", "value": b["text"]} if b.get("type") == "text" and "text" in b else b for b in blocks]
    return blocks


def _call_text(call: Call) -> str:
    try:
        return spaced({"name": call.name, "arguments": load(call.arguments_json)})
    except ValueError:
        return call.arguments_json


def _write_call(call: Call) -> dict[str, Any]:
    if call.kind == "custom":
        return {"id": call.call_id, "type": "custom", "custom": {"name": call.name, "input": call.arguments_json}}
    arguments: Any = call.arguments_json
    if call.arguments_form == "object":
        try:
            arguments = load(call.arguments_json)
        except ValueError:
            arguments = call.arguments_json
    return {"id": call.call_id, "type": "function", "function": {"name": call.name, "arguments": arguments}}
