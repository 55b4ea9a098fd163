"""`validate --fix`: a file repaired as far as no meaning changes, written in its own format.

In: a file and where to write. Out: the repaired file and what was done. A format that has an exporter is
written again as it was, other ones as sxl traces. Each repaired document is read back before it is
written: where the repair would not survive, the record stays as it was and the result says so. What
needs no repair or cannot be read is copied as its bytes (line breaks inside it become spaces, since a record is a
line); a row of a table that cannot be read has no bytes of its own, and the result names it. Records are written as
they are read, so that memory is bounded by the largest one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from sxl_data.contract.codes import CODES
from sxl_data.contract.errors import error
from sxl_data.contract.printable import printable_line
from sxl_data.files.numbers import encode_json
from sxl_data.rules import Change
from sxl_data.rules.families import faults, repair
from sxl_data.trace.format import Document, Format
from sxl_data.trace.types import ENCODER, Trace
from sxl_data.validate.convert import refuse_own, write_rows
from sxl_data.validate.submission import NATIVE, Submission
from sxl_data.validate.submitted import Submitted

_FIXABLE = ("P102", "P107", "P109", "A304")
_HARMLESS = ("S105", "S107", "S108")  # of the bytes; with others the value is not all that they say

# The changes that a result holds; the caller of `fix` is told each of them as it is made.
_LISTED = 1000
_SHOWN = 20

Tell = Callable[[int, Change], None]


class Fixed(msgspec.Struct):
    """What `fix` did. ``counts`` has the number of changes by code, ``changes`` the first thousand as (line,
    change); ``left`` counts findings that could not be mended."""

    out: str
    format: str
    records: int = 0
    counts: Counter[str] = msgspec.field(default_factory=Counter)
    changes: list[tuple[int, Change]] = msgspec.field(default_factory=list)
    left: int = 0
    unread: int = 0
    """Records that could not be read and were copied."""
    lost: list[int] = msgspec.field(default_factory=list)
    """Lines of records that could neither be read nor copied."""
    faulty: int = 0
    """Traces that have errors all the same."""

    def text(self) -> str:
        """For people: the sum."""
        many = ", ".join(f"{code} ×{count}" for code, count in sorted(self.counts.items())) or "no repair is known"
        lines = [f"{self.records} records written to {self.out} as {self.format}: {many}"]
        if self.left:
            lines.append(f"{self.left} records could not be written back in {self.format} and stay as they were")
        if self.unread:
            lines.append(f"{self.unread} records could not be read and were copied unchanged")
        if self.lost:
            shown = ", ".join(map(str, self.lost[:_SHOWN])) + (", …" if len(self.lost) > _SHOWN else "")
            lines.append(f"{len(self.lost)} records could not be read and are not in the output: line {shown}")
        if self.faulty:
            lines.append(f"{self.faulty} traces have errors that nobody but you can mend: sxl-data validate {self.out}")
        return "\n".join(lines)


def show(line: int, change: Change, file: str = "") -> str:
    """One change in a line for people."""
    place = f"{file} line {line}".lstrip()
    return printable_line(f"{place}  {change.code}  {change.pointer}  {change.said}")


def fix(
    path: str | Path,
    out: str | Path,
    format: str = "auto",
    known: dict[str, Format] | None = None,
    tell: Tell | None = None,
) -> Fixed:
    """Repair the file at ``path`` into ``out`` (JSONL, or one JSON document for a name in .json).

    ``tell`` is called with the line and each change as it is made. Raises `UserError` for a file that
    cannot be read, or where ``out`` is the file itself.
    """
    target = Path(out)
    refuse_own(path, target)
    submission = Submission(path, format, known)
    submission.origin = msgspec.structs.replace(submission.origin, lossless=True)
    result = Fixed(str(out), NATIVE)
    written = write_rows(target, _records(submission, result, tell))
    if written is None:
        raise error("U208", file=str(path), found="no record", expected="at least one")
    return result


def _records(submission: Submission, result: Fixed, tell: Tell | None) -> Iterator[bytes]:
    def note(line: int, changes: Iterable[Change]) -> None:
        for change in changes:
            result.counts[change.code] += 1
            if len(result.changes) < _LISTED:
                result.changes.append((line, change))
            if tell is not None:
                tell(line, change)

    for items in _by_document(submission):
        assert submission.format is not None
        writer = submission.format if hasattr(submission.format, "write") else None
        result.format = submission.format.name if writer is not None else NATIVE
        first = items[0]
        line = first.document.lines[0] if first.document.lines else 1
        traces = [item.reading.trace for item in items if item.reading is not None]
        if not traces:
            yield from _copied(first, submission.format.unit == "file", line, result)
            continue
        result.records += len(traces)
        repaired = [repair(trace) for trace in traces]
        result.faulty += sum(any(CODES[it.code].level == "error" for it in faults(trace)) for trace, _ in repaired)
        changes = [change for _, some in repaired for change in some]
        if writer is None and not first.native:
            by_reader = [change for trace, _ in repaired for change in _by_reader(trace)]
            note(line, [*_by_bytes(items), *by_reader, *changes])
            yield from (ENCODER.encode(trace) for trace, _ in repaired)
            continue
        whole = len(traces) == 1 and not any(_is_damage(f.code) for item in items for f in item.findings)
        written: Any = None
        if changes and whole:
            trace = repaired[0][0]
            written = msgspec.Raw(ENCODER.encode(trace)) if first.native else _written(writer, trace, first)
        if written is not None:
            note(line, [*_by_bytes(items), *changes])
            yield from (encode_json(value) for value in _listed(written))
            continue
        result.left += bool(changes)
        yield from ([_in_a_line(first.raw)] if first.raw else map(encode_json, _listed(first.document.value)))


def _by_document(submission: Submission) -> Iterator[list[Submitted]]:
    """What was found in each document, one after the other: its traces, and what of it is none."""
    held: list[Submitted] = []
    for item in submission:
        if held and item.document is not held[0].document:
            yield held
            held = []
        held.append(item)
    if held:
        yield held


def _copied(item: Submitted, is_part: bool, line: int, result: Fixed) -> Iterator[bytes]:
    """The bytes of a record that is no trace. ``is_part``: records are parts of one document, which has this one too
    if its value could be salvaged."""
    if is_part and item.document.value is not None and not isinstance(item.document.value, list):
        return
    if item.raw:
        result.unread += 1
        yield _in_a_line(item.raw)
        return
    try:
        values = [encode_json(value) for value in _listed(item.document.value) if value is not None]
    except (TypeError, ValueError, msgspec.MsgspecError):
        values = []
    result.unread += bool(values)
    result.lost += [] if values else [line]
    yield from values


def _in_a_line(raw: bytes) -> bytes:
    if b"\n" not in raw:
        return raw
    try:
        return msgspec.json.format(raw, indent=-1)
    except (msgspec.MsgspecError, RecursionError):
        return raw.replace(b"\n", b" ")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_damage(code: str) -> bool:
    return code.startswith("S1") and code not in _HARMLESS


def _by_bytes(items: Iterable[Submitted]) -> Iterator[Change]:
    """What reading the bytes has changed already."""
    for item in items:
        for found in item.findings:
            if found.code == "S105" or _is_damage(found.code):
                yield Change(found.code, found.pointer or "", "read as far as it can be")


def _by_reader(trace: Trace) -> Iterator[Change]:
    """Declarations that the reader of the format has normalised already."""
    for n, tool in enumerate(trace.tools):
        if tool.origin == "normalised":
            yield Change("A304", f"/tools/{n}/parameters_json", "declaration rewritten as JSON Schema")


def _written(writer: Any, fixed: Any, item: Submitted) -> Any:
    """The document of ``fixed``, or None where reading it back shows the fault again."""
    document = writer.write(fixed)
    lines = tuple(range(1, len(document) + 1)) if isinstance(document, list) else item.document.lines
    again = Document(file=item.document.file, value=document, lines=lines, row=item.document.row)
    try:
        reading = next(iter(writer.read(again, Submission("-").origin)))
    except ValueError:
        return None
    return None if any(fault.code in _FIXABLE for fault in faults(reading.trace, "PA")) else document
