"""Content blocks of Anthropic's Messages API, told to a builder.

In: the ``content`` of an assistant or user message (a string or blocks). Results sit inside user messages;
reasoning has a signature, or is redacted and only encrypted. The Model Context Protocol's sampling
messages use the same blocks in camel case.
"""

from __future__ import annotations

import hashlib
from typing import Any

from sxl_data.files.json_text import dump
from sxl_data.formats.content import part_of, parts_of, task_of
from sxl_data.formats.exit_codes import exit_code
from sxl_data.formats.harness import task_in
from sxl_data.trace.build import Builder
from sxl_data.trace.types import Part, Result, Status

_BLOCKS = {"tool_use", "tool_result", "thinking", "redacted_thinking", "server_tool_use"}
_CALLS = {"tool_use": "function", "server_tool_use": "server", "mcp_tool_use": "server"}
_DENIED = ("The user doesn't want to", "The user rejected", "Permission to use")
_CUT = ("[Request interrupted by user", "The user interrupted")


def read_assistant(builder: Builder, content: Any, at: str, line: int | None = None, **common: Any) -> None:
    """The blocks of one assistant message, or of a part of it, in order."""
    if not isinstance(content, list):
        builder.say(parts_of(content), at=at, line=line, **common)
        return
    for i, block in enumerate(content):
        place = f"{at}/{i}"
        kind = block.get("type") if isinstance(block, dict) else None
        if kind == "thinking":
            signature = block.get("signature")
            builder.reflect(
                str(block.get("thinking") or ""),
                "block",
                at=place,
                line=line,
                signature=signature if isinstance(signature, str) and signature else None,
                **common,
            )
        elif kind == "redacted_thinking":
            builder.reflect("", "encrypted", signature=str(block.get("data") or ""), at=place, line=line, **common)
        elif isinstance(kind, str) and kind in _CALLS:
            builder.call(
                str(block.get("name") or ""),
                dump(block.get("input")),
                str(block.get("id") or ""),
                kind=_CALLS[kind],
                at=place,
                line=line,
                **common,
            )
        elif isinstance(kind, str) and is_result(block):
            builder.result(result_of(block), at=place, line=line)
        else:
            builder.say((part_of(block),), at=place, line=line, **common)


def read_user(
    builder: Builder,
    content: Any,
    at: str,
    line: int | None = None,
    *,
    origin: str = "user",
    structured: Any = None,
    **common: Any,
) -> None:
    """The blocks of one user message: results answer calls, the rest is observed."""
    seen: list[Part] = []
    first: str | None = None
    if isinstance(content, list):
        for i, block in enumerate(content):
            if isinstance(block, dict) and is_result(block):
                builder.result(result_of(block, structured), at=f"{at}/{i}", line=line, **common)
            else:
                seen.append(part_of(block))
                first = first or f"{at}/{i}"
    elif isinstance(content, dict) and is_result(content):
        builder.result(result_of(content, structured), at=at, line=line, **common)
    else:
        seen, first = list(parts_of(content)), at
    if seen or first is not None:
        builder.observe(seen, origin, at=first or at, line=line, **common)
        if origin == "user" and not builder.task:
            builder.task = task_in(task_of(seen))


def block_of_its_own(messages: Any) -> str | None:
    """The type of a block among ``messages`` that only Anthropic's interface has; None where there is none."""
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content") if isinstance(message, dict) and "role" in message else None
        for block in content if isinstance(content, list) else [content]:
            kind = block.get("type") if isinstance(block, dict) and "value" not in block else None
            if isinstance(kind, str) and (kind in _BLOCKS or kind.endswith("_tool_result")):
                return kind
    return None


def is_result(block: dict[str, Any]) -> bool:
    """Whether ``block`` answers a call, of a client's tool or of a server's."""
    kind = block.get("type")
    return isinstance(kind, str) and kind.endswith("tool_result")


def result_of(block: dict[str, Any], structured: Any = None) -> Result:
    """A result block; ``structured`` is what the harness keeps beside it."""
    call_id = block.get("tool_use_id") or block.get("toolUseId") or ""
    content = parts_of(block.get("content"))
    failed = block.get("is_error", block.get("isError"))
    said = next((part.text for part in content if part.text), "")
    status: Status = "error" if failed is True else "ok"
    code = None
    if failed is True:
        if said.startswith(_DENIED):
            status = "denied"
        elif said.startswith(_CUT):
            status = "cancelled"
        else:
            code = exit_code(said, "claude")
    held = structured if structured is not None else block.get("structuredContent")
    if isinstance(held, dict) and held.get("interrupted") is True:
        status = "cancelled"
    kept = isinstance(held, (dict, list)) or (isinstance(held, str) and held.removeprefix("Error: ") not in said)
    return Result(
        call_id=str(call_id),
        content=content,
        status=status,
        exit_code=code,
        structured_json=dump(without_bytes(held)) if kept else None,
    )


def without_bytes(value: Any, depth: int = 0) -> Any:
    """``value`` with inline base64 exchanged for its digest."""
    if depth > 40:
        return value
    if isinstance(value, dict):
        return {
            key: _digest(item)
            if key in ("base64", "data") and isinstance(item, str) and len(item) > 1024
            else without_bytes(item, depth + 1)
            for key, item in value.items()
        }
    return [without_bytes(item, depth + 1) for item in value] if isinstance(value, list) else value


def _digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
