"""One submitted file: what is found in it, record by record, added to a report."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sxl_data.contract.codes import CODES
from sxl_data.contract.errors import Finding, UserError, finding
from sxl_data.rules.arguments import originals
from sxl_data.rules.families import Check, faults
from sxl_data.rules.metrics import totals
from sxl_data.rules.profiles import Profile
from sxl_data.trace.tally import Tally
from sxl_data.validate.duplicates import Seen
from sxl_data.validate.locate import Placer
from sxl_data.validate.mended import mended
from sxl_data.validate.reporters.report import FileReport, Report
from sxl_data.validate.submission import Submission
from sxl_data.validate.submitted import Submitted

Watch = Callable[[int], None]
_EVERY = 20  # records between two words on how far it is


def check_file(
    submission: Submission,
    profile: Profile,
    report: Report,
    seen: Seen,
    extra: Check | None = None,
    watch: Watch | None = None,
) -> None:
    """Add what is found in one file to ``report``; ``watch`` is told of records as they are done."""
    entry = FileReport(file=submission.file)
    report.files.append(entry)
    if "C" in profile.families:
        submission.coverage = entry.coverage = Tally()
    families = "".join(letter for letter in profile.families if letter in "SPOACMLQ")
    unique = "D" in profile.families
    try:
        for item in submission:
            atif = False
            reading = item.reading
            found = list(item.faults)
            if reading is not None:
                entry.traces += 1
                atif = submission.format is not None and submission.format.name == "atif"
                found += faults(reading.trace, families, item.looks)
                if extra is not None:
                    found += extra(reading.trace)
                if unique:
                    lines = item.document.lines
                    found += seen.add(reading.trace, item.document.file, lines[0] if lines else 1)
                if not item.native and "A" in families:
                    found += originals(reading.trace)
                if not item.native and "L" in families:
                    # Who submits a file of another format has no place for a hash; the build makes one.
                    found = [fault for fault in found if fault.code != "L604"]
            if item.findings:
                report.add(item.findings)
            if atif and "M" in families and (wrong := list(totals(item.document.value))):
                report.add(Placer(msgspec.structs.replace(item, native=True)).finding(fault) for fault in wrong)
            if reading is not None and reading.findings:
                # A reader's findings are of the profile's families too.
                report.add(f for f in _named(reading.findings, item) if f.code[0] in families or f.code[0] == "S")
            if found:
                placer = Placer(item)
                placed = [placer.finding(fault) for fault in found]
                if reading is not None and any(CODES[fault.code].fixable for fault in found):
                    placed = mended(reading.trace, found, placed, placer, report.edits)
                report.add(placed)
            entry.records += not item.passed
            if watch is not None and entry.records % _EVERY == 0:
                watch(_EVERY)
        if not entry.records:
            report.add([finding("U208", file=submission.file, found="no records", expected="at least one")])
    except UserError as problem:
        report.add(_with_file(problem.findings, submission.file))
        report.complete = False
    entry.format = submission.format.name if submission.format is not None else None
    entry.reason = submission.reason
    report.complete = report.complete and submission.complete


def _named(findings: tuple[Finding, ...], item: Submitted) -> list[Finding]:
    return [
        msgspec.structs.replace(
            found,
            file=found.file or item.document.file,
            line=found.line or (item.reading and item.reading.line),
            pointer=None if found.pointer is None else item.at + found.pointer,
        )
        for found in findings
    ]


def _with_file(findings: tuple[Finding, ...], file: str) -> list[Finding]:
    return [msgspec.structs.replace(item, file=file) if item.file is None else item for item in findings]
