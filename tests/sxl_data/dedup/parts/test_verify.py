from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from sxl_data.dedup import Shingling
from sxl_data.dedup.parts.shards import Shards
from sxl_data.dedup.parts.verify import verify_pairs


def test_pairs_below_the_floor_are_left_out(shards_of: Callable[..., Shards]):
    words = [f"w{k}" for k in range(104)]  # 100 shingles
    shards = shards_of([" ".join(words), " ".join(words[:54]), "nothing alike", " ".join(words[:84])], [1, 2])
    pairs = pa.table({"left": pa.array([0, 0, 1, 2], pa.uint32()), "right": pa.array([1, 3, 3, 3], pa.uint32())})
    found = verify_pairs(shards, pairs, 0.6, Shingling(), 1 << 20)
    assert [(0, 3, 80, 100), (1, 3, 50, 80)] == [tuple(row.values()) for row in found.to_pylist()]
