"""A chunk → documents, one after the other, or what could not be read and why.

The unit is the format's: a record, a whole JSON file, or a text file. Archives are streamed member by
member and never extracted into a folder, so a path inside them can point nowhere.
"""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath

import msgspec

from sxl_data.contract.errors import Finding, UserError, finding
from sxl_data.contract.folders import told
from sxl_data.files.archives import DAMAGED, MAX_MEMBER_BYTES, Oversized, members, unpacked
from sxl_data.files.records import open_records
from sxl_data.files.streams import Damaged, broken
from sxl_data.read.files import Chunk, Piece
from sxl_data.read.licences import by_folder, is_licence_file, nearest, stated
from sxl_data.read.passed import Other, Passed, is_beside, passed
from sxl_data.read.sources import Source
from sxl_data.trace.format import Document, Unit

# A member or text file beyond this is data, not source text; a bomb unpacks to far more.
MAX_TEXT_BYTES = 8_000_000
MAX_MEMBERS = 1_000_000
_TEXTS = ("text", "folder")  # units of formats that read files of text


class Unread(msgspec.Struct, frozen=True):
    """Bytes that are no document, and why."""

    finding: Finding
    raw: bytes = b""


class Read(msgspec.Struct, frozen=True):
    """A document, and what had to be repaired to decode it."""

    document: Document
    repairs: tuple[Finding, ...] = ()


class Begin(msgspec.Struct):
    """A file or member of an archive begins; whoever sets ``leave`` gets nothing more of it."""

    name: str
    leave: bool = False


def documents(
    chunk: Chunk, unit: Unit, source: Source, suffixes: tuple[str, ...] = ()
) -> Iterator[Read | Unread | Passed]:
    """The documents of ``chunk`` in order: at most ``source.limit`` of each file or, for formats that read
    text files, so many files.

    ``suffixes``: endings of the file names that a format of unit text or folder reads; empty reads all.
    """
    found = (item for item in announced(chunk, unit, source, suffixes) if not isinstance(item, Begin))
    return islice(found, source.limit) if unit == "text" else found


def announced(
    chunk: Chunk, unit: Unit, source: Source, suffixes: tuple[str, ...] = ()
) -> Iterator[Begin | Read | Unread | Passed]:
    """As `documents` without the limit of files, and `Begin` before those of each file."""
    if (said := told(chunk.left)) is not None:
        yield Passed(said)
    others: list[str] = []
    for item in _announced(chunk, unit, source, suffixes):
        if not isinstance(item, Other):
            yield item
        elif unit not in _TEXTS or not is_licence_file(item.name):  # which is read there for the licence that it states
            others.append(item.name)
    if others:
        yield Passed(passed(others, suffixes if unit in _TEXTS else ()))


def _announced(
    chunk: Chunk, unit: Unit, source: Source, suffixes: tuple[str, ...]
) -> Iterator[Begin | Read | Unread | Passed | Other]:
    if chunk.made is not None:
        first, count = chunk.made
        yield from (Read(Document(file=source.name, value=n, row=n)) for n in range(first, first + count))
        return
    if unit == "folder" and chunk.pieces:
        yield from _folder(chunk, source, suffixes)
        return
    licences = _licences(chunk, source) if unit == "text" else {}
    for piece in chunk.pieces:
        if chunk.archive:
            yield from _members(piece, unit, source, suffixes, licences, chunk)
        elif unit == "text" and not piece.name.lower().endswith(suffixes or ("",)):
            yield Other(piece.name)
        else:
            yield (begin := Begin(piece.name))
            if begin.leave:
                continue
            if unit == "text":
                yield from _text(piece.name, _head(Path(piece.path)), piece.sha256, licences)
            else:
                yield from _records(Path(piece.path), piece, unit, source.limit, begin)


def _head(path: Path) -> bytes:
    """The bytes of a text file, or enough of them to see that it is none."""
    with path.open("rb") as file:
        return file.read(MAX_TEXT_BYTES + 1)


def _folder(chunk: Chunk, source: Source, suffixes: tuple[str, ...]) -> Iterator[Read | Unread | Passed | Other]:
    """All text files of a folder or archive as one document, named after the archive or its first file."""
    texts: dict[str, str] = {}
    items: Iterator[Begin | Read | Unread | Passed | Other]
    if chunk.archive:
        items = _members(chunk.pieces[0], "text", source, suffixes, {}, chunk)
    else:
        items = iter(documents(chunk, "text", source, suffixes))
    for item in items:
        if isinstance(item, Read):
            texts[item.document.file] = item.document.text or ""
        elif not isinstance(item, Begin):
            yield item
    if texts:
        digest = hashlib.sha256("".join(piece.sha256 for piece in chunk.pieces).encode("ascii"))
        sha256 = chunk.pieces[0].sha256 if len(chunk.pieces) == 1 else digest.hexdigest()
        name = chunk.pieces[0].name if chunk.archive else min(texts)
        licence = nearest(min(texts), _licences(chunk, source))
        yield Read(Document(file=name, value=texts, sha256=sha256, licence=licence))


def _licences(chunk: Chunk, source: Source) -> dict[str, str]:
    """Licences by folder."""
    return stated(_archive_licences(chunk) if chunk.archive else _folder_licences(chunk), source.licence)


