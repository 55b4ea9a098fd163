"""A trace as a ShareGPT conversation.

In: a trace. Out: its entries with the step (and result) that each comes from, and the frame around them. Text
beside calls is an entry of its own before them, several calls are one entry, and reasoning is a ``<think>`` block at
the start of a value; an act whose source wrote it otherwise says so (`FORM`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sxl_data.files.json_text import load, load_object
from sxl_data.files.numbers import spaced
from sxl_data.formats.chat_writing import Style, write_tools
from sxl_data.formats.leftovers import recall
from sxl_data.trace.messages import text_of
from sxl_data.trace.patch import restore
from sxl_data.trace.types import Act, Call, Iterate, Observe, Reflect, Trace

NAME = "sharegpt_tools"
OPEN, CLOSE = "<think>", "</think>"
FORM = "sharegpt_form"
"""Key of an act's ``ext_json``: ``joined`` where text and calls share an entry, ``apart`` where each call has one."""
Entry = dict[str, Any]


def write_entries(trace: Trace, *, remembered: bool) -> list[tuple[int, int | None, Entry]]:
    """The entries of ``trace`` with the step (and result, or which of an act's entries of calls) that each comes
    from."""
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
                put(
                    at,
                    None,
                    {"user": "human", "parent": "human", "environment": "human"}.get(step.origin, "system"),
                    text_of(step.content),
                )
        elif isinstance(step, Reflect):
            first = at if first < 0 else first
            thought += f"{OPEN}\n{step.text}\n{CLOSE}\n\n"
        elif isinstance(step, Act):
            text = text_of(step.content)
            begin = first if first >= 0 else at
            form = (load_object(step.ext_json) or {}).get(FORM)
            if form == "joined":
                put(at, None, "function_call", thought + text + "\n\n" + _call_text(step.calls))
            elif text or not step.calls:
                put(begin, 0 if step.calls and begin == at else None, "gpt", thought + text)
                thought = ""
            if step.calls and form != "joined":
                groups = [(call,) for call in step.calls] if form == "apart" else [step.calls]
                for slot, calls in enumerate(groups, start=1):
                    put(at, slot if text or len(groups) > 1 else None, "function_call", thought + _call_text(calls))
                    thought = ""
            thought, first = "", -1
        elif isinstance(step, Iterate):
            for slot, result in enumerate(step.results):
                put(at, slot, "observation", text_of(result.content))
    if thought:
        put(first, None, "gpt", thought)
    return out


def _call_text(asked: Sequence[Call]) -> str:
    calls = []
    for call in asked:
        arguments: Any = call.arguments_json
        if call.arguments_form == "object":
            try:
                arguments = load(arguments)
            except ValueError:
                arguments = call.arguments_json
        calls.append({"name": call.name, "arguments": arguments})
    return spaced(calls[0] if len(calls) == 1 else calls)


def write_frame(trace: Trace, entries: list[Entry], flat: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"conversations": entries}
    first = trace.steps[0] if trace.steps else None
    if isinstance(first, Observe) and first.origin == "system" and text_of(first.content):
        said["system"] = text_of(first.content)
    if trace.tools:
        said["tools"] = write_tools(trace.tools, Style(tools="text", flat=flat is not False))
    return said
