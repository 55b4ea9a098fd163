"""Finds the secrets and the persons of a text.

In: bytes. Out: places, each with its kind, in order and apart from each other. One linear search finds the places that
have to be looked at (`marks.py`); at each of them the rules that begin so decide, on a window of bounded length. The
same is asked of what the text says beneath its escapes (`views.py`), and of a token that a line break cuts. Everybody
who asks what is a secret asks here: the stage that reads, the validator, `redact`.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from sxl_data.contract.patterns import compile
from sxl_data.secrets import persons
from sxl_data.secrets.assigned import assigned
from sxl_data.secrets.hits import Hit, apart, is_json
from sxl_data.secrets.marks import NOTHING, mark
from sxl_data.secrets.table import table
from sxl_data.secrets.tokens import tokens_at
from sxl_data.secrets.views import View, views

LITERAL = compile(rb'"(?:[^"\\]|\\.)*"')
"""A string of JSON."""
BORDER = b"\n\n\n"
"""What stands between texts that are searched as one: nothing that is found goes on behind it."""
_OPENS = b":=>\"'( ,?"
"""What the beginning of an assigned value ends with."""


def find(data: bytes, secrets: bool = True, people: bool = False) -> list[Hit]:
    """What has to go from ``data``, in order; none overlaps another, and where one does a secret counts."""
    hits = list(_look(data, secrets, people))
    if not hits:
        return hits
    found = apart(hit for hit in hits if hit.kind not in persons.KINDS)
    if not people:
        return found
    named = apart(hit for hit in hits if hit.kind in persons.KINDS)
    if found:
        named = [one for one in named if not any(one.start < hit.end and hit.start < one.end for hit in found)]
    return sorted([*found, *named])


def find_json(data: bytes, secrets: bool = True, people: bool = False) -> list[Hit]:
    """What has to go from ``data``, as JSON says it: places are those of whole strings where escapes hid it."""
    hits = find(data, secrets, people)
    known = {hit.value for hit in hits}
    for span, said in _escaped(data):
        found = find(said, secrets, people)
        hits += [Hit(*span, hit.kind, hit.rank, hit.value) for hit in found if hit.value not in known]
    return hits


def pieces(data: bytes) -> list[bytes]:
    """Every text in which `find_json` looks."""
    return [data, *(said for _, said in _escaped(data))]


def _escaped(data: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Where the strings with escapes stand in ``data`` if it is JSON, and what they say."""
    if b"\\" not in data or not is_json(data):
        return
    for literal in LITERAL.finditer(data):
        if b"\\" in literal[0]:
            yield literal.span(), json.loads(literal[0]).encode("utf-8", "surrogatepass")


def holds(data: bytes, secrets: bool = True, people: bool = False) -> bool:
    """Whether `find` finds anything in ``data``; it stops where something is."""
    return next(_look(data, secrets, people), None) is not None


def which(texts: Sequence[bytes], secrets: bool = True, people: bool = False) -> set[int]:
    """The numbers of those of ``texts`` in which something is found, and of those that it may cross. They are searched
    as one, so that a text costs no call."""
    begins = list(accumulate((len(text) + len(BORDER) for text in texts), initial=0))
    found: set[int] = set()
    for hit in find(BORDER.join(texts), secrets, people):
        found.update(range(bisect_right(begins, hit.start) - 1, bisect_right(begins, hit.end - 1)))
    return found


def _look(data: bytes, secrets: bool, people: bool, depth: int = 2) -> Iterator[Hit]:
    """Hits in ``data`` and beneath its escapes, ``depth`` of them within each other."""
    marks = mark(data, secrets, people)
    if marks is NOTHING:
        return
    if secrets:
        yield from _secrets_at(data, marks.secrets)
    if people:
        yield from persons.persons_at(data, marks.people)
    if depth:
        for view in views(data, marks.escapes, marks.runs):
            for hit in _look(view.data, secrets, people, depth - 1):
                yield _place(hit, view)


def _place(hit: Hit, view: View) -> Hit:
    """``hit`` in what ``view`` reads, where it stands in the text itself."""
    start, end = view.whole or (view.starts[hit.start], view.ends[hit.end - 1])
    return hit._replace(start=start, end=end)


def _secrets_at(data: bytes, spans: Iterable[tuple[int, int]]) -> Iterator[Hit]:
    """The secrets at ``spans``, where a search for anchors of both sorts stopped."""
    rules = table()
    for at, end in spans:
        yield from tokens_at(data, at, rules)
        if data[end - 1] in _OPENS:
            yield from assigned(data, at, end, rules)
