"""One pass over the bytes of a JSON text: may it hide something that a decoder passes over in silence?

In: the bytes of one record that decodes. Out: flags. ``HIDES`` asks for the exact walk of `decode` (a key
twice, NUL, a long integer, too deep); the other flags ask for the closer looks of `rules.content`. A flag
that is not set is a promise, one that is set may be a false alarm. Compiled by numba, because the same questions
asked with searches in C take several times as long as decoding itself. What is looked for is compared at every byte,
without a branch, so that the compiler makes vector instructions of it; structure is followed byte by byte, and strings,
which are most of a trace, eight bytes at a time. `scanning` calls it; this module is imported to compile it only.
"""

from __future__ import annotations

import numba
import numpy as np

from sxl_data.files.scanning import BLOCK, HIDES, MAX_DEPTH

_MAX_KEYS = 48  # of one object; a larger one is left to the exact walk
_ALL_KEYS = 512  # of all objects that are open at once
_RUN = 1000
# FNV-1a; signed, so that keys and positions share one array.
_BASIS, _PRIME = np.int64(-3750763034362895579), np.int64(1099511628211)
_ONES, _HIGH = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_QUOTES, _ESCAPES = np.uint64(0x2222222222222222), np.uint64(0x5C5C5C5C5C5C5C5C)


def _runs() -> np.ndarray:
    table = np.zeros(256, dtype=np.bool_)
    for byte in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\\":  # \\/ is a slash
        table[byte] = True
    return table


_IN_RUN = _runs()
fast = numba.njit(nogil=True, error_model="numpy")


