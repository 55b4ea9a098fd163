"""What an unknown file looks like, and the formats that are nearest to it.

In: the first records of a file that no format recognises. Out: the keys that were seen, and formats with a score: the
share of the names by which a format is recognised that the records have, rare names counting more. The names are those
that stand in a reader's own `detect`, in its words and in its code, so that no list has to be kept beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from sxl_data.contract import patterns
from sxl_data.trace.format import Format

_QUOTED = patterns.compile(r"`([A-Za-z_][\w.]{1,40})`")
_NAME = patterns.compile(r"\A[A-Za-z_][\w.]{1,40}\z")
_EVERYWHERE = frozenset({"id", "type", "name", "text", "title", "url", "date", "status", "created_at"})
_RECORDS, _KEYS, _LEAST = 20, 200, 0.3


class Near(NamedTuple):
    """A format, the share of its names that were seen, and those names."""

    format: str
    score: float
    shared: tuple[str, ...]


def seen(records: Iterable[Any]) -> list[str]:
    """The keys of ``records`` and of the objects right inside them, in the order in which they come."""
    found: dict[str, None] = {}
    for record in list(records)[:_RECORDS]:
        for held in record[:_RECORDS] if isinstance(record, list) else [record]:
            if not isinstance(held, dict):
                continue
            found.update(dict.fromkeys(map(str, list(held)[:_KEYS])))
            for value in list(held.values())[:_KEYS]:
                inner = value[0] if isinstance(value, list) and value else value
                if isinstance(inner, dict):
                    found.update(dict.fromkeys(map(str, list(inner)[:_KEYS])))
    return list(found)


def nearest(records: Iterable[Any], known: Iterable[Format], most: int = 3) -> list[Near]:
    """The formats of ``known`` that ``records`` come nearest to, the nearest first; none where nothing is like."""
    keys = set(seen(records))
    names = {item.name: _names(item) for item in known}
    common = Counter(name for some in names.values() for name in some)
    found = []
    for format, some in names.items():
        shared = keys & some
        if shared <= _EVERYWHERE:
            continue
        weight = sum(1 / common[name] for name in some)
        score = sum(1 / common[name] for name in shared) / weight
        if score >= _LEAST or len(shared) > 2:
            found.append(Near(format, score, tuple(sorted(shared))))
    return sorted(found, key=lambda near: (-near.score, near.format))[:most]


def told(records: list[Any], known: Iterable[Format]) -> str:
    """The nearest formats in a phrase for the error; empty where there are none."""
    return "; ".join(
        f"{near.format} ({round(100 * near.score)} % of its marks: {', '.join(near.shared[:4])})"
        for near in nearest(records, known)
    )


def _names(item: Format) -> set[str]:
    """The names of keys by which ``item`` is recognised."""
    detect = type(item).detect
    names = set(_QUOTED.findall(detect.__doc__ or ""))
    waiting = list(detect.__code__.co_consts)
    while waiting:
        held = waiting.pop()
        if isinstance(held, str) and _NAME.search(held):
            names.add(held)
        elif isinstance(held, (tuple, frozenset)):
            waiting += held
    return names
