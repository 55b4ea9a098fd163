"""A process that holds few of the pairs at a time answers what one that holds all of them does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from sxl_data.contract.graph import find
from sxl_data.dedup.parts.bounded import PAIR_BYTES, PairFiles, collect_results, label, settle
from sxl_data.dedup.parts.shards import Shards
from sxl_data.dedup.parts.survivors import choose_survivors, near_threshold, orient
from sxl_data.dedup.result import Pairs
from sxl_data.dedup.scratch import Scratch

ROWS = 400
NONE = np.zeros(0, dtype=np.uint32)


def files_of(seed: int, edges: int = 300, cut: int = 37) -> PairFiles:
    """Pairs in files of ``cut``, some of them twice and the other way round; about half of all rows are in none."""
    draw = np.random.default_rng(seed)
    ends = draw.integers(0, ROWS // 2, (edges, 2)) * 2
    ends = np.unique(np.sort(ends[ends[:, 0] != ends[:, 1]], axis=1), axis=0)
    shared = draw.integers(60, 100, len(ends))
    again = draw.integers(0, len(ends), len(ends) // 4)
    ends, shared = np.concatenate([ends, ends[again, ::-1]]), np.concatenate([shared, shared[again]])
    order = draw.permutation(len(ends))
    columns = zip(("left", "right", "shared", "union"), (*ends[order].T, shared[order], np.full(len(ends), 100)))
    table = pa.table({name: pa.array(values, pa.uint32()) for name, values in columns})
    parts = [table.slice(first, cut) for first in range(0, len(table), cut)]
    return PairFiles([lambda part=part: part for part in parts], len(table))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("parts", [2, 7, 50])
@pytest.mark.parametrize("limit", [0, 1 << 20], ids=["in files", "in memory"])
def test_parts_give_the_survivors_and_results_of_all_pairs(
    seed: int, parts: int, limit: int, shards_of: Callable[..., Shards], tmp_path: Path
):
    ranks = np.random.default_rng(seed).integers(0, 9, ROWS).tolist()
    shards, files = shards_of([f"text {k}" for k in range(ROWS)], [100, 101, 350], ranks, ["s1"]), files_of(seed)
    memory = max(1, 2 * files.pairs * PAIR_BYTES // parts)
    assert files.parts(memory) >= parts > 1 == files.parts(1 << 40)
    room = Scratch(limit, tmp_path)
    whole = settle(shards, files, 0.7, 1 << 40, room)
    near = settle(shards, files, 0.7, memory, room)
    assert whole.equals(near) and 40 < len(near)
    pairs = orient(shards, Pairs.of(pa.concat_tables([read() for read in files.read])))
    assert choose_survivors(shards, pairs, 0.7, NONE, NONE, NONE)[0].tolist() == near["row"].to_pylist()
    known, close = collect_results(shards, files, near, 0.7, memory, room)
    assert [known, close] == [t.combine_chunks() for t in collect_results(shards, files, whole, 0.7, 1 << 40, room)]
    assert close == near_threshold(shards, pairs, whole, 0.7) and 10 < len(close) < len(known) < files.pairs


def test_no_pairs_leave_all_rows(shards_of: Callable[..., Shards]):
    shards, none = shards_of(["a", "b"], []), PairFiles([], 0)
    near = settle(shards, none, 0.7, 1, Scratch(1))
    assert [0, 0, 0] == [len(near), *map(len, collect_results(shards, none, near, 0.7, 1, Scratch(1)))]


def test_a_chain_over_many_files_is_one_component():
    steps = np.random.default_rng(3).permutation(5_000)
    ends = {"left": steps, "right": steps + 1, "shared": steps, "union": steps}
    table = pa.table({name: pa.array(values, pa.uint32()) for name, values in ends.items()})
    files = PairFiles([lambda k=k: table.slice(k, 100) for k in range(0, len(table), 100)], len(table))
    parent = label(5_003, files.pieces(1 << 20), Scratch(1 << 20))
    assert [0, 5_001, 5_002] == np.unique(find(parent, np.arange(5_003))).tolist()
