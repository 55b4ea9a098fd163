"""The coverage law and the mirror law: what a reader did not read, and what it made up.

In: a document, the traces that a format made of it, and what the format declares. Out: a `Coverage`. Coverage:
each text of the document of `SHORTEST` characters or more is in its traces, in their ``ext_json``, or in the
format's list of what it leaves out. Mirror: each such text of a trace stands in the document, the arguments of
calls as JSON with the order of their keys and the literals of their numbers, unless the format declares that it
words it itself.

Nearly every text is passed on as it is, so two sets of strings decide nearly everything; only what is left over
on both sides is looked at closer: JSON is opened, and pieces of a text are looked for within it (`residue`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec

from sxl_data.contract import patterns
from sxl_data.contract.errors import Finding, finding
from sxl_data.files.json_text import dump, load
from sxl_data.trace.format import Document, Format, LeftOut, Origin, Reading
from sxl_data.trace.leaves import ENCODED, LINKS, MEDIA, Path, located, pointer_of, said, texts
from sxl_data.trace.residue import left_over
from sxl_data.trace.types import Trace

SHORTEST = 16
# Unread text is a finding from this share of a document on, or from so many characters.
SHARE, CHARACTERS = 0.01, 400
_LISTED = 5
_PLACES = 1000
_MADE = patterns.compile(  # an identifier, a digest or a time
    r"(?:[\w.-]{1,64}[-_:])?(?:[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9a-fA-F]{16,128})"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d[\d:.+Zz-]*"
)
_WORDS = frozenset({"task", "tools", "observe", "reflect", "act", "arguments", "result", "data"})
"""Roles that the mirror law is about; names and identifiers are the reader's own where a source has none."""


class Unread(msgspec.Struct, frozen=True):
    """One text of a document that no trace holds: where, and how many characters of it."""

    pointer: str
    characters: int
    text: str


class Coverage(msgspec.Struct):
    """What of a document was read. ``characters`` are those of all its texts that count, declared ones included."""

    characters: int = 0
    declared: int = 0
    """Characters that the format says it leaves out."""
    unread: list[Unread] = msgspec.field(default_factory=list)
    invented: list[tuple[str, str]] = msgspec.field(default_factory=list)
    """(role, text) of what stands in a trace and not in the document."""
    media: bool = False
    """Whether the traces hold an image, a sound or a file."""

    @property
    def lost(self) -> int:
        """Characters that were neither read nor declared."""
        return sum(item.characters for item in self.unread)

    @property
    def share(self) -> float:
        """Share of the characters that were read or declared, from 0 to 1."""
        return 1.0 - self.lost / self.characters if self.characters else 1.0

    @property
    def told(self) -> bool:
        """Whether so much is unread that it is a finding."""
        return self.lost > min(CHARACTERS, SHARE * self.characters)


class Tally(msgspec.Struct):
    """What was read of a file. ``unread`` counts the texts by place, with ``*`` for positions in lists."""

    characters: int = 0
    declared: int = 0
    lost: int = 0
    unread: dict[str, int] = msgspec.field(default_factory=dict)

    @property
    def share(self) -> float:
        """Share of the characters that were read or declared, from 0 to 1."""
        return 1.0 - self.lost / self.characters if self.characters else 1.0

    def add(self, found: Coverage) -> None:
        """Count one document."""
        self.characters += found.characters
        self.declared += found.declared
        self.lost += found.lost
        for item in found.unread:
            self._note("/".join("*" if key.isdecimal() else key for key in item.pointer.split("/")), 1)

    def merge(self, other: Tally) -> None:
        """Count another part of the file."""
        self.characters += other.characters
        self.declared += other.declared
        self.lost += other.lost
        for place, count in other.unread.items():
            self._note(place, count)

    def _note(self, place: str, count: int) -> None:
        if place in self.unread or len(self.unread) < _PLACES:
            self.unread[place] = self.unread.get(place, 0) + count


class Declared(msgspec.Struct, frozen=True):
    """The declarations of one format, compiled."""

    keys: frozenset[str]
    """Keys below which nothing is read, wherever they are."""
    rules: tuple[tuple[tuple[str, ...], bool, patterns.Pattern[str] | None], ...]
    """(keys of the path, whether it starts at the record, the record's type)."""
    composes: frozenset[str]
    everything: bool
    """Whether the format takes single things out of a text and leaves the rest by nature."""

    def leaves_out(self, path: Path, record: Any) -> bool:
        """Whether the text at ``path`` below ``record`` is one of those."""
        if self.everything:
            return True
        if any(key in self.keys for key in path):
            return True
        for keys, anchored, when in self.rules:
            if not all(key in path or key == "*" for key in keys):
                continue
            if when is not None:
                kind = record.get("type") if isinstance(record, dict) else None
                if not isinstance(kind, str) or not when.fullmatch(kind):
                    continue
            starts = range(1) if anchored else range(len(path) - len(keys) + 1)
            if any(_starts(path[at:], keys) for at in starts):
                return True
        return False


