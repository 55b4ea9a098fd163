"""How large a JSON Schema is once every reference is written out.

In: a schema as parsed. Out: two numbers. A kilobyte of definitions that each name the next one twice is 2^30 schemas
to whoever checks a value with them, and a schema that leads back to itself at two places takes 2^depth steps for a
value that is so deep. Both are bounded before anything is checked.
"""

from __future__ import annotations

from typing import Any

MOST = 100_000
"""Subschemas that one value may meet."""
_DEPTH = 400
_REFERENCES = ("$ref", "$dynamicRef")


def unroll(schema: dict[str, Any]) -> tuple[int, int]:
    """Subschemas of ``schema`` with its references written out, `MOST` + 1 for more, and the references among them
    that lead back to what they stand in."""
    count = _Count(schema)
    return count.of(schema, 0), count.back


def deepest(back: int) -> int:
    """Levels of a value that a schema with ``back`` references back may be asked about."""
    levels, steps = 0, 1
    while back > 1 and steps * back <= MOST:
        levels, steps = levels + 1, steps * back
    return levels if back > 1 else 1 << 30


class _Count:
    def __init__(self, schema: dict[str, Any]) -> None:
        self.root = schema
        self.back = 0
        self.known: dict[int, int] = {}
        self.open: set[int] = set()
        self.named = _names(schema)

    def of(self, node: Any, depth: int) -> int:
        if not isinstance(node, (dict, list)):
            return 0
        if depth > _DEPTH:
            return MOST + 1
        key = id(node)
        if key in self.open:
            self.back += 1
            return 1
        if key in self.known:
            return self.known[key]
        self.open.add(key)
        children = node.values() if isinstance(node, dict) else node
        total = 1 + sum(self.of(child, depth + 1) for child in children)
        if isinstance(node, dict):
            targets = (self._target(node[name]) for name in _REFERENCES if name in node)
            total += sum(self.of(target, depth + 1) for target in targets)
        self.open.discard(key)
        self.known[key] = min(total, MOST + 1)
        return self.known[key]

    def _target(self, reference: Any) -> Any:
        """What a reference names in the schema; None where that is elsewhere, which is refused later."""
        if not isinstance(reference, str):
            return None
        base, _, fragment = reference.partition("#")
        node = self.root if not base else self.named.get(base)
        if fragment and not fragment.startswith("/"):
            return self.named.get("#" + fragment)
        for part in fragment.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(node, dict):
                node = node.get(name)
            elif isinstance(node, list) and name.isdecimal() and len(name) < 9 and int(name) < len(node):
                node = node[int(name)]
            else:
                return None
        return node


def _names(schema: dict[str, Any]) -> dict[str, Any]:
    """Subschemas by ``$id``, and by ``#`` and ``$anchor``."""
    found: dict[str, Any] = {}
    todo: list[Any] = [schema]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            for key, before in (("$id", ""), ("$anchor", "#"), ("$dynamicAnchor", "#")):
                if isinstance(node.get(key), str):
                    found.setdefault(before + node[key], node)
            todo += node.values()
        elif isinstance(node, list):
            todo += node
    return found
