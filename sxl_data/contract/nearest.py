"""The name that somebody meant by one that is none.

In: a word and the names that are known. Out: the nearest of them, or what was expected in words. Comparing is quadratic
in the word, which may be foreign, so a long one is near to nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LONGEST = 64
"""Characters: no name of ours has more."""


def nearest(found: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The one of ``known`` most like ``found``, of a likeness (0 to 1) of at least ``cutoff``."""
    if len(found) > LONGEST:
        return None
    return next(iter(difflib.get_close_matches(found, known, n=1, cutoff=cutoff)), None)  # type: ignore[type-var]


def meant(found: str, known: Iterable[str], otherwise: str = "one of ", cutoff: float = 0.6) -> str:
    """What was expected in place of ``found``: the nearest name, or ``otherwise`` and all of them."""
    names = list(known)
    near = nearest(found, names, cutoff)
    return f"{near}?" if near else otherwise + ", ".join(names)
