"""Findings as GitHub workflow commands: one line each, shown at the file's line.

Ten annotations a step are shown by GitHub, so the gravest come first; the text report belongs into the
step summary. Source: https://docs.github.com/actions/reference/workflow-commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sxl_data.contract.errors import Finding, shorten
from sxl_data.contract.printable import printable_line
from sxl_data.rules.profiles import RANKS

if TYPE_CHECKING:
    from sxl_data.validate.reporters.report import Report


def commands(report: Report) -> str:
    """All findings of ``report``, gravest first, and the summary as a last plain line."""
    ordered = sorted(report.findings, key=lambda item: -RANKS[item.level])
    lines = [_command(item) for item in ordered]
    return "\n".join([*lines, report.summary()])


def _command(item: Finding) -> str:
    level = "notice" if item.level == "note" else item.level
    properties = []
    if item.file is not None:
        properties.append(f"file={_property(item.file)}")
    if item.line is not None:
        properties.append(f"line={item.line}")
    properties.append(f"title={_property(f'{item.code} {item.rule}')}")
    said = [f"{name} {shorten(text)}" for name, text in _said(item) if text]
    place = [printable_line(item.pointer)] if item.pointer else []
    return f"::{level} {','.join(properties)}::{_message(chr(10).join([*place, *said, item.fix]))}"


def _said(item: Finding) -> tuple[tuple[str, str | None], ...]:
    return ("found", item.found), ("expected", item.expected), ("mended", item.mended_json)


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(printable_line(text)).replace(":", "%3A").replace(",", "%2C")
