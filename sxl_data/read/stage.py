"""Reads one chunk: bytes → records → the adapter's traces → one table.

What cannot be read costs exactly itself: the record goes to the quarantine with file, line and reason,
and the ledger gets its line. Every document that was looked at is accounted for: it gave traces, or a
ledger line says why not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from sxl_data.contract.errors import error, finding
from sxl_data.engine.watch import Watch
from sxl_data.read.aside import Aside
from sxl_data.read.documents import Begin, Unread, announced
from sxl_data.read.files import Chunk, made_from
from sxl_data.read.held import Held
from sxl_data.read.known import format_of, known_formats
from sxl_data.read.passed import Passed
from sxl_data.read.quoting import Quoted, raw_of
from sxl_data.read.recognise import Group, by_format, missing_columns
from sxl_data.read.sampled import Numbered, Sampled
from sxl_data.read.sources import Source, is_file, own_code
from sxl_data.read.stated import stated_ids
from sxl_data.secrets.rows import Redaction
from sxl_data.trace.coverage import cover, findings
from sxl_data.trace.format import Document, Format, Origin, Reading, RowError

# Findings of a reader that say what it changed in order to read.
REPAIRS = ("S105", "S106", "S212")

# Rows of a file out of whose texts a reader cut pieces and that are looked at closely: the first, then every so many.
LOOKED_AT, EVERY = 32, 16


class ReadChunk(NamedTuple):
    """Traces, ledger and quarantine of one chunk, and how many documents were looked at."""

    traces: pa.Table
    ledger: pa.Table
    quarantine: pa.Table
    documents: int
    taken: pa.Table | None = None
    """Ledger of the secrets and persons that were taken out of the traces, which the clean stage accounts for."""
    sampled: Sampled | None = None
    """What the chunk held, where a part of it was asked for."""


def code_digest(source: Source) -> str:
    """Digest of the files beside those of ``source`` that reading it depends on: code of the user's own that it runs,
    and definitions that its rows are made from; empty without any."""
    tools = source.options.get("tools") if source.tasks is not None else None
    names = [*own_code(source), *(made_from(tools) if isinstance(tools, str) else ())]
    contents = [Path(name).read_bytes() for name in names]
    return hashlib.sha256(b"\0".join(contents)).hexdigest() if contents else ""


def read_chunk(
    source: Source,
    chunk: Chunk,
    format_name: str,
    watch: Watch | None = None,
    redaction: Redaction | None = None,
    group: Sequence[str] = (),
    sample: int | None = None,
) -> ReadChunk:
    """Read every document of ``chunk`` with the format called ``format_name``. Secrets and persons are taken out as
    ``redaction`` says, before anything is returned: of traces, of the quarantine, of what the ledger quotes. ``group``
    names keys of rows whose values are ids beside those that are known (`stated`). With ``sample`` about so many rows
    are made, of documents that are spread over the chunk; all are decoded and none is checked for what it lost.

    ``watch`` is told where the work is: files that begin and documents are counted together, item 2n is the decoding
    of the n-th and 2n + 1 its conversion. What killed earlier workers is set aside: the document, or from a decoding
    on the rest of its file.
    """
    watch = watch or Watch()
    format = format_of(format_name)
    origin = Origin(
        source=source.name,
        licence=source.licence,
        licence_url=source.licence_url,
        attribution=source.attribution,
        revision=source.revision,
        synthetic=source.synthetic,
        generator_model=source.generator_model,
        options={**source.options, **({"columns": source.columns} if source.columns else {})},
    )
    aside, held, looked_at = Aside(source.name, redaction), Held(redaction), 0
    sampled = Sampled(sample, format.unit) if sample is not None else None
    items = islice(_watched(chunk, format, source, watch, aside), source.limit if format.unit == "text" else None)
    for at, item in items if sampled is None else sampled.choose(items):
        if isinstance(item, Passed):
            aside.flagged(item.finding)
            continue
        looked_at += 1
        if item is None:
            continue
        if isinstance(item, Unread):
            aside.reject(item.finding, item.raw)
            continue
        document = item.document
        quoted = Quoted(partial(raw_of, document), source.name, redaction)
        for repaired in item.repairs:
            aside.edited(quoted.cut(repaired))
        if reason := watch.skipped.get(2 * at - 1):
            aside.failed(document, "U211", reason, format.name)
            continue
        watch.at(2 * at - 1)
        most = source.limit if format.unit == "folder" else None
        if found := _traces(document, format, origin, aside, quoted, most, covered=sampled is None):
            (held if sampled is None else sampled).add(found, stated_ids(document.value, source.name, group))
    for reading, stated in sampled.rows.kept if sampled is not None else ():
        held.add([reading], stated)
    traces, taken = held.tables()
    ledger, quarantine = aside.tables()
    return ReadChunk(traces, ledger, quarantine, looked_at, taken, sampled)


def _watched(chunk: Chunk, format: Format, source: Source, watch: Watch, aside: Aside) -> Iterator[Numbered]:
    """The documents of ``chunk`` with their numbers, each announced before it is decoded; None for what is left of a
    file whose decoding killed earlier workers."""
    items = announced(chunk, format.unit, source, getattr(format, "suffixes", ()))
    at, begin = 0, None
    while True:
        if reason := watch.skipped.get(2 * at):
            name = begin.name if begin else ", ".join(piece.name for piece in chunk.pieces[:5])
            aside.reject(finding("U211", file=name, found=reason, expected="the rest of it to be read"), b"")
            at += 1
            yield at, None
            if begin is None or begin.leave:
                return  # it is left already: what kills lies between the files
            begin.leave = True
        watch.at(2 * at)
        item = next(items, None)
        if item is None:
            return
        at += 1
        if isinstance(item, Begin):
            begin = item
        else:
            yield at, item


def _traces(
    document: Document,
    format: Format,
    origin: Origin,
    aside: Aside,
    quoted: Quoted,
    most: int | None,
    covered: bool = True,
) -> list[Reading]:
    """What ``format`` makes of ``document``, at most ``most``, with a word into ``aside`` on all that was not read and,
    where ``covered``, on texts that got lost."""
    found: list[Reading] = []
    try:
        for reading in format.read(document, origin):
            if isinstance(reading, RowError):  # one row of a folder; the others go on
                aside.refused(document, reading, quoted)
                continue
            found.append(reading)
            for item in reading.findings:
                if item.code in REPAIRS:
                    aside.edited(quoted.cut(item), reading.trace.trace_id)
            if len(found) == most:
                return found  # some was left unread on purpose
    except RowError as problem:
        aside.refused(document, problem)
        return []
    except Exception as problem:  # an adapter's bug must cost a row, not the run
        aside.failed(document, "U210", f"{type(problem).__name__}: {problem}", format.name)
        return []
    if not found:
        aside.empty(document, format.name)
    elif covered and format.unit != "made":  # what is made has no document
        # Rows whose texts are cut into pieces are many and alike: of them a part is looked at closely.
        thorough = format.unit != "row" or document.row < LOOKED_AT or document.row % EVERY == 0
        for told in findings(cover(document, found, format, origin, thorough), document):
            aside.edited(quoted.cut(told), found[0].trace.trace_id)
    return found


def find_formats(source: Source, chunks: list[Chunk]) -> list[Group]:
    """The formats of the source's files and why; looks at their first records when the recipe says auto.

    Raises `UserError`: U202 or U207 when that does not decide it, U208 when there is nothing to look at.
    """
    if source.format != "auto":
        chosen = format_of(source.format)
        if (chosen.unit == "made") is not (source.tasks is not None):
            makes = "makes its rows" if chosen.unit == "made" else "reads files"
            wanted = "`tasks`, how many" if chosen.unit == "made" else "a `path` or a `hub` id"
            raise error(
                "U102", found=f"the format {chosen.name}, which {makes}", expected=f"{wanted}, in {source.name}"
            )
        if ready := getattr(chosen, "ready", None):
            ready(source.name, {"columns": source.columns, **source.options} if source.columns else source.options)
        if source.columns and (lost := missing_columns(source, chunks)) is not None:
            expected = "columns by the names in the file's first line, or paths into them"
            raise error("U102", file=source.path, found=f"{lost} in {source.name}", expected=expected)
        name = source.format if is_file(source.format) else chosen.name
        return [Group(name, "named in the recipe")]
    if source.tasks is not None:
        raise error("U102", found="format: auto", expected=f"the format that makes the rows of {source.name}")
    return by_format(source, chunks, known_formats())
