"""The rows that stay, with all their columns, as Parquet.

In: an input file, which of its rows stay, and its compared column if that is still in memory. Out: one file of the
same name, or for more than `WHOLE` bytes of text several, numbered as the Hub numbers them: one file is compressed by
one thread. How many depends on the input alone, so workers never change a byte.

The compared column is nearly all of the bytes. It is not decoded a second time, no dictionary is tried for it (texts
do not repeat here) and no minimum and maximum are kept of it. A Parquet file keeps its codec if that is a fast one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from sxl_data.dedup.tables.read import read_table

WHOLE = 1 << 25
"""Bytes of compared text, dropped rows included, up to which the output of a file is one file."""
PART = 1 << 27
"""Bytes of it in an output file at most, about."""
FAST = ("SNAPPY", "LZ4", "UNCOMPRESSED")
"""Codecs that are kept; gzip, brotli and slow zstd levels become zstd 1."""


class Writer(NamedTuple):
    """What writes one file, and about how many bytes that is: the largest one is best begun first."""

    bytes: int
    write: Callable[[], None]


def writers_of_kept(
    path: Path, kept: np.ndarray, folder: Path, name: str, column: str, texts: pa.ChunkedArray | None
) -> list[Writer]:
    """What writes the rows of `path` that are `kept` (bool) into `folder`, as `name`.parquet or
    `name`-00000-of-0000N.parquet: a call for each file, in any order or at once."""
    import pyarrow.parquet as pq

    if path.suffix.lower() != ".parquet":
        return [Writer(path.stat().st_size, partial(_write_table, path, kept, folder / f"{name}.parquet", column))]
    with pq.ParquetFile(path, memory_map=True) as file:
        metadata, schema = file.metadata, file.schema_arrow
    ends = np.cumsum([metadata.row_group(k).num_rows for k in range(metadata.num_row_groups)], dtype=np.int64)
    parts = _cut(metadata, column)
    names = (
        [f"{name}.parquet"]
        if len(parts) < 2
        else [f"{name}-{k:05}-of-{len(parts):05}.parquet" for k in range(len(parts))]
    )

    def write(part: list[int], target: str) -> None:
        own = pq.ParquetFile(path, metadata=metadata, memory_map=True)
        with pq.ParquetWriter(folder / target, schema, **_like(metadata, column)) as writer:
            for group in part:
                last = int(ends[group])
                first = last - metadata.row_group(group).num_rows
                held = None if texts is None else texts.slice(first, last - first)
                writer.write_table(_group(own, group, column, held).filter(pa.array(kept[first:last])))

    def size(part: list[int]) -> int:
        found = 0.0
        for group in part:
            rows = metadata.row_group(group).num_rows
            stay = np.count_nonzero(kept[ends[group] - rows : ends[group]])
            found += _chunk(metadata, group, column).total_uncompressed_size * stay / max(rows, 1)
        return int(found)

    return [Writer(size(part), partial(write, part, target)) for part, target in zip(parts, names)]


def _write_table(path: Path, kept: np.ndarray, target: Path, column: str) -> None:
    import pyarrow.parquet as pq

    table = read_table(path).filter(pa.array(kept))
    pq.write_table(table, target, **_settings("ZSTD", table.column_names, column))


def _cut(metadata: Any, column: str) -> list[list[int]]:
    """Row groups of each output file: an even number of files of about equal text."""
    groups = list(range(metadata.num_row_groups))
    sizes = [_chunk(metadata, group, column).total_uncompressed_size for group in groups]
    many = 2 * (sum(sizes) // (2 * PART) + 1) if sum(sizes) > WHOLE else 1
    at = np.minimum((np.cumsum(sizes) - 1) * many // max(sum(sizes), 1), many - 1) if sizes else []
    parts = [[group for group in groups if at[group] == k] for k in range(many)]
    return [part for part in parts if part] or [[]]


def _chunk(metadata: Any, group: int, column: str) -> Any:
    chunks = metadata.row_group(group)
    return next(chunk for chunk in map(chunks.column, range(chunks.num_columns)) if chunk.path_in_schema == column)


def _group(file: Any, group: int, column: str, held: pa.ChunkedArray | None) -> pa.Table:
    """All columns of a row group, the compared one from memory if it is held."""
    schema = file.schema_arrow
    if held is None:
        return file.read_row_group(group, use_threads=False)  # as in tables.py: threads cost more than they save
    others = [name for name in schema.names if name != column]
    rest = file.read_row_group(group, columns=others, use_threads=False)
    kind = schema.field(column).type
    columns = [held.cast(kind) if name == column else rest[name] for name in schema.names]
    return pa.table(columns, schema=schema)


def _like(metadata: Any, column: str) -> dict[str, Any]:
    """Settings of the writer for a Parquet file."""
    if not metadata.num_row_groups:
        return _settings("ZSTD", [], column)
    chunks = metadata.row_group(0)
    leaves = [chunks.column(k).path_in_schema for k in range(chunks.num_columns)]
    return _settings(_chunk(metadata, 0, column).compression, leaves, column)


def _settings(codec: str, leaves: list[str], column: str) -> dict[str, Any]:
    others = [leaf for leaf in leaves if leaf != column]
    chosen = {"compression": codec} if codec in FAST else {"compression": "zstd", "compression_level": 1}
    if codec == "UNCOMPRESSED":
        chosen = {"compression": "none"}
    return {**chosen, "use_dictionary": others or False, "write_statistics": others or False}
