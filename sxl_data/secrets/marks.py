"""One search for all places of a text that have to be looked at: anchors of secrets, escapes, anchors of persons.

In: bytes. Out: the places, sorted by what may be there. The patterns of the table, of the escapes and of the persons
are joined into one, which costs half of what they cost one after the other; it has more states than RE2 keeps by
default, so it may use more memory for them (it takes about 8 MB).
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from sxl_data.contract.patterns import Pattern, compile
from sxl_data.secrets.persons import HINTS
from sxl_data.secrets.table import table
from sxl_data.secrets.views import ESCAPES, is_escape

Span = tuple[int, int]
_MEMORY = 64 << 20


class Marks(NamedTuple):
    """[start, end) of what the search stopped at, in order."""

    secrets: list[Span]
    escapes: list[Span]
    people: list[Span]


def mark(data: bytes, secrets: bool = True, people: bool = True) -> Marks:
    """The places of ``data`` that may hold ``secrets`` and ``people``."""
    found = Marks([], [], [])
    for match in _pattern(secrets, people).finditer(data):
        start, end = match.spans[0]
        text = data[start:end]
        if is_escape(text):
            found.escapes.append((start, end))
        elif people and _may_be_person(text):
            found.people.append((start, end))
        else:
            found.secrets.append((start, end))
    return found


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
        or (text[:4] == b"GIT_" or (len(text) == 10 and not text.strip(b"-dlbcpsrwxSxt")))
    )
