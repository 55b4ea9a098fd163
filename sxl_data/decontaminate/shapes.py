"""Texts → hashes of the shapes of their code: windows of tokens in which a renamed identifier changes nothing.

A token is a word or a sign that computes; brackets, quotes, commas, colons and semicolons are left out, since
formatters and quoting move them. Keywords, numbers, methods and the names that every program uses stand for themselves
(`words`); any other word stands for the place in its window where it came first. So `for item in items: total += item`
and `for x in xs: s += x` are one shape, and `for x in xs: s += xs` is another. Windows are longer than those of words,
for shapes say less.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sxl_data.decontaminate.shingles import EVERYTHING, Filter, find_all
from sxl_data.decontaminate.words import FIXED

SIZE = 10
VERSION = "shapes10-fnv1a-poly40.v2"

MEANING = np.zeros(256, dtype=np.uint8)
"""0 for what parts words, 1 for a byte of a word, 2 for a sign that is a token."""
MEANING[128:] = 1
for _byte in b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_":
    MEANING[_byte] = 1
for _byte in b"+-*/%<>=!&|^~[].?@":
    MEANING[_byte] = 2


def shapes(texts: pa.Array, known: Filter | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Windows of ``texts``: their u64 hashes and the row of each, as `shingles.shingle` gives those of words."""
    bits, shift = EVERYTHING if known is None else known
    return find_all("find_shapes", texts, bits, shift, known is not None, MEANING, FIXED)
