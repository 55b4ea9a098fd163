"""A new corpus beside stores of earlier ones: which of its rows some kept row there already says.

In: rows, their keys and signatures, and a store. Out: for each new row the best twin in the store. Stored texts are not
read. Where the store holds shingle sets the score is exact; else it is the signatures' estimate, whose standard error
is sqrt(J (1 − J) / permutations), and the ledger says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sxl_data.contract.errors import error
from sxl_data.dedup.bands import choose_bands
from sxl_data.dedup.config import DedupConfig
from sxl_data.dedup.parts.band_ranges import Among
from sxl_data.dedup.parts.held import Held, find_candidates
from sxl_data.dedup.reference import find_reference_candidates
from sxl_data.dedup.rows import Rows, locate
from sxl_data.dedup.scratch import Scratch
from sxl_data.dedup.signatures import Sketches
from sxl_data.dedup.store import Store
from sxl_data.dedup.verify import collect_shingles

if TYPE_CHECKING:
    import pyarrow as pa

    from sxl_data.dedup.result import DedupResult

FAN = 64
"""Stars per large bucket: there is only one round here."""


@dataclass(frozen=True)
class Matches:
    """For n new rows: the row number of the twin in the store or −1, its score, and whether the texts are equal."""

    twin: np.ndarray
    score: np.ndarray
    exact: np.ndarray
    shared: np.ndarray
    """u32: shingles shared with the twin; 0 where the score is an estimate."""
    union: np.ndarray


def match_store(
    store: Store, rows: Rows, keys: np.ndarray, sketches: Sketches, config: DedupConfig, compiled: bool, room: Scratch
) -> Matches:
    """The best twin of every row among the kept rows of a store. Raises U102 if the signatures do not compare."""
    _check_comparable(store, sketches, config.backend)
    n = len(rows)
    twin, score, same = np.full(n, -1, dtype=np.int64), np.zeros(n), np.zeros(n, dtype=bool)
    _match_keys(store, keys, twin, score, same)
    kept = np.flatnonzero(store.rows["kept"].to_numpy() & (store.rows["signature"].to_numpy() >= 0))
    fresh = np.flatnonzero((twin < 0) & (sketches.counts > 0))
    both = room.empty((len(kept) + len(fresh), sketches.signatures.shape[1]), sketches.signatures.dtype)
    _copy(store.sketches.signatures, store.rows["signature"].to_numpy()[kept], both)
    _copy(sketches.signatures, fresh, both[len(kept) :])
    threshold = config.threshold
    left, right = _candidates(both, len(kept), config, compiled)
    sets = store.sets()
    shared, union = np.zeros(len(left), dtype=np.uint32), np.zeros(len(left), dtype=np.uint32)
    if sets is None:
        scores = _agreement(both, left, right)
    else:
        shared, union = _overlaps(sets, rows, sketches, left, fresh[right - len(kept)], compiled)
        scores = shared / np.maximum(union, 1)
    right = fresh[right - len(kept)]
    order = np.lexsort((left, -scores, right))
    order = order[scores[order] >= threshold]
    first = order[np.concatenate(([True], right[order][1:] != right[order][:-1]))] if len(order) else order
    twin[right[first]], score[right[first]] = kept[left[first]], scores[first]
    overlaps = np.zeros((2, n), dtype=np.uint32)
    overlaps[:, right[first]] = shared[first], union[first]
    return Matches(twin, score, same, overlaps[0], overlaps[1])


def _check_comparable(store: Store, sketches: Sketches, backend: str) -> None:
    ours = (backend, sketches.shingling, sketches.seed, sketches.signatures.shape[1])
    theirs = (store.meta.config.backend, store.shingling, store.sketches.seed, store.sketches.signatures.shape[1])
    if ours != theirs:
        raise error(
            "U102",
            file=str(store.folder),
            found=str(ours),
            expected=str(theirs),
            why="signatures compare only if shingles, seed and permutations are the same",
            fix="use the store's settings",
        )


def _match_keys(store: Store, keys: np.ndarray, twin: np.ndarray, score: np.ndarray, same: np.ndarray) -> None:
    order = np.lexsort((store.keys[:, 1], store.keys[:, 0]))
    at = np.searchsorted(store.keys[order, 0], keys[:, 0])
    row_twin, kept = store.rows["twin"].to_numpy(), store.rows["kept"].to_numpy()
    stored_score = store.rows["score"].to_numpy(zero_copy_only=False)
    live = np.flatnonzero(keys.any(axis=1))
    while len(live):
        live = live[at[live] < len(order)]
        found = order[at[live]]
        live, found = (part[store.keys[found, 0] == keys[live, 0]] for part in (live, found))
        hit = store.keys[found, 1] == keys[live, 1]
        rows = found[hit]
        twin[live[hit]] = np.where(kept[rows], rows, row_twin[rows])  # its twin is what is still there
        score[live[hit]] = np.where(kept[rows], 1.0, stored_score[rows])
        same[live[hit]] = kept[rows] | (stored_score[rows] == 1.0)
        live = live[~hit]
        at[live] += 1


def _copy(signatures: np.ndarray, rows: np.ndarray, target: np.ndarray, at_once: int = 1 << 16) -> None:
    for first in range(0, len(rows), at_once):
        part = rows[first : first + at_once]
        target[first : first + len(part)] = signatures[part]


def _agreement(signatures: np.ndarray, left: np.ndarray, right: np.ndarray, at_once: int = 1 << 16) -> np.ndarray:
    scores = np.zeros(len(left))
    for first in range(0, len(left), at_once):
        part = slice(first, first + at_once)
        scores[part] = (signatures[left[part]] == signatures[right[part]]).mean(axis=1)
    return scores


def _candidates(both: np.ndarray, stored: int, config: DedupConfig, compiled: bool) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows of `both`: one of the `stored` first ones, one of the others."""
    if config.backend == "datasketch":
        held = Held(both, np.ones(len(both), dtype=np.uint32))
        pairs, _ = find_reference_candidates(held, Among(None, ()), config.threshold)
    else:
        bands = choose_bands(config.threshold, both.shape[1])
        pairs, _ = find_candidates(both, np.arange(len(both)), bands, fan=FAN, compiled=compiled)
    left, right = (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)
    across = (left < stored) & (right >= stored)
    return left[across], right[across]


