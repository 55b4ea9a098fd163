from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from sxl_data.dedup.parts.exact import find_exact_duplicates_of
from sxl_data.dedup.parts.shards import Shards

TEXTS = ["one", "two", "one ", "", "three", "two", "one", "", "four"]


@pytest.mark.parametrize("parts", [1, 2, 7])
@pytest.mark.parametrize("cuts", [[], [3, 3, 6]])
def test_each_copy_names_the_best_row_with_its_text(shards_of: Callable[..., Shards], parts: int, cuts: list[int]):
    shards = shards_of(TEXTS, cuts, [3, 0, 1, 0, 0, 0, 2, 0, 0])
    found = pa.concat_tables([find_exact_duplicates_of(shards, part, parts) for part in range(parts)])
    pairs = zip(found["row"].to_pylist(), found["stands"].to_pylist())
    assert [(0, 2), (5, 1), (6, 2)] == sorted(pairs)  # rows without text are copies of nothing
