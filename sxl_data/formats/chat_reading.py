"""Chat messages of the OpenAI kind, told to a builder.

In: a list of messages. Arguments stay what they were, a string or an object. The old ``function_call`` and role
``function`` have no ids: calls get one by their position, results answer the first open call. Reasoning is a
field or a block. An assistant's message with ``"train": false`` (axolotl) or ``"weight": 0`` (OpenAI's fine-tuning
files) is not trained on.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from sxl_data.files.json_text import given, load_object
from sxl_data.formats.answers import answer, in_blocks, listed, marked, tell_rest
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.function_markup import Types, types_of
from sxl_data.formats.harness import task_in
from sxl_data.formats.spoken import tell
from sxl_data.trace.build import Builder
from sxl_data.trace.format import RowError
from sxl_data.trace.types import Result

_REASONING = ("reasoning_content", "reasoning", "thinking")


def read_messages(builder: Builder, messages: list[Any], at: str, alone: bool = False) -> None:
    """Tell ``builder`` what ``messages`` say, in order; ``alone``: there is one, and ``at`` is its own place. Raises
    `RowError` for what is no message."""
    ids = iter(count())
    types = types_of(builder.tools)
    builder.roles.meet(message.get("role") for message in messages if isinstance(message, dict))
    for i, message in enumerate(messages):
        place = at if alone else f"{at}/{i}"
        if not isinstance(message, dict):
            raise RowError(type(message).__name__, "a message with `role` and `content`", place)
        role = builder.speaker(message.get("role"), place)
        if role == "assistant":
            builder.end_turn()
            _read_assistant(builder, message, place, ids, types)
        elif role == "tool":
            _read_result(builder, message, place)
        else:
            said = message.get("content")
            content = parts_of(said)
            text = content[0].text if len(content) == 1 and builder.open_calls else None
            found = marked(text) if text else []
            if builder.open_calls and (several := in_blocks(said))[0]:
                answer(builder, several[0], place)
                tell_rest(builder, several[1], place)
                continue
            if found:
                answer(builder, found, place)
                continue
            builder.observe(content, role, at=place)
            if role == "user" and not builder.task:
                builder.task = task_in(task_of(content))


def _read_result(builder: Builder, message: dict[str, Any], place: str) -> None:
    """A message of results: one, or those of all open calls as a list, each under its tool's name."""
    call_id, content = message.get("tool_call_id"), message.get("content")
    if isinstance(call_id, str):
        builder.result(Result(call_id=call_id, content=parts_of(content)), at=place)
        return
    said = parts_of(content)
    whole = said[0].text if len(said) == 1 and said[0].type == "text" else content
    found = listed(builder.open_calls, whole)
    if found:
        answer(builder, found, place)
    else:
        builder.result(Result(call_id=builder.next_call(place), content=said), at=place)


def is_trained(message: dict[str, Any]) -> bool:
    """Whether a message says nothing against being trained on."""
    weight = message.get("weight")
    return message.get("train") is not False and (isinstance(weight, bool) or weight != 0)


def _read_assistant(builder: Builder, message: dict[str, Any], place: str, ids: Iterator[int], types: Types) -> None:
    content = message.get("content")
    if not content and isinstance(message.get("refusal"), str):
        content = message["refusal"]  # said in a field of its own
    common: dict[str, Any] = {} if is_trained(message) else {"train": False}
    reasoning = next((message[k] for k in _REASONING if isinstance(message.get(k), str) and message[k]), None)
    if reasoning is not None:
        builder.reflect(reasoning, at=place, **common)
    elif isinstance(message.get("reasoning_details"), list):
        _read_details(builder, message["reasoning_details"], f"{place}/reasoning_details", common)
    calls = list(message["tool_calls"]) if isinstance(message.get("tool_calls"), list) else []
    old = message.get("function_call")
    if isinstance(content, list):
        blocks = []
        for block in content:
            kind = block.get("type") if isinstance(block, dict) else None
            text = block.get("value", block.get("text", block.get("thinking"))) if isinstance(block, dict) else None
            if kind in ("reasoning", "thinking") and isinstance(text, str):
                builder.reflect(text, "block", at=place, **common)
            elif kind == "tool_call":
                calls.append(block)
            else:
                blocks.append(block)
        content = blocks
    said = parts_of(content)
    structured = bool(calls) or isinstance(old, dict)
    if len(said) == 1 and said[0].type == "text":
        # Reasoning stands in the text or in its field; a call is said in the text or has its own place.
        tell(builder, said[0].text or "", ids, types, at=place, calls=not structured, **common)
    else:
        builder.say(said, at=place, **common)
    for k, item in enumerate(calls):
        at = f"{place}/tool_calls/{k}" if message.get("tool_calls") else place
        _read_call(builder, item, at, ids)
    if isinstance(old, dict):
        _read_call(builder, {"function": old}, f"{place}/function_call", ids)


def _read_details(builder: Builder, details: list[Any], place: str, common: dict[str, Any]) -> None:
    """Reasoning as OpenRouter passes it on: texts, summaries, or what only the provider can read."""
    for k, detail in enumerate(details):
        held = detail if isinstance(detail, dict) else {}
        summary = str(held.get("type") or "").endswith("summary")
        text = held.get("summary") if summary else held.get("text")
        signature = held.get("signature") or held.get("data")
        signature = signature if isinstance(signature, str) and signature else None
        at = f"{place}/{k}"
        if isinstance(text, str) and text:
            builder.reflect(text, "summary" if summary else "field", signature=signature, at=at, **common)
        elif signature:
            builder.reflect("", "encrypted", signature=signature, at=at, **common)


def _read_call(builder: Builder, item: Any, at: str, ids: Iterator[int]) -> None:
    """Add one call; one without an id of its own is numbered."""
    if not isinstance(item, dict):
        raise RowError(type(item).__name__, "a call with `function`", at)
    value = item.get("value")
    packed = load_object(value) if isinstance(value, str) else None
    inner = item.get("function") or item.get("custom") or packed or item
    name = inner.get("name") if isinstance(inner, dict) else None
    if not isinstance(inner, dict) or not isinstance(name, str):
        raise RowError("a call without a name", "`function.name`", at)
    call_id = item.get("id")
    identity = call_id if isinstance(call_id, str) else f"call_{next(ids)}"
    if "custom" in item:
        builder.call(name, str(inner.get("input", "")), identity, kind="custom", form="raw", at=at)
        return
    how = {**given(inner.get("arguments")), **({"form": "string"} if isinstance(value, str) else {})}
    builder.call(name, call_id=identity, at=at, **how)
