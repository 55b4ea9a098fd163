"""Which lines of a Claude Code session belong together.

In: its lines in file order. Out: those of the session itself, which is the path from its latest line to the root with
the results and message parts that belong to it, and those of each sidechain or branch beside it. Lines of every type
carry a parent, so the path runs through system and attachment lines too, and over a compaction by
``logicalParentUuid``. A parent that the file lacks is the line before.
"""

from __future__ import annotations

from typing import Any

from sxl_data.files.json_text import dump
from sxl_data.formats.anthropic_blocks import is_result

# (the line, its pointer, its number)
Located = tuple[dict[str, Any], str, int]


def is_message(line: dict[str, Any]) -> bool:
    """Whether ``line`` holds what somebody said."""
    return line.get("type") in ("user", "assistant") and isinstance(line.get("message"), dict)


def unique(lines: list[Located]) -> list[Located]:
    """A resumed session repeats lines; the first of each uuid stays."""
    seen: set[str] = set()
    out = []
    for item in lines:
        identity = item[0].get("uuid")
        if isinstance(identity, str):
            if identity in seen:
                continue
            seen.add(identity)
        out.append(item)
    return out


def paths(lines: list[Located]) -> tuple[list[Located], list[list[Located]]]:
    """The linked lines of the session itself, and those of each sidechain or abandoned branch, in file order."""
    linked = [item for item in lines if isinstance(item[0].get("uuid"), str) or is_message(item[0])]
    own = [item for item in linked if item[0].get("isSidechain") is not True]
    if not any(is_message(item[0]) for item in own):  # the file of one subagent
        return _once(linked), []
    parents = _parents(own)
    on_path = _path(own, parents, _leaf(lines, own, parents))
    main: list[Located] = []
    asides: dict[str, list[Located]] = {}
    top: dict[str, str] = {}
    for item in linked:
        line = item[0]
        if id(line) in on_path:
            main.append(item)
            continue
        identity = str(line.get("uuid") or id(line))
        parent = str(line.get("parentUuid"))
        top[identity] = top.get(parent, identity)
        asides.setdefault(top[identity], []).append(item)
    main = _once(main)
    told = {_said(line) for line, _, _ in main} if asides else set()
    beside = [aside for aside in asides.values() if any(_said(line) not in told for line, _, _ in aside)]
    return main, beside


def _parents(own: list[Located]) -> dict[int, dict[str, Any] | None]:
    """Identity of each line → the line that it follows; None for a root."""
    by_id = {line["uuid"]: line for line, _, _ in own if isinstance(line.get("uuid"), str)}
    parents: dict[int, dict[str, Any] | None] = {}
    before: dict[str, Any] | None = None
    for line, _, _ in own:
        named = line.get("parentUuid") or line.get("logicalParentUuid")
        root = "parentUuid" in line and named is None and is_message(line) and not line.get("isCompactSummary")
        found = by_id.get(named) if isinstance(named, str) else None
        parents[id(line)] = None if root or found is line else found or before
        before = line
    return parents


def _leaf(lines: list[Located], own: list[Located], parents: dict[int, dict[str, Any] | None]) -> dict[str, Any]:
    """The line at which the session stands at its end: the latest message, or what ``last-prompt`` names where the
    user has gone back to it."""
    by_id = {line["uuid"]: line for line, _, _ in own if isinstance(line.get("uuid"), str)}
    members = {id(line) for line, _, _ in own}
    leaf: dict[str, Any] = own[-1][0]
    for line, _, _ in lines:
        if id(line) in members and _speaks(line):
            leaf = line
        elif line.get("type") == "last-prompt" and (named := by_id.get(str(line.get("leafUuid")))) is not None:
            between = _up(leaf, parents)
            if any(step is named for step in between):
                between = between[: next(i for i, step in enumerate(between) if step is named)]
                asked = any(is_prompt(step) for step in between)
            else:
                asked = True
            leaf = named if asked else leaf
    return leaf


