"""A row to show on the card: a short one of train that calls a tool, if there is one.

In: the folder of published files. Out: the row's telling columns, or none. Of the first file only the first rows are
looked at, so that it takes no time, and the same files give the same row.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq

COLUMNS = ("trace_id", "source", "kind", "licence", "n_calls", "text_bytes", "messages", "tools")
LOOKED_AT, LEAST, MOST = 500, 200, 1_500
CHARACTERS, TOOLS = 400, 2
"""Of a text, and of a row's tools, beyond which they are cut."""


def example_row(folder: Path) -> dict[str, Any] | None:
    """The row, its long texts cut."""
    files = sorted(folder.glob("train-*.parquet")) or sorted(folder.glob("*.parquet"))
    return example_of(files[0]) if files else None


def example_of(file: Path) -> dict[str, Any] | None:
    """The row of one file."""
    batch = next(pq.ParquetFile(file).iter_batches(LOOKED_AT, columns=list(COLUMNS)), None)
    if batch is None:
        return None
    sizes, calls = batch.column("text_bytes").to_pylist(), batch.column("n_calls").to_pylist()
    order = range(len(sizes))
    chosen = min(order, key=lambda i: (not LEAST <= sizes[i] <= MOST, not calls[i], abs(sizes[i] - MOST), i))
    row: dict[str, Any] = batch.slice(chosen, 1).to_pylist()[0]
    del row["n_calls"], row["text_bytes"]
    row = {name: _shorten(value) for name, value in row.items()}
    if row["tools"] and len(row["tools"]) > TOOLS:
        row["tools"] = [*row["tools"][:TOOLS], f"… and {len(row['tools']) - TOOLS} more"]
    return row


def _shorten(value: Any) -> Any:
    """``value`` without nulls, JSON cells as what they say, texts cut."""
    if isinstance(value, dict):
        return {key: _shorten(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_shorten(inner) for inner in value]
    if isinstance(value, str):
        if value[:1] in "{[" and len(value) <= MOST * 10:
            with contextlib.suppress(msgspec.DecodeError):
                return _shorten(msgspec.json.decode(value))
        return value if len(value) <= CHARACTERS else value[:CHARACTERS] + " …"
    return value
