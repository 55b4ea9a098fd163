"""Calls and reasoning that a model wrote as plain text: which markup it is, and its pieces.

Everything is found with `str.find` in one pass, so that a megabyte of text costs a megabyte's time; no
pattern here can backtrack. Values written as Python are read with `ast.literal_eval` and nothing else.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import load

# Enough to know a dialect by; the rest of a long session says the same.
_LOOK_AT = 24
_LITERAL_LIMIT = 200_000


def text_dialect(messages: Any) -> str | None:
    """``hermes_text``, ``react_text`` or ``mini_swe_agent`` where the assistant's words are such markup."""
    if not isinstance(messages, list):
        return None
    for message in messages[:_LOOK_AT]:
        if not isinstance(message, dict):
            return None
        role, text = message.get("role", message.get("from")), message.get("content", message.get("value"))
        if not isinstance(text, str) or message.get("tool_calls"):
            continue
        if role in ("assistant", "gpt", "ai", "model"):
            if "```mswea_bash_command" in text:
                return "mini_swe_agent"
            if "<tool_call>" in text:
                return "hermes_text"
            if is_react(text):
                return "react_text"
        elif role == "user" and text.startswith("<returncode>"):
            return "mini_swe_agent"
    return None


def is_react(text: str) -> bool:
    """Whether ``text`` is a ReAct step: `Thought:` at its start and an `Action:` or answer line after."""
    lead = text.lstrip()[:12]
    if lead.startswith("Action:"):
        return True
    return lead.startswith("Thought:") and ("\nAction:" in text or "\nFinal Answer:" in text)


def tagged(text: str, tag: str) -> Iterator[tuple[str, str]]:
    """``text`` cut at ``<tag>…</tag>``, in order: pairs ("text", …) and (tag, inside). An opening tag that
    is never closed takes the rest."""
    start, stop = f"<{tag}>", f"</{tag}>"
    at = 0
    while (found := text.find(start, at)) >= 0:
        if found > at:
            yield "text", text[at:found]
        end = text.find(stop, found)
        yield tag, text[found + len(start) : end if end >= 0 else len(text)]
        at = end + len(stop) if end >= 0 else len(text)
    if at < len(text):
        yield "text", text[at:]


def fenced(text: str) -> list[tuple[int, int, str, str]]:
    """The fenced blocks of ``text``: (start, end, info word, body), each fence on its own line."""
    blocks = []
    at = 0
    while (start := text.find("```", at)) >= 0:
        line_end = text.find("\n", start)
        if line_end < 0:
            break
        end = text.find("\n```", line_end)
        empty = text.startswith("```", line_end + 1)
        if empty:
            end = line_end
        if end < 0:
            break
        body = text[line_end + 1 : end] if end > line_end else ""
        blocks.append((start, end + 4, text[start + 3 : line_end].strip(), body))
        at = end + 4
    return blocks


def value_of(text: str) -> Any:
    """The value of ``text`` as JSON or else as a Python literal; raises ValueError when it is neither."""
    try:
        return load(text)
    except ValueError:
        pass
    if len(text) > _LITERAL_LIMIT:
        raise ValueError("too long for a literal")
    try:
        value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError) as problem:
        raise ValueError(str(problem)) from None
    return _jsonable(value)


def _jsonable(value: Any, depth: int = 0) -> Any:
    if depth > 50 or not isinstance(value, (dict, list, tuple, str, int, float, bool, type(None))):
        raise ValueError(f"{type(value).__name__} has no JSON form")
    if isinstance(value, dict):
        return {k if isinstance(k, str) else str(k): _jsonable(v, depth + 1) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(v, depth + 1) for v in value]
    return value
