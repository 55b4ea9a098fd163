"""What a validation found: counts, findings, and the same in several forms.

A report holds at most ``limit`` findings; those beyond are counted and the last line says so, because a
file of a million broken rows must not fill the memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

from sxl_data.contract.codes import CODES
from sxl_data.contract.console import format_count
from sxl_data.contract.errors import Finding, render
from sxl_data.contract.printable import as_json, printable_line
from sxl_data.rules.profiles import PROFILES, RANKS
from sxl_data.trace.tally import Tally

Output = Literal["text", "json", "sarif", "github"]
LIMIT = 100_000
_SHOWN = 3
_PLACES = 20


class FileReport(msgspec.Struct):
    """One file: what it was taken for and why, and how many records and traces it held."""

    file: str
    format: str | None = None
    reason: str = ""
    records: int = 0
    traces: int = 0
    coverage: Tally | None = None
    """How much of the file's text was read; None where nobody asked, or the rows are our own."""


class Report(msgspec.Struct):
    """The result of `validate`."""

    profile: str = "train"
    files: list[FileReport] = msgspec.field(default_factory=list)
    findings: list[Finding] = msgspec.field(default_factory=list)
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    """Findings by code, those that are not listed included."""
    complete: bool = True
    """False where something was not looked at: a file cut off, a limit reached."""
    limit: int = LIMIT
    edits: bool = False
    """Whether findings say where in the file to write what mends them."""

    def add(self, findings: Iterable[Finding]) -> None:
        """Take ``findings`` in."""
        for item in findings:
            self.counts[item.code] = self.counts.get(item.code, 0) + 1
            if len(self.findings) < self.limit:
                self.findings.append(item)

    @property
    def checked(self) -> int:
        """Traces that were read and checked."""
        return sum(file.traces for file in self.files)

    @property
    def unlisted(self) -> int:
        """Findings beyond the limit."""
        return sum(self.counts.values()) - len(self.findings)

    @property
    def exit_code(self) -> int:
        """2 for a file that could not be read, 1 for findings at the profile's level, else 0."""
        if any(code.startswith("U") and CODES[code].level != "note" for code in self.counts):
            return 2
        limit = RANKS[PROFILES[self.profile].fails_at]
        failed = any(RANKS[CODES[code].level] >= limit for code in self.counts)
        return 1 if failed or not self.complete or self.unlisted else 0

    @property
    def ok(self) -> bool:
        """Whether the exit code is 0."""
        return self.exit_code == 0

    def rows(self) -> list[dict[str, Any]]:
        """The findings as plain rows, for a DataFrame."""
        return [msgspec.to_builtins(item) for item in self.findings]

    def render(self, output: Output = "text", show_all: bool = False, coverage: bool = False) -> str:
        """The report as ``text``, ``json``, ``sarif`` or ``github``; ``coverage`` adds to the text how much of each
        file was read."""
        if output == "json":
            return self.json()
        if output == "sarif":
            from sxl_data.validate.reporters.sarif import sarif

            return sarif(self)
        if output == "github":
            from sxl_data.validate.reporters.github import commands

            return commands(self)
        return self.text(show_all, coverage)

    def json(self) -> str:
        """One JSON object: checked, complete, findings, and the files with their formats."""
        return as_json(
            {
                "checked": self.checked,
                "complete": self.complete and not self.unlisted,
                "profile": self.profile,
                "exit_code": self.exit_code,
                "files": self.files,
                "counts": dict(sorted(self.counts.items())),
                "findings": self.findings,
            }
        )

    def text(self, show_all: bool = False, coverage: bool = False) -> str:
        """For people: grouped by code, three of each unless ``show_all``; the gravest first."""
        lines = list(self._files())
        if coverage:
            lines += [line for file in self.files for line in _covered(file, show_all)]
        groups: dict[str, list[Finding]] = {}
        for item in self.findings:
            groups.setdefault(item.code, []).append(item)
        for code in sorted(groups, key=lambda c: (-RANKS[CODES[c].level], c)):
            shown = groups[code] if show_all else groups[code][:_SHOWN]
            lines += ["", *(render(item) for item in shown)]
            if self.counts[code] > len(shown):
                lines.append(f"  … {format_count(self.counts[code] - len(shown))} more {code} {CODES[code].rule}")
        lines += ["", self.summary()]
        if self.unlisted:
            lines.append(f"not listed: {format_count(self.unlisted)} findings, over the limit of {self.limit}")
        if not self.complete:
            causes = sorted(
                code
                for code in self.counts
                if code in ("S109", "S110") or (code[:2] == "U2" and CODES[code].level != "note")
            )
            see = f", see {', '.join(causes)} above" if causes else ""
            lines.append(f"incomplete: a part of the input could not be read{see}")
        return "\n".join(lines).lstrip("\n")

    def _files(self) -> Iterator[str]:
        for file in self.files:
            if file.format is not None:
                name, reason = printable_line(file.file), printable_line(file.reason)
                because = f", because it {reason}" if reason.startswith("has") else f" ({reason})"
                yield f"{name}: {file.format}{because}"

    def summary(self) -> str:
        """One line: what was checked, what was found, the verdict."""
        levels: Counter[str] = Counter()
        for code, count in self.counts.items():
            levels[CODES[code].level] += count
        many = ", ".join(
            f"{format_count(levels[name])} {name}{'s' if levels[name] != 1 else ''}"
            for name in ("error", "warning", "note")
            if levels[name]
        )
        verdict = {0: "passes", 1: "fails", 2: "could not be read"}[self.exit_code]
        traces = f"{format_count(self.checked)} trace{'s' if self.checked != 1 else ''} checked"
        return f"{traces}: {many or 'nothing found'}; {verdict} for profile {self.profile}"


def _covered(file: FileReport, show_all: bool) -> Iterator[str]:
    """How much of ``file`` was read and where the rest stands, the most frequent places first."""
    found = file.coverage
    if found is None or not found.characters:
        yield f"{file.file}: no text that a reader could leave out"
        return
    yield (
        f"{file.file}: {100 * found.share:.2f} % of {format_count(found.characters)} characters read, of them "
        f"{format_count(found.declared)} left out as declared; {format_count(found.lost)} not read"
    )
    places = sorted(found.unread.items(), key=lambda item: -item[1])
    for place, count in places if show_all else places[:_PLACES]:
        yield f"  {format_count(count):>6}  {place or '/'}"
    if len(places) > _PLACES and not show_all:
        yield f"  … {len(places) - _PLACES} more places, see --all"
