"""Calls and reasoning that a model wrote as plain text: which markup it is, and its fenced blocks.

Everything is found in one pass, so that a megabyte of text costs a megabyte's time; no pattern here can backtrack.
"""

from __future__ import annotations

from typing import Any

from sxl_data.contract import patterns
from sxl_data.formats.function_markup import Asked
from sxl_data.formats.spoken import is_marked_up, pieces_of

# Enough to know a dialect by; the rest of a long session says the same.
_LOOK_AT = 24
_ANSWERS = ("assistant", "gpt", "ai", "model", "agent", "bot")
_ACTION = patterns.compile(r"\AAction(?: \d{1,4})?:")
_REACT = patterns.compile(r"\A\s*Thought(?: \d{1,4})?:[\s\S]*?\n(?:Action|Final Answer)(?: \d{1,4})?:")


def text_dialect(messages: Any) -> str | None:
    """``hermes_text``, ``react_text`` or ``mini_swe_agent`` where the assistant's words are such markup.

    Calls in tags are read wherever an answer holds one, unless some have their own place in the messages."""
    if not isinstance(messages, list):
        return None
    structured = any(isinstance(m, dict) and (m.get("tool_calls") or m.get("function_call")) for m in messages)
    for i, message in enumerate(messages):
        if not isinstance(message, dict):
            return None
        role, text = message.get("role", message.get("from")), _words(message)
        if text is None or (structured and i >= _LOOK_AT):
            continue
        if role in _ANSWERS and not message.get("tool_calls"):
            if i < _LOOK_AT and "```mswea_bash_command" in text:
                return "mini_swe_agent"
            if not structured and holds_call(text):
                return "hermes_text"
            if not structured and i < _LOOK_AT and is_react(text):
                return "react_text"
        elif role == "user" and i < _LOOK_AT and text.startswith("<returncode>"):
            return "mini_swe_agent"
    return None


def holds_call(text: str) -> bool:
    """Whether ``text`` calls a tool in a tag; a tag that is spoken of is none."""
    if not is_marked_up(text):
        return False
    return any(isinstance(piece, Asked) for piece in pieces_of(text, {}))


def is_react(text: str) -> bool:
    """Whether ``text`` is a ReAct step: `Thought:` at its start and an `Action:` or answer line after."""
    lead = text[:64].lstrip()
    if lead.startswith("Action"):
        return _ACTION.match(lead) is not None
    if lead.startswith("Thought:") and ("\nAction:" in text or "\nFinal Answer:" in text):
        return True
    return lead.startswith("Thought ") and _REACT.match(text) is not None


def _words(message: dict[str, Any]) -> str | None:
    """The text of a message; None where it has several parts or none."""
    content = message.get("content", message.get("value"))
    if isinstance(content, list) and len(content) == 1 and isinstance(content[0], dict):
        content = content[0].get("text", content[0].get("value"))
    return content if isinstance(content, str) else None


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
