"""Text as the screen showed it: the colours of terminal output, and the lines of a diff.

In: a text of anybody. Out: HTML. Of a terminal's sequences only those that colour have an effect here, by a class of
our own; the others (cursor, title, links) stay readable escapes.
"""

from __future__ import annotations

from sxl_data.contract import patterns
from sxl_data.view.markup import Raw, text

_COLOUR = patterns.compile(r"\x1b\[([0-9;]{0,24})m")
_NAMES = {1: "r", 2: "g", 3: "y", 4: "b", 5: "m", 6: "c"}
_HEADS = ("diff --git ", "--- ", "*** Begin Patch", "@@ ")


def screen(value: str) -> Raw:
    """What a program printed, in its colours."""
    if "\x1b[" not in value:
        return text(value)
    pieces, at, kind = [], 0, ""
    for match in _COLOUR.finditer(value):
        pieces.append(_span(value[at : match.start()], kind))
        at, kind = match.end(), _class(match[1], kind)
    return Raw("".join([*pieces, _span(value[at:], kind)]))


def is_diff(value: str) -> bool:
    """Whether the text is a change of files in the form of diff or of a patch."""
    head = value[:4000].lstrip("\n")
    if head.startswith(("diff --git ", "*** Begin Patch")):
        return True
    return head.startswith("--- ") and "\n+++ " in head and "\n@@ " in head


def diff(value: str) -> Raw:
    """The lines of a diff, added and removed ones marked."""
    return Raw("\n".join(map(_line, value.rstrip("\n").split("\n"))))


def _line(value: str) -> str:
    if value.startswith(("+++ ", *_HEADS, "*** ", "index ")):
        return f'<span class="at">{text(value)}</span>'
    tag = {"+": "ins", "-": "del"}.get(value[:1])
    return f"<{tag}>{text(value)}</{tag}>" if tag else text(value)


def _span(value: str, kind: str) -> str:
    return f'<span class="{kind}">{text(value)}</span>' if kind and value else text(value)


def _class(codes: str, before: str) -> str:
    """The classes after a colouring sequence with ``codes``."""
    kinds = set(before.split())
    for code in codes.split(";"):
        number = int(code or 0)
        if not number:
            kinds.clear()
        elif number == 1:
            kinds.add("strong")
        elif number in range(30, 40) or number in range(90, 98):
            kinds -= set(_NAMES.values())
            kinds |= {_NAMES[number % 10]} if number % 10 in _NAMES else set()
    return " ".join(sorted(kinds))
