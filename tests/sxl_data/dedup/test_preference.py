"""Which row is the better one: its source, then its rank, then its id, then its place."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from sxl_data.dedup.preference import rank_rows


def places(found: np.ndarray | None) -> list[int]:
    assert found is not None
    return found.tolist()


def test_without_anything_to_go_by_the_order_of_the_rows_is_the_preference() -> None:
    assert rank_rows(3, None, None, None, ()) is None
    assert rank_rows(3, None, None, ["a", "b", "a"], ()) is None
    assert rank_rows(3, None, None, None, ("a",)) is None


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (pa.array(["c", "a", "b"]), [2, 0, 1]),
        (pa.chunked_array([["c"], ["a", "b"]]), [2, 0, 1]),
        (pa.array([30, 4, 100]), [1, 0, 2]),
        (pa.array(["30", "4", "100"]), [1, 2, 0]),
        (pa.array([30, None, 4]), [1, 2, 0]),
        (pa.array([None, "b", "a"]), [2, 1, 0]),
        (pa.array([2**63, 5, 2**63 + 1], pa.uint64()), [1, 0, 2]),
    ],
)
def test_the_smaller_id_is_the_better_one_and_none_is_the_worst(ids: pa.Array, expected: list[int]) -> None:
    assert expected == places(rank_rows(3, ids, None, None, ()))


def test_ranks_count_before_ids_and_ids_where_ranks_are_equal() -> None:
    ids, rank = pa.array(["d", "c", "b", "a"]), np.array([1, 0, 1, 0])
    assert [3, 1, 2, 0] == places(rank_rows(4, ids, rank, None, ()))


def test_sources_count_before_ranks_in_the_order_in_which_they_are_preferred() -> None:
    rank, sources = np.array([0, 1, 2, 3, 4]), ["web", "two", "one", "other", "two"]
    assert [3, 1, 0, 4, 2] == places(rank_rows(5, None, rank, sources, ("one", "two")))


def test_rows_that_nothing_tells_apart_keep_their_order() -> None:
    assert [0, 1, 2] == places(rank_rows(3, None, np.array([5, 5, 5]), None, ()))
    assert [1, 0, 2] == places(rank_rows(3, None, None, ["x", "one", "y"], ("one",)))
