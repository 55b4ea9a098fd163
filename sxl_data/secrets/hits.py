"""What was found, and where.

In: hits of several rules. Out: hits that are apart. And whether something may begin at a place at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from sxl_data.contract.patterns import compile

_ESCAPED = compile(rb".*(?:\\[nrtbfv0]|%[0-9A-Fa-f]{2}|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\[[0-9;]*m)\z")
_CUT_OFF = "-cut"


class Hit(NamedTuple):
    """[start, end) of what has to go, its kind, how sure the rule is (0 best) and what it says when decoded."""

    start: int
    end: int
    kind: str
    rank: int
    value: bytes


def apart(hits: Iterable[Hit]) -> list[Hit]:
    """``hits`` in order; those that overlap become one, of the surest kind. What is looked for in case its end was cut
    off counts for nothing where it has one: it would go on into what follows."""
    found = list(hits)
    whole = {(hit.start, hit.kind + _CUT_OFF) for hit in found}
    out: list[Hit] = []
    for hit in sorted(found, key=lambda hit: (hit.start, -hit.end)):
        if (hit.start, hit.kind) in whole:
            continue
        if out and hit.start < out[-1].end:
            last = out[-1]
            best = min(last, hit, key=lambda one: one.rank)
            out[-1] = Hit(last.start, max(last.end, hit.end), best.kind, best.rank, best.value)
        else:
            out.append(hit)
    return out


def starts(data: bytes, at: int, strict: bool = False) -> bool:
    """Whether a token may begin at ``at``: behind nothing that belongs to a word, or behind an escape."""
    before = data[at - 1 : at] if at else b""
    if not (before.isalnum() or (strict and before in (b"/", b"+"))):
        return True
    return _ESCAPED.match(data[max(0, at - 12) : at].replace(b"\n", b" ")) is not None


def is_json(data: bytes) -> bool:
    """Whether ``data`` is one value of JSON."""
    try:
        msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    return True
