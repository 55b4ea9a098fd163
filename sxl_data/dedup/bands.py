"""Signatures to candidate pairs: rows that agree in every value of some band, filtered by their whole signatures.

In: signatures (n, p) and the order in which rows are preferred. Out: pairs of rows worth an exact check. A pair of
similarity s shares one of b bands of r values with probability 1 - (1 - s^r)^b (Leskovec et al., Mining of Massive
Datasets, ch. 3); `choose_bands` takes the largest r, so the fewest chance candidates, that still finds `RECALL` of
the pairs exactly at the threshold. Each band packs (hash, row) into one u64 and sorts: faster than any grouping.

A bucket of at most `ALL_PAIRS` rows gives every pair. A larger one gives star edges from its most preferred rows
only, so a page that 10^8 rows repeat costs 10^8 edges, not 10^16. A star can miss a pair whose centre resembles
neither row: the answer says whether any bucket was cut, and `parts.rounds` then asks again for the rows that survived,
with more stars, until nothing is cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

RECALL = 0.985
"""Least chance that a pair exactly at the threshold shares a bucket."""
ALL_PAIRS = 32
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


def hash_bands(
    signatures: np.ndarray,
    rows: np.ndarray,
    begin: int,
    end: int,
    bands: Bands,
    first: int,
    hashes: np.ndarray,
    compiled: bool,
) -> None:
    """Fills hashes[:, begin:end], u32 (some bands from `first` on, rows), with a hash of each band of these rows."""
    if compiled:
        from sxl_data.dedup.kernels.entries import entries

        entries()["hash_bands"](signatures, rows, begin, end, first * bands.rows, bands.rows, hashes)
        return
    values = signatures[rows[begin:end], first * bands.rows : (first + len(hashes)) * bands.rows]
    values = values.reshape(end - begin, len(hashes), bands.rows).astype(np.uint64)
    state = np.zeros((end - begin, len(hashes)), dtype=np.uint64)
    for k in range(bands.rows):
        state = (state ^ values[:, :, k]) * np.uint64(0x9E3779B97F4A7C15)
        state ^= state >> np.uint64(29)
    hashes[:, begin:end] = (state >> np.uint64(32)).T


def share(hashes: np.ndarray, places: np.ndarray, compiled: bool) -> np.ndarray:
    """hash << 32 | place, sorted, of the rows whose hash another one has too, and of some others: u64 keys."""
    if not compiled:
        return np.sort((hashes.astype(np.uint64) << np.uint64(32)) | places)
    from sxl_data.dedup.kernels.entries import entries

    width = min(32, max(6, int(8 * len(places)).bit_length()))  # 8 to 16 bits a row: one in nine passes by chance
    keys, made = np.empty(len(places), dtype=np.uint64), np.zeros(1, dtype=np.int64)
    once, twice = np.zeros((2, 1 << (width - 6)), dtype=np.uint64)
    entries()["pack_shared"](hashes, places, 32 - width, once, twice, keys, made)
    keys = keys[: made[0]]
    keys.sort()
    return keys


def compare_buckets(
    keys: np.ndarray,
    signatures: np.ndarray,
    order: np.ndarray,
    bands: Bands,
    band: int,
    fan: int,
    cut: np.ndarray,
    compiled: bool,
    small: int = ALL_PAIRS,
    most: int = MOST,
) -> np.ndarray:
    """The pairs of places, u64 left << 32 | right, that the buckets of one band yield and signatures do not rule out.

    `keys` are sorted: equal high halves are a bucket, the low halves places in `order`, which names rows of
    `signatures`. A bucket of more than `small` rows gives `fan` stars; `cut` (u8) is set for its places.
    """
    if not compiled:
        return _compare_small(keys, signatures, order, bands, band, fan, cut, small, most)
    from sxl_data.dedup.kernels.entries import entries

    compare = entries()["compare_buckets"]
    parts, room, progress = [], 1 << 16, np.zeros(2, dtype=np.int64)
    while progress[0] < len(keys):
        out = np.empty(room, dtype=np.uint64)
        compare(keys, progress, signatures, order, bands.rows, band, bands.agreement, small, fan, most, out, cut)
        parts.append(out[: progress[1]].copy())
        room *= 1 if progress[1] else 4  # one bucket's pairs did not fit
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)


def count_stars(size: int, fan: int, most: int = MOST) -> int:
    """How many rows of a bucket of `size` rows, more than ALL_PAIRS, are compared with all others."""
    return min(size - 1, max(1, min(fan, most // size)))


def _compare_small(
    keys: np.ndarray,
    signatures: np.ndarray,
    order: np.ndarray,
    bands: Bands,
    band: int,
    fan: int,
    cut: np.ndarray,
    small: int,
    most: int,
) -> np.ndarray:
    hashes, places = keys >> np.uint64(32), (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)
    bounds = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1], [True])))
    left, right = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for start, size in zip(bounds[:-1].tolist(), np.diff(bounds).tolist()):
        members = places[start : start + size]
        last = size - 1 if size <= small else count_stars(size, fan, most)
        if last < size - 1:
            cut[members] = 1
        for k in range(last):
            left.append(np.full(size - k - 1, members[k]))
            right.append(members[k + 1 :])
    one, two = np.concatenate(left), np.concatenate(right)
    same = signatures[order[one]] == signatures[order[two]]
    whole = same[:, : bands.count * bands.rows].reshape(len(one), bands.count, bands.rows).all(axis=2)
    # Each pair once, in the first band that it shares; hashes may agree where values do not.
    passed = (same.sum(axis=1) >= bands.agreement) & whole[:, band] & (whole.argmax(axis=1) == band)
    return (one[passed].astype(np.uint64) << np.uint64(32)) | two[passed].astype(np.uint64)
