from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sxl_data.dedup.clusters import components, keep_best

edges = st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)).filter(lambda e: e[0] < e[1]), unique=True)


def arrays(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


@given(edges)
def test_kept_rows_are_unrelated_and_dropped_rows_have_a_kept_twin(pairs: list[tuple[int, int]]) -> None:
    left, right = arrays(pairs)
    twin, pair = keep_best(20, left, right, np.ones(len(pairs)))
    kept = {row for row in range(20) if twin[row] < 0}
    assert not any(a in kept and b in kept for a, b in pairs)
    for row in set(range(20)) - kept:
        assert int(twin[row]) in kept
        assert pairs[pair[row]] == (twin[row], row)


def test_a_chain_keeps_both_ends() -> None:
    twin, _ = keep_best(3, *arrays([(0, 1), (1, 2)]), np.array([0.8, 0.8]))
    assert twin.tolist() == [-1, 0, -1]


def test_the_twin_is_the_most_similar_kept_row() -> None:
    twin, pair = keep_best(3, *arrays([(0, 2), (1, 2)]), np.array([0.7, 0.9]))
    assert twin.tolist() == [-1, -1, 1]
    assert pair.tolist() == [-1, -1, 1]


@given(edges, st.randoms())
def test_the_order_of_pairs_changes_nothing(pairs: list[tuple[int, int]], draw: object) -> None:
    shuffled = list(pairs)
    draw.shuffle(shuffled)  # type: ignore[attr-defined]
    ones = np.ones(len(pairs))
    assert keep_best(20, *arrays(pairs), ones)[0].tolist() == keep_best(20, *arrays(shuffled), ones)[0].tolist()


@given(edges)
def test_components_are_labelled_by_their_smallest_row(pairs: list[tuple[int, int]]) -> None:
    expected = list(range(20))
    for _ in range(20):
        for a, b in pairs:
            expected[a] = expected[b] = min(expected[a], expected[b])
    assert expected == components(20, *arrays(pairs)).tolist()


def test_a_long_chain_is_one_component() -> None:
    n = 3000
    order = np.random.default_rng(0).permutation(n)
    assert components(n, order[:-1], order[1:]).max() == 0