def _starts(path: Path, keys: tuple[str, ...]) -> bool:
    return len(path) >= len(keys) and all(key in ("*", name) for key, name in zip(keys, path))


def declared(format: Format) -> Declared:
    """What ``format`` declares. Asked of every document, so it is remembered by the format itself."""
    try:
        return _declared(format)  # type: ignore[arg-type]
    except TypeError:  # an adapter of the user's own that cannot be hashed
        return _declared.__wrapped__(format)


@cache
def _declared(format: Any) -> Declared:
    return _compiled(tuple(getattr(format, "leaves_out", ())), frozenset(dict(getattr(format, "composes", ()))))


@cache
def _compiled(left: tuple[LeftOut, ...], composes: frozenset[str]) -> Declared:
    keys = frozenset(
        item.where for item in left if item.when is None and "/" not in item.where and item.where not in "*"
    )
    rules = tuple(
        (
            tuple(key for key in item.where.split("/") if key),
            item.where.startswith("/") or not item.where,
            None if item.when is None else patterns.compile(item.when),
        )
        for item in left
        if item.where not in keys and (item.where != "*" or item.when is not None)
    )
    everything = any(item.where == "*" and item.when is None for item in left)
    return Declared(keys, rules, composes, everything)


def measure(document: Document, traces: Sequence[Trace], format: Format, thorough: bool = True) -> Coverage:
    """What of ``document`` is in ``traces``, and what in them is not of it. Without ``thorough``, a text out of
    which pieces were cut is taken as read, and the pieces as found."""
    rules = declared(format)
    value = document.text if document.text is not None else document.value
    leaves, objects = texts(value, rules.keys, SHORTEST)
    held = said(traces)
    found = Coverage(characters=sum(map(len, leaves)), media=MEDIA in held.values())
    lost = (
        []
        if rules.everything
        else [text for text in leaves if text not in held and not (len(text) < 150 and _MADE.fullmatch(text))]
    )
    extra = [
        text
        for text, role in held.items()
        if len(text) >= SHORTEST
        and text not in leaves
        and (role in _WORDS or (lost and role == "ext"))
        and role not in rules.composes
    ]
    if not lost and not extra:
        return found
    if lost and extra and not thorough and not objects:
        return found  # a text that was cut into pieces, as all of its kind
    if any(role == "arguments" for role in map(held.get, extra)):
        extra = _as_called(objects, held, extra, found)
    made = _opened_up(leaves, held, lost, extra)
    if (lost or made) and (thorough or not (lost and made)):
        _look(value, rules, found, leaves, held, lost, made)
    return found


def _as_called(objects: list[dict[str, Any]], held: dict[str, str], extra: list[str], found: Coverage) -> list[str]:
    """``extra`` without the arguments that one of ``objects`` holds; those that it holds in another order, or with
    numbers written otherwise, are put into ``found``."""
    if not objects:
        return extra
    same = set(map(dump, objects))
    left = []
    for text in extra:
        if held[text] != "arguments":
            left.append(text)
        elif text in same or dump(_load(text)) in same:  # white space changes no token that a template renders
            held.update(dict.fromkeys(texts(_load(text), frozenset(), SHORTEST)[0], "arguments"))
        elif _load(text) in objects:
            found.invented.append(("arguments", text))
        else:
            left.append(text)
    return left


def _opened_up(leaves: dict[str, None], held: dict[str, str], lost: list[str], extra: list[str]) -> list[str]:
    """Open what is JSON on either side: takes out of ``lost`` what is in a trace after all, and adds to ``held``
    and ``leaves`` what stands in JSON; those of ``extra`` and their strings that are not in the document."""
    made: list[str] = []
    for text in extra:
        role = held[text]
        inner = _opened(text) if role in ENCODED else None
        if inner is None:
            made.append(text)
            continue
        if role != "ext":
            made += [item for item in inner if item not in leaves]
        for item in inner:
            held.setdefault(item, role)
    missing = []
    for text in lost:
        if text in held or text.partition(": ")[2] in held:  # or under a label
            continue
        inner = _opened(text)
        if inner is None or any(item not in held for item in inner):
            missing.append(text)
        leaves.update(inner or ())
    lost[:] = missing
    return [text for text in made if text not in leaves]


