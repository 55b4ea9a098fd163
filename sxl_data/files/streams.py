"""Bytes of a file, decompressed and in pieces; says plainly when a file is not what it seems.

In: a path or ``-`` for stdin. Out: chunks or lines of bytes. What a file is follows from its first
bytes, never from its name. A cut gzip or zstd stream raises `CutOff` after everything before the cut
was handed out: the zstd reader of the library ends such a stream without a word, so frames are
followed by hand here.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sxl_data.contract.errors import UserError, error

CHUNK = 1 << 20
# Of compressed input: what a member or an output leaves over is copied, so bites are small.
_BITE = 1 << 14
# A line beyond this is reported and skipped: a compressed bomb must not fill the memory.
MAX_RECORD = 256 << 20

GZIP, ZSTD, PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
DATABASE = b"SQLite format 3\x00"
BOM = b"\xef\xbb\xbf"
SHEETS = (".xlsx", ".xlsm", ".xls", ".ods", ".numbers")
_BINARY = (
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "a RIFF media file"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (DATABASE, "an SQLite database"),
    (b"ARROW1", "an Arrow IPC file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)


class CutOff(Exception):
    """The compressed stream ends or breaks before its content does."""


class Damaged(CutOff):
    """The compressed stream is not what was written: what came before may be wrong too."""


def open_bytes(path: str | Path) -> BinaryIO:
    """The file at ``path`` (``-``: stdin), at its start. Raises `UserError` U201 or U204."""
    if str(path) == "-":
        if sys.stdin is None:
            raise error("U204", file="stdin", found="closed", expected="a pipe or a file")
        return sys.stdin.buffer
    path = Path(path)
    if path.is_dir():
        raise error(
            "U204",
            file=str(path),
            found="a folder",
            expected="a file",
            fix="name the files in it, for example with a pattern of your shell",
        )
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise error(
            "U201", file=str(path), found="nothing at this path", expected="a file or folder", fix="check the path"
        ) from None
    except OSError as cause:
        raise error(
            "U204", file=str(path), found=cause.strerror or str(cause), expected="a file that can be read"
        ) from None


def kind_of(head: bytes, file: str) -> str:
    """``gzip``, ``zstd``, ``parquet`` or ``text`` by the first bytes. Raises U204 for anything else."""
    if not head:
        raise error("U204", file=file, found="an empty file", expected="at least one record")
    if head.startswith(GZIP):
        return "gzip"
    if head.startswith(ZSTD):
        return "zstd"
    if head.startswith(PARQUET):
        return "parquet"
    for magic, name in _BINARY:
        if head.startswith(magic) and file.lower().endswith(SHEETS):
            raise spreadsheet(file)
        if head.startswith(magic):
            raise error("U204", file=file, found=name, expected="JSON, JSONL, CSV or Parquet text or table")
    if b"\x00" in head[:8]:
        raise error("U204", file=file, found="binary data", expected="JSON, JSONL, CSV or Parquet")
    return "text"


def spreadsheet(file: str) -> UserError:
    """What is said of a workbook, which is no table of text."""
    return error(
        "U204",
        file=file,
        found="a spreadsheet",
        expected="CSV, TSV, Parquet or JSONL",
        fix="save the sheet as CSV (in Excel: CSV UTF-8; in LibreOffice: Save as, Text CSV), and name that file",
    )


def chunks(stream: BinaryIO, kind: str) -> Iterator[bytes]:
    """The decompressed bytes of ``stream``, in pieces of about `CHUNK`. Raises `CutOff` at a cut."""
    if kind == "text":
        while data := stream.read(CHUNK):
            yield data
    else:
        yield from _gunzip(stream) if kind == "gzip" else _unzstd(stream)


def broken(path: Path) -> CutOff | None:
    """What is wrong with the gzip or zstd file at ``path``, whose checksums come after what they are of; None where it
    is sound or not compressed. Raises `UserError` as `open_bytes` does."""
    with open_bytes(path) as stream:
        head = stream.read(4)
        stream.seek(0)
        kind = "gzip" if head.startswith(GZIP) else "zstd" if head.startswith(ZSTD) else "text"
        try:
            for _ in chunks(stream, kind) if kind != "text" else ():
                pass
        except CutOff as problem:
            return problem
    return None


def _gunzip(stream: BinaryIO) -> Iterator[bytes]:
    inflate = zlib.decompressobj(wbits=31)
    pending = b""
    while True:
        data = pending or stream.read(_BITE)
        if not data:
            break
        if inflate.eof:
            # Padding of NUL after the last member is allowed; anything else starts another member.
            data = data.lstrip(b"\0") if not data.startswith(GZIP) else data
            if not data:
                pending = b""
                continue
            inflate = zlib.decompressobj(wbits=31)
        out = _inflate(inflate, data)
        pending = inflate.unconsumed_tail or inflate.unused_data
        if out:
            yield out
    while not inflate.eof and (out := _inflate(inflate, inflate.unconsumed_tail)):
        yield out
    if not inflate.eof:
        raise CutOff("the gzip data ends early")


def _inflate(inflate: zlib._Decompress, data: bytes) -> bytes:
    try:
        return inflate.decompress(data, CHUNK)
    except zlib.error as cause:
        raise Damaged(f"damaged gzip data ({cause})") from None


def _unzstd(stream: BinaryIO) -> Iterator[bytes]:
    import zstandard

    frame = zstandard.ZstdDecompressor(max_window_size=1 << 31).decompressobj()
    pending, any_input = b"", False
    # Small bites: zstd packs up to 32,000 to 1, and one call gives all that its input holds.
    while data := pending or stream.read(1 << 11):
        if frame.eof:
            frame = zstandard.ZstdDecompressor(max_window_size=1 << 31).decompressobj()
        any_input = True
        try:
            out = frame.decompress(data)
        except zstandard.ZstdError as cause:
            raise Damaged(f"damaged zstd data ({cause})") from None
        pending = frame.unused_data if frame.eof else b""
        if out:
            yield out
    if any_input and not frame.eof:
        raise CutOff("the zstd data ends early")


def lines(pieces: Iterator[bytes], first: int = 1) -> Iterator[tuple[int, bytes]]:
    """(number, line without its line break) of text; raises `CutOff` after the last whole line.

    A line beyond `MAX_RECORD` is skipped and comes as `Oversized`.
    """
    rest: list[bytes] = []
    number, size, skipped = first, 0, 0
    for piece in pieces:
        if b"\n" not in piece:
            size += len(piece)
            if size > MAX_RECORD:
                skipped, rest = size, []
            else:
                rest.append(piece)
            continue
        head, *middle = piece.split(b"\n")
        tail = middle.pop()
        if skipped:
            yield number, _oversized(skipped + len(head))
        else:
            rest.append(head)
            yield number, b"".join(rest)
        number += 1
        for line in middle:
            yield number, line
            number += 1
        rest, size, skipped = [tail], len(tail), 0
    if skipped:
        yield number, _oversized(skipped)
    elif rest and (last := b"".join(rest)):
        yield number, last


class Oversized(bytes):
    """Stands for a line that was skipped; ``size`` is how many bytes it had."""

    size: int


def _oversized(size: int) -> Oversized:
    marker = Oversized()
    marker.size = size
    return marker
