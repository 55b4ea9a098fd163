"""Rounds of candidates, exact checks and survivors over rows with distinct texts.

In: rows, their signatures and an order of preference. Out: verified pairs and whether every bucket was compared
whole. One round is exact unless a bucket was cut to stars. Then the next round asks only for the rows that survived,
whose buckets are far smaller, with four times the stars. Survivors are always recomputed from all pairs known, so a
row dropped for a twin that later falls itself comes back and is compared again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sxl_data.dedup.bands import choose_bands, find_candidates
from sxl_data.dedup.clusters import keep_best, survive
from sxl_data.dedup.rows import Rows
from sxl_data.dedup.signatures import Sketches
from sxl_data.dedup.verify import measure_overlaps

ROUNDS = 6
"""Most rounds: stars per large bucket 1, 4, 16, 64, 256, 1024."""
LINK_FAN = 16
"""Stars per large bucket when pairs are only wanted for grouping."""


@dataclass(frozen=True)
class Pairs:
    """Verified pairs of rows; the left one is preferred to the right one."""

    left: np.ndarray
    """i64 (m,): row numbers."""
    right: np.ndarray
    """i64 (m,)."""
    shared: np.ndarray
    """u32 (m,): distinct shingles in both."""
    union: np.ndarray
    """u32 (m,): distinct shingles in either."""

    def __len__(self) -> int:
        return len(self.left)

    @property
    def scores(self) -> np.ndarray:
        """f64 (m,): Jaccard similarities."""
        return np.asarray(self.shared / np.maximum(self.union, 1).astype(np.float64))

    def take(self, which: np.ndarray) -> Pairs:
        return Pairs(self.left[which], self.right[which], self.shared[which], self.union[which])

    def at_least(self, score: float) -> Pairs:
        return self.take(self.scores >= score)

    def and_also(self, other: Pairs) -> Pairs:
        return Pairs(*(np.concatenate((getattr(self, k), getattr(other, k))) for k in _FIELDS))


_FIELDS = ("left", "right", "shared", "union")


@dataclass(frozen=True)
class Search:
    """What is compared: n rows with distinct texts, numbered by preference, the best one 0."""

    rows: Rows
    sketches: Sketches
    order: np.ndarray
    """i64 (n,): order[k] is the row with preference k. Pairs speak of preferences, so left < right."""
    memory: int = 1 << 28
    """Bytes that hashes of bands, and then the shingle sets of candidates, may take at a time."""
    workers: int | None = None
    compiled: bool = True

    def prune(self, threshold: float, floor: float, free: np.ndarray) -> tuple[Pairs, np.ndarray, np.ndarray, bool]:
        """Verified pairs from `floor` on, the survivors at `threshold` (twin and pair as of `keep_best`), and
        whether every bucket of the survivors was compared whole. Rows outside `free` (bool, by preference) take no
        part."""
        n, filled = len(self.order), (self.sketches.counts[self.order] > 0) & free
        among = first_cut = np.flatnonzero(filled)
        alive = filled
        pairs, known = _NO_PAIRS, np.zeros(0, dtype=np.uint64)
        complete = False
        for turn in range(ROUNDS):
            found, cut = self._candidates(among, threshold, 4**turn)
            fresh = found[~_among(found, known)]
            pairs = pairs.and_also(self._verify(fresh).at_least(floor))
            strong = pairs.at_least(threshold)
            before, alive = alive, filled & survive(n, strong.left, strong.right)
            # Only a cut bucket can hold a pair not compared yet. A row that came back was absent from later rounds,
            # so it meets again whoever was in the buckets cut at first.
            first_cut = first_cut if turn else cut
            back = np.any(alive & ~before)
            among = first_cut[alive[first_cut]] if back else cut[alive[cut]]
            if not len(among):
                complete = True
                break
            known = np.sort(np.concatenate((known, fresh)), kind="stable")
        enough = np.flatnonzero(pairs.scores >= threshold)
        strong = pairs.take(enough)
        twin, pair = keep_best(n, strong.left, strong.right, strong.scores)
        return pairs, twin, np.where(pair >= 0, np.append(enough, -1)[pair], -1), complete

    def link(self, pairs: Pairs, among: np.ndarray, threshold: float) -> tuple[Pairs, bool]:
        """`pairs` and all others of the rows `among` (preferences) that reach a lower threshold."""
        among = among[self.sketches.counts[self.order[among]] > 0]
        found, cut = self._candidates(among, threshold, LINK_FAN)
        fresh = found[~_among(found, np.sort(_pack(pairs.left, pairs.right)))]
        return pairs.and_also(self._verify(fresh).at_least(threshold)), not len(cut)

    def _candidates(self, among: np.ndarray, threshold: float, fan: int) -> tuple[np.ndarray, np.ndarray]:
        """Packed pairs of preferences, and the preferences of rows in cut buckets."""
        bands = choose_bands(threshold, self.sketches.signatures.shape[1])
        found, cut = find_candidates(
            self.sketches.signatures,
            self.order[among],
            bands,
            fan=fan,
            workers=self.workers,
            compiled=self.compiled,
            memory=self.memory,
        )
        left, right = _unpack(found)
        return _pack(among[left], among[right]), among[cut]

    def _verify(self, packed: np.ndarray) -> Pairs:
        left, right = _unpack(packed)
        shared, union = measure_overlaps(
            self.rows,
            self.sketches.counts,
            self.order[left],
            self.order[right],
            self.sketches.shingling,
            memory=self.memory,
            workers=self.workers,
            compiled=self.compiled,
        )
        return Pairs(left, right, shared, union)


def _among(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Which of `values` are in the sorted `known`."""
    if not len(known):
        return np.zeros(len(values), dtype=bool)
    return np.asarray(known[np.minimum(np.searchsorted(known, values), len(known) - 1)] == values)


def _pack(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return (left.astype(np.uint64) << np.uint64(32)) | right.astype(np.uint64)


def _unpack(packed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (packed >> np.uint64(32)).astype(np.int64), (packed & np.uint64(0xFFFFFFFF)).astype(np.int64)


_NO_PAIRS = Pairs(*(np.zeros(0, dtype=t) for t in (np.int64, np.int64, np.uint32, np.uint32)))
