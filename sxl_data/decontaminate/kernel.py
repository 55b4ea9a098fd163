"""Texts to the hashes of their word windows, compiled: one pass over the bytes, nothing kept but the windows wanted.

In: the bytes of all texts, where each begins, a table of what a byte means, and a filter of bits. Out: hash and row of
every window whose bit is set. A window of a row that holds no benchmark item leaves no trace in memory, so a batch
costs one read of its text. The definition is the one of `shingles.py`; the caller allocates, `native.py` compiles.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sxl_data.decontaminate import shapes, shingles
from sxl_data.decontaminate.words import AFTER_DOT

_SIZE = shingles.SIZE
_BASIS, _STEP = np.uint64(shingles.BASIS), np.uint64(shingles.STEP)
_MIX, _PRIME = np.uint64(shingles.MIX), np.uint64(shingles.PRIME)
_FEW, _MANY = shingles.FEW, shingles.MANY
_KEPT = np.uint64(shingles.KEPT)
_HALF, _SIX, _LOW, _ONE = np.uint64(32), np.uint64(6), np.uint64(63), np.uint64(1)

fast = njit(nogil=True, error_model="numpy")


@fast
def _is_escape(byte):
    """Of a line end or a tab, as a text that is quoted inside another one has them."""
    return byte == 110 or byte == 114 or byte == 116


@fast
def _mixed(state):
    """The hash of a finished word."""
    state ^= state >> _HALF
    state *= _MIX
    return state ^ (state >> _HALF)


@fast
def _look_up(window, row, bits, shift, hashes, rows, count):
    """How many windows are found with this one: it is kept where its bit is set, while there is room."""
    bit = (window * _MIX) >> np.uint64(shift)
    if (bits[bit >> _SIX] >> (bit & _LOW)) & _ONE != _ONE:
        return count
    if count < len(hashes):
        hashes[count] = window
        rows[count] = row
    return count + 1


@fast
def find_windows(data, bounds, meaning, bits, shift, hashes, rows, found, last):
    """Windows of `data` whose bit of `bits` is set, into `hashes` and `rows` while there is room.

    `found[0]` counts all of them. `meaning` gives the byte in lower case, or 0 for what parts words; `last` has room
    for the words of one window.
    """
    count = 0
    for row in range(len(bounds) - 1):
        words = 0
        state = _BASIS
        inside = False
        for at in range(bounds[row], bounds[row + 1] + 1):
            byte = meaning[data[at]] if at < bounds[row + 1] else np.uint8(0)
            if byte != 0 and at > bounds[row] and data[at - 1] == 92 and _is_escape(data[at]):
                byte = np.uint8(0)
            if byte != 0:
                state = (state ^ np.uint64(byte)) * _STEP
                inside = True
                continue
            if not inside:
                continue
            last[words % _SIZE] = _mixed(state)
            words += 1
            state = _BASIS
            inside = False
            if words < _SIZE:
                continue
            window = np.uint64(0)
            for k in range(_SIZE):
                window = window * _PRIME + last[(words + k) % _SIZE]
            count = _look_up(window & _KEPT, row, bits, shift, hashes, rows, count)
    found[0] = count


_TOKENS = shapes.SIZE
_AFTER_DOT = np.uint64(AFTER_DOT)


@fast
def _is_among(fixed, state):
    low, high = 0, len(fixed)
    while low < high:
        middle = (low + high) >> 1
        if fixed[middle] < state:
            low = middle + 1
        else:
            high = middle
    return low < len(fixed) and fixed[low] == state


@fast
def find_shapes(data, bounds, meaning, fixed, bits, shift, hashes, rows, found, last):
    """As `find_windows`, of the shapes of `shapes.py`. `last` has room for two words for each token of a window: its
    hash, and 1 where it stands for itself."""
    count = 0
    for row in range(len(bounds) - 1):
        tokens = 0
        state = _BASIS
        inside = False
        digits = False
        dotted = False
        for at in range(bounds[row], bounds[row + 1] + 1):
            byte = data[at] if at < bounds[row + 1] else np.uint8(32)
            kind = meaning[byte]
            if kind == 1 and at > bounds[row] and data[at - 1] == 92 and _is_escape(byte):
                kind = np.uint8(0)
            if kind == 1:
                if not inside:
                    digits = bool(byte < 58)
                    dotted = at > bounds[row] and data[at - 1] == 46
                state = (state ^ np.uint64(byte)) * _STEP
                inside = True
                continue
            turns = (1 if inside else 0) + (1 if kind == 2 else 0)
            for _turn in range(turns):
                place = tokens % _TOKENS
                if inside:
                    last[place] = state
                    itself = digits or _is_among(fixed, state) or (dotted and _is_among(fixed, state ^ _AFTER_DOT))
                    last[_TOKENS + place] = _ONE if itself else np.uint64(0)
                    state = _BASIS
                    inside = False
                else:
                    last[place] = np.uint64(byte)
                    last[_TOKENS + place] = _ONE
                tokens += 1
                if tokens < _TOKENS:
                    continue
                window = np.uint64(7)
                own = 0
                for k in range(_TOKENS):
                    here = (tokens + k) % _TOKENS
                    value = last[here]
                    if last[_TOKENS + here] == 0:
                        first = 0
                        while last[(tokens + first) % _TOKENS] != value:
                            first += 1
                        value = np.uint64(first + 1) * _STEP
                    else:
                        own += 1
                    window = window * _PRIME + value
                    window ^= window >> _HALF
                if own < 4:  # words in a row: no code
                    continue
                count = _look_up(window & _KEPT, row, bits, shift, hashes, rows, count)
    found[0] = count


@fast
def find_lines(data, bounds, meaning, bits, shift, hashes, rows, found, last):
    """As `find_windows`, of whole lines of a few words: the hash is that of all words of the line."""
    count = 0
    for row in range(len(bounds) - 1):
        words = 0
        state = _BASIS
        inside = False
        line = np.uint64(0)
        for at in range(bounds[row], bounds[row + 1] + 1):
            end = at == bounds[row + 1] or data[at] == 10
            end = end or (at > bounds[row] and data[at - 1] == 92 and data[at] == 110)
            byte = np.uint8(0) if end else meaning[data[at]]
            if byte != 0:
                state = (state ^ np.uint64(byte)) * _STEP
                inside = True
                continue
            if inside:
                line = line * _PRIME + _mixed(state)
                words += 1
                state = _BASIS
                inside = False
            if end:
                if _FEW <= words < _MANY:
                    line = ((line ^ np.uint64(words)) * _MIX) & _KEPT
                    count = _look_up(line, row, bits, shift, hashes, rows, count)
                words = 0
                line = np.uint64(0)
    found[0] = count


_TYPES = "u1[::1], i8[::1], u1[::1], {}u8[::1], i8, u8[::1], i8[::1], i8[::1], u8[::1]"
ENTRIES = {
    "find_windows": (find_windows, _TYPES.format("")),
    "find_lines": (find_lines, _TYPES.format("")),
    "find_shapes": (find_shapes, _TYPES.format("u8[::1], ")),
}
"""What Python calls: the function and its argument types in numba's notation."""
