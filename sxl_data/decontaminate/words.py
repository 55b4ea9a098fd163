"""Words that stand for themselves in a shape: keywords of the usual languages and the names that every program uses."""

from __future__ import annotations

import numpy as np

_WORDS = """
and as assert async await begin bool boolean break byte case catch char class const continue def default del delete do
done double elif else end enum except export extends extern false False fi final finally float fn for foreach from func
function global go goto if impl implements import in include instanceof int interface is lambda let long loop map match
mod module mut namespace new nil None nonlocal not null nullptr object operator or package pass private protected pub
public raise return self short signed sizeof static std str string String struct super switch template then this throw
throws trait true True try type typedef typeof union unsigned use using val var vec Vec vector virtual void volatile
when where while with yield
abs all any append chr dict enumerate filter float items join keys len length list max min next open ord pop print
println printf push range replace reversed round set size slice sort sorted split strip sum tuple upper lower values zip
""".split()


def _hash(word: str) -> int:
    state = 0xCBF29CE484222325
    for byte in word.encode():
        state = ((state ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return state


FIXED = np.array(sorted({_hash(word) for word in _WORDS}), dtype=np.uint64)
"""FNV-1a of each, ascending."""
