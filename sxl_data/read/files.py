"""From a source to chunks: the files it names, cut into pieces that one worker reads at a time.

Planning reads every byte once, to hash it and to count lines, so that pieces of a large JSONL file know
their line numbers and the manifest names exactly what was read. Archives and compressed files cannot be
cut; a folder of many small files is cut by files.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from sxl_data.contract.errors import error
from sxl_data.contract.folders import FOLDER, NO_FILE, Left, told, walk
from sxl_data.contract.names import require_text
from sxl_data.read.sources import Source

CHUNK_BYTES = 16_000_000
MADE = 500  # rows that one task makes
ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".tar.bz2", ".zip")
# Between the path of an archive and the name of a member.
INSIDE = "!/"


class Piece(msgspec.Struct, frozen=True):
    """A file or a range of it. ``name`` is relative to the source's root, ``length`` -1 means all."""

    path: str
    name: str
    sha256: str
    bytes: int
    offset: int = 0
    length: int = -1
    first_line: int = 1


class Chunk(msgspec.Struct, frozen=True):
    """What one read task reads."""

    pieces: tuple[Piece, ...]
    archive: bool = False
    members: tuple[str, ...] = ()
    """Names of the members of the archive that are read; all of them where there are none."""
    apart: tuple[str, ...] = ()
    """Names of the members of the archive that are read as another format."""
    made: tuple[int, int] | None = None
    """First number and count of the rows to make, for a source that reads no file."""
    left: tuple[Left, ...] = ()
    """What of the source is not read at all: then the chunk holds nothing but word of it."""


def is_archive(path: str | Path) -> bool:
    """Whether the name is that of an archive whose members are read as files."""
    return str(path).lower().endswith(ARCHIVES)


def filled(path: str) -> str:
    """``path`` with what its placeholders stand for."""
    from sxl_data.contract.resources import samples_folder

    text = path.replace("{stdlib}", sysconfig.get_paths()["stdlib"])
    text = text.replace("{data}", os.environ.get("SXL_DATA") or "data")
    return text.replace("{samples}", str(samples_folder())) if "{samples}" in text else text


def made_from(tools: str) -> list[Path]:
    """The files of tool definitions that ``tools`` names, by path or glob. Raises `UserError` U201 where none is."""
    path = Path(tools).expanduser().resolve()
    named = [path] if path.exists() else path.parent.glob(path.name)
    found = sorted(file for file in named if file.is_file())
    if not found:
        raise error("U201", file=tools, found="no file", expected="files of tool definitions")
    return found


class Expanded(NamedTuple):
    """The root that names are relative to, the files of a source in a fixed order, and what is not looked into."""

    root: Path
    files: list[Path]
    left: list[Left]


def expand(source: Source, base: Path) -> Expanded:
    """What ``source`` names. Raises `UserError` U201 when nothing is there."""
    assert source.path is not None
    path = (base / Path(filled(source.path)).expanduser()).resolve()
    found = _found(source, path)
    for file in found.files:
        require_text(file, "the ledger and the manifest name it", "rename it, or `exclude` it")
    return found


def _found(source: Source, path: Path) -> Expanded:
    if path.is_dir():
        items = list(walk(path, lambda name: not _is_left_out(name, source)))
        files = sorted((p for p in items if isinstance(p, Path)), key=lambda p: p.relative_to(path).as_posix())
        left = [item for item in items if isinstance(item, Left)]
        return Expanded(
            path,
            [f for f in files if _wanted(f.relative_to(path).as_posix(), source)],
            sorted(item for item in left if not _is_excluded(item.name, source)),
        )
    if path.is_file():
        return Expanded(path.parent, [path], [])
    matches = sorted(_glob(path))
    files = [match for match in matches if match.is_file()]
    if not files:
        raise error(
            "U201",
            file=source.path,
            found="folders only" if matches else "nothing at this path",
            expected="a file or folder",
            why=f"the source {source.name!r} reads it",
        )
    root = Path(*path.parts[: _first_pattern(path)])
    others = [(m.relative_to(root).as_posix(), m) for m in matches if not m.is_file()]
    left = [
        Left(name, FOLDER if m.is_dir() else NO_FILE)
        for name, m in others
        if not _is_excluded(name, source) and not (m.is_dir() and any(m in file.parents for file in files))
    ]
    return Expanded(root, [f for f in files if _wanted(f.relative_to(root).as_posix(), source)], left)


def plan(source: Source, base: Path, chunk_bytes: int = CHUNK_BYTES) -> Iterator[Chunk]:
    """The chunks of ``source``, in order; the last one says what is not read, where there is any such."""
    if source.tasks is not None:
        count = min(source.tasks, source.limit or source.tasks)
        yield from (Chunk((), made=(n, min(MADE, count - n))) for n in range(0, count, MADE))
        return
    root, files, left = expand(source, base)
    if source.limit is not None:
        chunk_bytes = 1 << 62  # a limit counts from the start of a file or folder, so it stays whole
    small: list[Piece] = []
    size = 0
    for path in files:
        name = path.relative_to(root).as_posix()
        if is_archive(path):
            if small:  # chunks follow the order of the files, so that rows do too, whatever the chunk size
                yield Chunk(tuple(small))
                small, size = [], 0
            yield Chunk((_inspect(path, name, cut=0)[0],), archive=True)
            continue
        pieces = _inspect(path, name, cut=chunk_bytes if _is_lines(path) else 0)
        if len(pieces) > 1:
            if small:
                yield Chunk(tuple(small))
                small, size = [], 0
            yield from (Chunk((piece,)) for piece in pieces)
            continue
        if size + pieces[0].bytes > chunk_bytes and small:
            yield Chunk(tuple(small))
            small, size = [], 0
        small.append(pieces[0])
        size += pieces[0].bytes
    if small:
        yield Chunk(tuple(small))
    if left:
        yield Chunk((), left=tuple(left))


