"""One kind of error for users, as data: code, place, found, expected, why, fix.

A checker makes `Finding`s, a reporter prints them; nothing else formats an error. All findings of a
check travel together, because a user who fixes one at a time runs the command ten times.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from sxl_data.contract.codes import CODES, Level
from sxl_data.contract.printable import encodable, printable, printable_line

_SAID = ("found", "expected", "why", "fix", "mended_json")
_PLACES = ("file", "trace_id", "pointer")


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """Text that takes the place of a range of the submitted file. Lines and columns count from 1, columns in UTF-16
    units as editors count them; the end is behind the last character."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """One thing found wrong at one place.

    ``pointer`` is an RFC 6901 pointer into the submitted document, ``line`` counts from 1. What it says is for people
    and holds nothing that acts on a terminal, in whatever form it is printed; its places stay exact.
    """

    code: str
    rule: str
    level: Level
    file: str | None = None
    line: int | None = None
    trace_id: str | None = None
    pointer: str | None = None
    found: str | None = None
    expected: str | None = None
    why: str = ""
    fix: str = ""
    related: tuple[str, ...] = ()
    mended_json: str | None = None
    """What ``--fix`` writes there, as JSON: the new id, the ids of results in order, a tool's schema."""
    edits: tuple[Edit, ...] = ()
    """How to write it into the file by hand, where the values stand in it as text; together or not at all."""

    def __post_init__(self) -> None:
        for names, safe in ((_SAID, printable), (_PLACES, encodable)):
            for name in names:
                text = getattr(self, name)
                if text and not text.isprintable() and (found := safe(text)) != text:
                    msgspec.structs.force_setattr(self, name, found)


def finding(
    code: str,
    *,
    file: str | None = None,
    line: int | None = None,
    trace_id: str | None = None,
    pointer: str | None = None,
    found: object = None,
    expected: object = None,
    why: str | None = None,
    fix: str | None = None,
    related: Sequence[str] = (),
) -> Finding:
    """A finding of ``code``; rule, level, why and fix come from the code's entry unless given."""
    entry = CODES[code]
    return Finding(
        code=code,
        rule=entry.rule,
        level=entry.level,
        file=file,
        line=line,
        trace_id=trace_id,
        pointer=pointer,
        found=None if found is None else str(found),
        expected=None if expected is None else str(expected),
        why=entry.why if why is None else why,
        fix=entry.fix if fix is None else fix,
        related=tuple(related),
    )


class UserError(Exception):
    """Input, recipe or machine is not as it must be; the user can change that. Exit code 2."""

    exit_code = 2

    def __init__(self, *findings: Finding) -> None:
        assert findings, "a user error needs at least one finding"
        self.findings = findings
        super().__init__("\n".join(render(item) for item in findings))

    def __reduce__(self) -> tuple[type, tuple[Finding, ...]]:
        # Exceptions cross process borders by their args; ours are the findings, not the text.
        return (type(self), self.findings)


class GateMissed(UserError):
    """The work was done and its result misses a limit the user set. Exit code 1."""

    exit_code = 1


class Bug(RuntimeError):
    """An invariant of ours is broken. Exit code 70."""

    exit_code = 70


def error(code: str, **fields: object) -> UserError:
    """A `UserError` with the one finding that ``fields`` describe."""
    return UserError(finding(code, **fields))  # type: ignore[arg-type]


def shorten(text: str, limit: int = 240) -> str:
    """``text`` on one line with control characters escaped, cut in the middle beyond ``limit``."""
    line = printable_line(text)
    if len(line) <= limit:
        return line
    half = limit // 2 - 2
    return f"{line[:half]} … {line[-half:]}"


def render(item: Finding) -> str:
    """The finding as an indented paragraph: title line, place, then what is known."""
    place = []
    if item.file is not None:
        place.append(item.file if item.line is None else f"{item.file} line {item.line}")
    elif item.line is not None:
        place.append(f"line {item.line}")
    if item.trace_id is not None:
        place.append(f'trace "{item.trace_id}"')
    if item.pointer is not None:
        place.append(item.pointer or "/")
    lines = [f"{item.level} {item.code} {item.rule}"]
    if place:
        lines.append("  " + shorten(", ".join(place), 400))
    rows: Iterable[tuple[str, str | None]] = (
        ("found", item.found),
        ("expected", item.expected),
        ("mended", item.mended_json),
        ("why", item.why or None),
        ("fix", item.fix or None),
        ("see", ", ".join(item.related) or None),
    )
    lines += [f"  {name:<9} {shorten(text)}" for name, text in rows if text is not None]
    return "\n".join(lines)
