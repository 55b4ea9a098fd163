"""Markdown of foreign words: cells that end no table, fences that their text cannot close."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 120
"""Characters of a name in a table."""
_SIGNS = {ord(sign): f"\\{sign}" for sign in "\\|`<>[]*"}


def cell(text: str) -> str:
    """``text`` on one line, with nothing in it that Markdown reads."""
    flat = "".join(sign if sign.isprintable() else " " for sign in " ".join(text.split()))
    cut = (flat if len(flat) <= MOST else flat[: MOST - 1] + "…").translate(_SIGNS)
    # Within a word an underscore says nothing.
    return " ".join(w if not (w.startswith("_") or w.endswith("_")) else w.replace("_", "\\_") for w in cut.split(" "))


def fence(text: str, language: str = "") -> str:
    """``text`` in a fence longer than any run of backticks in it."""
    longest = run = 0
    for sign in text:
        run = run + 1 if sign == "`" else 0
        longest = max(longest, run)
    marks = "`" * max(3, longest + 1)
    return f"{marks}{language}\n{text}\n{marks}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: int = 0) -> list[str]:
    """The lines of a table, whose last ``right`` columns are numbers."""
    rule = ["---"] * (len(head) - right) + ["---:"] * right
    return [
        "| " + " | ".join(line) + " |" if line is not rule else "|" + "|".join(line) + "|"
        for line in (head, rule, *rows)
    ]
