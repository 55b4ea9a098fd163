"""sxl_data.split.order, sxl_data.split.shares"""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest

from sxl_data.split.assign import SplitConfig
from sxl_data.split.order import WINDOW, Narrow, place_files, sort_by
from sxl_data.split.shares import beyond_weight, name_strata, number_quotas
from tests.sxl_data.split.dividing import assign, divide_shards, place, score, sides_of


def narrow(n: int) -> Narrow:
    rng = np.random.default_rng(1)
    return Narrow(rng.integers(0, 2**63, (n, 2)).astype(np.uint64), rng.integers(50, 150, n))


def placed(rows: Narrow, cuts: list[int], shard_bytes: int, order="shuffled"):
    """The published files of all rows, and the plan."""
    bounds = [0, *cuts, len(rows.sizes)]
    parts = [Narrow(rows.keys[a:b], rows.sizes[a:b]) for a, b in itertools.pairwise(bounds)]
    sides = [np.zeros(len(part.sizes), dtype=np.int8) for part in parts]
    found = place_files(len(parts), lambda i: sides[i], lambda i: parts[i], shard_bytes, 3, order)
    return np.concatenate([found.files(i, sides[i], part) for i, part in enumerate(parts)]), found.plan


@pytest.mark.parametrize("files", [1, 3, 40])
def test_files_are_of_like_size_hold_a_bit_of_everything_and_do_not_follow_the_shards(files: int):
    rows = narrow(8000)
    most = int(rows.sizes.sum()) // files + 1
    numbers, _ = placed(rows, [], most)
    same, plan = placed(rows, [10, 3000, 3001, 7000], most)
    assert np.array_equal(numbers, same)
    sizes = np.bincount(numbers, rows.sizes)
    assert files == len(sizes) and sizes.min() > 0.6 * most and sizes.max() < 1.5 * most
    for number in range(files):  # rows of a file lie all over the source
        spread = np.flatnonzero(numbers == number)
        assert spread.std() > 8000 / 12**0.5 * (0.8 if files <= WINDOW else 0.3)
    assert [number for shard in plan[0] for number in shard] and max(map(max, plan[0])) == 4


def test_the_order_of_sources_is_kept_where_it_is_asked_for():
    rows = narrow(100)
    numbers, _ = placed(rows, [], 2000, "sources")
    assert (np.diff(numbers) >= 0).all() and numbers.max() > 3
    assert [5, 6, 7] == sort_by(Narrow(rows.keys[:3], rows.sizes[:3]), 5, 0, "sources").tolist()


def test_rows_are_shuffled_by_what_they_say_and_by_length_where_it_is_asked_for():
    rows = narrow(1000)
    mixed = sort_by(rows, 0, 0, "shuffled")
    assert np.array_equal(mixed[200:300], sort_by(Narrow(rows.keys[200:300], rows.sizes[200:300]), 0, 0, "shuffled"))
    assert not np.array_equal(mixed, sort_by(rows, 0, 1, "shuffled"))
    wide = Narrow(rows.keys, rows.sizes * 100)
    ordered = wide.sizes[np.argsort(sort_by(wide, 0, 0, "lengths"))]
    assert ((ordered > 4000).tolist()) == sorted((ordered > 4000).tolist())


def test_a_weight_takes_its_share_and_a_count_no_more_than_it_says():
    keys = narrow(4000).keys
    batch = pa.table({"source": ["a"] * 2000 + ["b"] * 2000, "kind": ["code"] * 4000, "text_bytes": [10, 5000] * 2000})
    beyond = beyond_weight(batch, keys, {"b": 0.25}, 0)
    assert 0 == beyond[:2000].sum() and 1400 < beyond[2000:].sum() < 1600
    assert [-1, 0] == np.unique(number_quotas(batch, ["b"])).tolist()

    def gone(most: int) -> set[int]:
        quota = np.where((np.arange(60) >= 10) & (np.arange(60) < 40), 0, -1).astype(np.int16)
        table = place(keys[:60], quota=quota)
        codes = sides_of(divide_shards([table], score(np.empty((0, 2))), SplitConfig(), 0, quotas=[most]))["code"]
        return {row for row, code in enumerate(codes.to_pylist()) if code == "D610"}

    assert 18 == len(gone(12)) and gone(12) <= set(range(10, 40))
    assert gone(12) <= gone(8) and 0 == len(gone(50)) and 30 == len(gone(-3))
    assert 4 == len(np.unique(name_strata(batch, ["source", "length"]))) and 1 == len(np.unique(name_strata(batch, [])))


def test_every_stratum_has_its_share_of_every_split():
    rng = np.random.default_rng(2)
    digests = rng.integers(0, 2**63, (1110, 2)).astype(np.uint64)
    strata = np.array([1] * 1000 + [2] * 100 + [3] * 10, dtype=np.uint64)
    members, labels = np.array([0, 1, 2, 1001, 1002]), np.array([0, 0, 0, 3, 3])
    config = SplitConfig(stratify=("source",))
    sides = assign([digests], members, labels, config, 7, strata=strata).sides
    for stratum, rows in ((1, 1000), (2, 100), (3, 10)):
        counts = np.bincount(sides[strata == stratum], minlength=3)
        assert abs(counts[0] - 0.8 * rows) <= 3 and abs(counts[1] - 0.1 * rows) <= 3
    assert len({int(side) for side in sides[:3]}) == 1 and sides[1001] == sides[1002]
    without = assign([digests], members, labels, SplitConfig(), 7).sides
    assert not np.array_equal(sides, without)
