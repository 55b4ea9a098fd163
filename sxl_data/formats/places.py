"""Where the records of a whole-file document lie, for pointers and line numbers in findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.trace.format import Document


def located(document: Document, inside: str | None = None) -> Iterator[tuple[dict[str, Any], str, int]]:
    """The objects among the records of ``document`` with pointer and line.

    In JSONL a pointer starts at the record of its line; in one JSON array it starts at the top. With
    ``inside``, a file that is one object holding its records in a list of that name is opened.
    """
    records = document.value if isinstance(document.value, list) else [document.value]
    lines = document.lines
    if inside is not None and len(records) == 1 and isinstance(records[0], dict):
        held = records[0].get(inside)
        if isinstance(held, list):
            for i, record in enumerate(held):
                if isinstance(record, dict):
                    yield record, f"/{inside}/{i}", lines[0]
            return
    places = document.places
    for i, record in enumerate(records):
        if isinstance(record, dict):
            yield record, places[i] if i < len(places) else "", lines[min(i, len(lines) - 1)]
