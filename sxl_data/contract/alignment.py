"""How two texts differ line by line, in bounded time.

In: the lines of both. Out: difflib's opcodes, or unified diffs made of them. difflib finds what people see as the
difference, but made-up texts cost it the square of their lines or more. Its work is counted, and beyond what lines of
that number may cost the answer is the plain one: equal ends stay, all between them is replaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher

_EACH, _FREE = 400, 2_000_000
"""Pairs of lines that may be looked at for each line, and on top."""
Opcode = tuple[str, int, int, int, int]


class _TooDear(Exception):
    """More work than the lines allow."""


class _Counted(SequenceMatcher[str]):
    """difflib's matcher, counting pairs of lines."""

    def __init__(self, one: Sequence[str], two: Sequence[str], autojunk: bool) -> None:
        super().__init__(None, one, two, autojunk)
        places: dict[str, list[int]] = self.b2j  # type: ignore[attr-defined]  # documented, missing in the stubs
        self._pairs = [0]  # running count of the places in the other text that each line has
        for line in one:
            self._pairs.append(self._pairs[-1] + 1 + len(places.get(line, ())))
        self._left = _FREE + _EACH * (len(one) + len(two))

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        end = len(self._pairs) - 1 if ahi is None else ahi
        self._left -= self._pairs[end] - self._pairs[alo]
        if self._left < 0:
            raise _TooDear
        return super().find_longest_match(alo, ahi, blo, bhi)


def align(one: Sequence[str], two: Sequence[str], autojunk: bool = True) -> list[Opcode]:
    """difflib's opcodes (action, begin and end in one, begin and end in two) that turn ``one`` into ``two``."""
    try:
        return list(_Counted(one, two, autojunk).get_opcodes())
    except _TooDear:
        return _plain(one, two)


def _plain(one: Sequence[str], two: Sequence[str]) -> list[Opcode]:
    """Equal ends, and one replacement between them."""
    head, shorter = 0, min(len(one), len(two))
    while head < shorter and one[head] == two[head]:
        head += 1
    tail = 0
    while tail < shorter - head and one[-1 - tail] == two[-1 - tail]:
        tail += 1
    a, b = len(one) - tail, len(two) - tail
    middle = "replace" if a > head and b > head else "delete" if a > head else "insert"
    found = [("equal", 0, head, 0, head), (middle, head, a, head, b), ("equal", a, len(one), b, len(two))]
    return [code for code in found if code[2] > code[1] or code[4] > code[3]]


def unified(one: Sequence[str], two: Sequence[str], name_one: str, name_two: str, context: int = 3) -> Iterator[str]:
    """The lines of a unified diff, as `difflib.unified_diff` gives them."""
    matcher: SequenceMatcher[str] = SequenceMatcher(None, (), ())
    matcher.opcodes = align(one, two)  # type: ignore[attr-defined]  # what it groups
    started = False
    for group in matcher.get_grouped_opcodes(context):
        if not started:
            started = True
            yield f"--- {name_one}\n"
            yield f"+++ {name_two}\n"
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n"
        for action, i1, i2, j1, j2 in group:
            if action == "equal":
                yield from (" " + line for line in one[i1:i2])
                continue
            yield from ("-" + line for line in one[i1:i2])
            yield from ("+" + line for line in two[j1:j2])


def _range(start: int, stop: int) -> str:
    """Lines as a hunk's header counts them: from 1, an empty range from the line before it."""
    length = stop - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"
