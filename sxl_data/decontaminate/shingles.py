"""Texts → hashes of their 5-word windows.

Words are runs of letters, digits and the marks that belong to letters, in lower case, so a changed space, bracket or
case hides nothing; every character of a script that is written without spaces is a word of its own. The window is
short because benchmark items are: rules of 12 or 13 words never see a fifth of HumanEval's solutions and a third of
MBPP's prompts. Hashes are our own and versioned: FNV-1a of a word's UTF-8, mixed, and a polynomial over the words.
Who looks for known windows gives their hashes, and a filter of bits lets nearly no other window through.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

SIZE = 5
FEW, MANY = 4, 10
"""Words of a line that counts as one: at least, and below."""
VERSION = "words5-fnv1a-poly40.v3"

BASIS, STEP = 0xCBF29CE484222325, 0x100000001B3
"""FNV-1a's."""
KEPT = 0xFFFFFFFFFF000000
"""Bits of a window's hash that are kept: 40 tell benchmarks apart, and files of them are small."""
MIX, PRIME = 0xD6E8FEB86659FD93, 0x9E3779B97F4A7C15
"""Odd multipliers: of a finished word (Evensen), and between the words of a window (golden ratio)."""

_MEANING = np.zeros(256, dtype=np.uint8)
for _byte in b"0123456789abcdefghijklmnopqrstuvwxyz":
    _MEANING[_byte] = _byte
    _MEANING[ord(chr(_byte).upper())] = _byte
_MEANING[128:] = np.arange(128, 256)  # `_plain` leaves no other characters than those of words there

_BETWEEN_WORDS = r"[^\pL\pN\pM]+"
_BETWEEN_IN_LINES = r"[^\pL\pN\pM\n]+"
_UNSPACED = r"([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])"
EVERYTHING = (np.array([0xFFFFFFFFFFFFFFFF], dtype=np.uint64), 58)  # lets every window through
Filter = tuple[np.ndarray, int]
"""Bits by hash, in words of 64, and the shift that leads from a mixed hash to its bit."""
_BITS_PER_HASH = 32


def shingle(texts: pa.Array, known: Filter | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Windows of ``texts``: their u64 hashes and the row of each, both of shape ``(n,)``, in the order of the texts.

    ``known`` is the filter of the hashes that are looked for: then nearly all others are left out. A text of fewer than
    `SIZE` words has no window.
    """
    bits, shift = EVERYTHING if known is None else known
    return find_all("find_windows", _plain(texts), bits, shift, known is not None, _MEANING)


def lines(texts: pa.Array, known: Filter | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Lines of four to nine words, each as one hash: as `shingle`. What is that short identifies an item only where a
    line says nothing else."""
    bits, shift = EVERYTHING if known is None else known
    return find_all("find_lines", _plain(texts, keep_lines=True), bits, shift, known is not None, _MEANING)


def find_all(
    name: str, texts: pa.Array, bits: np.ndarray, shift: int, few: bool, *tables: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What the compiled function ``name`` finds in ``texts``; ``few`` where nearly nothing is expected."""
    from sxl_data.native.loader import load

    modules = ("kernel", "shapes", "shingles", "words")
    find = load(__package__, ("kernel",), modules)[name]
    data, bounds = _bytes(pc.fill_null(texts, ""))
    last = np.empty(64, dtype=np.uint64)
    room, found = 1024 if few else len(data) // 2 + 1, np.zeros(1, dtype=np.int64)
    while True:
        hashes, rows = np.empty(room, dtype=np.uint64), np.empty(room, dtype=np.int64)
        find(data, bounds, *tables, bits, shift, hashes, rows, found, last)
        if found[0] <= room:
            return hashes[: found[0]], rows[: found[0]]
        room = int(found[0])


def make_filter(known: np.ndarray) -> Filter:
    """One bit for each of the u64 ``known``, in words of 64, and the shift that leads from a mixed hash to its bit."""
    power = max(6, int(np.ceil(np.log2(max(len(known), 1) * _BITS_PER_HASH))))
    with np.errstate(over="ignore"):
        at = (known * np.uint64(MIX)) >> np.uint64(64 - power)
    bits = np.zeros(1 << (power - 6), dtype=np.uint64)
    np.bitwise_or.at(bits, at >> np.uint64(6), np.uint64(1) << (at & np.uint64(63)))
    return bits, 64 - power


def _plain(texts: pa.Array, keep_lines: bool = False) -> pa.Array:
    """``texts`` in which no byte beyond ASCII parts words: texts of ASCII alone stay as they are."""
    texts = pc.fill_null(texts, "")
    other = pc.invert(pc.string_is_ascii(texts))
    if not pc.any(other).as_py():
        return texts
    some = pc.replace_substring_regex(
        pc.utf8_lower(texts.filter(other)), _BETWEEN_IN_LINES if keep_lines else _BETWEEN_WORDS, " "
    )
    return pc.replace_with_mask(texts, other, pc.replace_substring_regex(some, _UNSPACED, r" \1 "))


def _bytes(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """All bytes of ``texts`` (u8) and where each text begins in them, with the end (i64, ``(n + 1,)``)."""
    _, offsets, data = texts.buffers()
    if data is None or not len(texts):
        return np.zeros(0, dtype=np.uint8), np.zeros(len(texts) + 1, dtype=np.int64)
    kind = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    bounds = np.frombuffer(offsets, dtype=kind)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(data, dtype=np.uint8), bounds.astype(np.int64)
