from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sxl_data.split.assign import SplitConfig, assign, leakage, random_split
from sxl_data.split.groups import label

NONE = np.empty((0, 2), dtype=np.int64)


def digests(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**63, size=(n, 2)).astype(np.uint64)


def nameless(n: int) -> pa.Array:
    return pa.nulls(n, pa.string())


def test_linked_rows_and_rows_of_one_group_are_one_component():
    labels = label(6, np.array([[0, 1], [1, 2]]), pa.array([None, None, "s", "s", None, "t"]))
    assert labels.tolist() == [0, 0, 0, 0, 4, 5]


def test_a_long_chain_is_one_component():
    n = 2000
    order = np.random.default_rng(1).permutation(n)
    assert {0} == set(label(n, np.stack([order[:-1], order[1:]], axis=1), nameless(n)).tolist())


@given(
    st.integers(1, 60),
    st.lists(st.tuples(st.integers(0, 59), st.integers(0, 59)), max_size=80),
    st.integers(0, 5),
)
def test_no_pair_straddles_two_splits(n: int, links: list[tuple[int, int]], seed: int):
    pairs = np.array([(a % n, b % n) for a, b in links], dtype=np.int64).reshape(-1, 2)
    sides = assign(label(n, pairs, nameless(n)), digests(n), SplitConfig(), seed)
    assert (sides[pairs[:, 0]] == sides[pairs[:, 1]]).all()
    assert leakage(sides, pairs) == 0


def test_sides_follow_content_and_not_position():
    keys, order = digests(300), np.random.default_rng(3).permutation(300)
    alone = label(300, NONE, nameless(300))
    expected = assign(alone, keys, SplitConfig(), 7)[order]
    assert expected.tolist() == assign(alone, keys[order], SplitConfig(), 7).tolist()


def test_adding_rows_moves_no_old_row():
    keys = digests(500)
    few = assign(label(300, NONE, nameless(300)), keys[:300], SplitConfig(), 0)
    many = assign(label(500, NONE, nameless(500)), keys, SplitConfig(), 0)
    assert few.tolist() == many[:300].tolist()


def test_shares_are_near_what_was_asked():
    n = 20_000
    sides = assign(label(n, NONE, nameless(n)), digests(n), SplitConfig(), 0)
    np.testing.assert_allclose(np.bincount(sides) / n, [0.8, 0.1, 0.1], atol=0.01)


def test_another_seed_gives_another_split():
    alone = label(100, NONE, nameless(100))
    sides = [assign(alone, digests(100), SplitConfig(), seed).tolist() for seed in (0, 1)]
    assert sides[0] != sides[1]


def test_a_random_split_leaks_linked_rows():
    n = 1000
    pairs = np.arange(n).reshape(-1, 2)
    assert 0.5 < leakage(random_split(n, SplitConfig(), 0), pairs) < 1


def test_shares_that_do_not_add_up_are_refused():
    with pytest.raises(ValueError, match="add up to 1"):
        SplitConfig(train=0.9)
