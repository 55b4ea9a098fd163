"""One trace of a submitted file, or one record that is none, and why.

In: records as `files` yields them, and what a reader refuses. Out: `Submitted`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from sxl_data.contract.errors import Finding, finding
from sxl_data.files.decode import decode
from sxl_data.files.record import Raw, Record
from sxl_data.rules import Fault
from sxl_data.rules.fields import examine
from sxl_data.trace.format import Document, Reading, RowError
from sxl_data.trace.published import own_fields


class Submitted(msgspec.Struct):
    """One trace of a file, or a record that is none (``reading`` is None)."""

    reading: Reading | None
    document: Document
    findings: tuple[Finding, ...] = ()
    faults: tuple[Fault, ...] = ()
    """What was found while reading into types; pointers into the trace."""
    native: bool = False
    at: str = ""
    """Pointer of the record in its file."""
    raw: bytes = b""
    passed: bool = False
    """Whether it is no record, but says which files beside the records were passed over."""
    looks: str | None = None
    """The closer looks at content that the bytes ask for, where they were scanned (see `files.scan`)."""


def refused(problem: RowError, document: Document, at: str, raw: bytes) -> Submitted:
    """What a reader cannot make a trace of, and why."""
    line = problem.line or (document.lines[0] if document.lines else None)
    found = finding(
        "S211",
        file=problem.file or document.file,
        line=line,
        pointer=at + problem.pointer,
        found=problem.found,
        expected=problem.expected,
    )
    return Submitted(None, document, (found,), at=at, raw=raw)


def examined(record: Record, document: Document) -> Submitted:
    """A record of our own format that is no trace as it stands: all its faults, and what of it is sound."""
    value = document.value
    if value is None:
        return Submitted(None, document, record.findings, native=True, at=record.at, raw=record.raw)
    try:
        found, trace = examine(_without_beside(value))
    except RecursionError:
        deep = finding("S103", file=document.file, line=record.line, found="too many subtraces inside each other")
        return Submitted(None, document, (*record.findings, deep), native=True, at=record.at, raw=record.raw)
    reading = None if trace is None else Reading(trace=trace, line=record.line)
    # An integer that is too long for its field is said once.
    places = {record.at + fault.pointer for fault in found}
    findings = tuple(item for item in record.findings if item.code != "S107" or item.pointer not in places)
    return Submitted(reading, document, findings, tuple(found), True, record.at, record.raw)


def _without_beside(value: Any) -> Any:
    """``value`` without the columns that our tables have beside the trace."""
    if not isinstance(value, dict):
        return value
    fields = own_fields(value)
    if "subtraces_json" not in fields:
        return fields
    out = {key: item for key, item in fields.items() if key != "subtraces_json"}
    if isinstance(fields["subtraces_json"], str):
        out["subtraces"] = decode(fields["subtraces_json"].encode()).value
    return out


def position(item: Raw | Record, number: int) -> int:
    """A record's position in its file: its line, so that a part of a file counts as the whole does."""
    return item.line - 1 if type(item) is Raw and not item.at else number


def value_of(item: Raw | Record) -> Any:
    """The value of a record, or what could be saved of it; None where there is nothing."""
    if isinstance(item, Record):
        return item.value if item.value is not None else item.salvaged
    found = decode(item.data) if item.finding is None else None
    return None if found is None else found.value if found.value is not None else found.salvaged
