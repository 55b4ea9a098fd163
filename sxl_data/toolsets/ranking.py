"""Which tools a text speaks of: BM25 over their names, descriptions and parameters.

A small model reads a short list better than a long one, and its prompt is shorter. In: a text and the declared tools.
Out: their places, the likeliest first; ties keep the order of the list. Okapi's weights (Robertson and Zaragoza 2009),
with words cut to their first letters, so that "lamps" finds "lamp" and "renamed" finds "rename".
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from sxl_data.contract import patterns
from sxl_data.toolsets.tools import Function

_WORD = patterns.compile(r"[\p{L}\p{N}]+")
_STEM = 5
_LONGEST = 20_000
_K, _B = 1.2, 0.75
_NAME_WEIGHT = 2
"""The name of a tool says most of it: its words count so often."""
_COMMON = frozenset("a an and are as at be by for from in is it its not of on one or so that the this to with".split())


def shorten(tools: Mapping[str, Function], text: str, most: int, kept: Collection[str] = ()) -> dict[str, Function]:
    """At most ``most`` of ``tools`` in their order: all of ``kept``, and what ``text`` speaks of most."""
    names = list(tools)
    ranked = [names[place] for place in rank(text, [describe(function) for function in tools.values()])]
    chosen = {name for name in names if name in kept}
    for name in ranked:
        if len(chosen) >= most:
            break
        chosen.add(name)
    return {name: function for name, function in tools.items() if name in chosen}


def describe(function: Function) -> str:
    """The text that stands for a tool: its name, what it does, and its parameters with their values."""
    name = f"{function.name} " * _NAME_WEIGHT
    return " ".join([name, function.declared.description or "", *function.arguments.__struct_fields__])


def rank(text: str, tools: Sequence[str]) -> list[int]:
    """Places of ``tools`` (see `describe`) by how much ``text`` speaks of them."""
    bags = [Counter(_words(tool)) for tool in tools]
    sizes = [sum(bag.values()) for bag in bags]
    mean = sum(sizes) / max(1, len(sizes)) or 1.0
    held = Counter(word for bag in bags for word in bag)
    asked = set(_words(text))

    def score(place: int) -> float:
        bag, length = bags[place], _K * (1 - _B + _B * sizes[place] / mean)
        rare = {word: math.log(1 + (len(bags) - held[word] + 0.5) / (held[word] + 0.5)) for word in asked & bag.keys()}
        return sum(weight * bag[word] * (_K + 1) / (bag[word] + length) for word, weight in sorted(rare.items()))

    return sorted(range(len(tools)), key=lambda place: (-score(place), place))


def _words(text: str) -> list[str]:
    split = text[:_LONGEST].replace("_", " ").lower()
    return [word[:_STEM] for word in _WORD.findall(split) if word not in _COMMON]
