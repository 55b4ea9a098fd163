from __future__ import annotations

import numpy as np
import pytest

from sxl_data.contract.graph import components
from sxl_data.engine.spool import Room
from sxl_data.split.linked import ALONE, link, pack, range_of, unpack

ROWS = 3000


def edges_of(kind: str) -> np.ndarray:
    draw = np.random.default_rng(1)
    if kind == "none":
        return np.empty((0, 2), np.int64)
    if kind in ("chain", "mixed chain"):
        order = np.arange(ROWS) if kind == "chain" else draw.permutation(ROWS)
        return np.stack([order[:-1], order[1:]], axis=1)
    if kind == "star":
        return np.stack([np.full(ROWS - 1, ROWS - 1), np.arange(ROWS - 1)], axis=1)
    return draw.integers(0, ROWS, (900 if kind == "few" else 1600, 2))


@pytest.mark.parametrize("kind", ["none", "few", "many", "chain", "mixed chain", "star"])
@pytest.mark.parametrize("cuts", [[], [1500], [0, 1, 1, 700, 2999], list(range(50, 3000, 50))])
def test_ranges_of_rows_find_the_components_of_all_rows(kind: str, cuts: list[int]):
    bounds, edges, room = np.array([0, *cuts, ROWS]), edges_of(kind), Room(4000)
    spool = room.spool(len(bounds) - 1, np.uint64)
    spool.add(range_of(bounds, edges.max(axis=1, initial=0)), pack(*edges.T))
    found = link(spool.chunks, bounds, room).read(0, ROWS)
    expected = components(ROWS, *edges.T)
    alone = np.bincount(expected, minlength=ROWS)[expected] == 1
    assert np.where(alone, ALONE, expected).tolist() == found.tolist()


def test_pairs_are_packed_and_unpacked():
    ends = np.array([0, 5, 2**32 - 2]), np.array([2**32 - 2, 5, 1])
    assert [e.tolist() for e in ends] == [e.tolist() for e in unpack(pack(*ends))]
