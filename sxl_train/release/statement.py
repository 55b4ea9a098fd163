"""Limitations, biases and ethics of a model: drafted from what was measured, valid when a person has signed.

The draft goes to `STATEMENT.md` beside the package, where a person may change it and fills in the last line. The
signature holds for the numbers that it was written for: where these change, it is a draft again.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from sxl_data.contract import patterns
from sxl_data.engine.commit import commit_bytes
from sxl_train.release.sheet import Sheet, escape

NAME = "STATEMENT.md"
DRAFT = "*Unsigned draft: written by a program from the measurements, read by nobody yet.*"
_SIGNED = patterns.compile(r"(?m)^Signed:[ \t]*(\S.*?)[ \t]*$")
_OF = patterns.compile(r"(?m)^Of the numbers: ([0-9a-f]{16})$")


class Statement(msgspec.Struct, frozen=True):
    """The text for the card, and who signed it; empty for a draft."""

    text: str
    signed: str


def read(folder: Path, sheet: Sheet, packages: dict[str, str]) -> Statement:
    """The statement of ``folder``; written there where it is not, or where it is unsigned or of other numbers.

    ``packages``: name of each package's evaluation → what it is of.
    """
    draft = _draft(sheet, packages)
    numbers = hashlib.sha256(draft.encode()).hexdigest()[:16]
    path = folder / NAME
    if path.is_file():
        text = path.read_text(encoding="utf-8")
        signed, of = _SIGNED.search(text), _OF.search(text)
        if signed and of and of[1] == numbers:
            body = text.partition("\n---\n")[0].replace(DRAFT, "").strip()
            return Statement(f"{body}\n\n`Signed: {signed[1]}`", signed[1])
    tail = (
        "Read this, change what is not so, then write your name and the date behind `Signed:`; only then is the model\n"
        f"sent anywhere.\n\nOf the numbers: {numbers}\nSigned:\n"
    )
    commit_bytes(path, f"{draft}\n\n---\n\n{tail}".encode())
    return Statement(draft, "")


def _draft(sheet: Sheet, packages: dict[str, str]) -> str:
    lines = ["## Limitations, biases and ethics", "", DRAFT, "", "**Limitations**", ""]
    lines += [f"- {words}" for words in _misses(sheet, packages)]
    lines += [
        "- Nothing else was measured: no languages beyond those of the dataset, no long conversations, no robustness "
        "against prompts that mean harm, no facts.",
        "- A small model repeats what its base learned and forgets part of it; what the base's authors published of it "
        "does not hold for this one.",
        "",
        "**Biases**",
        "",
        *[f"- {words}" for words in _mix(sheet)],
        "- What people, places and tools the base prefers was not measured, neither before nor after.",
        "",
        "**Ethics**",
        "",
        "- Calls act on the world: whoever runs the model answers for what its tools may do. Ask before what cannot be "
        "undone, and give tools no more rights than they need.",
        "- Texts that tools return are read by the model as part of its prompt, so they can steer it.",
        "- It is no judge of people and no source of advice on health, law or money.",
    ]
    return "\n".join(lines)


def _misses(sheet: Sheet, packages: dict[str, str]) -> list[str]:
    """What each package gets wrong, and which was not asked."""
    files = {f"evidence/eval/{name}.json": title for name, title in packages.items()}
    if not any(sheet.has(file) for file in files):
        return ["It was not evaluated: nothing can be said of how often it is right."]
    found = []
    for file, title in files.items():
        of = f", of {title}" if len(files) > 1 else ""
        found += _misses_of(sheet, file, of) if sheet.has(file) else [f"Not measured{of}: how often it is right."]
    return found


def _misses_of(sheet: Sheet, file: str, of: str) -> list[str]:
    found = []
    for suite in sheet.value(file, "/suites"):
        place = f"/suites/{escape(suite)}/measured"
        for measure in sheet.value(file, f"{place}/measures"):
            at = f"{place}/measures/{escape(measure)}"
            n = sheet.value(file, f"{at}/n")
            if n:
                share = sheet.show(file, f"{at}/value", "percent")
                low, high = (sheet.show(file, f"{at}/{end}", "percent") for end in ("low", "high"))
                unit = sheet.value(file, f"{at}/unit")
                count = sheet.show(file, f"{at}/n", "count")
                found.append(
                    f"{suite}, {measure}: {share} (95 %: {low} to {high}) of {count} {unit}{of}; the rest fail."
                )
        kinds = sheet.value(file, f"{place}/kinds")
        told = [f"{kind} {sheet.show(file, f'{place}/kinds/{escape(kind)}', 'count')}" for kind in kinds]
        if told:
            found.append(f"How {suite} fails{of}: {', '.join(told)}.")
    return found


def _mix(sheet: Sheet) -> list[str]:
    file = "evidence/dataset.json"
    if not sheet.has(file):
        return ["Of what its dataset consists is not known here."]
    found = []
    counts = sheet.value(file, "/counts")
    for column in ("source", "kind", "language"):
        rows = counts.get(column, {})
        if any(rows):
            names = ", ".join(f"`{name}`" for name in [n for n in rows if n][:6])
            found.append(f"Rows by {column}: {names}; what is rare among them is learned badly.")
    return found or ["The dataset's manifest has no counts."]
