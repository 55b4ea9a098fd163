"""The compiled half of `bands.py`: keys of one band, and the comparisons inside its buckets.

In: signatures and an order of rows. Out: pairs that pass the estimate, each only from the first band that it shares,
so that a group of copies does not emit its pairs once per band.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sxl_data.dedup.kernels.intrinsics import prefetch

AHEAD = 16
"""Keys between the bucket that is compared and the one whose signatures are asked for."""
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)


fast = njit(nogil=True, error_model="numpy")


@fast
def hash_bands(signatures, rows, begin, end, first, width, hashes):
    """A 32-bit hash of the values of rows[begin:end] in the bands from column `first` on: hashes[band, i]."""
    for i in range(begin, end):
        values = signatures[rows[i]]
        at = first
        for band in range(hashes.shape[0]):
            state = np.uint64(0)
            for _ in range(width):
                state = (state ^ np.uint64(values[at])) * np.uint64(0x9E3779B97F4A7C15)
                state ^= state >> np.uint64(29)
                at += 1
            hashes[band, i] = np.uint32(state >> _32)


@fast
def pack_shared(hashes, places, shift, once, twice, keys, made):
    """hash << 32 | place of the rows whose hash, cut to its bits from `shift` on, another row has too; made[0] is how
    many. `once` and `twice` are bit sets, all zero. Most rows share no bucket, and need not be sorted."""
    for i in range(hashes.shape[0]):
        slot = np.uint64(hashes[i]) >> np.uint64(shift)
        bit = np.uint64(1) << (slot & np.uint64(63))
        slot >>= np.uint64(6)
        twice[slot] |= once[slot] & bit
        once[slot] |= bit
    count = np.int64(0)
    for i in range(hashes.shape[0]):
        slot = np.uint64(hashes[i]) >> np.uint64(shift)
        keys[count] = (np.uint64(hashes[i]) << _32) | np.uint64(places[i])
        count += np.int64((twice[slot >> np.uint64(6)] >> (slot & np.uint64(63))) & np.uint64(1))
    made[0] = count


@fast
def passes(one, two, rows, band, agreement):
    """Whether two signatures share no whole band before this one, share this one, and agree often enough."""
    # Similar rows meet in half of all bands, so most meetings are repeats: asking that first, which the first values
    # of both rows answer nearly always, spares loading the other cache lines.
    for earlier in range(band):
        whole = True
        for k in range(earlier * rows, (earlier + 1) * rows):
            if one[k] != two[k]:
                whole = False
                break
        if whole:
            return False
    for k in range(band * rows, (band + 1) * rows):
        if one[k] != two[k]:
            return False  # the 32-bit keys collided
    same = np.uint32(0)
    for k in range(one.shape[0]):
        same += np.uint32(one[k] == two[k])
    return same >= agreement


@fast
def compare_buckets(keys, progress, signatures, order, rows, band, agreement, all_pairs, fan, most, out, cut):
    """Pairs of the buckets from key progress[0] on; sets progress to (key to go on from, pairs written). `cut`, by
    position, is set to 1 for the rows of a bucket that was cut."""
    at, made, n = progress[0], 0, keys.shape[0]
    base, bytes_ = np.uint64(signatures.ctypes.data), np.uint64(2 * signatures.shape[1])
    lines = (2 * signatures.shape[1] + 63) // 64
    while at < n:
        end = at + 1
        while end < n and (keys[end] >> _32) == (keys[at] >> _32):
            end += 1
        size = end - at
        for k in range(at + AHEAD, min(end + AHEAD, n)):
            # Signatures lie anywhere in memory: those of buckets soon to come are asked for now.
            if (keys[k] >> _32) == (keys[k - 1] >> _32) or (k + 1 < n and (keys[k] >> _32) == (keys[k + 1] >> _32)):
                row = np.uint64(order[keys[k] & _LOW])
                for line in range(lines):
                    prefetch(base + row * bytes_ + np.uint64(64 * line))
        if size > 1:
            last = size - 1
            if size > all_pairs:
                last = min(size - 1, max(1, min(fan, most // size)))
            before = made
            for i in range(last):
                left = keys[at + i] & _LOW
                one = signatures[order[left]]
                for j in range(i + 1, size):
                    right = keys[at + j] & _LOW
                    if passes(one, signatures[order[right]], rows, band, agreement):
                        if made == out.shape[0]:
                            progress[0], progress[1] = at, before
                            return  # start this bucket again with a fresh array
                        out[made] = (left << _32) | right
                        made += 1
            if last < size - 1:
                for i in range(size):
                    cut[keys[at + i] & _LOW] = 1
        at = end
    progress[0], progress[1] = at, made


ENTRIES = {
    "hash_bands": (hash_bands, "u2[:, ::1], u4[::1], i8, i8, i8, i8, u4[:, ::1]"),
    "pack_shared": (pack_shared, "u4[::1], u4[::1], i8, u8[::1], u8[::1], u8[::1], i8[::1]"),
    "compare_buckets": (
        compare_buckets,
        "u8[::1], i8[::1], u2[:, ::1], u4[::1], i8, i8, i8, i8, i8, i8, u8[::1], u1[::1]",
    ),
}
"""What Python calls: the function and its argument types in numba's notation."""
