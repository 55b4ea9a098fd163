"""What two texts are compared by: sets of runs of five tokens, each run one 32-bit hash.

In: rows of text. Out: one u32 per shingle. The definition decides more than the algorithm does, so it is explicit,
travels with the signatures, and is written here once for the numpy path and the compiled path alike.

- `code` (the default): a token is a word (letters, digits, `_`, any non-ASCII letter), a run of operator characters
  (`+=`, `->`, `//`), or one bracket, quote, comma or semicolon. White space separates and is not compared; what a
  string literal holds is tokens like any other. So `a+b` is not `a-b`, and a re-indented file equals itself.
- `words`: the same without operators, delimiters and punctuation.
- `characters`: every character that is no white space.

In every kind a character of a script written without spaces (Han, kana, Thai, Lao, Khmer, Burmese, Tibetan, Yi)
is a token of its own: a Chinese paragraph would else be one word. A row with fewer tokens than `size` is one shingle
of all its tokens; a row with none has no shingles and resembles nothing.
"""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np

from sxl_data.dedup.rows import Rows

VERSION = 1
"""Changes whenever a shingle's hash would: stored signatures of another version are not comparable."""

KINDS = {"code": 0, "words": 1, "characters": 2}

WORD, SPACE, SINGLE, MARK = 0, 1, 2, 3
"""Classes of a non-ASCII character: part of a word, separator, a token of its own, punctuation."""


class Shingling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The definition of a shingle."""

    kind: Literal["code", "words", "characters"] = "code"
    """What a token is: `code` keeps operators, `words` drops them, `characters` is for scripts without spaces."""
    size: int = 5
    """Tokens in a shingle, 1 to 32."""

    def __post_init__(self) -> None:
        if not 1 <= self.size <= 32:
            raise ValueError(f"1 to 32 tokens in a shingle, not {self.size}")


# First code point of a range and its class; the range ends where the next begins. From the Unicode blocks.
_RANGES = (
    (0x00, MARK),
    (0x85, SPACE),
    (0x86, MARK),
    (0xA0, SPACE),
    (0xA1, MARK),
    (0xAA, WORD),
    (0xAB, MARK),
    (0xB2, WORD),
    (0xB4, MARK),
    (0xB5, WORD),
    (0xB6, MARK),
    (0xB9, WORD),
    (0xBB, MARK),
    (0xBC, WORD),
    (0xBF, MARK),
    (0xC0, WORD),
    (0xD7, MARK),
    (0xD8, WORD),
    (0xF7, MARK),
    (0xF8, WORD),
    (0xE00, SINGLE),
    (0x10A0, WORD),  # Thai, Lao, Tibetan, Burmese
    (0x1680, SPACE),
    (0x1681, WORD),
    (0x1780, SINGLE),
    (0x1800, WORD),  # Khmer
    (0x2000, SPACE),
    (0x200C, WORD),
    (0x2010, MARK),
    (0x2028, SPACE),
    (0x202A, MARK),
    (0x202F, SPACE),
    (0x2030, MARK),
    (0x205F, SPACE),
    (0x2060, MARK),
    (0x2070, WORD),
    (0x2190, MARK),
    (0x2C00, WORD),
    (0x2E00, MARK),
    (0x2E80, SINGLE),
    (0x3000, SPACE),
    (0x3001, MARK),
    (0x3005, SINGLE),
    (0x3008, MARK),
    (0x3021, SINGLE),
    (0x3130, WORD),
    (0x3190, SINGLE),
    (0xA4D0, WORD),  # Han, kana, Yi; Hangul has spaces
    (0xF900, SINGLE),
    (0xFB00, WORD),
    (0xFE10, MARK),
    (0xFE70, WORD),
    (0xFEFF, SPACE),
    (0xFF00, MARK),
    (0xFF10, WORD),
    (0xFF1A, MARK),
    (0xFF21, WORD),
    (0xFF3B, MARK),
    (0xFF41, WORD),
    (0xFF5B, MARK),
    (0xFF66, SINGLE),
    (0xFFA0, WORD),
    (0xFFE0, MARK),
    (0x10000, WORD),
    (0x1F000, MARK),
    (0x20000, SINGLE),
    (0x40000, WORD),
)
RANGE_STARTS = np.array([start for start, _ in _RANGES], dtype=np.uint32)
RANGE_CLASSES = np.array([cls for _, cls in _RANGES], dtype=np.uint8)

K0, K1, K2, K3 = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F)
"""Odd multipliers of the token hash (golden ratio, xxHash, Evensen, wyhash)."""
STEP = 0x2C1B3C6D
"""Odd multiplier between the tokens of a shingle."""
MIX1, MIX2 = 0x85EBCA6B, 0xC2B2AE35
"""MurmurHash3's 32-bit finaliser."""


