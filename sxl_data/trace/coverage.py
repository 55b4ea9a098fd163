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
from typing import Any

import msgspec

from sxl_data.contract import patterns
from sxl_data.contract.errors import Finding, finding
from sxl_data.files.json_text import dump
from sxl_data.trace.declared import Declared, Omitted, declared
from sxl_data.trace.format import Document, Format, Origin, Reading
from sxl_data.trace.invented import with_numbers
from sxl_data.trace.leaves import ENCODED, LINKS, MEDIA, SHORTEST, Path, leaves, located, pointer_of, said, texts
from sxl_data.trace.opened import declaration, load_or_none, opened, stands
from sxl_data.trace.residue import left_over
from sxl_data.trace.searched import Searched
from sxl_data.trace.tally import Coverage, Unread
from sxl_data.trace.types import Trace

_LISTED = 5
_REMEMBERED = 20_000  # characters of a declaration that is remembered
_MADE = patterns.compile(  # an identifier, a digest or a time
    r"(?:[\w.-]{1,64}[-_:])?(?:[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9a-fA-F]{16,128})"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d[\d:.+Zz-]*"
)
_DIGITS = "0123456789abcdefABCDEF-"
_WORDS = frozenset({"task", "tools", "observe", "reflect", "act", "arguments", "result", "data"})
"""Roles that the mirror law is about; names and identifiers are the reader's own where a source has none."""


def measure(document: Document, traces: Sequence[Trace], format: Format, thorough: bool = True) -> Coverage:
    """What of ``document`` is in ``traces``, and what in them is not of it. Without ``thorough``, a text out of
    which pieces were cut is taken as read, and the pieces as found."""
    rules = declared(format)
    value = document.text if document.text is not None else document.value
    held = said(traces)
    omitted = rules.below(value)
    own = leaves(value, rules.keys, held, omitted)
    read = own.texts
    found = Coverage(characters=own.characters, media=MEDIA in held.values())
    lost = [] if rules.everything else [text for text in read if text not in held and not _is_made(text)]
    extra = [
        text
        for text, role in held.items()
        if len(text) >= SHORTEST
        and text not in read
        and text not in own.whole
        and (role in _WORDS or (lost and role == "ext"))
        and role not in rules.composes
    ]
    if thorough:
        composed = [text for text in extra if held[text] == "arguments"]
        composed += [text for text, role in held.items() if role == "arguments" and len(text) < SHORTEST]
        composed = [text for text in composed if text not in own.whole]
        for text in with_numbers(composed, value):
            if len(text) < SHORTEST or load_or_none(text) not in own.other:  # else it is told below
                found.invented.append(("arguments", text))
    if not lost and not extra:
        return found
    if lost and extra and not thorough and not own.whole and not own.other:
        return found  # a text that was cut into pieces, as all of its kind
    if own.whole:
        for text in own.open():
            held.setdefault(text, "arguments")
        lost = [text for text in lost if text not in held]
        extra = [text for text in extra if text not in read]
    if any(held[text] == "arguments" for text in extra):
        extra = _as_called(own.other, held, extra, found)
    made = _opened_up(read, held, lost, extra)
    if (lost or made) and (thorough or not (lost and made)):
        _look(value, rules, omitted, found, read, held, lost, made)
    return found


def _is_made(text: str) -> bool:
    """Whether ``text`` is an identifier, a digest or a time. Most texts show by their ends that they are none."""
    if len(text) >= 150:
        return False
    likely = len(text) - len(text.rstrip(_DIGITS)) >= SHORTEST or (text[:4].isdecimal() and text[4:5] == "-")
    return likely and _MADE.fullmatch(text) is not None


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
        elif text in same or dump(load_or_none(text)) in same:  # white space changes no token that a template renders
            held.update(dict.fromkeys(texts(load_or_none(text)), "arguments"))
        elif load_or_none(text) in objects:
            found.invented.append(("arguments", text))
        else:
            left.append(text)
    return left


