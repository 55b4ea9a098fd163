"""What a result says of its rows: scores, clusters, groups and the pairs that a person should look at."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from sxl_data.dedup.config import DedupConfig
from sxl_data.dedup.result import DedupResult, Pairs, borderline
from sxl_data.dedup.shingles import Shingling
from sxl_data.dedup.signatures import sketch


def pairs(*rows: tuple[int, int, int, int]) -> Pairs:
    left, right, shared, union = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return Pairs(left, right, shared.astype(np.uint32), union.astype(np.uint32))


def result(twin: list[int], stands: list[int], known: Pairs, store: list[int] | None = None) -> DedupResult:
    n = len(twin)
    kept = np.array(twin) < 0
    return DedupResult(
        kept=kept,
        twin=np.array(twin),
        exact=np.zeros(n, dtype=bool),
        score=np.full(n, np.nan),
        shared=np.zeros(n, dtype=np.uint32),
        union=np.zeros(n, dtype=np.uint32),
        pairs=known,
        unique=np.unique(stands),
        stands=np.array(stands),
        sketches=sketch(pa.array(["toy"]), Shingling()),
        keys=np.zeros((n, 2), dtype=np.uint64),
        complete=True,
        config=DedupConfig(),
        store=np.array(store or [-1] * n),
        preference=None,
    )


def named(rows: np.ndarray) -> pa.Array:
    return pa.array([f"r{row}" for row in rows.tolist()])


def test_a_score_is_shared_shingles_of_all_and_nothing_has_none() -> None:
    known = pairs((0, 1, 3, 4), (0, 2, 5, 5), (1, 2, 0, 0), (3, 4, 0, 7))
    assert ([0.75, 1.0, 0.0, 0.0], 4) == (known.scores.tolist(), len(known))


def test_pairs_from_a_score_on_are_taken_with_all_they_say() -> None:
    found = pairs((0, 1, 3, 4), (0, 2, 1, 2), (1, 2, 9, 10)).at_least(0.75)
    assert [[0, 1], [1, 2], [3, 9], [4, 10]] == [
        a.tolist() for a in (found.left, found.right, found.shared, found.union)
    ]


def test_a_row_is_of_the_cluster_of_its_twin_and_of_its_own_when_a_store_has_the_twin() -> None:
    found = result([-1, 0, 5, -1], [0, 1, 2, 3], pairs(), store=[-1, -1, 0, -1])
    assert [0, 0, 2, 3] == found.clusters.tolist()


def test_groups_are_linked_by_pairs_that_reach_the_threshold_by_equal_texts_and_by_twins() -> None:
    known = pairs((0, 1, 1, 2), (1, 2, 49, 100))
    found = result([-1, -1, -1, -1, 3, -1, -1], [0, 1, 2, 3, 4, 5, 5], known)
    assert [0, 0, 2, 3, 3, 5, 5] == found.groups(0.5).tolist()
    assert [0, 0, 0, 3, 3, 5, 5] == found.groups(0.49).tolist()
    assert [0, 1, 2, 3, 3, 5, 5] == found.groups(0.51).tolist()


def test_a_row_that_went_for_a_store_is_not_linked_to_the_row_of_that_number_here() -> None:
    assert [0, 1, 2] == result([-1, 0, 0], [0, 1, 2], pairs(), store=[-1, 3, 0]).groups(0.5).tolist()


@pytest.mark.parametrize(("shared", "near"), [(67, False), (68, True), (70, True), (72, True), (73, False)])
def test_pairs_within_two_hundredths_of_the_threshold_are_near_it(shared: int, near: bool) -> None:
    found = borderline(pairs((0, 1, shared, 100)), 0.7, lambda rows: rows == 0, named)
    assert [("r0", "r1", shared / 100, True, False)] * near == [tuple(row.values()) for row in found.to_pylist()]


def test_near_pairs_are_listed_the_closest_first_and_then_by_name() -> None:
    known = pairs((4, 5, 72, 100), (0, 3, 71, 100), (0, 1, 71, 100), (2, 3, 70, 100), (6, 7, 99, 100))
    found = result([-1, 0, -1, 0, -1, 4, -1, 6], list(range(8)), known).borderline(named).to_pylist()
    assert [
        ("r2", "r3", 0.7, True, False),
        ("r0", "r1", 0.71, True, False),
        ("r0", "r3", 0.71, True, False),
        ("r4", "r5", 0.72, True, False),
    ] == [tuple(row.values()) for row in found]
