"""Findings as SARIF 2.1.0, which code hosts and editors show.

A result points to file and line; the JSON pointer is its logical location, and the codes are the rules.
Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sxl_data.contract.codes import CODES
from sxl_data.contract.errors import Finding
from sxl_data.contract.printable import as_json

if TYPE_CHECKING:
    from sxl_data.validate.reporters.report import Report

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(report: Report) -> str:
    """``report`` as a SARIF log with one run."""
    from sxl_data import __version__

    codes = sorted({item.code for item in report.findings})
    position = {code: i for i, code in enumerate(codes)}
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "sxl-data", "version": __version__, "rules": [_rule(c) for c in codes]}},
                "results": [_result(item, position) for item in report.findings],
                "invocations": [{"executionSuccessful": report.exit_code != 2, "exitCode": report.exit_code}],
                "columnKind": "utf16CodeUnits",
            }
        ],
    }
    return as_json(log)


def _rule(code: str) -> dict[str, Any]:
    entry = CODES[code]
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in entry.rule.split("-")),
        "shortDescription": {"text": entry.title},
        "fullDescription": {"text": f"{entry.title}: {entry.why}."},
        "help": {"text": entry.fix},
        "defaultConfiguration": {"level": entry.level},
    }


def _result(item: Finding, position: dict[str, int]) -> dict[str, Any]:
    said = [f"{name} {text}" for name, text in _said(item) if text]
    result: dict[str, Any] = {
        "ruleId": item.code,
        "ruleIndex": position[item.code],
        "level": item.level,
        "message": {"text": f"{CODES[item.code].title}: {'; '.join(said) or item.why}. {item.fix}"},
    }
    if item.file is not None:
        physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(item.file)}}
        if item.line is not None:
            physical["region"] = {"startLine": max(1, item.line)}
        location: dict[str, Any] = {"physicalLocation": physical}
        if item.pointer is not None:
            location["logicalLocations"] = [{"fullyQualifiedName": item.pointer or "/", "kind": "element"}]
        result["locations"] = [location]
    if item.edits and item.file is not None:
        result["fixes"] = [_fix(item)]
    properties = {"trace_id": item.trace_id, "related": list(item.related) or None}
    kept = {name: value for name, value in properties.items() if value}
    if kept:
        result["properties"] = kept
    return result


def _said(item: Finding) -> tuple[tuple[str, str | None], ...]:
    return ("found", item.found), ("expected", item.expected), ("mended", item.mended_json)


def _fix(item: Finding) -> dict[str, Any]:
    """What an editor offers to write: all places of one repair."""
    replacements = [
        {
            "deletedRegion": {
                "startLine": edit.line,
                "startColumn": edit.column,
                "endLine": edit.end_line,
                "endColumn": edit.end_column,
            },
            "insertedContent": {"text": edit.text},
        }
        for edit in item.edits
    ]
    change = {"artifactLocation": {"uri": _uri(str(item.file))}, "replacements": replacements}
    return {"description": {"text": f"write {item.mended_json}"}, "artifactChanges": [change]}


def _uri(file: str) -> str:
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
