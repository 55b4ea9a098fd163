"""Pieces of texts → what of the texts is in no piece, and which pieces are in no text.

In: texts of a document that stand in no trace as they are, and texts of its traces that stand in no document as
they are. Mostly the second are cut out of the first: reasoning between tags, arguments in a markup, lines of a
log. Out: how many characters of each text are left, and the pieces that were found nowhere.
Both come in about the order of the document, so each piece is looked for first where the one before it was.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from functools import cached_property

from sxl_data.contract import patterns
from sxl_data.trace.searched import Searched, words

SHORTEST = 16
# Names that markups give to their parts: no words of anybody.
_MARKUP = frozenset(
    "think reasoning thought action input final answer observation name arguments parameter parameters tool tools call"
    " tool_call tool_calls tool_response function type finish content invoke result execute".split()
)
# Tags and labels at the ends of a line.
_AROUND = patterns.compile(
    r"(?i)\A(?:</?[\w-]+>\s*|`{3,}\w*\s*"
    r"|(?:thought|action(?: input)?|observation|(?:final )?answer|user|assistant|system)\s*\d*:\s*)+"
    r"|(?:\s*</?[\w-]+>)+\z"
)
# A call as prompts have it written.
_CALLED = patterns.compile(r"[\p{L}\p{M}\p{N}_]+(?:\[(.*)\]|\((.*)\))")
# Share of a line that its beginning and end have to be for them to count as read: less agrees by chance.
_MOST = 0.75
# Lines of a document that are looked at so closely; of one in which nearly everything is unread, the rest counts whole.
_CLOSELY = 200
# What stands before the lines of a listing or of a diff.
_MARGIN = " \t+-|:.0123456789"
_MANY = 12  # lines of a text from which on those of the traces are put into a set
_HEAD = 200  # characters in which words are looked for first


def left_over(
    whole: list[str], pieces: list[str], known: Mapping[str, str], wanted: Container[str]
) -> tuple[dict[str, int], list[str]]:
    """(text → characters of it that no piece holds, pieces that no text holds), for the texts that are ``wanted``;
    ``known`` are all texts of the traces with their roles, for what stands elsewhere in other white space or markup."""
    cuts: dict[str, list[tuple[int, int]]] = {text: [] for text in whole}
    unmatched: list[str] = []
    at = 0
    searched = list(map(Searched, whole))
    for piece in sorted(pieces, key=len, reverse=True) if len(whole) == 1 else pieces:
        needle = piece.strip()
        for step in range(len(whole)):
            number = (at + step) % len(whole)
            start = searched[number].find(needle)
            if start >= 0:
                cuts[whole[number]].append((start, start + len(needle)))
                at = number
                break
        else:
            unmatched.append(piece)
    left: dict[str, int] = {}
    seen: _Known | None = None
    for text, found in cuts.items():
        rest = list(_between(text, found)) if text in wanted else []
        if rest:
            seen = seen or _Known(known)
            size = sum(map(seen.missing, rest))
            if size:
                left[text] = size
    return left, unmatched


def _enough(run: str) -> bool:
    """Whether `SHORTEST` characters or more of ``run`` are words of somebody."""
    size = 0
    for begin in (0, _HEAD):  # nearly always the head has them
        for word in words(run[begin : _HEAD if not begin else len(run)]):
            if word.lower() not in _MARKUP:
                size += len(word)
                if size >= SHORTEST:
                    return True
    return False


def _between(text: str, found: list[tuple[int, int]]) -> Iterable[str]:
    """The runs of ``text`` outside ``found`` that are long enough to count."""
    at = 0
    for start, end in [*sorted(found), (len(text), len(text))]:
        if start - at >= SHORTEST:
            run = text[at:start].strip()
            if len(run) >= SHORTEST and _enough(run):
                yield run
        at = max(at, end)


class _Known:
    """What was read, for texts that were not passed on as they are: one text in which lines are looked for."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known
        self.joined = "\n".join(known)
        self.searched = Searched(self.joined)
        self.left = _CLOSELY

    @cached_property
    def names(self) -> set[str]:
        """Names and arguments of calls, in other white space: a markup puts them anywhere."""
        short = [text for text, role in self._known.items() if role in ("name", "arguments") or len(text) < SHORTEST]
        return set(words("\n".join(short)))

    @cached_property
    def lines(self) -> set[str]:
        """The lines without their margins: asking a set takes no search."""
        return {line.strip(_MARGIN) for line in self.joined.split("\n")}

    def missing(self, run: str) -> int:
        """Characters of ``run`` that were not read, line by line; 0 below `SHORTEST`."""
        if run in self.searched:
            return 0
        size = 0
        lines = run.split("\n")
        many = len(lines) >= _MANY
        for line in lines:
            line = line.strip()
            # A line of a file with its number, or of a diff, is the line.
            if line and not (many and line.strip(_MARGIN) in self.lines) and line not in self.searched:
                size += self._uncovered(line) if len(line) >= SHORTEST else self._short(line)
        return size if size >= SHORTEST else 0

    def _short(self, line: str) -> int:
        """Characters of a short ``line`` that were not read; of one in tags, those of its words that no call has."""
        if not line.startswith("<"):
            return len(line)
        return sum(len(word) for word in words(line) if word.lower() not in _MARKUP and word not in self.names)

    def _uncovered(self, line: str) -> int:
        """Characters of ``line`` between the longest beginning and the longest end of it that were read."""
        line = _AROUND.sub("", line)
        if (held := _CALLED.fullmatch(line)) is not None:
            line = (held[1] or held[2] or "").strip("\"'")
        if line in self.searched or line.lstrip(_MARGIN) in self.searched:  # so is the empty one, a label alone
            return 0
        self.left -= 1
        if self.left < 0:
            return len(line)
        middle = self._middle(line)
        own = [word for word in words(middle) if word.lower() not in _MARKUP]
        if sum(map(len, own)) < SHORTEST:  # asked first: the names are gathered from all arguments
            return 0
        return len(middle) if sum(len(word) for word in own if word not in self.names) >= SHORTEST else 0

    def _middle(self, line: str) -> str:
        """``line`` without the beginning and end that were read, if they are most of it."""
        # One of them is half of most of the line at least: nearly no line is looked at any closer.
        half = int(_MOST * len(line) / 2)
        if line[:half] not in self.joined and line[len(line) - half :] not in self.joined:
            return line
        start = _begins(line, self.joined)
        end = min(_ends(line, self.joined), len(line) - start)
        return line[start : len(line) - end] if start + end >= _MOST * len(line) else line


def _begins(line: str, whole: str) -> int:
    """The size of the longest beginning of ``line`` that stands in ``whole``: one pass over it, since a longer one
    can stand only behind the place at which a shorter one was found first."""
    size, at = 0, whole.find(line[:1])
    while at >= 0 and size < len(line):
        size = _longest(size + 1, len(line), lambda more: whole.startswith(line[:more], at))  # noqa: B023
        at = whole.find(line[: size + 1], at + 1)
    return size


def _ends(line: str, whole: str) -> int:
    """The size of the longest end of ``line`` that stands in ``whole``, from its end on."""
    size, at = 0, whole.rfind(line[-1:])
    while at >= 0 and size < len(line):
        end = at + size + 1
        size = _longest(size + 1, len(line), lambda more: whole.endswith(line[len(line) - more :], 0, end))  # noqa: B023
        at = whole.rfind(line[len(line) - size - 1 :], 0, end - 1)
    return size


def _longest(least: int, most: int, holds: Callable[[int], bool]) -> int:
    """The largest size up to ``most`` for which ``holds``, which holds for ``least`` and all between."""
    while least < most:
        middle = (least + most + 1) // 2
        if holds(middle):
            least = middle
        else:
            most = middle - 1
    return least
