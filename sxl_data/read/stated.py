"""The ids that a source's row states of what it belongs to: an instance, a task, a session, a repository, a notebook.

In: a row as it was decoded. Out: names such as ``instance:`` and 16 hex digits of the value. Rows that share one stay
on one side of a split, whichever source they come from: several runs of one instance are one task. A digest and not
the value, since the column is published and nothing else of the row may come with it. A bare number is an id within
its source only: `task_id: 3` of two data sets are two tasks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import xxhash

from sxl_data.trace.published import PUBLISHED

STATED = {
    "instance_id": "instance",
    "task_id": "task",
    "problem_id": "task",
    "question_id": "task",
    "session_id": "session",
    "sessionId": "session",
    "session": "session",
    "conversation_id": "session",
    "thread_id": "session",
    "repo": "repository",
    "repo_name": "repository",
    "repository": "repository",
    "repository_name": "repository",
    "notebook": "notebook",
    "notebook_id": "notebook",
}
"""Keys of rows whose values say what the row belongs to, and the kind of id that each is."""
NESTED = ("info", "metadata", "meta", "extra_info", "extra")
"""Objects of a row in which such keys stand too."""
_OURS = "stated_ids"


def stated_ids(row: Any, source: str, group: Sequence[str] = ()) -> list[str] | None:
    """The ids of ``row``, each once and in order; None where it states none. ``group`` names more keys, with dots
    between those of nested objects. Of a row that a build published its own ids are kept as they are."""
    if isinstance(row, list) and len(row) == 1:
        row = row[0]  # a file of one record
    if not isinstance(row, dict):
        return None
    found: list[str] = []
    for holder in (row, *(row[name] for name in NESTED if isinstance(row.get(name), dict))):
        for key in STATED.keys() & holder.keys():
            found += (_name(STATED[key], value, source) for value in _scalars(holder[key]))
    for path in group:
        value: Any = row
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        found += (_name(path, item, source) for item in _scalars(value))
    if PUBLISHED & row.keys():
        found += (item for item in row.get(_OURS) or () if isinstance(item, str))
        found += (_name("group", item, "") for item in _scalars(row.get("group")))
    return sorted(set(found)) or None


def _scalars(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else (value,):
        if isinstance(item, (str, int)) and not isinstance(item, bool) and str(item).strip():
            yield " ".join(str(item).split())


def _name(kind: str, value: str, source: str) -> str:
    scope = source if value.isdecimal() else ""
    return f"{kind}:{xxhash.xxh3_64_hexdigest(f'{scope}/{value}'.encode('utf-8', 'surrogatepass'))}"
