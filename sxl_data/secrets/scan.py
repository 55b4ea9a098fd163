"""One pass over bytes for the few places at which a secret or a person may begin, compiled by numba.

In: bytes and the tables of `scanning`. Out: places, in no order. Every four bytes are hashed into a map of bits, which
most text never hits; what hits it is compared with the sequences that the four bytes belong to, and what stands behind
a telling name or `://` is looked at too. A place that is not given is a promise: no pattern of the table matches there.
RE2 reads 200 MB a second of such text, this pass several times that. `scanning` calls it; this module is imported to
compile it only.
"""

from __future__ import annotations

import numba
import numpy as np

from sxl_data.secrets.scanning import BLOCK, FOUND, HALF, MASKS, NAMED, NAMED_BEFORE, PLACES, SHIFT, SLOTS, URL

_KEPT = np.uint32(SHIFT)
_4, _5, _8, _16, _24, _31 = (np.uint32(number) for number in (4, 5, 8, 16, 24, 31))
_SIXES = np.zeros(256, np.int64)
for _place, _byte in enumerate(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"):
    _SIXES[_byte] = _place
_DE_BRUIJN = np.uint32(125613361)
_BIT = np.zeros(32, np.int64)
for _place in range(32):
    _BIT[((125613361 << _place) & 0xFFFFFFFF) >> 27] = _place
_ALL = np.uint64(0x0101010101010101)
_URL = 300
fast = numba.njit(nogil=True, error_model="numpy")


@fast
def _is_name(byte):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    letter = (byte | 32) - 97
    return (0 <= letter < 26) | (48 <= byte <= 57) | (byte == 95) | (byte == 46) | (byte == 45) | (byte == 93)


@fast
def _is_set(data, i, begin, n):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Whether something may be set to the name that ends before ``i`` and has its telling word at ``begin``."""
    stop = min(n, i + 31)
    while i < stop and _is_name(np.int64(data[i])):
        i += 1
    end, stop = i, min(n, i + 13)
    while i < stop and (data[i] == 92 or data[i] == 34 or data[i] == 39 or data[i] == 96 or data[i] == 41):
        i += 1
    stop = min(n, i + 41)
    begun = i
    while i < stop and (data[i] == 32 or data[i] == 9):
        i += 1
    if i >= n:
        return False
    byte = data[i]
    if byte == 58 or byte == 61 or byte == 40 or byte == 44 or byte == 62:  # : = ( , >
        return True
    if begun == i:
        return False
    if byte == 105 and i + 2 < n and data[i + 1] == 115 and (data[i + 2] == 32 or data[i + 2] == 58):  # is
        return True
    if end == begun:  # --name value
        stop = max(0, begin - 32)
        begin -= 1
        while begin >= stop and _is_name(np.int64(data[begin])):
            if data[begin] == 45:
                return True
            begin -= 1
    return False


@fast
def _has_at(data, i, n):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Whether an @ stands behind ``i`` with nothing between that ends an address."""
    for k in range(i, min(n, i + _URL)):
        byte = data[k]
        if byte == 64:
            return True
        if byte <= 32 or byte == 34 or byte == 39 or byte == 60 or byte == 62 or byte == 92:
            return False
    return False


@fast
def _verify(data, n, i, gram, slot, books, grams, steps, members, out, many):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Put the places at which a sequence matches with ``gram`` at ``i`` into ``out``; how many are there then."""
    for e in range(books[slot], books[slot + 1]):
        if grams[4 * e] != gram:
            continue
        at = i - np.int64(grams[4 * e + 1])
        first, length = np.int64(grams[4 * e + 2]), np.int64(grams[4 * e + 3])
        tail, length = length >> 8, length & 255
        if at < 0 or at + length > n:
            continue
        right = True
        for k in range(length):
            if members[np.int64(steps[first + k]) * 256 + np.int64(data[at + k])] == 0:
                right = False
                break
        if not right or (tail == NAMED and not _is_set(data, at + length, at, n)):
            continue
        if tail == NAMED_BEFORE and not _is_set(data, at + length - 1, at, n):
            continue
        if tail == URL and not _has_at(data, at + length, n):
            continue
        out[many] = at
        return many + 1
    return many


@fast
def _triggers(data, begin, many, seen):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Mark in ``seen`` where one of `TRIGGERS` begins."""
    d0, d1, d2, d3 = data[begin:], data[begin + 1 :], data[begin + 2 :], data[begin + 3 :]
    d4, d5, d7, d17 = data[begin + 4 :], data[begin + 5 :], data[begin + 7 :], data[begin + 17 :]
    for i in range(many):
        a, b, c, d, e = d0[i], d1[i], d2[i], d3[i], d4[i]
        found = (a == 27) | (a == 0) | (a == 64) | (a == 126) | (a == 37)
        found |= ((a == 43) & (b >= 49) & (b <= 57)) | ((a == 194) & (b == 173)) | ((a == 226) & (c == 139))
        found |= (
            ((a == 92) & ((b == 47) | (b == 120)))
            | ((a == 83) & (b == 75))
            | ((a == 38) & (b == 35))
            | ((a == 36) & (c == 36))
        )
        found |= ((a == 45) & ((c == 32) | (e == 45))) | ((a == 40) & (e == 41))
        found |= (a == 46) & ((c == 46) | (d == 46) | (e == 46) | (d7[i] == 46))
        found |= (a == 58) & ((b == 58) | (c == 58) | (d == 58) | (e == 58) | (d5[i] == 58))
        found |= (a == 58) & (d == 32) & ((e == 43) | (e == 45))
        x, y = b | 32, c | 32
        found |= ((a | 32) == 112) & (((x == 119) & (y == 100)) | ((x == 115) & (y == 119)))
        found |= (a == 112) & (b == 97) & (c == 116) & (d17[i] == 46)
        seen[i] = found


@fast
def _hashed(words, bits, masks, factor):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Which of ``words``, a multiple of 32 and one more, hold the first byte of four that the map ``bits`` knows: a bit
    for each, in ``masks``. Numbers that stay in registers let the compiler look several up at once."""
    for q in range(len(words) // 32):
        here, after = words[32 * q : 32 * q + 32], words[32 * q + 1 : 32 * q + 33]
        mask = np.uint32(0)
        for j in range(32):
            low, high = here[j], after[j]
            h0 = np.uint32(low * factor) >> _KEPT
            h1 = np.uint32(np.uint32((low >> _8) | (high << _24)) * factor) >> _KEPT
            h2 = np.uint32(np.uint32((low >> _16) | (high << _16)) * factor) >> _KEPT
            h3 = np.uint32(np.uint32((low >> _24) | (high << _8)) * factor) >> _KEPT
            known = (bits[h0 >> _5] >> (h0 & _31)) | (bits[h1 >> _5] >> (h1 & _31))
            known |= (bits[h2 >> _5] >> (h2 & _31)) | (bits[h3 >> _5] >> (h3 & _31))
            mask |= np.uint32((known & np.uint32(1)) << np.uint32(j))
        masks[q] = mask


@fast
def _spread(masks, many, found, count):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The numbers of the bits that are set in the first ``many`` of ``masks``, into ``found`` from ``count`` on."""
    for q in range(many):
        mask = masks[q]
        while mask:
            low = np.uint32(mask & np.uint32(~mask + np.uint32(1)))
            found[count] = 32 * q + _BIT[np.uint32(low * _DE_BRUIJN) >> np.uint32(27)]
            count += 1
            mask = np.uint32(mask ^ low)
    return count


@fast
def _both(word, bits, factor, factor_2):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Whether both maps know ``word``, in the lowest bit."""
    h = np.uint32(word * factor) >> _KEPT
    g = np.uint32(word * factor_2) >> _KEPT
    return (bits[h >> _5] >> (h & _31)) & (bits[np.uint32(HALF) + (g >> _5)] >> (g & _31))


@fast
def _sifted(words, bits, found, begin, end, factor, factor_2):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Of the numbers ``found[begin:end]`` of ``words``, the places of the four bytes that both maps know, in bytes,
    into ``found`` from `PLACES` on; how many."""
    count = np.int64(PLACES)
    for k in range(begin, end):
        j = np.uint64(found[k])
        low, high, at = words[j], words[j + np.uint64(1)], np.int64(j) << 2
        found[count] = at  # without a branch: no processor foresees whether it counts
        count += np.int64(_both(low, bits, factor, factor_2) & np.uint32(1))
        found[count] = at + 1
        count += np.int64(_both(np.uint32((low >> _8) | (high << _24)), bits, factor, factor_2) & np.uint32(1))
        found[count] = at + 2
        count += np.int64(_both(np.uint32((low >> _16) | (high << _16)), bits, factor, factor_2) & np.uint32(1))
        found[count] = at + 3
        count += np.int64(_both(np.uint32((low >> _24) | (high << _8)), bits, factor, factor_2) & np.uint32(1))
    return count - PLACES


@fast
def _in_runs(data, begin, size, is_base64, found):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Places in which a run of 32 of base64 may lie, into ``found``; how many. Wherever such a run begins, it covers
    three times eight bytes; it may have begun in the bytes before ``begin``."""
    bytes_ = data[begin - 24 :]
    for i in range(size + 24):
        a = bytes_[i]
        small = a | 32
        is_base64[i] = ((small >= 97) & (small <= 122)) | ((a >= 47) & (a <= 57)) | (a == 43)
    is_base64[size + 24 : size + 32] = 0
    words = is_base64.view(np.uint64)
    count = np.int64(0)
    for j in range((size + 7) // 8 + 1):
        found[count] = begin - 24 + 8 * j
        count += np.int64(words[j] & words[j + 1] & words[j + 2] == _ALL)
    return count


@fast
def _is_text(data, at):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Whether 32 characters of base64 stand for text, as `views` asks: most digests do not."""
    open_ = np.int64(0)  # bytes that the character still has
    for group in range(8):
        number = np.int64(0)
        for k in range(4):
            number = number << 6 | _SIXES[data[at + 4 * group + k]]
        for shift in (16, 8, 0):
            byte = number >> shift & 255
            if (byte < 32 and byte != 9 and byte != 10 and byte != 13) or byte == 127:
                return False
            if (128 <= byte < 192) != (open_ > 0) or 192 <= byte < 194 or byte > 244:
                return False
            if open_ > 0:
                open_ -= 1
            elif byte >= 192:
                open_ += 1 + np.int64(byte >= 224) + np.int64(byte >= 240)
    return True


@fast
def _listed(seen, found, many):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Which words of eight bytes of ``seen`` have one that is set, into ``found``; how many."""
    marks = seen.view(np.uint64)
    count = 0
    for j in range((many + 7) // 8):
        found[count] = j
        count += marks[j] != 0
    return count


@fast
def scan(data, tables, letters, numbers):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Look at ``numbers[0]`` bytes of ``data`` from ``numbers[1]`` on, a multiple of eight; ``data`` has a margin of
    zeros on both sides of them. Into ``numbers``: where it stopped, how many places there are and how many runs of
    base64. `Scanner` says what else the arrays hold: few of them make a call cheap."""
    n, begin, grams_end, members_end = numbers[0], numbers[1], numbers[4], numbers[5]
    books, found, out = numbers[8 : 9 + SLOTS], numbers[9 + SLOTS : 9 + SLOTS + FOUND], numbers[9 + SLOTS + FOUND :]
    bits, masks = tables[: 2 * HALF], tables[2 * HALF : 2 * HALF + MASKS]
    grams, steps = tables[2 * HALF + MASKS : grams_end], tables[grams_end:]
    members, seen = letters[:members_end], letters[members_end : members_end + BLOCK + 8]
    is_base64 = letters[members_end + BLOCK + 8 :]
    factor, factor_2 = np.uint32(numbers[6]), np.uint32(numbers[7])
    half = len(out) // 2
    many, runs, known = 0, half, np.int64(-1)
    words = data.view(np.uint32)
    base64 = members[:256]
    while begin < n and many < half - 2 * BLOCK and runs < len(out) - BLOCK:
        size = min(BLOCK, n - begin)
        _triggers(data, begin, size, seen)
        seen[size : size + 8] = 0
        alone = _listed(seen, found, size)
        first, groups = begin >> 2, (size + 127) >> 7
        _hashed(words[first : first + 32 * groups + 1], bits, masks, factor)
        end = _spread(masks, groups, found, alone)
        for k in range(alone):
            for i in range(begin + 8 * found[k], begin + 8 * found[k] + 8):
                if seen[i - begin]:
                    slot = np.int64(data[i])
                    many = _verify(data, n, i, np.uint32(slot), slot, books, grams, steps, members, out, many)
        for k in range(_sifted(words[first:], bits, found, alone, end, factor, factor_2)):
            i = begin + found[PLACES + k]
            gram = np.uint32(data[i]) | np.uint32(data[i + 1]) << _8
            gram |= np.uint32(data[i + 2]) << _16 | np.uint32(data[i + 3]) << _24
            h = np.uint32(np.uint32(gram) * factor) >> _KEPT
            slot = 256 + np.int64(h >> _4)
            many = _verify(data, n, i, np.uint32(gram), slot, books, grams, steps, members, out, many)
        for k in range(_in_runs(data, begin, size, is_base64, found)):
            at = found[k]
            if at < known:
                continue
            low, high = at, at + 1
            while low > 0 and base64[data[low - 1]]:
                low -= 1
            while high < n and base64[data[high]]:
                high += 1
            if high - low >= 32 and low >= known and _is_text(data, low):
                out[runs] = low
                runs += 1
            known = high
        begin += size
    numbers[1], numbers[2], numbers[3] = min(begin, n), many, runs - half


ENTRIES = {"scan": (scan, "u1[::1], u4[::1], u1[::1], i8[::1]")}
"""What Python calls: the function and its argument types in numba's notation."""
