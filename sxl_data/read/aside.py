"""What reading says of its records: lines of the ledger, and the quarantine of those that cannot be read.

Nothing that has to go out of a record is quoted in either.
"""

from __future__ import annotations

import pyarrow as pa

from sxl_data.contract.errors import Finding, finding
from sxl_data.contract.ledger import Entry, entry
from sxl_data.contract.ledger import table as ledger_table
from sxl_data.read.quoting import Quoted, raw_of
from sxl_data.secrets.quoted import strings
from sxl_data.secrets.rows import Redaction
from sxl_data.trace.format import Document, RowError

QUARANTINE_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("code", pa.string()),
        ("rule", pa.string()),
        ("found", pa.string()),
        ("expected", pa.string()),
        ("raw", pa.binary()),
        # Where in the record itself something stood that `raw` has a placeholder for.
        ("redactions", pa.list_(pa.struct([("start", pa.int64()), ("end", pa.int64()), ("kind", pa.string())]))),
    ]
)


class Aside:
    """Ledger and quarantine of one chunk of the source called ``source``."""

    def __init__(self, source: str, redaction: Redaction | None) -> None:
        self.source, self.redaction = source, redaction
        self._entries: list[Entry] = []
        self._quarantine: list[dict[str, object]] = []

    def reject(self, item: Finding, raw: bytes, quoted: Quoted | None = None) -> None:
        """Put a record aside; ``quoted`` is what the finding is about, where nothing of it is kept."""
        own = Quoted(lambda: raw, self.source, self.redaction)
        kept, redactions = own.kept()
        item = (quoted or own).cut(item)
        self._entries.append(_entry_of(item, self._place(item.file, item.line), self.source, "quarantined"))
        self._quarantine.append(
            {
                "source": self.source,
                "file": item.file,
                "line": item.line,
                "code": item.code,
                "rule": item.rule,
                "found": item.found,
                "expected": item.expected,
                "raw": kept,
                "redactions": redactions,
            }
        )

    def failed(self, document: Document, code: str, found: str, reader: str) -> None:
        """Put a document aside of which the format called ``reader`` made nothing, by no fault of the document."""
        expected = f"the {reader} reader to cope"
        said = finding(code, file=document.file, line=_line(document), found=found, expected=expected)
        self.reject(said, raw_of(document))

    def refused(self, document: Document, problem: RowError, quoted: Quoted | None = None) -> None:
        """Put a document aside that its format refused or, with what is ``quoted`` of it, one row of it."""
        said = finding(
            "S211",
            file=problem.file or document.file,
            line=problem.line or _line(document),
            pointer=problem.pointer,
            found=problem.found,
            expected=problem.expected,
        )
        self.reject(said, raw_of(document) if quoted is None else b"", quoted)

    def empty(self, document: Document, reader: str) -> None:
        """A document in which its format found nothing."""
        place = self._place(document.file, _line(document))
        self._entries.append(entry("U209", place, self.source, "dropped", detail=f"{reader} found no trace"))

    def edited(self, item: Finding, trace_id: str = "") -> None:
        """What was changed in order to read a trace or, without an id, a record."""
        place = trace_id or self._place(item.file, item.line)
        self._entries.append(_entry_of(item, place, self.source, "edited"))

    def flagged(self, item: Finding) -> None:
        """What was not read because it is no matter of the format."""
        self._entries.append(_entry_of(item, self._place(item.file, item.line), self.source, "flagged"))

    def tables(self) -> tuple[pa.Table, pa.Table]:
        """Ledger and quarantine."""
        quarantine = pa.Table.from_pylist(self._quarantine, QUARANTINE_SCHEMA)
        return strings(ledger_table(self._entries), self.redaction), strings(quarantine, self.redaction)

    def _place(self, file: str | None, line: int | None) -> str:
        return f"{self.source}:{file}#{line or 1}"


def _line(document: Document) -> int | None:
    return document.lines[0] if document.lines else None


def _entry_of(item: Finding, trace_id: str, source: str, action: str) -> Entry:
    """A finding as a ledger line of the read stage."""
    facts = (("found", item.found), ("expected", item.expected))
    detail = ", ".join(f"{name} {value}" for name, value in facts if value)
    return Entry(
        trace_id=trace_id,
        source=source,
        stage="read",
        action=action,  # type: ignore[arg-type]
        code=item.code,
        rule=item.rule,
        detail=detail,
    )
