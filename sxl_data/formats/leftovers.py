"""What a source has beyond the model, kept at the step it belongs to.

In: the steps of a trace, and for each piece of the source document what the writer of the same format
says of those steps (``said``) and what the source says (``source``). Out: steps whose ``ext_json`` holds
the difference under the format's name. The writer reads it back, so that writing what was read gives the
same document, and nothing that the model already holds is stored twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from sxl_data.files.json_text import dump, load_object
from sxl_data.trace.patch import rest
from sxl_data.trace.types import Step

# (position of the step, position of the result in it or None, what is said, what the source has)
Piece = tuple[int, int | None, dict[str, Any], dict[str, Any]]


def remember(steps: Sequence[Step], name: str, pieces: Iterable[Piece]) -> tuple[Step, ...]:
    """``steps`` with the leftovers of ``pieces`` in their ``ext_json`` under ``name``."""
    kept: dict[int, dict[str, Any]] = {}
    for at, slot, said, source in pieces:
        left = rest(said, source)
        if left and slot is None:
            kept.setdefault(at, {}).update(left)
        elif left:
            kept.setdefault(at, {}).setdefault("results", {})[str(slot)] = left
    if not kept:
        return tuple(steps)
    out = list(steps)
    for at, left in kept.items():
        ext = load_object(out[at].ext_json) or {}
        out[at] = msgspec.structs.replace(out[at], ext_json=dump({**ext, name: left}))
    return tuple(out)


def recall(ext_json: str | None, name: str, slot: int | None = None) -> dict[str, Any]:
    """What `remember` kept under ``name``; for a result, with its position as ``slot``."""
    left = (load_object(ext_json) or {}).get(name)
    if not isinstance(left, dict):
        return {}
    if slot is None:
        return left
    results = left.get("results")
    found = results.get(str(slot)) if isinstance(results, dict) else None
    return found if isinstance(found, dict) else {}
