"""Benchmark text in plain table files: which rows of a dataset hold which items, and both texts side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from sxl_data.contract.errors import UserError, error
from sxl_data.decontaminate.fingerprints import FOLDER, is_stored, load, read_records
from sxl_data.decontaminate.items import parts_of, strings
from sxl_data.decontaminate.match import match, prepare
from sxl_data.files.records import open_records

BATCH = 2_000
THRESHOLD = 0.5
EXCERPT = 600
"""Characters of a text that a report shows."""


class Hit(NamedTuple):
    """A row as ``file:line``, the item that it holds, the weighted share of it, what the row says, and the item's own
    text where its benchmark's file was given."""

    row: str
    item: str
    coverage: float
    text: str = ""
    item_text: str | None = None


def find(
    files: Iterable[str | Path],
    against: Iterable[str],
    threshold: float = THRESHOLD,
    column: str | None = None,
    texts: Sequence[str | Path] = (),
) -> tuple[int, list[Hit]]:
    """How many rows were read, and the contaminated ones with their best match.

    ``against`` are shipped fingerprints, or files: stored fingerprints or a benchmark's own. ``column`` names the text;
    without it all texts of a row are compared. ``texts`` are benchmarks' own files, from which the texts of items are
    shown: fingerprints hold none. Raises `UserError`: U201 for a file or fingerprint that is not there, U105 for a row
    without the column, S codes for a row that cannot be read.
    """
    named = list(against)
    prepared = prepare({name: load(name) for name in named})
    shown = _item_texts([*texts, *(name for name in named if _is_own(name))])
    rows, hits = 0, []
    for file in files:
        records = _texts(Path(file), column)
        while batch := list(islice(records, BATCH)):
            rows += len(batch)
            said = pa.array([text for _, text in batch], pa.string())
            hits += [
                Hit(f"{file}:{batch[row][0]}", part, coverage, batch[row][1], shown.get(part.partition(": ")[2]))
                for row, part, coverage in match(said, prepared, threshold)
            ]
    return rows, hits


def _is_own(name: str) -> bool:
    """Whether ``name`` is a benchmark's own file, whose texts are at hand."""
    return not (FOLDER / f"{name}.parquet").is_file() and not is_stored(Path(name))


def _item_texts(files: Sequence[str | Path]) -> dict[str, str]:
    """Label of each part → its text, of the benchmarks' own ``files``."""
    found: dict[str, str] = {}
    for file in files:
        if not Path(file).is_file():
            raise error("U201", file=str(file), found="no such file", expected="a benchmark's own file")
        for number, record in enumerate(read_records(Path(file))):
            for part in parts_of(record, number):
                found.setdefault(part.label, part.text)
    return found


def report(hits: Sequence[Hit], width: int = 120) -> str:
    """Every hit with what the row says and what the item says, side by side."""
    lines: list[str] = []
    half = max(20, (width - 3) // 2)
    for hit in hits:
        lines += ["", f"{hit.row}   {hit.item}   coverage {hit.coverage:.2f}"]
        missing = "(fingerprints hold no text: name the benchmark's own file with --texts)"
        item = _wrapped(hit.item_text or missing, half)
        said = _wrapped(_around(hit.text, hit.item_text), half)
        for number in range(max(len(said), len(item))):
            left = said[number] if number < len(said) else ""
            lines.append(f"{left:<{half}} | {item[number] if number < len(item) else ''}".rstrip())
    return "\n".join(lines[1:])


def _around(text: str, item: str | None) -> str:
    """The part of a long row that lies where the longest line of the item does; its beginning where none is found."""
    if len(text) <= EXCERPT or not item:
        return text
    longest = sorted((line.strip() for line in item.split("\n")), key=len, reverse=True)[:5]
    at = next((found for line in longest if line and (found := text.find(line)) >= 0), 0)
    return text[max(0, at - EXCERPT // 3) :]


def _wrapped(text: str, width: int) -> list[str]:
    """The first `EXCERPT` characters in lines of ``width``, tabs as blanks."""
    short = text[:EXCERPT].expandtabs(4).rstrip()
    lines = [line[at : at + width] for line in short.split("\n") for at in range(0, max(1, len(line)), width)]
    return [*lines, "…"] if len(text) > EXCERPT else lines


def _texts(path: Path, column: str | None) -> Iterator[tuple[int, str]]:
    for record in open_records(path):
        value = record.value if record.value is not None else record.salvaged
        if value is None:  # a row that was not looked at must not count as clean
            raise UserError(*record.findings)
        if column is None:
            yield record.line, "\n".join(strings(value))
        elif isinstance(value, dict) and isinstance(value.get(column), str):
            yield record.line, value[column]
        else:
            names = ", ".join(value) if isinstance(value, dict) else type(value).__name__
            raise error("U105", file=str(path), line=record.line, found=names, expected=f"a text column {column!r}")
