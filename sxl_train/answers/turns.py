"""A model's answer ↔ the message that stands for it in a conversation; for suites and the agent alike."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from sxl_data.trace.messages import Message
from sxl_train.answers.markup import Call

_THOUGHT = ("<think>", "</think>")


def apart(text: str) -> tuple[str, str]:
    """(what the model thought, what it said); as it was written, so that the next prompt repeats its tokens."""
    begin, end = _THOUGHT
    if end not in text:
        return "", text
    thought, _, said = text.partition(end)
    thought = thought.replace(begin, "", 1)
    return (thought if thought.strip() else ""), said


def unclosed(said: str) -> tuple[str, str]:
    """(what the model thought, its answer) of what it ``said`` without a call; reasoning never closed is no answer."""
    begin = _THOUGHT[0]
    return (said.removeprefix(begin).strip(), "") if said.startswith(begin) else ("", said)


def assistant(content: str, thought: str = "", calls: Sequence[tuple[str, Call]] = ()) -> Message:
    """The message of an answer; ``calls`` are (id, call)."""
    message: Message = {"role": "assistant", "content": content}
    if thought:
        message["reasoning_content"] = thought
    if calls:
        message["tool_calls"] = [
            {"id": key, "type": "function", "function": msgspec.to_builtins(call)} for key, call in calls
        ]
    return message
