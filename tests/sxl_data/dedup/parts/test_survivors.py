from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from sxl_data.dedup.parts.bounded import PairFiles, collect_results
from sxl_data.dedup.parts.shards import Shards
from sxl_data.dedup.parts.survivors import choose_survivors, name_drops, name_twins, orient
from sxl_data.dedup.result import Pairs
from sxl_data.dedup.scratch import Scratch

TEXTS = [f"text number {k}" for k in range(6)]
NONE = np.zeros(0, dtype=np.uint32)


def pairs(*rows: tuple[int, int, int]) -> Pairs:
    """Pairs with so many of 100 shingles shared."""
    left, right, shared = zip(*rows) if rows else ((), (), ())
    columns = {"left": left, "right": right, "shared": shared, "union": [100] * len(left)}
    return Pairs.of(pa.table({name: pa.array(values, pa.uint32()) for name, values in columns.items()}))


def numbers(*rows: int) -> np.ndarray:
    return np.array(rows, dtype=np.uint32)


def test_a_pair_found_twice_is_one_with_its_better_row_on_the_left(shards_of: Callable[..., Shards]):
    found = orient(shards_of(TEXTS, [3], [9, 0, 1, 2, 3, 4]), pairs((0, 5, 80), (1, 2, 70), (5, 0, 80)))
    assert [(1, 2, 70), (5, 0, 80)] == list(zip(found.left.tolist(), found.right.tolist(), found.shared.tolist()))


def test_a_row_falls_only_for_a_row_that_stays(shards_of: Callable[..., Shards]):
    shards, known = shards_of(TEXTS, [2]), pairs((0, 1, 80), (1, 2, 90), (3, 4, 69))
    dropped, again = choose_survivors(shards, known, 0.7, NONE, NONE, NONE)
    assert ([1], []) == (dropped.tolist(), again.tolist())
    assert [{"row": 1, "twin": 0, "shared": 80, "union": 100}] == name_twins(shards, known, 0.7).to_pylist()


def test_survivors_of_cut_buckets_are_asked_again_and_all_of_the_first_ones_when_a_row_came_back(
    shards_of: Callable[..., Shards],
):
    shards, known = shards_of(TEXTS, []), pairs((0, 1, 80), (1, 2, 90))
    first, cut = numbers(1, 2, 3, 4), numbers(1, 3)
    assert [3] == choose_survivors(shards, known, 0.7, first, cut, numbers(1))[1].tolist()
    assert [2, 3, 4] == choose_survivors(shards, known, 0.7, first, cut, numbers(1, 2))[1].tolist()


def test_a_copy_of_a_row_that_fell_names_the_row_that_stayed(shards_of: Callable[..., Shards]):
    shards = shards_of(TEXTS, [2, 4])
    near = name_twins(shards, pairs((0, 1, 80)), 0.7)
    copies = [pa.table({"row": numbers(3, 5), "stands": numbers(1, 4)})]
    drops = name_drops(shards, copies, near, 0, 3)
    lines = [[(row["trace_id"], row["code"], row["twin_id"], row["score"]) for row in t.to_pylist()] for t in drops]
    assert [[("r001", "D311", "r000", 0.8)], [("r003", "D311", "r000", 0.8)], [("r005", "D310", "r004", 1.0)]] == lines
    assert lines[1:] == [
        [(row["trace_id"], row["code"], row["twin_id"], row["score"]) for row in t.to_pylist()]
        for t in name_drops(shards, copies, near, 1, 3)
    ]
    assert [1, 1] == [len(table) for table in name_drops(shards, copies, near, 0, 2)]
    assert [1] == [len(table) for table in name_drops(shards, copies, near, 1, 2)]


def test_pairs_near_the_threshold_say_who_was_kept(shards_of: Callable[..., Shards]):
    shards, known = shards_of(TEXTS, [2]), pairs((0, 1, 71), (2, 3, 69), (4, 5, 90))
    near = name_twins(shards, known, 0.7)
    every, close = collect_results(shards, PairFiles([known.table], 3), near, 0.7, 1 << 30, Scratch(0))
    assert [(0, 1, 0.71), (2, 3, 0.69), (4, 5, 0.9)] == [tuple(row.values()) for row in every.to_pylist()]
    assert [("r000", "r001", True, False), ("r002", "r003", True, True)] == [
        (row["left"], row["right"], row["left_kept"], row["right_kept"]) for row in close.to_pylist()
    ]
