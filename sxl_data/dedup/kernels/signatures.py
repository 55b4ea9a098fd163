"""Text to signatures and shingle sets, compiled: 64 bytes become four bit masks, masks token bounds, bounds hashes.

In: addresses and lengths of rows. Out: arrays that the caller allocated. Shingles pass a block of at most CAPACITY
tokens at a time, so that everything between the text and the signature stays in the first-level cache. The masks
follow simdjson's way of classifying bytes without a branch per byte; the definition is the one of `shingles.py`.

Nothing is allocated here: callers pass the working arrays, and `native.py` compiles and loads the entries.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sxl_data.dedup import shingles
from sxl_data.dedup.kernels.intrinsics import byte_masks, compare8, load64, ones, rotate31, trailing_zeros
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
_EMPTY, _FREE = np.uint32(0xFFFFFFFF), np.uint32(0)
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
    "sketch_rows": (
        sketch_rows,
        "u8[::1], i8[::1], i8, i8, u4[::1], u2[:, ::1], u4[::1], u4[:, ::1], u8[::1], u4[:, ::1]",
    ),
    "collect_sets": (collect_sets, "u8[::1], i8[::1], i8, i8, i8[::1], u4[::1], i8[::1], u4[:, ::1], u8[::1], u4[::1]"),
    "intersect_sets": (intersect_sets, "i8[::1], i8[::1], i8[::1], i8[::1], u4[::1], u4[::1], u4[::1]"),
}
"""What Python calls: the function and its argument types in numba's notation."""
