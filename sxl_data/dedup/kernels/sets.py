"""Shingle hashes to sets, and how much two sets share, compiled.

In: addresses and lengths of rows, and pairs of them. Out: the distinct shingles of each row and the sizes of
intersections, in arrays that the caller allocated. A set is a hash table of which eight slots are compared at once.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sxl_data.dedup.kernels.intrinsics import compare8, trailing_zeros
from sxl_data.dedup.kernels.tokens import next_shingles

_ONE, _NONE, _FREE = np.uint64(1), np.uint64(0), np.uint32(0)
_THREE, _SEVEN, _EIGHT = (np.uint64(k) for k in (3, 7, 8))


fast = njit(nogil=True, error_model="numpy")


@fast
def collect_sets(addresses, lengths, kind, size, offsets, out, sizes, work, words, table):
    """The distinct shingles of each row into out[offsets[row]:], in order of appearance, and how many: `sizes`.

    `table` is u32 of at least table_size(the most shingles of a row). A shingle 0 comes last.
    """
    hashes = work[3]
    for row in range(addresses.shape[0]):
        state = (0, _NONE, _NONE, 0, 0, 0)
        mask = clear(table, offsets[row + 1] - offsets[row])
        at = np.uint64(offsets[row])
        zero = _NONE  # whether 0, which marks a free slot, is itself among the shingles
        while True:
            count, state = next_shingles(addresses[row], lengths[row], kind, size, state, work, words)
            if count == 0:
                break
            for i in range(np.uint64(count)):
                value = hashes[i]
                slot, known = find(table, mask, value)
                # Written whether new or not: which it is cannot be predicted.
                out[at] = value
                table[slot] = value
                at += _ONE - known
                zero |= np.uint64(value == _FREE)
        if zero != _NONE:
            out[at] = _FREE
        sizes[row] = np.int64(at + zero) - offsets[row]


@fast
def find(table, mask, value):
    """The slot of a value in a hash table, or the free one where it would go, and 1 or 0 for whether it is there (1
    for the value 0, which is never stored). Bit sets of eight slots are compared at once, so that neither hits nor
    collisions are branches."""
    bucket = np.uint64(value & mask) << _THREE
    while True:
        same, free = compare8(np.uint64(table.ctypes.data) + (bucket << np.uint64(2)), value)
        if same | free != _NONE:
            return bucket + trailing_zeros(same if same != _NONE else free), np.uint64(same != _NONE)
        bucket = (bucket + _EIGHT) & ((np.uint64(mask) << _THREE) | _SEVEN)


@fast
def clear(table, count):
    """Frees the slots for `count` values; answers the mask of the numbers of their buckets."""
    room = table_size(count)
    table[:room] = _FREE
    return np.uint32((room >> 3) - 1)


@fast
def table_size(count):
    """A power of two at least twice `count`."""
    room = np.int64(16)
    while room < 2 * count:
        room *= 2
    return room


@fast
def without_zero(row, offsets, sizes, values):
    """The end of a row's shingles, a last one of 0 left out, and whether there was one."""
    end = offsets[row] + sizes[row]
    zero = sizes[row] > 0 and values[end - 1] == _FREE
    return np.uint64(end - zero), zero


@fast
def intersect_sets(left, right, offsets, sizes, values, shared, table):
    """Distinct shingles that rows left[k] and right[k] share. Fastest when equal `left` stand together. `table` as for
    `collect_sets`."""
    mask, held, zero = np.uint32(0), np.int64(-1), False
    for k in range(left.shape[0]):
        row = left[k]
        if row != held:
            held = row
            mask = clear(table, sizes[row])
            end, zero = without_zero(row, offsets, sizes, values)
            for i in range(np.uint64(offsets[row]), end):
                table[find(table, mask, values[i])[0]] = values[i]
        end, also = without_zero(right[k], offsets, sizes, values)
        found = np.uint64(zero and also)
        for i in range(np.uint64(offsets[right[k]]), end):
            found += find(table, mask, values[i])[1]
        shared[k] = found


ENTRIES = {
    "collect_sets": (collect_sets, "u8[::1], i8[::1], i8, i8, i8[::1], u4[::1], i8[::1], u4[:, ::1], u8[::1], u4[::1]"),
    "intersect_sets": (intersect_sets, "i8[::1], i8[::1], i8[::1], i8[::1], u4[::1], u4[::1], u4[::1]"),
}
"""What Python calls: the function and its argument types in numba's notation."""
