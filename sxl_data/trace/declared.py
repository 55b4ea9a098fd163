"""What a format declares to leave out, as questions about the places of its documents.

In: the `LeftOut`s of a format. Out: `Declared`. Most declarations name a place at the start of a record; those are
found from above, once a record (`below`), so that the walk over a document does not enter them. The few texts that
are left over after it are asked for one by one (`leaves_out`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sxl_data.contract import patterns
from sxl_data.trace.format import Format, LeftOut

Path = tuple[str, ...]
Omitted = dict[int, "frozenset[str] | None"]
"""id of a container → the keys of it that are not entered; None where it is not entered at all."""
_KINDS = 1000  # types of records that are remembered


class Rule:
    """One declaration: the keys of its path, whether it starts at the record, the record's type."""

    def __init__(self, item: LeftOut) -> None:
        self.keys: Path = tuple(key for key in item.where.split("/") if key)
        self.anchored = item.where.startswith("/") or not item.where
        self._when = None if item.when is None else patterns.compile(item.when)

    def is_of(self, kind: str | None) -> bool:
        """Whether it is about records of ``kind``."""
        return self._when is None or (kind is not None and self._when.fullmatch(kind) is not None)

    def names(self, path: Path) -> bool:
        """Whether it names ``path`` or something above it."""
        if not all(key in path or key == "*" for key in self.keys):
            return False
        starts = range(1) if self.anchored else range(len(path) - len(self.keys) + 1)
        return any(_starts(path[at:], self.keys) for at in starts)


class Declared:
    """The declarations of one format."""

    def __init__(self, left: Sequence[LeftOut], composes: frozenset[str]) -> None:
        self.keys = frozenset(
            item.where for item in left if item.when is None and "/" not in item.where and item.where not in "*"
        )
        """Keys below which nothing is read, wherever they are."""
        self.composes = composes
        """Parts of a trace that the format words itself."""
        self.everything = any(item.where == "*" and item.when is None for item in left)
        """Whether the format takes single things out of a text and leaves the rest by nature."""
        self._rules = [
            Rule(item) for item in left if item.where not in self.keys and (item.where != "*" or item.when is not None)
        ]
        self._of_kind: dict[str | None, list[Rule]] = {}

    def leaves_out(self, path: Path, record: Any) -> bool:
        """Whether the text at ``path`` below ``record`` is left out."""
        if self.everything or any(key in self.keys for key in path):
            return True
        return any(rule.names(path) for rule in self._about(record))

    def below(self, value: Any) -> Omitted:
        """What is not entered of ``value``, a record or a list of records."""
        found: Omitted = {}
        if not self._rules:
            return found
        for record in value if isinstance(value, list) else (value,):
            if isinstance(record, dict):
                for rule in self._about(record):
                    _omit(found, record, rule.keys, self.keys)
        return found

    def _about(self, record: Any) -> list[Rule]:
        kind = record.get("type") if isinstance(record, dict) else None
        kind = kind if isinstance(kind, str) else None
        if kind not in self._of_kind:
            rules = [rule for rule in self._rules if rule.is_of(kind)]
            if len(self._of_kind) >= _KINDS:
                return rules
            self._of_kind[kind] = rules
        return self._of_kind[kind]


def _omit(found: Omitted, record: dict[str, Any], keys: Path, always: frozenset[str]) -> None:
    if not keys or keys[-1] == "*":
        for held in _reached(record, keys[:-1]):
            found[id(held)] = None
    elif len(keys) == 1 and keys[0] not in record:
        return
    else:
        for held in _reached(record, keys[:-1]):
            if isinstance(held, dict) and keys[-1] in held:
                known = found.get(id(held), always)
                found[id(held)] = None if known is None else known | {keys[-1]}


def _reached(held: Any, keys: Path) -> Iterator[Any]:
    """The containers that ``keys`` lead to."""
    for at, key in enumerate(keys):
        if key == "*":
            for inner in held.values() if isinstance(held, dict) else held if isinstance(held, list) else ():
                yield from _reached(inner, keys[at + 1 :])
            return
        held = held.get(key) if isinstance(held, dict) else None
        if held is None:
            return
    yield held


def _starts(path: Path, keys: Path) -> bool:
    return len(path) >= len(keys) and all(key in ("*", name) for key, name in zip(keys, path))


def declared(format: Format) -> Declared:
    """What ``format`` declares. Asked of every document, so it is remembered by the format itself."""
    try:
        return _declared(format)  # type: ignore[arg-type]
    except TypeError:  # an adapter of the user's own that cannot be hashed
        return _declared.__wrapped__(format)


@cache
def _declared(format: Any) -> Declared:
    return Declared(tuple(getattr(format, "leaves_out", ())), frozenset(dict(getattr(format, "composes", ()))))
