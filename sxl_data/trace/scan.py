"""One pass over the bytes of a JSON text: may it hide something that a decoder passes over in silence?

In: the bytes of one record that decodes. Out: flags. ``HIDES`` asks for the exact walk of `decode` (a key
twice, NUL, a long integer, too deep); the other flags ask for the closer looks of `check.content`. A flag
that is not set is a promise, one that is set may be a false alarm. Compiled by numba, because the
same questions asked with searches in C take several times as long as decoding itself. `scanning` calls it; this
module is imported to compile it only.
"""

from __future__ import annotations

import numba
import numpy as np

from sxl_data.trace.scanning import BASE64, CALL, CUT, HIDES, HOME, SECRET, SPECIAL, THINK

_MAX_DEPTH = 500  # as in `decode`
_MAX_KEYS = 48  # of one object; a larger one is left to the exact walk
_ALL_KEYS = 512  # of all objects that are open at once
_RUN = 1000
# What a byte inside a string may be: nothing of interest, the end, an escape, or the rarest letter of
# something that is looked for.
_PLAIN, _QUOTE, _ESCAPE, _LOOK = range(4)


def _table() -> np.ndarray:
    table = np.zeros(256, dtype=np.uint8)
    for byte in b"mMpPuUxKIV<[;_-":
        table[byte] = _LOOK
    table[ord('"')], table[ord("\\")] = _QUOTE, _ESCAPE
    return table


def _runs() -> np.ndarray:
    table = np.zeros(256, dtype=np.bool_)
    for byte in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\\":  # \\/ is a slash
        table[byte] = True
    return table


_TABLE, _IN_RUN = _table(), _runs()
# FNV-1a; signed, so that keys and positions share one array.
_BASIS, _PRIME = np.int64(-3750763034362895579), np.int64(1099511628211)


fast = numba.njit(nogil=True, error_model="numpy")


@fast
def _looked_for(data, i):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The flags of what has its rarest letter at ``i``."""
    byte = data[i]
    b, c = data[i + 1], data[i + 2]
    if byte == 60:  # <
        if b == 47:  # </
            b, c = c, data[i + 3]
        if b == 116:  # <t: think, tool_call
            return THINK if c == 104 else CALL if c == 111 else 0
        if b == 114:  # <reasoning>
            return THINK if c == 101 else 0
        if b == 102:  # <function
            return CALL if c == 117 else 0
        if b == 124:  # <|
            return SPECIAL | CALL
        if b == 115 or b == 101:  # <start_of_turn>, <end_of_turn>
            return SPECIAL if c == 116 or c == 110 else 0
        if b == 92:  # an escaped / or <｜
            return THINK | CALL | SPECIAL
        return SPECIAL if b == 60 or b == 0xEF else 0
    if byte == 91:  # [TOOL_CALLS], [INST], [/INST]
        if b == 84 and c == 79:
            return CALL
        return SPECIAL if (b == 73 and c == 78) or (b == 47 and c == 73) or (b == 92 and c == 47) else 0
    if byte == 59:  # ;base64
        return BASE64 if b == 98 and c == 97 else 0
    y, z = data[i - 1], data[i - 2]
    if byte == 95:  # hf_, gh?_, github_pat_
        return (
            SECRET
            if (y == 102 and z == 104) or (z == 104 and data[i - 3] == 103) or (y == 98 and z == 117)
            else 0
        )
    if byte == 45:  # sk-, glpat-
        return SECRET if (y == 107 and z == 115) or (y == 116 and z == 97) else 0
    if byte == 120:  # xox
        return SECRET if b == 111 and c == 120 else 0
    if byte == 75:  # AKIA
        return SECRET if y == 65 and b == 73 else 0
    if byte == 73 and y == 65:  # AIza
        return SECRET if b == 122 else 0
    if byte == 86:  # PRIVATE
        return SECRET if y == 73 and z == 82 else 0
    if byte == 85 and b == 115:  # Users
        return HOME if c == 101 and data[i + 3] == 114 else 0
    b, c, y = b | 32, c | 32, y | 32  # any case
    byte |= 32
    if byte == 109 and y == 111:  # omitted, home/
        return CUT if b == 105 and c == 116 else HOME if b == 101 else 0
    if byte == 112:  # clipped
        return CUT if y == 105 and b == 112 and c == 101 else 0
    if byte == 117:  # truncated
        return CUT if y == 114 and b == 110 and c == 99 else 0
    return 0


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
def scan(data, room):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The flags of ``data``, which has eight bytes more at both ends, into ``room[0]``. ``room`` has `ROOM` numbers;
    what stands in them does not matter."""
    n = len(data) - 8
    found = 0
    depth = 0
    starts = room[1 : _MAX_DEPTH + 3]  # where the keys of each open object begin
    is_object = room[_MAX_DEPTH + 3 : 2 * _MAX_DEPTH + 5]
    keys = room[2 * _MAX_DEPTH + 5 :]
    starts[0] = is_object[0] = 0
    used = 0
    key_next = False
    i = 8
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
            i += 1
            begin = i
            while i < n:
                kind = _TABLE[data[i]]
                if kind == _PLAIN:
                    i += 1
                elif kind == _LOOK:
                    found |= _looked_for(data, i)
                    i += 1
                elif kind == _QUOTE:
                    break
                elif data[i + 1] == 117:  # four hex digits
                    if data[i + 2] == 48 and data[i + 3] == 48:
                        high, low = data[i + 4], data[i + 5]
                        if high == 48 and low == 48:
                            found |= HIDES
                        elif high == 51 and (low == 99 or low == 67):  # an escaped <
                            found |= THINK | CALL | SPECIAL
                    i += 6
                else:
                    i += 2
            if i - begin >= _RUN and _has_run(data, begin, i):
                found |= BASE64
        elif byte == 123 or byte == 91:
            depth += 1
            if depth > _MAX_DEPTH:
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


ROOM = 2 * _MAX_DEPTH + 5 + _ALL_KEYS
ENTRIES = {"scan": (scan, "u1[::1], i8[::1]")}
"""What Python calls: the function and its argument types in numba's notation."""
