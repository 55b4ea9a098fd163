r"""Patterns for foreign text, in an engine whose time is linear in the text whatever the pattern.

In: a pattern and a text (str, or bytes where the pattern is bytes). Out: matches, as `re` gives them. Python's
`re` backtracks, so that a kilobyte of somebody else's text can cost hours; RE2 cannot. Modules that see foreign
text therefore compile their patterns here, and a test of the layout refuses `re` in them.

What differs from `re`: no look-around and no back-references; flags stand at the pattern's start, ``(?ims)``;
``\w \d \s \b`` know ASCII only (``[\p{L}\p{N}_]`` is `re`'s ``\w``); ``$`` without ``(?m)`` is the very end of the
text, as ``\z`` is (``\Z`` does not exist); a repetition counts to 1000 at most. One search is linear; a *find-all* is
so only where a match is decided near its own end: ``x(?:.*y)?`` looks through the rest of a line at each ``x``.

A lone surrogate, which no encoder takes, is read as U+FFFD.
Source: https://swtch.com/~rsc/regexp/regexp3.html, https://github.com/google/re2/wiki/Syntax.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from itertools import islice
from typing import Any, Generic, TypeVar

Text = TypeVar("Text", str, bytes)

_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)


class Match(Generic[Text]):
    """Where a pattern matched: ``spans[k]`` is [start, end) of group k in ``string``, (-1, -1) where it took no
    part."""

    __slots__ = ("names", "spans", "string")

    def __init__(self, string: Text, spans: list[tuple[int, int]], names: dict[str, int]) -> None:
        self.string: Text = string
        self.spans, self.names = spans, names

    def __getitem__(self, group: int | str) -> Any:
        start, end = self.span(group)
        return None if start < 0 else self.string[start:end]

    def group(self, group: int | str = 0) -> Any:
        """The text of ``group``, or None where it took no part."""
        return self[group]

    def groups(self) -> tuple[Any, ...]:
        """The texts of all groups but the whole."""
        return tuple(self[k] for k in range(1, len(self.spans)))

    def span(self, group: int | str = 0) -> tuple[int, int]:
        """[start, end) of ``group``."""
        return self.spans[self.names[group] if isinstance(group, str) else group]

    def start(self, group: int | str = 0) -> int:
        """Where ``group`` begins."""
        return self.span(group)[0]

    def end(self, group: int | str = 0) -> int:
        """Where ``group`` ends."""
        return self.span(group)[1]


class Pattern(Generic[Text]):
    """A pattern that is compiled when it is first used."""

    def __init__(self, pattern: Text, memory: int = 0) -> None:
        self.pattern: Text = pattern
        self._memory = memory

    @cached_property
    def _compiled(self) -> Any:
        import re2

        options = re2.Options()
        options.log_errors = False
        if self._memory:
            options.max_mem = self._memory
        if isinstance(self.pattern, bytes):
            options.encoding = re2.Options.Encoding.LATIN1  # bytes are bytes, whatever they mean
        return re2.compile(self.pattern, options)

    @cached_property
    def _engine(self) -> tuple[Any, dict[str, int], Any, Any, Any]:
        """What finds spans in bytes, the names of groups, and how a match is tied to the text: nowhere, at its start,
        at both ends."""
        anchors: tuple[Any, Any, Any] | None = _anchors()
        if anchors is not None and hasattr(getattr(self._compiled, "_regexp", None), "Match"):
            return self._compiled._regexp.Match, self.names, anchors[0], anchors[1], anchors[2]
        compiled, groups = self._compiled, self._groups
        nowhere = [(-1, -1)] * len(groups)

        def find(how: Callable[..., Any], data: bytes, at: int, stop: int) -> list[tuple[int, int]]:
            found = how(data, at, stop)
            return nowhere if found is None else [found.span(k) for k in groups]

        return find, self.names, compiled.search, compiled.match, compiled.fullmatch

    @cached_property
    def names(self) -> dict[str, int]:
        """Group numbers by name."""
        found = self._compiled.groupindex
        return {name.decode() if isinstance(name, bytes) else name: number for name, number in found.items()}

    @cached_property
    def _groups(self) -> range:
        return range(self._compiled.groups + 1)

    def search(self, text: Text) -> Match[Text] | None:
        """The first match anywhere."""
        return self._one("search", 2, text)

    def match(self, text: Text) -> Match[Text] | None:
        """The match at the start."""
        return self._one("match", 3, text)

    def fullmatch(self, text: Text) -> Match[Text] | None:
        """The match of the whole text."""
        return self._one("fullmatch", 4, text)

    def finditer(self, text: Text) -> Iterator[Match[Text]]:
        """All matches that do not overlap, in order."""
        data = _readable(text)
        if isinstance(data, bytes):
            names = self._engine[1]
            for spans in self._spans(data):
                yield Match(text, spans, names)
            return
        last = None
        for found in self._compiled.finditer(data):
            if (span := found.span()) != last:  # an empty match may be found twice
                last = span
                yield self._match(found, text)

    def _spans(self, data: bytes) -> Iterator[list[tuple[int, int]]]:
        """The spans of all matches in ``data``."""
        find, _, anywhere, _, _ = self._engine
        last, at, stop = None, 0, len(data)
        while True:
            spans: list[tuple[int, int]] = find(anywhere, data, at, stop)
            span = spans[0]
            if span[0] < 0:
                return
            if span != last:  # an empty match may be found twice
                last = span
                yield spans
            if at == stop:
                return
            at = at + 1 if at == span[1] else span[1]

    def count(self, data: bytes, most: int) -> int:
        """How many matches `finditer` has, up to ``most``, for a pattern that matches nothing empty; ``data`` is
        `utf8` of the text, made once for many."""
        return sum(1 for _ in islice(self._spans(data), most))

    def findall(self, text: Text) -> list[Any]:
        """As `finditer`, but the texts: of the whole match, of its one group, or of its groups; "" for a group
        that took no part."""
        several, empty = len(self._groups) > 2, text[:0]
        pick = 0 if len(self._groups) == 1 else 1
        if several:
            return [tuple(group or empty for group in found.groups()) for found in self.finditer(text)]
        return [found[pick] or empty for found in self.finditer(text)]

    def sub(self, replacement: Text | Callable[[Match[Text]], Text], text: Text, count: int = 0) -> Text:
        """``text`` with its matches replaced, ``count`` of them or all (0). A replacement that is a text stands
        for itself: a backslash in it means nothing."""
        pieces: list[Text] = []
        at = 0
        for number, found in enumerate(self.finditer(text), start=1):
            start, end = found.spans[0]
            pieces.append(text[at:start])
            pieces.append(replacement(found) if callable(replacement) else replacement)
            at = end
            if number == count:
                break
        if not pieces:
            return text
        pieces.append(text[at:])
        return text[:0].join(pieces)

    def split(self, text: Text) -> list[Text]:
        """The texts between the matches."""
        pieces: list[Text] = []
        at = 0
        for found in self.finditer(text):
            pieces.append(text[at : found.spans[0][0]])
            at = found.spans[0][1]
        pieces.append(text[at:])
        return pieces

    def _one(self, how: str, tied: int, text: Text) -> Match[Text] | None:
        data = _readable(text)
        if isinstance(data, bytes):
            engine = self._engine
            spans = engine[0](engine[tied], data, 0, len(data))
            return None if spans[0][0] < 0 else Match(text, spans, engine[1])
        found = getattr(self._compiled, how)(data)
        return None if found is None else self._match(found, text)

    def _match(self, found: Any, text: Text) -> Match[Text]:
        return Match(text, [found.span(k) for k in self._groups], self.names)


@cache
def _anchors() -> tuple[Any, Any, Any] | None:
    """How the package's private core ties a match to the text; None where there is no such core, or it has become
    another. The public methods around it say the same at twice the cost of a short search."""
    try:
        from re2 import _re2

        tied, engine = _re2.RE2.Anchor, _re2.RE2(b"(a)b", _re2.RE2.Options())
        ways = tied.UNANCHORED, tied.ANCHOR_START, tied.ANCHOR_BOTH
        found = [[tuple(span) for span in engine.Match(way, b"xab", at, 3)] for at in (0, 1) for way in ways]
    except (ImportError, AttributeError, TypeError):
        return None
    there, nowhere = [(1, 3), (1, 2)], [(-1, -1), (-1, -1)]
    return ways if found == [there, nowhere, nowhere, there, there, there] else None


class Several:
    """Patterns that are asked at once, by one pass over a text: which of them match anywhere in it?"""

    def __init__(self, patterns: Sequence[Pattern[str]], memory: int = 64 << 20) -> None:
        self.patterns = patterns
        self._memory = memory

    @cached_property
    def _compiled(self) -> Any:
        import re2

        options = re2.Options()
        options.log_errors = False
        options.max_mem = self._memory
        found = re2.Set.SearchSet(options)
        for pattern in self.patterns:
            found.Add(pattern.pattern)
        found.Compile()
        return found

    def matching(self, data: bytes) -> list[int]:
        """The numbers of those that match, in no order; ``data`` is `utf8` of the text."""
        return self._compiled.Match(data) or []


def compile(pattern: Text, memory: int = 0) -> Pattern[Text]:
    """The pattern; whether it can be compiled shows at its first use. ``memory`` is the most that its states may take,
    in bytes, where 8 MiB are too few to be fast."""
    return Pattern(pattern, memory)


def escape(text: str) -> str:
    """A pattern that matches ``text`` itself."""
    import re2

    return str(re2.escape(text))


def utf8(text: str) -> bytes:
    """``text`` as `Pattern.count` and `Several` read it."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return text.translate(_SURROGATES).encode("utf-8")


def _readable(text: Any) -> Any:
    """What the engine reads: bytes as they are and ASCII as bytes, whose places are those of the text; other text
    as text without lone surrogates."""
    if isinstance(text, bytes):
        return text
    if text.isascii():
        return text.encode("ascii")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.translate(_SURROGATES)
    return text