def parted(chunks: Iterable[Chunk]) -> tuple[list[Chunk], list[Chunk]]:
    """Those of ``chunks`` that hold something, and those that say what is not read."""
    every = list(chunks)
    return [chunk for chunk in every if not chunk.left], [chunk for chunk in every if chunk.left]


def nothing(left: Sequence[Chunk]) -> str:
    """What was found where no chunk holds a file, in words."""
    said = told([item for chunk in left for item in chunk.left])
    return "no file to read" + (f", and {said.found}" if said is not None else "")


def gather(chunks: list[Chunk]) -> list[Chunk]:
    """``chunks`` with all that is no archive in one, for formats that read a folder as a whole."""
    whole = {
        piece.path: msgspec.structs.replace(piece, offset=0, length=-1, first_line=1)
        for chunk in chunks
        if not chunk.archive
        for piece in chunk.pieces
    }
    archives = [chunk for chunk in chunks if chunk.archive]
    return [*archives, Chunk(tuple(whole.values()))] if whole else archives


def within(chunks: list[Chunk], paths: tuple[str, ...], apart: tuple[str, ...] = ()) -> list[Chunk]:
    """``chunks`` with the files at ``paths`` only, all of them where there are none, and without the members of
    archives at ``apart``."""
    if not paths:
        return chunks
    wanted = set(paths)
    cut = []
    for chunk in chunks:
        own = tuple(piece for piece in chunk.pieces if piece.path in wanted)
        inside: tuple[str, ...] = ()
        if chunk.archive and not own:
            inside = _inside(chunk, paths)
            own = chunk.pieces if inside else ()
        if own:
            others = _inside(chunk, apart) if chunk.archive and not inside else ()
            cut.append(msgspec.structs.replace(chunk, pieces=own, members=inside, apart=others))
    return cut


def _inside(chunk: Chunk, paths: tuple[str, ...]) -> tuple[str, ...]:
    """The names of members of an archive among ``paths``."""
    begin = chunk.pieces[0].path + INSIDE
    return tuple(path[len(begin) :] for path in paths if path.startswith(begin))


def _is_left_out(folder: str, source: Source) -> bool:
    """Whether nothing below ``folder`` can be wanted: then nobody looks into it."""
    return any(pattern.endswith("*") and fnmatch.fnmatch(f"{folder}/", pattern) for pattern in source.exclude)


def _wanted(name: str, source: Source) -> bool:
    included = not source.include or any(fnmatch.fnmatch(name, pattern) for pattern in source.include)
    return included and not any(fnmatch.fnmatch(name, pattern) for pattern in source.exclude)


def _is_excluded(name: str, source: Source) -> bool:
    """Whether an entry that may be a folder is asked away, itself or with all that is in it."""
    return _is_left_out(name, source) or any(fnmatch.fnmatch(name, pattern) for pattern in source.exclude)


def _glob(pattern: Path) -> Iterator[Path]:
    first = _first_pattern(pattern)
    return Path(*pattern.parts[:first]).glob("/".join(pattern.parts[first:]))


def _first_pattern(path: Path) -> int:
    return next((i for i, part in enumerate(path.parts) if any(c in part for c in "*?[")), len(path.parts) - 1)


def _is_lines(path: Path) -> bool:
    return path.suffix.lower() in (".jsonl", ".ndjson")


def _inspect(path: Path, name: str, cut: int) -> list[Piece]:
    """Hash ``path`` and, where ``cut`` > 0, cut it at the first line end after every ``cut`` bytes."""
    digest = hashlib.sha256()
    cuts: list[tuple[int, int]] = [(0, 1)]  # (offset, first line)
    position = lines = 0
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
                if cut:
                    at = 0
                    while (target := cuts[-1][0] + cut) < position + len(block):
                        end = block.find(b"\n", max(target - position, at))
                        if end < 0:
                            break
                        seen = block.count(b"\n", 0, end + 1)
                        cuts.append((position + end + 1, lines + seen + 1))
                        at = end + 1
                    lines += block.count(b"\n")
                position += len(block)
    except OSError as problem:
        raise error("U204", file=str(path), found=problem.strerror or problem, expected="a readable file") from None
    cuts = [c for c in cuts if c[0] < position] or cuts[:1]
    ends = [offset for offset, _ in cuts[1:]] + [position]
    whole = len(cuts) == 1
    return [
        Piece(str(path), name, digest.hexdigest(), end - offset, offset, -1 if whole else end - offset, line)
        for (offset, line), end in zip(cuts, ends)
    ]
