"""Survivors and results of all verified pairs of a build, by a process that holds a few of them at a time.

In: the files of pairs that tasks verified, and a limit of memory. Out: what `survivors` answers of all pairs at once,
bit for bit. Survivors fall apart into components of pairs: those are found by a union-find of 4 bytes a row, and then
some components at a time are settled. Results are put in order by ranges of their better row. What stays for each row
or pair, 4 to 28 bytes, is in `Scratch`: memory to begin with, and then pages of a file, which the system takes back. A
single component, or the pairs of one better row, are never cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sxl_data.contract.graph import find, hook
from sxl_data.dedup.config import BORDERLINE
from sxl_data.dedup.parts.shards import Shards
from sxl_data.dedup.parts.survivors import name_twins, near_threshold, orient, prefer_left
from sxl_data.dedup.result import Pairs
from sxl_data.dedup.scratch import Scratch

PAIR_BYTES = 600
"""What a pair takes at most while its rows are ranked and settled."""
AT_ONCE = 1 << 20
"""Rows or pairs that are copied from one scratch array to another at a time."""


class PairFiles(NamedTuple):
    """Tables of left, right, shared and union, and how many pairs all of them have."""

    read: Sequence[Callable[[], pa.Table]]
    pairs: int

    def most(self, memory: int) -> int:
        """How many of them are held at a time: half of ``memory``; the other half is for what stays of each."""
        return max(1, memory // 2 // PAIR_BYTES)

    def parts(self, memory: int) -> int:
        """Into how many parts they are cut."""
        return max(1, -(-self.pairs // self.most(memory)))

    def pieces(self, memory: int) -> Iterator[Pairs]:
        """All of them, so many at a time."""
        for read in self.read:
            table = read()
            for first in range(0, len(table), self.most(memory)):
                yield Pairs.of(table.slice(first, self.most(memory)))


def settle(shards: Shards, files: PairFiles, threshold: float, memory: int, room: Scratch) -> pa.Table:
    """`name_twins` of all pairs, each of which may stand in several files and either way round."""
    parts = files.parts(memory)
    if parts == 1:
        return name_twins(shards, orient(shards, _joined(list(files.pieces(memory)))), threshold)
    parent = label(int(shards.first[-1]), files.pieces(memory), room)
    parted = _Parted(files.pieces(memory), lambda pairs: _part_of(parent, pairs.left, parts), parts, files.pairs, room)
    found = [_kept(name_twins(shards, orient(shards, mine), threshold), room) for mine in parted]
    return _merged(found, int(shards.first[-1]), room)


def collect_results(
    shards: Shards, files: PairFiles, near: pa.Table, threshold: float, memory: int, room: Scratch
) -> tuple[pa.Table, pa.Table]:
    """All pairs once as left, right (rows, the preferred one on the left) and score, by left and right; and those near
    the threshold. ``near`` is what `settle` answered."""
    if files.parts(memory) == 1:
        known = orient(shards, _joined(list(files.pieces(memory))))
        return _scored(known), near_threshold(shards, known, near, threshold)
    parts, rows = files.parts(memory), int(shards.first[-1])
    turned = (prefer_left(shards, pairs) for pairs in files.pieces(memory))
    parted = _Parted(turned, lambda pairs: pairs.left * parts // rows, parts, files.pairs, room)
    ends, scores = room.empty((2, files.pairs), np.uint32), room.empty((files.pairs,), np.float64)
    close, done = [], 0
    for pairs in parted:
        known = _once(pairs)
        span = slice(done, done + len(known))
        ends[0, span], ends[1, span], scores[span] = known.left, known.right, known.scores
        close.append(known.take(np.abs(known.scores - threshold) < 2 * BORDERLINE))
        done += len(known)
    table = pa.table({"left": ends[0, :done], "right": ends[1, :done], "score": scores[:done]})
    return table, near_threshold(shards, _joined(close), near, threshold)


def label(rows: int, pieces: Iterable[Pairs], room: Scratch) -> np.ndarray:
    """A union-find of all rows: u32, each row's parent, a smaller row of its component, itself for the smallest."""
    parent = room.empty((rows,), np.uint32)
    for first in range(0, rows, AT_ONCE):
        parent[first : first + AT_ONCE] = np.arange(first, min(first + AT_ONCE, rows))
    for pairs in pieces:
        hook(parent, pairs.left, pairs.right)
    return parent


