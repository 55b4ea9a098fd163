"""ShareGPT conversations with tools, as LLaMA-Factory and ADP write them.

In: ``{"conversations": [{"from", "value"}], "system"?, "tools"?}``. A call is the JSON text of an entry from
``function_call`` (arguments an object or JSON in a string, several calls a list); results answer by position,
for there are no ids. ``tools`` is JSON text. Reasoning is a ``<think>`` block at the start of a value.
Out: the same document. Source: https://github.com/hiyouga/LLaMA-Factory/tree/main/data.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.trace.build import Builder
from sxl_data.trace.convert.chat_writing import Style, style_of, write_tools
from sxl_data.trace.convert.declarations import tools_of
from sxl_data.trace.convert.leftovers import Piece, recall, remember
from sxl_data.trace.convert.markup import text_dialect
from sxl_data.trace.export import released, restored
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.json_text import dump, load, load_object
from sxl_data.trace.messages import text_of
from sxl_data.trace.patch import rest, restore
from sxl_data.trace.types import Act, Iterate, Observe, Part, Reflect, Result, Trace

NAME = "sharegpt_tools"
_SAID = {"gpt", "assistant", "model", "chatgpt", "bing", "bard"}
_CALLS = {"function_call", "tool_call"}
_RESULTS = {"observation", "tool", "function_response", "function", "tool_response"}
_ASKS = {"human", "user"}
_OPEN, _CLOSE = "<think>", "</think>"
Entry = dict[str, Any]


class ShareGptTools:
    """Format of ShareGPT conversations."""

    name = NAME
    title = "ShareGPT conversations, with tools"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """`conversations` of `from` and `value`, unless calls are written in Hermes tags."""
        entries = sample.get("conversations") if isinstance(sample, dict) else None
        if not isinstance(entries, list) or not entries or not all(isinstance(e, dict) for e in entries):
            return None
        if "from" not in entries[0] or "value" not in entries[0] or text_dialect(entries) == "hermes_text":
            return None
        return "has `conversations` with `from` and `value`"

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row, residual = released(document.value)
        entries = row.get("conversations") if isinstance(row, dict) else None
        if not isinstance(entries, list):
            raise RowError(type(entries).__name__, "an object with a list `conversations`", "/conversations")
        if not entries and residual is None:
            raise RowError("no entries", "at least one", "/conversations")
        reading = _read(row, document, origin)
        if origin.lossless:
            reading = msgspec.structs.replace(reading, trace=_with_leftovers(reading.trace, row))
        yield restored(reading, residual)

    def write(self, trace: Trace) -> dict[str, Any]:
        """``trace`` as one conversation."""
        left = recall(trace.ext_json, NAME)
        said = _frame(trace, [entry for _, _, entry in _entries(trace, remembered=True)], left.get("$flat"))
        return restore(said, {key: value for key, value in left.items() if key != "$flat"})


FORMAT = ShareGptTools()


def _read(row: dict[str, Any], document: Document, origin: Origin) -> Reading:
    entries = row["conversations"]
    kinds = {e.get("from") for e in entries if isinstance(e, dict)}
    builder = Builder("tool_use" if kinds & (_CALLS | _RESULTS) or tools_of(row.get("tools")) else "instruction")
    for i, tool in enumerate(tools_of(row.get("tools"))):
        builder.tool(tool, at=f"/tools/{i}")
    if isinstance(row.get("system"), str) and row["system"]:
        builder.observe(row["system"], "system", at="/system")
    numbers = iter(range(1 << 30))
    for i, entry in enumerate(entries):
        at = f"/conversations/{i}"
        if not isinstance(entry, dict):
            raise RowError(type(entry).__name__, "an entry with `from` and `value`", at)
        who, value = entry.get("from"), entry.get("value")
        text = value if isinstance(value, str) else "" if value is None else dump(value)
        if who in _SAID or who in _CALLS:
            builder.end_turn()
            thought, text = _thought(text)
            if thought is not None:
                builder.reflect(thought, "think_tag", at=at)
            if who in _SAID or not _read_calls(builder, text, numbers, f"{at}/value"):
                builder.say(text, at=at)
        elif who in _RESULTS:
            waiting = builder.open_calls
            builder.result(Result(call_id=waiting[0].call_id if waiting else "", content=_parts(text)), at=f"{at}/value")
        else:
            builder.observe(text, "user" if who in _ASKS else "system" if who == "system" else "environment", at=at)
            if who in _ASKS and not builder.task:
                builder.task = text
    source_id = row.get("id")
    return builder.build(document, origin, NAME, source_id=str(source_id) if isinstance(source_id, (str, int)) else None)


def _thought(text: str) -> tuple[str | None, str]:
    """A ``<think>`` block at the start, and what follows it."""
    if not text.startswith(_OPEN):
        return None, text
    end = text.find(_CLOSE)
    if end < 0:
        return None, text
    return text[len(_OPEN) : end].strip("\n"), text[end + len(_CLOSE) :].lstrip("\n")


def _read_calls(builder: Builder, text: str, numbers: Iterator[int], at: str) -> bool:
    """The calls of one entry; False where the text holds none, which stays text."""
    try:
        value = load(text)
    except ValueError:
        return False
    items = value if isinstance(value, list) else [value]
    if not items or not all(isinstance(item, dict) and isinstance(item.get("name"), str) for item in items):
        return False
    for item in items:
        arguments = item.get("arguments", item.get("parameters"))
        builder.call(item["name"], arguments if isinstance(arguments, str) else dump(arguments),
                     f"call_{next(numbers)}", form="string" if isinstance(arguments, str) else "object", at=at)  # fmt: skip
    return True


def _entries(trace: Trace, *, remembered: bool) -> list[tuple[int, int | None, Entry]]:
    """The entries of ``trace`` with the step (and result) that each comes from."""
    out: list[tuple[int, int | None, Entry]] = []
    thought = ""
    first = -1

    def put(at: int, slot: int | None, who: str, value: str) -> None:
        said = {"from": who, "value": value}
        out.append((at, slot, restore(said, recall(trace.steps[at].ext_json, NAME, slot)) if remembered else said))

    for at, step in enumerate(trace.steps):
        if thought and not (isinstance(step, (Act, Reflect)) and step.turn == trace.steps[first].turn):
            put(first, None, "gpt", thought)
            thought, first = "", -1
        if isinstance(step, Observe):
            if at or step.origin != "system" or not text_of(step.content):  # the first goes to `system`
                put(at, None, {"user": "human", "parent": "human", "environment": "human"}.get(step.origin, "system"),
                    text_of(step.content))  # fmt: skip
        elif isinstance(step, Reflect):
            first = at if first < 0 else first
            thought += f"{_OPEN}\n{step.text}\n{_CLOSE}\n\n"
        elif isinstance(step, Act):
            text = text_of(step.content)
            begin = first if first >= 0 else at
            if text or not step.calls:
                put(begin, None, "gpt", thought + text)
                thought = ""
            if step.calls:
                put(at, None, "function_call", thought + _call_text(step))
            thought, first = "", -1
        elif isinstance(step, Iterate):
            for slot, result in enumerate(step.results):
                put(at, slot, "observation", text_of(result.content))
    if thought:
        put(first, None, "gpt", thought)
    return out


def _call_text(act: Act) -> str:
    calls = []
    for call in act.calls:
        arguments: Any = call.arguments_json
        if call.arguments_form == "object":
            try:
                arguments = load(arguments)
            except ValueError:
                arguments = call.arguments_json
        calls.append({"name": call.name, "arguments": arguments})
    return json.dumps(calls[0] if len(calls) == 1 else calls, ensure_ascii=False)


def _frame(trace: Trace, entries: list[Entry], flat: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"conversations": entries}
    first = trace.steps[0] if trace.steps else None
    if isinstance(first, Observe) and first.origin == "system" and text_of(first.content):
        said["system"] = text_of(first.content)
    if trace.tools:
        said["tools"] = write_tools(trace.tools, Style(tools="text", flat=flat is not False))
    return said


def _with_leftovers(trace: Trace, row: dict[str, Any]) -> Trace:
    written = _entries(trace, remembered=False)
    entries = row["conversations"]
    flat = style_of([], row["tools"]).flat if trace.tools else True
    said = _frame(trace, entries, flat)
    if len(written) == len(entries):
        pieces: list[Piece] = [(at, slot, m, source) for (at, slot, m), source in zip(written, entries)]
        trace = msgspec.structs.replace(trace, steps=remember(trace.steps, NAME, pieces))
    else:
        said["conversations"] = [entry for _, _, entry in written]
    left = {**rest(said, row), **({} if flat else {"$flat": False})}
    if not left:
        return trace
    return msgspec.structs.replace(trace, ext_json=dump({**(load_object(trace.ext_json) or {}), NAME: left}))


def _parts(text: str) -> tuple[Part, ...]:
    return (Part(text=text),) if text else ()
