"""Texts to MinHash signatures, read where Arrow holds them.

In: a string column and a shingle definition. Out: a signature of `permutations` u16 values per row (row-major) and
the number of its shingles. Value i comes from the minimum over the row's shingles h of `h * a_i mod 2^32` with a_i
odd: a bijection of the 32-bit hashes, so two rows have the same minimum with probability equal to the Jaccard
similarity of their shingle sets (Broder 1997). So do the maxima of the same products, from which the second half of
the values comes: half the multiplications, and as a minimum and a maximum are two draws from the union without putting
back, estimates vary no more than those of as many permutations. The high bits of a product depend on all lower ones
and the hashes are finalised, so no addend is needed; tests hold the estimates against datasketch's. Of each extreme 16
mixed bits are kept: different ones then agree once in 65,536 times, a bias under 0.00002, for half the memory.

Two paths give the same bits. Large inputs run a compiled kernel without the GIL on threads (`native.py` keeps its
machine code). Inputs under `SMALL` bytes run in numpy, so a short command compiles nothing.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sxl_data.dedup.rows import Empty, Rows, locate
from sxl_data.dedup.shingles import KINDS, STEP, Shingling, hash_shingles

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 2
"""Changes whenever a value of a signature would."""
SMALL = 2_000_000
"""Bytes of text under which numpy is fast enough to spare a first use the compiler."""
EMPTY = (0xFFFFFFFF * STEP & 0xFFFFFFFF) >> 16
"""Every value of the signature of a row without shingles."""


@dataclass(frozen=True)
class Sketches:
    """Signatures and shingle counts of n rows."""

    signatures: np.ndarray
    """u16 (n, permutations)."""
    counts: np.ndarray
    """u32 (n,): shingles, repeats included; 0 for a row without tokens."""
    shingling: Shingling
    seed: int

    def estimate(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Estimated Jaccard similarity of the rows left[k] and right[k]: f64."""
        return np.asarray((self.signatures[left] == self.signatures[right]).mean(axis=1))


def multipliers(permutations: int, seed: int) -> np.ndarray:
    """The odd u32 multipliers of a seed; a longer list begins with the shorter one."""
    # SplitMix64 (Steele et al. 2014): numpy's generators do not promise the same stream for ever.
    with np.errstate(over="ignore"):
        state = np.uint64(seed & 0xFFFFFFFFFFFFFFFF) + np.arange(1, permutations + 1, dtype=np.uint64) * np.uint64(
            0x9E3779B97F4A7C15
        )
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (state >> np.uint64(32)).astype(np.uint32) | np.uint32(1)


def sketch(
    texts: pa.Array | pa.ChunkedArray | Rows,
    shingling: Shingling = Shingling(),  # noqa: B008 - frozen
    permutations: int = 128,
    seed: int = 1,
    workers: int | None = None,
    compiled: bool | None = None,
    empty: Empty = np.empty,
) -> Sketches:
    """Signatures of every row. `workers`, `compiled` and `empty`, which makes the array that they are written to,
    change time and place, never a bit of the result."""
    rows = texts if isinstance(texts, Rows) else locate(texts)
    factors = multipliers((permutations + 1) // 2, seed)
    if compiled is None:
        compiled = rows.total_bytes > SMALL
    if not compiled:
        return Sketches(*_sketch_small(rows, shingling, factors, permutations), shingling, seed)
    from sxl_data.dedup.kernels.entries import entries, workspace

    sketch_rows = entries()["sketch_rows"]
    signatures = empty((len(rows), permutations), np.uint16)
    counts = empty((len(rows),), np.uint32)

    def run(first: int, last: int) -> None:
        sketch_rows(
            rows.addresses[first:last],
            rows.lengths[first:last],
            KINDS[shingling.kind],
            shingling.size,
            factors,
            signatures[first:last],
            counts[first:last],
            *workspace(),
            np.empty((2, len(factors)), dtype=np.uint32),
        )

    over_spans(run, rows.lengths, workers)
    return Sketches(signatures, counts, shingling, seed)


def over_spans(run: object, weights: np.ndarray, workers: int | None, pieces: int = 8) -> None:
    """Calls run(first, last) on consecutive spans of about equal weight, on threads."""
    workers = workers or os.cpu_count() or 1
    n = len(weights)
    if not n:
        return
    total = np.cumsum(weights + 64)  # a row costs something even when empty
    parts = min(n, workers * pieces if workers > 1 else 1)
    cuts = np.searchsorted(total, np.linspace(0, float(total[-1]), parts + 1)[1:-1])
    bounds = np.unique(np.concatenate(([0], cuts, [n])))
    spans = list(zip(bounds[:-1].tolist(), bounds[1:].tolist()))
    assert callable(run)
    if workers == 1 or len(spans) == 1:
        for first, last in spans:
            run(first, last)
        return
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(run, first, last) for first, last in spans]:
            done.result()


def _sketch_small(
    rows: Rows, shingling: Shingling, factors: np.ndarray, permutations: int
) -> tuple[np.ndarray, np.ndarray]:
    hashes, offsets = hash_shingles(rows, shingling)
    counts = np.diff(offsets)
    signatures = np.full((len(rows), 2 * len(factors)), EMPTY, dtype=np.uint16)
    filled = np.flatnonzero(counts)
    if len(filled):
        firsts = offsets[:-1][filled]
        for i, factor in enumerate(factors):
            products = hashes * factor
            least, most = np.minimum.reduceat(products, firsts), np.maximum.reduceat(products, firsts)
            for at, extreme in ((i, least), (len(factors) + i, ~most)):
                signatures[filled, at] = (extreme * np.uint32(STEP)) >> np.uint32(16)
    return np.ascontiguousarray(signatures[:, :permutations]), counts.astype(np.uint32)
