"""Which functions stand beside which on offer: near ones by family, and such as surely do something else.

In: functions. Out: choices of them. How alike two are is the share of words that their names and descriptions have in
common; what is too much alike could answer the request too, so it is not offered beside the right one.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

from sxl_data.composed.functions import Function
from sxl_data.composed.wording import label

TOO_ALIKE, FAR = 0.5, 0.2
CODE = 0.08
_DRAWS = 12
_EMPTY_WORDS = frozenset(
    "a an the of for from to in on at by with and or is its it that this given get find retrieve calculate compute "
    "check information about data details list name based specific whether between search show fetch returns return "
    "function number value current two number create update new".split()
)
_FOR_ALL = frozenset(("web_search",))
"""Functions that answer nearly everything."""
_KNOWING = frozenset(
    "web books movies music art places geography history education recipes health sports games environment biology "
    "chemistry astronomy philosophy agriculture psychology social ai photography".split()
)
"""Families whose functions know things that people ask without a tool in mind."""


class Near:
    """Functions by family, and how alike they are."""

    def __init__(self, functions: Sequence[Function]) -> None:
        if not functions:
            raise ValueError("no functions to compose requests for")
        self.functions = tuple(functions)
        self.families: dict[str, list[Function]] = defaultdict(list)
        for function in functions:
            self.families[function.family].append(function)
        self._code = [function for function in functions if function.family.startswith("java")]
        self._words: dict[int, frozenset[str]] = {}

    def any(self, rng: random.Random) -> Function:
        """One of all; of functions of programs a few more than there are, since their values are literals."""
        of_code = self._code if self._code and rng.random() < CODE else self.functions
        return rng.choice(of_code)

    def together(self, first: Function, count: int, rng: random.Random) -> list[Function]:
        """``first`` and others of its family or of any that one person may ask for at once."""
        return [first, *self.beside([first], count - 1, rng)]

    def beside(self, wanted: Sequence[Function], count: int, rng: random.Random) -> list[Function]:
        """At most ``count`` others, over half of them of the same family, that do not do what ``wanted`` do."""
        found: list[Function] = []
        for _ in range(_DRAWS * count):
            if len(found) == count:
                break
            family = self.families[rng.choice(list(wanted)).family]
            other = rng.choice(family if rng.random() < 0.6 else self.functions)
            if all(other.name != each.name and self.alike(other, each) < TOO_ALIKE for each in (*wanted, *found)):
                found.append(other)
        return found

    def far(self, wanted: Function, count: int, rng: random.Random) -> list[Function]:
        """At most ``count`` functions of which none can answer a request for ``wanted``."""
        found: list[Function] = []
        for _ in range(_DRAWS * count):
            if len(found) == count:
                break
            other = rng.choice(self.families[wanted.family] if rng.random() < 0.4 else self.functions)
            if other.name in _FOR_ALL or any(other.name == each.name for each in (*found, wanted)):
                continue
            if self.alike(other, wanted) < FAR:
                found.append(other)
        return found

    def unasked(self, request: str, count: int, rng: random.Random) -> list[Function]:
        """At most ``count`` functions that have nothing to do with a request for general knowledge or talk."""
        found: list[Function] = []
        said = _content(request)
        for _ in range(_DRAWS * count):
            if len(found) == count:
                break
            other = rng.choice(self.functions)
            knows = other.family in _KNOWING or other.name in _FOR_ALL
            if not knows and not said & self._of(other) and all(other.name != each.name for each in found):
                found.append(other)
        return found

    def alike(self, one: Function, other: Function) -> float:
        """Share of words that both have, from 0 to 1."""
        mine, theirs = self._of(one), self._of(other)
        return len(mine & theirs) / max(1, min(len(mine), len(theirs)))

    def _of(self, function: Function) -> frozenset[str]:
        found = self._words.get(id(function))
        if found is None:
            found = self._words[id(function)] = _content(f"{label(function.name)} {function.about}")
        return found


def _content(text: str) -> frozenset[str]:
    plain = "".join(c if c.isalnum() else " " for c in text.lower())
    return frozenset(word.rstrip("s") for word in plain.split() if word not in _EMPTY_WORDS)