def _look(
    value: Any,
    rules: Declared,
    found: Coverage,
    leaves: dict[str, None],
    held: dict[str, str],
    lost: list[str],
    made: list[str],
) -> None:
    """Put into ``found`` what of ``lost`` is unread and not declared, and what of ``made`` stands nowhere."""
    places = _places(value, rules, lost)
    residues, unmatched = left_over(lost, made, held, places)
    for text in lost:
        if text not in places:
            found.declared += len(text)
        elif text in residues:
            found.unread.append(Unread(pointer_of(places[text]), residues[text], text))
    if unmatched:
        near = "\n".join(leaves)
        unmatched = [text for text in unmatched if not _stands(text, near)]
    if unmatched:
        # What stands under keys that are left out stands in the document all the same.
        every = texts(value, frozenset(), 1)[0]
        inside = [inner for text in every for inner in _opened(text) or ()]
        whole = "\n".join((*every, *leaves, *inside))
        found.invented += [(held.get(text, "data"), text) for text in unmatched if not _stands(text, whole)]


def _places(value: Any, rules: Declared, lost: list[str]) -> dict[str, Path]:
    """Where those of ``lost`` stand that no declaration leaves out."""
    records = value if isinstance(value, list) else None
    where: dict[str, Path] = {}
    for path, text in located(value, set(lost)):
        if records is not None and path:
            record, inner = records[int(path[0])], path[1:]
        else:
            record, inner = value, path
        if not (path and path[-1] in LINKS and " " not in text) and not rules.leaves_out(inner, record):
            where.setdefault(text, path)
    return where


def _load(text: str) -> Any:
    try:
        return load(text)
    except ValueError:
        return None


def _opened(text: str, depth: int = 0) -> dict[str, None] | None:
    """The strings inside a text that is JSON; None where it is none. JSON in JSON is opened too."""
    start = text.lstrip()[:1]
    if start not in ("{", "[", '"') or depth > 4:
        return None
    try:
        value = load(text)
    except ValueError:
        return None
    inner = texts(value, frozenset(), SHORTEST)[0]
    for item in list(inner):
        if (more := _opened(item, depth + 1)) is not None:
            inner.update(more)
    return inner


def _stands(text: str, whole: str) -> bool:
    """Whether each line of ``text`` stands in ``whole``; white space at its ends does not count. JSON stands there
    where its strings do."""
    if text in whole or all(line.strip() in whole for line in text.split("\n")):
        return True
    value = _load(text)
    if not isinstance(value, (dict, list)):
        return False
    inner, _ = texts(value, frozenset(), 1)
    return bool(inner) and all(item in whole for item in inner)


def cover(
    document: Document, readings: Sequence[Reading], format: Format, origin: Origin, thorough: bool = True
) -> Coverage:
    """As `measure`; where the reading did not keep what the model cannot hold (see `Origin.lossless`), the
    document is read once more with it before anything is called unread."""
    found = measure(document, [reading.trace for reading in readings], format, thorough)
    if not found.unread or origin.lossless:
        return found
    keeping = msgspec.structs.replace(origin, lossless=True)
    try:
        again = [item.trace for item in format.read(document, keeping) if isinstance(item, Reading)]
    except ValueError:
        return found
    kept = measure(document, again, format)
    kept.invented, kept.media = found.invented, found.media
    return kept


def findings(found: Coverage, document: Document) -> list[Finding]:
    """What `Coverage` says that people should hear of: C415 for unread, C416 for invented text."""
    out = []
    line = document.lines[0] if document.lines else None
    if found.told:
        shown = ", ".join(item.pointer for item in found.unread[:_LISTED])
        more = f" and {len(found.unread) - _LISTED} more" if len(found.unread) > _LISTED else ""
        at, where = _at(document, found.unread[0].pointer)
        out.append(
            finding(
                "C415",
                file=document.file,
                line=where or line,
                pointer=at,
                found=f"{found.lost} of {found.characters} characters unread: {shown}{more}",
                expected="each text in the trace",
            )
        )
    if found.invented:
        role, text = found.invented[0]
        out.append(
            finding(
                "C416",
                file=document.file,
                line=line,
                pointer="",
                found=f"{len(found.invented)} texts, the first in {role}: {text[:60]!r}",
                expected="texts of the document",
            )
        )
    return out


def _at(document: Document, pointer: str) -> tuple[str, int | None]:
    """The pointer in the file, and the line, of ``pointer`` into a document's value."""
    if not isinstance(document.value, list) or document.text is not None:
        return pointer, None
    number, _, rest = pointer[1:].partition("/")
    position = int(number) if number.isdigit() else 0
    place = document.places[position] if position < len(document.places) else ""
    line = document.lines[position] if position < len(document.lines) else None
    return place + ("/" + rest if rest else ""), line
