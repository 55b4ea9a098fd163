"""The rows of a build that are linked, cut into parts that nothing links.

In: the narrow columns of its shards, pairs of similar texts and of prompts. Out: parts, each some whole components with
all their edges, small enough to be looked at one by one. Edges are noted by ranges of rows, components are found over
these (`linked`), and then rows, ids and pairs go where the smallest row of their component sends them. What is on its
way is in `Spool`s, so memory is that of a range, or of a part. A component is never cut: the largest one may be more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.engine.spool import Room, Spool
from sxl_data.split.edges import Edges
from sxl_data.split.linked import ALONE, RANGE_BYTES, link, pack, range_of, unpack
from sxl_data.split.part import Rows

PART_BYTES = 350
"""What a row, an id of one or a pair takes at most while its part is divided."""
ID_BYTES = 256
"""What is planned for the ids of a row while those are put in order."""
AT_ONCE = 1 << 18
"""Pairs that are noted at a time."""
ROW = np.dtype(
    [("row", "<u4"), ("hi", "<u8"), ("lo", "<u8"), ("pin", "i1"), ("old", "?"), ("beyond", "?"), ("stratum", "<u8")]
)
NAMED = np.dtype([("row", "<u4"), ("id", "<u8")])


class Prompts(NamedTuple):
    """How the prompts of rows, numbered through the shards, compare: ``equal`` as row and stands, the row compared for
    all of the same prompt; ``near`` as pairs of such rows; both in pieces of shape ``(m, 2)``."""

    equal: Iterable[np.ndarray]
    near: Iterable[np.ndarray]


def pairs_of(batches: Iterable[pa.RecordBatch], one: str, other: str) -> Iterator[np.ndarray]:
    """Two columns of rows, in pieces of shape ``(m, 2)``."""
    for batch in batches:
        yield np.stack([batch[one].to_numpy(), batch[other].to_numpy()], axis=1)


class Shards(NamedTuple):
    """``read`` returns columns of a shard, ``known`` its rows; ``bounds``: its first row, and at last how many rows
    there are."""

    read: Callable[[int, list[str]], pa.Table]
    known: Callable[[int], Rows]
    bounds: np.ndarray

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def named(self, shard: int) -> tuple[np.ndarray, np.ndarray]:
        """The ids that rows of a shard state, and the number of the row of each."""
        lists = self.read(shard, ["ids"])["ids"].combine_chunks()
        rows = pc.list_parent_indices(lists).to_numpy() + self.bounds[shard]
        return rows.astype(np.uint32), lists.flatten().to_numpy()


class Parts:
    """The parts of ``shards``; ``pairs`` are tables of left, right (numbers in the column row) and score."""

    def __init__(
        self, shards: Shards, pairs: Iterable[pa.Table], prompts: Prompts, threshold: float, room: Room
    ) -> None:
        self.shards, self.room = shards, room
        self._cuts = _runs(shards.bounds, max(1, room.memory // 4 // RANGE_BYTES))
        self._ranges = shards.bounds[self._cuts]
        task, near, similar, stars = (room.spool(len(self._cuts) - 1, np.uint64) for _ in range(4))
        self._edges = [task, near, similar]
        for spool, pieces in ((task, prompts.equal), (near, prompts.near)):
            for piece in pieces:
                for first in range(0, len(piece), AT_ONCE):
                    self._note(spool, *piece[first : first + AT_ONCE].T)
        self._note_similar(pairs, threshold, similar)
        named = self._note_ids(stars)
        spools = (task, near, similar, stars)
        self.labels = link(lambda k: chain.from_iterable(s.chunks(k) for s in spools), self._ranges, room)
        self.linked = sum(int((self.labels.read(*span) != ALONE).sum()) for span in pairwise(self._ranges.tolist()))
        entries = self.linked + named + sum(spool.total for spool in self._edges)
        self.count = max(1, -(-entries * PART_BYTES // max(1, room.memory // 4)))

    def _note(self, spool: Spool, one: np.ndarray, other: np.ndarray) -> None:
        spool.add(range_of(self._ranges, np.maximum(one, other)), pack(one, other))

    def _note_similar(self, pairs: Iterable[pa.Table], threshold: float, similar: Spool) -> None:
        """Pairs as rows are numbered now: numbers are looked up where they are kept, first the left ones, then the
        right ones. Rows that are not there any more have no pairs."""
        ranges = len(self._cuts) - 1
        by_left, by_right = (self.room.spool(ranges, np.uint64) for _ in range(2))
        starts = np.zeros(ranges, dtype=np.int64)
        for number in range(ranges):
            starts[number] = next((int(own[0]) for own in self._numbers(number) if len(own)), -1)
        for number in reversed(range(ranges)):  # one without rows begins where the next one does
            if starts[number] < 0:
                starts[number] = starts[number + 1] if number + 1 < ranges else ALONE

        def holder(numbers: np.ndarray) -> np.ndarray:
            return np.maximum(np.searchsorted(starts, numbers, "right") - 1, 0)

        for table in pairs:
            strong = table.filter(pc.greater_equal(table["score"], threshold))
            left, right = (strong[name].to_numpy() for name in ("left", "right"))
            by_left.add(holder(left), pack(left, right))
        for number in range(ranges) if by_left.total else ():
            own = np.concatenate(list(self._numbers(number)))
            for left, right in map(unpack, by_left.chunks(number)):
                place, there = _find(own, left)
                by_right.add(holder(right[there]), pack(right[there], place[there] + self._ranges[number]))
        for number in range(ranges) if by_right.total else ():
            own = np.concatenate(list(self._numbers(number)))
            for right, left in map(unpack, by_right.chunks(number)):
                place, there = _find(own, right)
                self._note(similar, left[there], (place[there] + self._ranges[number]).astype(np.uint32))

    def _numbers(self, number: int) -> Iterator[np.ndarray]:
        """Of the shards of a range the numbers that rows had when they were compared."""
        yield np.empty(0, np.uint32)
        for shard in range(self._cuts[number], self._cuts[number + 1]):
            yield self.shards.read(shard, ["row"])["row"].to_numpy()

    def _note_ids(self, stars: Spool) -> int:
        """Links from each row with an id to the first one with it. Within a shard these are noted at once, and then one
        row of each shard is enough. Answers how many ids rows state."""
        parts = min(1 << 14, max(1, -(-int(self.shards.bounds[-1]) * ID_BYTES // self.room.memory)))
        first_of, named = self.room.spool(parts, NAMED), 0
        for shard in range(len(self.shards)):
            rows, ids = self.shards.named(shard)
            named += len(rows)
            links, seen = _stars(rows, ids)
            self._note(stars, *links)
            first_of.add(_share(seen["id"], parts), seen)
        for part in range(parts):
            seen = first_of.read(part)
            self._note(stars, *_stars(seen["row"], seen["id"])[0])
        return named

    @cached_property
    def _routed(self) -> tuple[Spool, Spool, list[Spool]]:
        """Rows, ids and edges by part."""
        rows, named = (self.room.spool(self.count, dtype) for dtype in (ROW, NAMED))
        for shard, (first, end) in enumerate(pairwise(self.shards.bounds.tolist())):
            labels = self.labels.read(first, end)
            linked = np.flatnonzero(labels != ALONE)
            if not len(linked):
                continue
            known, records = self.shards.known(shard).take(linked), np.empty(len(linked), ROW)
            values = (known.numbers, *known.keys.T, known.pins, known.old, known.beyond, known.strata)
            for name, column in zip(ROW.names or (), values):
                records[name] = column
            rows.add(self._part_of(labels[linked]), records)
            owners, ids = self.shards.named(shard)
            chosen = np.flatnonzero(labels[owners - np.uint32(first)] != ALONE)
            ends = np.empty(len(chosen), NAMED)
            ends["row"], ends["id"] = owners[chosen], ids[chosen]
            named.add(self._part_of(labels[ends["row"] - np.uint32(first)]), ends)
        routed = [self._route(spool) for spool in self._edges]
        self._edges = []  # their files go with them
        return rows, named, routed

    def _route(self, edges: Spool) -> Spool:
        found = self.room.spool(self.count, np.uint64)
        for number, (first, end) in enumerate(pairwise(self._ranges.tolist())) if edges.total else ():
            labels = self.labels.read(first, end)
            for piece in edges.chunks(number):
                found.add(self._part_of(labels[np.maximum(*unpack(piece)) - np.uint32(first)]), piece)
        return found

    def _part_of(self, labels: np.ndarray) -> np.ndarray:
        return _share(labels, self.count)

    def load(self, part: int) -> tuple[Rows, Edges]:
        """The rows of a part, and their edges by the places of the rows."""
        rows, named, edges = self._routed
        own, ids = rows.read(part), named.read(part)

        def place(numbers: np.ndarray) -> np.ndarray:
            return np.searchsorted(own["row"], numbers)

        task, near, similar = (np.stack([place(end) for end in unpack(spool.read(part))], axis=1) for spool in edges)
        keys = np.stack([own["hi"], own["lo"]], axis=1)
        columns = (own[name].copy() for name in ("pin", "old", "beyond", "stratum"))  # which does not keep the rest
        known = Rows(own["row"].astype(np.int64), keys, *columns)
        return known, Edges(task, near, similar, place(ids["row"]).astype(np.uint32), ids["id"].copy())


def _share(numbers: np.ndarray, parts: int) -> np.ndarray:
    """One of ``parts`` parts for each number."""
    mixed = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(32)
    return np.asarray((mixed * np.uint64(parts)) >> np.uint64(32))


def _runs(bounds: np.ndarray, most: int) -> list[int]:
    """Shards in neighbouring runs of up to ``most`` rows, or one: the first of each, and at last how many there are."""
    cuts = [0]
    for shard in range(1, len(bounds) - 1):
        if bounds[shard + 1] - bounds[cuts[-1]] > most:
            cuts.append(shard)
    return [*cuts, len(bounds) - 1]


def _find(own: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The places of numbers among ascending ones, and which are there."""
    at = np.searchsorted(own, wanted)
    there = np.flatnonzero(np.append(own, own[-1:])[np.minimum(at, len(own))] == wanted) if len(own) else at[:0]
    return at, there


def _stars(rows: np.ndarray, ids: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """For rows that ascend, each with an id: links from the later ones of an id to the first, and the first of each."""
    order = np.argsort(ids, kind="stable")
    rows, ids = rows[order], ids[order]
    begins = np.append(True, ids[1:] != ids[:-1])[: len(ids)]
    firsts = rows[begins]
    to = firsts[np.cumsum(begins) - 1]
    seen = np.empty(len(firsts), NAMED)
    seen["row"], seen["id"] = firsts, ids[begins]
    apart = rows != to
    return (rows[apart], to[apart]), seen
