"""One search for all places of a text that have to be looked at: anchors of secrets, escapes, anchors of persons.

In: bytes. Out: the places, sorted by what may be there. The patterns of the table, of the escapes and of the persons
are joined into one, which costs half of what they cost one after the other; it has more states than RE2 keeps by
default, so it may use more memory for them (it takes about 8 MB). Of much text a compiled pass (`scan.py`) says
first in which stretches the pattern may match at all.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from sxl_data.contract.patterns import Pattern, compile
from sxl_data.secrets.persons import HINTS, STARTS
from sxl_data.secrets.phones import CALLED
from sxl_data.secrets.scanning import LARGE, Scanner, load
from sxl_data.secrets.table import table
from sxl_data.secrets.views import ESCAPES, is_escape
from sxl_data.secrets.views import STARTS as STARTS_OF_ESCAPES

Span = tuple[int, int]
_MEMORY = 64 << 20
_LEAST = 1000
"""Bytes from which on the compiled pass costs less than RE2."""
_OWN = threading.local()


class Marks(NamedTuple):
    """[start, end) of what the search stopped at, in order."""

    secrets: list[Span]
    escapes: list[Span]
    people: list[Span]
    runs: list[int] | None
    """Where runs of base64 begin, if they were looked for."""


NOTHING = Marks([], [], [], [])
"""What most texts hold."""


def mark(data: bytes, secrets: bool = True, people: bool = True) -> Marks:
    """The places of ``data`` that may hold ``secrets`` and ``people``."""
    scanner = _scanner(len(data))
    places = scanner.places(data) if scanner is not None else None
    if places is not None and not places.stretches and not places.runs:
        return NOTHING
    found = Marks([], [], [], None if places is None else places.runs)
    pattern = _pattern(secrets, people)
    for begin, end in [(0, len(data))] if places is None else places.stretches:
        for match in pattern.finditer(data if places is None else data[begin:end]):
            start, stop = match.spans[0]
            text = match.string[start:stop]
            span = (begin + start, begin + stop)
            if is_escape(text):
                found.escapes.append(span)
            elif people and _may_be_person(text):
                found.people.append(span)
            else:
                found.secrets.append(span)
    return found


def among(texts: Sequence[bytes]) -> list[bool]:
    """Whether each of ``texts`` may hold anything, asked at once where that costs less."""
    data = b"\n".join(texts)
    scanner = _scanner(len(data))
    if scanner is None:
        return [True] * len(texts)
    may = [False] * len(texts)
    begins = list(accumulate((len(text) + 1 for text in texts), initial=0))
    for places in scanner.found(data):
        for at in places:
            may[bisect_right(begins, at) - 1] = True
    return may


def prepare() -> None:
    """Load the compiled pass, for somebody who has much to ask."""
    if not hasattr(_OWN, "scanner"):
        try:
            _OWN.scanner = load((*table().starts, *STARTS, *STARTS_OF_ESCAPES))
        except ImportError:  # no numba for this platform: RE2 alone finds the same
            _OWN.scanner = None


def _scanner(size: int) -> Scanner | None:
    """The compiled pass, where it is worth its call."""
    if size >= LARGE:
        prepare()
    return getattr(_OWN, "scanner", None) if size >= _LEAST else None


@cache
def _pattern(secrets: bool, people: bool) -> Pattern[bytes]:
    rules = table()
    parts = [rules.anchors, rules.assigns] if secrets else []
    parts += [ESCAPES, *([HINTS] if people else [])]
    return compile(b"|".join(part.pattern for part in parts), memory=_MEMORY)


def _may_be_person(text: bytes) -> bool:
    """Whether ``text`` is a match of the persons' pattern: no other one has such a beginning or an @."""
    first = text[:1]
    if first in b"0123456789+(/:" or b"@" in text or text.startswith(b"\\Users"):
        return not text.startswith((b"://", b"/api/", b":AA", b":APA91", b"1//0", b"4/0A"))
    return (
        (text[1:2] == b"~" and first in b" \t\r\n\f\v\"'=:(")
        or text[:6] in (b"-home-", b"-Users", b"GIT_AU", b"user.n")
        or (text[-1:].isdigit() and CALLED.fullmatch(text) is not None)
        or (text[:4] == b"GIT_" or (len(text) == 10 and not text.strip(b"-dlbcpsrwxSxt")))
    )