def hash_shingles(rows: Rows, shingling: Shingling) -> tuple[np.ndarray, np.ndarray]:
    """All shingles of all rows by numpy: u32 hashes and i64 offsets (n + 1,) into them, repeats included.

    The same bits as the compiled path; used for small inputs, where importing numba would cost more than it saves.
    """
    buffer = np.frombuffer(b" ".join([b"", *(rows.text(i) for i in range(len(rows))), b" " * 24]), dtype=np.uint8)
    starts, ends = _token_bounds(buffer, KINDS[shingling.kind])
    tokens = _hash_tokens(buffer, starts, ends)
    row_starts = 1 + np.concatenate(([0], np.cumsum(rows.lengths + 1)))
    first = np.searchsorted(starts, row_starts[:-1])
    counts = np.diff(np.append(first, len(starts)))
    return _combine(tokens, first, counts, shingling.size)


def _token_bounds(buffer: np.ndarray, kind: int) -> tuple[np.ndarray, np.ndarray]:
    space = (buffer <= 0x20) | (buffer == 0x7F)
    folded = buffer | 0x20
    word = ((folded >= 97) & (folded < 123)) | ((buffer >= 48) & (buffer < 58)) | (buffer == 95)
    single = np.isin(buffer, np.frombuffer(b"()[]{},;\"'`", dtype=np.uint8))
    inner = np.zeros(len(buffer), dtype=bool)  # later bytes of a token that is one character
    high = np.flatnonzero(buffer >= 0x80)
    if len(high):
        lead = buffer[high] >= 0xC0
        classes = np.zeros(len(high), dtype=np.uint8)
        classes[lead] = _classes(buffer, high[lead])
        latest = np.maximum.accumulate(np.where(lead, np.arange(len(high)), 0))
        classes = classes[latest]
        word[high] = classes == WORD
        space[high] = classes == SPACE
        own = (classes == SINGLE) | (classes == MARK)
        single[high], inner[high] = own & lead, own & ~lead
        if kind == 1:
            space[high] |= classes == MARK
            single[high] &= classes != MARK
            inner[high] &= classes != MARK
    if kind == 1:
        ascii_single = single & (buffer < 0x80)
        space |= ascii_single | ~(space | word | single | inner)
        single &= ~ascii_single
    if kind == 2:
        first = ~space & ((buffer & 0xC0) != 0x80)
    else:
        operator = ~(space | word | single | inner)
        first = single.copy()
        for run in (word, operator):
            first |= run & ~np.concatenate(([False], run[:-1]))
    end = np.zeros(len(buffer), dtype=bool)
    end[1:] = (first | space)[1:] & ~space[:-1]
    return np.flatnonzero(first), np.flatnonzero(end)


def _classes(buffer: np.ndarray, at: np.ndarray) -> np.ndarray:
    b0, b1, b2, b3 = (buffer[at + k].astype(np.uint32) for k in range(4))
    two = ((b0 & 0x1F) << 6) | (b1 & 0x3F)
    three = ((b0 & 0x0F) << 12) | ((b1 & 0x3F) << 6) | (b2 & 0x3F)
    four = ((b0 & 0x07) << 18) | ((b1 & 0x3F) << 12) | ((b2 & 0x3F) << 6) | (b3 & 0x3F)
    points = np.where(b0 < 0xE0, two, np.where(b0 < 0xF0, three, four))
    return RANGE_CLASSES[np.searchsorted(RANGE_STARTS, points, side="right") - 1]


def _hash_tokens(buffer: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    size = (ends - starts).astype(np.int64)
    state = size.astype(np.uint64) * np.uint64(K3)
    live, done = np.arange(len(starts)), 0
    padded = np.concatenate((buffer, np.zeros(16, dtype=np.uint8)))
    while len(live):
        left = np.minimum(size[live] - done, 16)
        piece = padded[(starts[live] + done)[:, None] + np.arange(16)]
        piece[np.arange(16) >= left[:, None]] = 0
        pair = piece.view("<u8")
        low, high = pair[:, 0] * np.uint64(K0), pair[:, 1] * np.uint64(K1)
        mixed = state[live] ^ low ^ ((high << np.uint64(31)) | (high >> np.uint64(33)))
        mixed ^= mixed >> np.uint64(32)
        state[live] = mixed * np.uint64(K2)
        done += 16
        live = live[size[live] > done]
    return (state >> np.uint64(32)).astype(np.uint32)


def _combine(tokens: np.ndarray, first: np.ndarray, counts: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    lengths = np.where(counts == 0, 0, np.maximum(counts - size + 1, 1))
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    owner = np.repeat(np.arange(len(counts)), lengths)
    at = first[owner] + np.arange(offsets[-1]) - offsets[owner]
    span = np.minimum(counts[owner], size)
    hashes = np.zeros(len(at), dtype=np.uint32)
    last = max(len(tokens) - 1, 0)
    for k in range(size):
        inside = k < span
        grown = hashes * np.uint32(STEP) + tokens[np.minimum(at + k, last)] if len(at) else hashes
        hashes = np.where(inside, grown, hashes)
    for shift, factor in ((16, MIX1), (13, MIX2)):
        hashes = (hashes ^ (hashes >> np.uint32(shift))) * np.uint32(factor)
    return hashes ^ (hashes >> np.uint32(16)), offsets
