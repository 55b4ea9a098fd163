"""What is known of the rows of a shard when they are divided: numbers only, read from the files that `place` left.

In: what reads columns of a shard, and the counts of sources. Out: `Rows`. Where all columns fit they are read once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from sxl_data.engine.spool import Room
from sxl_data.split.cuts import Items, cut_counts
from sxl_data.split.part import BEYOND, Rows
from sxl_data.split.shares import unit_of_share

HELD_BYTES = 64
"""What the narrow columns of a row take."""
Read = Callable[[int, list[str]], pa.Table]


class Known:
    """What is known of the rows of a shard; whether a row is old, and where the counts of sources end, is looked up
    first."""

    def __init__(
        self, read: Read, bounds: np.ndarray, quotas: Sequence[int], seed: int, room: Room, *, stratified: bool
    ) -> None:
        self.read, self.bounds, self.seed, self.stratified = read, bounds, seed, stratified
        self.columns = ["key_hi", "key_lo", "pin", "old", *(["quota"] if quotas else ())]
        self.columns += ["stratum"] if stratified else []
        self.cuts, kept = None, np.zeros(len(quotas), dtype=np.int64)
        self.extends = False
        for shard in range(len(bounds) - 1):
            table = read(shard, ["old", "quota"] if quotas else ["old"])
            old = table["old"].to_numpy()
            self.extends |= bool(old.any())
            if quotas:
                mine = table["quota"].to_numpy()
                kept += np.bincount(mine[old & (mine >= 0)], minlength=len(quotas))
        if quotas:
            self.cuts = cut_counts(self._counted, np.asarray(quotas) - kept, room.memory // 4)

    def _counted(self) -> Iterator[Items]:
        for shard in range(len(self.bounds) - 1):
            items, mine = self._items(shard, self.read(shard, self.columns))
            yield Items(*(column[mine] for column in items))

    def _items(self, shard: int, table: pa.Table) -> tuple[Items, np.ndarray]:
        """Rows as they are taken from their sources, and which of them are counted."""
        quota, numbers = table["quota"].to_numpy(), np.arange(self.bounds[shard], self.bounds[shard + 1])
        units = unit_of_share(stack_keys(table), self.seed)
        mine = (quota >= 0) & ~table["old"].to_numpy()
        return Items(quota.astype(np.uint64), units, numbers, np.ones(len(quota), np.int64)), mine

    def __call__(self, shard: int) -> Rows:
        table = self.read(shard, self.columns)
        numbers, pins = np.arange(self.bounds[shard], self.bounds[shard + 1]), table["pin"].to_numpy()
        beyond = pins == BEYOND
        if self.cuts is not None:
            items, mine = self._items(shard, table)
            mine = np.flatnonzero(mine)
            reached = self.cuts.reached(items.classes[mine], items.units[mine], items.orders[mine])
            beyond[mine[reached > 0]] = True
        strata = table["stratum"].to_numpy() if self.stratified else np.zeros(len(pins), dtype=np.uint64)
        return Rows(numbers, stack_keys(table), pins, table["old"].to_numpy(), beyond, strata)


def hold(read: Read, sizes: Sequence[int], room: Room) -> Read:
    """``read``, but once where all fits."""
    if sum(sizes) * HELD_BYTES > room.memory // 8:
        return read
    names = ["row", "key_hi", "key_lo", "ids", "text_bytes", "pin", "old", "quota", "stratum"]
    tables = [read(shard, names) for shard in range(len(sizes))]
    return lambda shard, columns: tables[shard].select(columns)


def stack_keys(keys: pa.Table) -> np.ndarray:
    """The exact keys of a table, shape ``(rows, 2)``."""
    return np.stack([keys[name].to_numpy() for name in ("key_hi", "key_lo")], axis=1)
