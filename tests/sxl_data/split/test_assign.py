from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sxl_data.split.assign import NOTHING, OUT, Assigned, Pinned, SplitConfig, draw_by_chance
from sxl_data.split.edges import Edges, leaks
from sxl_data.split.groups import label, name_groups, name_ids
from sxl_data.split.part import GONE
from tests.sxl_data.split.dividing import assign as assign_all

NONE = np.empty((0, 2), dtype=np.int64)


def digests(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**63, size=(n, 2)).astype(np.uint64)


LARGE = SplitConfig(largest=1.0)
"""No group is too large."""


def assign(shards, members, labels, config, seed) -> np.ndarray:  # type: ignore[no-untyped-def]
    return assign_all(shards, members, labels, config, seed).sides


def leakage(sides: np.ndarray, pairs: np.ndarray) -> float:
    edges = Edges(NONE, NONE, pairs, np.empty(0, np.uint32), np.empty(0, np.uint64))
    return leaks(sides, edges)["similar_text"] / max(1, (sides > 0).sum())


def alone() -> tuple[np.ndarray, np.ndarray]:
    return linked(NONE)


def linked(pairs: np.ndarray, *names: str | None) -> tuple[np.ndarray, np.ndarray]:
    groups = name_groups(pa.chunked_array([pa.array(names, pa.string())]))
    rows = np.flatnonzero(groups)
    return label(pairs, rows, groups[rows])


def unit(high: int, low: int, seed: int) -> float:
    """A digest's place in [0, 1): xor with the seeded half, then the finaliser of splitmix64, in whole numbers."""
    value = high ^ ((low + seed * 0x9E3779B97F4A7C15) % 2**64)
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    value = (value ^ value >> 27) * 0x94D049BB133111EB % 2**64
    return ((value ^ value >> 31) >> 11) / 2**53


def side(place: float, config: SplitConfig) -> int:
    return int(place >= config.train) + int(place >= config.train + config.validation)


@pytest.mark.parametrize("seed", [0, 7, 2**63, 2**64 - 1])
def test_the_side_of_a_lone_row_is_where_its_digest_falls_between_the_shares(seed: int):
    config, keys = SplitConfig(train=0.3, validation=0.3, test=0.4), digests(400, 1)
    expected = [side(unit(high, low, seed), config) for high, low in keys.tolist()]
    assert {0, 1, 2} == set(expected)
    assert expected == assign([keys], *alone(), config, seed).tolist()


def test_seeds_count_modulo_two_to_the_64():
    keys = digests(200)
    few, many = (assign([keys], *alone(), SplitConfig(), seed).tolist() for seed in (-1, 2**64 - 1))
    assert few == many


def test_a_group_goes_where_its_smallest_digest_falls_whichever_row_has_it():
    config, keys = SplitConfig(train=0.3, validation=0.3, test=0.4), digests(300, 2)
    keys[::3, 0] = keys[1::3, 0]  # of some the first half of the digest is the same
    expected = []
    for first in range(0, 300, 3):
        expected += [side(unit(*min(keys[first : first + 3].tolist()), 5), config)] * 3
    pairs = np.array([[k, k + d] for k in range(0, 300, 3) for d in (1, 2)])
    assert {0, 1, 2} == set(expected)
    assert expected == assign(np.split(keys, [100, 100, 250]), *linked(pairs), config, 5).tolist()


@pytest.mark.parametrize("cuts", [[], [4], [1, 2, 7]])
@pytest.mark.parametrize("seed", range(12))
def test_where_chance_left_train_empty_the_nearest_group_goes_there(seed: int, cuts: list[int]):
    config, keys = SplitConfig(train=1e-12, validation=0.5, test=0.5), digests(8, seed)
    groups = [[0, 3], [1, 6], [2], [4], [5], [7]]
    places = {tuple(group): unit(*min(keys[group].tolist()), 1) for group in groups}
    expected = [0] * 8
    for group, place in places.items():
        for row in group:
            expected[row] = 0 if place == min(places.values()) else side(place, config)
    members, labels = linked(np.array([[0, 3], [6, 1]]))
    assert expected == assign(np.split(keys, cuts), members, labels, config, 1).tolist()


def test_linked_rows_and_rows_of_one_group_are_one_component():
    members, labels = linked(np.array([[0, 1], [1, 2]]), None, None, "s", "s", None, "t")
    assert ([0, 1, 2, 3], [0, 0, 0, 0]) == (members.tolist(), labels.tolist())


def test_rows_of_a_group_belong_together_however_they_lie():
    members, labels = linked(NONE, "t", "s", None, "t", "u", "s", "t", None)
    assert ([0, 1, 3, 5, 6], [0, 1, 0, 1, 0]) == (members.tolist(), labels.tolist())
    groups = np.array([9, 4, 9, 5], dtype=np.uint64)
    members, labels = label(np.array([[8, 2]]), np.array([7, 3, 1, 8]), groups)
    assert ([1, 2, 7, 8], [0, 1, 0, 1]) == (members.tolist(), labels.tolist())


