"""What stands around the messages of a chat row: where they are, what the model was told beside them, and its answer.

In: a row. Out: its messages (a list, or JSON text that holds one, as data sets of one string column have it), the tools
that it declares under any usual key, its system text, and the answer of a completion log told to a builder.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.files.json_text import counts, load
from sxl_data.formats.chat_reading import read_messages
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.declarations import tools_of
from sxl_data.trace.build import Builder
from sxl_data.trace.types import Metrics, Tool

KEYS = ("messages", "conversations", "trajectory")
_TOOLS = ("tools", "functions")
SYSTEMS = ("system", "system_prompt", "systemPrompt", "system_message")


def key_of(row: dict[str, Any]) -> str:
    """Where a row holds its messages: ``messages``, or ``conversations`` or ``trajectory`` in some collections."""
    found = next((key for key in KEYS if key in row), "messages")
    return found if found != "trajectory" or _spoken(row[found]) else "messages"


def messages_of(row: Any) -> list[Any] | None:
    """The messages of ``row``; None where it has none."""
    held = row.get(key_of(row)) if isinstance(row, dict) else None
    if isinstance(held, str) and held.lstrip()[:1] == "[":
        try:
            held = load(held)
        except ValueError:
            return None
    return held if isinstance(held, list) else None


def _spoken(items: Any) -> bool:
    """Whether ``items`` are messages; the ``trajectory`` of most agents holds something else."""
    return isinstance(items, list) and all(isinstance(m, dict) and "role" in m and "content" in m for m in items)


def tools_declared(row: dict[str, Any]) -> Iterator[tuple[Tool, str]]:
    """The tools that ``row`` declares, each with its place; those of the first key that declares any."""
    for key in _TOOLS:
        found = tools_of(row[key]) if row.get(key) else []
        if found:
            yield from ((tool, f"/{key}/{i}") for i, tool in enumerate(found))
            return


def tell_system(builder: Builder, row: dict[str, Any], messages: list[Any] | None) -> None:
    """Observe the system text beside ``messages``, unless they begin with it."""
    for key in SYSTEMS:
        held = row.get(key)
        if not held or not isinstance(held, (str, list)):
            continue
        content = parts_of(held)
        text = task_of(content)
        if text and text != _begin(messages):
            builder.observe(content, "system", at=f"/{key}")
            return


def _begin(messages: list[Any] | None) -> str | None:
    """The system text that ``messages`` begin with."""
    first = messages[0] if messages and isinstance(messages[0], dict) else {}
    begins = first.get("role", first.get("from")) in ("system", "developer")
    return task_of(parts_of(first.get("content", first.get("value")))) if begins else None


def read_response(builder: Builder, row: dict[str, Any], messages: list[Any] | None) -> None:
    """The answer that a completion log holds beside ``messages``, with the model and the tokens that it cost."""
    response = row.get("response")
    choices = response.get("choices") if isinstance(response, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    if not isinstance(response, dict) or not isinstance(message, dict) or (messages or [])[-1:] == [message]:
        return
    read_messages(builder, [{"role": "assistant", **message}], "/response/choices/0/message", alone=True)
    usage = response.get("usage")
    if isinstance(usage, dict):
        builder.metrics = Metrics(**counts({key: usage.get(key) for key in ("prompt_tokens", "completion_tokens")}))
    if isinstance(response.get("model"), str):
        builder.agent = msgspec.structs.replace(builder.agent, model=response["model"])
