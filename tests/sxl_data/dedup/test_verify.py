from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from sxl_data.dedup.rows import locate
from sxl_data.dedup.shingles import Shingling, hash_shingles
from sxl_data.dedup.verify import measure_overlaps


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("memory", [4, 1 << 12, 1 << 28])
def test_overlaps_are_those_of_the_shingle_sets(
    compiled: bool, memory: int, edited_texts: Callable[..., list[str]]
) -> None:
    rows = locate(pa.array(edited_texts(seed=6, originals=30, most_copies=4)))
    hashes, offsets = hash_shingles(rows, Shingling())
    sets = [set(hashes[a:b].tolist()) for a, b in pairwise(offsets.tolist())]
    draw = np.random.default_rng(1)
    left = np.sort(draw.integers(0, len(rows), 200))
    right = draw.integers(0, len(rows), 200)
    shared, union = measure_overlaps(
        rows, np.diff(offsets).astype(np.uint32), left, right, Shingling(), memory=memory, compiled=compiled
    )
    assert [len(sets[a] & sets[b]) for a, b in zip(left, right)] == shared.tolist()
    assert [len(sets[a] | sets[b]) for a, b in zip(left, right)] == union.tolist()


@pytest.mark.parametrize("compiled", [False, True])
def test_no_pairs_give_no_overlaps(compiled: bool) -> None:
    none = np.zeros(0, dtype=np.int64)
    shared, union = measure_overlaps(
        locate(pa.array(["a"])), np.ones(1, dtype=np.uint32), none, none, Shingling(), compiled=compiled
    )
    assert [] == shared.tolist() == union.tolist()
