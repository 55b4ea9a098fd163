"""What a user names on the command line → submissions: files, folders, archives, notebooks, patches, builds.

In: a path and a format name or ``auto``. Out: one `Submission` for a file of records, one for each group of files of
a folder, one for an archive, the published rows for a folder that `build` has written. So `validate`, `stats`, `show`
and `convert` take whatever `build` takes, by the same readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from sxl_data.contract.errors import UserError, error
from sxl_data.files.record import Raw, Record
from sxl_data.formats.registry import get
from sxl_data.read.documents import Unread, documents
from sxl_data.read.files import Chunk, gather, is_archive, nothing, parted, plan, within
from sxl_data.read.known import format_of, known_formats
from sxl_data.read.passed import Passed
from sxl_data.read.recognise import Group, by_format, of_text
from sxl_data.read.sources import Source
from sxl_data.trace.format import Document, Format
from sxl_data.validate.submission import Submission
from sxl_data.validate.submitted import Submitted

MANIFEST, ROWS = "manifest.json", "data"


class SourceSubmission(Submission):
    """The files of a folder or an archive that are of one format, read as the build reads them."""

    def __init__(self, path: Path, format: Format, reason: str, chunks: list[Chunk], source: Source) -> None:
        super().__init__(path, format.name, {format.name: format})
        self.format, self.reason, self.chunks, self.source = format, reason, chunks, source

    def __iter__(self) -> Iterator[Submitted]:
        assert self.format is not None
        suffixes = getattr(self.format, "suffixes", ())
        for chunk in self.chunks:
            for item in documents(chunk, self.format.unit, self.source, suffixes):
                if isinstance(item, (Passed, Unread)):
                    found, passed = item.finding, isinstance(item, Passed)
                    self.complete = self.complete and passed
                    document = Document(file=found.file or self.file, lines=(found.line or 1,))
                    raw = item.raw if isinstance(item, Unread) else b""
                    yield Submitted(None, document, (found,), raw=raw, passed=passed)
                    continue
                first = item.repairs
                for read in self._read(item.document, "", b""):
                    yield msgspec.structs.replace(read, findings=(*first, *read.findings)) if first else read
                    first = ()


def submissions(path: str | Path, format: str = "auto") -> list[Submission]:
    """The submissions that ``path`` names (``-``: stdin), one at least.

    Raises `UserError`: U201 for what is not there, U202 or U207 for a folder of which no file is recognised, U208 for
    one without files.
    """
    known = known_formats()
    structured = {name: item for name, item in known.items() if item.unit in ("row", "file")}
    wanted = None if format == "auto" else get(format, known, file=str(path))
    place = Path(path)
    if str(path) == "-" or not place.exists():
        return [Submission(path, format, structured)]
    if place.is_dir() and (place / MANIFEST).is_file() and (place / ROWS).is_dir() and wanted is None:
        rows = sorted((place / ROWS).rglob("*.parquet"))
        if rows:
            return [Submission(file, "auto", structured) for file in rows]
    told = of_text(place) if place.is_file() and wanted is None else None
    records = wanted is None or wanted.unit in ("row", "file")
    if place.is_file() and records and told is None and not is_archive(place):
        return [Submission(path, format, structured)]
    return _of_source(place, known, wanted)


class Refused(Submission):
    """An input that could not be opened: says so when it is read, so that those beside it are read too."""

    def __init__(self, path: str | Path, format: str, problem: UserError) -> None:
        super().__init__(path, format)
        self.problem = problem

    def __iter__(self) -> Iterator[Submitted]:
        raise self.problem

    def recognise(self, items: Iterator[Raw | Record] | None = None, head: list[Raw | Record] | None = None) -> Format:
        raise self.problem


def each(paths: Iterable[str | Path], format: str = "auto") -> list[Submission]:
    """The submissions of all ``paths``; what cannot be opened is `Refused` and hides none of the others."""
    found: list[Submission] = []
    for path in paths:
        try:
            found += submissions(path, format)
        except UserError as problem:
            found.append(Refused(path, format, problem))
    return found


def one(path: str | Path, format: str = "auto") -> Submission:
    """The submissions of ``path`` as one, for commands that look at the rows of a file one after the other."""
    found = submissions(path, format)
    return found[0] if len(found) == 1 else Several(path, found)


class Several(Submission):
    """Submissions one after the other; ``format`` is that of the one that is read."""

    def __init__(self, path: str | Path, parts: list[Submission]) -> None:
        super().__init__(path)
        self.parts = parts

    def __iter__(self) -> Iterator[Submitted]:
        for part in self.parts:
            part.origin, part.coverage = self.origin, self.coverage
            for item in part:
                self.format, self.reason = part.format, part.reason
                yield item
            self.complete = self.complete and part.complete


def _of_source(place: Path, known: dict[str, Format], wanted: Format | None) -> list[Submission]:
    source = Source(name="submitted", path=str(place.resolve()), format=wanted.name if wanted else "auto")
    chunks, left = parted(plan(source, Path(place.anchor or ".")))
    if not chunks:
        raise error("U208", file=str(place), found=nothing(left), expected="files to read")
    if wanted is not None:
        groups = [Group(wanted.name, "named by the caller")]
    else:
        try:
            groups = by_format(source, chunks, known)
        except UserError as problem:
            raise UserError(*(msgspec.structs.replace(item, file=str(place)) for item in problem.findings)) from None
    made: list[Submission] = []
    for group in groups:
        format = wanted or format_of(group.format)
        own = within(chunks, group.paths, group.apart)
        own = gather(own) if format.unit == "folder" else own
        own = own if made else [*own, *left]
        made.append(SourceSubmission(place, format, group.reason, own, source))
    return made
