"""The path of linked records to the latest one, for sessions that name each record's parent.

In: records in file order, and the keys of id and parent. Out: those on the path from the root to the latest record, and
those beside it. A parent that the file lacks is the record before: what was cut away between them is not known, and
that what stands before was said is.
"""

from __future__ import annotations

from typing import Any

# (the record, its pointer, its line)
Located = tuple[dict[str, Any], str, int]


def split_path(
    records: list[Located], identity: str = "id", parent: str = "parentId"
) -> tuple[list[Located], list[Located]]:
    """(records on the path with those that carry no link, records of other branches), in file order."""
    linked = [item for item in records if isinstance(item[0].get(identity), str) and parent in item[0]]
    if not linked:
        return records, []
    by_id = {record[identity]: record for record, _, _ in linked}
    before: dict[int, dict[str, Any] | None] = {}
    previous: dict[str, Any] | None = None
    for record, _, _ in linked:
        named = record.get(parent)
        found = by_id.get(named) if isinstance(named, str) else None
        before[id(record)] = None if named is None or found is record else found or previous
        previous = record
    kept: set[int] = set()
    cursor: dict[str, Any] | None = linked[-1][0]
    while cursor is not None and id(cursor) not in kept:
        kept.add(id(cursor))
        cursor = before[id(cursor)]
    off = {id(record) for record, _, _ in linked} - kept
    return [i for i in records if id(i[0]) not in off], [i for i in records if id(i[0]) in off]
