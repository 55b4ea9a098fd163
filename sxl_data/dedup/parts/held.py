"""Rows that one process holds, looked up like those of a build's shards; and their candidates, on threads.

In: arrays in memory (or mapped scratch files). Out: the same answers that `Shards` gives of files, so that a corpus in
memory and one in many files are compared by the same code.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import pairwise

import numpy as np

from sxl_data.dedup.bands import Bands, compare_buckets, hash_bands, share
from sxl_data.dedup.parts.band_ranges import Among
from sxl_data.dedup.parts.candidates import Found
from sxl_data.dedup.parts.shards import Shards
from sxl_data.dedup.rows import Rows

HASH_BYTES = 4
"""Of each row and band."""
PIECES = 16
"""Into which rows are cut whose bands are hashed on threads."""
_LOW, _32 = np.uint64(0xFFFFFFFF), np.uint64(32)


class Held(Shards):
    """One shard in memory. ``counts`` are the rows' shingles; ``preference``, i64, is each row's place, the smaller the
    better, None for the order of the rows."""

    def __init__(
        self, signatures: np.ndarray, counts: np.ndarray, preference: np.ndarray | None = None, rows: Rows | None = None
    ) -> None:
        super().__init__([len(signatures)], _no_table)
        self.preference, self.rows = preference, rows
        self._numbers = {"signature": signatures, "shingles": counts}

    def numbers(self, shard: int, name: str) -> np.ndarray:
        return self._numbers[name]

    def filled(self, shard: int) -> np.ndarray:
        return self._numbers["shingles"] > 0

    def locate(self, rows: np.ndarray) -> Rows:
        assert self.rows is not None
        return self.rows.take(rows)

    def rank(self, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All rows by preference, the best one first, and the places of the ends: nothing has to be sorted again."""
        return self.order, self.place[left], self.place[right]

    @cached_property
    def order(self) -> np.ndarray:
        """u32: all rows by preference, the best one first."""
        return self.own_numbers if self.preference is None else np.argsort(self.preference).astype(np.uint32)

    @cached_property
    def place(self) -> np.ndarray:
        """u32: the place of each row in that order."""
        if self.preference is None:
            return self.own_numbers
        place = np.empty(len(self.order), dtype=np.uint32)
        place[self.order] = self.own_numbers
        return place

    def places(self, rows: np.ndarray) -> np.ndarray:
        places = np.empty(len(rows), dtype=np.int64)
        places[np.argsort(self.place[rows])] = np.arange(len(rows))
        return places


def _no_table(shard: int) -> None:
    raise AssertionError("rows in memory have no file")


def find_all_candidates(
    held: Held, among: Among, bands: Bands, fan: int, *, compiled: bool, memory: int, workers: int
) -> Found:
    """The candidates of all ``bands``, whose hashes take ``memory`` bytes at a time, or one band."""
    rows = among.rows(held, 0).astype(np.uint32)
    places, signatures, cut = held.place[rows], held.numbers(0, "signature"), np.zeros(len(held.place), dtype=np.uint8)

    def compare(hashes: np.ndarray, band: int) -> np.ndarray:
        keys = share(hashes, places, compiled)
        return compare_buckets(keys, signatures, held.order, bands, band, fan, cut, compiled)

    found = [np.zeros(0, dtype=np.uint64)]
    with ThreadPoolExecutor((workers or os.cpu_count() or 1) if compiled else 1) as pool:
        cuts = np.linspace(0, len(rows), PIECES + 1).astype(np.int64).tolist()
        at_once = max(1, memory // max(1, HASH_BYTES * len(rows)))
        for first in range(0, bands.count if len(rows) else 0, at_once):
            numbers = range(first, min(first + at_once, bands.count))
            hashes = np.empty((len(numbers), len(rows)), dtype=np.uint32)
            # In row order and all bands at once: every signature is read from memory once.
            hashed = [
                pool.submit(hash_bands, signatures, rows, a, b, bands, first, hashes, compiled)
                for a, b in pairwise(cuts)
            ]
            for part in hashed:
                part.result()
            found += pool.map(compare, hashes, numbers)
    pairs = np.concatenate(found)
    if held.preference is not None:
        left, right = held.order[pairs >> _32], held.order[pairs & _LOW]
        pairs = (np.minimum(left, right).astype(np.uint64) << _32) | np.maximum(left, right)
    return Found(np.sort(pairs), np.sort(held.order[cut.astype(bool)]))


def find_candidates(
    signatures: np.ndarray,
    order: np.ndarray,
    bands: Bands,
    *,
    fan: int = 1,
    workers: int = 0,
    compiled: bool = True,
    memory: int = 1 << 28,
) -> Found:
    """Candidate pairs among the rows ``order`` of ``signatures``, u16 (n, permutations), the preferred one first.

    ``pairs`` are u64 row << 32 | row, the smaller number first, ascending; ``cut`` the rows that lay in a bucket of
    more than `ALL_PAIRS` rows of which ``fan`` stars were drawn. ``memory`` is the bytes that hashes of bands may take.
    """
    counts, preference = np.zeros(len(signatures), dtype=np.uint32), np.zeros(len(signatures), dtype=np.int64)
    counts[order] = 1
    preference[order] = np.arange(len(order))
    return find_all_candidates(
        Held(signatures, counts, preference),
        Among(None, ()),
        bands,
        fan,
        compiled=compiled,
        memory=memory,
        workers=workers,
    )
