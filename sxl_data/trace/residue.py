"""Pieces of texts → what of the texts is in no piece, and which pieces are in no text.

In: texts of a document that stand in no trace as they are, and texts of its traces that stand in no document as
they are. Mostly the second are cut out of the first: reasoning between tags, arguments in a markup, lines of a
log. Out: how many characters of each text are left, and the pieces that were found nowhere.
Both come in about the order of the document, so each piece is looked for first where the one before it was.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping

from sxl_data.contract import patterns

SHORTEST = 16
_WORD = patterns.compile(r"[\p{L}\p{M}\p{N}_]+")
# Signs, and the names that markups give to their parts: no text of anybody.
_MARKUP = patterns.compile(
    r"(?i)[^\p{L}\p{M}\p{N}_]+|\b(?:think|reasoning|thought|action|input|final|answer|observation|name|arguments|parameters?|tools?"
    r"|call|tool_call|tool_calls|tool_response|function|type|finish|content|invoke|result|execute)\b"
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


def left_over(
    whole: list[str], pieces: list[str], known: Mapping[str, str], wanted: Container[str]
) -> tuple[dict[str, int], list[str]]:
    """(text → characters of it that no piece holds, pieces that no text holds), for the texts that are ``wanted``;
    ``known`` are all texts of the traces with their roles, for what stands elsewhere in other white space or markup."""
    cuts: dict[str, list[tuple[int, int]]] = {text: [] for text in whole}
    unmatched: list[str] = []
    at = 0
    for piece in sorted(pieces, key=len, reverse=True) if len(whole) == 1 else pieces:
        needle = piece.strip()
        for step in range(len(whole)):
            number = (at + step) % len(whole)
            start = whole[number].find(needle)
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


def _between(text: str, found: list[tuple[int, int]]) -> Iterable[str]:
    """The runs of ``text`` outside ``found`` that are long enough to count."""
    at = 0
    for start, end in [*sorted(found), (len(text), len(text))]:
        run = text[at:start].strip()
        if len(run) >= SHORTEST:
            if len(_MARKUP.sub("", run)) >= SHORTEST:
                yield run
        at = max(at, end)


class _Known:
    """What was read, for texts that were not passed on as they are: one text in which lines are looked for."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self.joined = "\n".join(known)
        # Names and arguments of calls, in other white space: a markup puts them anywhere.
        self.names = {
            word
            for text, role in known.items()
            if role in ("name", "arguments") or len(text) < SHORTEST
            for word in _WORD.findall(text)
        }
        self.left = _CLOSELY

    def missing(self, run: str) -> int:
        """Characters of ``run`` that were not read, line by line; 0 below `SHORTEST`."""
        if run in self.joined:
            return 0
        size = 0
        for line in run.split("\n"):
            line = line.strip()
            if line and line not in self.joined:
                size += self._uncovered(line) if len(line) >= SHORTEST else len(line)
        return size if size >= SHORTEST else 0

    def _uncovered(self, line: str) -> int:
        """Characters of ``line`` between the longest beginning and the longest end of it that were read."""
        line = _AROUND.sub("", line)
        if (held := _CALLED.fullmatch(line)) is not None:
            line = (held[1] or held[2] or "").strip("\"'")
        if line in self.joined:  # as the empty one is, which was a label alone
            return 0
        self.left -= 1
        if self.left < 0:
            return len(line)
        start = _longest(len(line), lambda size: line[:size] in self.joined)
        end = _longest(len(line) - start, lambda size: line[len(line) - size :] in self.joined)
        middle = line[start : len(line) - end] if start + end >= _MOST * len(line) else line
        words = [word for word in _WORD.findall(_MARKUP.sub(" ", middle)) if word not in self.names]
        return len(middle) if sum(map(len, words)) >= SHORTEST else 0


def _longest(most: int, holds: Callable[[int], bool]) -> int:
    """The largest size up to ``most`` for which ``holds``, which holds for all smaller ones too."""
    least = 0
    while least < most:
        middle = (least + most + 1) // 2
        if holds(middle):
            least = middle
        else:
            most = middle - 1
    return least
