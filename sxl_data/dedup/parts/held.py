"""Rows that one process holds, looked up like those of a build's shards; and the parts of a comparison on threads.

In: arrays in memory (or mapped scratch files). Out: the same answers that `Shards` gives of files, so that a corpus in
memory and one in many files are compared by the same code.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from sxl_data.dedup.bands import Bands
from sxl_data.dedup.parts.band_ranges import Among
from sxl_data.dedup.parts.candidates import Found, meet
from sxl_data.dedup.parts.shards import Shards
from sxl_data.dedup.rows import Rows

KEPT_BYTES = 8
"""Of each row and band that a part goes through, at most: a hash, and the row where the part has a piece of a band."""
AT_ONCE = 1 << 16
"""Keys of one band that are compared at a time."""


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

    def places(self, rows: np.ndarray) -> np.ndarray:
        places = np.empty(len(rows), dtype=np.int64)
        places[np.argsort(rows if self.preference is None else self.preference[rows])] = np.arange(len(rows))
        return places


def _no_table(shard: int) -> None:
    raise AssertionError("rows in memory have no file")


def meet_all(
    shards: Held, among: Among, threshold: float, count: int, fan: int, *, compiled: bool, memory: int, workers: int
) -> Found:
    """The candidates of all ``count`` bands, in parts on threads that hold about ``memory`` bytes together."""
    threads = workers or os.cpu_count() or 1
    rows = int(shards.first[-1]) if among.only is None else len(among.only)
    parts = min(count, max(threads if compiled else 1, -(-rows * count * KEPT_BYTES * threads // max(1, memory))))

    def run(part: int) -> Found:
        return meet(shards, among, threshold, fan, part, parts, compiled=compiled, at_once=AT_ONCE)

    if parts == 1:
        return run(0)
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(run, range(parts)))
    return Found(np.sort(np.concatenate([f.pairs for f in found])), np.unique(np.concatenate([f.cut for f in found])))


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
    return meet_all(
        Held(signatures, counts, preference),
        Among(None, ()),
        bands.threshold,
        bands.count,
        fan,
        compiled=compiled,
        memory=memory,
        workers=workers,
    )
