"""The name that somebody meant by one that is none.

In: a word and the names that are known, be they flags, keys, codes or columns. Out: the nearest of them, or what was
expected in words. Case, leading dashes and the kind of dash between words are no difference; where nothing is spelt
alike, a name that the word begins with, or that begins with it, is meant. Comparing is quadratic in the word, which may
be foreign, so a long one is near to nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LONGEST = 64
"""Characters: no name of ours has more."""
ALIKE = 0.55
"""Likeness (0 to 1) from which a word may be another one misspelt: `biuld` and `build` are .8, `buy` and `by` .8, `jsn`
and `json` .86, `dry` and `day` .67."""


def nearest(found: str, known: Iterable[str]) -> str | None:
    """The one of ``known`` that is most likely meant by ``found``."""
    if len(found) > LONGEST:
        return None
    word = _bare(found)
    bare: dict[str, str] = {}
    for name in known:
        bare.setdefault(_bare(name), name)
    near = next(iter(difflib.get_close_matches(word, bare, n=1, cutoff=ALIKE)), None)
    begins = (n for n in bare if min(len(n), len(word)) > 1 and (n.startswith(word) or word.startswith(n)))
    chosen = near or next(begins, None)
    return bare[chosen] if chosen is not None else None


def meant(found: str, known: Iterable[str], otherwise: str = "one of ") -> str:
    """What was expected in place of ``found``: the nearest name, or ``otherwise`` and all of them."""
    names = list(known)
    near = nearest(found, names)
    return f"{near}?" if near else otherwise + ", ".join(names)


def _bare(name: str) -> str:
    return name.lstrip("-").lower().replace("_", "-")
