"""Benchmark text in plain table files: which rows of someone's dataset hold which items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from sxl_data.contract.errors import UserError, error
from sxl_data.decontaminate.fingerprints import load
from sxl_data.decontaminate.match import match
from sxl_data.files.records import open_records

BATCH = 2_000


class Hit(NamedTuple):
    """A row as ``file:line``, the item that it holds, and the weighted share of it."""

    row: str
    item: str
    coverage: float


def find(
    files: Iterable[str | Path], against: Iterable[str], threshold: float = 0.6, column: str | None = None
) -> tuple[int, list[Hit]]:
    """How many rows were read, and the contaminated ones with their best match.

    ``column`` names the text; without it all texts of a row are compared. Raises `UserError`: U201 for a
    file or fingerprint that is not there, U105 for a row without the column, S codes for a row that cannot be read.
    """
    fingerprints = {name: load(name) for name in against}
    rows, hits = 0, []
    for file in files:
        records = _texts(Path(file), column)
        while batch := list(islice(records, BATCH)):
            rows += len(batch)
            texts = pa.array([text for _, text in batch], pa.string())
            hits += [
                Hit(f"{file}:{batch[row][0]}", part, coverage)
                for row, part, coverage in match(texts, fingerprints, threshold)
            ]
    return rows, hits


def _texts(path: Path, column: str | None) -> Iterator[tuple[int, str]]:
    for record in open_records(path):
        value = record.value if record.value is not None else record.salvaged
        if value is None:  # a row that was not looked at must not count as clean
            raise UserError(*record.findings)
        if column is None:
            yield record.line, "\n".join(_strings(value))
        elif isinstance(value, dict) and isinstance(value.get(column), str):
            yield record.line, value[column]
        else:
            names = ", ".join(value) if isinstance(value, dict) else type(value).__name__
            raise error("U105", file=str(path), line=record.line, found=names, expected=f"a text column {column!r}")


def _strings(value: Any) -> Iterator[str]:
    """All strings of a JSON value, depth first, without recursion."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            stack += reversed(item.values())
        elif isinstance(item, list):
            stack += reversed(item)
