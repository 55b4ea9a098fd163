"""The code blocks of a text in Markdown: what lies between two fences, and the language that the first one names.

In: a text. Out: its blocks, in order. A fence is three or more backticks or tildes, in a list however far to the
right, with blanks before and after what it says; it ends with as many of the same, or with the text. Line by line, so
the time is linear in the text.
Source: https://spec.commonmark.org/0.31.2/#fenced-code-blocks; the labels are those that Pandoc, R Markdown, rustdoc
and the usual highlighters take.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sxl_data.contract import patterns
from sxl_data.files.syntax import canonical

_OPENING = patterns.compile(r"^([ \t]*(?:>[ \t]?)*(?:[-*+] |\d{1,9}[.)] )?[ \t]*)(`{3,}|~{3,})[ \t]*(.*)$")
_LABEL = patterns.compile(r"(?i)^[{.\s]*(?:lang(?:uage)?[=:-][\"']?)?\.?([\pL][\w+#.-]*)")

OUTPUTS = frozenset(
    """text txt plain plaintext plain-text output out stdout stderr result results log logs console console-output none
    nohighlight no-highlight raw pre ansi error traceback input stdin example terminal-output""".split()
)
"""Labels of blocks that show what a program reads or prints."""


class Block(NamedTuple):
    """``label`` is the language that the fence names, as in `syntax`, ``output`` for what a program prints, None where
    it names nothing. ``closed`` is False where the text ends inside of the block."""

    label: str | None
    code: str
    closed: bool
    start: int
    """The line of the opening fence, from 0."""
    end: int
    """The line after the closing fence."""


def blocks(text: str) -> list[Block]:
    """The fenced blocks of ``text``; none where there is no fence."""
    return list(_blocks(text)) if "```" in text or "~~~" in text else []


def _blocks(text: str) -> Iterator[Block]:
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        opening = _open(lines[at])
        at += 1
        if opening is None:
            continue
        margin, fence, said = opening
        start, inside, closed = at - 1, list[str](), False
        while at < len(lines) and not closed:
            line = _moved(lines[at], margin)
            bare = line.strip()
            closed = len(bare) >= len(fence) and not bare.strip(fence[0])
            if not closed:
                inside.append(line)
            at += 1
        yield Block(label_of(said), "".join(f"{line}\n" for line in inside), closed, start, at)


def _open(line: str) -> tuple[str, str, str] | None:
    """Margin, fence and what it says, of a line that opens a block."""
    if "```" not in line and "~~~" not in line:
        return None
    found = _OPENING.match(line)
    if found is None or (found[2][0] == "`" and "`" in found[3]):
        return None
    return found[1], found[2], found[3]


def _moved(line: str, margin: str) -> str:
    """``line`` moved to the left by the margin of its fence: a quote's marks, or blanks as far as there are any."""
    if ">" in margin:
        depth = margin.count(">")
        while depth and line.lstrip().startswith(">"):
            line, depth = line.lstrip()[1:], depth - 1
        return line.removeprefix(" ")
    width = len(margin)
    blank = len(line) - len(line.lstrip(" \t"))
    return line[min(blank, width) :]


def label_of(said: str) -> str | None:
    """The language that a fence's own words name: ``{.python .numberLines}``, ``rust,ignore``, ``js title="a.js"``."""
    found = _LABEL.match(said)
    if found is None:
        return None
    name = canonical(found[1].rstrip(".-"))
    return "output" if name in OUTPUTS else name
