"""Texts to the hashes of their word windows, compiled: one pass over the bytes, nothing kept but the windows wanted.

In: the bytes of all texts, where each begins, a table of what a byte means, and a filter of bits. Out: hash and row of
every window whose bit is set. A window of a row that holds no benchmark item leaves no trace in memory, so a batch
costs one read of its text. The definition is the one of `shingles.py`; the caller allocates, `native.py` compiles.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sxl_data.decontaminate import shingles

_SIZE = shingles.SIZE
_BASIS, _STEP = np.uint64(shingles.BASIS), np.uint64(shingles.STEP)
_MIX, _PRIME = np.uint64(shingles.MIX), np.uint64(shingles.PRIME)
_HALF, _SIX, _LOW, _ONE = np.uint64(32), np.uint64(6), np.uint64(63), np.uint64(1)

fast = njit(nogil=True, error_model="numpy")


@fast
def find_windows(data, bounds, meaning, bits, shift, hashes, rows, found, last):
    """Windows of `data` whose bit of `bits` is set, into `hashes` and `rows` while there is room.

    `found[0]` counts all of them. `meaning` gives the byte in lower case, or 0 for what parts words; `last` has room
    for the words of one window.
    """
    room = len(hashes)
    count = 0
    for row in range(len(bounds) - 1):
        words = 0
        state = _BASIS
        inside = False
        for at in range(bounds[row], bounds[row + 1] + 1):
            byte = meaning[data[at]] if at < bounds[row + 1] else np.uint8(0)
            if byte != 0:
                state = (state ^ np.uint64(byte)) * _STEP
                inside = True
                continue
            if not inside:
                continue
            state ^= state >> _HALF
            state *= _MIX
            state ^= state >> _HALF
            last[words % _SIZE] = state
            words += 1
            state = _BASIS
            inside = False
            if words < _SIZE:
                continue
            window = np.uint64(0)
            for k in range(_SIZE):
                window = window * _PRIME + last[(words + k) % _SIZE]
            bit = (window * _MIX) >> np.uint64(shift)
            if (bits[bit >> _SIX] >> (bit & _LOW)) & _ONE == _ONE:
                if count < room:
                    hashes[count] = window
                    rows[count] = row
                count += 1
    found[0] = count


ENTRIES = {"find_windows": (find_windows, "u1[::1], i8[::1], u1[::1], u8[::1], i8, u8[::1], i8[::1], i8[::1], u8[::1]")}
"""What Python calls: the function and its argument types in numba's notation."""
