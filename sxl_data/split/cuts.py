"""Where a share or a count ends among units in order, without putting them all in order.

In: items of some class, each with its unit, the number that decides among equal units, and its size. Out: for each
class and bound the first item at or beyond it, by which any item says for itself on which side it is. The sizes are
summed in bins of units; items of the one bin in which a bound falls are put in order. What is held are the bins, and
the items of these few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

ITEM_BYTES = 80
"""What an item takes while it is put in order."""
MOST_BINS = 1 << 16


class Items(NamedTuple):
    """``classes``, u64; ``units`` in [0, 1); ``orders``, i64; ``sizes``, i64."""

    classes: np.ndarray
    units: np.ndarray
    orders: np.ndarray
    sizes: np.ndarray


class Cuts(NamedTuple):
    """For each of the ascending ``classes`` the unit and the order of the first item at each bound, both of shape
    ``(classes, bounds)``; a unit of infinity where none reaches it."""

    classes: np.ndarray
    units: np.ndarray
    orders: np.ndarray

    def reached(self, classes: np.ndarray, units: np.ndarray, orders: np.ndarray) -> np.ndarray:
        """How many bounds of its class each item has reached, i8."""
        found, at = np.zeros(len(units), dtype=np.int8), np.searchsorted(self.classes, classes)
        for unit, order in zip(self.units.T, self.orders.T):
            found += (units > unit[at]) | ((units == unit[at]) & (orders >= order[at]))
        return found


def cut_shares(items: Callable[[], Iterable[Items]], bounds: np.ndarray, memory: int) -> Cuts:
    """By shares of each class: an item is at ``before + size / 2`` of the sizes of its class, its bounds those of
    ``bounds``, ascending."""
    classes, totals, count = _sum(items())
    return _cut(items, classes, np.tile(bounds, (len(classes), 1)), totals, count, memory)


def cut_counts(items: Callable[[], Iterable[Items]], most: np.ndarray, memory: int) -> Cuts:
    """By counts: of the class k the items beyond the first ``most[k]`` are beyond its bound."""
    classes, _, count = _sum(items())
    bounds = np.maximum(most[classes.astype(np.int64)], 0).astype(np.float64)
    return _cut(items, classes, bounds[:, None], np.ones(len(classes)), count, memory)


def _sum(items: Iterable[Items]) -> tuple[np.ndarray, np.ndarray, int]:
    """The classes, ascending, the size of each, and how many items there are."""
    classes, count = np.empty(0, np.uint64), 0
    totals: np.ndarray = np.empty(0)
    for piece in items:
        own, where = np.unique(np.concatenate([classes, piece.classes]), return_inverse=True)
        totals = np.bincount(where, np.concatenate([totals, piece.sizes]), len(own))
        classes, count = own, count + len(piece.units)
    return classes, totals, count


def _cut(
    items: Callable[[], Iterable[Items]],
    classes: np.ndarray,
    bounds: np.ndarray,
    totals: np.ndarray,
    count: int,
    memory: int,
) -> Cuts:
    bins = 1
    # Powers of two: a unit times one of them is exact, so no rounding moves it over an edge.
    while bins < MOST_BINS and count // bins * ITEM_BYTES > memory // 2 and 32 * bins * len(classes) < memory:
        bins *= 2
    ends = np.zeros((len(classes), bins))
    for at, piece in _placed(items, classes):
        ends += np.bincount(at * bins + _bin(piece.units, bins), piece.sizes, ends.size).reshape(ends.shape)
    ends = np.cumsum(ends, axis=1)
    # Of earlier bins no item reaches the bound, of later ones all do.
    inside = np.stack([(ends / totals[:, None] >= bound[:, None]).argmax(axis=1) for bound in bounds.T], axis=1)
    inside[ends[:, -1:] / totals[:, None] < bounds] = bins
    wanted = np.zeros((len(classes), bins + 1), dtype=bool)
    np.put_along_axis(wanted, inside, True, axis=1)
    near = _sorted(
        (at[chosen], piece.units[chosen], piece.orders[chosen], piece.sizes[chosen])
        for at, piece in _placed(items, classes)
        for chosen in [wanted[at, _bin(piece.units, bins)]]
    )
    units, orders = (inside + 1.0) / bins, np.full(inside.shape, -1, dtype=np.int64)
    units[inside == bins] = np.inf
    begins = np.searchsorted(near[0], np.arange(len(classes) + 1))
    for number in range(len(classes)):
        own = np.arange(begins[number], begins[number + 1])
        for k, bin_ in enumerate(inside[number].tolist()):
            mine = own[_bin(near[1][own], bins) == bin_]
            sizes = near[3][mine].astype(np.float64)
            before = (ends[number, bin_ - 1] if 0 < bin_ < bins else 0.0) + np.cumsum(sizes) - sizes
            reach = np.flatnonzero((before + sizes / 2) / totals[number] >= bounds[number, k])
            if len(reach):
                units[number, k], orders[number, k] = near[1][mine[reach[0]]], near[2][mine[reach[0]]]
    return Cuts(classes, units, orders)


def _placed(items: Callable[[], Iterable[Items]], classes: np.ndarray) -> Iterator[tuple[np.ndarray, Items]]:
    for piece in items():
        yield np.searchsorted(classes, piece.classes), piece


def _bin(units: np.ndarray, bins: int) -> np.ndarray:
    return np.asarray((units * bins).astype(np.int64))


def _sorted(pieces: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]) -> list[np.ndarray]:
    """Class, unit, order and size of items, by class, unit and order."""
    none = (np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64))
    columns = [np.concatenate(column) for column in zip(none, *pieces)]
    order = np.lexsort((columns[2], columns[1], columns[0]))
    return [column[order] for column in columns]
