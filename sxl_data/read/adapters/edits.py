"""What edit sources share: a tool that applies a unified diff, and what a diff says of its files."""

from __future__ import annotations

from collections import Counter

from sxl_data.contract import patterns
from sxl_data.contract.alignment import unified
from sxl_data.read.code_files import language_of
from sxl_data.trace.types import Tool

APPLY_PATCH = Tool(
    name="apply_patch",
    description="Applies a patch in unified diff format to the files of the repository.",
    parameters_json='{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}',
    origin="inferred",
)

_NEW_FILE = patterns.compile(r"(?m)^\+\+\+ (?:b/)?([^\t\n]+)")
_OLD_FILE = patterns.compile(r"(?m)^--- (?:a/)?([^\t\n]+)")


def changed_files(patch: str) -> list[str]:
    """Paths that ``patch`` changes or removes, in order."""
    found = [*_NEW_FILE.findall(patch), *_OLD_FILE.findall(patch)]
    return list(dict.fromkeys(path for path in found if path != "/dev/null"))


def language_of_patch(patch: str) -> str | None:
    """The language that most files of ``patch`` are written in."""
    counts = Counter(filter(None, map(language_of, changed_files(patch))))
    return counts.most_common(1)[0][0] if counts else None


def diff(path: str, before: str, after: str) -> str:
    """Unified diff of one file, in git's form."""
    lines = unified(before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{path}", f"b/{path}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
