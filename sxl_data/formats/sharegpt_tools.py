"""ShareGPT conversations with tools, as LLaMA-Factory and ADP write them.

In: ``{"conversations": [{"from", "value"}], "system"?, "tools"?}``. A call is the JSON text of an entry from
``function_call`` (arguments an object or JSON in a string, several calls a list), a call in tags or fenced code; such
entries in a row are parallel calls, and text right before them is of their turn. Results answer by position, for there
are no ids. ``tools`` is JSON text. Reasoning is ``<think>`` in a value.
Out: the same document. Source: https://github.com/hiyouga/LLaMA-Factory/tree/main/data.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import msgspec

from sxl_data.files.json_text import dump, given, load, load_object, shape
from sxl_data.formats.answers import Answer, answer, listed, marked
from sxl_data.formats.chat_frame import tell_system, tools_declared
from sxl_data.formats.chat_reading import is_trained
from sxl_data.formats.chat_writing import style_of
from sxl_data.formats.export import released, restored
from sxl_data.formats.function_markup import types_of
from sxl_data.formats.harness import task_in
from sxl_data.formats.leftovers import Piece, recall, remember
from sxl_data.formats.markup import fenced, holds_call, text_dialect
from sxl_data.formats.prompt_tools import tools_told
from sxl_data.formats.sharegpt_writing import CLOSE, FORM, NAME, OPEN, write_entries, write_frame
from sxl_data.formats.spoken import tell
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.patch import rest, restore
from sxl_data.trace.types import Act, Trace

_SAID = {"gpt", "assistant", "model", "chatgpt", "bing", "bard"}
_CALLS = {"function_call", "tool_call"}
_RESULTS = {"observation", "tool", "function_response", "function", "tool_response"}
_ASKS = {"human", "user"}
_SYSTEM = {"system", "developer"}
_OWN = _SAID | _CALLS | _RESULTS | _ASKS | _SYSTEM
_OTHERS = ("hermes_text", "react_text")
_SHELLS = {"bash": "bash", "sh": "bash", "shell": "bash", "python": "python", "py": "python", "ipython": "python"}


class ShareGptTools:
    """Format of ShareGPT conversations."""

    name = NAME
    title = "ShareGPT conversations, with tools"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """`conversations` of `from` and `value`, unless answers hold calls in tags or ReAct."""
        entries = sample.get("conversations") if isinstance(sample, dict) else None
        if not isinstance(entries, list) or not entries or not all(isinstance(e, dict) for e in entries):
            return None
        if "from" not in entries[0] or "value" not in entries[0] or text_dialect(entries) in _OTHERS:
            return None
        return "has `conversations` with `from` and `value`"

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row, residual = released(document.value)
        entries = row.get("conversations") if isinstance(row, dict) else None
        if not isinstance(entries, list):
            raise RowError(shape(row, "conversations"), "an object with a list `conversations`", "/conversations")
        if not entries and residual is None:
            raise RowError("no entries", "at least one", "/conversations")
        reading = _read(row, document, origin)
        if origin.lossless:
            reading = msgspec.structs.replace(reading, trace=_with_leftovers(reading, row))
        yield restored(reading, residual)

    def write(self, trace: Trace) -> dict[str, Any]:
        """``trace`` as one conversation."""
        left = recall(trace.ext_json, NAME)
        said = write_frame(trace, [entry for _, _, entry in write_entries(trace, remembered=True)], left.get("$flat"))
        return restore(said, {key: value for key, value in left.items() if key != "$flat"})


FORMAT = ShareGptTools()


def _read(row: dict[str, Any], document: Document, origin: Origin) -> Reading:
    entries = row["conversations"]
    kinds = {e.get("from") for e in entries if isinstance(e, dict)}
    tools = list(tools_declared(row))
    builder = Builder("tool_use" if kinds & (_CALLS | _RESULTS) or tools else "instruction")
    for tool, at in tools:
        builder.tool(tool, at=at)
    tell_system(builder, row, entries)
    if not tools and isinstance(row.get("system"), str) and text_dialect(_as_said(entries)) == "hermes_text":
        for tool in tools_told(row["system"]):
            builder.tool(tool, at="/system")
    _read_entries(builder, entries)
    source_id = row.get("id")
    return builder.build(
        document, origin, NAME, source_id=str(source_id) if isinstance(source_id, (str, int)) else None
    )


def _as_said(entries: list[Any]) -> list[Any]:
    """``entries`` with those of calls as answers."""
    return [{**e, "from": "gpt"} if isinstance(e, dict) and e.get("from") in _CALLS else e for e in entries]


def _read_entries(builder: Builder, entries: list[Any]) -> None:
    ids, types = iter(count()), types_of(builder.tools)
    builder.roles.meet(entry.get("from") for entry in entries if isinstance(entry, dict))
    before: Any = None
    tagged = False  # whether the last calls are of a harness that answers in the user's name
    for i, entry in enumerate(entries):
        at = f"/conversations/{i}"
        if not isinstance(entry, dict):
            raise RowError(type(entry).__name__, "an entry with `from` and `value`", at)
        who, value = entry.get("from"), entry.get("value")
        if who not in _OWN:  # the known names of others mean here what they mean there
            who = builder.speaker(who, at)
        text = value if isinstance(value, str) else "" if value is None else dump(value)
        if who in _SAID or who in _CALLS:
            if who in _SAID or before not in _SAID | _CALLS:
                builder.end_turn()
            common: dict[str, Any] = {} if is_trained(entry) else {"train": False}
            thought, rest = _thought(text) if who in _CALLS else (None, text)
            if thought is not None:
                builder.reflect(thought, "think_tag", at=at, **common)
            if who in _CALLS and _read_calls(builder, rest, ids, f"{at}/value", common):
                tagged = False
            elif who in _CALLS and _read_code(builder, rest, ids, at, common):
                tagged = True
            else:
                tagged = tell(builder, rest, ids, types, at=at, **common)
        elif found := _answers(builder, who, text, tagged):
            answer(builder, found, f"{at}/value")
        else:
            builder.observe(text, "user" if who in _ASKS else str(who) if who in _SYSTEM else "environment", at=at)
            if who in _ASKS and not builder.task:
                builder.task = task_in(text)
        before = who


def _answers(builder: Builder, who: Any, text: str, tagged: bool) -> list[Answer]:
    """The results that an entry holds, if it answers calls."""
    if who in _RESULTS:
        return listed(builder.open_calls, text) or [Answer(text)]
    if who not in _ASKS or not builder.open_calls:
        return []
    return marked(text) or ([Answer(text)] if tagged else [])


def _thought(text: str) -> tuple[str | None, str]:
    """A ``<think>`` block at the start, and what follows it."""
    if not text.startswith(OPEN):
        return None, text
    end = text.find(CLOSE)
    if end < 0:
        return None, text
    return text[len(OPEN) : end].strip("\n"), text[end + len(CLOSE) :].lstrip("\n")


def _read_calls(builder: Builder, text: str, ids: Iterator[int], at: str, common: dict[str, Any]) -> bool:
    """The calls of one entry; False where the text holds none, which stays text."""
    try:
        value = load(text)
    except ValueError:
        return False
    items = value if isinstance(value, list) else [value]
    if not items or not all(isinstance(item, dict) and isinstance(item.get("name"), str) for item in items):
        return False
    for item in items:
        arguments = given(item.get("arguments", item.get("parameters")))
        builder.call(item["name"], call_id=f"call_{next(ids)}", at=at, **arguments, **common)
    return True


def _read_code(builder: Builder, text: str, ids: Iterator[int], at: str, common: dict[str, Any]) -> bool:
    """The one fenced block of an entry that is a call, as mini-SWE-agent and CodeAct have it; False where there is
    none, or a call in a tag."""
    blocks = [block for block in fenced(text) if block[2].lower() in _SHELLS] if "```" in text else []
    if len(blocks) != 1 or holds_call(text):
        return False
    start, end, language, body = blocks[0]
    said = [piece for piece in (text[:start].strip(), text[end:].strip()) if piece]
    if said:
        builder.say("\n".join(said), at=at, **common)
    language = _SHELLS[language.lower()]
    call_id = f"call_{next(ids)}"
    builder.call(language, body, call_id, kind="code", form="raw", language=language, at=f"{at}/value", **common)
    return True


def _formed(reading: Reading) -> Trace:
    """The trace with how its source divides acts into entries, where the writer would do otherwise."""
    steps = list(reading.trace.steps)
    for at, step in enumerate(steps):
        if not isinstance(step, Act) or not step.calls:
            continue
        places = [reading.places.get(f"/steps/{at}/calls/{k}", "") for k in range(len(step.calls))]
        entries = [place.split("/")[2] for place in places if place.startswith("/conversations/")]
        begin = reading.places.get(f"/steps/{at}", "").split("/")[2:3]
        form = "apart" if len(set(entries)) == len(step.calls) > 1 else None
        if step.content and set(entries) == set(begin):
            form = "joined"
        if form is not None:
            steps[at] = msgspec.structs.replace(step, ext_json=dump({**(load_object(step.ext_json) or {}), FORM: form}))
    return msgspec.structs.replace(reading.trace, steps=tuple(steps))


def _with_leftovers(reading: Reading, row: dict[str, Any]) -> Trace:
    trace = _formed(reading)
    written = write_entries(trace, remembered=False)
    entries = row["conversations"]
    flat = style_of([], row["tools"]).flat if "tools" in row else True
    said = write_frame(trace, entries, flat)
    if len(written) == len(entries):
        pieces: list[Piece] = [(at, slot, m, source) for (at, slot, m), source in zip(written, entries)]
        trace = msgspec.structs.replace(trace, steps=remember(trace.steps, NAME, pieces))
    else:
        said["conversations"] = [entry for _, _, entry in written]
    left = {**rest(said, row), **({} if flat else {"$flat": False})}
    if not left:
        return trace
    return msgspec.structs.replace(trace, ext_json=dump({**(load_object(trace.ext_json) or {}), NAME: left}))
