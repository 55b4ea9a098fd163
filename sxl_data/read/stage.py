"""Reads one chunk: bytes → records → the adapter's traces → one table.

What cannot be read costs exactly itself: the record goes to the quarantine with file, line and reason,
and the ledger gets its line. Every document that was looked at is accounted for: it gave traces, or a
ledger line says why not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.contract.errors import Finding, error, finding
from sxl_data.contract.ledger import Entry, entry
from sxl_data.contract.ledger import table as ledger_table
from sxl_data.contract.own_code import load_own
from sxl_data.engine.watch import Watch
from sxl_data.formats.registry import CONVERTERS, formats, get
from sxl_data.read.documents import Begin, Unread, announced
from sxl_data.read.files import Chunk
from sxl_data.read.quoting import Quoted, raw_of
from sxl_data.read.recognise import Group, by_format, missing_columns
from sxl_data.read.sources import Source, is_file, own_code
from sxl_data.read.stated import stated_ids
from sxl_data.secrets.quoted import ids, strings
from sxl_data.secrets.rows import Redaction, clean
from sxl_data.secrets.rows import lines as taken_lines
from sxl_data.trace.coverage import cover, findings
from sxl_data.trace.format import Document, Format, Origin, Reading, RowError
from sxl_data.trace.table import to_table

ADAPTERS = "sxl_data.read.adapters"

# Findings of a reader that say what it changed in order to read.
REPAIRS = ("S105", "S106")

# Rows of a file out of whose texts a reader cut pieces and that are looked at closely: the first, then every so many.
LOOKED_AT, EVERY = 32, 16
# Traces that are held as objects, which take ten times the room of a table: at first, at most, and of what text.
FIRST_HELD, MOST_HELD, HELD_BYTES = 100, 2_000, 32_000_000

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


class ReadChunk(NamedTuple):
    """Traces, ledger and quarantine of one chunk, and how many documents were looked at."""

    traces: pa.Table
    ledger: pa.Table
    quarantine: pa.Table
    documents: int
    taken: pa.Table | None = None
    """Ledger of the secrets and persons that were taken out of the traces, which the clean stage accounts for."""


def known_formats() -> dict[str, Format]:
    """Trace formats and source adapters, by name."""
    return formats(CONVERTERS, ADAPTERS)


def code_digest(source: Source) -> str:
    """Digest of the code of the user's own that reading ``source`` runs and so depends on; empty without any."""
    contents = [Path(name).read_bytes() for name in own_code(source)]
    return hashlib.sha256(b"\0".join(contents)).hexdigest() if contents else ""


@cache
def format_of(name: str) -> Format:
    """The format called ``name``, or the `FORMAT` of the Python file ``name``.

    Raises `UserError` U202 for an unknown name or a file without a format, U201 for a file that is not there.
    """
    if not is_file(name):
        return get(name, known_formats())
    found: Format = load_own(name, "FORMAT", Format, "FORMAT with name, title, unit, detect and read")
    return found


