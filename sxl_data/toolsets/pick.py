"""Draws values and words for tasks, so that a held-out side shares none with the training side.

Every value drawn with `new` or `number` belongs to one side by a hash of its text: one in four is held out. What is
drawn is kept in ``drawn``, which is how a test can prove that two sides share nothing. `any` and `some` choose among
what the world of the task already holds. `say` writes a sentence from a pattern with alternatives:
``{Rename|Call} {old} {new|by the name {new}}``: braces around alternatives choose one, braces around the name of a
slot put its value, and values are never looked into.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Literal, TypeVar

import xxhash

T = TypeVar("T")
Values = Literal["train", "held_out", "all"]
_VALUE = "\0"  # stands before each value while a sentence is written


def held_out(value: object) -> bool:
    """Whether ``value`` belongs to the held-out side: one in four does, decided by its text alone."""
    return xxhash.xxh3_64_intdigest(str(value).casefold().encode()) % 4 == 0


class Pick:
    """One task's draws. ``values`` says which side they come from."""

    def __init__(self, seed: str, values: Values) -> None:
        self.random = random.Random(seed)  # a string seeds by its sha512, alike on every machine
        self.values = values
        self.drawn: set[str] = set()

    def new(self, pool: Sequence[T]) -> T:
        """A value of ``pool`` that belongs to this side. Raises ValueError where the pool has none for it."""
        return self.several(pool, 1)[0]

    def several(self, pool: Sequence[T], count: int) -> list[T]:
        """``count`` different values of ``pool`` that belong to this side."""
        mine = list(_side(tuple(pool), self.values))
        if len(mine) < count:
            raise ValueError(f"{count} values of {self.values} from {list(pool)[:5]}…, which has {len(mine)}")
        found = self.random.sample(mine, count)
        self.drawn.update(str(value) for value in found)
        return found

    def number(self, low: int, high: int, step: int = 1) -> int:
        """A whole number of this side between ``low`` and ``high``, both included."""
        return self.new(range(low, high + 1, step))

    def any(self, items: Sequence[T]) -> T:
        """One of ``items``, which are no values of their own: what the world holds, or a choice of the plan."""
        return self.random.choice(list(items))

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """``count`` different ones of ``items``, as `any`."""
        return self.random.sample(list(items), count)

    def chance(self, share: float) -> bool:
        """True in ``share`` of all cases."""
        return self.random.random() < share

    def say(self, *patterns: str, **slots: object) -> str:
        """A sentence of one of ``patterns``. Raises KeyError for a name in braces that is no slot."""
        said = self._write(parse(self.random.choice(patterns)), slots)
        first, *values = said.split(_VALUE)
        for value in values:
            article = first[-3:].casefold().split(" ")[-2:] == ["a", ""] and value[:1] in tuple("AEIOUaeiou")
            first = (first[:-1] + "n " if article else first) + value
        return first.strip()

    def _write(self, parts: tuple[object, ...], slots: dict[str, object]) -> str:
        out = []
        for part in parts:
            if isinstance(part, str):
                out.append(part)
            else:
                options: tuple[tuple[object, ...], ...] = part  # type: ignore[assignment]
                only = options[0][0] if len(options) == 1 and options[0] else None
                if isinstance(only, str) and only.isidentifier():
                    out.append(f"{_VALUE}{slots[only]}")
                else:
                    out.append(self._write(self.random.choice(options), slots))
        return "".join(out)


@lru_cache(512)
def _side(pool: tuple[T, ...], values: Values) -> tuple[T, ...]:
    return pool if values == "all" else tuple(v for v in pool if held_out(v) is (values == "held_out"))


@cache
def parse(pattern: str) -> tuple[object, ...]:
    """``pattern`` as texts and tuples of alternatives. Raises ValueError for braces that do not match."""
    parts, at = _sequence(pattern, 0, inside=False)
    assert at == len(pattern)
    return parts


def _sequence(text: str, at: int, inside: bool) -> tuple[tuple[object, ...], int]:
    parts: list[object] = []
    begun = at
    while at < len(text):
        char = text[at]
        if char == "{":
            if text[begun:at]:
                parts.append(text[begun:at])
            options = []
            while True:
                option, at = _sequence(text, at + 1, inside=True)
                options.append(option)
                if at >= len(text):
                    raise ValueError(f"a brace is not closed in {text!r}")
                if text[at] == "}":
                    break
            parts.append(tuple(options))
            at += 1
            begun = at
        elif char in "|}" and inside:
            break
        elif char == "}":
            raise ValueError(f"a brace too many in {text!r}")
        else:
            at += 1
    if text[begun:at]:
        parts.append(text[begun:at])
    return tuple(parts), at
