"""Patterns of requests: text with alternatives, slots, and pieces that are only there when their slots have values.

``{a base|base} of {base}[ {unit}]``: braces around alternatives choose one, braces around a name put the value of that
slot, and what stands in square brackets is left out unless each of its slots has a value. ``{exact:without rounding}``
says a flag that is true, ``{open:open now|closed}`` one of either kind. Patterns may be nested.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from sxl_data.contract import patterns

NAME = patterns.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


class Slot(NamedTuple):
    """The value of a parameter; ``yes`` and ``no`` are what is said of a flag."""

    name: str
    yes: str | None = None
    no: str | None = None


class Choice(NamedTuple):
    """One of several sequences."""

    options: tuple[tuple[Part, ...], ...]


class Piece(NamedTuple):
    """What is left out unless all of its slots have values."""

    parts: tuple[Part, ...]


Part = str | Slot | Choice | Piece


@lru_cache(20_000)
def parse(pattern: str) -> tuple[Part, ...]:
    """``pattern`` in parts. Raises ValueError for brackets that do not match."""
    parts, at = _sequence(pattern, 0, "")
    if at != len(pattern):
        raise ValueError(f"a bracket too many in {pattern!r}")
    return parts


def slots_of(parts: Sequence[Part], optional: bool = False) -> Iterator[tuple[str, bool]]:
    """The names of the slots in ``parts``, and whether each stands in a piece that may be left out."""
    for part in parts:
        if isinstance(part, Slot):
            yield part.name, optional
        elif isinstance(part, Piece):
            yield from slots_of(part.parts, True)
        elif isinstance(part, Choice):
            for option in part.options:
                yield from slots_of(option, optional)


class Writing:
    """Writes a pattern once. ``said`` has the words for each slot that has a value; flags are in ``flags``. What was
    said ends up in ``used``, in the order of the text."""

    def __init__(self, random: random.Random, said: Mapping[str, str], flags: Mapping[str, bool]) -> None:
        self.random, self.said, self.flags = random, said, flags
        self.used: dict[str, None] = {}

    def write(self, parts: Sequence[Part]) -> str:
        """The text of ``parts``. Raises KeyError for a slot without a value."""
        out = []
        for part in parts:
            if isinstance(part, str):
                out.append(part)
            elif isinstance(part, Slot):
                out.append(self._slot(part))
            elif isinstance(part, Piece):
                if all(self._has(name) for name, _ in slots_of(part.parts)):
                    out.append(self.write(part.parts))
            else:
                out.append(self.write(self.random.choice(part.options)))
        return "".join(out)

    def _has(self, name: str) -> bool:
        return name in self.said or name in self.flags

    def _slot(self, slot: Slot) -> str:
        self.used[slot.name] = None
        if slot.yes is None:
            return self.said[slot.name]
        text = slot.yes if self.flags[slot.name] else slot.no
        if text is None:
            raise KeyError(slot.name)
        return text


def _sequence(text: str, at: int, ends: str) -> tuple[tuple[Part, ...], int]:
    parts: list[Part] = []
    begun = at
    while at < len(text) and text[at] not in ends:
        if text[at] in "{[":
            if text[begun:at]:
                parts.append(text[begun:at])
            part, at = _braces(text, at + 1) if text[at] == "{" else _piece(text, at + 1)
            parts.append(part)
            begun = at
        elif text[at] in "}]":
            raise ValueError(f"a bracket too many in {text!r}")
        else:
            at += 1
    if text[begun:at]:
        parts.append(text[begun:at])
    return tuple(parts), at


def _piece(text: str, at: int) -> tuple[Part, int]:
    parts, at = _sequence(text, at, "]")
    if at >= len(text):
        raise ValueError(f"a bracket is not closed in {text!r}")
    return Piece(parts), at + 1


def _braces(text: str, at: int) -> tuple[Part, int]:
    end = text.find("}", at)
    name = NAME.match(text[at:end]) if end > 0 else None
    if name is not None and text[at + name.end()] in ":}":
        if text[at + name.end()] == "}":
            return Slot(name.group()), end + 1
        said = text[at + name.end() + 1 : end]
        yes, _, no = said.partition("|")
        return Slot(name.group(), yes, no if "|" in said else None), end + 1
    options = []
    while True:
        option, at = _sequence(text, at, "|}")
        options.append(option)
        if at >= len(text):
            raise ValueError(f"a brace is not closed in {text!r}")
        at += 1
        if text[at - 1] == "}":
            return Choice(tuple(options)), at
