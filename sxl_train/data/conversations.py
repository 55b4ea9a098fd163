"""A record of a dataset in, one conversation out, in the one form that templates render.

Arrow fills missing keys with nulls and keeps free JSON as text; exports differ in how they write reasoning, calls and
content. Here all of it becomes the same messages: objects for arguments, ``reasoning_content`` for reasoning, text for
content. What has no place in that form is refused, never emptied.
"""

from __future__ import annotations

import msgspec

from sxl_data.contract.errors import error
from sxl_data.formats.chat_reading import is_trained
from sxl_train.data.other_formats import find_other
from sxl_train.run.objects import Object, Value

OPENING, CLOSING = "<think>", "</think>"
"""Around reasoning that an export left at the head of an answer."""


class Row(msgspec.Struct, frozen=True):
    """One conversation: messages with object arguments, tools as JSON schemas or None."""

    id: str
    messages: list[Object]
    tools: list[Object] | None


def to_row(record: Object, place: str = "row") -> Row:
    """A record with ``messages`` (or ``prompt`` + ``completion``) and perhaps ``tools``, made uniform.

    Nulls that Arrow put into missing keys are dropped, but never inside arguments; arguments become objects.
    """
    name = str(record.get("trace_id") or record.get("id") or place)
    messages = _decode(record.get("messages"))
    if messages is None and record.get("prompt") is not None and record.get("completion") is not None:
        prompt, completion = _decode(record["prompt"]), _decode(record["completion"])
        messages = (prompt if isinstance(prompt, list) else [{"role": "user", "content": prompt}]) + (
            completion if isinstance(completion, list) else [{"role": "assistant", "content": completion}]
        )
    if not isinstance(messages, list) or not messages:
        raise error("T102", trace_id=name, found=f"columns {', '.join(record)}", expected="a `messages` column")
    tools = _decode(record.get("tools"))
    if isinstance(tools, list):
        tools = [_drop_nulls(_decode(tool)) for tool in tools]
    return Row(name, [_to_message(m, name, i) for i, m in enumerate(messages)], tools or None)


def _to_message(message: Value, name: str, index: int) -> Object:
    message, pointer = _decode(message), f"/messages/{index}"
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise error(
            "T110", trace_id=name, pointer=pointer, found=type(message).__name__, expected="an object with a role"
        )
    other = find_other(message)
    if other:
        expected = "plain text and tool_calls, as in the file's first rows"
        raise error("T110", trace_id=name, pointer=pointer, found=other, expected=expected)
    trained = is_trained(message)
    clean = {key: value for key, value in message.items() if value is not None}
    clean["role"] = "system" if clean["role"] == "developer" else clean["role"]
    content = clean.get("content", "")
    if isinstance(content, list):
        content = "".join(p.get("text") or "" for p in content if isinstance(p, dict))
    clean["content"] = content
    clean.pop("weight", None)
    clean.pop("train", None)
    if not trained:
        clean["train"] = False
    reasoning = clean.pop("reasoning", None) or clean.pop("thinking", None)
    if reasoning and "reasoning_content" not in clean:
        clean["reasoning_content"] = reasoning
    if clean["role"] == "assistant" and isinstance(content, str) and "reasoning_content" not in clean:
        clean |= _split_reasoning(content)
    calls = clean.pop("tool_calls", None)
    if calls:
        clean["tool_calls"] = [_to_call(c, name, f"{pointer}/tool_calls/{i}") for i, c in enumerate(calls)]
    return clean


def _split_reasoning(content: str) -> dict[str, str]:
    """Reasoning and answer of a text that begins with reasoning; nothing of any other."""
    said = content.lstrip()
    end = said.find(CLOSING)
    if not said.startswith(OPENING) or end < 0:
        return {}
    return {"reasoning_content": said[len(OPENING) : end].strip(), "content": said[end + len(CLOSING) :].lstrip()}


def _to_call(call: Value, name: str, pointer: str) -> Object:
    function = call.get("function") or call
    arguments = _decode(function.get("arguments"))
    if not isinstance(function.get("name"), str) or not isinstance(arguments, dict | None):
        expected = "a name and an object of arguments"
        raise error("T110", trace_id=name, pointer=pointer, found=function, expected=expected)
    clean = {"type": "function", "function": {"name": function["name"], "arguments": arguments or {}}}
    return clean | ({"id": call["id"]} if call.get("id") else {})


def _decode(value: Value) -> Value:
    """JSON text (how Arrow keeps free JSON) → its value; a string that is no JSON container stays a string."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return value
    return value


def _drop_nulls(value: Value) -> Value:
    if isinstance(value, dict):
        return {key: _drop_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_drop_nulls(inner) for inner in value] if isinstance(value, list) else value
