"""Connected components, by array operations alone.

In: edges between rows. Out: the smallest row of each row's component. Every root is hooked to the smallest
neighbouring root and paths are halved (Shiloach and Vishkin 1982); the rounds grow with the logarithm of the
longest chain, and the result does not depend on the order of the edges.
"""

from __future__ import annotations

import numpy as np


def components(n: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """i64 (n,): the smallest row of the component of each row 0 … n − 1; left[k] and right[k] are linked."""
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


def hook(parent: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
    """Link left[k] and right[k] in a union-find, where rows begin as their own parents: for edges that come a few at a
    time. A parent is a smaller row of the same component; the smallest one is its own."""
    while len(left):
        one, two = find(parent, left), find(parent, right)
        apart = one != two
        left, right, one, two = left[apart], right[apart], one[apart], two[apart]
        np.minimum.at(parent, np.maximum(one, two), np.minimum(one, two))


def find(parent: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The smallest row of the component of each of ``rows``, to which it is hooked directly from now on."""
    own, where = np.unique(rows, return_inverse=True)
    top = parent[own]
    while True:
        above = parent[top]
        if np.array_equal(above, top):
            parent[own] = top
            return np.asarray(top[where])
        parent[own] = above  # a chain of rows that are all asked for is halved each time
        top = parent[above]
