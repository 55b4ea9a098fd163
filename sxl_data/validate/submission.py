"""A submitted file as traces: its format found out, every record read, and nothing lost without a word.

In: a path and a format name or ``auto``. Out: one `Submitted` for each trace and each record that is
none. Our own format is decoded into types directly; every other one goes through its reader, the same
that the build uses.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from sxl_data.contract.errors import Finding, finding
from sxl_data.contract.printable import encodable
from sxl_data.files import numbers
from sxl_data.files.decode import decode, may_hide
from sxl_data.files.record import Raw, Record
from sxl_data.files.records import decoded, open_raw
from sxl_data.formats.registry import SAMPLES, detect_growing, formats, get
from sxl_data.rules import private
from sxl_data.trace.coverage import cover, findings, left_out
from sxl_data.trace.format import Document, Format, Origin, Reading, RowError
from sxl_data.trace.tally import Tally
from sxl_data.trace.types import DECODER, SCHEMA_VERSION
from sxl_data.validate.ahead import Looked, looked
from sxl_data.validate.submitted import Submitted, examined, position, refused, value_of

NATIVE = "sxl_trace"
_ANY = numbers.DECODER
_LARGE = 16 << 20
Scan = Callable[[bytes], int]
# Flags of `files.scanning` without the lowest → the letters that `rules.content` takes.
LOOKS = tuple("".join(letter for bit, letter in enumerate("tcsbx") if flags >> bit & 1) for flags in range(32))


class Submission:
    """One file. Iterate once; ``format`` and ``reason`` are known after the first item."""

    def __init__(
        self,
        path: str | Path,
        format: str = "auto",
        known: dict[str, Format] | None = None,
        part: tuple[int, int, int] = (0, -1, 1),
    ) -> None:
        self.part = part
        """Offset, length and first line of the range that is read, see `open_records`."""
        self.path, self.file = path, "stdin" if str(path) == "-" else encodable(str(path))
        self.known = formats() if known is None else known
        self.wanted = format
        self.format: Format | None = None
        self.reason = "named by the caller"
        self.complete = True
        self.origin = Origin(source="submitted", lossless=False)
        self.coverage: Tally | None = None
        """Counts what is read, where a caller puts a tally here; findings say what is not (see `coverage`)."""

    def __iter__(self) -> Iterator[Submitted]:
        if self.wanted != "auto":
            self.format = get(self.wanted, self.known, file=self.file)
            if self.format.unit == "text":
                yield from self._text()
                return
        items = self._items()
        head: list[Raw | Record] = []
        self.format = self.recognise(items, head)
        everything = itertools.chain(head, items)
        if self.format.unit == "file":
            yield from self._whole(everything)
        elif self.format.name == NATIVE:
            yield from self._native(everything)
        else:
            scan = self._scanner()
            for number, (item, private_looks) in enumerate(self._looked(everything, scan)):
                record, looks = self._decoded(item, private_looks, scan)
                yield from self._row(record, position(item, number), looks)

    def recognise(self, items: Iterator[Raw | Record] | None = None, head: list[Raw | Record] | None = None) -> Format:
        """The format, read off the first records of the file. Those are taken from ``items``, where somebody reads it
        already, and put into ``head``."""
        if self.format is not None:
            return self.format
        if self.wanted != "auto":
            return get(self.wanted, self.known, file=self.file)
        items = self._items() if items is None else items
        head = [] if head is None else head
        sample: list[Any] = []

        def take(count: int) -> list[Any]:
            more = list(itertools.islice(items, count - len(head)))
            head.extend(more)
            sample.extend(value for value in map(value_of, more) if value is not None)
            return sample

        if take(SAMPLES[0]):
            self.format, self.reason = detect_growing(take, self.known.values(), file=self.file)
        else:
            # Nothing can be told of the format; what is wrong with the bytes is said record by record.
            self.format, self.reason = self.known[NATIVE], "no record could be decoded"
        return self.format

    def _items(self) -> Iterator[Raw | Record]:
        for item in open_raw(self.path, *self.part):
            if isinstance(item, Finding):
                yield Record(1, None, findings=(msgspec.structs.replace(item, file=self.file),))
            else:
                yield item

    def _document(self, row: int, line: int, value: Any = None) -> Document:
        return Document(file=self.file, value=value, lines=(line,), row=row)

    def _looked(self, items: Iterable[Raw | Record], scan: Scan | None) -> Iterable[Looked]:
        return ((item, "") for item in items) if scan is None else looked(items)

    def _decoded(self, item: Raw | Record, private_looks: str, scan: Scan | None) -> tuple[Record, str | None]:
        """The record of ``item``, and the looks that its bytes ask for where they were scanned."""
        if not isinstance(item, Raw):
            return item, None
        if scan is not None and item.finding is None:
            try:
                value = _ANY.decode(item.data)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                value = None
            if value is not None and not (found := scan(item.data)) & 1:
                return Record(item.line, value, item.data, at=item.at), LOOKS[found >> 1] + private_looks
        return decoded(item, self.file), None

    def _row(self, record: Record, row: int, looks: str | None = None) -> Iterator[Submitted]:
        value = value_of(record)
        self._note(record.findings)
        document = self._document(row, record.line, value)
        if value is None:
            yield Submitted(None, document, record.findings, at=record.at, raw=record.raw)
            return
        findings = record.findings
        for item in self._read(document, record.at, record.raw, looks):
            yield msgspec.structs.replace(item, findings=(*findings, *item.findings)) if findings else item
            findings = ()
        if findings:
            yield Submitted(None, document, findings, at=record.at, raw=record.raw)

    def _read(self, document: Document, at: str, raw: bytes, looks: str | None = None) -> Iterator[Submitted]:
        assert self.format is not None
        some = False
        held: Submitted | None = None  # the latest, since what was not read is known after the last
        readings: list[Reading] = []
        try:
            for reading in self.format.read(document, self.origin):
                some = True
                if isinstance(reading, RowError):  # a part that is no trace, among others that are
                    yield refused(reading, document, at, raw)
                    continue
                if held is not None:
                    yield held
                held = Submitted(reading, document, at=at, raw=raw, looks=looks)
                if self.coverage is not None:
                    readings.append(reading)
            if held is not None:
                yield self._covered(held, readings)
                held = None
            if not some and self.format.unit == "text":  # as many a source file: a build says the same of it
                found = finding("U209", file=document.file, found=f"{self.format.name} found no trace")
                yield Submitted(None, document, (found,), at=at, raw=raw)
            elif not some:
                yield refused(RowError("nothing that is a trace", "at least one"), document, at, raw)
        except RowError as problem:
            if held is not None:
                yield held
            yield refused(problem, document, at, raw)
        except (TypeError, ValueError, LookupError, AttributeError, RecursionError, AssertionError) as problem:
            found = finding(
                "S211",
                file=document.file,
                line=document.lines[0] if document.lines else None,
                pointer=at,
                found=f"{type(problem).__name__}: {problem}",
                expected=f"a document of the format {self.format.name}",
                why="the reader did not expect such a value; if the document is right, please report it",
            )
            yield Submitted(None, document, (found,), at=at, raw=raw)

    def _covered(self, item: Submitted, readings: list[Reading]) -> Submitted:
        """``item``, the last of its document, with what the coverage law says of all ``readings`` of it."""
        if self.coverage is None or self.format is None or self.format.name == NATIVE:
            return item
        found = cover(item.document, readings, self.format, self.origin)
        told = findings(found, item.document)
        beside = left_out(item.document, self.format)
        found.declared, found.characters = found.declared + beside, found.characters + beside
        self.coverage.add(found)
        placed = [msgspec.structs.replace(one, pointer=item.at + (one.pointer or "")) for one in told]
        return msgspec.structs.replace(item, findings=(*item.findings, *placed)) if placed else item

    def _whole(self, items: Iterator[Raw | Record]) -> Iterator[Submitted]:
        values: list[Any] = []
        lines: list[int] = []
        places: list[str] = []
        for item in items:
            record = decoded(item, self.file) if isinstance(item, Raw) else item
            value = value_of(record)
            if record.findings:
                self._note(record.findings)
                document = self._document(0, record.line, value)
                yield Submitted(None, document, record.findings, at=record.at, raw=record.raw)
            if value is not None:
                values.append(value)
                lines.append(record.line)
                places.append(record.at)
        if values:
            whole = Document(file=self.file, value=values, lines=tuple(lines), places=tuple(places))
            yield from self._read(whole, "", b"")

    def _text(self) -> Iterator[Submitted]:
        from sxl_data.files.streams import chunks, kind_of, open_bytes

        with open_bytes(self.path) as stream:
            head = stream.peek(64)[:64] if hasattr(stream, "peek") else b""
            data = b"".join(chunks(stream, kind_of(head, self.file)))
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as bad:
            line = data.count(b"\n", 0, bad.start) + 1
            found = finding("S102", file=self.file, line=line, found=f"byte 0x{data[bad.start]:02x}", expected="UTF-8")
            yield Submitted(None, self._document(0, line), (found,))
            return
        yield from self._read(Document(file=self.file, text=text), "", b"")

    def _note(self, findings: tuple[Finding, ...]) -> None:
        if any(item.code in ("S109", "S110") for item in findings):
            self.complete = False

    # Our own format ---------------------------------------------------------------------------------

    def _native(self, items: Iterator[Raw | Record]) -> Iterator[Submitted]:
        typed, file, current = DECODER.decode, self.file, SCHEMA_VERSION
        scan = self._scanner()
        for number, (item, private_looks) in enumerate(self._looked(items, scan)):
            row = position(item, number)
            if type(item) is Raw and item.finding is None:
                data = item.data
                try:
                    trace = typed(data)
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                    pass
                else:
                    looks = None
                    if scan is not None:
                        found = scan(data)
                        sound = not found & 1 or not decode(data).findings
                        looks = LOOKS[found >> 1] + private_looks
                    else:
                        # Fewer keys come out of the encoder when one was written twice, or when a default
                        # was written out; only then the row is decoded once more to tell which.
                        sound = not may_hide(data, trace) or not decode(data).findings
                    if sound and trace.schema_version == current:
                        yield Submitted(
                            Reading(trace=trace, line=item.line),
                            Document(file=file, lines=(item.line,), row=row),
                            native=True,
                            at=item.at,
                            raw=data,
                            looks=looks,
                        )
                        continue
            record = decoded(item, self.file) if isinstance(item, Raw) else item
            self._note(record.findings)
            yield examined(record, self._document(row, record.line, value_of(record)))

    def _scanner(self) -> Scan | None:
        """The compiled scan, where the file is large enough to be worth its start."""
        if str(self.path) == "-" or not Path(self.path).is_file() or Path(self.path).stat().st_size < _LARGE:
            return None
        from sxl_data.files.scanning import load_scan

        private.prepare()
        return load_scan()


def opened(source: str | Path | Submission, format: str = "auto", known: dict[str, Format] | None = None) -> Submission:
    """``source`` as a submission: what its path names, as the commands open it, or what a caller has opened already.
    A caller who says himself which formats are ``known`` reads a file of records."""
    if isinstance(source, Submission) or known is not None:
        return source if isinstance(source, Submission) else Submission(source, format, known)
    from sxl_data.validate.submissions import one

    return one(source, format)