def _up(leaf: dict[str, Any], parents: dict[int, dict[str, Any] | None]) -> list[dict[str, Any]]:
    """The lines from ``leaf`` to its root; links in a circle end."""
    found: list[dict[str, Any]] = []
    seen: set[int] = set()
    cursor: dict[str, Any] | None = leaf
    while cursor is not None and id(cursor) not in seen:
        seen.add(id(cursor))
        found.append(cursor)
        cursor = parents[id(cursor)]
    return found


def _path(own: list[Located], parents: dict[int, dict[str, Any] | None], leaf: dict[str, Any]) -> set[int]:
    """Identities of the lines from the root to ``leaf``, with the parts of its messages and the results of its
    calls that hang beside it, and what says nothing behind it."""
    path = {id(line) for line in _up(leaf, parents)}
    messages = {line["message"].get("id") for line, _, _ in own if id(line) in path and is_message(line)} - {None}
    called: set[str] = set()
    for line, _, _ in own:  # whom a line follows stands before it
        parent = parents[id(line)]
        if id(line) not in path and parent is not None and id(parent) in path:
            part = is_message(line) and line["message"].get("id") in messages
            if part or _answers(line) & called or not _speaks(line):
                path.add(id(line))
        if id(line) in path:
            called |= _calls(line)
    return path


def _once(lines: list[Located]) -> list[Located]:
    """``lines`` without a history that was written again: responses with the id and content of an earlier one, and
    the prompts before them that were told too."""
    if not _again(lines):
        return lines
    told: set[str] = set()
    out: list[Located] = []
    waiting: list[Located] = []
    for item in lines:
        line = item[0]
        if not is_message(line) or line["type"] == "user":
            waiting.append(item)
            continue
        identity = line["message"].get("id")
        said = _said(line)
        again = isinstance(identity, str) and said in told and any(is_prompt(i[0]) for i in waiting)
        if again:
            waiting = [i for i in waiting if _said(i[0]) not in told]
        out += waiting
        told |= {_said(i[0]) for i in waiting} | {said}
        waiting = []
        if not again:
            out.append(item)
    return out + waiting


def _again(lines: list[Located]) -> bool:
    """Whether a response comes back after another prompt."""
    closed: set[str] = set()
    current: set[str] = set()
    for line, _, _ in lines:
        if is_prompt(line):
            closed |= current
            current = set()
        elif is_message(line) and isinstance(identity := line["message"].get("id"), str):
            if identity in closed:
                return True
            current.add(identity)
    return False


def _said(line: dict[str, Any]) -> str:
    if not is_message(line):
        return str(line.get("uuid"))
    message = line["message"]
    return f"{line['type']} {message.get('id')} {dump(message.get('content'))}"


def _speaks(line: dict[str, Any]) -> bool:
    return is_message(line) or is_queued(line)


def is_queued(line: dict[str, Any]) -> bool:
    """Whether ``line`` is a prompt that the user wrote while the agent worked."""
    held = line.get("attachment")
    return isinstance(held, dict) and held.get("type") == "queued_command"


def is_prompt(line: dict[str, Any]) -> bool:
    """Whether ``line`` asks something: of the user or in the user's name, and no result."""
    return is_queued(line) or (is_message(line) and line["type"] == "user" and not _answers(line))


def _calls(line: dict[str, Any]) -> set[str]:
    content = line["message"].get("content") if is_message(line) else None
    blocks = content if isinstance(content, list) else []
    return {str(block["id"]) for block in blocks if isinstance(block, dict) and block.get("id")}


def _answers(line: dict[str, Any]) -> set[str]:
    """Ids of the calls that ``line`` has results of; ``""`` for a result without one."""
    content = line["message"].get("content") if is_message(line) else None
    blocks = content if isinstance(content, list) else []
    return {str(block.get("tool_use_id") or "") for block in blocks if isinstance(block, dict) and is_result(block)}
