"""Shingle hashes to signatures, compiled.

In: addresses and lengths of rows. Out: the extremes of the products of their shingle hashes, in arrays that the caller
allocated; `dedup.signatures` says why these.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sxl_data.dedup import shingles
from sxl_data.dedup.kernels.tokens import next_shingles

_STEP, _EMPTY, _NONE = np.uint32(shingles.STEP), np.uint32(0xFFFFFFFF), np.uint64(0)


fast = njit(nogil=True, error_model="numpy")


@fast
def fold(hashes, count, factors, least, most):
    """Lowers `least` and raises `most` by `count` shingle hashes; reads up to 7 repeats beyond them."""
    # Eight hashes a pass: the extremes are then loaded and stored once for eight products.
    for i in range(count, (count + 7) // 8 * 8):
        hashes[i] = hashes[0]
    for i in range(0, count, 8):
        h0, h1, h2, h3 = hashes[i], hashes[i + 1], hashes[i + 2], hashes[i + 3]
        h4, h5, h6, h7 = hashes[i + 4], hashes[i + 5], hashes[i + 6], hashes[i + 7]
        for j in range(factors.shape[0]):
            factor = factors[j]
            p0, p1, p2 = np.uint32(h0 * factor), np.uint32(h1 * factor), np.uint32(h2 * factor)
            p3, p4, p5 = np.uint32(h3 * factor), np.uint32(h4 * factor), np.uint32(h5 * factor)
            p6, p7 = np.uint32(h6 * factor), np.uint32(h7 * factor)
            low = min(min(min(p0, p1), min(p2, p3)), min(min(p4, p5), min(p6, p7)))
            high = max(max(max(p0, p1), max(p2, p3)), max(max(p4, p5), max(p6, p7)))
            least[j] = min(least[j], low)
            most[j] = max(most[j], high)


@fast
def sketch_rows(addresses, lengths, kind, size, factors, signatures, counts, work, words, extremes):
    """Signatures (n, p) and shingle counts (n,) of rows. `work` is u32 (4, ROOM), `words` u64 (2 · ROOM,), `factors`
    u32 (⌈p / 2⌉,) and `extremes` u32 (2, ⌈p / 2⌉)."""
    hashes, least, most = work[3], extremes[0], extremes[1]
    half, p = factors.shape[0], signatures.shape[1]
    for row in range(addresses.shape[0]):
        least[:], most[:] = _EMPTY, ~_EMPTY
        state = (0, _NONE, _NONE, 0, 0, 0)
        total = 0
        while True:
            count, state = next_shingles(addresses[row], lengths[row], kind, size, state, work, words)
            if count == 0:
                break
            total += count
            fold(hashes, count, factors, least, most)
        counts[row] = total
        for k in range(half):
            signatures[row, k] = np.uint16(np.uint32(least[k] * _STEP) >> np.uint32(16))
        for k in range(p - half):
            signatures[row, half + k] = np.uint16(np.uint32(~most[k] * _STEP) >> np.uint32(16))


ENTRIES = {
    "sketch_rows": (
        sketch_rows,
        "u8[::1], i8[::1], i8, i8, u4[::1], u2[:, ::1], u4[::1], u4[:, ::1], u8[::1], u4[:, ::1]",
    )
}
"""What Python calls: the function and its argument types in numba's notation."""
