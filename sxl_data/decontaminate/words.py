"""Words that stand for themselves in a shape: keywords, the names that every program uses, the usual methods.

A word that programs also take as a name of their own (`end`, `char`, `string`, `item`) is none: renamed it would be
another shape. Methods are words only where they follow a dot, for `items` and `lower` are names elsewhere.
"""

from __future__ import annotations

import numpy as np

_WORDS = """
and as assert async await bool boolean break catch class const continue def del dict do elif else enum except export
extends extern false False finally float fn for foreach from func global goto if impl implements import in include
instanceof int interface is lambda let list map mut namespace nil None nonlocal not null nullptr or pass private
protected pub public raise return self sizeof static str String struct super this throw throws trait true True try
tuple typedef typeof unsigned using Vec void volatile while with yield
abs all any chr enumerate filter len max min next open ord print printf println range reversed round set sorted sum zip
""".split()
_METHODS = """
add append count endswith extend find format get index insert isalpha isdigit items join keys length lower map pop push
put remove replace reverse size slice sort split startswith strip substring update upper values
""".split()

AFTER_DOT = 0x9E3779B97F4A7C15
"""What tells a method's hash from that of the same word elsewhere."""


def _hash(word: str) -> int:
    state = 0xCBF29CE484222325
    for byte in word.encode():
        state = ((state ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return state


FIXED = np.array(sorted({*map(_hash, _WORDS), *(_hash(word) ^ AFTER_DOT for word in _METHODS)}), dtype=np.uint64)
"""FNV-1a of each, ascending; of a method with `AFTER_DOT` in it."""
