"""`validate --fix`: a file repaired as far as no meaning changes, written in its own format.

In: a file and where to write. Out: the repaired file and what was done. A format that has an exporter is
written again as it was, other ones as sxl traces. Each repaired document is read back before it is
written: where the repair would not survive, the record stays as it was and the result says so. What
cannot be read is copied byte for byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from sxl_data.contract.errors import error
from sxl_data.trace.check.families import faults
from sxl_data.trace.format import Document, Format
from sxl_data.trace.repair import Change, repair
from sxl_data.trace.submission import NATIVE, Submission, Submitted
from sxl_data.trace.types import ENCODER, Trace

_FIXABLE = ("P102", "P109", "A304")


class Fixed(msgspec.Struct):
    """What `fix` did. ``changes`` has (line, change); ``left`` counts findings that could not be mended."""

    out: str
    format: str
    records: int = 0
    changes: list[tuple[int, Change]] = msgspec.field(default_factory=list)
    left: int = 0
    unread: int = 0

    def text(self) -> str:
        """For people: each change, then the sum."""
        lines = [f"line {line}  {c.code}  {c.pointer}  {c.said}" for line, c in self.changes]
        counts = Counter(change.code for _, change in self.changes)
        many = ", ".join(f"{code} ×{count}" for code, count in sorted(counts.items())) or "nothing to repair"
        lines.append(f"{self.records} records written to {self.out} as {self.format}: {many}")
        if self.left:
            lines.append(
                f"{self.left} records could not be written back in {self.format} and stay as they were"
            )
        if self.unread:
            lines.append(f"{self.unread} records could not be read and were copied unchanged")
        return "\n".join(lines)


def fix(
    path: str | Path, out: str | Path, format: str = "auto", known: dict[str, Format] | None = None
) -> Fixed:
    """Repair the file at ``path`` into ``out`` (JSONL, or one JSON document for a name in .json).

    Raises `UserError` for a file that cannot be read, or where ``out`` is the file itself.
    """
    target = Path(out)
    if str(path) != "-" and target.exists() and target.samefile(path):
        raise error("U302", file=str(out), found="the input file", expected="another file",
                    fix="write to another name and compare before you replace the original")  # fmt: skip
    submission = Submission(path, format, known)
    submission.origin = msgspec.structs.replace(submission.origin, lossless=True)
    result = Fixed(str(out), NATIVE)
    values = list(_records(submission, result))
    if target.suffix == ".json":
        whole = values[0] if len(values) == 1 else b"[\n" + b",\n".join(values) + b"\n]"
        data = whole + b"\n"
    else:
        data = b"".join(value + b"\n" for value in values)
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(target)
    except OSError as problem:
        raise error("U302", file=str(out), found=problem.strerror or problem) from None
    return result


def _records(submission: Submission, result: Fixed) -> Iterator[bytes]:
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
            result.changes += [(line, change) for change in changes]
            yield ENCODER.encode(fixed)
            continue
        written = _written(writer, fixed, item) if changes else None
        if written is None:
            result.left += bool(changes)
            values = item.document.value if isinstance(item.document.value, list) else [item.document.value]
        else:
            result.changes += [(line, change) for change in changes]
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
