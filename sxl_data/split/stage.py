"""The split stage of a build: which side, and which published shard, every row goes to.

A global stage in two steps. `place_rows` (each shard): narrow columns, numbers only. `divide` (once): sides and
published shards. Of each row it holds its side and published shard, 6 bytes; of rows that have a group or a pair their
group's hash and digest; all else it passes over shard by shard. No text and no id comes here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.split.assign import SPLITS, SplitConfig, assign, leakage, random_split
from sxl_data.split.groups import label, name_groups


class Division(NamedTuple):
    """``sides``: for each shard, row for row, the columns side and shard (the published one). ``plan``: for each side,
    the first and last shard of work of each published one. ``counters``: rows of each side, and the shares of
    test rows with a twin in train, ours and of a random split, in millionths."""

    sides: list[pa.Table]
    plan: list[list[tuple[int, int]]]
    counters: dict[str, int]


def place_rows(batch: pa.Table, seen: pa.Table, first: int) -> pa.Table:
    """The columns row, key_hi, key_lo, group, text_bytes of a shard's rows.

    ``seen`` are the trace_id, key_hi and key_lo that the shard had when rows were compared, the first of them the row
    ``first`` of the build.
    """
    at = pc.index_in(batch["trace_id"], value_set=seen["trace_id"].combine_chunks())
    return pa.table(
        {
            "row": (np.asarray(at).astype(np.int64) + first).astype(np.uint32),
            "key_hi": seen["key_hi"].take(at),
            "key_lo": seen["key_lo"].take(at),
            "group": name_groups(batch["group"]),
            "text_bytes": batch["text_bytes"],
        }
    )


def divide(
    read: Callable[[int, list[str]], pa.Table],
    shards: int,
    pairs: pa.Table,
    config: SplitConfig,
    seed: int,
    shard_bytes: int,
) -> Division:
    """Divide the rows of ``shards`` shards, whose columns ``read`` returns.

    ``pairs`` are the verified pairs as left, right (rows as `place_rows` numbers them) and score. Published shards
    are cut by rows and their text bytes alone, so that the size of work shards, which follows the machine,
    changes no byte of the result.
    """
    ends = _ends(pairs.filter(pc.greater_equal(pairs["score"], config.threshold)))
    wanted = np.unique(ends)
    places = np.full(len(wanted), -1, dtype=np.int64)
    owners, groups, bounds = [], [], [0]
    for shard in range(shards):
        table = read(shard, ["row", "group"])
        group = table["group"].to_numpy()
        owned = np.flatnonzero(group)
        owners.append((owned + bounds[-1]).astype(np.uint32))
        groups.append(group[owned])
        _find(table["row"].to_numpy(), bounds[-1], wanted, places)
        bounds.append(bounds[-1] + len(table))
    edges = places[np.searchsorted(wanted, ends)].reshape(-1, 2)
    edges = edges[(edges >= 0).all(axis=1)]
    owned_rows, group_names = np.concatenate(owners), np.concatenate(groups)
    del owners, groups
    members, labels = label(edges, owned_rows, group_names)
    del owned_rows, group_names
    digests = (_stacked(read(shard, ["key_hi", "key_lo"])) for shard in range(shards))
    sides = assign(digests, members, labels, config, seed)
    del members, labels
    counters = {f"rows_{name}": int((sides == i).sum()) for i, name in enumerate(SPLITS)}
    # Counters are integers: shares travel in millionths.
    counters["leak_ours"] = round(leakage(sides, edges) * 1e6)
    counters["leak_random"] = round(leakage(random_split(len(sides), config, seed), edges) * 1e6)
    sizes = (read(shard, ["text_bytes"])["text_bytes"].to_numpy() for shard in range(shards))
    parts = [sides[a:b] for a, b in itertools.pairwise(bounds)]
    published, plan = _cut(parts, sizes, shard_bytes)
    tables = [pa.table({"side": side, "shard": number}) for side, number in zip(parts, published)]
    return Division(tables, plan, counters)


def _ends(pairs: pa.Table) -> np.ndarray:
    """Rows of pairs, shape ``(m, 2)``."""
    return np.stack([pairs[name].to_numpy() for name in ("left", "right")], axis=1)


def _find(rows: np.ndarray, first: int, wanted: np.ndarray, places: np.ndarray) -> None:
    """Set the places of those ``wanted`` rows that are among a shard's ``rows``, the first of which has the place
    ``first``; all ascend."""
    if not len(rows):
        return
    a, b = np.searchsorted(wanted, rows[0]), np.searchsorted(wanted, rows[-1], "right")
    local = np.searchsorted(rows, wanted[a:b])
    there = rows[local] == wanted[a:b]
    places[a:b][there] = local[there] + first


def _stacked(keys: pa.Table) -> np.ndarray:
    return np.stack([keys["key_hi"].to_numpy(), keys["key_lo"].to_numpy()], axis=1)


def _cut(
    parts: list[np.ndarray], sizes: Iterable[np.ndarray], shard_bytes: int
) -> tuple[list[np.ndarray], list[list[tuple[int, int]]]]:
    """The published shard of every row within its side, and the plan of `Division`; ``parts`` and ``sizes`` are the
    sides and bytes of the rows of each shard of work."""
    totals, last = [0] * len(SPLITS), [-1] * len(SPLITS)
    spans: list[list[list[int]]] = [[] for _ in SPLITS]
    published = []
    for shard, (sides, size) in enumerate(zip(parts, sizes)):
        numbers = np.zeros(len(sides), dtype=np.int32)
        for side, found in enumerate(spans):
            rows = np.flatnonzero(sides == side)
            if not len(rows):
                continue
            before = (totals[side] + np.cumsum(size[rows]) - size[rows]) // shard_bytes
            starts = np.diff(before, prepend=last[side]) != 0
            numbers[rows] = len(found) - 1 + np.cumsum(starts)
            if not starts[0]:
                found[-1][1] = shard
            found += [[shard, shard] for _ in range(int(starts.sum()))]
            totals[side] += int(size[rows].sum())
            last[side] = int(before[-1])
        published.append(numbers)
    # A side without rows has no shard: readers of the published files refuse a split that holds nothing.
    return published, [[(a, b) for a, b in found] for found in spans]
