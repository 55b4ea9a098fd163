"""The last look, at the bytes that would be sent: our own scan, and the second one.

In: files by name. Out: findings with places and no values. Our own scan must find nothing at all, for everything it
knows was taken out; what the second finds must have been said to be no secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq

from sxl_data.contract.errors import Finding, finding
from sxl_data.secrets.files import redact
from sxl_data.share.doubts import Seen, second_opinion
from sxl_data.share.draft import records_of

SHOWN = 8


def own_scan(folder: Path, names: Iterable[str]) -> list[Finding]:
    """H727 for each place of a secret or a person in the files ``names`` of ``folder``."""
    done = redact([folder / name for name in sorted(names)], check=True)
    places: dict[tuple[str, str], list[int]] = {}
    for item in done.findings:
        name = (item.file or "").removeprefix(f"{folder}/")
        places.setdefault((name, item.rule), []).append(item.line or 0)
    return [_said("H727", *key, lines, "nothing") for key, lines in places.items()]


def second_scan(folder: Path, names: Iterable[str], words: frozenset[str], fine: frozenset[str]) -> list[Finding]:
    """H726 for the first places at which the second scan finds what nobody said to be ``fine``, by the keys of
    doubts."""
    seen = Seen()
    for name in sorted(names, key=lambda name: (not name.startswith("sessions/"), name)):
        _look(folder / name, name, seen)  # a session is a better place to name than a row of the table
    places: dict[tuple[str, str], list[int]] = {}
    for doubt, (name, line) in second_opinion(seen, words):
        if doubt.key not in fine:
            places.setdefault((name, doubt.kind), []).append(line)
    return [_said("H726", *key, lines, "an answer on the page") for key, lines in places.items()]


def _said(code: str, name: str, kind: str, lines: list[int], expected: str) -> Finding:
    """A finding with places and no value."""
    shown = ", ".join(map(str, sorted(set(lines))[:SHOWN]))
    found = f"{kind} ×{len(lines)}, in line {shown}" if len(lines) > 1 else kind
    return finding(code, file=name, line=lines[0], found=found, expected=expected)


def _look(path: Path, name: str, seen: Seen) -> None:
    if path.suffix == ".parquet":
        for number, row in enumerate(pq.read_table(path).to_pylist(), 1):
            seen.add(row, name, number)
    elif path.suffix == ".jsonl":
        for number, value in records_of(path):
            seen.add(value, name, number)
    else:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            seen.add_text(line, name, number)