def _overlaps(
    sets: tuple[np.ndarray, np.ndarray],
    rows: Rows,
    sketches: Sketches,
    left: np.ndarray,
    right: np.ndarray,
    compiled: bool,
) -> tuple[np.ndarray, np.ndarray]:
    values, at = sets
    fresh, where = np.unique(right, return_inverse=True)
    found, offsets, sizes = collect_shingles(
        rows.take(fresh), sketches.counts[fresh], sketches.shingling, None, compiled
    )
    shared, union = np.zeros(len(left), dtype=np.uint32), np.zeros(len(left), dtype=np.uint32)
    for k, (a, b) in enumerate(zip(left.tolist(), where.tolist())):
        one, two = values[at[a] : at[a + 1]], found[offsets[b] : offsets[b] + sizes[b]]
        shared[k] = len(np.intersect1d(one, two, assume_unique=True))
        union[k] = len(one) + len(two) - shared[k]
    return shared, union


def kept_shingles(texts: pa.ChunkedArray, result: DedupResult) -> tuple[np.ndarray, np.ndarray]:
    """Shingle hashes of the kept rows that have a signature, in row order, and the offsets of each."""
    counts = np.zeros(len(result.kept), dtype=np.uint32)
    counts[result.unique] = result.sketches.counts
    rows = np.flatnonzero(result.kept & result.keys.any(axis=1))
    located, compiled = locate(texts).take(rows), result.config.backend == "native"
    values, offsets, sizes = collect_shingles(located, counts[rows], result.config.shingling, None, compiled)
    at = np.concatenate(([0], np.cumsum(sizes)))
    packed = np.empty(int(at[-1]), dtype=np.uint32)
    for k in range(len(rows)):
        packed[at[k] : at[k + 1]] = values[offsets[k] : offsets[k] + sizes[k]]
    return packed, at
