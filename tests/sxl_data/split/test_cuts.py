from __future__ import annotations

import numpy as np
import pytest

from sxl_data.split.cuts import Items, cut_counts, cut_shares


def items_of(seed: int, alike: bool) -> Items:
    draw = np.random.default_rng(seed)
    classes, units = draw.integers(0, 5, 800).astype(np.uint64), draw.random(800)
    if alike:
        units = np.floor(units * 6) / 6
    return Items(classes, units, draw.permutation(800), draw.integers(1, 9, 800))


@pytest.mark.parametrize("memory", [4000, 20_000, 1 << 20])
@pytest.mark.parametrize("alike", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_shares_end_where_they_do_among_items_put_in_order(seed: int, alike: bool, memory: int):
    items, bounds = items_of(seed, alike), np.array([0.3, 0.8, 1.0])
    expected = np.zeros(800, dtype=int)
    for number in range(5):
        mine = np.flatnonzero(items.classes == number)
        mine = mine[np.lexsort((items.orders[mine], items.units[mine]))]
        sizes = items.sizes[mine]
        middles = (np.cumsum(sizes) - sizes / 2) / sizes.sum()
        expected[mine] = np.searchsorted(bounds, middles, "right")
    pieces = [Items(*(column[a : a + 90] for column in items)) for a in range(0, 800, 90)]
    cuts = cut_shares(lambda: iter(pieces), bounds, memory)
    assert {0, 1, 2} == set(expected.tolist())
    assert expected.tolist() == cuts.reached(items.classes, items.units, items.orders).tolist()


@pytest.mark.parametrize("memory", [4000, 1 << 20])
@pytest.mark.parametrize("most", [[0, 1, 50, 10_000, -3]])
def test_counts_end_after_so_many_items(most: list[int], memory: int):
    items = items_of(9, False)._replace(sizes=np.ones(800, np.int64))
    cuts = cut_counts(lambda: [items], np.array(most), memory)
    beyond = cuts.reached(items.classes, items.units, items.orders) > 0
    for number, kept in enumerate(most):
        mine = items.classes == number
        assert min(max(kept, 0), mine.sum()) == (mine & ~beyond).sum()
        assert items.units[mine & ~beyond].max(initial=0) <= items.units[mine & beyond].min(initial=1)


def test_no_items_have_no_ends():
    none = Items(np.empty(0, np.uint64), np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64))
    assert [] == cut_shares(lambda: [none], np.array([0.5]), 100).reached(*none[:3]).tolist()