def test_an_id_that_a_row_states_twice_is_named_once():
    stated = pa.chunked_array([pa.array([["s", "t"], ["u", "u"], None], pa.list_(pa.string()))])
    assert [2, 1, 0] == pc.list_value_length(
        name_ids(pa.chunked_array([["s", None, None]], pa.string()), stated)
    ).to_pylist()


def test_a_long_chain_is_one_component():
    order = np.random.default_rng(1).permutation(2000)
    members, labels = linked(np.stack([order[:-1], order[1:]], axis=1))
    assert (2000, {0}) == (len(members), set(labels.tolist()))


@given(st.integers(1, 60), st.lists(st.tuples(st.integers(0, 59), st.integers(0, 59)), max_size=80), st.integers(0, 5))
def test_no_pair_straddles_two_splits(n: int, links: list[tuple[int, int]], seed: int):
    pairs = np.array([(a % n, b % n) for a, b in links], dtype=np.int64).reshape(-1, 2)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    sides = assign([digests(n)], *linked(pairs), SplitConfig(), seed)
    assert (sides[pairs[:, 0]] == sides[pairs[:, 1]]).all()
    assert leakage(sides, pairs) == 0


def test_sides_follow_content_and_not_position_or_shards():
    keys, order = digests(300), np.random.default_rng(3).permutation(300)
    pairs = np.random.default_rng(4).integers(0, 300, size=(60, 2))
    expected = assign([keys], *linked(pairs), SplitConfig(), 7)[order]
    moved = linked(np.argsort(order)[pairs])
    assert expected.tolist() == assign([keys[order]], *moved, SplitConfig(), 7).tolist()
    cut = np.split(keys[order], [1, 1, 50, 299])
    assert expected.tolist() == assign(cut, *moved, SplitConfig(), 7).tolist()


def test_adding_rows_moves_no_old_row():
    keys = digests(500)
    few = assign([keys[:300]], *alone(), SplitConfig(), 0)
    many = assign([keys], *alone(), SplitConfig(), 0)
    assert few.tolist() == many[:300].tolist()


def test_shares_are_near_what_was_asked():
    n = 20_000
    sides = assign([digests(n)], *alone(), SplitConfig(), 0)
    np.testing.assert_allclose(np.bincount(sides) / n, [0.8, 0.1, 0.1], atol=0.01)


def test_another_seed_gives_another_split():
    sides = [assign([digests(100)], *alone(), SplitConfig(), seed).tolist() for seed in (0, 1)]
    assert sides[0] != sides[1]


def test_a_random_split_leaks_linked_rows():
    n = 1000
    pairs = np.arange(n).reshape(-1, 2)
    assert 0.5 < leakage(draw_by_chance(np.arange(n), SplitConfig(), 0), pairs) < 1


def test_a_random_split_has_the_shares_that_were_asked_for_and_follows_numbers_and_seed():
    config = SplitConfig(train=0.5, validation=0.2, test=0.3)
    sides = draw_by_chance(np.arange(10_000), config, 0)
    np.testing.assert_allclose(np.bincount(sides) / 10_000, [0.5, 0.2, 0.3], atol=0.02)
    assert sides[70:90].tolist() == draw_by_chance(np.arange(70, 90), config, 0).tolist()
    assert sides.tolist() != draw_by_chance(np.arange(10_000), config, 1).tolist()


def test_leakage_is_the_share_of_validation_and_test_rows_with_a_partner_in_train():
    sides = np.array([0, 2, 2, 1, 2, 2, 0])
    pairs = np.array([[0, 1], [1, 6], [2, 3], [5, 4], [6, 5], [0, 6]])
    assert 2 / 5 == leakage(sides, pairs) == leakage(sides, pairs[:, ::-1])
    assert 0 == leakage(sides, NONE) == leakage(np.array([0, 0]), np.array([[0, 1]]))


def test_rows_are_divided_by_tenths_where_nothing_else_is_asked():
    assert SplitConfig(train=0.8, validation=0.1, test=0.1, threshold=0.5) == SplitConfig()


@pytest.mark.parametrize("shares", [(1.5, -0.5, 0.0), (0.5, 0.2, 0.2), (0.5, 0.3, 0.3), (-0.1, 0.6, 0.5)])
def test_shares_are_parts_of_a_whole(shares: tuple[float, float, float]):
    with pytest.raises(ValueError, match="add up to 1"):
        SplitConfig(train=shares[0], validation=shares[1], test=shares[2])


def test_shares_that_do_not_add_up_are_refused():
    with pytest.raises(ValueError, match="add up to 1"):
        SplitConfig(train=0.9)


