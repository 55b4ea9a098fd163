"""Which traces a report shows, and the traces themselves.

In: the counted rows and the shards. Out: traces by their place. Of a row group only the rows that are shown become
objects. The choice follows from ids and the seed, so that a build reports the same ones wherever it is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from sxl_data.contract.columns import TRACE_SCHEMA
from sxl_data.trace.table import to_traces
from sxl_data.trace.types import Trace
from sxl_data.write.rows import RENAMED

Place = tuple[int, int]
"""Shard and row."""


def draw(rows: pl.DataFrame, count: int, seed: int) -> list[Place]:
    """``count`` places drawn from all rows, each row as likely as another."""
    lots = [xxhash.xxh3_64_intdigest(name.encode("utf-8", "surrogatepass"), seed) for name in rows["trace_id"]]
    drawn = rows.select("shard", "row").with_columns(lot=pl.Series(lots, dtype=pl.UInt64)).bottom_k(count, by="lot")
    return [(shard, row) for shard, row, _ in drawn.sort("lot").iter_rows()]


def places(rows: pl.DataFrame, ids: Iterable[str]) -> dict[str, Place]:
    """Where the rows with ``ids`` stand; those that are not there are left out."""
    found = rows.filter(pl.col("trace_id").is_in(list(ids))).select("trace_id", "shard", "row")
    return {name: (shard, row) for name, shard, row in found.iter_rows()}


def fetch(shards: list[tuple[str, Path]], wanted: Iterable[Place]) -> dict[Place, Trace]:
    """The traces at the ``wanted`` places."""
    by_shard: dict[int, list[int]] = {}
    for shard, row in sorted(set(wanted)):
        by_shard.setdefault(shard, []).append(row)
    found: dict[Place, Trace] = {}
    for shard, rows in by_shard.items():
        with pq.ParquetFile(shards[shard][1]) as file:
            first = 0
            for number in range(file.num_row_groups):
                size = file.metadata.row_group(number).num_rows
                mine = [row for row in rows if first <= row < first + size]
                if mine:
                    table = _traces(file, number).take(pa.array([row - first for row in mine]))
                    found |= {(shard, row): trace for row, trace in zip(mine, to_traces(table))}
                first += size
    return found


def _traces(file: pq.ParquetFile, group: int) -> pa.Table:
    names = [RENAMED.get(name, name) for name in TRACE_SCHEMA.names]
    return file.read_row_group(group, columns=names).select(names).rename_columns(TRACE_SCHEMA.names)
