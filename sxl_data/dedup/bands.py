"""Signatures to candidate pairs: rows that agree in every value of some band, filtered by their whole signatures.

In: signatures (n, p) and the order in which rows are preferred. Out: pairs of rows worth an exact check. A pair of
similarity s shares one of b bands of r values with probability 1 - (1 - s^r)^b (Leskovec et al., Mining of Massive
Datasets, ch. 3); `choose_bands` takes the largest r, so the fewest chance candidates, that still finds `RECALL` of
the pairs exactly at the threshold. Each band packs (hash, row) into one u64 and sorts: faster than any grouping.

A bucket of at most `ALL_PAIRS` rows gives every pair. A larger one gives star edges from its most preferred rows
only, so a page that 10^8 rows repeat costs 10^8 edges, not 10^16. A star can miss a pair whose centre resembles
neither row: the answer says whether any bucket was cut, and `search.py` then asks again for the rows that survived,
with more stars, until nothing is cut.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

RECALL = 0.985
"""Least chance that a pair exactly at the threshold shares a bucket."""
ALL_PAIRS = 16
"""Rows of a bucket up to which all its pairs are compared."""
DEVIATIONS = 3.0
"""Standard errors below the threshold at which an estimate rules a pair out: loses 0.1 % of pairs at it."""
MOST = 1 << 22
"""Most edges of the stars of one bucket, but for its first star, which is always drawn."""


@dataclass(frozen=True)
class Bands:
    """How signatures are cut for one threshold."""

    count: int
    rows: int
    threshold: float
    permutations: int

    @property
    def agreement(self) -> int:
        """Values two signatures must share for the pair to be checked."""
        t, p = self.threshold, self.permutations
        return max(1, math.ceil(p * (t - DEVIATIONS * math.sqrt(t * (1 - t) / p))))

    def chance(self, similarity: float) -> float:
        """Probability that a pair of this similarity becomes a candidate."""
        return float(1 - (1 - similarity**self.rows) ** self.count)


def choose_bands(threshold: float, permutations: int) -> Bands:
    """The bands for a threshold in (0, 1]. ValueError when so few permutations cannot reach the recall."""
    for rows in range(min(32, permutations), 0, -1):
        bands = Bands(permutations // rows, rows, threshold, permutations)
        if bands.chance(threshold) >= RECALL:
            return bands
    raise ValueError(f"{permutations} permutations cannot find {RECALL:.1%} of pairs at {threshold}")


def find_candidates(
    signatures: np.ndarray,
    order: np.ndarray,
    bands: Bands,
    *,
    fan: int = 1,
    workers: int | None = None,
    compiled: bool = True,
    memory: int = 1 << 30,
) -> tuple[np.ndarray, np.ndarray]:
    """Distinct candidate pairs among the rows `order` names (most preferred first), as positions in `order`.

    u64 (m,), left << 32 | right with left < right, sorted; and bool (n,), the positions that lay in a bucket that was
    cut. `fan` is the number of stars drawn in a bucket of more than ALL_PAIRS rows, fewer where they would exceed
    MOST edges. `memory` is the bytes that hashes of bands may take at a time, one band at least.
    """
    order = np.ascontiguousarray(order, dtype=np.uint32)
    cut = np.zeros(len(order), dtype=np.uint8)
    if not len(order):
        return np.zeros(0, dtype=np.uint64), cut.astype(bool)
    if compiled:
        found = _find_compiled(signatures, order, bands, fan, workers, cut, memory)
    else:
        found = [_find_band(signatures, order, bands, band, fan, cut) for band in range(bands.count)]
    pairs = np.concatenate(found)
    pairs.sort()
    return pairs, cut.astype(bool)


def _find_compiled(
    signatures: np.ndarray, order: np.ndarray, bands: Bands, fan: int, workers: int | None, cut: np.ndarray,
    memory: int,
) -> list[np.ndarray]:  # fmt: skip
    from sxl_data.dedup.native import entries

    hash_bands, pack_shared, compare_buckets = (
        entries()[name] for name in ("hash_bands", "pack_shared", "compare_buckets")
    )
    # Bands are hashed in one pass over the signatures, or few, in row order: the order of preference would miss the
    # cache at every row, and a pass per band would read every cache line many times.
    by_row = np.argsort(order)
    rows, places = order[by_row], by_row.astype(np.uint32)
    width = min(
        32, max(6, int(8 * len(order)).bit_length())
    )  # 8 to 16 bits a row: one row in nine passes by chance

    def compare(hashes: np.ndarray, band: int) -> np.ndarray:
        keys, made = np.empty(len(order), dtype=np.uint64), np.zeros(1, dtype=np.int64)
        once, twice = np.zeros((2, 1 << (width - 6)), dtype=np.uint64)
        pack_shared(hashes, places, 32 - width, once, twice, keys, made)
        keys = keys[: made[0]]
        keys.sort()
        parts, room, progress = [], 1 << 16, np.zeros(2, dtype=np.int64)
        while progress[0] < len(keys):
            out = np.empty(room, dtype=np.uint64)
            compare_buckets(
                keys, progress, signatures, order, bands.rows, band, bands.agreement, ALL_PAIRS, fan, MOST, out, cut
            )  # fmt: skip
            parts.append(out[: progress[1]].copy())
            room *= 1 if progress[1] else 4  # one bucket's pairs did not fit
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)

    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        found: list[np.ndarray] = []
        cuts = np.linspace(0, len(order), 17).astype(np.int64).tolist()
        at_once = max(1, memory // (4 * len(order)))
        for first in range(0, bands.count, at_once):
            numbers = range(first, min(first + at_once, bands.count))
            hashes = np.empty((len(numbers), len(order)), dtype=np.uint32)
            hashed = [
                pool.submit(hash_bands, signatures, rows, a, b, first * bands.rows, bands.rows, hashes)
                for a, b in pairwise(cuts)
            ]
            for part in hashed:
                part.result()
            found += pool.map(compare, hashes, numbers)
        return found


def _find_band(
    signatures: np.ndarray, order: np.ndarray, bands: Bands, band: int, fan: int, cut: np.ndarray
) -> np.ndarray:
    values = signatures[order, band * bands.rows : (band + 1) * bands.rows]
    by_value = np.lexsort((np.arange(len(order)), *values.T))
    same = (values[by_value[1:]] == values[by_value[:-1]]).all(axis=1)
    starts = np.flatnonzero(np.concatenate(([True], ~same)))
    ends = np.append(starts[1:], len(order))
    left: list[np.ndarray] = []
    right: list[np.ndarray] = []
    for start, end in zip(starts[ends - starts > 1].tolist(), ends[ends - starts > 1].tolist()):
        members, size = by_value[start:end], end - start
        last = size - 1
        if size > ALL_PAIRS:
            last = min(size - 1, max(1, min(fan, MOST // size)))
            if last < size - 1:
                cut[members] = 1
        for k in range(last):
            left.append(np.full(size - k - 1, members[k]))
            right.append(members[k + 1 :])
    if not left:
        return np.zeros(0, dtype=np.uint64)
    one, two = np.concatenate(left), np.concatenate(right)
    same_values = signatures[order[one]] == signatures[order[two]]
    passed = same_values.sum(axis=1) >= bands.agreement
    whole = same_values[:, : bands.count * bands.rows].reshape(len(one), bands.count, bands.rows).all(axis=2)
    passed &= whole.argmax(axis=1) == band  # each pair once, in the first band that it shares
    return (one[passed].astype(np.uint64) << np.uint64(32)) | two[passed].astype(np.uint64)
