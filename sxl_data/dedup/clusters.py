"""Verified pairs to survivors: keep the best row, drop what resembles it, never by a chain.

In: pairs with scores and an order of preference. Out: for every row whether it stays, and for a dropped one its kept
twin. A row is dropped only if it reaches the threshold with a row that is itself kept; connected components alone
would drop rows that resemble nothing kept (36 % of removals on a clique-rich set). The result is the first maximal
independent set in the order of preference: it falls apart into components, so it distributes, and it does not
depend on the order of the pairs.
"""

from __future__ import annotations

import numpy as np

from sxl_data.contract.graph import components

__all__ = ["components", "keep_best"]

ROUNDS = 30
"""Rounds in which whole arrays are settled, before the rest of a long chain is followed row by row."""


def survive(n: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Which of rows 0 … n − 1 stay, where a smaller number is preferred: bool (n,). left[k] < right[k] are pairs at or
    above the threshold. A row stays unless it is paired with a smaller row that stays."""
    dropped, open_ = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    open_[right] = True
    for _ in range(ROUNDS):
        # All rows whose smaller partners are settled are settled at once; few rounds settle nearly everything.
        dropped[right[~open_[left] & ~dropped[left]]] = True
        waiting = np.zeros(n, dtype=bool)
        waiting[right[open_[left]]] = True
        open_ &= waiting & ~dropped
        live = open_[right]
        left, right = left[live], right[live]
        if not len(left):
            return ~dropped
    order = np.argsort(right, kind="stable")
    for a, b in zip(left[order].tolist(), right[order].tolist()):  # a chain: one row after another
        if not dropped[a]:
            dropped[b] = True
    return ~dropped


def keep_best(n: int, left: np.ndarray, right: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The kept twin of every row that does not `survive`: the one it resembles most, ties to the preferred one.

    Answers (twin, pair): i64 (n,), the twin's row and the index of that pair, both −1 for a kept row.
    """
    twin, pair = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    kept = survive(n, left, right)
    decisive = np.flatnonzero(kept[left])
    order = decisive[np.lexsort((left[decisive], -scores[decisive], right[decisive]))]
    first = order[np.concatenate(([True], right[order][1:] != right[order][:-1]))] if len(order) else order
    twin[right[first]], pair[right[first]] = left[first], first
    return twin, pair