@fast
def _either(byte, letter):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Whether ``byte`` is the lower-case ``letter`` or its upper case."""
    return (byte == letter) | (byte == letter - 32)


@fast
def _tag(a, b, c, d):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """<th(ink), <re(asoning), also closing · <to(ol_call), <fu(nction), [TO(OL_CALLS) · control tokens."""
    opened, closed = a == 60, (a == 60) & (b == 47)
    bar = opened & ((b == 124) | ((b == 92) & ((c == 47) | (c == 117))))  # <| and an escape
    think = opened & (((b == 116) & (c == 104)) | ((b == 114) & (c == 101)))
    think |= closed & (((c == 116) & (d == 104)) | ((c == 114) & (d == 101)))
    call = opened & (((b == 116) & (c == 111)) | ((b == 102) & (c == 117)))
    call |= (closed & (c == 116) & (d == 111)) | ((a == 91) & (b == 84) & (c == 79))
    special = opened & (((b == 115) & (c == 116)) | ((b == 101) & (c == 110)) | ((b == 60) & (c == 83)) | (b == 239))
    special |= (a == 91) & (((b == 73) & (c == 78)) | ((b == 47) & (c == 73)) | ((b == 92) & (c == 47)))
    return think | (opened & (b == 92)), call | bar, special | bar


@fast
def _cut(a, b, c, d, e):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """(tr)uncat(ed), (c)lipp(ed), omitt(ed) in any case."""
    found = _either(a, 117) & _either(b, 110) & _either(c, 99) & _either(d, 97) & _either(e, 116)
    found |= _either(a, 108) & _either(b, 105) & _either(c, 112) & _either(d, 112)
    return found | (_either(a, 111) & _either(b, 109) & _either(c, 105) & _either(d, 116) & _either(e, 116))


@fast
def _look(data, begin, many, seen):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The flags of what begins in ``many`` bytes from ``begin``; ``seen`` has room for a byte for each."""
    d0, d1, d2 = data[begin:], data[begin + 1 :], data[begin + 2 :]
    d3, d4, d5 = data[begin + 3 :], data[begin + 4 :], data[begin + 5 :]
    for i in range(many):
        a, b, c, d, e, f = d0[i], d1[i], d2[i], d3[i], d4[i], d5[i]
        escape = (a == 92) & (b == 117) & (c == 48) & (d == 48)
        hides = escape & (e == 48) & (f == 48)
        odd = escape & (e >= 50) & (e <= 55)  # what needs no escape may hide anything
        think, call, special = _tag(a, b, c, d)
        base64 = (a == 59) & (b == 98) & (c == 97) & (d == 115)
        # A byte for each place: the compiler then works on 64 places at once.
        seen[i] = (
            hides
            | ((think | odd) << 1)
            | ((call | odd) << 2)
            | ((special | odd) << 3)
            | ((base64 | odd) << 4)
            | ((_cut(a, b, c, d, e) | odd) << 5)
        )
    words = seen.view(np.uint64)
    seen[many : many + 8] = 0
    found = np.uint64(0)
    for i in range((many + 7) // 8):
        found |= words[i]
    for shift in (32, 16, 8):
        found |= found >> np.uint64(shift)
    return np.int64(found & np.uint64(255))


@fast
def _string_end(data, words, i):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Where the string that has ``i`` inside ends: the place of its quote."""
    while True:
        while i & 7:
            if data[i] == 34:
                return i
            i += 2 if data[i] == 92 else 1
        while True:
            quotes, escapes = words[i >> 3] ^ _QUOTES, words[i >> 3] ^ _ESCAPES
            if ((quotes - _ONES) & ~quotes | (escapes - _ONES) & ~escapes) & _HIGH:
                break
            i += 8
        if data[i] == 34:
            return i
        i += 2 if data[i] == 92 else 1


@fast
def _has_run(data, begin, end):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Whether a run of base64 lies in a long string: it covers one of the bytes that are `_RUN` apart."""
    for at in range(begin + _RUN - 1, end, _RUN):
        low = at
        while low >= begin and _IN_RUN[data[low]]:
            low -= 1
        high = at + 1
        while high < end and _IN_RUN[data[high]]:
            high += 1
        if high - low - 1 >= _RUN:
            return True
    return False


@fast
def scan(data, room, seen):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The flags of the first ``room[0]`` bytes of ``data``, which has eight more at least and a size that is a multiple
    of eight, into ``room[0]``. ``room`` has `ROOM` numbers, ``seen`` `BLOCK` + 8 bytes; what else is in them does not
    matter."""
    found, n = np.int64(0), room[0]
    for begin in range(0, n, BLOCK):
        found |= _look(data, begin, min(BLOCK, n - begin), seen)
    words = data.view(np.uint64)
    depth = 0
    starts = room[1 : MAX_DEPTH + 3]  # where the keys of each open object begin
    is_object = room[MAX_DEPTH + 3 : 2 * MAX_DEPTH + 5]
    keys = room[2 * MAX_DEPTH + 5 :]
    starts[0] = is_object[0] = 0
    used = 0
    key_next = False
    i = 0
    while i < n:
        byte = data[i]
        if byte == 34 and key_next:
            key_next = False
            digest = _BASIS
            i += 1
            while i < n and data[i] != 34:
                if data[i] == 92:  # an escaped key may equal another one
                    found |= HIDES
                    i += 1
                digest = (digest ^ np.int64(data[i])) * _PRIME
                i += 1
            if used - starts[depth] >= _MAX_KEYS or used >= _ALL_KEYS - 1:
                found |= HIDES
            else:
                for k in range(starts[depth], used):
                    if keys[k] == digest:
                        found |= HIDES
                keys[used] = digest
                used += 1
        elif byte == 34:
            begin = i + 1
            i = _string_end(data, words, begin)
            if i - begin >= _RUN and _has_run(data, begin, i):
                found |= 16  # BASE64
        elif byte == 123 or byte == 91:
            depth += 1
            if depth > MAX_DEPTH:
                room[0] = found | HIDES
                return
            starts[depth] = used
            is_object[depth] = 1 if byte == 123 else 0
            key_next = byte == 123
        elif byte == 125 or byte == 93:
            used = starts[depth]
            depth -= 1
            key_next = False
        elif byte == 44:
            key_next = is_object[depth] == 1
        elif 48 <= byte <= 57:
            begun = i
            while i < n and 48 <= data[i] <= 57:
                i += 1
            if i - begun > 18:
                found |= HIDES
            continue
        i += 1
    room[0] = found


ROOM = 2 * MAX_DEPTH + 5 + _ALL_KEYS
ENTRIES = {"scan": (scan, "u1[::1], i8[::1], u1[::1]")}
"""What Python calls: the function and its argument types in numba's notation."""