@given(st.integers(1, 10), st.integers(0, 200), st.booleans())
def test_the_smallest_builds_fill_train_first(n: int, seed: int, linked_up: bool):
    pairs = np.array([[i, i + 1] for i in range(0, n - 1, 2)] if linked_up else NONE, dtype=np.int64)
    sides = assign([digests(n, seed)], *linked(pairs.reshape(-1, 2)), SplitConfig(), seed)
    assert (sides == 0).any()
    assert all(sides[a] == sides[b] for a, b in pairs)


def test_what_chance_left_out_of_train_is_all_that_moves():
    config = SplitConfig(train=0.05, validation=0.05, test=0.9)
    keys = next(
        k
        for k in (digests(4, seed) for seed in range(99))
        if not (assign([np.vstack([k, digests(40, 5)])], *alone(), config, 0)[:4] == 0).any()
    )
    among_many = assign([np.vstack([keys, digests(40, 5)])], *alone(), config, 0)[:4]
    by_itself = assign([keys], *alone(), config, 0)
    assert [1, 3] == [(by_itself == 0).sum(), (by_itself == among_many).sum()]


def test_a_build_that_is_never_trained_on_fills_no_train():
    sides = assign([digests(3)], *alone(), SplitConfig(train=0, validation=0, test=1), 0)
    assert [2, 2, 2] == sides.tolist()


def test_many_rows_that_miss_train_are_not_moved():
    config = SplitConfig(train=1e-9, validation=0, test=1 - 1e-9)
    assert {2} == set(assign([digests(11)], *alone(), config, 0).tolist())
    assert 1 == (assign([digests(10)], *alone(), config, 0) == 0).sum()


def chained(*sizes: int) -> np.ndarray:
    """Pairs that make components of so many rows, one after the other."""
    starts = np.cumsum([0, *sizes])
    return np.array([[i, i + 1] for a, b in itertools.pairwise(starts) for i in range(a, b - 1)], dtype=np.int64)


def divided(n: int, *sizes: int, pinned: Pinned = NOTHING, seed: int = 0, **keys: object) -> Assigned:
    config = SplitConfig(**keys)  # type: ignore[arg-type]
    return assign_all([digests(n, 9)], *linked(chained(*sizes).reshape(-1, 2)), config, seed, pinned)


@pytest.mark.parametrize("seed", range(8))
def test_a_group_that_is_too_large_goes_to_train_whole(seed: int):
    found = divided(300, 40, 5, 12, seed=seed)
    assert {0} == set(found.sides[:40].tolist())
    assert (list(range(40)), []) == (found.whole.tolist(), found.surplus.tolist())


@pytest.mark.parametrize("seed", range(8))
def test_or_what_is_beyond_its_share_is_dropped(seed: int):
    found = divided(300, 40, 5, 12, seed=seed, oversized="drop")
    kept = found.sides[:40][found.sides[:40] != OUT]
    assert (30, 1, 10, []) == (len(kept), len(set(kept.tolist())), len(found.surplus), found.whole.tolist())
    assert (found.sides[found.surplus] == OUT).all() and (found.sides != OUT).sum() == 290


def test_what_is_dropped_of_a_group_follows_content_and_not_position():
    order = np.random.default_rng(3).permutation(300)
    pairs = chained(40)
    config = SplitConfig(oversized="drop")
    expected = assign_all([digests(300)], *linked(pairs), config, 7).sides
    moved = linked(np.argsort(order)[pairs])
    assert expected[order].tolist() == assign_all([digests(300)[order]], *moved, config, 7).sides.tolist()


def test_few_rows_are_never_too_large():
    assert not len(divided(20, 10).whole) and len(divided(20, 11).whole)


def test_a_row_whose_side_is_given_takes_its_group_along_however_large_it_is():
    found = divided(300, 40, 5, pinned=Pinned(np.array([7, 41, 200]), np.array([2, 1, OUT], np.int8)))
    assert {2} == set(found.sides[:40].tolist()) and {1} == set(found.sides[40:45].tolist())
    assert OUT == found.sides[200] and not len(found.whole)


def test_a_small_build_moves_no_row_whose_side_is_given():
    pinned = Pinned(np.arange(3), np.array([2, 2, 1], np.int8))
    assert [2, 2, 1] == divided(3, pinned=pinned).sides.tolist()


def test_what_is_taken_down_fills_no_train():
    config = SplitConfig(train=1e-12, validation=0.5, test=0.5)
    pinned = Pinned(np.array([1]), np.array([GONE], np.int8))
    for seed in range(6):
        sides = assign_all([digests(4, seed)], *linked(np.array([[0, 1], [1, 2]])), config, 0, pinned).sides
        assert OUT == sides[1] and 1 <= (sides == 0).sum() <= 2


@pytest.mark.parametrize(
    "keys", [{"task_threshold": 0.1}, {"task_threshold": 1.1}, {"largest": 0}, {"largest": 2}, {"group": ("a", " ")}]
)
def test_values_that_mean_nothing_are_refused(keys: dict[str, object]):
    with pytest.raises(ValueError):
        SplitConfig(**keys)  # type: ignore[arg-type]
