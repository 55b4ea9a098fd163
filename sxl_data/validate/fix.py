"""`validate --fix`: a file repaired as far as no meaning changes, written in its own format.

In: a file and where to write. Out: the repaired file and what was done. A format that has an exporter is
written again as it was, other ones as sxl traces. Each repaired document is read back before it is
written: where the repair would not survive, the record stays as it was and the result says so. What
cannot be read is copied byte for byte. Records are written as they are read, so that memory is bounded by the
largest one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from sxl_data.contract.errors import error
from sxl_data.rules.families import faults
from sxl_data.rules.repair import Change, repair
from sxl_data.trace.format import Document, Format
from sxl_data.trace.types import ENCODER, Trace
from sxl_data.validate.convert import refuse_own, write_rows
from sxl_data.validate.submission import NATIVE, Submission, Submitted

_FIXABLE = ("P102", "P109", "A304")


# The changes that a result holds; the caller of `fix` is told each of them as it is made.
_LISTED = 1000

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

    def text(self) -> str:
        """For people: the sum."""
        many = ", ".join(f"{code} ×{count}" for code, count in sorted(self.counts.items())) or "nothing to repair"
        lines = [f"{self.records} records written to {self.out} as {self.format}: {many}"]
        if self.left:
            lines.append(f"{self.left} records could not be written back in {self.format} and stay as they were")
        if self.unread:
            lines.append(f"{self.unread} records could not be read and were copied unchanged")
        return "\n".join(lines)


def show(line: int, change: Change) -> str:
    """One change in a line for people."""
    return f"line {line}  {change.code}  {change.pointer}  {change.said}"


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

    for item in submission:
        writer = submission.format if hasattr(submission.format, "write") else None
        assert submission.format is not None
        result.format = submission.format.name if writer is not None else NATIVE
        line = item.document.lines[0] if item.document.lines else 1
        if item.reading is None:
            result.unread += 1
            if item.raw:
                yield item.raw.replace(b"\n", b" ") if b"\n" in item.raw else item.raw
            continue
        result.records += 1
        fixed, changes = repair(item.reading.trace)
        if item.native or writer is None:
            if not item.native:
                changes = [*_by_reader(fixed), *changes]
            note(line, changes)
            yield ENCODER.encode(fixed)
            continue
        written = _written(writer, fixed, item) if changes else None
        if written is None:
            result.left += bool(changes)
            values = item.document.value if isinstance(item.document.value, list) else [item.document.value]
        else:
            note(line, changes)
            values = written if isinstance(written, list) else [written]
        yield from (msgspec.json.encode(value) for value in values)


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
