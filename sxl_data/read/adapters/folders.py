"""What sources made of several files share: JSON lines inside a document of unit folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import load
from sxl_data.trace.format import RowError


def json_lines(path: str, text: str) -> Iterator[tuple[int, Any]]:
    """(line, value) of every line that is not blank; a line that is no JSON gives a `RowError`."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, load(line)
            except ValueError as problem:
                yield number, RowError(str(problem), "one JSON value", file=path, line=number)
