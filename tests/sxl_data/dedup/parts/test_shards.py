from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sxl_data.dedup.parts.shards import MOST_ROWS, Shards

TEXTS = [f"text number {k} of many" for k in range(9)]


def numbers(*rows: int) -> np.ndarray:
    return np.array(rows, dtype=np.uint32)


@pytest.mark.parametrize("cuts", [[], [4], [0, 1, 1, 5, 9]])
def test_rows_are_counted_through_the_shards(shards_of: Callable[..., Shards], cuts: list[int]):
    shards = shards_of(TEXTS, cuts)
    assert ["r008", "r000", "r005", "r000"] == shards.ids(numbers(8, 0, 5, 0)).to_pylist()
    texts = shards.locate(numbers(1, 4, 8))
    assert [TEXTS[k].encode() for k in (1, 4, 8)] == [texts.text(k) for k in range(3)]
    assert [1, 1] == shards.shingles(numbers(0, 8)).tolist()
    whole = shards_of(TEXTS, [])
    assert np.array_equal(whole.signatures(numbers(0, 4, 5)), shards.signatures(numbers(0, 4, 5)))
    assert np.array_equal(whole.keys(numbers(2, 7)), shards.keys(numbers(2, 7)))


def test_preference_goes_by_source_then_rank_then_id(shards_of: Callable[..., Shards]):
    ranks = [5, 1, 1, 0, 9, 9, 9, 9, 9]
    assert [2, 0, 1] == shards_of(TEXTS, [2], ranks).places(numbers(0, 1, 2)).tolist()
    assert [1, 2, 0] == shards_of(TEXTS, [2], ranks, ["s1"]).places(numbers(2, 0, 1)).tolist()


def test_the_best_of_many_do_not_depend_on_how_many_are_looked_at(shards_of: Callable[..., Shards], monkeypatch):
    shards = shards_of(TEXTS, [3], [8, 7, 6, 5, 4, 3, 2, 1, 0])
    every = np.arange(9, dtype=np.uint32)
    assert [6, 7, 8] == shards.best(every, 3).tolist()
    monkeypatch.setattr("sxl_data.dedup.parts.shards.AT_ONCE", 2)
    assert [6, 7, 8] == shards.best(every, 3).tolist()


def test_a_text_that_changed_is_not_compared(shards_of: Callable[..., Shards]):
    shards, other = shards_of(TEXTS, [3]), shards_of([*TEXTS[:5], "another text", *TEXTS[6:]], [3])
    mixed = Shards([3, 6], shards._signed, other._texts)
    assert 2 == len(mixed.locate(numbers(4, 6)))
    with pytest.raises(ValueError, match="text of row 5"):
        mixed.locate(numbers(4, 5, 6))


def test_rows_beyond_32_bits_are_refused():
    with pytest.raises(ValueError, match=str(MOST_ROWS)):
        Shards([MOST_ROWS, 1], lambda k: None)
