"""Which lines of a Claude Code session belong together.

In: its message lines in file order. Out: those of the session itself, which is the path from the last line to
the root with the results and message parts that belong to it, and those of each sidechain or branch beside it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from sxl_data.formats.anthropic_blocks import is_result

# (the line, its pointer, its number)
Located = tuple[dict[str, Any], str, int]


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
    """The lines of the session itself, and those of each sidechain or abandoned branch, in file order."""
    own = [item for item in lines if item[0].get("isSidechain") is not True]
    if not own:  # the file of one subagent
        return lines, []
    by_id = {r["uuid"]: r for r, _, _ in lines if isinstance(r.get("uuid"), str)}
    asides: dict[str, list[Located]] = {}
    on_path = _active(own, by_id)
    main = []
    top: dict[str, str] = {}
    for item in lines:
        line = item[0]
        if line.get("isSidechain") is not True and (on_path is None or id(line) in on_path):
            main.append(item)
            continue
        parent = by_id.get(str(line.get("parentUuid")))
        identity = str(line.get("uuid") or id(line))
        beside = parent is not None and str(parent["uuid"]) in top
        top[identity] = top[str(line["parentUuid"])] if beside else identity
        asides.setdefault(top[identity], []).append(item)
    return main, list(asides.values())


def _active(own: list[Located], by_id: dict[str, dict[str, Any]]) -> set[int] | None:
    """Identities of the lines on the path to the last one, with the results and parts of messages that
    belong to it. None when nothing branches, which is the usual case and keeps file order."""
    children: Counter[str] = Counter()
    for line, _, _ in own:
        if line["type"] == "user" and not _answers(line):
            children[str(line.get("parentUuid"))] += 1
    if not any(count > 1 for parent, count in children.items() if parent in by_id):
        return None
    path: set[int] = set()
    cursor: dict[str, Any] | None = own[-1][0]
    while cursor is not None and id(cursor) not in path:
        path.add(id(cursor))
        cursor = by_id.get(str(cursor.get("parentUuid")))
    messages = {r["message"].get("id") for r, _, _ in own if id(r) in path} - {None}
    kept = {r["uuid"] for r, _, _ in own if (id(r) in path or r["message"].get("id") in messages) and "uuid" in r}
    for line, _, _ in own:
        linked = line.get("uuid") in kept or (_answers(line) and line.get("parentUuid") in kept)
        if linked or "uuid" not in line or by_id.get(str(line.get("parentUuid"))) is None:
            path.add(id(line))
    return path


def _answers(line: dict[str, Any]) -> bool:
    content = line["message"].get("content")
    return isinstance(content, list) and any(isinstance(b, dict) and is_result(b) for b in content)
