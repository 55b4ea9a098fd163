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
) -> tuple[np.ndarray, bool]:
    """Distinct candidate pairs among the rows `order` names (most preferred first), as positions in `order`.

    u64 (m,), left << 32 | right with left < right, sorted; and whether some bucket was cut. `fan` is the number of
    stars drawn in a bucket of more than ALL_PAIRS rows, fewer where they would exceed MOST edges.
    """
    order = np.ascontiguousarray(order, dtype=np.uint32)
    if compiled:
        found = _find_compiled(signatures, order, bands, fan, workers)
    else:
        found = [_find_band(signatures, order, bands, band, fan) for band in range(bands.count)]
    pairs = np.concatenate([pairs for pairs, _ in found]) if found else np.zeros(0, dtype=np.uint64)
    pairs.sort()
    return pairs, any(cut for _, cut in found)


def _find_compiled(
    signatures: np.ndarray, order: np.ndarray, bands: Bands, fan: int, workers: int | None
) -> list[tuple[np.ndarray, bool]]:
    from sxl_data.dedup.bands_kernel import compare_buckets, pack_band

    # Keys are packed in row order: reading signatures in the order of preference would miss the cache every time.
    by_row = np.argsort(order)
    rows, places = order[by_row], by_row.astype(np.uint32)

    def run(band: int) -> tuple[np.ndarray, bool]:
        keys = np.empty(len(order), dtype=np.uint64)
        pack_band(signatures, rows, places, band * bands.rows, bands.rows, keys)
        keys.sort()
        parts, at, cut = [], 0, False
        room = 1 << 16
        while at < len(keys):
            out = np.empty(room, dtype=np.uint64)
            at, made, more = compare_buckets(
                keys, at, signatures, order, bands.rows, band, bands.agreement, ALL_PAIRS, fan, MOST, out
            )
            cut = cut or more
            if made == 0 and at < len(keys):
                room *= 4  # one bucket's pairs did not fit
            if made:
                parts.append(out[:made].copy())
        return (np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)), cut

    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        return list(pool.map(run, range(bands.count)))


def _find_band(
    signatures: np.ndarray, order: np.ndarray, bands: Bands, band: int, fan: int
) -> tuple[np.ndarray, bool]:
    values = signatures[order, band * bands.rows : (band + 1) * bands.rows]
    by_value = np.lexsort((np.arange(len(order)), *values.T))
    same = (values[by_value[1:]] == values[by_value[:-1]]).all(axis=1)
    starts = np.flatnonzero(np.concatenate(([True], ~same)))
    ends = np.append(starts[1:], len(order))
    left: list[np.ndarray] = []
    right: list[np.ndarray] = []
    cut = False
    for start, end in zip(starts[ends - starts > 1].tolist(), ends[ends - starts > 1].tolist()):
        members, size = by_value[start:end], end - start
        last = size - 1
        if size > ALL_PAIRS:
            last = min(size - 1, max(1, min(fan, MOST // size)))
            cut = cut or last < size - 1
        for k in range(last):
            left.append(np.full(size - k - 1, members[k]))
            right.append(members[k + 1 :])
    if not left:
        return np.zeros(0, dtype=np.uint64), cut
    one, two = np.concatenate(left), np.concatenate(right)
    same_values = signatures[order[one]] == signatures[order[two]]
    passed = same_values.sum(axis=1) >= bands.agreement
    whole = same_values[:, : bands.count * bands.rows].reshape(len(one), bands.count, bands.rows).all(axis=2)
    passed &= whole.argmax(axis=1) == band  # each pair once, in the first band that it shares
    return (one[passed].astype(np.uint64) << np.uint64(32)) | two[passed].astype(np.uint64), cut
