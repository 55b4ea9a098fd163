"""A file → its records, one after the other, each with its line, its bytes and what is wrong with it.

In: JSONL, JSON (one value, several, or an array of records), CSV, TSV, YAML or Parquet, plain or in gzip or
zstd, told apart by content; an Inspect `.eval` archive is one record, a session in an SQLite database, too. Out:
`Record`s as a stream; memory is bounded by the largest record.
Nothing is repaired without saying so: a lone surrogate or NUL becomes U+FFFD and its record says it.
What cannot be read has no value and one finding at least; the records after it are still read.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from sxl_data.contract.errors import Finding, error, finding
from sxl_data.files import streams
from sxl_data.files.decode import decode
from sxl_data.files.record import Raw, Record
from sxl_data.files.streams import BOM, CutOff, Oversized
from sxl_data.files.table_dialects import UTF16, as_utf8, dialect_of, is_table

_ARRAY_IN_MEMORY = 64 << 20
_RAW_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])


def open_records(path: str | Path, offset: int = 0, length: int = -1, first_line: int = 1) -> Iterator[Record]:
    """The records of the file at ``path`` (``-``: stdin).

    ``offset`` and ``length`` name a byte range of plain JSONL: it holds the lines that start in it, and
    ``first_line`` is the number of the first of them. Raises `UserError` U201 or U204 for what is no file
    of records: a folder, an empty file, an image.
    """
    file = str(path)
    note: Finding | None = None
    for item in open_raw(path, offset, length, first_line):
        if isinstance(item, Finding):
            note = item
            continue
        record = item if isinstance(item, Record) else decoded(item, file)
        if note is not None:
            record, note = msgspec.structs.replace(record, findings=(note, *record.findings)), None
        yield record


def open_raw(
    path: str | Path, offset: int = 0, length: int = -1, first_line: int = 1
) -> Iterator[Raw | Record | Finding]:
    """As `open_records`, with JSON records left as bytes, for readers that decode into types. A byte
    order mark comes first, as a finding about the file."""
    if offset or length >= 0:
        yield from _range(path, offset, length, first_line)
        return
    file = str(path)
    stream = streams.open_bytes(path)
    try:
        head = stream.peek(64)[:64] if hasattr(stream, "peek") else b""
        if head.startswith(b"PK\x03\x04") and file.lower().endswith(".eval"):
            from sxl_data.files.inspect_archive import open_archive

            yield Record(1, open_archive(Path(path)))
            return
        if head.startswith(streams.DATABASE) and file != "-":
            from sxl_data.files.databases import sessions

            yield from sessions(path)
            return
        wide = head.startswith(UTF16) and is_table(file)  # which `kind_of` takes for no text
        kind = "text" if wide else streams.kind_of(head, file)
        if kind == "parquet":
            from sxl_data.files.tables import parquet_rows

            yield from parquet_rows(path)
            return
        pieces = streams.chunks(stream, kind)
        first, line = b"", 1
        try:
            for first in pieces:
                if first.strip():
                    break
                line += first.count(b"\n")  # blanks are counted and let go of: a little gzip is much of them
                first = b""
        except CutOff as cut:
            pieces = _failing(cut)
        if kind != "text" and first:
            streams.kind_of(first[:64].lstrip(b" \t\r\n") or b" ", file)
        yield from _text(itertools.chain([first], pieces), first, file, line)
    finally:
        if str(path) != "-":
            stream.close()


def _failing(cut: CutOff) -> Iterator[bytes]:
    raise cut
    yield b""


def _text(pieces: Iterator[bytes], first: bytes, file: str, line: int) -> Iterator[Raw | Record | Finding]:
    """What begins in ``first``, a piece with more than blanks, on ``line``."""
    if first.startswith(BOM):
        yield finding("S108", file=file, line=1, found="EF BB BF", expected="text")
        pieces = itertools.chain([next(pieces)[3:]], pieces)
        first = first[3:]
    start = first.lstrip()[:1]
    if not start:
        raise error("U204", file=file, found="a file without content", expected="at least one record")
    if is_table(file) and start not in b"[{":
        from sxl_data.files.tables import csv_rows

        dialect = dialect_of(first, file)
        if (told := dialect.told) is not None and not file.lower().removesuffix(".gz").endswith(".tsv"):
            yield finding("S112", file=file, line=1, found=told, expected="UTF-8, commas between values")
        pieces = as_utf8(pieces, dialect.encoding) if dialect.encoding != "UTF-8" else pieces
        yield from csv_rows(pieces, file, line, dialect.separator)
    elif file.lower().removesuffix(".gz").endswith((".yaml", ".yml")) and start not in b"[{":
        from sxl_data.files.yaml_records import yaml_record

        try:
            yield yaml_record(pieces, file)
        except CutOff as cut:
            yield _cut(file, 1, str(cut))
    elif _is_lines(file, first):
        yield from _lines(pieces, file, line)
    else:
        yield from _values(pieces, file, line)


def _is_lines(file: str, first: bytes) -> bool:
    """JSONL has a whole value on its first line and another one below."""
    name = file.lower().removesuffix(".gz").removesuffix(".zst")
    line, line_break, rest = first.lstrip().partition(b"\n")
    if not line_break:
        # One line, or a line longer than a chunk: an array is taken apart, an object is its record.
        return not line.startswith(b"[")
    decoded = decode(line.strip())
    if decoded.value is not None or decoded.salvaged is not None:
        return bool(rest.strip()) or not line.startswith(b"[")
    # A first line that is broken by itself leaves the name to decide, unless it can only be a beginning.
    return name.endswith((".jsonl", ".ndjson")) and line.strip() not in (b"[", b"{")


def _lines(pieces: Iterator[bytes], file: str, first_line: int) -> Iterator[Raw | Record]:
    number = first_line
    try:
        for number, line in streams.lines(pieces, first_line):
            if isinstance(line, Oversized):
                yield Raw(
                    number,
                    b"",
                    finding("S109", found=f"{line.size} bytes on one line", expected=f"at most {streams.MAX_RECORD}"),
                )
            elif line and not line.isspace():
                yield Raw(number, line)
    except CutOff as cut:
        yield _cut(file, number + 1, str(cut))


def _cut(file: str, line: int, reason: str) -> Record:
    return Record(
        line, None, findings=(finding("S110", file=file, line=line, found=reason, expected="the rest of the file"),)
    )


def _range(path: str | Path, offset: int, length: int, first_line: int) -> Iterator[Raw | Record]:
    with streams.open_bytes(path) as stream:
        if offset:
            stream.seek(offset - 1)
            if stream.read(1) != b"\n":
                stream.readline()
        left = -1 if length < 0 else max(0, offset + length - stream.tell())
        yield from _lines(_lines_within(stream, left, first=offset == 0), str(path), first_line)


def _lines_within(stream: BinaryIO, left: int, first: bool) -> Iterator[bytes]:
    """The next ``left`` bytes (-1: all) in pieces, and the rest of the line in which they end."""
    while left and (piece := stream.read(streams.CHUNK if left < 0 else min(left, streams.CHUNK))):
        left -= len(piece) if left > 0 else 0
        yield piece.removeprefix(BOM) if first else piece
        first = False
        while not left and not piece.endswith(b"\n") and (piece := stream.readline(streams.CHUNK)):
            yield piece


def _values(pieces: Iterator[bytes], file: str, line: int) -> Iterator[Raw | Record]:
    """Top-level values, or the elements of a top-level array, as they come; the first byte stands on ``line``."""
    held: list[bytes] = []
    size = 0
    for piece in _until_cut(pieces, file):
        if isinstance(piece, Record):
            from sxl_data.files.arrays import elements

            yield from elements(iter([b"".join(held)]), file, line, cut=piece)
            return
        held.append(piece)
        size += len(piece)
        if size > _ARRAY_IN_MEMORY:
            from sxl_data.files.arrays import elements

            yield from elements(itertools.chain(held, pieces), file, line)
            return
    text = b"".join(held)
    if not text.lstrip().startswith(b"["):
        from sxl_data.files.arrays import elements

        try:
            msgspec.json.decode(text, type=msgspec.Raw)
        except (msgspec.MsgspecError, RecursionError):
            yield from elements(iter([text]), file, line)
        else:
            yield Raw(line + text[: len(text) - len(text.lstrip())].count(b"\n"), text.strip())
        return
    try:
        items = _RAW_ARRAY.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        from sxl_data.files.arrays import elements

        yield from elements(iter([text]), file, line)
        return
    position = text.find(b"[") + 1
    line += text.count(b"\n", 0, position)
    for index, item in enumerate(items):
        data = bytes(item)
        start = text.find(data, position)
        line += text.count(b"\n", position, start)
        yield Raw(line, data, at=f"/{index}")
        position = start + len(data)
        line += data.count(b"\n")


def _until_cut(pieces: Iterator[bytes], file: str) -> Iterator[bytes | Record]:
    try:
        yield from pieces
    except CutOff as cut:
        yield _cut(file, 1, str(cut))


def decoded(raw: Raw, file: str) -> Record:
    """``raw`` as a record, with its findings placed."""
    if raw.finding is not None:
        return Record(raw.line, None, findings=(_placed(raw.finding, file, raw),), at=raw.at)
    found = decode(raw.data)
    if not found.findings:
        return Record(raw.line, found.value, raw.data, at=raw.at)
    findings = tuple(_placed(item, file, raw) for item in found.findings)
    return Record(raw.line, found.value, raw.data, findings, found.salvaged, raw.at)


def _placed(item: Finding, file: str, raw: Raw) -> Finding:
    pointer = None if item.pointer is None else raw.at + item.pointer
    return msgspec.structs.replace(item, file=file, line=raw.line, pointer=pointer)