def _part_of(parent: np.ndarray, rows: np.ndarray, parts: int) -> np.ndarray:
    mixed = find(parent, rows).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(32)
    return np.asarray((mixed * np.uint64(parts)) >> np.uint64(32))


def _kept(table: pa.Table, room: Scratch) -> np.ndarray:
    """A table of four columns of u32 in an array of the room."""
    out = room.empty((4, len(table)), np.uint32)
    for column, name in zip(out, table.column_names):
        column[:] = table[name].to_numpy()
    return out


def _merged(parts: list[np.ndarray], rows: int, room: Scratch) -> pa.Table:
    """All parts, each ascending by its first column, as one table of row, twin, shared, union that ascends too."""
    total = sum(part.shape[1] for part in parts)
    out, done = room.empty((4, total), np.uint32), 0
    for low, high in _ranges(rows, -(-total // AT_ONCE)):
        spans = [slice(*np.searchsorted(part[0], np.array([low, high], dtype=np.uint32))) for part in parts]
        piece = np.concatenate([part[:, span] for part, span in zip(parts, spans)], axis=1)
        out[:, done : done + piece.shape[1]] = piece[:, np.argsort(piece[0])]
        done += piece.shape[1]
    return pa.table(dict(zip(("row", "twin", "shared", "union"), out)))


class _Parted:
    """Pairs by the part that ``number`` says of them: noted as they come by, and then moved, both in the room."""

    def __init__(
        self, pieces: Iterable[Pairs], number: Callable[[Pairs], np.ndarray], parts: int, pairs: int, room: Scratch
    ) -> None:
        found, numbers, at = room.empty((4, pairs), np.uint32), room.empty((pairs,), np.uint32), 0
        counts = np.zeros(parts, dtype=np.int64)
        for piece in pieces:
            span, at = slice(at, at + len(piece)), at + len(piece)
            for column, values in zip(found, (piece.left, piece.right, piece.shared, piece.union)):
                column[span] = values
            numbers[span] = number(piece)
            counts += np.bincount(numbers[span], minlength=parts)
        self.columns, self.bounds = room.empty((4, pairs), np.uint32), np.concatenate(([0], np.cumsum(counts)))
        free, step = self.bounds[:-1].copy(), max(1, min(AT_ONCE, pairs // parts))
        for first in range(0, pairs, step):
            mine = numbers[first : first + step]
            order = np.argsort(mine, kind="stable")
            ranked = mine[order]
            place = free[ranked] + np.arange(len(ranked)) - np.searchsorted(ranked, ranked)
            self.columns[:, place] = found[:, first : first + step][:, order]
            free += np.bincount(mine, minlength=parts)

    def __iter__(self) -> Iterator[Pairs]:
        for begin, end in pairwise(self.bounds.tolist()):
            left, right, shared, union = self.columns[:, begin:end]
            yield Pairs(left.astype(np.int64), right.astype(np.int64), shared, union)


def _once(pairs: Pairs) -> Pairs:
    _, once = np.unique((pairs.left << 32) | pairs.right, return_index=True)
    return pairs.take(once)


def _ranges(rows: int, parts: int) -> list[tuple[int, int]]:
    cuts = [rows * k // max(parts, 1) for k in range(max(parts, 1) + 1)]
    return list(pairwise(cuts))


def _scored(pairs: Pairs) -> pa.Table:
    ends = {"left": pairs.left.astype(np.uint32), "right": pairs.right.astype(np.uint32)}
    return pa.table(ends | {"score": pairs.scores})


def _joined(parts: list[Pairs]) -> Pairs:
    none = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint32)
    columns = [
        np.concatenate([kind, *(getattr(part, name) for part in parts)])
        for kind, name in zip((none[0], none[0], none[1], none[1]), ("left", "right", "shared", "union"))
    ]
    return Pairs(*columns)
