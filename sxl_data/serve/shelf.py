"""The texts of a build when somebody looks at them: one trace, or a search through all.

In: the shards of a build. Out: traces by their place, and the rows that hold some words. A row group is decoded at a
time; the last few stay, so that the next row is there at once, and no more than `HELD_BYTES` of them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sxl_data.contract.columns import TRACE_SCHEMA, leaf
from sxl_data.trace.table import to_traces
from sxl_data.trace.types import Trace
from sxl_data.write.rows import RENAMED

HELD_BYTES = 100_000_000
"""Decoded row groups that are kept; one larger than this is decoded again each time."""
_SEARCHED = (
    ("content", "text"),
    ("text",),
    ("calls", "arguments_json"),
    ("results", "content", "text"),
    ("results", "error_message"),
)
"""Texts of a step that a search looks at."""
_STEP = "steps.list.element."


class Shelf:
    """The shards of one build; used by several threads."""

    def __init__(self, shards: list[tuple[str, Path]]) -> None:
        self.shards = shards
        self._groups: list[list[int]] = []
        for _, path in shards:
            with pq.ParquetFile(path) as file:
                sizes = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
            self._groups.append([0, *np.cumsum(sizes).tolist()])
        self._held: OrderedDict[tuple[int, int], pa.Table] = OrderedDict()
        self._lock = threading.Lock()

    def trace(self, shard: int, row: int) -> Trace:
        """The trace at a place."""
        starts = self._groups[shard]
        group = int(np.searchsorted(starts, row, "right")) - 1
        table = self._group(shard, group).slice(row - starts[group], 1)
        return next(to_traces(table))

    def search(self, words: str) -> Iterator[np.ndarray]:
        """For each row group in order: whether each of its rows holds ``words``, upper and lower case alike. Shape
        ``(rows,)``."""
        for _, path in self.shards:
            with pq.ParquetFile(path) as file:
                for group in range(file.num_row_groups):
                    yield _found(file, group, words)

    def _group(self, shard: int, group: int) -> pa.Table:
        with self._lock:
            key = (shard, group)
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
            names = [RENAMED.get(name, name) for name in TRACE_SCHEMA.names]
            with pq.ParquetFile(self.shards[shard][1]) as file:
                table = file.read_row_group(group, columns=names).select(names).rename_columns(TRACE_SCHEMA.names)
            self._held[key] = table
            while len(self._held) > 1 and sum(held.nbytes for held in self._held.values()) > HELD_BYTES:
                self._held.popitem(last=False)
            return table


def _found(file: pq.ParquetFile, group: int, words: str) -> np.ndarray:
    """Whether each row of a row group holds ``words``; one kind of text is decoded at a time."""
    hit = np.zeros(file.metadata.row_group(group).num_rows, bool)
    for path in _SEARCHED:
        column = _STEP + "".join(f"{name}.list.element." for name in path[:-1]) + path[-1]
        steps = file.read_row_group(group, columns=[column])["steps"].combine_chunks()
        values, rows = leaf(steps, path)
        same = pc.fill_null(pc.match_substring(values, words, ignore_case=True), False)
        hit[rows[same.to_numpy(zero_copy_only=False)]] = True
    return hit
