"""Chat messages of the OpenAI API, of TRL, and of what resembles them.

In: ``{"messages": [...], "tools": [...]}``. Arguments may be a string or an object, and stay what they
were; content may be a string or blocks; the old ``function_call`` and role ``function`` have no ids and
are matched by position. Reasoning is a field (``reasoning_content``, ``reasoning``, ``thinking``) or a
block of type reasoning, OpenRouter's ``reasoning_details``, or ``<think>`` in the text. What the model was told may
stand beside the messages (``system``, ``functions``), and a log has its answer in ``response``. Out: the same document,
see `formats.export`.
Source: https://platform.openai.com/docs/api-reference/chat, https://huggingface.co/docs/trl/dataset_formats.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.files.json_text import dump, load_object, shape
from sxl_data.formats.anthropic_blocks import block_of_its_own
from sxl_data.formats.chat_frame import KEYS, SYSTEMS, key_of, messages_of, read_response, tell_system, tools_declared
from sxl_data.formats.chat_reading import read_messages
from sxl_data.formats.chat_writing import Style, style_of, write_messages, write_tools
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.export import released, restored
from sxl_data.formats.leftovers import Piece, recall, remember
from sxl_data.formats.markup import text_dialect
from sxl_data.formats.prompt_tools import tools_told
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.patch import rest, restore
from sxl_data.trace.published import PUBLISHED
from sxl_data.trace.roles import ALIASES, KNOWN
from sxl_data.trace.types import Observe, Trace

NAME = "openai_chat"
_ROLES = KNOWN.keys() - {"environment"}
_STYLE = "$style"
_IDS = ("id", "instance_id", "task_id")


class OpenAIChat:
    """Format of chat messages."""

    name = NAME
    title = "OpenAI chat messages, also TRL conversations"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """Rows with `messages` whose items have a `role`, unless the text of the messages or their
        blocks are those of a more special format."""
        messages = messages_of(sample)
        if not is_chat(messages) or text_dialect(messages) is not None or PUBLISHED & sample.keys():
            return None
        assert isinstance(messages, list)
        return None if block_of_its_own(messages) is not None else f"has `{key_of(sample)}` with `role`"

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row, residual = released(document.value)
        messages = messages_of(row)
        if messages is None:
            raise RowError(shape(row, "messages"), "an object with a list `messages`", "/messages")
        if not messages and residual is None:
            raise RowError("no messages", "at least one", "/messages")
        yield restored(read_row(row, document, origin, NAME), residual)

    def write(self, trace: Trace) -> dict[str, Any]:
        """``trace`` as one chat row."""
        return write_row(trace, NAME)


FORMAT = OpenAIChat()


def write_row(trace: Trace, name: str) -> dict[str, Any]:
    """The chat row of ``trace``, with what is kept for format ``name`` put back."""
    left = recall(trace.ext_json, name)
    style = _style(left)
    habits = left.get(_STYLE)
    written = [message for _, _, message in write_messages(trace, name, style, remembered=True)]
    said = _frame(trace, written, style, habits if isinstance(habits, dict) else {})
    return restore(said, {key: value for key, value in left.items() if key != _STYLE})


def _frame(trace: Trace, written: list[dict[str, Any]], style: Style, habits: dict[str, Any]) -> dict[str, Any]:
    """The row around ``written`` messages; a document that has its system text beside them keeps it there."""
    said: dict[str, Any] = {}
    aside = habits.get("system")
    if isinstance(aside, str) and written and written[0].get("role") == "system":
        said[aside] = written[0].get("content")
        written = written[1:]
    said[habits["key"] if habits.get("key") in KEYS else "messages"] = written
    if trace.tools:
        said["tools"] = write_tools(trace.tools, style)
    return said


def is_chat(messages: Any) -> bool:
    """Whether ``messages`` is a list of objects with a chat role."""
    return (
        isinstance(messages, list)
        and bool(messages)
        and all(isinstance(m, dict) and isinstance(m.get("role"), str) for m in messages)
        and any(m["role"] in _ROLES or ("content" in m and m["role"].lower() in ALIASES) for m in messages)
    )


def read_row(row: dict[str, Any], document: Document, origin: Origin, name: str) -> Reading:
    """The trace of a chat row, with leftovers under ``name``."""
    messages = messages_of(row) or []
    tools = list(tools_declared(row))
    placed = bool(tools) or _has_calls(messages)
    called = not placed and text_dialect(messages) == "hermes_text"
    builder = Builder("tool_use" if placed or called else "instruction")
    for tool, at in tools:
        builder.tool(tool, at=at)
    for at, prompt in _prompts(row, messages) if called else ():
        for tool in tools_told(prompt) if not builder.tools else ():
            builder.tool(tool, at=at)
    tell_system(builder, row, messages)
    read_messages(builder, messages, f"/{key_of(row)}")
    read_response(builder, row, messages)
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


def _with_leftovers(trace: Trace, row: dict[str, Any], name: str) -> Trace:
    """``trace`` with what it cannot hold: per message at its step, the rest of the row at the trace."""
    messages = messages_of(row) or []
    style = style_of(messages, row.get("tools"))
    habits: dict[str, Any] = msgspec.to_builtins(style)
    if key_of(row) != "messages":
        habits["key"] = key_of(row)
    first = trace.steps[0] if trace.steps else None
    aside = next((key for key in SYSTEMS if isinstance(row.get(key), (str, list))), None)
    if aside is not None and isinstance(first, Observe) and first.content == parts_of(row[aside]):
        habits["system"] = aside
    written = write_messages(trace, name, style, remembered=False)
    begin = 1 if "system" in habits else 0
    further = written[begin + len(messages) :]
    said = [message for _, _, message in written]
    if len(written) == begin + len(messages) or (further and "response" in row):
        pieces: list[Piece] = [(at, slot, m, source) for (at, slot, m), source in zip(written[begin:], messages)]
        trace = msgspec.structs.replace(trace, steps=remember(trace.steps, name, pieces))
        said = [*said[:begin], *messages, *[message for _, _, message in further]]
    left = {**rest(_frame(trace, said, style, habits), row), **({_STYLE: habits} if habits else {})}
    if not left:
        return trace
    ext = {**(load_object(trace.ext_json) or {}), name: left}
    return msgspec.structs.replace(trace, ext_json=dump(ext))


def _prompts(row: dict[str, Any], messages: list[Any]) -> Iterator[tuple[str, str]]:
    """The system texts of a row, each with its place."""
    yield from ((f"/{key}", row[key]) for key in SYSTEMS if isinstance(row.get(key), str))
    for i, message in enumerate(messages):
        if isinstance(message, dict) and message.get("role") in ("system", "developer"):
            yield f"/{key_of(row)}/{i}", task_of(parts_of(message.get("content")))


def _style(left: dict[str, Any]) -> Style:
    try:
        return msgspec.convert(left.get(_STYLE, {}), Style)
    except msgspec.ValidationError:
        return Style()


def _has_calls(messages: list[Any]) -> bool:
    return any(isinstance(m, dict) and (m.get("tool_calls") or m.get("function_call")) for m in messages)
