"""A table ↔ an Arrow file that others map into memory: they look rows up in it and read no more than these. And a
Parquet table a few rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

AT_ONCE = 1 << 16
"""Rows of a table that are looked at together where not all are held."""


def mappable(table: pa.Table) -> pa.Buffer:
    """An Arrow file of ``table``."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def write_mappable(table: pa.Table) -> Callable[[BinaryIO], None]:
    """What writes the same, for a table whose columns are themselves mapped: it is not copied."""

    def write(file: BinaryIO) -> None:
        with pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)

    return write


def mapped(path: Path) -> pa.Table:
    """The table of an Arrow file, left where it is."""
    with pa.memory_map(str(path)) as file:  # closed at once: a process may open few files, and map many
        return pa.ipc.open_file(file).read_all()


def batches(path: Path) -> Iterator[pa.RecordBatch]:
    """The rows of a committed table, some at a time."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(AT_ONCE)
