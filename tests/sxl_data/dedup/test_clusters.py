from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sxl_data.dedup.clusters import ROUNDS, components, keep_best, survive

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


def followed(n: int, pairs: list[tuple[int, int]]) -> list[bool]:
    """Who stays, one row after another."""
    stays = [True] * n
    for b in range(n):
        stays[b] = not any(stays[a] for a, other in pairs if other == b)
    return stays


@pytest.mark.parametrize("links", [5, 12, 40, 150])
def test_rows_stay_as_if_they_were_followed_one_after_another(links: int) -> None:
    for seed in range(30):
        rows = np.sort(np.random.default_rng(seed).integers(0, 30, size=(links, 2)), axis=1).tolist()
        pairs = [(a, b) for a, b in rows if a != b]
        assert followed(30, pairs) == survive(30, *arrays(pairs)).tolist()


@pytest.mark.parametrize("length", [ROUNDS, ROUNDS + 1, ROUNDS + 2, ROUNDS + 3, 3 * ROUNDS, 3 * ROUNDS + 1])
def test_a_chain_longer_than_the_rounds_is_followed_to_its_end(length: int) -> None:
    chain = [(k, k + 1) for k in range(length - 1)]
    side = [(k, length) for k in range(0, length, 7)]  # the last row resembles some that stay and some that go
    for pairs in (chain, chain[::-1], [*side, *chain]):
        n = 1 + max(b for _, b in pairs)
        assert followed(n, pairs) == survive(n, *arrays(pairs)).tolist()


def test_the_twin_is_the_most_similar_kept_row() -> None:
    twin, pair = keep_best(3, *arrays([(0, 2), (1, 2)]), np.array([0.7, 0.9]))
    assert twin.tolist() == [-1, -1, 1]
    assert pair.tolist() == [-1, -1, 1]


def test_of_twins_that_are_equally_similar_the_preferred_one_is_named_and_none_that_fell() -> None:
    pairs = [(1, 3), (0, 3), (2, 3), (0, 2), (4, 5)]
    twin, pair = keep_best(6, *arrays(pairs), np.array([0.8, 0.8, 0.99, 0.7, 0.9]))
    assert ([-1, -1, 0, 0, -1, 4], [-1, -1, 3, 1, -1, 4]) == (twin.tolist(), pair.tolist())


def test_rows_without_pairs_all_stay() -> None:
    twin, pair = keep_best(3, *arrays([]), np.zeros(0))
    assert [-1] * 3 == twin.tolist() == pair.tolist()


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
