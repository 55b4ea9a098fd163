"""Verified pairs to survivors: keep the best row, drop what resembles it, never by a chain.

In: pairs with scores and an order of preference. Out: for every row whether it stays, and for a dropped one its kept
twin. A row is dropped only if it reaches the threshold with a row that is itself kept; connected components alone
would drop rows that resemble nothing kept (36 % of removals on a clique-rich set). The result is the first maximal
independent set in the order of preference: it falls apart into components, so it distributes, and it does not
depend on the order of the pairs.
"""

from __future__ import annotations

import numpy as np


def keep_best(
    n: int, left: np.ndarray, right: np.ndarray, scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Survivors among rows 0 … n − 1, where a smaller number is preferred.

    left[k] < right[k] are pairs at or above the threshold. Answers (twin, pair): i64 (n,), the kept row that a
    dropped one resembles most (ties: the preferred one) and the index of that pair, both −1 for a kept row.
    """
    twin = np.full(n, -1, dtype=np.int64)
    pair = np.full(n, -1, dtype=np.int64)
    order = np.lexsort((left, -scores, right))
    # A row's fate is settled before any row after it asks: its partners are all smaller.
    for k, a, b in zip(order.tolist(), left[order].tolist(), right[order].tolist()):
        if twin[b] < 0 and twin[a] < 0:
            twin[b], pair[b] = a, k
    return twin, pair


def components(n: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Connected components of rows 0 … n − 1: i64 (n,), the smallest row of each row's component.

    By hooking every root to the smallest neighbour's root and halving paths (Shiloach and Vishkin 1982), which numpy
    does a whole array at a time; the rounds grow with the logarithm of the longest chain.
    """
    root = np.arange(n, dtype=np.int64)
    while len(left):
        one, two = root[left], root[right]
        open_ = one != two
        if not open_.any():
            break
        left, right, one, two = left[open_], right[open_], one[open_], two[open_]
        np.minimum.at(root, np.maximum(one, two), np.minimum(one, two))
        while True:
            shorter = root[root]
            if np.array_equal(shorter, root):
                break
            root = shorter
    return root