def _archive_licences(chunk: Chunk) -> dict[str, str]:
    """Licences by folder: one pass over the archive before it is read, since they may come last."""
    try:
        found = ((n, m) for n, m in members(Path(chunk.pieces[0].path)) if is_licence_file(n))
        return by_folder((name, member.read(MAX_TEXT_BYTES).decode("utf-8", "replace")) for name, member in found)
    except DAMAGED:
        return {}  # the reading that follows reports it


def _folder_licences(chunk: Chunk) -> dict[str, str]:
    """Licences by folder, of the folders between each file and the source's root."""
    files: dict[str, str] = {}
    looked_at: set[Path] = set()
    for piece in chunk.pieces:
        folder = Path(piece.path).parent
        for parent in PurePosixPath(piece.name).parents:
            if folder not in looked_at:
                looked_at.add(folder)
                for path in sorted(folder.iterdir()):
                    if is_licence_file(path.name) and path.is_file():
                        files[(parent / path.name).as_posix()] = path.read_text(encoding="utf-8", errors="replace")
            folder = folder.parent
    return by_folder(files.items())


def _records(path: Path, piece: Piece, unit: Unit, limit: int | None, begin: Begin) -> Iterator[Read | Unread | Other]:
    values: list[object] = []
    lines: list[int] = []
    places: list[str] = []
    repairs: list[Finding] = []
    first_row = piece.first_line - 1
    try:
        # The checksum comes last: rows that were read before it failed may be other than they were.
        if limit is None and isinstance(problem := broken(path), Damaged):
            yield Unread(finding("U204", file=piece.name, found=problem, expected="a whole file"))
            return
        for row, record in enumerate(
            open_records(path, offset=piece.offset, length=piece.length, first_line=piece.first_line)
        ):
            if limit is not None and row >= limit:
                break
            if not record.line:
                continue  # about the file as a whole, such as a byte order mark: no record was lost
            found = tuple(_named(item, piece.name) for item in record.findings)
            if record.value is None and record.finding is not None:
                if not row and not first_row and is_beside(piece.name):
                    yield Other(piece.name)
                    return
                yield Unread(_named(record.finding, piece.name), record.raw)
            elif unit == "row":
                yield Read(
                    Document(
                        file=piece.name,
                        value=record.value,
                        lines=(record.line,),
                        sha256=piece.sha256,
                        row=first_row + row,
                    ),
                    found,
                )
            else:
                values.append(record.value)
                lines.append(record.line)
                places.append(record.at)
                repairs += found
            if begin.leave:
                return
    except UserError as problem:
        if not values and is_beside(piece.name):
            yield Other(piece.name)
            return
        yield from (Unread(_named(item, piece.name)) for item in problem.findings)
    if values:
        yield Read(
            Document(file=piece.name, value=values, lines=tuple(lines), places=tuple(places), sha256=piece.sha256),
            tuple(repairs),
        )


def _text(name: str, data: bytes, digest: str, licences: dict[str, str]) -> Iterator[Read | Unread]:
    if len(data) > MAX_TEXT_BYTES:
        yield Unread(finding("U204", file=name, found=f"over {MAX_TEXT_BYTES} bytes", expected="source text"))
        return
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        yield Unread(
            finding("U203", file=name, line=line, found=f"byte 0x{data[problem.start]:02x}", expected="UTF-8"), data
        )
        return
    if "\x00" in text:
        yield Unread(finding("U203", file=name, found="NUL characters", expected="a text file"), data)
        return
    yield Read(Document(file=name, text=text, sha256=digest, licence=nearest(name, licences)))


def _members(
    piece: Piece, unit: Unit, source: Source, suffixes: tuple[str, ...], licences: dict[str, str], chunk: Chunk
) -> Iterator[Begin | Read | Unread | Other]:
    only, apart = frozenset(chunk.members), frozenset(chunk.apart)
    cut = broken(Path(piece.path)) if source.limit is None else None
    if isinstance(cut, Damaged):
        yield Unread(finding("U204", file=piece.name, found=cut, expected="a whole archive"))
        return
    try:
        for number, (name, member) in enumerate(members(Path(piece.path))):
            if number >= MAX_MEMBERS:
                yield Unread(finding("U204", file=piece.name, found=f"over {MAX_MEMBERS} members", expected="fewer"))
                return
            if (only and name not in only) or name in apart or not wanted(name, source):
                continue
            if unit == "text" and not name.lower().endswith(suffixes or ("",)):
                yield Other(name)
                continue
            yield (begin := Begin(name))
            if begin.leave:
                continue
            if unit == "text":
                data = member.read(MAX_TEXT_BYTES + 1)
                yield from _text(name, data, hashlib.sha256(data).hexdigest(), licences)
                continue
            try:
                with unpacked(name, member) as (path, digest, size):
                    yield from _records(path, Piece(str(path), name, digest, size), unit, source.limit, begin)
            except Oversized as problem:
                yield Unread(finding("U204", file=name, found=problem, expected=f"at most {MAX_MEMBER_BYTES}"))
    except DAMAGED as problem:
        yield Unread(finding("U204", file=piece.name, found=problem, expected="a whole archive"))
    else:
        if cut is not None:
            yield Unread(finding("S110", file=piece.name, found=cut, expected="the rest of the archive"))


def wanted(name: str, source: Source) -> bool:
    """Whether ``include`` and ``exclude`` let a member of an archive through."""
    included = not source.include or any(fnmatch.fnmatch(name, pattern) for pattern in source.include)
    return included and not any(fnmatch.fnmatch(name, pattern) for pattern in source.exclude)


def _named(item: Finding, name: str) -> Finding:
    return msgspec.structs.replace(item, file=name)
