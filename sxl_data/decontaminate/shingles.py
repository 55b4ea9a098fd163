"""Texts → hashes of their 5-word windows.

Words are runs of letters and digits, lower case, so a changed space, bracket or case hides nothing. The
window is short because benchmark items are: rules of 12 or 13 words never see a fifth of HumanEval's
solutions and a third of MBPP's prompts. Hashes are our own and versioned: xxh3-64 per word, combined by a
polynomial, so that a whole batch is hashed by a few array operations.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

SIZE = 5
VERSION = "words5-xxh3-poly.v1"

_WORD = re.compile(r"[^\W_]+")
_PRIME = np.uint64(0x9E3779B97F4A7C15)


def shingle(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """All windows of ``texts``: their u64 hashes and the row of each, both of shape ``(n,)``.

    A text of fewer than `SIZE` words has none: nothing that short identifies an item.
    """
    import xxhash

    known: dict[str, int] = {}

    def number(word: str) -> int:
        value = known.get(word)
        if value is None:
            value = known[word] = xxhash.xxh3_64_intdigest(word.encode())
        return value

    words: list[int] = []
    counts = np.zeros(len(texts), dtype=np.int64)
    for row, text in enumerate(texts.to_pylist()):
        found = [number(word) for word in _WORD.findall(text.lower())] if text else []
        counts[row] = len(found)
        words += found
    return _windows(np.array(words, dtype=np.uint64), counts)


def _windows(words: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n = len(words) - SIZE + 1
    if n <= 0:
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    rows = np.repeat(np.arange(len(counts)), counts)
    with np.errstate(over="ignore"):
        hashes = np.zeros(n, dtype=np.uint64)
        for offset in range(SIZE):
            hashes = hashes * _PRIME + words[offset : offset + n]
    inside = rows[:n] == rows[SIZE - 1 :]  # windows do not cross from one text into the next
    return hashes[inside], rows[:n][inside]
