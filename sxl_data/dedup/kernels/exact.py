"""The compiled half of `exact.py`: keys of rows, normalising only the few rows that need it.

In: addresses and lengths. Out: keys (n, 2) u64. A row without CR, byte-order mark or blanks before a line end is
hashed where it lies; another is first copied, normalised, into a scratch buffer.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sxl_data.dedup import exact
from sxl_data.dedup.kernels.intrinsics import line_masks, load64
from sxl_data.dedup.kernels.token_intrinsics import sum_mixed

_P1, _P2 = np.uint64(exact.PLACE1), np.uint64(exact.PLACE2)
_M1, _M2, _M3, _M4 = (np.uint64(mix) for mix in (exact.MIX1, exact.MIX2, exact.MIX3, exact.MIX4))
_ONE, _NONE, _ALL, _EIGHT = np.uint64(1), np.uint64(0), np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(8)
_32, _29, _64 = np.uint64(32), np.uint64(29), np.uint64(64)
_MARK = np.uint64(0xBFBBEF)


fast = njit(nogil=True, error_model="numpy")


@fast
def byte_at(address):
    return load64(address) & np.uint64(0xFF)


@fast
def needs_copy(address, length):
    """Whether a row holds a CR or a blank or tab right before a line feed."""
    carry = _NONE
    for position in range(0, length, 64):
        feeds, returns, blanks = line_masks(address + np.uint64(position))
        valid = _ALL
        if length - position < 64:
            valid = (_ONE << np.uint64(length - position)) - _ONE
        if ((feeds & ((blanks << _ONE) | carry)) | returns) & valid != _NONE:
            return True
        carry = blanks >> np.uint64(63)
    return False


@fast
def trim(address, length):
    """The length without blanks, tabs and line feeds at the end."""
    while length > 0:
        last = byte_at(address + np.uint64(length - 1))
        if last != np.uint64(32) and last != np.uint64(9) and last != np.uint64(10):
            break
        length -= 1
    return length


@fast
def write_normalised(address, length, scratch):
    """The row with LF line ends and no blanks before them into `scratch`; answers its length."""
    at, solid = 0, 0  # solid: one past the last byte of this line that is no blank
    for i in range(length):
        byte = byte_at(address + np.uint64(i))
        if byte == np.uint64(13) or byte == np.uint64(10):
            if byte == np.uint64(10) and i > 0 and byte_at(address + np.uint64(i - 1)) == np.uint64(13):
                continue
            at = solid
            scratch[at] = 10
            at += 1
            solid = at
        else:
            scratch[at] = np.uint8(byte)
            at += 1
            if byte != np.uint64(32) and byte != np.uint64(9):
                solid = at
    return at


@fast
def hash_bytes(address, length, keys, row):
    size = np.uint64(length)
    low, high = size * _M2, size * _M4
    place1, place2 = _NONE, _NONE
    end = address + size
    while end - address >= _64:
        low += sum_mixed(address, place1, _P1, _M1, _M2)
        high += sum_mixed(address, place2, _P2, _M3, _M4)
        place1 += _P1 << np.uint64(3)
        place2 += _P2 << np.uint64(3)
        address += _64
    while address < end:
        word = load64(address)
        if end - address < _EIGHT:
            word &= (_ONE << ((end - address) << np.uint64(3))) - _ONE
        place1 += _P1
        place2 += _P2
        one = word + place1
        one = (one ^ (one >> _32)) * _M1
        one = (one ^ (one >> _29)) * _M2
        low += one ^ (one >> _32)
        two = word + place2
        two = (two ^ (two >> _32)) * _M3
        two = (two ^ (two >> _29)) * _M4
        high += two ^ (two >> _32)
        address += _EIGHT
    keys[row, 0], keys[row, 1] = low, high


@fast
def hash_rows(addresses, lengths, keys, scratch, needed):
    """Keys of rows from row needed[0] on. If `scratch` is too small to normalise a row in, stops there: needed[0] is
    that row and needed[1] the bytes it takes."""
    for row in range(needed[0], addresses.shape[0]):
        address, length = addresses[row], lengths[row]
        if length >= 3 and load64(address) & np.uint64(0xFFFFFF) == _MARK:
            address += np.uint64(3)
            length -= 3
        if needs_copy(address, length):
            if length + 96 > scratch.shape[0]:
                needed[0], needed[1] = row, length + 96
                return
            length = write_normalised(address, length, scratch)
            address = np.uint64(scratch.ctypes.data)
        hash_bytes(address, trim(address, length), keys, row)
    needed[0] = addresses.shape[0]


ENTRIES = {"hash_rows": (hash_rows, "u8[::1], i8[::1], u8[:, ::1], u1[::1], i8[::1]")}
"""What Python calls: the function and its argument types in numba's notation."""
