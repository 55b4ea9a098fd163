from __future__ import annotations

import hashlib
import itertools

import numpy as np
import pyarrow as pa
import pytest

from sxl_data.split.assign import SplitConfig, draw_by_chance
from sxl_data.split.part import FREE
from sxl_data.split.stage import Division, place_rows
from tests.sxl_data.split.dividing import divide_shards, score, sides_of


def corpus(n: int, gone: set[int], cuts: list[int]) -> list[pa.Table]:
    """Placed shards of ``n`` rows, of which those in ``gone`` have left since they were compared."""
    rng = np.random.default_rng(5)
    ids = pa.array([f"toy:{i}" for i in range(n)])
    high = rng.integers(0, 2**63, n).astype(np.uint64)
    seen = pa.table({"trace_id": ids, "key_hi": high, "key_lo": np.arange(n, dtype=np.uint64)})
    groups = pa.array([f"g{i % 40}" if i % 3 == 0 else None for i in range(n)])
    stated = pa.array([[f"task:{i % 7}"] if i > 290 else None for i in range(n)], pa.list_(pa.string()))
    rows = pa.table({"trace_id": ids, "group": groups, "stated_ids": stated, "text_bytes": rng.integers(1, 90, n)})
    shards = []
    for a, b in itertools.pairwise([0, *cuts, n]):
        stay = pa.array([i for i in range(a, b) if i not in gone], pa.int64())
        pins, old = np.full(len(stay), FREE), np.zeros(len(stay), dtype=bool)
        shards.append(place_rows(rows.take(stay), seen.slice(a, b - a), a, pins, old))
    return shards


def divided(shards: list[pa.Table], pairs: list[tuple[int, int, float]]) -> Division:
    rows = sum(map(len, shards))
    equal, near = np.array([[20, 10], [30, 10], [40, 41]]), np.array([[10, 41], [60, 61]])
    equal, near = equal[(equal < rows).all(axis=1)], near[(near < rows).all(axis=1)]
    table = score(np.array([pair[:2] for pair in pairs]), [pair[2] for pair in pairs])
    return divide_shards(shards, table, SplitConfig(), 3, equal=equal, near=near)


PAIRS = [(0, 1, 0.9), (1, 2, 0.6), (2, 7, 0.4), (5, 100, 0.7), (100, 250, 0.8), (299, 4, 0.5)]


def test_sides_files_and_order_are_those_of_the_version_that_held_all_rows():
    table = sides_of(divided(corpus(300, {7, 100}, [150]), PAIRS))
    said = repr([table[name].to_pylist() for name in ("side", "shard", "order", "code", "group_rows")])
    assert "090db96438d6444f" == hashlib.sha256(said.encode()).hexdigest()[:16]


@pytest.mark.parametrize("cuts", [[], [150], [1, 1, 40, 299], list(range(10, 300, 10))])
def test_sides_and_published_shards_do_not_depend_on_the_shards_of_work(cuts: list[int]):
    whole, parts = (divided(corpus(300, {7, 100}, c), PAIRS) for c in ([], cuts))
    assert whole.counters == parts.counters
    assert sides_of(whole).to_pylist() == sides_of(parts).to_pylist()


def test_pairs_count_from_the_threshold_on_while_both_rows_are_there():
    found = divided(corpus(300, {100}, [30]), PAIRS)
    sides = dict(zip([i for i in range(300) if i != 100], sides_of(found)["side"].to_pylist()))
    assert sides[0] == sides[1] == sides[2] and sides[299] == sides[4]
    assert (
        0
        == found.counters["leak_ours_any"]
        < 299
        == sum(number for name, number in found.counters.items() if name.startswith("rows_"))
    )


def test_leaks_are_counted_in_millionths_of_the_validation_and_test_rows():
    found = divided(corpus(300, set(), [100]), [(k, k + 1, 0.9) for k in range(0, 300, 2)])
    drawn = draw_by_chance(np.arange(300), SplitConfig(), 3).tolist()
    leaked = sum(side > 0 and drawn[row ^ 1] == 0 for row, side in enumerate(drawn))
    expected = leaked / sum(side > 0 for side in drawn) * 1_000_000
    assert 0 < round(expected) == found.counters["leak_random_similar_text"]
    assert 0 == found.counters["leak_ours_similar_text"]


def test_the_plan_names_the_shards_that_hold_a_published_one():
    found = divided(corpus(300, set(), [100, 200]), PAIRS)
    for side, spans in enumerate(found.plan):
        for number, members in enumerate(spans):
            here = {"side": side, "shard": number}
            holders = [i for i, t in enumerate(found.sides) if here in t().select(["side", "shard"]).to_pylist()]
            assert members == holders


def test_a_split_without_rows_has_no_published_shard():
    found = divided(corpus(3, {0, 1, 2}, []), PAIRS)
    assert [[], [], []] == found.plan
    few = divided(corpus(2, set(), []), [(0, 1, 0.9)])
    assert [1, 0, 0] == [len(spans) for spans in few.plan]
