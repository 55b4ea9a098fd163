"""The split stage of a build: which side, and which published shard, every row goes to.

A global stage in two steps. `place_rows` (each shard): narrow columns, numbers only. `divide` (once): sides and
published shards; it holds 4 + 8 bytes of each row and its group's hash where it has one, the digests of rows that
belong with others, and passes over the rest shard by shard. No text and no id comes here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
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
        {"row": (np.asarray(at).astype(np.int64) + first).astype(np.uint32),
         "key_hi": seen["key_hi"].take(at), "key_lo": seen["key_lo"].take(at),
         "group": name_groups(batch["group"]), "text_bytes": batch["text_bytes"]}
    )  # fmt: skip


def divide(read: Callable[[int, list[str]], pa.Table], shards: int, pairs: pa.Table, config: SplitConfig, seed: int,
           shard_bytes: int) -> Division:  # fmt: skip
    """Divide the rows of ``shards`` shards, whose columns ``read`` returns.

    ``pairs`` are the verified pairs as left, right (rows as `place_rows` numbers them) and score. Published shards
    are cut by rows and their text bytes alone, so that the size of work shards, which follows the machine,
    changes no byte of the result.
    """
    numbers, sizes, owners, groups, bounds = [], [], [], [], [0]
    for shard in range(shards):
        table = read(shard, ["row", "group", "text_bytes"])
        group = table["group"].to_numpy()
        owned = np.flatnonzero(group)
        owners.append((owned + bounds[-1]).astype(np.uint32))
        groups.append(group[owned])
        numbers.append(table["row"].to_numpy())
        sizes.append(table["text_bytes"].to_numpy())
        bounds.append(bounds[-1] + len(table))
    edges = _present(
        pairs.filter(pc.greater_equal(pairs["score"], config.threshold)), np.concatenate(numbers)
    )
    del numbers
    members, labels = label(edges, np.concatenate(owners), np.concatenate(groups))
    digests = (_stacked(read(shard, ["key_hi", "key_lo"])) for shard in range(shards))
    sides = assign(digests, members, labels, config, seed)
    published, plan = _cut(sides, np.concatenate(sizes), np.array(bounds), shard_bytes)
    tables = [pa.table({"side": sides[a:b], "shard": published[a:b]}) for a, b in itertools.pairwise(bounds)]
    counters = {f"rows_{name}": int((sides == i).sum()) for i, name in enumerate(SPLITS)}
    # Counters are integers: shares travel in millionths.
    counters["leak_ours"] = round(leakage(sides, edges) * 1e6)
    counters["leak_random"] = round(leakage(random_split(len(sides), config, seed), edges) * 1e6)
    return Division(tables, plan, counters)


def _stacked(keys: pa.Table) -> np.ndarray:
    return np.stack([keys["key_hi"].to_numpy(), keys["key_lo"].to_numpy()], axis=1)


def _present(pairs: pa.Table, numbers: np.ndarray) -> np.ndarray:
    """The pairs whose rows are both still there, as places in ``numbers``, which ascend; shape ``(m, 2)``."""
    ends = np.stack([pairs[name].to_numpy() for name in ("left", "right")], axis=1)
    if not len(numbers):
        return np.empty((0, 2), dtype=np.int64)
    places = np.searchsorted(numbers, ends)
    there = numbers[np.minimum(places, len(numbers) - 1)] == ends
    return places[there.all(axis=1)]


def _cut(sides: np.ndarray, sizes: np.ndarray, bounds: np.ndarray,
         shard_bytes: int) -> tuple[np.ndarray, list[list[tuple[int, int]]]]:  # fmt: skip
    """The published shard of every row within its side, and the plan of `Division`; ``bounds`` are the first
    rows of the shards of work and the end."""
    numbers = np.zeros(len(sides), dtype=np.int32)
    plan: list[list[tuple[int, int]]] = []
    for side in range(len(SPLITS)):
        rows = np.flatnonzero(sides == side)
        before = np.cumsum(sizes[rows]) - sizes[rows]
        before //= shard_bytes
        starts = np.diff(before, prepend=-1) != 0
        numbers[rows] = np.cumsum(starts, dtype=np.int32) - 1
        first = np.flatnonzero(starts)
        ends = [*(first[1:] - 1), len(rows) - 1] if len(rows) else []
        # A side without rows still gets its one empty shard, so that every split can be loaded.
        homes = [np.searchsorted(bounds, rows[at], "right") - 1 for at in (first, ends)] if len(rows) else []
        plan.append([(int(a), int(b)) for a, b in zip(*homes)] or [(0, 0)])
    return numbers, plan
