"""What a format is: how it is recognised, read and written.

One file of `formats/` (trace formats) or `read/adapters/` (source rows) holds one `Format`. The
validator and the build use the same readers: a third party's file enters by the same door as ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import msgspec

from sxl_data.contract.errors import Finding
from sxl_data.trace.types import Provenance, Trace

Unit = Literal["row", "file", "text", "folder", "made"]


class LeftOut(msgspec.Struct, frozen=True):
    """What a reader leaves out of its documents on purpose, and why.

    ``where`` is the end of a path of keys, ``*`` standing for one of them (``usage/service_tier``); with a
    slash before it, it starts at the record. All below it is left out with it. ``when`` is a pattern that the
    record's ``type`` has to match in full, for formats whose records are of several kinds.
    """

    where: str
    why: str
    when: str | None = None


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One submitted document: what a reader turns into traces.

    Its extent depends on the format's ``unit``. ``row``: one record, ``value`` is it and ``lines`` holds
    its one line. ``file``: a whole JSON or JSONL file; ``value`` is the list of its records and
    ``lines`` has one number for each. ``text``: a file that is not JSON; ``text`` is its content.
    ``folder``: a whole folder or archive, for sources whose rows lie in several files; ``value`` maps
    the path of each file to its text. ``made``: nothing is read, the format makes its rows; ``value`` is the number
    of the row.
    """

    file: str
    """Path as shown to the user, relative to the source's root, with forward slashes."""
    value: Any = None
    lines: tuple[int, ...] = (1,)
    places: tuple[str, ...] = ()
    """Pointer of each record in its file for unit ``file``: ``/3`` in a JSON array, empty in JSONL."""
    text: str | None = None
    sha256: str = ""
    """Digest of the whole file, as far as known."""
    row: int = 0
    """Position of the record in its file, from 0."""
    licence: str = ""
    """SPDX id of the licence file nearest above a text file, where there is one that is recognised."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What the recipe says about the source that a document belongs to."""

    source: str
    licence: str = ""
    licence_url: str | None = None
    attribution: str | None = None
    revision: str = ""
    synthetic: bool | None = None
    generator_model: str | None = None
    options: dict[str, Any] = {}
    """Keys of the recipe's ``options:`` for this source, those that its format declares."""
    lossless: bool = True
    """Whether what the model cannot hold is kept in ``ext_json``, so that the document can be written
    again as it was. Who only looks (the validator) turns it off and reads faster."""

    def provenance(self, document: Document, format: str, source_id: str, version: str = "1") -> Provenance:
        """The provenance of a trace made from ``document`` by the reader of ``format``."""
        return Provenance(
            source=self.source,
            source_id=source_id,
            source_format=format,
            source_revision=self.revision,
            source_sha256=document.sha256,
            licence=self.licence,
            licence_url=self.licence_url,
            attribution=self.attribution,
            converter=f"sxl.{format}",
            converter_version=version,
            synthetic=self.synthetic,
            generator_model=self.generator_model,
        )


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One trace as read, and what a table or a finding needs beside it."""

    trace: Trace
    places: dict[str, str] = {}
    """Pointer into the trace → pointer into the submitted document, for steps, calls, results, tools."""
    lines: dict[str, int] = {}
    """Pointer into the trace → line in the file, where a document spans several lines."""
    line: int | None = None
    """Line at which the document starts."""
    findings: tuple[Finding, ...] = ()
    """What the reader noticed and the trace can no longer show (matched by position, repaired, …)."""
    group: str | None = None
    """Rows of one group (session, repository, task) stay on one side of a split."""
    language: str | None = None
    """Main programming language, lower case."""

    def place(self, pointer: str) -> str:
        """``pointer`` into the trace as one into the submitted document: the longest known prefix is
        exchanged, the rest is kept where the two models agree, so it may be only the enclosing place."""
        known = pointer
        while known and known not in self.places:
            known = known.rpartition("/")[0]
        return self.places[known] if known in self.places else pointer


class RowError(ValueError):
    """A row lacks what its reader needs; the row is quarantined with this text and pointer."""

    def __init__(
        self, found: str, expected: str, pointer: str = "", *, file: str | None = None, line: int | None = None
    ) -> None:
        super().__init__(f"found {found}, expected {expected}")
        self.found, self.expected, self.pointer = found, expected, pointer
        self.file, self.line = file, line


class Option(NamedTuple):
    """One key of `options:` that a format reads."""

    about: str
    """What it does, in a phrase."""
    kind: Any = str
    """Type of its value, as msgspec converts to it."""


def options_of(format: Format) -> dict[str, Option]:
    """The options that ``format`` declares; most have none."""
    return getattr(format, "options", {})


@runtime_checkable
class Format(Protocol):
    """One format. ``write`` exists only where there is an exporter (see `formats`)."""

    name: str
    """Name used by `format:`, --format and --from."""
    title: str
    """One line for people."""
    unit: Unit

    # A format that reads keys of the recipe's `options:` says them in `options`, a dict of name and `Option`.
    # A format of unit text or folder may have `suffixes`, a tuple of the file name endings that it reads;
    # the other files of a folder or archive are passed over.
    #
    # What the coverage law (see `trace.coverage`) cannot know, a format declares: `leaves_out`, a tuple of
    # `LeftOut`, names what is in its documents and not in its traces; `composes`, pairs of (part, why), names the
    # parts of a trace that it words itself, or puts together: "task", "tools", "observe", "reflect", "act",
    # "arguments", "result" or "ext".

    # A format of unit made has `ready(source, options)`, which raises `UserError` for what no rows can be made of.

    def detect(self, sample: Any) -> str | None:
        """Why ``sample`` (first record, or the list of the first records for unit file) is of this
        format, as a phrase such as ``has `messages` ``; None when it is not."""

    def read(self, document: Document, origin: Origin) -> Iterator[Reading | RowError]:
        """The traces of ``document``. Raises `RowError` where nothing can be made of it; a format of unit
        folder yields one, with file and line, for each row that it must leave out."""


def trace_id(source: str, document: Document, part: int = 0) -> str:
    """``source:`` + 16 hex digits of a sha256 over the canonical record and its place.

    The place (file, row, part) is hashed too, so that a row repeated in a source has an id of its own
    and the ledger can name both.
    """
    canonical = (
        document.text.encode("utf-8", "surrogatepass")
        if document.text is not None
        else msgspec.json.encode(document.value, order="sorted", enc_hook=float)
    )
    digest = hashlib.sha256(f"{document.file}\0{document.row}\0{part}\0".encode())
    digest.update(canonical)
    return f"{source}:{digest.hexdigest()[:16]}"