def _opened_up(leaves: dict[str, None], held: dict[str, str], lost: list[str], extra: list[str]) -> list[str]:
    """Open what is JSON on either side: takes out of ``lost`` what is in a trace after all, and adds to ``held``
    and ``leaves`` what stands in JSON; those of ``extra`` and their strings that are not in the document."""
    made: list[str] = []
    kept = [text for text in extra if held[text] == "ext"]  # our own JSON, opened at once
    for item in opened("[" + ",".join(kept) + "]") or () if kept else ():
        held.setdefault(item, "ext")
    for text in extra:
        role = held[text]
        if role == "ext":
            continue
        inner = (declaration(text) if len(text) < _REMEMBERED else opened(text)) if role in ENCODED else None
        if inner is None:
            made.append(text)
            continue
        made += [item for item in inner if item not in leaves]
        for item in inner:
            held.setdefault(item, role)
    missing = []
    for text in lost:
        if text in held or text.partition(": ")[2] in held:  # or under a label
            continue
        inner = opened(text)
        if inner is None or any(item not in held and not _is_made(item) for item in inner):
            missing.append(text)
        leaves.update(inner or ())
    if missing:
        # Arguments that the document has as text are open only now: formats say them again as an object.
        for text in [text for text, role in held.items() if role == "arguments" and text in leaves]:
            for item in opened(text) or ():
                held.setdefault(item, "arguments")
        missing = [text for text in missing if text not in held]
    lost[:] = missing
    return [text for text in made if text not in leaves]


def _look(
    value: Any,
    rules: Declared,
    omitted: Omitted,
    found: Coverage,
    leaves: dict[str, None],
    held: dict[str, str],
    lost: list[str],
    made: list[str],
) -> None:
    """Put into ``found`` what of ``lost`` is unread and not declared, and what of ``made`` stands nowhere."""
    places = _places(value, rules, omitted, lost)
    residues, unmatched = left_over(lost, made, held, places)
    for text in lost:
        if text not in places:
            found.declared += len(text)
        elif text in residues:
            found.unread.append(Unread(pointer_of(places[text]), residues[text], text))
    if unmatched:
        near = Searched("\n".join(leaves))
        unmatched = [text for text in unmatched if not stands(text, near)]
    if unmatched:
        # What stands under keys that are left out stands in the document all the same.
        every = texts(value, shortest=1)
        inside = [inner for text in every for inner in opened(text) or ()]
        whole = Searched("\n".join((*every, *leaves, *inside)))
        found.invented += [(held.get(text, "data"), text) for text in unmatched if not stands(text, whole)]


def _places(value: Any, rules: Declared, omitted: Omitted, lost: list[str]) -> dict[str, Path]:
    """Where those of ``lost`` stand that no declaration leaves out."""
    records = value if isinstance(value, list) else None
    where: dict[str, Path] = {}
    known: dict[tuple[Any, Path], bool] = {}  # records are alike
    for path, text in located(value, set(lost), omitted):
        if records is not None and path:
            record, inner = records[int(path[0])], path[1:]
        else:
            record, inner = value, path
        if path and path[-1] in LINKS and " " not in text:
            continue
        kind = record.get("type") if isinstance(record, dict) else None
        alike = (kind if isinstance(kind, str) else None, tuple(key for key in inner if not key.isdecimal()))
        if alike not in known:
            known[alike] = rules.leaves_out(inner, record)
        if not known[alike]:
            where.setdefault(text, path)
    return where


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


def left_out(document: Document, format: Format) -> int:
    """Characters of the texts of ``document`` that ``format`` declares to leave out, without looking at any trace."""
    rules = declared(format)
    value = document.text if document.text is not None else document.value
    if rules.everything:
        return 0
    own = leaves(value, rules.keys, (), rules.below(value))
    return sum(len(text) for text in texts(own.passed) if text not in own.texts)


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
