"""All that is wrong with some values, by way of a check that stops at its first mistake.

In: plain values, and the check. Out: its findings: what it found is taken out of a copy, and it is asked again.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from sxl_data.contract.errors import Finding


def find_all(values: Any, find: Callable[[Any], Finding | None]) -> list[Finding]:
    """The findings of ``find`` about ``values``, each with the pointer of what it is about. It ends where a finding
    is about something that holds an earlier one: it misses what was taken out."""
    rest, found = copy.deepcopy(values), list[Finding]()
    while (item := find(rest)) is not None:
        if any(f"{earlier.pointer}/".startswith(f"{item.pointer}/".replace("//", "/")) for earlier in found):
            break
        found.append(item)
        if not _take_out(rest, item.pointer or ""):
            break
    return found


def _take_out(values: Any, pointer: str) -> bool:
    """Remove the key at ``pointer``, or the nearest above it, from ``values``; whether there was one."""
    holder, key = None, ""
    for part in [part for part in pointer.split("/") if part]:
        if isinstance(values, dict) and part in values:
            holder, key, values = values, part, values[part]
        elif isinstance(values, list) and part.isdigit() and int(part) < len(values):
            values = values[int(part)]
        else:
            break
    if holder is None:
        return False
    del holder[key]
    return True
