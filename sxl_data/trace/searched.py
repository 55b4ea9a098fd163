"""A text in which thousands of others are looked for.

In: a text. Out: where others stand in it first, as `str.find` says. That looks through all of the text each time, which
is seconds where a document is megabytes and its pieces are many. After some searches the text is therefore listed once
by pairs of words that follow one another: what is looked for cannot begin before the first place of any of its pairs,
and stands nowhere if one of them does.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cached_property

_OFTEN = 100
"""How many times over a text is looked through before it is listed, which costs about as much."""
_LARGEST = 50_000_000
"""Characters of a text that is listed: the list holds some thirty bytes for each."""


class _Spaces(dict[int, int]):
    """For `str.translate`: every sign that is no part of a word is a space. A pattern takes a microsecond a word."""

    def __missing__(self, code: int) -> int:
        char = chr(code)
        kept = code if char.isalnum() or char == "_" or unicodedata.category(char)[0] == "M" else 32
        if code < 0x10000:
            self[code] = kept
        return kept


_SPACES = _Spaces()


def words(text: str) -> list[str]:
    """The words of ``text``: runs of letters, marks, digits and ``_``."""
    return text.translate(_SPACES).split()


def _words(text: str) -> Iterator[tuple[int, int]]:
    """[start, end) of each word of ``text``."""
    spaced, end = text.translate(_SPACES), 0
    for word in spaced.split():
        start = spaced.index(word, end)
        end = start + len(word)
        yield start, end


class Searched:
    """A text that is searched often; it is listed once it was looked through ``often`` times over."""

    def __init__(self, text: str, often: int = _OFTEN) -> None:
        self.text, self._often = text, often * len(text)
        self._looked = 0

    @cached_property
    def _first(self) -> dict[str, int]:
        """Where each two words that follow one another stand first, with what is between them."""
        first: dict[str, int] = {}
        before = 0
        for start, end in _words(self.text):
            first.setdefault(self.text[before:end], before)
            before = start
        return first

    def __contains__(self, text: str) -> bool:
        return self.find(text) >= 0

    def find(self, text: str) -> int:
        """The first place of ``text``, -1 where it stands nowhere."""
        if self._looked <= self._often or len(self.text) > _LARGEST:
            found = self.text.find(text)
            self._looked += len(self.text) if found < 0 else found
            return found
        least, before = 0, 0  # a word at an end of ``text`` may go on in the text around it
        for start, end in _words(text):
            if end == len(text):
                break
            if before:
                first = self._first.get(text[before:end])
                if first is None:
                    return -1
                least = max(least, first - before)
            before = start
        return self.text.find(text, least)
