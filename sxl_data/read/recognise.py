"""Whose files are these: the format of each file of a source.

In: the chunks of a source whose recipe says ``auto``. Out: groups of files by format, with the reason. A file of
records is told by its first records, whatever its name; a notebook, patch or thread by its ending and its beginning;
source code by its endings where a folder holds no records, as a repository with notebooks does not. Files that are one
source together (`FOLDERS`) are one group, with all that lies beside them. A folder of several formats is several
groups, and a file that no format knows is read with the largest group, which says of each what it is not.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec

from sxl_data.contract import patterns
from sxl_data.contract.errors import UserError, finding
from sxl_data.files.archives import DAMAGED, Oversized, members, unpacked
from sxl_data.files.records import open_records
from sxl_data.formats.registry import detect_growing
from sxl_data.read.code_files import LANGUAGES
from sxl_data.read.documents import Read, documents, wanted
from sxl_data.read.files import INSIDE, Chunk, Piece
from sxl_data.read.passed import is_code
from sxl_data.read.sources import Source
from sxl_data.trace.format import Format

# Texts that are no records: ending → formats, each with what the file's beginning has to hold.
TEXTS = {
    ".ipynb": (("notebook", patterns.compile(r"\A\s*\{")),),
    ".patch": (("patch_file", patterns.compile(r"\AFrom [0-9a-f]{7,40} ")),),
    ".md": (
        ("issue_thread", patterns.compile(r"\A#+ .*?\[#\d+\]\(\S+?\) - ")),
        ("aider", patterns.compile(r"\A\s*# aider chat started at \d")),
    ),
}
# Sources that lie in several files of one folder: format → what has to stand in the names of its files.
FOLDERS = {
    "nl2bash_files": (".nl", ".cm"),
    "quixbugs": ("python_programs/", "correct_python_programs/"),
    "bfcl_folder": ("possible_answer/", "BFCL_"),
    "opencode_folder": ("/message/ses_", "/part/msg_"),
}
_PROSE = {format for told in TEXTS.values() for format, _ in told}
_HEAD = 4096
_MEMBERS = 2000  # names of an archive that are looked at


class Group(msgspec.Struct, frozen=True):
    """Files of one format. ``paths`` is empty where they are all of the source."""

    format: str
    reason: str
    paths: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    """Members of the archives among ``paths`` that other groups read."""


def missing_columns(source: Source, chunks: Sequence[Chunk]) -> str | None:
    """Which columns of the recipe none of the first rows of ``source`` has, beside those that they have; None where
    all are there, or where rows are not looked at (archives). Raises `UserError` U204 for what is no table."""
    if not chunks or chunks[0].archive:
        return None
    rows = [r.value for r in islice(open_records(chunks[0].pieces[0].path), 20) if isinstance(r.value, dict)]
    there = dict.fromkeys(name for row in rows for name in row)
    lost = [name for name in source.columns.values() if name not in there and name.split(".")[0] not in there]
    if not rows or not lost:
        return None
    return f"no column {', '.join(map(repr, lost))}, but {', '.join(map(repr, islice(there, 12)))}"


def by_format(source: Source, chunks: Sequence[Chunk], known: dict[str, Format]) -> list[Group]:
    """The groups of ``source``, the largest first and one at least.

    Raises `UserError`: U202 or U207 where no file is recognised, U208 where there is nothing to look at.
    """
    structured = [item for item in known.values() if item.unit in ("row", "file")]
    found: dict[str, tuple[str, list[str]]] = {}
    code: list[str] = []
    unknown: list[str] = []
    problem: UserError | None = None
    pieces = {piece.path: (piece, chunk) for chunk in chunks for piece in chunk.pieces}
    for folder in _folders({path: piece.name for path, (piece, _) in pieces.items()}):
        if len(folder.paths) == len(pieces):
            return [Group(folder.format, folder.reason)]
        found[folder.format] = (folder.reason, list(folder.paths))
    together = {path for _, paths in found.values() for path in paths}
    for path, (piece, chunk) in pieces.items():
        if path in together:
            continue
        try:
            if chunk.archive:
                several = _of_members(chunk, source, structured)
                for name, (reason, inside) in several.items():
                    found.setdefault(name, (reason, []))[1].extend(inside)
                if several:
                    continue
                name, reason = _of_archive(chunk, source, structured)
            else:
                name, reason = of_text(Path(path)) or _of_records(piece, source, structured)
        except UserError as refused:
            if is_code(path):
                code.append(path)
                continue
            unknown.append(path)
            problem = problem or refused
            continue
        found.setdefault(name, (reason, []))[1].append(path)
    if code and found.keys() <= _PROSE:
        found["code_repository"] = ("has files of source code", code)
        code = []
    if not found:
        if problem is not None:
            raise problem
        raise UserError(finding("U208", file=source.path, found="no record", expected="rows to recognise"))
    groups = sorted(found.items(), key=lambda item: -len(item[1][1]))
    if len(groups) == 1:
        return [Group(groups[0][0], groups[0][1][0])]
    groups[0][1][1].extend([*unknown, *code])
    apart = tuple(path for _, (_, paths) in groups for path in paths if INSIDE in path)
    return [Group(name, reason, tuple(paths), apart) for name, (reason, paths) in groups]


def _folders(names: dict[str, str]) -> Iterator[Group]:
    """The sources among the files ``names`` (path → name) that are several files of one folder: each with all that
    lies below the folder that its marks share, and no file in two."""
    left = dict(names)
    while left and (folder := _of_folder(list(left.values()))) is not None:
        at = [_place(name, mark) for mark in FOLDERS[folder.format] for name in left.values() if _has(name, mark)]
        shared = PurePosixPath(os.path.commonpath(at))
        paths = tuple(path for path, name in left.items() if PurePosixPath(f"/{name}").is_relative_to(shared))
        yield msgspec.structs.replace(folder, paths=paths)
        left = {path: name for path, name in left.items() if path not in paths}


def _of_folder(names: list[str]) -> Group | None:
    for format, marks in FOLDERS.items():
        if all(any(_has(name, mark) for name in names) for mark in marks):
            return Group(format, "has files named " + " and ".join(marks))
    return None


def _has(name: str, mark: str) -> bool:
    return mark in f"/{name}" if "/" in mark or "_" in mark else name.endswith(mark)


def _place(name: str, mark: str) -> str:
    """The folder in which ``name`` has ``mark``, from a root of ``/``."""
    whole = f"/{name}"
    return whole[: whole.rindex("/", 0, whole.index(mark) + 1) or 1]


def of_text(path: Path) -> tuple[str, str] | None:
    """(format, reason) of a file of text that its ending and its beginning tell; None for all others."""
    told = TEXTS.get(path.suffix.lower())
    if told is None:
        return None
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD).decode("utf-8", "replace").lstrip("\ufeff")
    except OSError:
        return None
    name = next((name for name, begins in told if begins.search(head)), None)
    return None if name is None else (name, f"has the ending {path.suffix} and begins as one does")


def _of_records(piece: Piece, source: Source, known: list[Format]) -> tuple[str, str]:
    records = (record.value for record in open_records(piece.path) if record.value is not None)
    return _detected(records, known, f"{source.name}: {piece.name}", source)


def _of_archive(chunk: Chunk, source: Source, known: list[Format]) -> tuple[str, str]:
    """The format of the first member of an archive that has one; code where all that it holds is code."""
    name = chunk.pieces[0].name
    try:
        names = [member for member, _ in islice(members(Path(chunk.pieces[0].path)), _MEMBERS)]
    except DAMAGED:
        names = []  # the reading that follows reports it
    if (folder := _of_folder(names)) is not None:
        return folder.format, folder.reason
    try:
        return _detected(_values(chunk, source), known, f"{source.name}: {name}", source)
    except UserError:
        endings = {PurePosixPath(member).suffix.lower() for member in names}
        for ending, ((format, _), *_) in TEXTS.items():
            if ending in endings and not endings & set(LANGUAGES):
                return format, f"has files ending in {ending}"
        if endings & set(LANGUAGES):
            return "code_repository", "has files of source code"
        raise


def _of_members(chunk: Chunk, source: Source, known: list[Format]) -> dict[str, tuple[str, list[str]]]:
    """The members of an archive by format; the archive itself stands with the largest, for all that no other format
    reads. Nothing where no member is recognised, where its files are one source together, or where it is damaged, which
    the reading that follows reports."""
    found: dict[str, tuple[str, list[str]]] = {}
    code: list[str] = []
    archive = chunk.pieces[0].path
    try:
        if _of_folder([name for name, _ in islice(members(Path(archive)), _MEMBERS)]) is not None:
            return {}
        for name, member in islice(members(Path(archive)), _MEMBERS):
            if not wanted(name, source):
                continue
            if is_code(name):
                code.append(f"{archive}{INSIDE}{name}")
            elif (told := _of_member(name, member, source, known)) is not None:
                found.setdefault(told[0], (told[1], []))[1].append(f"{archive}{INSIDE}{name}")
    except DAMAGED:
        return {}
    if found and code and found.keys() <= _PROSE:
        found["code_repository"] = ("has files of source code", code)
    if found:
        largest = max(found.values(), key=lambda item: len(item[1]))[1]
        largest[:] = [archive]
    return found


def _of_member(name: str, member: IO[bytes], source: Source, known: list[Format]) -> tuple[str, str] | None:
    """(format, reason) of one member of an archive; None where no format knows it."""
    try:
        with unpacked(name, member) as (path, _, _):
            records = (record.value for record in open_records(path) if record.value is not None)
            return of_text(path) or _detected(records, known, name, source)
    except (UserError, Oversized):
        return None


def _values(chunk: Chunk, source: Source) -> Iterator[object]:
    """The records of the first member of the archive that has any."""
    first = None
    for item in documents(chunk, "row", source):
        if isinstance(item, Read):
            first = item.document.file if first is None else first
            if item.document.file != first:
                return
            yield item.document.value


def _detected(records: Iterable[object], known: list[Format], file: str, source: Source) -> tuple[str, str]:
    waiting = iter(records)
    sample: list[object] = []

    def take(count: int) -> list[object]:
        sample.extend(islice(waiting, count - len(sample)))
        return sample

    if not take(1):
        raise UserError(finding("U208", file=source.path, found="no record", expected="rows to recognise"))
    format, reason = detect_growing(take, known, file=file)
    return format.name, reason
