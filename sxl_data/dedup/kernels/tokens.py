"""Text to shingle hashes, compiled: 64 bytes become four bit masks, masks token bounds, bounds hashes.

In: the address and length of a row. Out: a block of hashes at a time, in arrays that the caller allocated. They hold at
most CAPACITY tokens, so that everything between the text and the signature stays in the first-level cache. The masks
follow simdjson's way of classifying bytes without a branch per byte; the definition is the one of `shingles.py`.

Nothing is allocated here: callers pass the working arrays, and `native.loader` compiles and loads the entries. Jitted
functions are as long as what must not be a call.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sxl_data.dedup import shingles
from sxl_data.dedup.kernels.intrinsics import byte_masks, load64, ones, rotate31, trailing_zeros
from sxl_data.dedup.kernels.token_intrinsics import SQUEEZES, copy16, longer, squeeze

CAPACITY = 1024
"""Tokens held at once; a block of 64 bytes adds at most 64."""
ROOM = CAPACITY + 64 + 64 + 32
"""Length of the working arrays: a block more, what is written beyond it, and the tokens carried over."""

_STARTS, _CLASSES = shingles.RANGE_STARTS, shingles.RANGE_CLASSES
_K0, _K1, _K2, _K3 = (np.uint64(k) for k in (shingles.K0, shingles.K1, shingles.K2, shingles.K3))
_STEP, _MIX1, _MIX2 = np.uint32(shingles.STEP), np.uint32(shingles.MIX1), np.uint32(shingles.MIX2)
_FIRST8 = np.array([2 ** (8 * min(size, 8)) - 1 for size in range(17)], dtype=np.uint64)
_NEXT8 = np.array([2 ** (8 * max(size - 8, 0)) - 1 for size in range(17)], dtype=np.uint64)
_WORD, _SPACE, _MARK = np.uint64(shingles.WORD), np.uint64(shingles.SPACE), np.uint64(shingles.MARK)
_ONE, _NONE, _ALL = np.uint64(1), np.uint64(0), np.uint64(0xFFFFFFFFFFFFFFFF)
_TWO, _THREE, _FOUR, _SEVEN, _EIGHT, _SIXTEEN, _32, _64 = (np.uint64(k) for k in (2, 3, 4, 7, 8, 16, 32, 64))
_BYTE, _SIX, _TOP = np.uint64(0xFF), np.uint64(0x3F), np.uint64(63)


fast = njit(nogil=True, error_model="numpy")


@fast
def classify(address):
    """The class of the non-ASCII character whose first byte is at an address."""
    bytes8 = load64(address)
    b0 = bytes8 & _BYTE
    b1 = (bytes8 >> np.uint64(8)) & _SIX
    b2 = (bytes8 >> np.uint64(16)) & _SIX
    b3 = (bytes8 >> np.uint64(24)) & _SIX
    if b0 < np.uint64(0xE0):
        point = ((b0 & np.uint64(0x1F)) << np.uint64(6)) | b1
    elif b0 < np.uint64(0xF0):
        point = ((b0 & np.uint64(0x0F)) << np.uint64(12)) | (b1 << np.uint64(6)) | b2
    else:
        point = ((b0 & np.uint64(0x07)) << np.uint64(18)) | (b1 << np.uint64(12)) | (b2 << np.uint64(6)) | b3
    low, high = 0, len(_STARTS)
    while high - low > 1:
        middle = (low + high) >> 1
        if np.uint64(_STARTS[middle]) <= point:
            low = middle
        else:
            high = middle
    return np.uint64(_CLASSES[low])


@fast
def refine(address, high, kind, cls):
    """Masks (word, space, single, inner) for the non-ASCII bytes of a block, and the class they end in."""
    word, space, single, inner = _NONE, _NONE, _NONE, _NONE
    while high != _NONE:
        at = trailing_zeros(high)
        bit = _ONE << at
        high &= high - _ONE
        lead = (load64(address + at) & _BYTE) >= np.uint64(0xC0)
        if lead:
            cls = classify(address + at)
        if cls == _WORD:
            word |= bit
        elif cls == _SPACE or (kind == 1 and cls == _MARK):
            space |= bit
        elif lead:
            single |= bit
        else:
            inner |= bit
    return word, space, single, inner, cls


@fast
def write_by_eights(bits, base, places, n):
    """Appends `base` plus the index of every set bit; answers the new length. Writes up to 7 more."""
    # Eight at a time, whether or not there are eight: a loop that ends at the last bit is mispredicted at most blocks.
    count = ones(bits)
    at = np.uint64(n)
    for _ in range((count + _SEVEN) >> _THREE):
        for k in range(8):
            places[at + np.uint64(k)] = np.uint32(base + trailing_zeros(bits))
            bits &= bits - _ONE
        at += _EIGHT
    return n + np.int64(count)


@fast
def write_squeezed(bits, base, places, n):
    """The same by one instruction. Writes up to 63 more."""
    return n + np.int64(squeeze(bits, base, np.uint64(places.ctypes.data) + (np.uint64(n) << _TWO)))


write_places = write_squeezed if SQUEEZES else write_by_eights


@fast
def scan(address, length, position, carry, cls, kind, starts, ends, n_starts, n_ends):
    """Token bounds from `position` until the row ends or the arrays are full; answers the state to go on with.

    `carry` holds three bits of the previous byte: in a word, in an operator, not a space.
    """
    while position < length and n_starts < CAPACITY:
        block = address + np.uint64(position)
        space, word, single, high = byte_masks(block)
        inner = _NONE
        left = length - position
        valid = _ALL
        if left < 64:
            valid = (_ONE << np.uint64(left)) - _ONE
            high &= valid
        if high != _NONE:
            more_word, more_space, more_single, inner, cls = refine(block, high, kind, cls)
            word |= more_word
            space |= more_space
            single |= more_single
        operator = ~(space | word | single | inner)
        if kind == 1:
            ascii_single = single & ~high
            space |= ascii_single | operator
            single &= high
            operator = _NONE
        space |= ~valid
        word &= valid
        operator &= valid
        single &= valid
        solid = ~space
        if kind == 2:
            # Every first byte: a later byte is non-ASCII and follows no lead of its own.
            first = solid & ~high
            rest = high & solid
            while rest != _NONE:
                at = trailing_zeros(rest)
                rest &= rest - _ONE
                if (load64(block + at) & np.uint64(0xC0)) == np.uint64(0xC0):
                    first |= _ONE << at
        else:
            first = single
            first |= word & ~((word << _ONE) | (carry & _ONE))
            first |= operator & ~((operator << _ONE) | ((carry >> _ONE) & _ONE))
        end = (first | space) & ((solid << _ONE) | (carry >> np.uint64(2)))
        carry = (word >> _TOP) | ((operator >> _TOP) << _ONE) | ((solid >> _TOP) << np.uint64(2))
        n_starts = write_places(first, np.uint64(position), starts, n_starts)
        n_ends = write_places(end, np.uint64(position), ends, n_ends)
        position += 64
    if position >= length and n_ends < n_starts:
        ends[n_ends] = np.uint32(length)
        n_ends += 1
    return position, carry, cls, n_starts, n_ends


@fast
def hash_tokens(address, starts, ends, count, tokens, held, words):
    """32 bits of each token starts[i] … ends[i] (at least one byte) into tokens[held + i], sixteen bytes a step."""
    # Bytes are gathered first, so that the arithmetic is over arrays and vectorised. That hashes tokens of up to 16
    # bytes, nearly all, without a branch; the others are then gone through again.
    count, held = np.uint64(count), np.uint64(held)
    gathered = np.uint64(words.ctypes.data)
    for i in range(count):
        copy16(address + np.uint64(starts[i]), gathered + (i << _FOUR))
    for i in range(count):
        size = np.uint64(ends[i] - starts[i])
        own = min(size, _SIXTEEN)
        low = words[_TWO * i] & (_ALL >> (_64 - (min(own, _EIGHT) << _THREE)))
        high = words[_TWO * i + _ONE] & ((_ALL >> ((_SIXTEEN - own) << _THREE)) if own > _EIGHT else _NONE)
        state = (size * _K3) ^ (low * _K0) ^ rotate31(high * _K1)
        state ^= state >> _32
        tokens[held + i] = np.uint32((state * _K2) >> _32)
    for first in range(_NONE, count, _64):
        bits = longer(np.uint64(starts.ctypes.data) + (first << _TWO), np.uint64(ends.ctypes.data) + (first << _TWO))
        if count - first < _64:
            bits &= (_ONE << (count - first)) - _ONE
        while bits != _NONE:
            i = first + trailing_zeros(bits)
            bits &= bits - _ONE
            place, size = address + np.uint64(starts[i]), np.uint64(ends[i] - starts[i])
            state = mix(size * _K3, place, size)
            while size > _SIXTEEN:
                size -= _SIXTEEN
                place += _SIXTEEN
                state = mix(state, place, size)
            tokens[held + i] = np.uint32(state >> _32)


@fast
def mix(state, address, size):
    """A token's state after its next 16 bytes, of which `size` are its own; more than 16 count as 16."""
    own = min(size, _SIXTEEN)
    low = load64(address) & _FIRST8[own]
    high = load64(address + _EIGHT) & _NEXT8[own]
    state ^= (low * _K0) ^ rotate31(high * _K1)
    state ^= state >> _32
    return state * _K2


