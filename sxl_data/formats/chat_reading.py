"""Chat messages of the OpenAI kind, told to a builder.

In: a list of messages. Arguments stay what they were, a string or an object. The old ``function_call`` and role
``function`` have no ids: calls get one by their position, results answer the first open call. Reasoning is a
field or a block. An assistant's message with ``"train": false`` (axolotl) or ``"weight": 0`` (OpenAI's fine-tuning
files) is not trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sxl_data.files.json_text import dump, given, load, load_object
from sxl_data.formats.content import parts_of, task_of
from sxl_data.trace.build import Builder
from sxl_data.trace.format import RowError
from sxl_data.trace.types import Result

_ORIGINS = {"system": "system", "developer": "developer", "user": "user"}
_REASONING = ("reasoning_content", "reasoning", "thinking")


def read_messages(builder: Builder, messages: list[Any], at: str, alone: bool = False) -> None:
    """Tell ``builder`` what ``messages`` say, in order; ``alone``: there is one, and ``at`` is its own place. Raises
    `RowError` for what is no message."""
    legacy = 0
    for i, message in enumerate(messages):
        place = at if alone else f"{at}/{i}"
        if not isinstance(message, dict):
            raise RowError(type(message).__name__, "a message with `role` and `content`", place)
        role = message.get("role")
        if role == "assistant":
            builder.end_turn()
            legacy = _read_assistant(builder, message, place, legacy)
        elif role in ("tool", "function"):
            call_id = message.get("tool_call_id")
            bundle = () if isinstance(call_id, str) else _bundled(builder, message.get("content"))
            if bundle:
                for text in bundle:
                    result = Result(call_id=builder.next_call(place), content=parts_of(text))
                    builder.result(result, at=place)
                continue
            if not isinstance(call_id, str):
                call_id = builder.next_call(place)
            builder.result(Result(call_id=call_id, content=parts_of(message.get("content"))), at=place)
        else:
            content = parts_of(message.get("content"))
            builder.observe(content, _ORIGINS.get(str(role), "environment"), at=place)
            if role == "user" and not builder.task:
                builder.task = task_of(content)


def _bundled(builder: Builder, content: Any) -> Sequence[str]:
    """The outputs of all open calls where one message holds them as a JSON list, each under its tool's name;
    else nothing."""
    waiting = builder.open_calls
    said = parts_of(content)
    if len(said) != 1 or not (said[0].text or "").startswith("[") or len(waiting) < 2:
        return ()
    try:
        items = load(said[0].text or "")
    except ValueError:
        return ()
    named = [item.get("name") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    if named != [call.name for call in waiting] or not all("content" in item for item in items):
        return ()
    outputs = [item.get("content") for item in items]
    return [text if isinstance(text, str) else dump(text) for text in outputs]


def is_trained(message: dict[str, Any]) -> bool:
    """Whether a message says nothing against being trained on."""
    weight = message.get("weight")
    return message.get("train") is not False and (isinstance(weight, bool) or weight != 0)


def _read_assistant(builder: Builder, message: dict[str, Any], place: str, legacy: int) -> int:
    content = message.get("content")
    common: dict[str, Any] = {} if is_trained(message) else {"train": False}
    reasoning = next((message[k] for k in _REASONING if isinstance(message.get(k), str) and message[k]), None)
    if reasoning is not None:
        builder.reflect(reasoning, at=place, **common)
    elif isinstance(message.get("reasoning_details"), list):
        _read_details(builder, message["reasoning_details"], f"{place}/reasoning_details", common)
    calls = list(message.get("tool_calls") or ()) if isinstance(message.get("tool_calls"), (list, type(None))) else []
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
    builder.say(parts_of(content), at=place, **common)
    for k, item in enumerate(calls):
        at = f"{place}/tool_calls/{k}" if message.get("tool_calls") else place
        legacy += _read_call(builder, item, at, legacy)
    old = message.get("function_call")
    if isinstance(old, dict):
        legacy += _read_call(builder, {"function": old}, f"{place}/function_call", legacy)
    return legacy


def _read_details(builder: Builder, details: list[Any], place: str, common: dict[str, Any]) -> None:
    """Reasoning as OpenRouter passes it on: texts, summaries, or what only the provider can read."""
    for k, detail in enumerate(details):
        held = detail if isinstance(detail, dict) else {}
        kind = str(held.get("type") or "")
        text = held.get("summary") if kind.endswith("summary") else held.get("text")
        signature = held.get("signature") or held.get("data")
        signature = signature if isinstance(signature, str) and signature else None
        if isinstance(text, str) and text:
            builder.reflect(
                text,
                "summary" if kind.endswith("summary") else "field",
                signature=signature,
                at=f"{place}/{k}",
                **common,
            )
        elif signature:
            builder.reflect("", "encrypted", signature=signature, at=f"{place}/{k}", **common)


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
    how = {**given(arguments), **({"form": "string"} if isinstance(value, str) else {})}
    builder.call(name, call_id=identity, at=at, **how)
    return 0 if own else 1
