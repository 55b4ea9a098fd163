"""One pass over the bytes of a JSON text: may it hide something that a decoder passes over in silence?

In: the bytes of one record that decodes. Out: flags. ``HIDES`` asks for the exact walk of `decode` (a key
twice, NUL, a long integer, too deep); the other flags ask for the closer looks of `check.content`. A flag
that is not set is a promise, one that is set may be a false alarm. Compiled by numba, because the
same questions asked with searches in C take several times as long as decoding itself; it costs half a
second to load, so `submission` uses it for large files only.
"""

from __future__ import annotations

import numba
import numpy as np

HIDES, THINK, CALL, SPECIAL, BASE64, SECRET, HOME, CUT = 1, 2, 4, 8, 16, 32, 64, 128

_MAX_DEPTH = 500  # as in `decode`
_MAX_KEYS = 48  # of one object; a larger one is left to the exact walk
_RUN = 1000


def _table() -> np.ndarray:
    """What a byte inside a string may begin: 1 quote, 2 backslash, 3 anything that is looked for."""
    table = np.zeros(256, dtype=np.uint8)
    for char in "<[;AgsxhPUcCtToO":
        table[ord(char)] = 3
    table[ord('"')], table[ord("\\")] = 1, 2
    return table


def _runs() -> np.ndarray:
    table = np.zeros(256, dtype=np.uint8)
    for char in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=":
        table[char] = 1
    return table


_TABLE, _IN_RUN = _table(), _runs()


def flags(data: bytes) -> int:
    """The flags of ``data``."""
    return int(_scan(np.frombuffer(data, dtype=np.uint8), _TABLE, _IN_RUN))



@numba.njit(nogil=True, cache=True)
def _looked_for(data, i, n):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The flags of what begins at ``i``; the caller knows that the byte may begin something."""
    if i + 4 >= n:
        return 0
    a, b, c, d = data[i], data[i + 1], data[i + 2], data[i + 3]
    if a == 60:  # <
        if b == 47:  # </
            b, c = c, d
        if b == 116:  # t
            return THINK if c == 104 else CALL if c == 111 else 0
        if b == 114:  # <reasoning>
            return THINK if c == 101 else 0
        if b == 102:  # <function
            return CALL if c == 117 else 0
        if b == 124:  # <|
            return SPECIAL | CALL
        if b == 115 or b == 101:  # <start_of_turn>, <end_of_turn>
            return SPECIAL if (c == 116 and d == 97) or (c == 110 and d == 100) else 0
        return SPECIAL if b == 60 or b == 0xEF or b == 92 else 0
    if a == 91:  # [
        if b == 84 and c == 79:  # [TO
            return CALL
        return SPECIAL if (b == 73 and c == 78) or (b == 47 and c == 73) else 0
    if a == 59:  # ;base64
        return BASE64 if b == 98 and c == 97 and d == 115 else 0
    if a == 65:  # AKIA, AIza
        return SECRET if (b == 75 and c == 73 and d == 65) or (b == 73 and c == 122 and d == 97) else 0
    if a == 103:  # gh?_, github_pat_, glpat-
        if b == 104 and d == 95:
            return SECRET
        return SECRET if (b == 105 and c == 116 and d == 104) or (b == 108 and c == 112 and d == 97) else 0
    if a == 115:  # sk-
        return SECRET if b == 107 and c == 45 else 0
    if a == 120:  # xox
        return SECRET if b == 111 and c == 120 else 0
    if a == 104:  # hf_, home/ or home\/
        if b == 102 and c == 95:
            return SECRET
        return HOME if b == 111 and c == 109 and d == 101 and (data[i + 4] == 47 or data[i + 4] == 92) else 0
    if a == 80:  # PRIVATE
        return SECRET if b == 82 and c == 73 and d == 86 else 0
    if a == 85:  # Users
        return HOME if b == 115 and c == 101 and d == 114 else 0
    b, c, d = b | 32, c | 32, d | 32  # any case
    if a == 99 or a == 67:  # clipped
        return CUT if b == 108 and c == 105 and d == 112 else 0
    if a == 116 or a == 84:  # truncated
        return CUT if b == 114 and c == 117 and d == 110 else 0
    if a == 111 or a == 79:  # omitted
        return CUT if b == 109 and c == 105 and d == 116 else 0
    return 0


@numba.njit(nogil=True, cache=True)
def _scan(data, table, in_run):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    n = len(data)
    found = 0
    depth = 0
    starts = np.zeros(_MAX_DEPTH + 2, dtype=np.int64)  # where the keys of each open object begin
    is_object = np.zeros(_MAX_DEPTH + 2, dtype=np.uint8)
    keys = np.zeros(4096, dtype=np.uint64)
    used = 0
    key_next = False
    i = 0
    while i < n:
        byte = data[i]
        if byte == 34:
            is_key = key_next
            key_next = False
            digest = np.uint64(14695981039346656037)
            run = 0
            i += 1
            while i < n:
                byte = data[i]
                kind = table[byte]
                if is_key:
                    digest = (digest ^ np.uint64(byte)) * np.uint64(1099511628211)
                if in_run[byte]:
                    run += 1
                    if run == _RUN:
                        found |= BASE64
                    if kind == 0:
                        i += 1
                        continue
                elif byte != 92:
                    run = 0
                if kind == 1:
                    break
                if kind == 2:
                    following = data[i + 1] if i + 1 < n else 0
                    if is_key:
                        found |= HIDES  # an escaped key may equal another one
                    if following == 117:  # a \u escape
                        run = 0
                        if i + 5 < n and data[i + 2] == 48 and data[i + 3] == 48:
                            high, low = data[i + 4], data[i + 5]
                            if high == 48 and low == 48:
                                found |= HIDES
                            elif high == 51 and (low == 99 or low == 67):  # an escaped <
                                found |= THINK | CALL | SPECIAL
                        i += 6
                        continue
                    if following != 47:
                        run = 0
                    i += 2
                    continue
                if kind == 3 and not is_key:
                    found |= _looked_for(data, i, n)
                i += 1
            if is_key:
                if used - starts[depth] >= _MAX_KEYS or used >= 4095:
                    found |= HIDES
                else:
                    for k in range(starts[depth], used):
                        if keys[k] == digest:
                            found |= HIDES
                    keys[used] = digest
                    used += 1
        elif byte == 123 or byte == 91:
            depth += 1
            if depth > _MAX_DEPTH:
                return found | HIDES
            starts[depth] = used
            is_object[depth] = byte == 123
            key_next = byte == 123
        elif byte == 125 or byte == 93:
            used = starts[depth]
            depth -= 1
            key_next = False
        elif byte == 44:
            key_next = is_object[depth] == 1
        elif 48 <= byte <= 57:
            digits = 0
            while i < n and 48 <= data[i] <= 57:
                digits += 1
                i += 1
            if digits > 18:
                found |= HIDES
            continue
        i += 1
    return found
