"""Check anyone's agent traces in the format they have.

In: files or rows, a format or ``auto``, a profile. Out: a `Report` with every finding, placed in the
submitter's own file. Nothing has to be converted first, and nothing is loaded whole that can be streamed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sxl_data.contract.errors import error, finding
from sxl_data.formats.registry import get as registry_get
from sxl_data.rules import Fault
from sxl_data.rules.families import Check
from sxl_data.rules.profiles import get
from sxl_data.trace.format import Format
from sxl_data.trace.types import Trace
from sxl_data.validate.check import Watch, check_file
from sxl_data.validate.duplicates import Entry, Seen
from sxl_data.validate.parallel import divide, spread
from sxl_data.validate.reporters.report import LIMIT, FileReport, Report
from sxl_data.validate.rows import RowSubmission, rows_of
from sxl_data.validate.submission import Submission, opened


def validate(
    source: str | Path | Submission | Trace | Sequence[str | Path | Submission] | Iterable[Any],
    format: str = "auto",
    profile: str = "train",
    *,
    known: dict[str, Format] | None = None,
    template: str | None = None,
    tokenizer: str | Path | None = None,
    max_length: int | None = None,
    export: str | None = None,
    jobs: int = 1,
    limit: int = LIMIT,
    edits: bool = False,
    watch: Watch | None = None,
) -> Report:
    """Check ``source``: a path, several paths, or rows: dicts of any format that is known, `Trace`s, a table of
    pandas, polars or pyarrow, a data set of the Hub's library.

    ``format`` names one of the formats that are read, or ``auto``; ``profile`` is ingest, train or
    publish; ``known`` are the formats to choose from (default: all trace formats). With ``template`` (a
    name, a path or a model folder, see `template.load`) the R codes say what survives rendering and is
    trained, within ``max_length`` tokens of ``tokenizer``; with ``export`` what that export would lose.
    With ``edits`` findings that can be mended say which text of the file to replace by what;
    ``watch`` is called with the number of records that were done since it was last called.
    ``jobs`` processes share large JSONL files; the report is the same for any number of them.
    What is wrong with the input is in the report, a file that cannot be read included. Raises
    `UserError` for a format, profile or template that does not exist.
    """
    chosen = get(profile)
    extra = _extra(template, tokenizer, max_length, export)
    report = Report(profile=chosen.name, limit=limit, edits=edits)
    seen = Seen()
    for submission in _submissions(source, format, known):
        ranges = divide(submission, jobs) if jobs > 1 and extra is None else None
        if ranges is not None:
            merge(report, seen, spread(submission, ranges, chosen, jobs, limit, edits), watch)
        else:
            check_file(submission, chosen, report, seen, extra, watch)
    return report


def _extra(
    template: str | None, tokenizer: str | Path | None, max_length: int | None, export: str | None
) -> Check | None:
    """The checks that need more than the trace."""
    if template is None and export is None:
        if max_length is not None:
            raise error("U401", found="max_length without a template", expected="a template and its tokenizer")
        return None
    loaded = None
    if template is not None:
        from sxl_data.trace.template import load

        loaded = load(template, tokenizer)
        if max_length is not None and loaded.tokenizer is None:
            raise error("U401", found="max_length without a tokenizer", expected="a model folder, or tokenizer=FOLDER")
    if export is not None:
        from sxl_data.formats.export import exporters

        registry_get(export, exporters())

    def check(trace: Trace) -> Iterator[Fault]:
        if loaded is not None:
            from sxl_data.validate import trainability

            yield from trainability.check(trace, loaded, max_length)
        if export is not None:
            from sxl_data.formats.export import export as written
            from sxl_data.formats.export import stated

            losses = stated(written(trace, export).losses)
            if losses:
                shown = ", ".join(f"{place} ×{count}" for place, count in sorted(losses.items())[:8])
                yield Fault("R708", "", f"{export} loses {shown}", "nothing, or a residual beside it")

    return check


def merge(report: Report, seen: Seen, parts: Iterable[tuple[Report, list[Entry]]], watch: Watch | None = None) -> None:
    """Put the parts of one file together, in the order of the file."""
    entry: FileReport | None = None
    for part, ids in parts:
        report.add(part.findings)
        for code, count in part.counts.items():
            listed = sum(item.code == code for item in part.findings)
            if count > listed:
                report.counts[code] = report.counts.get(code, 0) + count - listed
        report.complete = report.complete and part.complete
        if watch is not None:
            watch(part.files[0].records)
        if entry is None:
            entry = part.files[0]
            report.files.append(entry)
        else:
            entry.records += part.files[0].records
            entry.traces += part.files[0].traces
            if entry.coverage is not None and part.files[0].coverage is not None:
                entry.coverage.merge(part.files[0].coverage)
        report.add(
            finding(
                fault.code,
                file=twin.file,
                line=twin.line,
                trace_id=twin.identity,
                pointer="",
                found=fault.found,
                expected=fault.expected,
            )
            for twin, fault in seen.merge(ids)
        )


def _submissions(source: Any, format: str, known: dict[str, Format] | None) -> Iterable[Submission]:
    if isinstance(source, (str, Path, Submission)):
        return _opened(source, format, known)
    if isinstance(source, (Trace, dict)):
        return [RowSubmission([source], format, known)]
    items = rows_of(source)
    if items and all(isinstance(item, (str, Path, Submission)) for item in items):
        return [submission for item in items for submission in _opened(item, format, known)]
    return [RowSubmission(items, format, known)]


def _opened(source: str | Path | Submission, format: str, known: dict[str, Format] | None) -> list[Submission]:
    """What ``source`` names: a folder, an archive, a notebook or a build are opened as the command opens them, unless
    the caller says himself which formats there are."""
    if isinstance(source, Submission) or known is not None:
        return [opened(source, format, known)]
    from sxl_data.validate.submissions import each

    return each([source], format)
