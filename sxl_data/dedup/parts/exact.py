"""Exact duplicates of a whole build by ranges of keys, in independent parts.

In: the shards' 128-bit keys and a range of their high bits. Out: each row that repeats the text of a better one, and
that row. Rows with one key lie in one range, so the parts together say what `find_exact_duplicates` says of all rows.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sxl_data.dedup.exact import find_exact_duplicates, in_range
from sxl_data.dedup.parts.shards import Shards


def find_exact_duplicates_of(shards: Shards, part: int, parts: int) -> pa.Table:
    """row and stands, u32, the former ascending: the exact duplicates in part ``part`` of ``parts`` and the
    row kept for each."""
    keys, rows = [np.zeros((0, 2), dtype=np.uint64)], [np.zeros(0, dtype=np.uint32)]
    for shard in range(len(shards)):
        high, low = shards.numbers(shard, "key_hi"), shards.numbers(shard, "key_lo")
        local = np.flatnonzero(in_range(high, part, parts))
        keys.append(np.stack((high[local], low[local]), axis=1))
        rows.append((local + shards.first[shard]).astype(np.uint32))
    number = np.concatenate(rows)
    duplicates, best = find_exact_duplicates(np.concatenate(keys), lambda members: shards.places(number[members]))
    order = np.argsort(number[duplicates])
    return pa.table({"row": number[duplicates][order], "stands": number[best][order]})