@fast
def combine(tokens, count, size, hashes):
    """Hashes of the `count` shingles that begin at tokens 0 … count − 1."""
    for i in range(count):
        hashes[i] = tokens[i]
    for k in range(1, size):
        for i in range(count):
            hashes[i] = hashes[i] * _STEP + tokens[i + k]
    for i in range(count):
        value = hashes[i]
        # numba widens a product of u32 to u64: each is cut back before its high half is shifted down.
        value = np.uint32((value ^ (value >> np.uint32(16))) * _MIX1)
        value = np.uint32((value ^ (value >> np.uint32(13))) * _MIX2)
        hashes[i] = value ^ (value >> np.uint32(16))


@fast
def next_shingles(address, length, kind, size, state, work, words):
    """The next block of shingle hashes of a row into `hashes`: how many, 0 only at the end of the row, and the state.

    The state at a row's start is (0, 0, 0, 0, 0, 0): position, carry, class, starts waiting, tokens carried over,
    whether any shingle was made.
    """
    starts, ends, tokens, hashes = work[0], work[1], work[2], work[3]
    position, carry, cls, waiting, held, made = state
    while position < length:
        position, carry, cls, n_starts, n_ends = scan(
            address, length, position, carry, cls, kind, starts, ends, waiting, 0
        )
        hash_tokens(address, starts, ends, n_ends, tokens, held, words)
        held += n_ends
        waiting = n_starts - n_ends
        if waiting:
            starts[0] = starts[n_ends]
        if held >= size:
            count = held - size + 1
            combine(tokens, count, size, hashes)
            for i in range(size - 1):
                tokens[i] = tokens[count + i]
            return count, (position, carry, cls, waiting, size - 1, 1)
        if position >= length and made == 0 and held > 0:
            combine(tokens, 1, held, hashes)
            return 1, (position, carry, cls, waiting, held, 1)
    return 0, (position, carry, cls, waiting, held, made)
