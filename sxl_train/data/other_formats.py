"""A file of any format that `sxl-data validate` reads in, records of ``messages`` and ``tools`` out.

Our own rows and plain chat rows need no conversion and are read column by column (`dataset.py`). Everything else, such
as agent trajectories, ShareGPT, content blocks of other makers, calls in the old ``function_call`` form, or the rows
of a source such as Alpaca or GSM8K, goes through the validator's own readers: what it accepts is what is trained on.
"""

from __future__ import annotations

from collections.abc import Iterator

from sxl_data.contract.errors import UserError, error
from sxl_train.run.objects import Object

ROLES = ("system", "developer", "user", "assistant", "tool")
LOOKED_AT = 32
"""Records at the head of a file that decide how it is read."""


def is_plain(record: object) -> bool:
    """Whether a record is a chat of roles, texts and calls, with nothing that needs a reader."""
    if not isinstance(record, dict):
        return False
    if record.get("messages") is None:
        return record.get("prompt") is not None and record.get("completion") is not None
    messages = record["messages"]
    return not isinstance(messages, list) or not any(find_other(message) for message in messages)


def find_other(message: object) -> str | None:
    """What in a message plain chat rows do not have, or None. A message kept as JSON text is looked at later."""
    if not isinstance(message, dict):
        return None
    if message.get("function_call"):
        return "function_call"
    if message.get("role") not in ROLES and isinstance(message.get("role"), str):
        return f"role {message['role']}"
    content = message.get("content")
    parts = content if isinstance(content, list) else ()
    kinds = {str(part.get("type", "text")) for part in parts if isinstance(part, dict)} - {"text"}
    return f"content of type {', '.join(sorted(kinds))}" if kinds else None


def read_other(name: str) -> Iterator[Object]:
    """Every trace of the file as a record. Raises `UserError` T102 where one cannot be read."""
    from sxl_data.read.known import known_formats
    from sxl_data.trace.messages import to_messages
    from sxl_data.validate.submission import Submission

    known = {key: item for key, item in known_formats().items() if item.unit in ("row", "file")}
    try:
        for item in Submission(name, known=known):
            if item.reading is None:
                if item.findings:
                    raise UserError(*item.findings)
                continue
            messages, tools = to_messages(item.reading.trace)
            yield {"trace_id": item.reading.trace.trace_id, "messages": messages, "tools": tools}
    except UserError as problem:
        first = problem.findings[0]
        raise error(
            "T102",
            file=name,
            line=first.line,
            pointer=first.pointer,
            found=f"{first.code}: {first.found}",
            expected="rows with `messages`, or any format that sxl-data validate accepts",
        ) from problem
