"""Connected components of more rows than memory holds, by ranges of rows.

In: edges between rows, kept by the range of their larger row. Out: of each row the smallest row of its component.
The ranges are taken from the last one down. In a range rows that its own edges link are one; such a set hangs below the
smallest row outside that an edge of it leads to, and its other edges outside are handed on, to lead from there to that
row: what is left is linked as before (Sibeyn's sweep, in "Engineering an External Memory Minimum Spanning Tree
Algorithm", Dementiev et al. 2004). Then, from the first range up, each set asks the row above it for its smallest one.
Memory is that of one range; files are read and written from one end to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain

import numpy as np

from sxl_data.contract.distinct import distinct
from sxl_data.contract.graph import hook
from sxl_data.engine.spool import Column, Room

ALONE = np.uint32(0xFFFFFFFF)
"""The label of a row without an edge."""
RANGE_BYTES = 64
"""What a row of the range at hand takes."""
EDGE_BYTES = 400
"""And an edge that is looked at."""
_32 = np.uint64(32)
Ends = Iterator[tuple[np.ndarray, np.ndarray]]


def pack(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Pairs of rows as u64, the left one above."""
    return (left.astype(np.uint64) << _32) | right.astype(np.uint64)


def unpack(pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both rows of packed pairs, u32."""
    return (pairs >> _32).astype(np.uint32), pairs.astype(np.uint32)


def range_of(bounds: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The range of each row, where range k has the rows from ``bounds[k]`` to before ``bounds[k + 1]``."""
    if len(bounds) == 2:
        return np.zeros(len(rows), dtype=np.intp)
    return np.searchsorted(bounds.astype(np.uint32), rows.astype(np.uint32), "right") - 1


def link(edges: Callable[[int], Iterable[np.ndarray]], bounds: np.ndarray, room: Room) -> Column:
    """u32: the smallest row of each row's component, `ALONE` for rows that are linked to no other.

    ``edges`` are for each range packed pairs of which the larger row lies in it. ``bounds`` as of `range_of`.
    """
    count, at_once = len(bounds) - 1, max(1 << 10, room.memory // 8 // EDGE_BYTES)
    handed, asked, told = (room.spool(count, np.uint64) for _ in range(3))
    labels = room.column(int(bounds[-1]), np.uint32)

    def ends(number: int) -> Ends:
        return _ends(chain(edges(number), handed.chunks(number)), at_once)

    for number in reversed(range(count)):
        first, end = int(bounds[number]), int(bounds[number + 1])
        roots, above = _sink(partial(ends, number), first, end)
        for high, low in ends(number) if first else ():
            top = above[roots[high - np.uint32(first)]]
            left = (low < first) & (low != top)
            low, top = low[left], top[left]
            low, top = np.maximum(low, top), np.minimum(low, top)
            fewer = distinct(pack(low, top))  # of what one row leads to many lead to the same now
            handed.add(range_of(bounds, unpack(fewer)[0]), fewer)
        hung = np.flatnonzero(above != ALONE)
        asked.add(range_of(bounds, above[hung]), pack(above[hung], hung + first))
        labels.write(first, roots + np.uint32(first))
    for number in range(count):
        first, end = int(bounds[number]), int(bounds[number + 1])
        roots = labels.read(first, end) - np.uint32(first)
        names = np.arange(first, end, dtype=np.uint32)
        for root, name in map(unpack, told.chunks(number)):
            names[root - np.uint32(first)] = name
        linked = names < first
        linked[roots[roots != np.arange(end - first, dtype=np.uint32)]] = True
        for above, root in map(unpack, asked.chunks(number)):
            here = roots[above - np.uint32(first)]
            linked[here] = True
            told.add(range_of(bounds, root), pack(root, names[here]))
        labels.write(first, np.where(linked[roots], names[roots], ALONE))
    return labels


def _sink(ends: Callable[[], Ends], first: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    """Of the rows of a range, counted from its ``first``: the smallest one that edges inside link each to, and for
    these the smallest row outside that they hang below, `ALONE` for none; u32."""
    roots = np.arange(end - first, dtype=np.uint32)
    for high, low in ends():
        inside = low >= first
        hook(roots, high[inside] - np.uint32(first), low[inside] - np.uint32(first))
    while True:
        shorter = roots[roots]
        if np.array_equal(shorter, roots):
            break
        roots = shorter
    above = np.full(end - first, ALONE)
    for high, low in ends() if first else ():
        outside = low < first
        np.minimum.at(above, roots[high[outside] - np.uint32(first)], low[outside])
    return roots, above


def _ends(pieces: Iterable[np.ndarray], at_once: int) -> Ends:
    """The larger and the smaller row of pairs, so many at a time."""
    for piece in pieces:
        for begin in range(0, len(piece), at_once):
            one, other = unpack(piece[begin : begin + at_once])
            yield np.maximum(one, other), np.minimum(one, other)
