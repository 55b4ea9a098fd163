"""Where a row is published: in which file of its split, and where in it.

Rows come in the order of their sources, and a reader that shuffles by a buffer sees one source after the other. So they
are shuffled here, by hashes of their texts and the seed: the same rows give the same files whatever machine built them.
No text is moved twice for it: the rows of a split are cut into blocks of a quarter of a file, the blocks are shuffled,
and each window of `WINDOW` files takes the next ones of them, row by row at random. A task that writes a file reads the
blocks of its window and no more. In: the side, key and size of each row. Out: its file, and a number to sort by.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from sxl_data.contract.columns import length_buckets
from sxl_data.split.assign import SPLITS, unit_of

Order = Literal["shuffled", "lengths", "sources"]
WINDOW = 8
"""Files among which rows are dealt out."""
BLOCKS = 4
"""Of a file."""
_FILE, _ROW, _BLOCK = 0x5158, 0x0D05, 0xB10C
"""Salts: what decides the file must not decide the place in it, nor the split."""


class Narrow(NamedTuple):
    """Of the rows of one shard of work: keys, u64 ``(rows, 2)``, and text bytes."""

    keys: np.ndarray
    sizes: np.ndarray


class Placed:
    """``plan``: for each side and published file the shards of work that have rows of it. What is kept of a shard is
    where it begins in its sides; the files of its rows are counted again when they are asked for."""

    def __init__(self, cuts: list[_Cut], begins: list[list[int]], names: list[np.ndarray], plan: list[list[list[int]]]):
        self._cuts, self._begins, self._names, self.plan = cuts, begins, names, plan

    def files(self, shard: int, sides: np.ndarray, narrow: Narrow) -> np.ndarray:
        """For each row of a shard of work the number of its published file within its side, i32."""
        numbers = _number(self._cuts, self._begins[shard], sides, narrow)
        for side, kept in enumerate(self._names):
            mine = sides == side
            numbers[mine] = np.searchsorted(kept, numbers[mine])
        return numbers


def place_files(
    shards: int,
    sides_of: Callable[[int], np.ndarray],
    read: Callable[[int], Narrow],
    shard_bytes: int,
    seed: int,
    order: Order,
) -> Placed:
    """The published files of so many shards of work, whose rows are on the sides that ``sides_of`` says."""
    totals = [0] * len(SPLITS)
    for shard in range(shards):
        sides, sizes = sides_of(shard), read(shard).sizes
        for side in range(len(SPLITS)):
            totals[side] += int(sizes[sides == side].sum())
    cuts = [_Cut(total, shard_bytes, seed + side, order) for side, total in enumerate(totals)]
    found: list[dict[int, list[int]]] = [{} for _ in SPLITS]
    begins, now = [], [0] * len(SPLITS)
    for shard in range(shards):
        sides, narrow = sides_of(shard), read(shard)
        numbers = _number(cuts, now, sides, narrow)
        begins.append(now)
        now = [before + int(narrow.sizes[sides == side].sum()) for side, before in enumerate(now)]
        for side in range(len(SPLITS)):
            for number in np.unique(numbers[sides == side]).tolist():
                found[side].setdefault(number, []).append(shard)
    # A file without rows is none: readers of the published files refuse a split that holds nothing.
    names = [np.array(sorted(numbers), dtype=np.int32) for numbers in found]
    return Placed(cuts, begins, names, [[numbers[name] for name in sorted(numbers)] for numbers in found])


def _number(cuts: list[_Cut], begins: list[int], sides: np.ndarray, narrow: Narrow) -> np.ndarray:
    """The files of a shard's rows, those without rows counted too, where its sides begin at so many bytes; i32."""
    numbers = np.zeros(len(sides), dtype=np.int32)
    for side, cut in enumerate(cuts):
        rows = np.flatnonzero(sides == side)
        numbers[rows] = cut.files_of(begins[side], narrow.keys[rows], narrow.sizes[rows])
    return numbers


def sort_by(narrow: Narrow, first: int, seed: int, order: Order) -> np.ndarray:
    """What the rows of a shard are sorted by in their files, u64; the first of them is the row ``first``."""
    if order == "sources":
        return np.arange(first, first + len(narrow.sizes), dtype=np.uint64)
    mixed = (unit_of(narrow.keys, seed + _ROW) * 2**53).astype(np.uint64)
    if order == "shuffled":
        return mixed
    return (length_buckets(narrow.sizes).astype(np.uint64) << np.uint64(53)) | mixed


class _Cut:
    """The files of one side, as its rows go by."""

    def __init__(self, total: int, shard_bytes: int, seed: int, order: Order) -> None:
        self.files, self.seed, self.order = max(1, -(-total // shard_bytes)), seed, order
        self.total = max(total, 1)
        self.block = max(1, shard_bytes // BLOCKS)
        blocks = self.total // self.block + 1
        numbers = np.stack([np.arange(blocks), np.zeros(blocks)], axis=1).astype(np.uint64)
        self.windows = -(-self.files // WINDOW)
        rank = np.argsort(np.argsort(unit_of(numbers, seed + _BLOCK), kind="stable"), kind="stable")
        self.window = rank * self.windows // blocks

    def files_of(self, before: int, keys: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """The files of some rows in their order, the first of which comes after ``before`` bytes."""
        begins = before + np.cumsum(sizes) - sizes
        if self.order == "sources":
            return np.minimum(begins * self.files // self.total, self.files - 1).astype(np.int32)
        window = self.window[begins // self.block]
        first, end = window * self.files // self.windows, (window + 1) * self.files // self.windows
        drawn = unit_of(keys, self.seed + _FILE) * (end - first)
        return (first + drawn.astype(np.int64)).astype(np.int32)