def read_chunk(
    source: Source,
    chunk: Chunk,
    format_name: str,
    watch: Watch | None = None,
    redaction: Redaction | None = None,
    group: Sequence[str] = (),
) -> ReadChunk:
    """Read every document of ``chunk`` with the format called ``format_name``. Secrets and persons are taken out as
    ``redaction`` says, before anything is returned: of traces, of the quarantine, of what the ledger quotes. ``group``
    names keys of rows whose values are ids beside those that are known (`stated`).

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
    readings: list[Reading] = []
    stated: list[list[str] | None] = []  # of each reading
    tables: list[pa.Table] = []
    taken: list[pa.Table] = []
    entries: list[Entry] = []
    quarantine: list[dict[str, object]] = []
    looked_at, at, held = 0, 0, FIRST_HELD
    begin: Begin | None = None

    def reject(item: Finding, raw: bytes, quoted: Quoted | None = None) -> None:
        """Put a record aside; ``quoted`` is what the finding is about, where nothing of it is kept."""
        name = f"{source.name}:{item.file}#{item.line or 1}"
        own = Quoted(lambda: raw, source.name, redaction)
        kept, redactions = own.kept()
        item = (quoted or own).cut(item)
        entries.append(entry_of(item, name, source.name))
        quarantine.append(
            {
                "source": source.name,
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

    def hold() -> None:
        table = _table(readings, stated)
        if redaction is not None:
            table = ids(table) if redaction.secrets else table
            found = clean(table, redaction.secrets, redaction.people(table))
            taken.append(taken_lines(table, found))
            table = found.batch
        tables.append(table)

    items = announced(chunk, format.unit, source, getattr(format, "suffixes", ()))
    most = source.limit if format.unit == "text" else None
    of_folder = source.limit if format.unit == "folder" else None
    while most is None or looked_at < most:
        if reason := watch.skipped.get(2 * at):
            name = begin.name if begin else ", ".join(piece.name for piece in chunk.pieces[:5])
            reject(finding("U211", file=name, found=reason, expected="the rest of it to be read"), b"")
            looked_at, at = looked_at + 1, at + 1
            if begin is None or begin.leave:
                break  # it is left already: what kills lies between the files
            begin.leave = True
        watch.at(2 * at)
        item = next(items, None)
        if item is None:
            break
        at += 1
        if isinstance(item, Begin):
            begin = item
            continue
        looked_at += 1
        if isinstance(item, Unread):
            reject(item.finding, item.raw)
            continue
        document = item.document
        quoted = Quoted(partial(raw_of, document), source.name, redaction)
        for repaired in item.repairs:
            name = f"{source.name}:{repaired.file}#{repaired.line}"
            entries.append(entry_of(quoted.cut(repaired), name, source.name, "edited"))
        if reason := watch.skipped.get(2 * at - 1):
            reject(
                finding(
                    "U211",
                    file=document.file,
                    line=document.lines[0] if document.lines else None,
                    found=reason,
                    expected=f"the {format.name} reader to cope",
                ),
                raw_of(document),
            )
            continue
        watch.at(2 * at - 1)
        try:
            found: list[Reading] = []
            for reading in format.read(document, origin):
                if isinstance(reading, RowError):  # one row of a folder; the others go on
                    reject(_refusal(reading, document), b"", quoted)
                    continue
                found.append(reading)
                changed = [quoted.cut(item) for item in reading.findings if item.code in REPAIRS]
                entries += [entry_of(item, reading.trace.trace_id, source.name, "edited") for item in changed]
                if len(found) == of_folder:
                    break
        except RowError as problem:
            reject(_refusal(problem, document), raw_of(document))
            continue
        except Exception as problem:  # an adapter's bug must cost a row, not the run
            reject(
                finding(
                    "U210",
                    file=document.file,
                    line=document.lines[0] if document.lines else None,
                    found=f"{type(problem).__name__}: {problem}",
                    expected=f"the {format.name} reader to cope",
                ),
                raw_of(document),
            )
            continue
        if not found:
            name = f"{source.name}:{document.file}#{document.lines[0] if document.lines else 1}"
            entries.append(entry("U209", name, source.name, "dropped", detail=f"{format.name} found no trace"))
        # Else some was left unread on purpose, or there is no document: what is made has none.
        if found and len(found) != of_folder and format.unit != "made":
            # Rows whose texts are cut into pieces are many and alike: of them a part is looked at closely.
            thorough = format.unit != "row" or document.row < LOOKED_AT or document.row % EVERY == 0
            coverage = cover(document, found, format, origin, thorough)
            for told in findings(coverage, document):
                entries.append(entry_of(quoted.cut(told), found[0].trace.trace_id, source.name, "edited"))
        readings += found
        stated += [stated_ids(document.value, source.name, group)] * len(found)
        if len(readings) >= held:
            hold()
            readings[:], stated[:], text = [], [], pc.sum(tables[-1]["text_bytes"]).as_py()
            held = max(1, min(MOST_HELD, HELD_BYTES * len(tables[-1]) // max(text, 1)))
    hold()
    return ReadChunk(
        pa.concat_tables(tables),
        strings(ledger_table(entries), redaction),
        strings(pa.Table.from_pylist(quarantine, QUARANTINE_SCHEMA), redaction),
        looked_at,
        pa.concat_tables(taken) if taken else None,
    )


def _table(readings: list[Reading], stated: list[list[str] | None]) -> pa.Table:
    return to_table(
        (reading.trace for reading in readings),
        groups=[reading.group for reading in readings],
        languages=[reading.language for reading in readings],
        stated=stated,
    )


def _refusal(problem: RowError, document: Document) -> Finding:
    file, line = problem.file or document.file, document.lines[0] if document.lines else None
    return finding(
        "U205",
        file=file,
        line=problem.line or line,
        pointer=problem.pointer,
        found=problem.found,
        expected=problem.expected,
    )


def entry_of(item: Finding, trace_id: str, source: str, action: str = "quarantined") -> Entry:
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


__all__ = [
    "ADAPTERS",
    "ReadChunk",
    "code_digest",
    "find_formats",
    "format_of",
    "is_file",
    "known_formats",
    "read_chunk",
]
