"""Messages of Claude Code out of its lines: one response of the model spreads over several, or grows from line to line.

In: the lines of a path. Out: those of one message together, and what each of them adds.
"""

from __future__ import annotations

from typing import Any

from sxl_data.formats.claude_code_paths import Located, is_message, is_prompt
from sxl_data.formats.harness import is_harness


def messages(lines: list[Located]) -> list[list[Located]]:
    """``lines`` with those of one response together, where the first of them stands. A prompt ends a response."""
    known: dict[str, list[Located]] = {}
    order: list[list[Located]] = []
    for item in lines:
        line = item[0]
        identity = None
        if is_message(line) and line["type"] == "assistant":
            identity = line["message"].get("id") or line.get("requestId")
        elif is_prompt(line) and is_message(line) and not is_harness(line["message"].get("content")):
            known.clear()
        if isinstance(identity, str) and identity in known:
            known[identity].append(item)
            continue
        order.append([item])
        if isinstance(identity, str):
            known[identity] = order[-1]
    return order


def grown(group: list[Located]) -> list[Any]:
    """The content of each line of one response without what an earlier one has told: a line holds further blocks,
    or all of the message so far, and then the last one that does is the message."""
    out: list[Any] = []
    sofar: list[Any] = []
    for line, _, _ in group:
        content = line["message"].get("content")
        if not isinstance(content, list):
            content = [{"type": "text", "text": content}] if isinstance(content, str) and content else []
        if sofar and len(content) >= len(sofar) and all(map(_continues, sofar, content)):
            out = [[] for _ in out]
            sofar = list(content)
            out.append(content)
            continue
        calls = {block["id"] for block in sofar if isinstance(block, dict) and isinstance(block.get("id"), str)}
        fresh = [b for b in content if not (isinstance(b, dict) and isinstance(b.get("id"), str) and b["id"] in calls)]
        sofar += fresh
        out.append(fresh)
    return out


def _continues(before: Any, after: Any) -> bool:
    """Whether ``after`` is the block ``before``, or what it grew into."""
    if before == after:
        return True
    if not (isinstance(before, dict) and isinstance(after, dict)) or before.get("type") != after.get("type"):
        return False
    if before.get("id") is not None or after.get("id") is not None:
        return before.get("id") == after.get("id")
    for key in ("text", "thinking"):
        old, new = before.get(key), after.get(key)
        if isinstance(old, str) and isinstance(new, str) and old:
            return new.startswith(old)
    return False
